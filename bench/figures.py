"""The wall screen's whole data, one call after another: `python -m bench.figures --events 100000 1000000 --rounds 100`.

In this process, on a copy of the database: first all that the screen shows of the county, a town, a village and a grid
(gridcenter.screen.compose: sums of one reading, lists, duty, warnings), with nothing unfolded and with 200 steps; then
what the fold costs, and everything anew. The floor of a read is a bare count of the open events by index, as a screen
without rollups would begin.
"""

import json
import os
import statistics
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from bench import data, measure, seed, server

UNFOLDED = 200
MOST_MS = 50  # issue 4, § 3: the whole data, p95 at a million events


def enter(database: str):
    os.environ.update(server.environment(database, tempfile.gettempdir()))
    import django
    from django.conf import settings
    from django.db import connections

    if not settings.configured:
        django.setup()
    from core.asgi import search_seldom

    search_seldom()
    connections.close_all()
    settings.DATABASES["default"]["NAME"] = connections["default"].settings_dict["NAME"] = database


def screen(path: str):
    """Everything that the wall shows of one territory, as its snapshots are made."""
    from gridcenter.screen import compose

    return compose.figures(path)


def timed(name: str, events: int, call, rounds: int) -> measure.Figure:
    from django.db import connection

    spent, backend = [], _backend()
    before, started = server._seconds(backend), time.process_time()
    for _round in range(rounds):
        begun = time.perf_counter()
        call()
        spent.append((time.perf_counter() - begun) * 1000)
    cpu, postgres = time.process_time() - started, server._seconds(backend) - before
    counted = []
    with connection.execute_wrapper(lambda execute, *given: counted.append(1) or execute(*given)):
        call()
    spent.sort()
    figure = measure.Figure(
        name, events, requests=rounds, rate=1000 * rounds / sum(spent), median=statistics.median(spent),
        p95=spent[min(int(0.95 * rounds), rounds - 1)], cpu=1000 * cpu / rounds, postgres=1000 * postgres / rounds,
        queries=len(counted),
    )  # fmt: skip
    print(f"{events:>9,} {name:<44} median {figure.median:9.2f} ms, p95 {figure.p95:9.2f} ms, {len(counted)} SQL")
    return figure


def _backend() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def report(count: int):
    """So many reports by the product's own service: steps that are not folded yet."""
    from accounts.models import User
    from events import services

    worker = User.objects.filter(username__startswith="worker_").order_by("pk").first()
    for _n in range(count):
        services.report(actor=worker, description="路面破损", grid=worker.posts.first().grid_id)


def vacuum(database: str):
    """As autovacuum leaves the tables that sums are counted from, after a hundredth of their rows has changed."""
    for table in ("events_foldedevent", "events_foldedturn"):
        data.run(database, f"VACUUM {table}")


def figures_of(events: int, rounds: int) -> list[measure.Figure]:
    from django.conf import settings

    from events.figures import folding
    from events.models import Event
    from grids.models import Grid

    paths = {
        name: Grid.objects.filter(level=level).order_by("-pk")[0].path
        for level, name in ((0, "county"), (2, "town"), (3, "village"), (4, "grid"))
    }
    folding.fold()
    vacuum(settings.DATABASES["default"]["NAME"])
    lines = [timed("floor: open events counted", events, Event.objects.open().count, min(rounds, 10))]
    lines += [timed(f"whole screen, {n}", events, lambda path=p: screen(path), rounds) for n, p in paths.items()]
    report(UNFOLDED)
    lines.append(
        timed(f"whole screen, county, {UNFOLDED} steps unfolded", events, lambda: screen(paths["county"]), rounds)
    )
    fold = timed(f"fold of {UNFOLDED} steps", events, folding.fold, 1)
    fold.facts = {"ms_per_step": round(fold.median / UNFOLDED, 2)}
    lines += [fold, timed("fold of nothing", events, folding.fold, min(rounds, 20))]
    lines.append(timed("everything anew", events, folding.rebuild, 1))
    return lines


def main():
    options = measure.arguments(__doc__)
    seed.ensure(*options.events)
    lines = []
    for events in sorted(options.events):
        with data.fresh(events) as database:
            enter(database)
            lines += figures_of(events, max(options.rounds, 5) * 10)
            from django.db import connections

            connections.close_all()
    kept = {
        "options": {"events": options.events, "seconds": options.seconds, "rounds": options.rounds},
        "figures": [asdict(line) for line in lines],
    }
    if options.json:
        Path(options.json).write_text(json.dumps(kept, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
