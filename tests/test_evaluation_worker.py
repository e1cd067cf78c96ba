"""Scoring by a real Celery worker: killed in its middle, it leaves nothing half done, and the next one makes it good."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from contextlib import closing
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.conf import settings
from django.db import connection

from tests.processes import BROKERS

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PATIENCE = 180  # seconds for a worker on a busy machine
SLOW = {
    # Each line of a card takes its time, so that the worker can be met while it writes.
    "postgresql": [
        "CREATE FUNCTION tests_slow() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_sleep(0.5); RETURN NEW; END $$",
        "CREATE TRIGGER tests_slow BEFORE INSERT ON evaluation_scoreline "
        "FOR EACH ROW EXECUTE FUNCTION tests_slow()",
    ],
    "sqlite": [
        "CREATE TRIGGER tests_slow BEFORE INSERT ON evaluation_scoreline BEGIN "
        "SELECT (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 4000000) "
        "SELECT max(n) FROM c); END",
    ],
}
COPYING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' "
    "AND query LIKE 'COPY evaluation_scoreline%'"
)
FAST = {
    "postgresql": ["DROP TRIGGER tests_slow ON evaluation_scoreline", "DROP FUNCTION tests_slow()"],
    "sqlite": ["DROP TRIGGER tests_slow"],
}
SETUP = """
import django; django.setup()
from datetime import datetime, time
from django.utils import timezone
from evaluation import periods
from tests.factories import County
from tests.scores import MONTH, make_event
start = periods.before(MONTH, timezone.localdate())
county = County()
for worker, number in ((county.worker, 2), (county.worker_next, 1)):
    for hour in range(8, 8 + number):
        make_event(county, timezone.make_aware(datetime.combine(start, time(hour))), reporter=worker)
print(start.isoformat())
"""
SEND = """
import sys
from gridcenter.celery import app
app.send_task("evaluation.tasks.score_period", ["month", sys.argv[1]])
"""
READ = """
import django; django.setup()
import json
from evaluation.models import Period, Scorecard, ScoreLine
from tests.scores import snapshot
rows = [row for period in Period.objects.order_by("kind", "start") for row in snapshot(period)]
periods = list(Period.objects.filter(kind="worker_month").values_list("scored_at", flat=True))
print(json.dumps({
    "periods": len(periods), "scored": sum(p is not None for p in periods), "cards": Scorecard.objects.count(),
    "lines": ScoreLine.objects.count(), "rows": [[str(v) for v in row] for row in rows],
}))
"""


class House:
    """A database, a broker and workers of its own, apart from those of the tests."""

    def __init__(self, folder, database_url, redis_url):
        self.vendor = "postgresql" if database_url.startswith("postg") else "sqlite"
        self.address = urlsplit(database_url)
        self.env = {
            **{k: v for k, v in os.environ.items() if k not in ("REDIS_URL", "DATABASE_URL")},
            "GRIDCENTER_MODE": "test",
            "DJANGO_SETTINGS_MODULE": "gridcenter.settings",
            "DATA_DIR": str(folder),
            "DATABASE_URL": database_url,
            "KEY_PREFIX": f"test-{uuid.uuid4().hex[:8]}",
            **({"REDIS_URL": redis_url} if redis_url else {}),
        }
        self.folder, self.workers = folder, []

    def run(self, *args):
        done = subprocess.run(
            [sys.executable, *args], cwd=settings.BASE_DIR, env=self.env, capture_output=True, text=True, timeout=PATIENCE
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def connect(self):
        """A connection below Django, which knows the tests' database only."""
        if self.vendor == "postgresql":
            made = psycopg2.connect(self.address._replace(scheme="postgresql").geturl())
            made.autocommit = True
            return closing(made)
        return closing(sqlite3.connect(self.address.path, timeout=0.1, isolation_level=None))

    def sql(self, statements):
        with self.connect() as connection:
            for statement in statements:
                connection.cursor().execute(statement)

    def scored(self):
        with self.connect() as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT count(*) FROM evaluation_period WHERE scored_at IS NOT NULL")
            return cursor.fetchone()[0]

    def writing(self):
        """Whether the worker is in the middle of writing lines of cards."""
        with self.connect() as connection:
            cursor = connection.cursor()
            if self.vendor == "postgresql":
                cursor.execute(COPYING)
                return cursor.fetchone()[0]
            try:
                cursor.execute("BEGIN IMMEDIATE")
                cursor.execute("ROLLBACK")
            except sqlite3.OperationalError:
                return True
            return False

    def read(self):
        return json.loads(self.run("-c", READ))

    def worker(self):
        log = (self.folder / f"worker-{len(self.workers)}.log").open("w")
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "gridcenter", "worker", "-c", "1", "-l", "INFO", "--without-gossip",
             "--without-mingle"],
            cwd=settings.BASE_DIR, env=self.env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self.workers.append(worker)
        return worker

    def wait_for(self, ready):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if value := ready():
                return value
            time.sleep(0.2)
        logs = "\n".join(path.read_text()[-3000:] for path in sorted(self.folder.glob("worker-*.log")))
        raise AssertionError(f"It did not happen within {PATIENCE} s.\n{logs}")

    def succeeded(self):
        """How many tasks the newest worker says it has finished."""
        return (self.folder / f"worker-{len(self.workers) - 1}.log").read_text().count(" succeeded in ")

    def close(self):
        for worker in self.workers:
            if worker.poll() is None:
                kill(worker)


