"""Two at once, with real threads and real connections: one wins, the other is told, nothing is lost or done twice.

On PostgreSQL row locks decide; on SQLite writers stand in line. There the test database is copied from memory into a
file, because connections to one in memory share their locks.
"""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from threading import Event as Signal

import pytest
from django.contrib.gis.geos import MultiPolygon, Point
from django.db import connection, transaction
from rest_framework.test import APIClient

from accounts.models import User
from core.errors import Conflict, Invalid
from core.prepared import Prepared
from events import services
from events.models import Attachment, CaseCounter, Event, Notice, Seal, Transition, WhistleCall
from events.services import history, sweep
from grids import directory, locate
from grids.models import Grid, Unit
from tests.factories import square
from tests.scenes import Scene, beijing, photo

ROUNDS = 6


@pytest.fixture
def scene(shared_database):
    return Scene()


def at_once(*calls):
    """Run the calls at the same moment, each in a thread with a connection of its own: results or exceptions."""
    gate = Barrier(len(calls))

    def run(call):
        try:
            connection.ensure_connection()
            gate.wait(timeout=120)
            return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_a_record_that_somebody_holds_too_long_is_told_as_a_problem_and_nothing_is_written(scene):
    event = scene.report("worker_full")
    held, asked = Signal(), Signal()

    def hold():
        try:
            with transaction.atomic():
                Event.objects.select_for_update().get(pk=event.pk)
                held.set()
                asked.wait(timeout=60)
        finally:
            connection.close()

    client = APIClient(headers={"accept-language": "en"})
    client.force_authenticate(scene.people["op_station"])
    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(hold)
        assert held.wait(timeout=60)
        with connection.cursor() as cursor:
            short = "SET lock_timeout = '100ms'" if connection.vendor == "postgresql" else "PRAGMA busy_timeout = 100"
            cursor.execute(short)
        answer = client.post(f"/api/v1/events/{event.pk}/steps/", {"action": "reject", "words": "重复"}, format="json")
        asked.set()
        holder.result(timeout=60)
    connection.close()  # with its short patience
    body = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert (body["code"], body["status"], body["type"]) == ("busy", 503, "/api/v1/problems/busy/")
    assert body["title"].startswith("Somebody else is at work on the same record.") and answer["Retry-After"] == "2"
    assert [row.action for row in event.transitions.all()] == ["report"]


def press(scene, event, action, who, **supplied):
    """A button pressed in a thread: the person is read there, as a request does."""
    pk = scene.people[who].pk
    return lambda: services.advance(
        event_id=event.pk, action=action, actor=User.objects.get(pk=pk), **supplied
    )


def test_two_who_press_the_same_button_make_one_transition(scene):
    given = {"standard": scene.standard.pk, "urgency": "normal"}
    for _ in range(ROUNDS):
        event = scene.reported()
        results = at_once(
            *(press(scene, event, "register", who, **given) for who in ("op_town", "head_town"))
        )
        won, lost = sorted(results, key=lambda result: isinstance(result, Exception))
        assert isinstance(won, Transition) and isinstance(lost, Conflict), results
        assert (lost.facts["by"], lost.facts["action"]) == (str(won.actor), "register")
        assert (lost.facts["at"], lost.facts["seq"]) == (won.at.isoformat(), won.seq)
        assert event.transitions.filter(action="register").count() == 1
    assert CaseCounter.objects.get().last == ROUNDS
    assert list(history.faults()) == []


def test_eight_at_one_case_make_one_transition(scene):
    event = scene.registered()
    people = ["op_town", "head_town"] * 4
    results = at_once(*(press(scene, event, "dispatch", who, lead=scene.urban.pk) for who in people))
    assert sorted(type(result).__name__ for result in results) == ["Conflict"] * 7 + ["Transition"]
    assert event.assignments.count() == 1


def test_of_two_different_buttons_one_wins(scene):
    for _ in range(ROUNDS):
        event = scene.handling()
        results = at_once(
            press(scene, event, "return", "staff_lead", words="不属我局"),
            press(scene, event, "feed_back", "staff_lead", words="已办结"),
            press(scene, event, "suspend", "op_town", words="等", until=beijing("2099-01-01 00:00").date()),
        )
        won = [result for result in results if isinstance(result, Transition)]
        # A suspension that comes first is a refusal by its date, one that comes later a conflict.
        assert len(won) == 1 and all(isinstance(r, Conflict | Invalid | Transition) for r in results), results
        assert Event.objects.get(pk=event.pk).status == won[0].target
        assert event.assignments.filter(outcome="open").count() == 0
    assert list(history.faults()) == []


