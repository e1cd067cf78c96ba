"""Clocks, to the second. Dates are the real ones of 2025 to 2027; no database."""

import pickle
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest

from events import clocks
from events.clocks import BEIJING, LimitUnit, WorkCalendar

HOUR, DAY = 3600, 86_400
WORK_DAY = 8 * HOUR
UNITS = ["urgent_hour", "urgent_day", "work_hour", "work_day", "natural_day"]

# State Council 国务院办公厅 notices for 2026 (元旦, 春节, 国庆节) and the end of 2025, written out by hand.
OFF = (
    [date(2026, 1, day) for day in (1, 2, 3)]
    + [date(2026, 2, day) for day in range(15, 24)]
    + [date(2026, 10, day) for day in range(1, 8)]
)
MAKE_UP = [date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 9, 20), date(2026, 10, 10)]
REAL = WorkCalendar(dict.fromkeys(OFF, False) | dict.fromkeys(MAKE_UP, True))
PLAIN = WorkCalendar({})


def at(text: str) -> datetime:
    """Beijing time from "2026-09-30 17:00[:30]"."""
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def due(start: str, amount, unit: str, calendar=REAL) -> str:
    return clocks.deadline(at(start), amount, unit, calendar).strftime("%Y-%m-%d %H:%M:%S")


def test_the_units_are_the_words_of_the_case_standards():
    assert [str(unit) for unit in LimitUnit] == UNITS


@pytest.mark.parametrize(
    ("amount", "unit", "seconds"),
    [
        (2, "urgent_hour", 2 * HOUR),
        (1, "urgent_day", DAY),
        (4, "work_hour", 4 * HOUR),
        (5, "work_day", 5 * WORK_DAY),
        (30, "natural_day", 30 * DAY),
        (0.5, "urgent_hour", 1800),
        (Decimal("1.5"), "work_day", 12 * HOUR),
        (0, "work_hour", 0),
    ],
)
def test_a_limit_in_seconds_of_its_own_clock(amount, unit, seconds):
    assert clocks.limit_seconds(amount, unit) == seconds