def kill(worker):
    """As a power cut would: the worker and the processes it has forked, at once."""
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(timeout=PATIENCE)


def scratch(*args):
    """bin/scratch.py: databases and keys of one's own on given servers."""
    done = subprocess.run(
        [sys.executable, settings.BASE_DIR / "bin/scratch.py", *args], capture_output=True, text=True, timeout=PATIENCE
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def migrated(request, transactional_db, tmp_path):
    """The address of a migrated database of its own: a copy of the tests' one, which is empty as well."""
    given, name = os.environ.get("DATABASE_URL", ""), f"scores_{uuid.uuid4().hex[:8]}"
    if given.startswith("postg"):
        own = scratch("create", given, name, request.getfixturevalue("template"))
        yield own
        scratch("drop", own)
        return
    path = tmp_path / "db.sqlite3"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(path)])
    yield f"spatialite:///{path}"


@pytest.fixture(params=BROKERS)
def house(request, tmp_path, migrated):
    redis_url = os.environ["REDIS_URL"] if request.param == "redis" else ""
    house = House(tmp_path, migrated, redis_url)
    try:
        yield house
    finally:
        house.close()
        if redis_url:
            scratch("forget", redis_url, house.env["KEY_PREFIX"])


def test_a_worker_killed_while_it_scores_leaves_nothing_half_done_and_the_next_one_finishes(house):
    start = house.run("-c", SETUP + SEND.replace("sys.argv[1]", "start.isoformat()"))
    house.sql(SLOW[house.vendor])
    first = house.worker()
    house.wait_for(house.writing)
    kill(first)
    left = house.read()
    assert (left["scored"], left["cards"], left["lines"]) == (0, 0, 0)

    house.sql(FAST[house.vendor])
    house.worker()
    house.wait_for(house.scored)
    done = house.read()
    assert (done["periods"], done["scored"], done["cards"], done["lines"]) == (1, 1, 3, 15)
    ranks = {row[0]: row[2] for row in done["rows"]}
    assert sorted(ranks.values()) == ["1", "2", "3"]

    house.run("-c", SEND, start)  # once more, by the worker that runs
    house.wait_for(lambda: house.succeeded() >= 2)
    house.run("manage.py", "score", "month", start[:7])  # and once more in this process
    assert house.read() == done
