"""Resident memory of the workers, fresh and after load: `python -m bench.memory`."""

from bench import client, courses, data, measure
from bench.client import request
from bench.server import Server

TURNS = 5  # of the same load: what keeps growing is a leak


def loads(database):
    """Everything people do, in turn."""
    paths = ["events/", "events/?page_size=100", "events/map/", "events/counts/", "events/?q=777号"]
    reads = courses.reads("reads", "top", [f"{courses.API}/{path}" for path in paths])
    return [reads, courses.reports(database), courses.steps(database)]


def measured(events, seconds):
    with data.fresh(events) as database, Server(database) as server:
        for _turn in range(10):
            client.one(server.port, request("GET", "/healthz"))
        fresh = server.rss()
        after = []
        made = loads(database)
        for _turn in range(TURNS):
            for course in made:
                client.play(server.port, course, seconds)
            after.append(server.rss())
    figure = measure.Figure("memory of a worker", events)
    figure.facts = {"fresh_mb": round(max(fresh)), "after_each_turn_mb": [round(max(sizes)) for sizes in after]}
    return figure


if __name__ == "__main__":
    options = measure.arguments(__doc__, seconds=4.0)
    measure.show([measured(events, options.seconds) for events in options.events], options)
