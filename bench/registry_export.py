"""All people of a county as CSV: `python -m bench.registry_export --people 371400 --rounds 3`.

Measured in a process of its own, from the request for the file to its last byte: time, and how far the process grows.
The floor is a bare COPY of the same columns, encrypted as they are, to the client.
"""

import json
import statistics
import subprocess
import sys
import threading
import time
from contextlib import closing

from bench import data, registry, server

SAMPLE_SECONDS = 0.05
MOST_SECONDS = 20
MOST_GROWTH_MB = 40
BARE = """COPY (SELECT g.code, g.name, b.address, d.unit, d.door, h.number, r.* FROM residents_resident r
JOIN grids_grid g ON g.id = r.grid_id LEFT JOIN residents_dwelling d ON d.id = r.dwelling_id
LEFT JOIN residents_building b ON b.id = d.building_id LEFT JOIN residents_household h ON h.id = r.household_id
ORDER BY r.id) TO STDOUT"""


class Nowhere:
    def __init__(self):
        self.bytes = 0

    def write(self, piece):
        self.bytes += len(piece)


def work():
    """One small file first, so that all is loaded; then the whole one."""
    from accounts.models import User
    from residents import outgoing

    actor = User.objects.filter(posts__role__in=("centre_head", "operator"), posts__until=None,
                                posts__unit__grid__level=0).order_by("pk").first()  # fmt: skip
    print("ready", flush=True)
    began = time.perf_counter()
    made = outgoing.export(actor=actor, kind="resident", filters={}, form="csv")
    size = sum(map(len, made.pieces))
    print(json.dumps({"seconds": time.perf_counter() - began, "rows": made.rows, "mb": size / 1e6}), flush=True)


def measured(database) -> tuple[dict, float]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.registry_export", "work"], cwd=registry.ROOT,
        env=registry.environment(database), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    process.stdout.readline()
    before, most, over = server._resident(process.pid), [0.0], threading.Event()

    def watch():
        while not over.wait(SAMPLE_SECONDS):
            most[0] = max(most[0], server._resident(process.pid))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    out, _none = process.communicate()
    over.set()
    watcher.join()
    if process.returncode:
        raise RuntimeError("the export failed")
    return json.loads(out.strip().splitlines()[-1]), most[0] - before


def floor(database) -> float:
    with closing(data.connect(database)) as link, link.cursor() as cursor:
        began = time.perf_counter()
        cursor.copy_expert(BARE, Nowhere())
        return time.perf_counter() - began


def main():
    run = registry.Run("export", "All people as CSV", sizes=(371_400,), rounds=3)
    for people in run.sizes:
        with registry.database(people, fresh=True) as name:
            floors, found = [], []
            for _number in range(run.options.rounds):
                floors.append(floor(name))
                found.append(measured(name))
        line = run.line("export csv", people, [registry.Timing(one["seconds"]) for one, _mb in found])
        line.beside(statistics.median(floors) * 1000)
        line.facts = {"MB": round(found[0][0]["mb"]), "rows": found[0][0]["rows"]}
        line.ask("s", line.median / 1000, MOST_SECONDS)
        line.ask("MB of growth", max(mb for _one, mb in found), MOST_GROWTH_MB)
    run.finish()


if __name__ == "__main__":
    if sys.argv[1:] == ["work"]:
        import django

        django.setup()
        work()
    else:
        main()
