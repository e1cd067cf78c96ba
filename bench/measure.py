"""Rounds of floor and figures in turn, so that a machine that is busy with something else slows both alike."""

import argparse
import json
import statistics
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench import client, data, seed
from bench.client import Course
from bench.server import Server

WARM_SECONDS = 1.0
COUNTED = 12  # requests per course in the counting pass


@dataclass
class Figure:
    """One line of the results. Times in ms; `ratio` is to the floor of the same round, the median of all rounds."""

    name: str
    events: int
    requests: int = 0
    rate: float = 0.0
    median: float = 0.0
    p95: float = 0.0
    cpu: float = 0.0  # server ms per request
    postgres: float = 0.0  # backends ms per request
    queries: int | None = None  # the most of any request in the counting pass
    ratio: float | None = None
    failures: int = 0
    faults: int = 0  # answers 5xx
    statuses: dict = field(default_factory=dict)
    kilobytes: float = 0.0
    facts: dict = field(default_factory=dict)


@dataclass
class Tally:
    """All rounds of one course on one server."""

    rates: list[float] = field(default_factory=list)
    medians: list[float] = field(default_factory=list)
    p95s: list[float] = field(default_factory=list)
    statuses: Counter = field(default_factory=Counter)
    requests: int = 0
    cpu: float = 0.0
    postgres: float = 0.0
    bytes: int = 0
    unexpected: list = field(default_factory=list)

    def play(self, server: Server, course: Course, seconds: float):
        cpu, postgres = server.cpu(), server.backend_cpu()
        found = client.play(server.port, course, seconds)
        self.cpu += server.cpu() - cpu
        self.postgres += sum(now - postgres.get(pid, 0.0) for pid, now in server.backend_cpu().items())
        if not found.latencies:
            return
        self.requests += len(found.latencies)
        self.rates.append(len(found.latencies) / found.seconds)
        self.medians.append(statistics.median(found.latencies) * 1000)
        self.p95s.append(quantile(found.latencies, 0.95) * 1000)
        self.statuses += found.statuses
        self.bytes += found.bytes
        self.unexpected += found.answers

    def figure(self, name: str, events: int, course: Course, floor: "Tally | None") -> Figure:
        n = max(1, self.requests)
        made = Figure(
            name, events, self.requests, _middle(self.rates), _middle(self.medians), _middle(self.p95s),
            self.cpu / n * 1000, self.postgres / n * 1000, statuses=dict(self.statuses),
            kilobytes=self.bytes / n / 1024,
        )  # fmt: skip
        made.failures = sum(count for status, count in self.statuses.items() if status not in course.expects)
        made.faults = sum(count for status, count in self.statuses.items() if status >= 500)
        if floor and self.rates:
            made.ratio = _middle([ours / bare for ours, bare in zip(self.rates, floor.rates, strict=False)])
        return made


def quantile(values, share: float) -> float:
    """The value below which `share` of all lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _middle(values) -> float:
    return statistics.median(values) if values else 0.0


# What a script measures: database name → courses, those of the floor among them.
Courses = Callable[[str], list[Course]]


def interleave(courses: Courses, options) -> list[Figure]:
    """All courses on databases of all sizes, in turn, `options.rounds` times; then the counting pass."""
    figures: list[Figure] = []
    with ExitStack() as stack:
        found = []
        for events in options.events:
            database = stack.enter_context(data.fresh(events))
            server = stack.enter_context(Server(database))
            made = courses(database)
            found.append((events, server, made, {course.name: Tally() for course in made}))
        for _events, server, made, _tallies in found:
            for course in made:
                client.play(server.port, course, WARM_SECONDS if options.seconds > 1 else options.seconds)
        for _number in range(options.rounds):
            _one_round(found, options.seconds)
        for events, server, made, tallies in found:
            made_figures = [
                tallies[c.name].figure(c.name, events, c, tallies.get(c.floor) if c.floor != c.name else None)
                for c in made
            ]
            _complain(made, tallies)
            _count(server.database, courses, made_figures)
            figures += made_figures
    return figures


def _one_round(found, seconds):
    names = [course.name for course in found[0][2]]
    for name in names:
        for _events, server, made, tallies in found:
            course = next(c for c in made if c.name == name)
            tallies[name].play(server, course, seconds)


def _complain(courses, tallies):
    """Say what came back that nobody expected: a bench that measures error pages measures nothing."""
    for course in courses:
        for answer in tallies[course.name].unexpected[:3]:
            print(f"! {course.name}: {answer.status} {answer.body[:300].decode(errors='replace')}")


def _count(database, courses, figures):
    """SQL statements per request, on a server of its own, so that counting does not disturb the times."""
    with Server(database, workers=1, count=True) as server:
        for figure, course in zip(figures, courses(database), strict=True):
            seen = []
            for state in course.scripts()[:1]:
                while state[1] is not None and len(seen) < COUNTED:
                    answer = client.one(server.port, state[1])
                    seen.append(int(answer.header("X-Bench-Queries") or 0))
                    try:
                        state[1] = state[0].send(answer)
                    except StopIteration:
                        state[1] = None
            # The first ones fill what a process keeps (directory, standards, calendar).
            figure.queries = max(seen[len(seen) // 4 :], default=None)


def arguments(description: str, **defaults) -> argparse.Namespace:
    """The options all scripts share."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--events", type=int, nargs="+", default=[10_000, 100_000], help="sizes of the database")
    parser.add_argument("--seconds", type=float, default=defaults.get("seconds", 3.0), help="of each round")
    parser.add_argument("--rounds", type=int, default=defaults.get("rounds", 3))
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    options = parser.parse_args()
    seed.ensure(*options.events)
    return options


HEAD = "figure                              events    req/s   median      p95     cpu  pg cpu  SQL  ratio fail"


def show(figures: list[Figure], options):
    """Print the table (times in ms, processor ms per request) and keep it if asked."""
    print(HEAD)
    for f in figures:
        ratio = "" if f.ratio is None else f"{f.ratio:.2f}"
        print(
            f"{f.name:34} {f.events:7} {f.rate:8.1f} {f.median:8.1f} {f.p95:8.1f} {f.cpu:7.2f} {f.postgres:7.2f} "
            f"{f.queries if f.queries is not None else '':>4} {ratio:>6} {f.failures or ''}"
            + "".join(f"  {key}={value}" for key, value in f.facts.items())
        )
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        rows = [asdict(figure) for figure in figures]
        options.json.write_text(json.dumps({"at": time.time(), "options": _plain(options), "figures": rows}, indent=1))


def _plain(options):
    return {"events": options.events, "seconds": options.seconds, "rounds": options.rounds}
