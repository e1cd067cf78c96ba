"""Parts that fail for real: a worker killed in mid-task, a broker that is stopped or frozen, a database that is gone.

No mocks: processes as in service (Celery worker, uvicorn, Redis), ended by signals.
"""

import os
import signal
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone
from knox.models import AuthToken

from events.models import Event, Notice, Transition
from events.services import history
from tests.processes import BROKERS, REDIS, Broker, House, Wire, children, database_url, until
from tests.scenes import Scene

pytestmark = pytest.mark.slow
EVENTS = 60


@pytest.fixture
def scene(shared_database):
    return Scene()


@pytest.fixture
def redis(tmp_path):
    if REDIS is None:
        pytest.skip("no redis-server on this machine")
    (tmp_path / "redis").mkdir()
    broker = Broker(tmp_path / "redis")
    broker.start()
    yield broker
    broker.thaw()
    broker.process.kill()
    broker.process.wait(timeout=60)


@pytest.fixture(params=BROKERS)
def house(request, scene, tmp_path):
    """The same processes on the embedded broker or on Redis."""
    url = request.getfixturevalue("redis").url if request.param == "redis" else ""
    made = House(tmp_path / "house", url, TASK_VISIBILITY_SECONDS="4")
    made.kind = request.param
    yield made
    made.close()


def late_events(scene):
    """Many events whose deadline has passed unseen."""
    for _ in range(EVENTS):
        scene.report("worker_full")
    Event.objects.update(due_at=timezone.now() - timedelta(hours=1), yellow_at=timezone.now() - timedelta(hours=2))


def noted():
    return Transition.objects.filter(action="overdue").count()


def nothing_lost_and_nothing_twice():
    assert noted() == EVENTS == len(set(Transition.objects.filter(action="overdue").values_list("event", flat=True)))
    assert Notice.objects.filter(action="overdue").count() == EVENTS
    assert Event.objects.filter(warned=2, late=True, head_seq=2).count() == EVENTS
    assert list(history.faults()) == []


def test_a_worker_killed_in_mid_task_loses_nothing_and_does_nothing_twice(scene, house):
    late_events(scene)
    worker = house.worker(gated=True)
    house.send("events.tasks.sweep_clocks")
    until(lambda: noted() == 10, what="the first batches")
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(timeout=60)
    assert noted() == 10 == Event.objects.filter(warned=2).count()  # whole batches: the one in work was rolled back
    assert list(history.faults()) == []

    house.worker(log="second.log")
    if house.kind == "files":
        # The files' broker forgets what a killed worker held; the next minute's task finds the rest by its state.
        house.send("events.tasks.sweep_clocks")
    # Redis gives the same task to the next worker once its time to acknowledge is over: nobody sends another one.
    until(lambda: noted() == EVENTS, seconds=180, what="the rest")
    nothing_lost_and_nothing_twice()


def test_a_killed_child_of_the_worker_costs_a_retry_and_nothing_else(scene, house):
    late_events(scene)
    worker = house.worker(gated=True)
    task = house.send("events.tasks.sweep_clocks")
    until(lambda: noted() == 10, what="the first batches")
    for child in children(worker.pid):
        os.kill(child, signal.SIGKILL)
    house.gate.unlink()
    until(lambda: noted() == EVENTS, seconds=180, what="the rest")
    until(lambda: f"[{task}] succeeded" in house.said("worker.log"), what="the task's end")
    assert worker.poll() is None
    nothing_lost_and_nothing_twice()


def test_tasks_of_days_of_downtime_are_worked_off_and_do_everything_once(scene, house):
    late_events(scene)
    house.send("events.tasks.sweep_clocks", times=4)
    house.worker()
    until(lambda: house.said("worker.log").count("sweep_clocks") >= 8, what="all four tasks")
    nothing_lost_and_nothing_twice()


def signed_in(scene, client, who):
    """With a token for the API and a session for pages."""
    _row, client.token = AuthToken.objects.create(scene.people[who])
    browser = Browser()
    browser.force_login(scene.people[who])
    client.session = browser.cookies["sessionid"].value
    return client


def step(client, event, action, **supplied):
    return client.ask("POST", f"/api/v1/events/{event.pk}/steps/", {"action": action, **supplied})


READY = {"status": "ok", "database": "ok", "broker": "ok", "migrations": "ok"}


