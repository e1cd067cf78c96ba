"""All events as CSV through the API: `python -m bench.export`. Time, and how far the worker grows meanwhile."""

import statistics
import threading
import time
from contextlib import closing
from http.client import HTTPConnection

from bench import courses, data, measure, seed
from bench.server import HOST, Server

PATH = f"{courses.API}/events/export.csv"
SAMPLE_SECONDS = 0.05
LIMIT_SECONDS = 120


class Watch(threading.Thread):
    """Samples the largest worker's memory until told to stop."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.most, self.over = server, 0.0, threading.Event()

    def run(self):
        while not self.over.wait(SAMPLE_SECONDS):
            self.most = max(self.most, sum(self.server.rss()))


def fetch(server, query="") -> tuple[float, float, int, int]:
    """(seconds, seconds to the first piece, lines, bytes) of one download."""
    began, first, lines, size = time.perf_counter(), 0.0, 0, 0
    with closing(HTTPConnection(HOST, server.port, timeout=LIMIT_SECONDS)) as link:
        headers = {"Authorization": f"Token {seed.token('top_1')}", "X-Forwarded-Proto": "https"}
        link.request("GET", PATH + query, headers=headers)
        answer = link.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {answer.read(300)!r}")
        while piece := answer.read1(1 << 20):
            first = first or time.perf_counter() - began
            lines, size = lines + piece.count(b"\n"), size + len(piece)
    return time.perf_counter() - began, first, lines, size


def measured(events, rounds):
    with data.fresh(events) as database, Server(database) as server:
        for _worker in range(6):
            fetch(server, "?status=rejected&reported_from=2099-01-01")  # imports done, connections open
        before = sum(server.rss())
        cpu = server.cpu()
        watch = Watch(server)
        watch.start()
        found = [fetch(server) for _number in range(rounds)]
        watch.over.set()
        watch.join()
        made = measure.Figure("export, all events as CSV", events, rounds)
        times = [seconds * 1000 for seconds, *_rest in found]
        made.rate, made.median, made.p95 = rounds / sum(times) * 1000, statistics.median(times), max(times)
        made.cpu = (server.cpu() - cpu) / rounds * 1000
        made.failures = sum(lines != events + 1 for _seconds, _first, lines, _size in found)
        made.facts = {
            "first_piece_ms": round(found[0][1] * 1000),
            "megabytes": round(found[0][3] / 1e6, 1),
            "rss_before_mb": round(before),
            "rss_growth_mb": round(max(0.0, watch.most - before), 1),
        }
        return made


if __name__ == "__main__":
    options = measure.arguments(__doc__, rounds=3)
    measure.show([measured(events, options.rounds) for events in options.events], options)
