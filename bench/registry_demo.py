"""Tianyuan whole, by the command that loads it: `python -m bench.registry_demo --rounds 1`.

The floor is one statement that writes all residents once more, into a table without indexes.
"""

import time
from contextlib import closing

from bench import data, registry

LOAD_SECONDS = 180  # issue 3, § 5
PEOPLE = 371_400
TARGET = f"{data.BASE}_registry_demo"


def load() -> registry.Timing:
    """Into a database of its own: county, two months of events, registry; migrations are not counted."""
    data.drop(TARGET)
    data.run("postgres", f'CREATE DATABASE "{TARGET}"')
    registry.manage(TARGET, "migrate", "-v0")
    started = time.perf_counter()
    registry.manage(TARGET, "demo_county", "tianyuan", "--i-know-this-is-synthetic", "-v0")
    return registry.Timing(time.perf_counter() - started)


def floor() -> float:
    """Seconds of copying all residents from table to table."""
    with closing(data.connect(TARGET)) as link, link.cursor() as cursor:
        started = time.perf_counter()
        cursor.execute("CREATE TABLE bench_residents AS SELECT * FROM residents_resident")
        return time.perf_counter() - started


def main():
    run = registry.Run("demo", "Tianyuan loaded whole by demo_county", sizes=(), rounds=1)
    try:
        line = run.line("demo_county tianyuan", PEOPLE, [load() for _n in range(run.options.rounds)])
        line.beside(floor() * 1000)
        found = data.run(TARGET, "SELECT count(*) FROM residents_resident WHERE status = 'living'")
        if found != [(PEOPLE,)]:
            raise RuntimeError(f"{found[0][0]} people were made, {PEOPLE} were asked for.")
    finally:
        data.drop(TARGET)
    line.ask("seconds", line.median / 1000, LOAD_SECONDS)
    run.finish()


if __name__ == "__main__":
    main()
