"""Open screens hear that something has changed: those who may see the event, soon, each step once, whatever breaks."""

import asyncio
import threading
import time
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.urls import reverse

from accounts.models import User
from events import services
from events.live import Change, Reader, Viewer
from gridcenter.live import hub
from gridcenter.live.hub import MOST_IDS, Hub, Listener
from tests.lines import Line
from tests.processes import until
from tests.scenes import Scene, session_of


def viewer(scene, who):
    return Viewer.of(User.objects.get(pk=scene.people[who].pk))


@pytest.fixture
def scene(db):
    return Scene()


WEST = ("op_town", "op_station", "op_area", "op_top", "worker_full", "leader")


def test_those_who_may_see_an_event_are_told_and_nobody_else(scene):
    reader = Reader()
    event = scene.report()
    scene.take(event, "escalate", "op_station", words="涉及整个街道")
    changes, too_many = reader.read()
    assert (len(changes), too_many) == (2, False)
    last = changes[-1]
    told = {name for name in scene.people if viewer(scene, name).sees(last)}
    visible = {
        name
        for name, person in scene.people.items()
        if type(event).objects.visible_to(User.objects.get(pk=person.pk)).filter(pk=event.pk).exists()
    }
    assert told == visible - {"op_station"}  # who took the step knows
    assert told.issuperset(set(WEST) - {"op_station"}) and "op_east" not in told and "stranger" not in told


def test_a_department_hears_of_what_it_holds_or_was_called_to(scene):
    event = scene.handling()
    reader = Reader()
    scene.take(event, "feed_back", "staff_lead", words="已办结")
    (change,), _too_many = reader.read()
    assert viewer(scene, "staff_co").sees(change) is True  # of a co-handling unit
    assert viewer(scene, "staff_other").sees(change) is False
    assert viewer(scene, "staff_lead").sees(change) is False


def test_every_step_is_told_once(scene, django_assert_num_queries):
    reader = Reader()
    event = scene.report()
    assert [change.event_id for change in reader.read()[0]] == [event.pk]
    assert reader.read() == ([], False)
    scene.take(event, "escalate", "op_station", words="涉及整个街道")
    with django_assert_num_queries(4):  # writers, steps, units of turns, units of calls
        assert [change.event_id for change in reader.read()[0]] == [event.pk]
    with django_assert_num_queries(2):
        assert reader.read() == ([], False)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's writers stand in line")
@pytest.mark.django_db(transaction=True)
def test_a_long_transaction_keeps_no_step_back_and_none_is_told_twice():
    scene = Scene()
    reader, begun, end = Reader(), threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            services.report(
                actor=User.objects.get(pk=scene.worker.pk), description="慢的", location=scene.west.point
            )
            begun.set()
            end.wait(120)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert begun.wait(120)
    quick = scene.report()
    assert [change.event_id for change in reader.read()[0]] == [quick.pk]
    assert reader.read() == ([], False)
    end.set()
    thread.join(120)
    late = reader.read()[0]
    assert len(late) == 1 and late[0].event_id != quick.pk
    assert reader.read() == ([], False)


def test_a_screen_that_is_slow_is_told_to_look_at_everything():
    listener = Listener(Viewer(1, ("/1/",), frozenset()))
    changes = [Change(pk, "/1/2/", frozenset(), None, 2, False) for pk in range(MOST_IDS + 1)]
    listener.add(changes[:3])
    assert listener.take() == ([0, 1, 2], False)
    listener.add(changes)
    assert listener.take() == ([], True)
    listener.add(
        [Change(7, "/9/", frozenset(), None, 2, False), Change(8, "/1/", frozenset(), None, 1, False)]
    )
    assert not listener.wake.is_set()  # another territory; the person's own step


# ---- under the server in service


@contextmanager
def lines(port, *sessions):
    made = [Line(port, "/live/", session) for session in sessions]
    try:
        until(lambda: all(line.heard for line in made), what="hello")
        yield made
    finally:
        for line in made:
            line.close()


def test_a_step_is_heard_within_a_second_by_those_concerned_only(house):
    scene = Scene()
    events, told = [scene.registered() for _turn in range(3)], []
    port = house.web().port
    with lines(port, *(session_of(scene.people[who]) for who in ("op_town", "op_east"))) as (town, east):
        for number, event in enumerate(events, 1):
            scene.take(event, "dispatch", "head_town", lead=scene.urban.pk)
            done = time.monotonic()
            until(lambda number=number: len(town.changed()) >= number, what="the change")
            told.append(town.heard[-1][2] - done)
        assert town.changed() == [{"events": [event.pk]} for event in events]
        assert min(told) < 1  # the quickest: the machine may have other work
        lon, lat = scene.east.point
        own = scene.report("worker_east", location=(lon, lat))
        until(east.changed, what="the neighbour's own event")
        assert east.changed() == [{"events": [own.pk]}]


def test_strangers_get_no_line(house):
    scene = Scene()
    port = house.web().port
    assert Line(port, "/live/", "").answer.status == 401
    assert Line(port, "/live/", session_of(scene.people["stranger"])).answer.status == 403


def test_under_wsgi_no_line_is_held(client, scene):
    client.force_login(scene.people["op_town"], backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("live")).status_code == 204


def test_a_look_that_goes_wrong_is_not_the_last_one(monkeypatch):
    """A line goes on saying that it lives: behind it somebody must go on looking."""
    looks = []

    def read(_reader):
        looks.append(len(looks))
        if len(looks) in (1, 3):  # before the line is open, and after
            raise ValueError("a value that no key reads")
        return [], len(looks) == 4, 7.0

    monkeypatch.setattr(hub, "Reader", object)
    monkeypatch.setattr(hub, "_read", read)
    monkeypatch.setattr(hub.WarningsLook, "look", lambda self: [])

    async def listen():
        async with Hub().open(None) as listener:
            return await listener.next(60), listener.at

    found = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(asyncio.wait_for(listen(), 60))))
    thread.start()
    thread.join(90)
    assert found == [(([], True), 7.0)]


def test_two_hundred_screens_cost_one_look(shared_database):
    """All screens of a process share one look at the database, and all are told."""

    async def listen(hub, one, ready, heard):
        async for told in hub.listen(one, 120):
            if told is None:
                ready.append(one)
                continue
            heard.append(told)
            return

    async def everybody(one, do):
        hub, ready, heard = Hub(), [], []
        tasks = [asyncio.create_task(listen(hub, one, ready, heard)) for _screen in range(200)]
        while len(ready) < 200:
            await asyncio.sleep(0.05)
        await asyncio.to_thread(do)
        before = hub.looks
        await asyncio.wait_for(asyncio.gather(*tasks), 120)
        return heard, hub.looks - before

    scene = Scene()
    event = scene.registered()
    one = viewer(scene, "op_town")

    def do():
        scene.take(event, "dispatch", "head_town", lead=scene.urban.pk)
        connection.close()

    found = {}

    def loop():
        found["all"] = asyncio.run(everybody(one, do))

    # Beside a browser test's loop a second one needs a thread of its own.
    thread = threading.Thread(target=loop)
    thread.start()
    thread.join(240)
    heard, looks = found["all"]
    assert heard == [([event.pk], False)] * 200
    assert looks <= 3
