"""Resident memory of the workers, fresh and after load: `python -m bench.memory`."""

from bench import client, courses, data, measure
from bench.client import request
from bench.server import Server


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
        for _half in range(2):
            for course in made:
                client.play(server.port, course, seconds)
            after.append(server.rss())
    figure = measure.Figure("memory of a worker", events)
    names = ("fresh_mb", "after_load_mb", "after_twice_mb")
    figure.facts = {name: round(max(sizes)) for name, sizes in zip(names, [fresh, *after], strict=True)}
    return figure


if __name__ == "__main__":
    options = measure.arguments(__doc__, seconds=4.0)
    measure.show([measured(events, options.seconds) for events in options.events], options)
