"""The map's vector tiles: Dongying's 6,098 outlines and a million events. `python -m bench.tiles`; a try with another
county and fewer events: `--place sanyuan --events 2000 --rounds 1`.

Times are those of an answer of the product's view (login, scope, versions, SQL, packing), made in this process without
a server between: cold with an empty cache, warm right after. Squares are drawn at random over zooms 0 to 16, half of
them where events are densest; the worst of each layer is named.
"""

import argparse
import json
import math
import os
import random
import statistics
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from bench import data

ROOT = Path(__file__).resolve().parent.parent
VERSION = 2  # of what is written here: an older database is made anew
LAYERS = ("grids", "events", "heat", "units")
COLD_MS, WARM_MS = 120, 15
PLACE = "dongying"


def name_of(events: int, place: str = PLACE) -> str:
    return f"{data.BASE}_tiles_{events}" + ("" if place == PLACE else f"_{place}")


def ensure(events: int, place: str = PLACE) -> str:
    """A database with the territory and people of `place` and exactly so many events, one in ten open."""
    database = name_of(events, place)
    if _is_current(database):
        manage(database, "migrate", "-v0")
        return database
    data.drop(database)
    data.run("postgres", f'CREATE DATABASE "{database}"')
    manage(database, "migrate", "-v0")
    manage(database, "demo_county", place, "--months", "1", "--people", "0")
    with closing(data.connect(database)) as link, link.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no triggers: nothing but the map reads this database
        cursor.execute("TRUNCATE events_event CASCADE")
        cursor.execute((ROOT / "bench/sql/tile_events.sql").read_text(), {"events": events})
        cursor.execute("CREATE TABLE bench_tiles AS SELECT %s AS version", [VERSION])
        cursor.execute("VACUUM (ANALYZE)")
    return database


def _is_current(database) -> bool:
    if not data.exists(database) or data.run(database, "SELECT to_regclass('bench_tiles')") == [(None,)]:
        return False
    return data.run(database, "SELECT version FROM bench_tiles") == [(VERSION,)]


def manage(database, *command):
    done = subprocess.run(
        [sys.executable, "manage.py", *command, "--skip-checks"], cwd=ROOT, env={**os.environ, **environment(database)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def environment(database) -> dict[str, str]:
    return {
        "GRIDCENTER_MODE": "demo",
        "DJANGO_SETTINGS_MODULE": "gridcenter.settings",
        "DATABASE_URL": data.address(database),
        "REDIS_URL": "",
    }


def square(lon, lat, z):
    n = 1 << z
    y = (1 - math.log(math.tan(math.radians(lat)) + 1 / math.cos(math.radians(lat))) / math.pi) / 2
    return z, int((lon + 180) / 360 * n), int(y * n)


def squares(database, rounds, rng):
    """`rounds` squares of every zoom: half around any event, half around those of the fullest grids."""
    anywhere = data.run(
        database,
        "SELECT ST_X(location), ST_Y(location) FROM events_event "
        "WHERE id % (SELECT greatest(1, count(*) / 2000) FROM events_event) = 0 ORDER BY id LIMIT 2000",
    )
    dense = data.run(
        database,
        "SELECT ST_X(location), ST_Y(location) FROM events_event WHERE grid_id IN "
        "(SELECT grid_id FROM events_event GROUP BY 1 ORDER BY count(*) DESC LIMIT 20) LIMIT 2000",
    )
    for z in range(17):
        for at in range(rounds):
            yield square(*rng.choice(dense if at % 2 else anywhere), z)


def play(options, database):
    """{layer, with or without days: [(ms cold, ms warm, cpu ms cold, bytes, square)]}"""
    os.environ.update(environment(database))
    import django

    django.setup()
    from django.core.cache import cache
    from django.test import Client
    from django.utils import timezone

    from accounts.models import User
    from core import versions
    from grids.services import outlines

    began = time.perf_counter()
    outlines.ensure(versions.read())
    print(f"outlines made or found in {time.perf_counter() - began:.1f} s")
    client = Client()
    client.force_login(User.objects.filter(posts__role="operator", posts__unit__grid__level=0).first())
    week = f"?day={timezone.localdate().isoformat()}&span=week"
    rng = random.Random(20261128)
    kinds = [(layer, "") for layer in LAYERS] + [("events", week), ("heat", week)]
    client.get("/map/tiles/events/3/6/3.mvt")  # imports, a connection, the directory
    found = {(layer, bool(query)): [] for layer, query in kinds}
    for z, x, y in squares(database, options.rounds, rng):
        for layer, query in kinds:
            cache.clear()
            url = f"/map/tiles/{layer}/{z}/{x}/{y}.mvt{query}"
            cold, cpu, size = timed(client, url)
            warm, _cpu, _size = timed(client, url)
            found[layer, bool(query)].append((cold, warm, cpu, size, f"{z}/{x}/{y}"))
    return found


def timed(client, url):
    wall, cpu = time.perf_counter(), time.process_time()
    answer = client.get(url, headers={"Accept-Encoding": "gzip"})
    if answer.status_code != 200:
        raise RuntimeError(f"{url}: {answer.status_code}")
    return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000, len(answer.content)


def p95(values):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def lines(found) -> list[dict]:
    made = []
    for (layer, days), rows in found.items():
        cold, warm = [row[0] for row in rows], [row[1] for row in rows]
        worst = max(rows)
        made.append({
            "name": f"{layer}{', a week' if days else ''}", "tiles": len(rows),
            "cold": statistics.median(cold), "cold_p95": p95(cold), "warm": statistics.median(warm), "warm_p95": p95(warm),
            "cpu": statistics.mean(row[2] for row in rows),
            "kilobytes_p95": p95([row[3] for row in rows]) / 1024, "worst": f"{worst[4]} {worst[0]:.0f} ms",
        })  # fmt: skip
    return made


def is_good(line: dict) -> bool:
    return line["cold_p95"] <= COLD_MS and line["warm_p95"] <= WARM_MS


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--place", default=PLACE, help="the demo county whose territory it is")
    parser.add_argument("--rounds", type=int, default=12, help="squares of each zoom")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    made = lines(play(options, ensure(options.events, options.place)))
    print(f"{'layer':16} {'tiles':>6} {'cold':>7} {'p95':>7} {'warm':>7} {'p95':>7} {'cpu':>7} {'kB p95':>7}  worst")
    for line in made:
        print(
            f"{line['name']:16} {line['tiles']:6} {line['cold']:7.1f} {line['cold_p95']:7.1f} {line['warm']:7.1f} "
            f"{line['warm_p95']:7.1f} {line['cpu']:7.1f} {line['kilobytes_p95']:7.1f}  {line['worst']}"
        )
    for line in made:
        print(f"{'ok ' if is_good(line) else 'MISSED '} {line['name']}: cold ≤ {COLD_MS} ms, warm ≤ {WARM_MS} ms (p95)")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        kept = {"title": "Map tiles", "options": {"events": options.events}, "lines": made}
        options.json.write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
