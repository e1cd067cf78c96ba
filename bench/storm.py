"""A storm: many people at once take random steps through the API, Redis dies in the middle and comes back; then every
figure of the wall screen is compared with an independent count of the events.

`python -m bench.storm --steps 5000 --events 2000 --people 8` (minutes on two cores). On a database of its own: the
production server with two workers on PostGIS, a Celery worker with its schedule, a Redis of its own. Exit code 1 and the
differences, if a figure is wrong.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Lock, Thread

from bench import data, seed, server

ROOT = Path(__file__).resolve().parent.parent
REPORTS = 0.25  # a share of the steps
STUCK_SECONDS = 120
RECENT = 60  # people meet at the newest so many events: conflicts are meant
RARE = 0.08  # how often what leads nowhere is done, where something else could be
ASIDE = {"supervise", "cancel", "reject", "escalate", "hand_down", "answer", "suspend"}
LEFT_OUT = {"place", "merge", "whistle", "report_in", "rate_call"}  # of these the figures know nothing


class Redis:
    """A server of this run's own: killed, not stopped, and started again."""

    def __init__(self, folder):
        self.folder, self.port = folder, server._free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        where = ["--port", str(self.port), "--bind", server.HOST, "--dir", self.folder]
        command = [shutil.which("redis-server"), *where, "--save", ""]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self):
        self.process.kill()
        self.process.wait()


@dataclass
class Storm:
    """What the clients share: how many steps are still to be taken, what was taken, the events they know."""

    wanted: int
    port: int
    places: list[tuple[int, int, float, float]]  # grid, village, longitude, latitude
    standards: list[str]
    departments: list[int]
    taken: Counter = field(default_factory=Counter)
    answers: Counter = field(default_factory=Counter)
    events: list[tuple[int, int, int]] = field(default_factory=list)  # event, grid, village
    leads: dict[int, int | None] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)
    over: bool = False

    @property
    def done(self) -> int:
        return sum(self.taken.values())


class Client(Thread):
    """One person after another, by their tokens, over one connection."""

    def __init__(self, storm: Storm, number: int):
        super().__init__(daemon=True)
        self.storm, self.r, self.link = storm, random.Random(number), None

    def run(self):
        while self.storm.done < self.storm.wanted and not self.storm.over:
            try:
                self.report() if self.r.random() < REPORTS or not self.storm.events else self.step()
            except (OSError, HTTPException):
                self.link = None
                self.storm.answers["no answer"] += 1

    def ask(self, who: str, method: str, path: str, body=None):
        if self.link is None:
            self.link = HTTPConnection(server.HOST, self.storm.port, timeout=60)
        headers = {
            "Authorization": f"Token {seed.token(who)}", "Content-Type": "application/json", "X-Forwarded-Proto": "https"
        }  # fmt: skip
        self.link.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = self.link.getresponse()
        text = answer.read()
        with self.storm.lock:
            self.storm.answers[f"{method} {answer.status}"] += 1
        return answer.status, json.loads(text) if text and answer.status < 500 else {}

    def report(self):
        grid, village, lon, lat = self.r.choice(self.storm.places)
        who = self.r.choice([f"worker_{grid}", f"operator_{village}", "top_1"])
        body = {
            "description": "路面破损", "location": {"lon": lon, "lat": lat}, "standard": self.r.choice(self.storm.standards),
            "key": str(uuid.uuid4()),
        }  # fmt: skip
        status, answer = self.ask(who, "POST", "/api/v1/events/", body)
        if status == 201:
            with self.storm.lock:
                self.storm.taken["report"] += 1
                self.storm.events.append((answer["event"]["id"], grid, village))
                del self.storm.events[:-RECENT]

    def step(self):
        event, grid, village = self.r.choice(self.storm.events)
        lead = self.storm.leads.get(event)
        people = [f"worker_{grid}", f"operator_{village}", f"top_{self.r.randint(1, 9)}"]
        who = self.r.choice([*people, *([f"staff_{lead - 9001}"] * 4 if lead else ())])
        status, found = self.ask(who, "GET", f"/api/v1/events/{event}/")
        moves = [name for name in self.names(found) if name not in LEFT_OUT] if status == 200 else []
        if not moves or (ASIDE.issuperset(moves) and self.r.random() > RARE):
            return
        action = self.r.choices(moves, [RARE if name in ASIDE else 1 for name in moves])[0]
        body = {"action": action, "key": str(uuid.uuid4()), "seen": found["seq"], **self.supplied(action, found)}
        status, answer = self.ask(who, "POST", f"/api/v1/events/{event}/steps/", body)
        if status == 200:
            with self.storm.lock:
                self.storm.taken[action] += 1
                self.storm.leads[event] = (answer["event"]["lead"] or {}).get("id")

    @staticmethod
    def names(found) -> list[str]:
        return [move["action"] for move in found.get("moves", ())]

    def supplied(self, action, found) -> dict:
        words, soon = {"words": "按规定处理"}, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 7200))
        return {
            "register": {"standard": self.r.choice(self.storm.standards), "urgency": self.r.choice(["normal", "urgent"])},
            "dispatch": {"lead": self.r.choice(self.storm.departments), "co_units": [self.r.choice(self.storm.departments)]},
            "sign": {},
            "ask_time": {"amount": "1", **words},
            "grant_time": {},
            "suspend": {"until": time.strftime("%Y-%m-%d", time.localtime(time.time() + 5 * 86400)), **words},
            "verify_pass": {"location": found.get("location"), **words},
            "rework": {"location": found.get("location"), **words},
            "evaluate": {"stars": self.r.randint(1, 5)},
            "supervise": {"answer_by": soon, **words},
            "hand_down": {"unit": found["grid"]["id"], **words},
        }.get(action, words)  # fmt: skip


