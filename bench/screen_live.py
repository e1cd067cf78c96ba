"""A thousand wall screens on one worker: `python -m bench.screen_live --screens 1000`.

Each screen is what a browser opens: a line of server-sent events, held, and a connection on which it asks for the figures
when it is told that they have changed, spread as the server says, with the ETag it has. Steps are taken meanwhile through
the API of a second server on the same database, so that they come from "anywhere". A third process folds the figures when
the worker's schedule does, every ten seconds, and for the first time before anything is measured: what has happened since
the database was seeded (lights of thousands of events, by the clock) is nothing that a wall in service meets. All clocks
are this machine's.

- answer: a request for the county's figures that must read them anew, and one that is answered from memory.
- told: from the moment at which the request for the step was sent until the line said "changed" (so it includes the step
  itself); of every screen and every step, delivered of expected.
- fetched: until the screen holds figures that know the step.
- snapshots: how often the figures were read from the database, beside the number of intervals in which something changed.
"""

import argparse
import asyncio
import gc
import json
import random
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import uvloop

from bench import client, courses, data, results, seed
from bench.client import HOST, Link
from bench.figures import vacuum
from bench.measure import Figure, quantile, show
from bench.server import ROOT, Server, environment

SETTLE_SECONDS = 6.0  # after the last step: what has not come by then is lost
TARGET_MS = 1500
TERRITORY = 1  # the county
ASKED = 40  # requests for the figures, one after the other


def session(database: str, folder: str, username: str) -> str:
    """The key of a session in which this person has logged in."""
    code = (
        "import sys, django; django.setup()\n"
        "from django.contrib.auth import get_user_model\n"
        "from django.contrib.sessions.backends.db import SessionStore\n"
        "user = get_user_model().objects.get(username=sys.argv[1]); store = SessionStore()\n"
        "store['_auth_user_id'] = str(user.pk)\n"
        "store['_auth_user_backend'] = 'django.contrib.auth.backends.ModelBackend'\n"
        "store['_auth_user_hash'] = user.get_session_auth_hash(); store.create(); print(store.session_key)\n"
    )
    command = [sys.executable, "-c", code, username]
    env = environment(database, folder)
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    return done.stdout.split()[-1]


@contextmanager
def folded(database: str, folder: str):
    """The figures of the database are folded by a process of its own, again and again; begins when they are for once."""
    code = (
        "import time, django; django.setup()\n"
        "from django.conf import settings\n"
        "from events.figures import folding\n"
        "every = settings.CELERY_BEAT_SCHEDULE['fold-figures']['schedule']\n"
        "while True:\n"
        "    folding.fold(); print('folded', flush=True); time.sleep(every)\n"
    )
    command = [sys.executable, "-c", code]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(database, folder), stdout=subprocess.PIPE, text=True)
    try:
        if not process.stdout.readline():
            raise RuntimeError("The figures were not folded.")
        vacuum(database)
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def get(path: str, cookie: str, *headers: str) -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "X-Forwarded-Proto: https",
        *([f"Cookie: sessionid={cookie}"] if cookie else []),
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


class Told(asyncio.Protocol):
    """The line of one screen."""

    def __init__(self, screen):
        self._screen, self._buffer = screen, b""

    def connection_made(self, transport):
        self.transport = transport
        transport.write(get(f"/screen/{TERRITORY}/live/", self._screen.cookie, "Accept: text/event-stream"))

    def data_received(self, data):
        self._buffer += data
        *whole, self._buffer = self._buffer.split(b"\n\n")
        for part in whole:
            name, _colon, rest = part.rpartition(b"event: ")[2].partition(b"\ndata: ")
            if name in (b"hello", b"changed"):
                self._screen.hear(name.decode(), json.loads(rest))

    def connection_lost(self, error):
        self._screen.broken += not self._screen.closed