# 2026-11-16 is a Monday with no holiday near.
@pytest.mark.parametrize(
    ("start", "amount", "unit", "end"),
    [
        # Working hours within a span, to its end, and across lunch.
        ("2026-11-16 08:00", 1, "work_hour", "2026-11-16 09:00:00"),
        ("2026-11-16 08:00", 4, "work_hour", "2026-11-16 12:00:00"),
        ("2026-11-16 11:30", 1, "work_hour", "2026-11-16 14:30:00"),
        ("2026-11-16 11:59:59", 2, "work_hour", "2026-11-16 15:59:59"),
        ("2026-11-16 14:00", 4, "work_hour", "2026-11-16 18:00:00"),
        # Begun in lunch, at its first and at its last moment.
        ("2026-11-16 12:00", 1, "work_hour", "2026-11-16 15:00:00"),
        ("2026-11-16 13:10", 1, "work_hour", "2026-11-16 15:00:00"),
        ("2026-11-16 14:00", 1, "work_hour", "2026-11-16 15:00:00"),
        # Before work, after work, and across the night.
        ("2026-11-16 00:00", 1, "work_hour", "2026-11-16 09:00:00"),
        ("2026-11-16 06:45", 1, "work_hour", "2026-11-16 09:00:00"),
        ("2026-11-16 18:00", 1, "work_hour", "2026-11-17 09:00:00"),
        ("2026-11-16 23:59:59", 1, "work_hour", "2026-11-17 09:00:00"),
        ("2026-11-16 17:30", 1, "work_hour", "2026-11-17 08:30:00"),
        # Across the weekend, and begun in it.
        ("2026-11-20 17:00", 2, "work_hour", "2026-11-23 09:00:00"),
        ("2026-11-21 10:00", 2, "work_hour", "2026-11-23 10:00:00"),
        ("2026-11-22 20:00", 2, "work_hour", "2026-11-23 10:00:00"),
        # Working days are eight working hours from wherever they begin.
        ("2026-11-16 10:00", 1, "work_day", "2026-11-17 10:00:00"),
        ("2026-11-16 15:20", 1, "work_day", "2026-11-17 15:20:00"),
        ("2026-11-16 08:00", 1, "work_day", "2026-11-16 18:00:00"),
        ("2026-11-16 03:00", 1, "work_day", "2026-11-16 18:00:00"),
        ("2026-11-16 18:00", 1, "work_day", "2026-11-17 18:00:00"),
        ("2026-11-16 21:00", 1, "work_day", "2026-11-17 18:00:00"),
        ("2026-11-16 12:00", 1, "work_day", "2026-11-17 12:00:00"),
        ("2026-11-16 13:00", 1, "work_day", "2026-11-17 12:00:00"),
        ("2026-11-16 14:00", 1, "work_day", "2026-11-17 12:00:00"),
        ("2026-11-20 10:00", 1, "work_day", "2026-11-23 10:00:00"),
        ("2026-11-16 10:00", 5, "work_day", "2026-11-23 10:00:00"),
        ("2026-11-21 10:00", 5, "work_day", "2026-11-27 18:00:00"),
        # Fractions.
        ("2026-11-16 08:00", 0.5, "work_day", "2026-11-16 12:00:00"),
        ("2026-11-16 08:00", Decimal("0.75"), "work_hour", "2026-11-16 08:45:00"),
        ("2026-11-16 23:50", Decimal("0.5"), "urgent_hour", "2026-11-17 00:20:00"),
        # The urgent clock runs through nights, weekends and holidays; natural days keep the time of day.
        ("2026-11-20 17:00", 2, "urgent_hour", "2026-11-20 19:00:00"),
        ("2026-11-20 23:00", 2, "urgent_hour", "2026-11-21 01:00:00"),
        ("2026-11-20 17:00", 1, "urgent_day", "2026-11-21 17:00:00"),
        ("2026-10-01 03:00", 2, "urgent_day", "2026-10-03 03:00:00"),
        ("2026-09-30 17:00", 15, "natural_day", "2026-10-15 17:00:00"),
        ("2026-02-27 09:30", 3, "natural_day", "2026-03-02 09:30:00"),
    ],
)
def test_the_deadline(start, amount, unit, end):
    assert due(start, amount, unit) == end


@pytest.mark.parametrize(
    ("start", "amount", "unit", "end"),
    [
        # National Day 2026: Thu 1 to Wed 7 October off; Sun 20 September and Sat 10 October are worked.
        ("2026-09-30 17:00", 2, "work_hour", "2026-10-08 09:00:00"),
        ("2026-09-30 10:00", 1, "work_day", "2026-10-08 10:00:00"),
        ("2026-09-30 10:00", 3, "work_day", "2026-10-10 10:00:00"),
        ("2026-09-30 10:00", 4, "work_day", "2026-10-12 10:00:00"),
        ("2026-10-03 12:00", 1, "work_day", "2026-10-08 18:00:00"),
        ("2026-10-09 17:00", 2, "work_hour", "2026-10-10 09:00:00"),
        ("2026-10-10 17:00", 2, "work_hour", "2026-10-12 09:00:00"),
        ("2026-09-18 10:00", 1, "work_day", "2026-09-20 10:00:00"),
        ("2026-09-19 10:00", 1, "work_hour", "2026-09-20 09:00:00"),
        ("2026-09-20 10:00", 1, "work_day", "2026-09-21 10:00:00"),
        # New Year 2026: Thu 1 to Sat 3 January off, Sun 4 January worked.
        ("2025-12-31 17:00", 2, "work_hour", "2026-01-04 09:00:00"),
        ("2025-12-31 10:00", 1, "work_day", "2026-01-04 10:00:00"),
        ("2025-12-31 10:00", 2, "work_day", "2026-01-05 10:00:00"),
        ("2025-12-31 22:00", 4, "urgent_hour", "2026-01-01 02:00:00"),
        # Spring Festival 2026: 15 to 23 February off, Saturdays 14 and 28 worked.
        ("2026-02-14 10:00", 1, "work_day", "2026-02-24 10:00:00"),
        ("2026-02-13 10:00", 7, "work_day", "2026-03-02 10:00:00"),
    ],
)
def test_the_deadline_across_holidays_with_their_make_up_days(start, amount, unit, end):
    assert due(start, amount, unit) == end