def test_work_goes_on_without_the_broker_and_the_cache(scene, redis, tmp_path):
    house = House(tmp_path / "house", redis.url)
    events = [scene.dispatched() for _ in range(3)]
    try:
        client = signed_in(scene, house.web(), "staff_lead")
        assert client.ask("GET", "/readyz") == (200, READY)
        assert step(client, events[0], "sign")[0] == 200

        redis.stop()
        assert client.ask("GET", "/readyz") == (503, READY | {"status": "unready", "broker": "failed"})
        assert client.ask("GET", "/healthz") == (200, {"status": "ok"})
        status, answer = step(client, events[1], "sign")
        assert (status, Event.objects.get(pk=events[1].pk).status) == (200, "handling"), answer
        lon, lat = scene.west.point
        report = {"description": "路灯不亮", "location": {"lon": lon, "lat": lat}, "standard": scene.standard.pk}
        status, answer = client.ask("POST", "/api/v1/events/", report)
        assert status == 201, answer
        assert client.ask("GET", "/api/v1/events/")[0] == 200

        redis.start()
        assert until(lambda: client.ask("GET", "/readyz")[0] == 200, what="readiness")
        assert step(client, events[2], "sign")[0] == 200
    finally:
        house.close()


def test_a_frozen_broker_slows_a_step_down_and_does_not_hang_it(scene, redis, tmp_path):
    house = House(tmp_path / "house", redis.url)
    event = scene.dispatched()
    try:
        client = signed_in(scene, house.web(), "staff_lead")
        assert client.ask("GET", "/api/v1/events/")[0] == 200
        redis.freeze()
        begun = time.monotonic()
        assert step(client, event, "sign")[0] == 200
        assert time.monotonic() - begun < 30  # half of what a proxy waits; without limits it would be for ever
        assert client.ask("GET", "/readyz")[1]["broker"] == "failed"
        redis.thaw()
        assert until(lambda: client.ask("GET", "/readyz")[0] == 200, what="readiness")
    finally:
        house.close()


def test_a_worker_comes_back_to_a_broker_that_was_restarted(scene, redis, tmp_path):
    house = House(tmp_path / "house", redis.url)
    late_events(scene)
    try:
        house.worker()
        redis.stop()
        redis.start()
        house.send("events.tasks.sweep_clocks")
        until(lambda: noted() == EVENTS, seconds=180, what="the worker to come back")
        nothing_lost_and_nothing_twice()
    finally:
        house.close()


@pytest.mark.postgres
def test_a_database_that_is_gone_is_said_plainly_and_found_again(scene, tmp_path):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server to lose")
    made = connection.settings_dict
    wire = Wire(made["HOST"] or "127.0.0.1", int(made["PORT"] or 5432))
    wire.join()
    house = House(tmp_path / "house", database=database_url(HOST="127.0.0.1", PORT=wire.port))
    event = scene.dispatched()
    try:
        client = signed_in(scene, house.web(), "staff_lead")
        assert client.ask("GET", "/readyz") == (200, READY)
        assert client.ask("GET", "/api/v1/events/")[0] == 200  # the connection persists from here on
        assert client.ask("GET", f"/events/{event.pk}/")[0] == 200

        wire.cut()
        status, answer = client.ask("GET", "/readyz")
        assert (status, answer["database"], answer["broker"]) == (503, "failed", "ok")
        assert client.ask("GET", "/healthz")[0] == 200
        for method, path, body in (
            ("GET", "/api/v1/events/", None), ("GET", "/", None), ("GET", f"/events/{event.pk}/", None),
            ("POST", f"/api/v1/events/{event.pk}/steps/", {"action": "sign"}),
        ):  # fmt: skip
            status, answer = client.ask(method, path, body)
            assert status in (500, 503), (path, status)
            for internal in ("Traceback", "psycopg2", "OperationalError", str(wire.port), made["USER"] + "@"):
                assert internal not in str(answer), (path, internal)

        wire.join()
        assert client.ask("GET", "/readyz") == (200, READY)
        assert step(client, event, "sign")[0] == 200
        assert Event.objects.get(pk=event.pk).status == "handling"
    finally:
        house.close()
        wire.cut()


def test_a_broker_of_files_whose_folder_is_gone_is_not_ready(db, client, settings, tmp_path):
    folders = dict.fromkeys(("data_folder_in", "data_folder_out"), str(tmp_path))
    settings.CELERY_BROKER_URL = "filesystem://"
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = folders
    assert client.get("/readyz").json() == READY
    assert list(tmp_path.iterdir()) == []
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {name: f"{path}/gone" for name, path in folders.items()}
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, READY | {"status": "unready", "broker": "failed"})