class Screen:
    """One open wall screen."""

    def __init__(self, number, cookie):
        self.number, self.cookie = number, cookie
        self.heard, self.held = [], []  # (when, at)
        self.broken = self.failures = 0
        self.closed = False
        self.hello = asyncio.Event()
        self.etag, self.asking, self.wanted = "", False, None
        self.statuses, self.moments = [], set()

    async def open(self, port):
        loop = asyncio.get_running_loop()
        self.port = port
        _transport, self.line = await loop.create_connection(lambda: Told(self), HOST, port)
        await asyncio.wait_for(self.hello.wait(), 60)
        _transport, self.link = await loop.create_connection(Link, HOST, port)

    def hear(self, name, facts):
        if name == "hello":
            self.ticket = facts["ticket"]
            self.hello.set()
            return
        self.heard.append((time.time(), facts["at"]))
        self.ask(facts)

    def ask(self, facts):
        if self.asking:
            self.wanted = facts
            return
        self.asking = True
        self.task = asyncio.get_running_loop().create_task(self.fetch(facts))

    async def fetch(self, facts):
        await asyncio.sleep(random.random() * facts["within"] / 1000)
        headers = ["Accept-Encoding: gzip", *([f"If-None-Match: {self.etag}"] if self.etag else [])]
        raw = get(
            f"/screen/{TERRITORY}/figures/?after={facts['at']}",
            "",
            f"X-Screen-Ticket: {self.ticket}",
            *headers,
        )
        try:
            if self.link.closed:  # as a browser does
                _transport, self.link = await asyncio.get_running_loop().create_connection(Link, HOST, self.port)
            answer = await self.link.ask(raw)
            at = answer.header("X-Figures-At")
            self.statuses.append(answer.status)
            self.moments.add(at)
            self.held.append((time.time(), float(at)))
            self.etag = answer.header("ETag")
        except (ConnectionError, TimeoutError, TypeError):
            self.failures += 1
        self.asking = False
        if self.wanted and not self.closed:
            wanted, self.wanted = self.wanted, None
            self.ask(wanted)

    async def close(self):
        self.closed = True
        self.line.transport.close()
        if self.asking:
            await self.task
        self.link.close()


async def answers(port, cookie) -> dict[str, list[float]]:
    """Seconds of whole answers by one screen alone: read anew (it asks for what is committed until now), and kept."""
    link = (await asyncio.get_running_loop().create_connection(Link, HOST, port))[1]
    found = {"anew": [], "kept": []}
    for _turn in range(ASKED):
        for name, after in (("anew", time.time()), ("kept", 0)):
            raw = get(f"/screen/{TERRITORY}/figures/?after={after}", cookie, "Accept-Encoding: gzip")
            began = time.perf_counter()
            answer = await link.ask(raw)
            found[name].append(time.perf_counter() - began)
            if answer.status != 200:
                raise RuntimeError(f"The figures were refused: {answer.status}")
    link.close()
    return found


async def steps(port, database, count, pause):
    """Reports by the grids' workers, one after the other: (sent, committed) of each, by this machine's clock."""
    loop, taken = asyncio.get_running_loop(), []
    link = (await loop.create_connection(Link, HOST, port))[1]
    script = courses.reports(database).make(0)
    raw = next(script)
    for _turn in range(count):
        sent = time.time()
        answer = await link.ask(raw)
        if answer.status != 201:
            raise RuntimeError(f"A report was refused: {answer.status} {answer.body[:200]!r}")
        taken.append((sent, time.time()))
        raw = script.send(answer)
        await asyncio.sleep(pause)
    link.close()
    return taken


async def watch(port, elsewhere, database, cookies, options):
    screens = [Screen(number, cookies[number % len(cookies)]) for number in range(options.screens)]
    for first in range(0, len(screens), 50):
        await asyncio.gather(*(screen.open(port) for screen in screens[first : first + 50]))
    await asyncio.sleep(2)
    gc.collect()
    gc.disable()
    slow = await steps(elsewhere, database, options.steps, options.pause)
    await asyncio.sleep(SETTLE_SECONDS)
    quick = await steps(elsewhere, database, options.burst, 0.05)
    await asyncio.sleep(SETTLE_SECONDS)
    gc.enable()
    await asyncio.gather(*(screen.close() for screen in screens))
    return screens, slow, quick