@pytest.mark.postgres
def test_who_waits_for_the_lock_is_told_what_happened_meanwhile(scene):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no row locks to wait for: its writers stand in line from the start")
    event, held = scene.dispatched(), Signal()

    def first():
        with transaction.atomic():
            row = press(scene, event, "sign", "staff_lead")()
            held.set()
            wait_for_a_waiter()
            return row

    def second():
        assert held.wait(timeout=120)
        return press(scene, event, "return", "staff_lead", words="不属我局")()

    def third():  # sees the case through its being held by the department, which it no longer is
        assert held.wait(timeout=120)
        return press(scene, event, "sign", "op_town")()

    won, lost, other = at_once(first, second, third)
    assert won.action == "sign" and lost.action == "return"  # from "handling", too, a return is right
    assert isinstance(other, Conflict)


def wait_for_a_waiter():
    """Until PostgreSQL says that another connection waits for a lock that this one holds."""
    with connection.cursor() as cursor:
        for _ in range(6000):  # two minutes
            cursor.execute(
                "SELECT count(*), pg_sleep(0.02) FROM pg_locks "
                "WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waits")


def test_one_key_at_the_same_moment_is_one_report(scene):
    pk = scene.people["worker_full"].pk
    given = {"description": "井盖缺失", "location": scene.west.point, "key": "phone-1"}
    results = at_once(*[lambda: services.report(actor=User.objects.get(pk=pk), **given)] * 4)
    assert [type(result).__name__ for result in results] == ["Transition"] * 4, results
    assert len({result.pk for result in results}) == len({result.event_id for result in results}) == 1
    assert Event.objects.count() == Transition.objects.count() == 1


def test_one_key_at_the_same_moment_is_one_step(scene):
    for number in range(ROUNDS):
        event = scene.dispatched()
        results = at_once(*[press(scene, event, "sign", "staff_lead", key=f"s{number}")] * 3)
        assert {getattr(result, "pk", result) for result in results} == {
            event.transitions.get(action="sign").pk
        }


def test_one_key_for_two_events_at_the_same_moment_is_refused_for_one(scene):
    for number in range(ROUNDS):
        events = scene.dispatched(), scene.dispatched()
        results = at_once(*(press(scene, event, "sign", "staff_lead", key=f"s{number}") for event in events))
        won, lost = sorted(results, key=lambda result: isinstance(result, Exception))
        assert isinstance(won, Transition) and isinstance(lost, Invalid), results
        assert list(lost.fields) == ["key"]


def test_numbers_of_eight_desks_at_once_are_gapless_and_unique(scene):
    given = {"standard": scene.standard.pk, "urgency": "normal"}
    desks = [[scene.report("worker_full") for _ in range(4)] for _ in range(8)]

    def register(events):
        def work():
            return [press(scene, event, "register", "op_station", **given)().event.number for event in events]

        return work

    numbers = [number for result in at_once(*map(register, desks)) for number in result]
    year = numbers[0].split("-")[1]
    assert sorted(numbers) == [f"430281-{year}-{n:06d}" for n in range(1, 33)]


def test_two_sweeps_at_once_note_each_event_once(scene, monkeypatch):
    monkeypatch.setattr(sweep, "BATCH", 3)
    for _ in range(10):
        scene.report("worker_full")
    whistled = scene.registered()
    later = beijing("2099-01-01 00:00")
    results = at_once(*[lambda: sweep.sweep(later).counts] * 3)
    total = {name: sum(result[name] for result in results) for name in results[0]}
    sweep.sweep(later)  # what one worker left to another that then found nothing is taken by the next minute
    assert Transition.objects.filter(action="overdue").count() == 11 >= total["overdue"]
    for action in ("overdue", "unanswered", "no_show"):
        rows = Transition.objects.filter(action=action).values_list("event", flat=True)
        assert (action, len(rows)) == (action, len(set(rows)))
    assert WhistleCall.objects.filter(noted=True, whistle__event=whistled).count() == 1
    assert Notice.objects.filter(action="overdue", user=scene.operator).count() == 10
    assert list(history.faults()) == []