def test_the_written_out_holidays_are_those_of_the_library():
    for month in (1, 2, 10):
        days = [date(2026, month, 1) + timedelta(n) for n in range(28)]
        assert [day for day in days if not REAL.is_working(day)] == [
            day for day in days if not chinese_calendar.is_workday(day)
        ]
    assert chinese_calendar.is_workday(date(2026, 9, 20))


def test_a_year_without_data_is_monday_to_friday_and_is_not_known():
    assert REAL.known_years == frozenset({2026})
    assert REAL.is_working(date(2027, 10, 1))  # a Friday
    assert not REAL.is_working(date(2027, 10, 2))
    assert due("2027-09-30 10:00", 1, "work_day") == "2027-10-01 10:00:00"
    assert due("1949-10-01 10:00", 1, "work_hour") == "1949-10-03 09:00:00"


def test_the_calendar_may_say_which_years_it_knows():
    office_closed = WorkCalendar({date(2027, 5, 4): False}, known_years=[2026])
    assert office_closed.known_years == frozenset({2026})
    assert not office_closed.is_working(date(2027, 5, 4))


def test_naming_an_ordinary_day_changes_nothing():
    same = WorkCalendar({date(2026, 11, 16): True, date(2026, 11, 21): False})
    for day in range(14):
        start = at("2026-11-14 13:00") + timedelta(day)
        assert clocks.deadline(start, 3, "work_day", same) == clocks.deadline(start, 3, "work_day", PLAIN)


def test_a_calendar_is_frozen_hashable_and_travels_to_other_processes():
    days = {date(2026, 10, 1): False}
    calendar = WorkCalendar(days)
    days[date(2026, 10, 2)] = False
    assert calendar.is_working(date(2026, 10, 2))
    with pytest.raises(TypeError):
        calendar.exceptions[date(2026, 10, 2)] = False
    with pytest.raises(AttributeError):
        calendar.exceptions = {}
    assert pickle.loads(pickle.dumps(calendar)) == calendar
    assert len({calendar, WorkCalendar({date(2026, 10, 1): False})}) == 1


@pytest.mark.parametrize(
    ("day", "following"),
    [
        ("2026-09-18", "2026-09-20"),
        ("2026-09-30", "2026-10-08"),
        ("2026-10-09", "2026-10-10"),
        ("2026-11-20", "2026-11-23"),
    ],
)
def test_the_next_working_day(day, following):
    assert REAL.next_working_day(date.fromisoformat(day)) == date.fromisoformat(following)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("start", ["2026-11-16 10:00", "2026-11-16 12:30", "2026-10-03 23:00"])
def test_no_time_at_all_is_due_at_once(unit, start):
    clock = clocks.start_clock(at(start), 0, unit, REAL)
    assert clock.due_at == clock.yellow_at == at(start)
    assert clocks.used_share(at(start), at(start), 0, unit, REAL) == 1.0


def test_a_year_of_working_days():
    # 261 weekdays, 13 of them off by the holidays above, and 5 make-up days on weekends.
    working = sum(REAL.is_working(date(2026, 1, 1) + timedelta(n)) for n in range(365))
    assert working == 261 - 13 + 5
    assert due("2026-01-01 00:00", working, "work_day") == "2026-12-31 18:00:00"
    assert due("2026-01-01 00:00", 365, "natural_day") == "2027-01-01 00:00:00"
    used = clocks.used_seconds(at("2026-01-01 00:00"), at("2027-01-01 00:00"), "work_hour", REAL)
    assert used == 253 * WORK_DAY


def test_a_limit_past_the_last_year_says_so():
    with pytest.raises(OverflowError):
        clocks.deadline(at("2026-01-01 00:00"), 10_000_000, "natural_day", REAL)


