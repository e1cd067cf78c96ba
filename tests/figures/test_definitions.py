"""What each figure counts, against a county whose every event is known; rates are those of evaluation's indicators."""

from datetime import date, timedelta

import pytest
from django.db.models import Q
from django.utils import timezone

from evaluation.registry import INDICATORS
from events import figures
from events.figures import Rate, folding, spans
from events.models import Assignment, Event
from events.workflow import Status
from tests.scenes import Scene, beijing


class Days:
    """A period of indicators from one instant to another."""

    def __init__(self, start, end):
        self.start, self.end = start, end

    def holds(self, field):
        return Q(**{f"{field}__gte": self.start, f"{field}__lt": self.end})


@pytest.fixture
def scene(db):
    return Scene()


@pytest.fixture
def everything(scene):
    """One event in every status (11), the other of the merged one, and one more in the east: 13."""
    for status in Status.values:
        scene.in_status(status)
    scene.report("worker_east", location=scene.east.point)
    return scene


def later(hours=1):
    return timezone.now() + timedelta(hours=hours)


def test_the_overview_of_the_county_and_of_one_street(everything):
    now = timezone.now() + timedelta(minutes=1)
    whole = figures.overview(everything.root.path, now)
    assert [f.value for f in (whole.reported, whole.open, whole.closed, whole.suspended)] == [13, 8, 2, 1]
    assert (whole.late.value, whole.soon.value) == (0, 0)
    assert whole.satisfaction.value == Rate(1, 1)
    assert (whole.reported.before, whole.open.before, whole.late.before) == (0, 0, 0)
    east = figures.overview(everything.east.town.path, now)
    assert (east.reported.value, east.open.value, east.open.change) == (1, 1, 1)


def test_late_and_soon_follow_the_clock_that_is_asked_for(everything):
    # Everything but the suspended one runs by stage limits of four hours (urgent ones two) or the handling limit.
    path = everything.root.path
    assert figures.overview(path, later(3.5)).soon.value > 0
    after = figures.overview(path, later(24 * 30))
    assert (after.late.value, after.soon.value, after.open.value) == (7, 0, 8)
    assert after.on_time.value.denominator == 0 or after.on_time.value.numerator < after.on_time.value.denominator


def test_six_steps_and_where_they_jam(everything):
    steps = figures.flow(everything.root.path, later(1))
    assert {step.status: step.count for step in steps} == {
        "reported": 3, "registered": 1, "dispatched": 1, "handling": 1, "verifying": 1, "closed": 1,
    }  # fmt: skip
    assert not any(step.jams for step in steps)
    assert all(timedelta(minutes=59) < step.age < timedelta(minutes=61) for step in steps)
    Event.objects.filter(status="handling").update(due_at=timezone.now())
    jam = [step.status for step in figures.flow(everything.root.path, later(1)) if step.jams]
    assert jam == ["handling"]
    assert [step.count for step in figures.flow("/999999/", later(1))] == [0] * 6


def test_rates_of_a_territory_are_those_of_its_departments(everything):
    """The same rows as the indicators', summed over the units."""
    turns = Assignment.objects.order_by("pk")
    for n, turn in enumerate(turns):  # due all over two days, some late, one exempt
        turn.due_at, turn.late, turn.exempt = timezone.now() - timedelta(hours=n), n % 2 == 0, n == 4
        turn.save()
    first, last = timezone.localdate() - timedelta(days=2), timezone.localdate() + timedelta(days=1)
    start, end = spans.midnight(first), timezone.now()
    period = figures.period(everything.root.path, first, last, end)
    units = figures.departments(everything.root.path, first, last, end)
    for code, name in (("handled_on_time", "on_time"), ("closed", "closing"), ("satisfaction", "satisfaction")):
        found = INDICATORS[code].figures(Days(start, end))
        assert found, code
        assert {u.unit_id: getattr(u, name) for u in units if getattr(u, name).denominator} == {
            unit: Rate(int(top), int(bottom)) for unit, (top, bottom) in found.items()
        }
        assert getattr(period.flows, name) == sum((getattr(u, name) for u in units), Rate())
    for code, top, bottom in (("returned", "returned", "dispatched"), ("reworked", "reworked", "handled")):
        found = INDICATORS[code].figures(Days(start, end))
        assert {u.unit_id: (getattr(u, top), getattr(u, bottom)) for u in units if getattr(u, bottom)} == {
            unit: (int(numerator), int(denominator)) for unit, (numerator, denominator) in found.items()
        }


