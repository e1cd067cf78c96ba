# shellcheck shell=bash
# For deploy/backup and deploy/restore: DATABASE_URL as the PG… variables of PostgreSQL's own tools, so that no
# password stands in a command line.

say() { printf '%s\n' "$*"; }
fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

connect() {
    local exports
    case ${DATABASE_URL:-} in
        postg*://*) ;;
        *) fail "DATABASE_URL must be a postgis:// address." ;;
    esac
    exports=$(python3 - <<'PYTHON'
import os
from shlex import quote
from urllib.parse import unquote, urlsplit

url = urlsplit(os.environ["DATABASE_URL"])
values = {
    "PGHOST": url.hostname,
    "PGPORT": url.port,
    "PGUSER": url.username,
    "PGPASSWORD": url.password,
    "PGDATABASE": url.path.strip("/"),
}
for name, value in values.items():
    if value:
        print(f"export {name}={quote(unquote(str(value)))}")
PYTHON
    )
    eval "$exports"
    command -v pg_dump >/dev/null || fail "pg_dump is missing: apt-get install postgresql-client."
}

media_root() { printf '%s' "${MEDIA_ROOT:-${DATA_DIR:?DATA_DIR is not set}/media}"; }
