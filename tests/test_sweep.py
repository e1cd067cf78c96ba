"""The clock's own moves: what is noted, when, once, in batches, and after days of downtime."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.errors import Conflict
from events import worklists
from events.models import Event, Notice, Standard, Transition
from events.services import history, sweep
from events.tasks import sweep_clocks
from grids.models import Post
from tests.scenes import Scene, again, beijing

NOTHING = {"overdue": 0, "due_soon": 0, "lapse": 0, "archive": 0, "spot_late": 0, "resume": 0, "escalate": 0}
ELSEWHERE = {"unanswered", "no_show"}  # test_sweep_calls
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def scene(db, time_machine):
    """Monday, 2 March 2026, nine o'clock; registering takes at most four hours, yellow after three."""
    time_machine.move_to(beijing("2026-03-02 09:00"), tick=False)
    return Scene()


def swept(moment=None, **counts):
    found = sweep.sweep(moment).counts
    assert {name: count for name, count in found.items() if name not in ELSEWHERE} == NOTHING | counts


def told(scene, row):
    names = {user.pk: name for name, user in scene.people.items()}
    return {names[pk] for pk in Notice.objects.filter(transition=row).values_list("user", flat=True)}


def test_nothing_is_noted_before_its_time_and_everything_once(scene):
    event = scene.report()
    yellow, due = beijing("2026-03-02 12:00"), beijing("2026-03-02 13:00")
    assert (event.yellow_at, event.due_at) == (yellow, due)
    swept(yellow)
    swept(yellow + MICROSECOND, due_soon=1)
    swept(yellow + MICROSECOND)
    swept(due)
    swept(due + MICROSECOND, overdue=1)
    swept(due + timedelta(days=3))
    rows = list(event.transitions.values_list("action", "source", "target", "actor", "at"))[1:]
    assert rows == [
        ("due_soon", "reported", "reported", None, yellow + MICROSECOND),
        ("overdue", "reported", "reported", None, due + MICROSECOND),
    ]
    now = Event.objects.get(pk=event.pk)
    assert (now.warned, now.late, now.due_at, now.head_seq) == (2, True, due, 3)
    assert list(history.faults()) == []


def test_what_waits_where_nobody_works_goes_to_the_nearest_centre_with_people(scene):
    event, other = scene.report(), again(scene.reported())
    station = Post.objects.filter(unit=scene.west.station)
    town = Post.objects.filter(unit=scene.west.town_centre)
    assert (event.holder, other.holder) == (scene.west.station, scene.west.town_centre)
    station.update(until=timezone.localdate() + timedelta(days=1))
    town.update(until=timezone.localdate() + timedelta(days=1))
    swept()  # their last day
    tomorrow = beijing("2026-03-03 00:30")
    found = sweep.sweep(tomorrow).counts
    assert (found["escalate"], sweep.sweep(tomorrow).counts["escalate"]) == (2, 0)
    for row in Event.objects.filter(pk__in=[event.pk, other.pk]):
        assert (row.status, row.holder, row.centre) == ("reported", scene.area_centre, scene.area_centre)
    last = event.transitions.get(action="escalate")
    assert (last.actor, last.words) == (None, f"{scene.west.station.name}今日无人在岗。")
    assert "op_area" in told(scene, last)
    Post.objects.exclude(unit=None).update(until=timezone.localdate() + timedelta(days=1))
    assert sweep.sweep(tomorrow).counts["escalate"] == 0  # nobody above either: it stays where it is
    assert list(history.faults()) == []


def test_after_days_of_downtime_each_thing_is_noted_once_and_at_the_time_it_was_found(scene):
    late, closed = scene.report(), scene.closed()
    suspended = scene.registered()
    scene.take(suspended, "suspend", "op_town", words="等", until=timezone.localdate() + timedelta(days=4))
    found = beijing("2026-03-12 08:00")
    swept(found, overdue=1, lapse=1, resume=1)
    assert Event.objects.get(pk=late.pk).transitions.last().action == "overdue"  # not "about to be late" as well
    assert Event.objects.get(pk=closed.pk).evaluated_at == found
    # What was left of the four hours of dispatching begins to run when the clock is noticed to run again.
    assert Event.objects.get(pk=suspended.pk).due_at == found + timedelta(hours=4)
    swept(found)
    assert list(history.faults()) == []


