"""What the scripts of the registry share: databases by the number of people, timing in the database, lines of results.

A script reads like this (`python -m bench.registry_search --people 371400 2200000 --rounds 200 --json FILE`):

    run = registry.Run("search", "Search by one box")      # options; makes the databases that are missing
    for people in run.sizes:
        with run.inside(people):                            # Django in this process, on the database of that size
            times = [registry.in_database(lambda: search.find(user, words)) for words in samples]
            line = run.line("name prefix", people, times)   # a Timing each: seconds, statements
            line.ask("p95", line.p95, 30, "ms")
    run.finish()
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench import data, registry_seed, server

ROOT = Path(__file__).resolve().parent.parent
SIZES = (371_400, 2_200_000)
MOST_RUNS = 5000


@dataclass
class Timing:
    """One call: seconds in all, seconds in the database, SQL statements."""

    seconds: float
    database: float = 0.0
    queries: int = 0


@dataclass
class Line:
    """One line of the results; milliseconds. `verdicts`: (what was asked and found, whether it holds)."""

    name: str
    people: int
    median: float
    p95: float
    database_p95: float
    queries: int
    floor: float | None = None
    ratio: float | None = None
    facts: dict = field(default_factory=dict)
    verdicts: list[tuple[str, bool]] = field(default_factory=list)

    def ask(self, what: str, value: float, most: float, unit: str = ""):
        """At most that much."""
        self.verdicts.append((f"{what} {value:.4g} {unit}".rstrip() + f" (≤ {most:g})", value <= most))

    def beside(self, floor_ms: float):
        """The floor of the same run, and how many times of it this took."""
        self.floor, self.ratio = floor_ms, self.median / floor_ms


class Run:
    """Options, databases and results of one script. `name` is that of the script without `registry_`."""

    def __init__(self, name: str, title: str, *, sizes: Iterable[int] = SIZES, rounds: int = 200):
        reader = argparse.ArgumentParser(description=title)
        reader.add_argument("--people", type=int, nargs="+", default=list(sizes))
        reader.add_argument("--rounds", type=int, default=rounds)
        reader.add_argument("--json", type=Path)
        self.options = reader.parse_args()
        self.name, self.title, self.lines = name, title, []
        registry_seed.ensure(*self.options.people)

    @property
    def sizes(self) -> list[int]:
        return sorted(self.options.people)

    @contextmanager
    def inside(self, people: int, *, fresh: bool = False):
        """Django in this process on the database of that size; `fresh`: on a copy that is dropped afterwards."""
        with database(people, fresh=fresh) as name:
            enter(name)
            yield name
            from django.db import connections

            connections.close_all()

    def line(self, name: str, people: int, timings: Iterable[Timing]) -> Line:
        timings = list(timings)
        seconds = sorted(t.seconds for t in timings)
        made = Line(
            name, people, statistics.median(seconds) * 1000, p95(seconds) * 1000,
            p95([t.database for t in timings]) * 1000, max(t.queries for t in timings),
        )  # fmt: skip
        self.lines.append(made)
        print(
            f"{people:>9,} {name:<36} median {made.median:8.2f} ms, p95 {made.p95:8.2f} ms", file=sys.stderr
        )
        return made

    def grown(self, most: float, names: Iterable[str] | None = None):
        """Ask of lines of the largest size that their p95 in the database grew at most so many times."""
        smallest, largest = self.sizes[0], self.sizes[-1]
        if smallest == largest:
            return
        before = {line.name: line.database_p95 for line in self.lines if line.people == smallest}
        for line in self.lines:
            if line.people == largest and line.name in before and (names is None or line.name in set(names)):
                line.ask("p95 in the database grows", line.database_p95 / before[line.name], most, "-fold")

    def finish(self):
        """Print the table; keep it as JSON if asked to."""
        kept = {
            "title": self.title,
            "options": {"people": self.sizes, "rounds": self.options.rounds},
            "lines": [asdict(line) for line in self.lines],
        }
        print(table(kept))
        if self.options.json:
            self.options.json.write_text(json.dumps(kept, ensure_ascii=False, indent=1))


def table(kept: dict) -> str:
    """The lines as Markdown, for the terminal and for RESULTS.md."""
    rows = [
        "| figure | people | median ms | p95 ms | p95 in the database ms | SQL | floor ms | × floor | verdict |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    for line in kept["lines"]:
        words = [f"{'✓' if good else '**✗**'} {text}" for text, good in line["verdicts"]]
        words += [f"{key} {value}" for key, value in line["facts"].items()]
        floor, ratio = (f"{line[key]:,.2f}" if line[key] is not None else "" for key in ("floor", "ratio"))
        rows.append(
            f"| {line['name']} | {line['people']:,} | {line['median']:,.2f} | {line['p95']:,.2f} | "
            f"{line['database_p95']:,.2f} | {line['queries'] or ''} | {floor} | {ratio} | {'; '.join(words)} |"
        )
    return "\n".join(rows) + "\n"


# ---- databases


@contextmanager
def database(people: int, *, fresh: bool = False):
    """The name of the database of that size; a copy for scripts that write."""
    source = registry_seed.name_of(people)
    if not fresh:
        yield source
        return
    target = f"{source}_run{os.getpid()}"
    data.copy(source, target)
    try:
        yield target
    finally:
        data.drop(target)


def environment(database: str, folder: str | None = None) -> dict[str, str]:
    """For subprocesses on a database of the registry: the keys that its private fields were written with."""
    return server.environment(database, folder or tempfile.gettempdir())


def enter(database: str):
    """Set Django up in this process on a database; a second call changes only the database."""
    os.environ.update(environment(database))
    import django
    from django.conf import settings
    from django.db import connections

    if not settings.configured:
        django.setup()
        return
    connections.close_all()
    settings.DATABASES["default"]["NAME"] = connections["default"].settings_dict["NAME"] = database


def manage(database: str, *command: str) -> str:
    """A management command in a process of its own; its output."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command, "--skip-checks"], cwd=ROOT, env=environment(database),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


# ---- who and what


def person(role: str, level: int | None = None):
    """A user with that role, at a grid (or a unit of a grid) of that level; the one of the largest grid."""
    from accounts.models import User

    users = User.objects.filter(posts__role=role, posts__until=None)
    if level is not None:
        at = users.filter(posts__grid__level=level) | users.filter(posts__unit__grid__level=level)
        users = at.distinct()
    return users.order_by("pk")[0]


def sample(model, count: int, *fields: str, **filters) -> list:
    """`count` records spread evenly over a table, the same ones every time."""
    rows = model.objects.filter(**filters)
    most = model.objects.order_by("-pk").values_list("pk", flat=True)[0]
    step = max(most // count, 1)
    found = rows.filter(pk__in=range(1, most + 1, step)).order_by("pk")
    return list(found.values_list(*fields, flat=len(fields) == 1) if fields else found)


# ---- time


def in_database(call: Callable[[], object]) -> Timing:
    """One call: its seconds, those spent in the database, and its statements."""
    from django.db import connection

    spent = [0.0, 0]

    def watch(execute, sql, params, many, context):
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent[0] += time.perf_counter() - started
            spent[1] += 1

    started = time.perf_counter()
    with connection.execute_wrapper(watch):
        call()
    return Timing(time.perf_counter() - started, *spent)


def timed(call: Callable[[], object]) -> Timing:
    """One call by the clock alone: imports, exports."""
    started = time.perf_counter()
    call()
    return Timing(time.perf_counter() - started)


def p95(values: Iterable[float]) -> float:
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * 0.95))]


def rss_mb() -> float:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
