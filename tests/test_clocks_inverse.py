"""Clocks against a slow reference, and their functions as inverses of each other, over seeded cases."""

import random
from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest

from events import clocks
from events.clocks import BEIJING
from tests.test_clocks import DAY, PLAIN, REAL, UNITS, at


def random_moment(rng):
    micro = rng.choice([0, rng.randrange(1_000_000)])
    return at("2025-12-01 00:00") + timedelta(seconds=rng.randrange(400 * DAY), microseconds=micro)


def slowly_worked(start, end, calendar):
    """Working seconds, day by day and span by span, from the words of the rule."""
    total, day = 0.0, start.date()
    while day <= end.date():
        if calendar.is_working(day):
            for begin, stop in ((time(8), time(12)), (time(14), time(18))):
                first = max(start, datetime.combine(day, begin, BEIJING))
                last = min(end, datetime.combine(day, stop, BEIJING))
                total += max((last - first).total_seconds(), 0)
        day += timedelta(1)
    return total


@pytest.mark.parametrize("calendar", [REAL, PLAIN], ids=["2026", "no data"])
def test_working_time_agrees_with_counting_day_by_day(calendar):
    rng = random.Random(20261001)
    for _ in range(300):
        start, end = sorted(random_moment(rng) for _ in range(2))
        expected = slowly_worked(start, end, calendar)
        assert clocks.used_seconds(start, end, "work_hour", calendar) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("unit", UNITS)
def test_a_deadline_uses_exactly_its_limit_and_no_earlier_moment_does(unit):
    rng = random.Random(20260101)
    for _ in range(300):
        start = random_moment(rng)
        amount = rng.choice([rng.randrange(1, 60), Decimal(rng.randrange(1, 5000)) / 100])
        end = clocks.deadline(start, amount, unit, REAL)
        limit = clocks.limit_seconds(amount, unit)
        assert clocks.used_seconds(start, end, unit, REAL) == limit
        just_before = end - timedelta(microseconds=1)
        assert clocks.used_seconds(start, just_before, unit, REAL) < limit


@pytest.mark.parametrize("unit", UNITS)
def test_pausing_and_resuming_neither_gives_nor_takes_time(unit):
    rng = random.Random(20260215)
    for _ in range(300):
        clock = clocks.start_clock(random_moment(rng), rng.randrange(1, 30), unit, REAL)
        paused = clock.start + timedelta(seconds=rng.randrange(20 * DAY))
        resumed = paused + timedelta(seconds=rng.randrange(60 * DAY))
        left = clocks.pause(clock, paused, REAL)
        new_due = clocks.resume(left, unit, resumed, REAL)
        used = clocks.used_seconds(clock.start, paused, unit, REAL)
        assert used + clocks.used_seconds(resumed, new_due, unit, REAL) == pytest.approx(
            clocks.limit_seconds(clock.amount, unit), abs=1e-6
        )
        # An unmoved deadline turns yellow at the same moment, counted from either end.
        again = clocks.yellow_before(clock.due_at, clocks.limit_seconds(clock.amount, unit), unit, REAL)
        assert again == clock.yellow_at


def test_resuming_at_once_gives_the_deadline_back():
    rng = random.Random(7)
    for _ in range(300):
        clock = clocks.start_clock(random_moment(rng), rng.randrange(1, 9), rng.choice(UNITS), REAL)
        paused = clock.start + (clock.due_at - clock.start) * rng.random()
        left = clocks.pause(clock, paused, REAL)
        resumed = clocks.resume(left, clock.unit, paused, REAL)
        if left:
            assert resumed == clock.due_at
        else:
            assert resumed == paused  # paused in the dead time before the deadline's own last moment


def test_later_starts_never_have_earlier_deadlines():
    rng = random.Random(99)
    for unit in UNITS:
        starts = sorted(random_moment(rng) for _ in range(300))
        ends = [clocks.deadline(start, 3, unit, REAL) for start in starts]
        assert ends == sorted(ends)