def test_a_late_event_is_told_to_its_holder_and_its_centre(scene):
    event = scene.dispatched()
    swept(event.reported_at + timedelta(hours=3, minutes=1), due_soon=1)
    swept(event.reported_at + timedelta(hours=5), overdue=1)
    soon, late = (event.transitions.get(action=action) for action in ("due_soon", "overdue"))
    assert (soon.action, told(scene, soon)) == ("due_soon", {"staff_lead"})
    assert (late.action, told(scene, late)) == ("overdue", {"staff_lead", "op_town", "head_town"})
    assert late.facts["due_at"].startswith("2026-03-02T05:00")


def test_a_late_verification_is_told_to_the_grids_workers_too(scene):
    event = scene.verifying()
    swept(event.reported_at + timedelta(hours=5), overdue=1)
    late = event.transitions.get(action="overdue")
    assert told(scene, late) == {"op_town", "head_town", "worker_full", "worker_part"}


def test_the_next_stage_is_watched_anew_and_the_lateness_stays(scene, time_machine):
    event = scene.report("worker_full")
    time_machine.move_to(beijing("2026-03-02 14:00"), tick=False)
    swept(overdue=1)
    now = scene.take(event, "register", "op_station", standard=scene.standard.pk, urgency="urgent").event
    assert (now.warned, now.late, now.due_at) == (0, True, beijing("2026-03-02 16:00"))
    swept(beijing("2026-03-02 16:01"), overdue=1)
    assert list(event.stages.values_list("stage", "late")) == [("register", True)]


def test_no_rating_within_seven_days_is_evaluated_without_stars(scene):
    event = scene.closed()
    closed_at = Event.objects.get(pk=event.pk).closed_at
    swept(closed_at + timedelta(days=7))
    swept(closed_at + timedelta(days=7) + MICROSECOND, lapse=1)
    now = Event.objects.get(pk=event.pk)
    assert (now.status, now.stars, now.due_at) == ("evaluated", None, None)
    row = event.transitions.last()
    assert (row.action, row.actor, row.source, row.target) == ("lapse", None, "closed", "evaluated")
    assert Notice.objects.filter(transition=row).count() == 0
    assert scene.take(event, "reopen", "reporter", words="又坏了").target == "registered"


def test_where_nobody_was_asked_to_rate_the_clock_archives_and_no_figure_sees_silence(scene):
    event = scene.closed()
    Standard.objects.filter(pk=scene.standard.pk).update(rating_asked=False)
    closed_at = Event.objects.get(pk=event.pk).closed_at
    assert worklists.counts(scene.people["op_town"])["rate"] == 0
    swept(closed_at + timedelta(days=7))
    swept(closed_at + timedelta(days=7) + MICROSECOND, archive=1)
    now, row = Event.objects.get(pk=event.pk), event.transitions.last()
    assert (now.status, now.stars, now.evaluated_at, now.due_at) == ("evaluated", None, None, None)
    assert (row.action, row.actor, row.source, row.target) == ("archive", None, "closed", "evaluated")
    assert Notice.objects.filter(transition=row).count() == 0
    assert scene.take(event, "reopen", "reporter", words="又坏了").target == "registered"


def test_whoever_was_not_asked_may_rate_all_the_same(scene):
    event = scene.closed()
    Standard.objects.filter(pk=scene.standard.pk).update(rating_asked=False)
    assert scene.take(event, "evaluate", "reporter", stars=4).event.stars == 4