def test_the_zone_of_the_start_does_not_matter():
    here = clocks.deadline(at("2026-11-16 11:30"), 1, "work_hour", REAL)
    for zone in (UTC, ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")):
        there = clocks.deadline(at("2026-11-16 11:30").astimezone(zone), 1, "work_hour", REAL)
        assert there == here
        assert there.isoformat() == "2026-11-16T14:30:00+08:00"


@pytest.mark.parametrize(
    ("start", "end", "unit", "seconds"),
    [
        ("2026-11-16 11:00", "2026-11-16 15:00", "work_hour", 2 * HOUR),
        ("2026-11-16 12:00", "2026-11-16 14:00", "work_hour", 0),
        ("2026-11-16 18:00", "2026-11-17 08:00", "work_day", 0),
        ("2026-11-20 18:00", "2026-11-23 08:00", "work_day", 0),
        ("2026-11-16 00:00", "2026-11-23 00:00", "work_day", 5 * WORK_DAY),
        ("2026-09-28 00:00", "2026-10-12 00:00", "work_day", 6 * WORK_DAY),
        ("2026-11-20 18:00", "2026-11-23 08:00", "urgent_hour", 62 * HOUR),
        ("2026-11-20 18:00", "2026-11-23 08:00", "natural_day", 62 * HOUR),
        ("2026-11-16 15:00", "2026-11-16 11:00", "work_hour", -2 * HOUR),
    ],
)
def test_seconds_of_the_clock_between_two_moments(start, end, unit, seconds):
    assert clocks.used_seconds(at(start), at(end), unit, REAL) == seconds


def test_the_used_share_of_a_limit():
    start = at("2026-11-16 10:00")
    ends = ["16 09:00", "16 10:00", "16 12:00", "17 10:00", "18 10:00"]
    share = [clocks.used_share(start, at(f"2026-11-{end}"), 1, "work_day", REAL) for end in ends]
    assert share == [0.0, 0.0, 0.25, 1.0, 2.0]


def test_a_clock_turns_yellow_at_its_share_of_working_time():
    clock = clocks.start_clock(at("2026-09-30 16:00"), 1, "work_day", REAL)
    assert clock.yellow_at == at("2026-10-08 12:00")  # 6 of 8 hours: two on the 30th, four on the 8th
    assert clock.due_at == at("2026-10-08 16:00")
    half = clocks.start_clock(at("2026-09-30 16:00"), 1, "work_day", REAL, yellow_share=0.5)
    assert half.yellow_at == at("2026-10-08 10:00")


def test_the_light_at_and_after_each_change():
    clock = clocks.start_clock(at("2026-11-16 08:00"), 4, "urgent_hour", REAL)
    tick = timedelta(microseconds=1)
    moments = [clock.start, clock.yellow_at, clock.yellow_at + tick, clock.due_at, clock.due_at + tick]
    lights = [clocks.light(moment, clock.yellow_at, clock.due_at) for moment in moments]
    assert lights == ["green", "green", "yellow", "yellow", "red"]


def test_where_no_clock_runs_there_is_no_light():
    assert clocks.light(at("2026-11-16 08:00"), None, None) == ""
    assert clocks.light(at("2026-11-16 08:00"), None, at("2026-11-16 07:00")) == "red"
    assert clocks.light(at("2026-11-16 08:00"), None, at("2026-11-16 09:00")) == "green"


def test_a_suspension_over_a_holiday_keeps_the_remaining_working_time():
    clock = clocks.start_clock(at("2026-09-29 10:00"), 2, "work_day", REAL)
    assert clock.due_at == at("2026-10-08 10:00")
    left = clocks.pause(clock, at("2026-09-30 15:00"), REAL)
    assert left == 5 * HOUR  # three on the 30th, two on the 8th
    assert clocks.resume(left, "work_day", at("2026-10-05 09:00"), REAL) == at("2026-10-08 15:00")
    assert clocks.resume(left, "work_day", at("2026-10-09 16:00"), REAL) == at("2026-10-10 11:00")


def test_a_suspension_within_a_holiday_changes_nothing():
    clock = clocks.start_clock(at("2026-09-29 10:00"), 2, "work_day", REAL)
    left = clocks.pause(clock, at("2026-10-02 09:00"), REAL)
    assert clocks.resume(left, clock.unit, at("2026-10-06 20:00"), REAL) == clock.due_at


def test_an_urgent_clock_stands_still_while_suspended_too():
    clock = clocks.start_clock(at("2026-11-16 08:00"), 4, "urgent_hour", REAL)
    left = clocks.pause(clock, at("2026-11-16 09:00"), REAL)
    assert left == 3 * HOUR
    assert clocks.resume(left, clock.unit, at("2026-11-18 23:00"), REAL) == at("2026-11-19 02:00")


def test_what_was_late_when_suspended_is_as_late_when_resumed():
    clock = clocks.start_clock(at("2026-11-16 08:00"), 1, "work_hour", REAL)
    left = clocks.pause(clock, at("2026-11-16 11:00"), REAL)
    assert left == -2 * HOUR
    resumed = clocks.resume(left, clock.unit, at("2026-11-18 09:00"), REAL)
    assert resumed == at("2026-11-17 17:00")
    assert clocks.remaining_seconds(at("2026-11-18 09:00"), resumed, clock.unit, REAL) == left


def test_more_time_counts_from_the_old_deadline():
    assert clocks.extend(at("2026-09-30 10:00"), 2, "work_day", REAL) == at("2026-10-09 10:00")
    assert clocks.extend(at("2026-09-30 10:00"), 2, "natural_day", REAL) == at("2026-10-02 10:00")


def test_yellow_of_a_deadline_that_moved():
    moved = clocks.resume(5 * HOUR, "work_day", at("2026-10-05 09:00"), REAL)
    # Two working days: the last quarter is four hours, one after lunch and three before.
    assert clocks.yellow_before(moved, 2 * WORK_DAY, "work_day", REAL) == at("2026-10-08 09:00")


@pytest.mark.parametrize(
    "call",
    [
        lambda naive: clocks.deadline(naive, 1, "work_hour", REAL),
        lambda naive: clocks.deadline(naive, 0, "urgent_hour", REAL),
        lambda naive: clocks.used_seconds(naive, at("2026-11-16 10:00"), "work_hour", REAL),
        lambda naive: clocks.used_seconds(at("2026-11-16 10:00"), naive, "urgent_day", REAL),
        lambda naive: clocks.start_clock(naive, 1, "natural_day", REAL),
        lambda naive: clocks.resume(60, "work_hour", naive, REAL),
    ],
)
def test_a_naive_datetime_is_refused(call):
    with pytest.raises(ValueError, match="time zone"):
        call(datetime(2026, 11, 16, 10))


@pytest.mark.parametrize("amount", [-1, Decimal("-0.5"), float("nan")])
def test_a_negative_limit_or_none_is_refused(amount):
    with pytest.raises(ValueError, match="a limit cannot be"):
        clocks.deadline(at("2026-11-16 10:00"), amount, "work_hour", REAL)


@pytest.mark.parametrize(
    "call",
    [
        lambda: clocks.deadline(at("2026-11-16 10:00"), 1, "fortnight", REAL),
        lambda: clocks.limit_seconds(1, "fortnight"),
        lambda: clocks.used_seconds(at("2026-11-16 10:00"), at("2026-11-16 11:00"), "fortnight", REAL),
        lambda: clocks.resume(60, "fortnight", at("2026-11-16 11:00"), REAL),
    ],
)
def test_an_unknown_unit_is_refused_by_name(call):
    with pytest.raises(ValueError, match=r"fortnight.*urgent_hour"):
        call()


def test_a_yellow_share_is_a_share():
    with pytest.raises(ValueError, match="between 0 and 1"):
        clocks.start_clock(at("2026-11-16 10:00"), 1, "work_day", REAL, yellow_share=75)
