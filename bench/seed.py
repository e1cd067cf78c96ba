"""A county of real size with an exact number of events, written by SQL over sets in seconds.

`python -m bench.seed 10000 100000` makes the databases gridcenter_bench_10000 and _100000 anew. Territory as Liling's:
5 areas, 24 towns, 270 villages, 820 grids (squares of 0.01°); one operator per village station, one worker per grid,
LOGINS logins each of the county's operators and of one department. One event in ten is open. Steps have the shape of
real ones, but their hashes are filler: the chain of a seeded event does not verify, those of steps taken on it do.
"""

import hashlib
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from bench import data

ROOT = Path(__file__).resolve().parent.parent
AREAS, TOWNS, VILLAGES, GRIDS = 5, 24, 270, 820
WEST, SOUTH, SIZE, WIDTH = 113.2, 27.4, 0.01, 29  # the lower left corner in degrees, grid squares, squares a row
LOGINS = 64
DEPARTMENTS = 12
SQL = Path(__file__).resolve().parent / "sql"


def token(username: str) -> str:
    """The API token of a seeded person: made from the name, so that no script has to log in."""
    return hashlib.sha256(f"bench {username}".encode()).hexdigest()


def stamp() -> str:
    """Changes with the migrations and with the seed itself: an older database is made anew."""
    digest = hashlib.sha256()
    files = [*ROOT.glob("*/migrations/*.py"), *ROOT.glob("gridcenter/*/migrations/*.py"), *SQL.glob("*.sql"), Path(__file__)]
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def ensure(*sizes: int):
    """Make the databases that are missing or older than the code."""
    wanted = stamp()
    stale = [n for n in sizes if not _is_current(data.name_of(n), wanted)]
    if not stale:
        return
    _make_base()
    for events in stale:
        _make_events(events, wanted)
    data.drop(f"{data.BASE}_base")


def _is_current(database, wanted) -> bool:
    if not data.exists(database) or data.run(database, "SELECT to_regclass('bench_stamp')") == [(None,)]:
        return False
    return data.run(database, "SELECT value FROM bench_stamp") == [(wanted,)]


def _make_base():
    """Migrations, standards, calendar, territory, people: by the product's own commands where there are any."""
    base = f"{data.BASE}_base"
    data.drop(base)
    if not data.create(base):
        _manage(base, "migrate", "-v0")
    for command in ("load_standards", "fill_calendar"):
        _manage(base, command)
    with closing(data.connect(base)) as link, link.cursor() as cursor:
        cursor.execute(_read("territory.sql"), _numbers(0))
        cursor.execute("SELECT id, username FROM accounts_user")
        rows = [(token(name), pk) for pk, name in cursor.fetchall()]
        cursor.executemany(
            "INSERT INTO knox_authtoken (digest, token_key, user_id, created) VALUES (%s, %s, %s, now())",
            [(hashlib.sha512(text.encode()).hexdigest(), text[:15], pk) for text, pk in rows],
        )


def _make_events(events, wanted):
    database = data.name_of(events)
    data.copy(f"{data.BASE}_base", database)
    with closing(data.connect(database)) as link, link.cursor() as cursor:
        cursor.execute(_read("events.sql"), _numbers(events))
        cursor.execute("ANALYZE")
    _manage(database, "verify_figures", "--rebuild", "--unchecked")
    with closing(data.connect(database)) as link, link.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_stamp AS SELECT %s::text AS value", [wanted])
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("SELECT count(*) FROM events_event")
        made = cursor.fetchone()[0]
    if made != events:
        raise RuntimeError(f"{database} has {made} events, {events} were asked for.")


def _numbers(events):
    return {
        "areas": AREAS, "towns": TOWNS, "villages": VILLAGES, "grids": GRIDS, "west": WEST, "south": SOUTH,
        "size": SIZE, "width": WIDTH, "logins": LOGINS, "departments": DEPARTMENTS, "events": events,
    }  # fmt: skip


def _read(name) -> str:
    return (SQL / name).read_text()


def _manage(database, *command):
    env = {**os.environ, "GRIDCENTER_MODE": "demo", "DATABASE_URL": data.address(database), "REDIS_URL": ""}
    command = [sys.executable, "manage.py", *command, "--skip-checks"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    for size in map(int, sys.argv[1:]):
        data.drop(data.name_of(size))
    ensure(*map(int, sys.argv[1:]))