def test_a_spot_check_has_three_working_days_and_is_told_when_it_is_late(scene):
    event, other = scene.drawn(), scene.settled()
    assert (event.spot_check, event.spot_state, event.spot_due_at) == (True, "waiting", beijing("2026-03-05 09:00"))
    assert (other.spot_check, other.spot_state, other.spot_due_at) == (False, None, None)
    swept(beijing("2026-03-05 09:00"))
    swept(beijing("2026-03-05 09:00") + MICROSECOND, spot_late=1)
    swept(beijing("2026-03-05 18:00"))
    row = event.transitions.last()
    assert (row.action, row.source, row.target, row.facts) == (
        "spot_late", "closed", "closed", {"due_at": "2026-03-05T01:00:00+00:00"}
    )
    assert told(scene, row) == {"op_station"}
    swept(beijing("2026-03-10 09:00"), lapse=2)  # nobody rated either of them, which stops no check
    station = scene.people["op_station"]
    assert [worklists.counts(station)[name] for name in ("spot", "mine")] == [1, 1]
    assert list(worklists.select("spot", station)) == list(worklists.select("mine", station)) == [event]
    now = scene.take(event, "spot_pass", "op_station", words="到场查看，合格").event
    assert (now.status, now.spot_state, now.spot_due_at, now.settled_on_spot) == ("evaluated", "passed", None, True)
    assert worklists.counts(station)["spot"] == 0
    with pytest.raises(Conflict):
        scene.take(event, "spot_fail", "op_station", words="再看一次")
    assert list(history.faults()) == []


def test_what_a_spot_check_finds_undone_goes_to_dispatch_and_was_not_settled(scene):
    event = scene.drawn()
    now = scene.take(event, "spot_fail", "op_station", words="垃圾仍在").event
    assert (now.status, now.holder, now.settled_on_spot, now.spot_state) == (
        "registered", scene.west.station, False, "failed"
    )
    assert (now.closed_at, now.number, now.reopens) == (None, event.number, 0)
    assert now.due_at == beijing("2026-03-02 13:00")  # the station has four hours to dispatch it
    reopened = scene.take(scene.drawn(), "reopen", "worker_full", words="又脏了").event
    assert (reopened.spot_check, reopened.spot_state, reopened.spot_due_at) == (True, None, None)


def test_a_suspension_ends_on_its_day_and_the_limit_goes_on(scene):
    event = scene.handling()
    left = Event.objects.get(pk=event.pk).handle_seconds
    scene.take(event, "suspend", "op_town", words="等许可", until=beijing("2026-03-09 00:00").date())
    swept(beijing("2026-03-08 23:59"))
    swept(beijing("2026-03-09 00:00"), resume=1)
    now, row = Event.objects.get(pk=event.pk), event.transitions.last()
    assert (now.status, now.holder, now.handle_due_at) == ("handling", scene.urban, beijing("2026-03-10 18:00"))
    assert left == 2 * 8 * 3600
    assert (row.action, row.actor, row.source, row.target) == ("resume", None, "suspended", "handling")
    assert row.words and told(scene, row) == {"staff_lead"}


def test_a_suspended_event_is_never_late(scene):
    event = scene.handling()
    scene.take(event, "suspend", "op_town", words="等许可", until=beijing("2026-12-31 00:00").date())
    swept(beijing("2026-12-30 23:59"))


def test_batches_take_all_and_cost_the_same_for_many(scene, monkeypatch):
    monkeypatch.setattr(sweep, "BATCH", 4)
    for _ in range(11):
        scene.report("worker_full")
    swept(beijing("2026-03-02 14:00"), overdue=11)
    assert Transition.objects.filter(action="overdue").count() == 11
    assert Notice.objects.filter(action="overdue", user=scene.operator).count() == 11


def test_a_batch_is_a_handful_of_statements_however_many_events_it_holds(scene):
    def cost(count):
        for _ in range(count):
            scene.report("worker_full")
        with CaptureQueriesContext(connection) as captured:
            swept(beijing("2026-03-02 14:00"), overdue=count)
        return len([q for q in captured if "SAVEPOINT" not in q["sql"]])

    cost(1)  # warms the process
    # eight searches (the suspended, unanswered and absent by their own), desks and people at them, versions, rows, events,
    # notices
    assert (cost(1), cost(40)) == (14, 14)


def test_the_task_answers_with_the_counts(scene, time_machine):
    scene.report("worker_full")
    time_machine.move_to(beijing("2026-03-02 14:00"), tick=False)
    expected = NOTHING | dict.fromkeys(ELSEWHERE, 0) | {"overdue": 1, "reckoned": 0}
    assert sweep_clocks.apply().get() == expected
