# shellcheck shell=bash
# Starting and stopping the server, worker and schedule of bin/demo. To be sourced after lib.sh.

NAMES=() PIDS=()

# start NAME COMMAND...: in the background, in a session of its own, output in $RUN_LOGS/NAME.log. The new session
# keeps Ctrl-C in the terminal from reaching it before we stop everything in order.
start() {
    local name=$1
    shift
    mkdir -p "$RUN_LOGS"
    if have setsid; then
        (cd "$ROOT" && exec setsid "$@") >"$RUN_LOGS/$name.log" 2>&1 </dev/null &
    else
        (cd "$ROOT" && exec "$@") >"$RUN_LOGS/$name.log" 2>&1 </dev/null &
    fi
    NAMES+=("$name") PIDS+=("$!")
}

# Ask each to end, wait ten seconds at most, then end what is left with all its children.
stop_all() {
    local pid i
    for ((i = ${#PIDS[@]} - 1; i >= 0; i--)); do kill -TERM "${PIDS[i]}" 2>/dev/null || true; done
    for ((i = 0; i < 50; i++)); do
        anything_alive || break
        sleep 0.2
    done
    for pid in "${PIDS[@]}"; do kill -KILL -- "-$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    PIDS=() NAMES=()
}

anything_alive() {
    local pid
    for pid in "${PIDS[@]}"; do kill -0 "$pid" 2>/dev/null && return 0; done
    return 1
}

# The name of the first process that has ended, empty while all run.
first_dead() {
    local i
    for i in "${!PIDS[@]}"; do
        kill -0 "${PIDS[i]}" 2>/dev/null || { echo "${NAMES[i]}"; return; }
    done
}

fail_if_dead() {
    local dead
    dead=$(first_dead)
    [ -z "$dead" ] || died "$dead"
}

died() {
    tail -n 15 "$RUN_LOGS/$1.log" >&2 || true
    fail "the $1 has ended by itself. Its last words are above, all of them in ${RUN_LOGS#"$ROOT"/}/$1.log."
}

# address_fault HOST PORT: why it cannot be listened on, in words; empty when it can.
address_fault() {
    "$PYTHON_FIT" -S - "$1" "$2" <<'PYTHON'
import errno, socket, sys
host, port = sys.argv[1], int(sys.argv[2])
try:
    family = socket.getaddrinfo(host, port)[0][0]
    with socket.socket(family) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((host, port))
        s.listen()
except OSError as error:
    words = {errno.EADDRINUSE: "is taken by another program", errno.EACCES: "may only be used by root"}
    print(words.get(error.errno, "cannot be used: %s" % error))
PYTHON
}

free_port() {
    "$PYTHON_FIT" -S -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# The host of an address as it stands in a URL; "everywhere" is asked for on this machine.
url_host() {
    case $1 in
        0.0.0.0) echo 127.0.0.1 ;;
        ::) echo "[::1]" ;;
        *:*) echo "[$1]" ;;
        *) echo "$1" ;;
    esac
}

# Whether URL answers 200 now.
answers() {
    "$VENV/bin/python" -S - "$1" <<'PYTHON'
import sys, urllib.request
try:
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1], timeout=5)
except OSError as error:
    body = getattr(error, "read", lambda: b"")().decode(errors="replace")
    sys.exit("%s %s" % (error, body))
PYTHON
}

# wait_ready URL SECONDS: until /readyz says that database, broker and migrations are there.
wait_ready() {
    local until=$((SECONDS + $2))
    mkdir -p "$RUN_LOGS"
    until answers "$1" 2>"$RUN_LOGS/ready.log"; do
        fail_if_dead
        [ "$SECONDS" -lt "$until" ] || fail "the server is not ready after $2 s: $(tail -n 1 "$RUN_LOGS/ready.log")"
        sleep 0.3
    done
}

start_server() {
    start server "$VENV/bin/python" -m uvicorn gridcenter.asgi:application --host "$1" --port "$2" \
        --lifespan off --timeout-graceful-shutdown 3 --log-level warning --no-access-log
}

start_worker() {
    start worker "$VENV/bin/python" -m celery -A gridcenter worker --loglevel INFO --concurrency 1 \
        --without-gossip --without-mingle --hostname "demo-$$@%h"
}

start_schedule() {
    start schedule "$VENV/bin/python" -m celery -A gridcenter beat --loglevel INFO --pidfile= \
        --schedule "$STATE/celerybeat-schedule"
}