def test_a_sweep_and_a_step_at_once_leave_one_chain(scene):
    later = beijing("2099-01-01 00:00")
    for _ in range(ROUNDS):
        event = scene.report("worker_full")
        given = {"standard": scene.standard.pk, "urgency": "normal"}
        results = at_once(press(scene, event, "register", "op_station", **given), lambda: sweep.sweep(later))
        assert not any(isinstance(result, Exception) for result in results), results
    assert list(history.faults()) == []


def test_two_reports_merged_into_each_other_at_once_do_not_vanish(scene):
    for _ in range(ROUNDS):
        first, second = scene.reported(), scene.reported()
        results = at_once(
            press(scene, first, "merge", "op_town", repeats=second.pk),
            press(scene, second, "merge", "head_town", repeats=first.pk),
        )
        assert all(isinstance(result, Transition | Conflict | Invalid) for result in results), results
        statuses = sorted(Event.objects.filter(pk__in=[first.pk, second.pk]).values_list("status", flat=True))
        assert statuses in (["merged", "reported"], ["reported", "reported"])


def test_one_photo_for_two_reports_at_once_goes_to_one(scene):
    picture, pk = photo(scene.people["worker_full"]), scene.people["worker_full"].pk
    given = {"description": "井盖缺失", "location": scene.west.point, "photos": [picture]}
    results = at_once(*[lambda: services.report(actor=User.objects.get(pk=pk), **given)] * 2)
    assert sorted(type(result).__name__ for result in results) == ["Invalid", "Transition"]
    assert Attachment.objects.get().event == Event.objects.get()


def test_days_are_sealed_once_by_two_at_once(scene, time_machine):
    time_machine.move_to(beijing("2026-03-02 09:00"), tick=False)
    scene.reported()
    results = at_once(*[lambda: history.seal_due(beijing("2026-03-08 00:00"))] * 3)
    assert sum(len(result) for result in results) == 6
    assert [str(seal) for seal in Seal.objects.all()] == [f"2026-03-0{day}" for day in range(2, 8)]
    assert list(history.faults()) == []


def test_a_boundary_changed_by_another_connection_moves_the_index_of_this_process(scene):
    (grid, neighbour), point = scene.west.grids, scene.west.point
    assert locate.current().find(*point).pk == grid.pk

    def redraw():
        with transaction.atomic():
            Grid.objects.filter(pk=grid.pk).update(boundary=square(113.2, 27.2, 0.01))
            Grid.objects.filter(pk=neighbour.pk).update(boundary=square(113.395, 27.595, 0.02))

    assert at_once(redraw) == [None]
    assert locate.current().find(*point).pk == neighbour.pk
    assert scene.report("worker_full").grid == neighbour


def test_a_unit_changed_by_another_connection_is_another_holder_here(scene):
    station = scene.west.station
    assert directory.current().centre_for(station.grid.path).pk == station.pk
    at_once(lambda: Unit.objects.filter(pk=station.pk).update(active=False))
    assert directory.current().centre_for(station.grid.path).pk == scene.west.town_centre.pk
    assert scene.report("worker_full").holder == scene.west.town_centre


def test_a_change_that_was_rolled_back_is_not_kept(scene):
    point = scene.west.point
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        Grid.objects.filter(pk=scene.west.grids[0].pk).update(boundary=square(113.2, 27.2, 0.01))
        assert locate.current().find(*point) is None
        raise ZeroDivisionError
    assert locate.current().find(*point).pk == scene.west.grids[0].pk


def test_threads_do_not_share_the_reader_of_geometries(scene):
    """GEOS' reader belongs to one thread: shared by two, outlines are mixed up or their bytes run out."""
    circle = Point(113.4, 27.6, srid=4326).buffer(0.5, quadsegs=5000)  # long enough to be read for a while
    Grid.objects.update(boundary=MultiPolygon(circle, srid=4326))
    outlines = dict(Grid.objects.values_list("pk", "boundary"))
    read = Prepared(
        lambda pk: Grid.objects.order_by("pk").filter(pk__gt=pk).values_list("pk", "boundary"), int
    )

    def look():
        found = [row for _turn in range(10) for row in read(0)]
        return len(found), [pk for pk, outline in found if outline != outlines[pk]]

    assert at_once(*[look] * 4) == [(10 * len(outlines), [])] * 4
