"""Databases with a registry of exactly so many people: `python -m bench.registry_seed 371400 2200000` makes them anew.

Tianyuan (233 grids) up to half a million people, Dongying (6,098 grids) beyond; territory, staff and 2,000 events as
`demo_county` loads them, people by its registry, private fields encrypted with the bench's keys. They are kept until
VERSION changes: the small one takes about a minute, the large one five. Newer migrations are applied to them.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

from bench import data, server

ROOT = Path(__file__).resolve().parent.parent
VERSION = 2  # higher when what is in them is to change
EVENTS = 2000
LARGE = 500_000  # people from which on the territory is Dongying's


def name_of(people: int) -> str:
    return f"{data.BASE}_registry_{people}"


def migrations() -> str:
    """Changes with the migrations."""
    digest = hashlib.sha256()
    for path in sorted(ROOT.glob("*/migrations/*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def ensure(*sizes: int):
    """Make the databases that are missing or older than VERSION, and migrate those that are older than the code."""
    for people in sizes:
        with _alone(people):
            found = _stamp(name_of(people))
            if found is None or found[0] != VERSION:
                make(people)
            elif found[1] != migrations():
                _manage(name_of(people), ["manage.py", "migrate", "-v0", "--skip-checks"])
                _note(name_of(people))


@contextmanager
def _alone(people):
    """Two scripts that begin at once make a database once."""
    with closing(data.connect("postgres")) as link, link.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [name_of(people)])
        yield


def _stamp(database):
    if not data.exists(database) or data.run(database, "SELECT to_regclass('bench_stamp')") == [(None,)]:
        return None
    return data.run(database, "SELECT version, migrations FROM bench_stamp")[0]


def _note(database):
    data.run(database, "DROP TABLE IF EXISTS bench_stamp")
    data.run(
        database, "CREATE TABLE bench_stamp AS SELECT %s::int AS version, %s::text AS migrations",
        [VERSION, migrations()],
    )  # fmt: skip
    data.run(database, "VACUUM (ANALYZE)")


def make(people: int):
    """A database of that size: filled beside the old one, and renamed when it is whole."""
    target, fresh = name_of(people), f"{name_of(people)}_new{os.getpid()}"
    data.drop(fresh)
    if not data.create(fresh):
        _manage(fresh, ["manage.py", "migrate", "-v0", "--skip-checks"])
    _manage(fresh, ["-m", "bench.registry_seed", "fill", str(people)])
    _note(fresh)
    data.drop(target)
    data.run("postgres", f'ALTER DATABASE "{fresh}" RENAME TO "{target}"')


def _manage(database, command):
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        env = {**server.environment(database, folder), "REDIS_URL": "", "GRIDCENTER_MODE": "demo"}
        subprocess.run([sys.executable, *command], cwd=ROOT, env=env, check=True)


def fill(people: int):
    """In a process of its own, with Django: county and registry."""
    import django

    django.setup()
    from django.utils import timezone

    from gridcenter.demo.load import Loader

    place = "dongying" if people > LARGE else "tianyuan"
    loader = Loader(place, 1, 1, timezone.localdate(), events=EVENTS, people=people, say=print)
    counts = loader.load().counts
    if counts["resident"] != people:
        raise RuntimeError(f"{counts['resident']} people were made, {people} were asked for.")


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        fill(int(sys.argv[2]))
    else:
        for size in map(int, sys.argv[1:]):
            make(size)
