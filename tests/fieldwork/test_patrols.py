"""Patrols begin and end once, by the worker of the grid, at times that can be; what nobody ends does not count."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from core.errors import Conflict, Invalid, NotFound, Refused
from fieldwork.models import Patrol
from fieldwork.services import patrols
from fieldwork.tasks import close_patrols, forget_patrols
from grids.models import Grid, Post
from tests.factories import PostFactory
from tests.fieldwork.conftest import walk
from tests.scenes import beijing

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
State = Patrol.State


def start(county, **given):
    """By the west's worker in their grid, unless said."""
    return patrols.start(**{"actor": county.worker, "grid_id": county.west.grids[0].pk, **given})


def record(county, **given):
    return patrols.record(**{"actor": county.worker, "grid_id": county.west.grids[0].pk, **given})


def fresh(user):
    """The person as the next request reads them."""
    return type(user).objects.get(pk=user.pk)


def refused(error, call):
    """The call is refused and leaves nothing behind; the error."""
    before = list(Patrol.objects.order_by("pk").values())
    with pytest.raises(error) as raised, transaction.atomic():
        call()
    assert list(Patrol.objects.order_by("pk").values()) == before
    return raised.value


def wrong_fields(call):
    return list(refused(Invalid, call).fields)


def test_a_patrol_begins_and_ends_and_counts_after_ten_minutes(county, noon, time_machine):
    begun = start(county, key="k-1", start=(113.405, 27.605))
    assert (begun.grid, begun.day, begun.state) == (county.west.grids[0], date(2026, 11, 18), State.UNDER_WAY)
    assert (begun.started_at, begun.ended_at, begun.start_point.coords) == (noon, None, (113.405, 27.605))
    time_machine.move_to(noon + 10 * MINUTE, tick=False)
    ended = patrols.finish(actor=county.worker, patrol_id=begun.pk, end=(113.406, 27.606), note=" 平安 ")
    assert (ended.ended_at, ended.state, ended.counts, ended.note) == (noon + 10 * MINUTE, State.FINISHED, True, "平安")
    short = start(county)
    time_machine.move_to(noon + 20 * MINUTE - timedelta(seconds=1), tick=False)
    assert patrols.finish(actor=county.worker, patrol_id=short.pk).state == State.SHORT


def test_sent_twice_it_happens_once(county, noon, time_machine):
    first = start(county, key="k-1")
    time_machine.move_to(noon + 30 * MINUTE, tick=False)
    second = start(county, key="k-1")
    assert (second.pk, second.again, second.started_at) == (first.pk, True, noon)
    ended = patrols.finish(actor=county.worker, patrol_id=first.pk)
    time_machine.move_to(noon + 50 * MINUTE, tick=False)
    once_more = patrols.finish(actor=county.worker, patrol_id=first.pk)
    assert (once_more.again, once_more.ended_at) == (True, ended.ended_at)
    given = {"key": "k-2", "started_at": noon - HOUR, "ended_at": noon - 20 * MINUTE}
    sent = record(county, **given)
    assert (sent.state, sent.pk) == (State.FINISHED, record(county, **given).pk)
    # Somebody else's key is another key.
    other = record(county, actor=county.worker_next, grid_id=county.west.grids[1].pk, **given)
    assert (other.pk != sent.pk, other.grid, Patrol.objects.count()) == (True, county.west.grids[1], 3)


def test_a_key_whose_patrol_is_under_way_ends_that_one(county, noon, time_machine):
    begun = start(county, key="k-1")
    time_machine.move_to(noon + HOUR, tick=False)
    ended = record(county, key="k-1", started_at=noon, ended_at=noon + 45 * MINUTE)
    assert (ended.pk, ended.state, ended.ended_at) == (begun.pk, State.FINISHED, noon + 45 * MINUTE)
    assert Patrol.objects.count() == 1


def test_one_patrol_at_a_time(county, noon):
    begun = start(county, started_at=noon - HOUR)
    lost = refused(Conflict, lambda: start(county))
    assert (lost.facts["patrol"], "11-18 11:00" in str(lost.message)) == (begun.pk, True)
    given = {"started_at": noon - 2 * HOUR}
    refused(Conflict, lambda: record(county, ended_at=noon - 59 * MINUTE, **given))
    assert record(county, ended_at=noon - HOUR, **given).counts  # up to the minute at which the other begins