@contextmanager
def celery(database, folder, redis):
    """The worker with its schedule, as in service."""
    env = server.environment(database, folder) | {"REDIS_URL": redis.url, "LOG_LEVEL": "INFO"}
    worker = ["worker", "-B", "--concurrency", "1", "--loglevel", "INFO", "--schedule", f"{folder}/schedule"]
    command = [sys.executable, "-m", "celery", "-A", "gridcenter", *worker]
    with Path(folder, "celery.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True)
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def people_and_places(database):
    corners = "ST_XMin(boundary), ST_YMin(boundary)"
    boxes = data.run(
        database, f"SELECT id, parent_id, {corners} FROM grids_grid WHERE level = 4 ORDER BY id LIMIT 60"
    )
    places = [(grid, village, x + 0.005, y + 0.005) for grid, village, x, y in boxes]
    plain = "valid_until IS NULL AND NOT photos_required"
    standards = data.run(database, f"SELECT code FROM events_standard WHERE {plain} ORDER BY code LIMIT 40")
    units = data.run(database, "SELECT id FROM grids_unit WHERE kind = 'department' ORDER BY id")
    return places, [code for (code,) in standards], [pk for (pk,) in units]


def blow(database, options) -> tuple[Storm, dict]:
    """The storm itself; Redis is killed after two fifths of the steps and is back after three."""
    with tempfile.TemporaryDirectory(prefix="storm-") as folder:
        redis = Redis(folder)
        redis.start()
        os.environ["BENCH_REDIS_URL"] = redis.url
        begun = time.monotonic()
        try:
            with server.Server(database) as web, celery(database, folder, redis):
                storm = Storm(options.steps, web.port, *people_and_places(database))
                clients = [Client(storm, n) for n in range(options.people)]
                for client in clients:
                    client.start()
                wait_for(storm, clients, options.steps * 2 // 5)
                redis.kill()
                without = storm.done
                wait_for(storm, clients, options.steps * 3 // 5)
                without = storm.done - without
                redis.start()
                wait_for(storm, clients, options.steps)
                for client in clients:
                    client.join(90)
                log = Path(folder, "celery.log").read_text(errors="replace")
        finally:
            redis.kill()
        folds = log.count("fold_figures") and log.count("succeeded")
        return storm, {"seconds": time.monotonic() - begun, "without Redis": without, "tasks of the schedule": folds}


def wait_for(storm, clients, count):
    """Until so many steps are taken; gives up where none comes any more."""
    done, since = storm.done, time.monotonic()
    while storm.done < count:
        if storm.done > done:
            done, since = storm.done, time.monotonic()
        if time.monotonic() - since > STUCK_SECONDS:
            storm.over = True
            raise RuntimeError(f"No step for {STUCK_SECONDS} s: {storm.answers}")
        time.sleep(0.05)


def compare(database) -> tuple[list[str], dict]:
    """(figures that differ, how many were compared): read as the screen reads them, and counted from the events."""
    os.environ.update(server.environment(database, tempfile.gettempdir()))
    import django

    django.setup()
    from django.utils import timezone

    from events import figures
    from events.figures import checking, counted, spans
    from events.models import Event, FoldedEvent
    from grids.models import Grid

    now, wrong, seen = timezone.now(), [], 0
    today = spans.local(now).date()
    month, tomorrow = today.replace(day=1), today + timezone.timedelta(days=1)
    unfolded = Event.objects.count() - FoldedEvent.objects.count()
    places = Grid.objects.filter(level__lte=1) | Grid.objects.filter(events__isnull=False, level=4)
    paths = list(places.order_by("level", "path").distinct().values_list("path", flat=True)[:8])
    paths += ["/".join(paths[-1].split("/")[:n]) + "/" for n in (4, 5)]  # the town and the village of a grid with events
    for path in paths:
        calls = {
            "overview": (path, now), "flow": (path, now), "trend": (path, now, "hour"), "kinds": (path, month, tomorrow),
            "children": (path, now, month, tomorrow), "departments": (path, month, tomorrow, now),
            "period": (path, today, tomorrow, now), "late_list": (path, now), "newest": (path,),
        }  # fmt: skip
        for name, given in calls.items():
            read, count = getattr(figures, name)(*given), getattr(counted, name)(*given)
            if name == "flow":  # mean ages to the second
                read, count = ([(s.status, s.count, s.late, s.soon, s.jams) for s in steps] for steps in (read, count))
            seen += 1
            if read != count:
                wrong.append(f"{name} {path}: read {read}, counted {count}")
        seen += 1
        wrong += _parts_wrong(path)
    checked = checking.check()
    wrong += [str(one) for one in checked.wrong] + [f"event {pk} is kept otherwise than it is" for pk in checked.stale]
    return wrong, {"compared": seen, "events not folded at the end": unfolded, "events": checked.events}


def _parts_wrong(path) -> list[str]:
    """Parts of which the screen of `path` shows other open or late events than there are, counted one by one."""
    from django.utils import timezone

    from events.models import Event
    from gridcenter.screen import compose, territory

    def counted(part):
        below = Event.objects.open().filter(path__startswith=part.path)
        return below.count(), below.filter(due_at__lt=timezone.now()).count()

    tree = territory.tree()
    parts = tree.parts(tree.by_id[int(path.strip("/").split("/")[-1])])
    before = {part.pk: counted(part) for part in parts}
    shown = {row["id"]: (row["open"], row["late"]) for row in compose.figures(path)["children"]}
    # A deadline may pass while this counts.
    return [
        f"part {part.name} of {path}: shown {shown.get(part.pk)}, counted {before[part.pk]}"
        for part in parts
        if shown.get(part.pk) not in (before[part.pk], counted(part))
    ]


def main():
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--steps", type=int, default=5000)
    reader.add_argument("--events", type=int, default=2000, help="events that are there before")
    reader.add_argument("--people", type=int, default=8, help="clients at once")
    reader.add_argument("--json", type=Path)
    options = reader.parse_args()
    seed.ensure(options.events)
    with data.fresh(options.events) as database:
        before = data.run(database, "SELECT count(*) FROM events_event")[0][0]
        storm, facts = blow(database, options)
        wrong, counts = compare(database)
    facts |= counts | {"steps": storm.done, "taken": dict(storm.taken), "answers": dict(storm.answers), "wrong": wrong}
    if counts["events"] - before != storm.taken["report"]:
        wrong.append(f"{storm.taken['report']} reports were answered, {counts['events'] - before} events are there")
    if options.json:
        options.json.write_text(json.dumps(facts, ensure_ascii=False, indent=1))
    print(json.dumps(facts, ensure_ascii=False, indent=1))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