def delays(screens, taken, seen):
    """Seconds from the request for a step until `seen(screen)` shows a moment that knows it; None: never."""
    found = []
    for screen in screens:
        rows = seen(screen)
        for sent, committed in taken:
            # `at` is PostgreSQL's clock, on the same machine: a moment after the commit knows the step.
            first = next((when for when, at in rows if when >= sent and at >= committed - 0.002), None)
            first = first or next((when for when, at in rows if when >= committed), None)
            found.append(None if first is None else first - sent)
    return found


def spread(name, found) -> dict:
    ok = [value for value in found if value is not None]
    return {
        f"{name}_delivered": f"{len(ok)}/{len(found)}",
        f"{name}_p50_ms": round(quantile(ok, 0.5) * 1000),
        f"{name}_p99_ms": round(quantile(ok, 0.99) * 1000),
    }


def measured(events, options) -> Figure:
    with data.fresh(events) as database, tempfile.TemporaryDirectory() as folder:
        cookies = [session(database, folder, f"top_{1 + n}") for n in range(8)]
        with folded(database, folder), Server(database, workers=1) as server, Server(database, workers=1) as other:
            for cookie in cookies:
                client.one(server.port, get(f"/screen/{TERRITORY}/figures/", cookie))
            asked = uvloop.run(answers(server.port, cookies[0]))
            fresh, cpu = server.rss(), server.cpu()
            screens, slow, quick = uvloop.run(watch(server.port, other.port, database, cookies, options))
            cpu, rss = server.cpu() - cpu, server.rss()
        queries = counted(database, cookies[0])
    figure = Figure(f"{options.screens} screens, one worker", events, queries=queries)
    told, fetched = (lambda s: s.heard), (lambda s: s.held)
    intervals = max(len(screen.heard) for screen in screens)
    statuses = [status for screen in screens for status in screen.statuses]
    figure.requests = len(statuses)
    figure.failures = sum(screen.failures + screen.broken for screen in screens) + sum(
        s not in (200, 304) for s in statuses
    )
    figure.median, figure.p95 = (1000 * quantile(asked["anew"], share) for share in (0.5, 0.95))
    figure.facts = {
        "answer_anew_p95_ms": round(figure.p95, 1),
        "answer_kept_p95_ms": round(1000 * quantile(asked["kept"], 0.95), 1),
        **spread("told", delays(screens, slow, told)),
        **spread("fetched", delays(screens, slow, fetched)),
        **{f"burst_{key}": value for key, value in spread("told", delays(screens, quick, told)).items()},
        **{
            f"burst_{key}": value for key, value in spread("fetched", delays(screens, quick, fetched)).items()
        },
        "intervals_with_changes": intervals,
        "snapshots_read": len(set().union(*(screen.moments for screen in screens))),
        "figures_fetched": len(statuses),
        "cpu_seconds": round(cpu, 1),
        "rss_mb": f"{max(fresh):.0f} → {max(rss):.0f}",
    }
    return figure


def counted(database, cookie) -> int:
    """SQL statements of a request that reads the figures anew."""
    with Server(database, workers=1, count=True) as server:
        seen = []
        for _turn in range(3):
            answer = client.one(server.port, get(f"/screen/{TERRITORY}/figures/?after={time.time()}", cookie))
            seen.append(int(answer.header("X-Bench-Queries") or 0))
    return seen[-1]


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, nargs="+", default=[10_000], help="sizes of the database")
    parser.add_argument("--screens", type=int, default=1000)
    parser.add_argument(
        "--steps", type=int, default=15, help="one at a time, all screens followed up in between"
    )
    parser.add_argument("--pause", type=float, default=2.5, help="seconds between two of them")
    parser.add_argument("--burst", type=int, default=60, help="steps in quick succession")
    parser.add_argument("--seconds", type=float, default=0, help="not used: bench/run gives it to all")
    parser.add_argument("--rounds", type=int, default=1, help="not used")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    seed.ensure(*options.events)
    return options


if __name__ == "__main__":
    chosen = arguments()
    made = [measured(events, chosen) for events in chosen.events]
    show(made, chosen)
    for one in map(asdict, made):
        for words, good in results.verdicts("screen_live", one, []):
            print(f"{'ok ' if good else 'MISSED '} {one['events']:,} events: {words}")