@pytest.mark.parametrize(("began", "ended", "free"), [(0, 20, False), (-20, 1, False), (39, 60, False), (10, 30, False),
                                                      (-60, 90, False), (-30, 0, True), (40, 60, True)])  # fmt: skip
def test_own_patrols_do_not_overlap(county, noon, began, ended, free):
    at = noon - 3 * HOUR
    walk(county.worker, county.west.grids[0], at, 40)
    times = {"started_at": at + began * MINUTE, "ended_at": at + ended * MINUTE}
    send = lambda **more: record(county, **times, **more)  # noqa: E731
    if free:
        assert send().counts
        return
    assert refused(Conflict, send).facts["ended_at"] == Patrol.objects.get().ended_at.isoformat()
    assert send(actor=county.worker_next, grid_id=county.west.grids[1].pk).counts  # a colleague may walk at the same time


def test_times_that_cannot_be_are_refused_in_words(county, noon):
    send = lambda began, ended: record(county, started_at=began, ended_at=ended)  # noqa: E731
    assert wrong_fields(lambda: send(noon - HOUR, noon + 3 * MINUTE)) == ["ended_at"]
    assert wrong_fields(lambda: send(noon + HOUR, noon + 2 * HOUR)) == ["started_at"]
    assert wrong_fields(lambda: send(noon - HOUR, noon - 2 * HOUR)) == ["ended_at"]
    assert wrong_fields(lambda: send(noon - HOUR, noon - HOUR)) == ["ended_at"]
    assert wrong_fields(lambda: send(noon - 13 * HOUR, noon)) == ["ended_at"]
    assert wrong_fields(lambda: send(noon - 7 * DAY - MINUTE, noon - 7 * DAY + HOUR)) == ["started_at"]
    assert wrong_fields(lambda: start(county, started_at=noon + HOUR)) == ["started_at"]
    assert wrong_fields(lambda: start(county, started_at=noon - 13 * HOUR)) == ["started_at"]
    assert wrong_fields(lambda: start(county, key="k" * 65)) == ["key"]
    assert send(noon - 7 * DAY, noon - 7 * DAY + HOUR).counts
    ahead = send(noon - HOUR, noon + 2 * MINUTE)  # a phone's clock that is a little ahead
    assert (ahead.ended_at, ahead.counts) == (noon, True)


def test_only_workers_of_the_grid_on_that_day(county, noon):
    east, west = county.east.grids[0], county.west.grids[0]
    outsiders = (county.worker_east, county.operator, county.staff, county.stranger, county.person("grid_leader", grid=west))
    for actor in outsiders:
        refused(Refused, lambda actor=actor: patrols.start(actor=actor, grid_id=west.pk))
    for nowhere in (east.pk, county.west.village.pk, 10**9):
        refused(Refused, lambda pk=nowhere: start(county, grid_id=pk))
    Post.objects.filter(user=county.worker).update(until="2026-11-17")
    former = fresh(county.worker)
    refused(Refused, lambda: start(county, actor=former))
    on_17th = {"started_at": beijing("2026-11-17 00:00"), "ended_at": beijing("2026-11-17 00:20")}
    refused(Refused, lambda: record(county, actor=former, **on_17th))
    on_16th = {"started_at": beijing("2026-11-16 23:50"), "ended_at": beijing("2026-11-17 00:10")}
    sent = record(county, actor=former, **on_16th)
    assert (sent.day, sent.grid) == (date(2026, 11, 16), west)
    Grid.objects.filter(pk=east.pk).update(valid_until="2026-11-18")
    refused(Refused, lambda: start(county, actor=county.worker_east, grid_id=east.pk))


def test_who_has_two_grids_walks_one_at_a_time(county, noon):
    PostFactory(user=county.worker, role="worker_part", grid=county.west.grids[1])
    assert start(county, grid_id=county.west.grids[1].pk).grid == county.west.grids[1]
    refused(Conflict, lambda: start(county))