def test_children_sum_up_to_their_parent(everything):
    today = timezone.localdate()
    now, tomorrow = later(0), today + timedelta(days=1)
    area = figures.children(everything.root.path, now, today, tomorrow)
    streets = figures.children(everything.area.path, now, today, tomorrow)
    assert list(area) == [everything.area.pk]
    assert set(streets) == {everything.west.town.pk, everything.east.town.pk}
    assert (area[everything.area.pk].reported, area[everything.area.pk].open) == (13, 8)
    assert streets[everything.east.town.pk].open == 1
    assert sum(child.reported for child in streets.values()) == 13
    assert figures.children(everything.root.path, now, today - timedelta(days=3), today)[everything.area.pk].reported == 0


@pytest.mark.parametrize("folded", [True, False], ids=["folded", "unfolded"])
@pytest.mark.parametrize("days", [0, 2])
def test_grandchildren_are_the_children_of_all_children(everything, days, folded):
    if folded:
        folding.fold()
    now, first = later(0), timezone.localdate() - timedelta(days=days)
    tomorrow = timezone.localdate() + timedelta(days=1)
    for path, generation, parents in (
        (everything.root.path, 2, [everything.area]),
        (everything.area.path, 2, [everything.west.town, everything.east.town]),
        (everything.root.path, 3, [everything.west.town, everything.east.town]),
    ):
        expected = {}
        for parent in parents:
            expected |= figures.children(parent.path, now, first, tomorrow)
        assert len(expected) >= len(parents)
        assert expected and figures.children(path, now, first, tomorrow, generation=generation) == expected


def test_kinds_and_sources(everything):
    today = timezone.localdate()
    tomorrow = today + timedelta(days=1)
    assert [(k.code, k.reported, k.open) for k in figures.kinds(everything.root.path, today, tomorrow)] == [("E0101", 13, 8)]
    assert figures.period(everything.root.path, today, tomorrow).sources == {"worker": 13}


def test_a_trend_ends_with_the_running_hour_day_and_month(everything):
    now = later(0)
    for by, count in (("hour", 24), ("day", 30), ("month", 12)):
        buckets = figures.trend(everything.root.path, now, by)
        assert len(buckets) == count and buckets[-1].start == spans.bucket_start(now, by)
        assert sum(bucket.reported for bucket in buckets) == 13 and sum(b.closed for b in buckets) == 2


def test_lists_are_short_and_name_nobody(everything):
    assert [line.status for line in figures.newest(everything.east.town.path)] == ["reported"]
    late = figures.late_list(everything.root.path, later(24 * 30), 3)
    assert len(late) == 3 and late == sorted(late, key=lambda line: line.due_at)
    assert not {"description", "place", "contact_name", "reporter"} & set(vars(late[0]))


def test_what_a_month_is_compared_with():
    assert spans.month_before(beijing("2026-11-28 15:30")) == (beijing("2026-10-01 00:00"), beijing("2026-10-28 15:30"))
    assert spans.month_before(beijing("2026-03-30 09:00")) == (beijing("2026-02-01 00:00"), beijing("2026-03-01 00:00"))
    assert spans.month_before(beijing("2026-01-05 09:00")) == (beijing("2025-12-01 00:00"), beijing("2025-12-05 09:00"))
    assert spans.bucket_starts(beijing("2026-02-10 09:20"), "month", 3) == [
        beijing("2025-12-01 00:00"), beijing("2026-01-01 00:00"), beijing("2026-02-01 00:00"),
    ]  # fmt: skip
    assert spans.bucket_start(beijing("2026-02-10 09:20"), "day").date() == date(2026, 2, 10)