def test_somebody_elses_patrol_is_theirs_to_finish(county, noon):
    begun = start(county)
    refused(Refused, lambda: patrols.finish(actor=county.operator, patrol_id=begun.pk))
    for actor in (county.worker_east, county.staff, county.stranger):
        refused(NotFound, lambda actor=actor: patrols.finish(actor=actor, patrol_id=begun.pk))
    refused(NotFound, lambda: patrols.finish(actor=county.worker, patrol_id=10**9))


def test_what_nobody_finishes_is_closed_after_twelve_hours_and_does_not_count(county, noon, time_machine):
    begun = start(county, key="k-1")
    time_machine.move_to(noon + 12 * HOUR - MINUTE, tick=False)
    assert close_patrols() == 0
    time_machine.move_to(noon + 12 * HOUR, tick=False)
    assert (close_patrols(), close_patrols()) == (1, 0)
    begun.refresh_from_db()
    assert (begun.state, begun.counts, begun.ended_at) == (State.LEFT_OPEN, False, noon + 12 * HOUR)
    refused(Conflict, lambda: patrols.finish(actor=county.worker, patrol_id=begun.pk))
    # Nobody knows when it ended: a later one that the phone has kept is taken.
    later = {"started_at": noon + 3 * HOUR, "ended_at": noon + 4 * HOUR}
    assert record(county, **later).counts
    refused(Conflict, lambda: patrols.finish(actor=county.worker, patrol_id=begun.pk, ended_at=noon + 5 * HOUR))
    mended = patrols.finish(actor=county.worker, patrol_id=begun.pk, ended_at=noon + HOUR)
    assert (mended.state, mended.ended_at) == (State.FINISHED, noon + HOUR)


def test_an_old_one_left_open_does_not_stand_in_the_way(county, noon, time_machine):
    begun = start(county)
    time_machine.move_to(noon + 13 * HOUR, tick=False)  # the job has not come by
    refused(Conflict, lambda: patrols.finish(actor=county.worker, patrol_id=begun.pk))
    assert start(county).state == State.UNDER_WAY
    begun.refresh_from_db()
    assert begun.state == State.LEFT_OPEN


def test_who_sees_which_patrols(county, noon):
    west = walk(county.worker, county.west.grids[0], noon - HOUR)
    next_door = walk(county.worker_next, county.west.grids[1], noon - HOUR)
    east = walk(county.worker_east, county.east.grids[0], noon - HOUR)
    seen = {
        county.worker: {west}, county.worker_next: {next_door}, county.worker_east: {east},
        county.operator: {west, next_door}, county.operator_east: {east}, county.operator_top: {west, next_door, east},
        county.staff: set(), county.stranger: set(), county.person("leader", grid=county.west.town): {west, next_door},
        county.person("assistant", grid=county.west.grids[0]): set(),
    }  # fmt: skip
    for person, rows in seen.items():
        assert set(Patrol.objects.visible_to(person)) == rows, person


def test_the_database_refuses_what_cannot_be(county, noon):
    west = county.west.grids[0]
    walk(county.worker, west, noon, ended_at=None, state=State.UNDER_WAY)
    impossible = (
        {"ended_at": None, "state": State.UNDER_WAY},
        {"ended_at": None},
        {"state": State.UNDER_WAY},
        {"state": "odd"},
        {"minutes": 0},
        {"key": f"{noon:%m%d%H%M}"},
    )
    for more in impossible:
        with pytest.raises(IntegrityError), transaction.atomic():
            walk(county.worker, west, noon + DAY, **more)
    assert Patrol.objects.count() == 1


def test_patrols_are_kept_400_days(county, noon, settings):
    kept = walk(county.worker, county.west.grids[0], noon - 400 * DAY)
    walk(county.worker, county.west.grids[0], noon - 401 * DAY)
    assert (forget_patrols(), forget_patrols(), list(Patrol.objects.all())) == (1, 0, [kept])
    settings.PATROL_KEEP_DAYS = 0
    walk(county.worker, county.west.grids[0], noon - 4000 * DAY)
    assert forget_patrols() == 0
