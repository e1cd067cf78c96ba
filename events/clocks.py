"""Clocks of events: how long somebody has, when it runs out, and how much of it is used.

Pure: no Django and no database, so that requests, jobs, imports and the demo county count alike.

What the units mean (DESIGN.md, "Clocks"; the units of data/case_standards.csv):

========================  =====================================================================
urgent_hour 紧急工作时     3,600 s; the clock runs through nights, weekends and holidays
urgent_day 紧急工作日      24 urgent hours
work_hour 工作时           3,600 s of working time: 08:00-12:00 and 14:00-18:00 on working days
work_day 工作日            8 working hours, wherever in the day they begin
natural_day 自然日         a calendar day: the same time of day n days later, holidays included
========================  =====================================================================

Conventions, so that every figure has one answer:

* All civil time is Beijing time, UTC+8 without summer time (none since 1991). Results carry it;
  any aware datetime is accepted.
* A deadline is the *earliest* moment at which the whole limit is used. It falls on the end of a
  working span, never on the start of the next one: 18:00 and not tomorrow's 08:00, 12:00 and not
  14:00. So one working day from 10:00 ends at 10:00 of the next working day, from 08:00 at 18:00
  of the same day, and from 14:00 at 12:00 of the next one (its eight hours are full at noon).
* A limit of nothing is due at once, also at night.
* The moment of the deadline itself is still in time, one microsecond later is late; yellow likewise.
* Arithmetic is in whole microseconds: ``used_seconds(start, deadline(start, n))`` is exactly n.
* A suspension 挂账 stops clocks of every unit, urgent ones too: what is kept is the remaining
  time *of that clock*, so a holiday inside a suspension neither costs nor gives working time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

BEIJING = timezone(timedelta(hours=8), "CST")
DEFAULT_YELLOW_SHARE = 0.75


class LimitUnit(StrEnum):
    """Units of a time limit; the values are those of the case standards and of the database."""

    URGENT_HOUR = "urgent_hour"
    URGENT_DAY = "urgent_day"
    WORK_HOUR = "work_hour"
    WORK_DAY = "work_day"
    NATURAL_DAY = "natural_day"


WORK_UNITS = frozenset({LimitUnit.WORK_HOUR, LimitUnit.WORK_DAY})

_SECOND = 1_000_000  # everything below counts microseconds
_HOUR = 3600 * _SECOND
_DAY = 24 * _HOUR
_SPANS = ((8 * _HOUR, 12 * _HOUR), (14 * _HOUR, 18 * _HOUR))  # working time from midnight
_WORK_DAY = sum(end - begin for begin, end in _SPANS)
_SIZE = {
    LimitUnit.URGENT_HOUR: _HOUR,
    LimitUnit.URGENT_DAY: _DAY,
    LimitUnit.WORK_HOUR: _HOUR,
    LimitUnit.WORK_DAY: _WORK_DAY,
    LimitUnit.NATURAL_DAY: _DAY,
}
_EPOCH = datetime(1970, 1, 1, tzinfo=BEIJING)
_EPOCH_ORDINAL = _EPOCH.toordinal()


def _weekdays_through(ordinal: int) -> int:
    """Mondays to Fridays from 0001-01-01, a Monday with ordinal 1, up to and including this day."""
    weeks, rest = divmod(ordinal, 7)
    return weeks * 5 + min(rest, 5)


def _nth_weekday(n: int) -> int:
    """Ordinal of the n-th Monday-to-Friday; the inverse of _weekdays_through."""
    weeks, rest = divmod(n - 1, 5)
    return weeks * 7 + rest + 1


@dataclass(frozen=True)
class WorkCalendar:
    """Which days are worked: Monday to Friday, but for the days that the calendar names.

    `exceptions` maps a day to whether it is worked: public holidays False, make-up workdays
    (调休上班) True. A year without data is plain Monday to Friday, so asking never fails; whether a
    year can be trusted is said by `known_years` (by default, the years of the exceptions).

    Counting is closed-form for weekdays plus a bisection over the exceptions: the cost does not
    grow with the length of a limit, and there is no first or last year.
    """

    exceptions: Mapping[date, bool] = field(default_factory=dict)
    known_years: frozenset[int] | Iterable[int] | None = None

    def __post_init__(self):
        days = dict(self.exceptions)
        years = {day.year for day in days} if self.known_years is None else self.known_years
        turned = [
            (day.toordinal(), 1 if working else -1)
            for day, working in sorted(days.items())
            if working != (day.weekday() < 5)
        ]
        shifts = [0]
        for _, step in turned:
            shifts.append(shifts[-1] + step)
        ordinals = [ordinal for ordinal, _ in turned]
        worked = [_weekdays_through(day) + shifts[i + 1] for i, day in enumerate(ordinals)]
        put = object.__setattr__  # the class is frozen; this is its constructor
        put(self, "exceptions", MappingProxyType(days))
        put(self, "known_years", frozenset(years))
        put(self, "_ordinals", ordinals)  # days that differ from Monday to Friday, in order
        put(self, "_shifts", shifts)  # correction of the weekday count before each of them
        put(self, "_through", {})  # answers given before: a county's clocks ask about the same few days
        put(self, "_worked", worked)  # working days up to and including each of them

    def __hash__(self):
        return hash(frozenset(self.exceptions.items()))

    def __reduce__(self):
        # A read-only view does not travel to other processes; what it shows does.
        return WorkCalendar, (dict(self.exceptions), self.known_years)

    def is_working(self, day: date) -> bool:
        """Whether this civil day (not a datetime) is worked."""
        named = self.exceptions.get(day)
        return day.weekday() < 5 if named is None else named

    def working_days_through(self, ordinal: int) -> int:
        """Number of working days from 0001-01-01 up to and including the day with this ordinal."""
        found = self._through.get(ordinal)
        if found is None:
            shift = self._shifts[bisect_left(self._ordinals, ordinal + 1)]
            found = self._through[ordinal] = _weekdays_through(ordinal) + shift
        return found

    def nth_working_day(self, n: int) -> int:
        """Ordinal of the n-th working day since 0001-01-01, from 1."""
        i = bisect_left(self._worked, n)
        day = _nth_weekday(n - self._shifts[i])
        # A make-up workday on a weekend is the n-th itself when the weekday would come after it.
        return min(day, self._ordinals[i]) if i < len(self._ordinals) else day

    def next_working_day(self, day: date) -> date:
        """The first working day after this one."""
        return date.fromordinal(self.nth_working_day(self.working_days_through(day.toordinal()) + 1))


def _instant(moment: datetime) -> int:
    """Microseconds since 1970-01-01 00:00 Beijing time. ValueError for a naive datetime."""
    if moment.utcoffset() is None:
        raise ValueError(f"a clock needs a datetime with a time zone, got the naive {moment!r}")
    gap = moment - _EPOCH
    return gap.days * _DAY + gap.seconds * _SECOND + gap.microseconds


def _moment(instant: int) -> datetime:
    return _EPOCH + timedelta(microseconds=instant)


def _worked_until(instant: int, calendar: WorkCalendar) -> int:
    """Working microseconds from the first day of all until this instant."""
    day, time = divmod(instant, _DAY)
    ordinal = day + _EPOCH_ORDINAL
    through = calendar.working_days_through(ordinal)
    before = calendar.working_days_through(ordinal - 1)
    if through == before:
        return through * _WORK_DAY
    today = 0
    for begin, end in _SPANS:
        if time > begin:
            today += min(time, end) - begin
    return before * _WORK_DAY + today


def _instant_worked(worked: int, calendar: WorkCalendar) -> int:
    """The earliest instant by which this much has been worked; the inverse of _worked_until."""
    full_days, rest = divmod(worked - 1, _WORK_DAY)
    midnight = (calendar.nth_working_day(full_days + 1) - _EPOCH_ORDINAL) * _DAY
    rest += 1  # 1 µs to a whole day: a full day ends at 18:00, it does not begin the next
    for begin, end in _SPANS:
        if rest <= end - begin:
            return midnight + begin + rest
        rest -= end - begin
    raise AssertionError("a working day holds no more than its spans")


def _move(moment: datetime, span: int, unit: str, calendar: WorkCalendar) -> datetime:
    """The moment `span` microseconds of this clock away, backwards when negative."""
    start = _instant(moment)
    if unit not in _SIZE:
        raise ValueError(_unknown(unit))
    if not span:
        return _moment(start)
    if unit in WORK_UNITS:
        return _moment(_instant_worked(_worked_until(start, calendar) + span, calendar))
    return _moment(start + span)


def _limit(amount: Decimal | float | int, unit: str) -> int:
    """A limit in microseconds of its clock. ValueError: negative, not a number, or no such unit."""
    size = _SIZE.get(unit)
    if size is None:
        raise ValueError(_unknown(unit))
    if not amount >= 0:  # also catches NaN
        raise ValueError(f"a limit cannot be {amount}")
    return round(amount * size)


def _unknown(unit: str) -> str:
    return f"no such unit of a limit: {unit!r}; there are {', '.join(LimitUnit)}"


def limit_seconds(amount: Decimal | float | int, unit: str) -> float:
    """A limit in seconds of its own clock: a work_day is 28,800 s, an urgent or natural day 86,400 s.

    Raises ValueError for an unknown unit and for an amount below zero.
    """
    return _limit(amount, unit) / _SECOND


def deadline(start: datetime, amount: Decimal | float | int, unit: str, calendar: WorkCalendar) -> datetime:
    """The moment at which a limit begun at `start` is used up, in Beijing time.

    Raises ValueError for a naive `start`, an unknown unit or a negative amount, and OverflowError
    past the year 9999.
    """
    return _move(start, _limit(amount, unit), unit, calendar)


def used_seconds(start: datetime, end: datetime, unit: str, calendar: WorkCalendar) -> float:
    """Seconds of the unit's clock between two moments; negative when `end` comes first."""
    begin, stop = _instant(start), _instant(end)
    if unit not in _SIZE:
        raise ValueError(_unknown(unit))
    if unit in WORK_UNITS:
        return (_worked_until(stop, calendar) - _worked_until(begin, calendar)) / _SECOND
    return (stop - begin) / _SECOND


def used_share(
    start: datetime, end: datetime, amount: Decimal | float | int, unit: str, calendar: WorkCalendar
) -> float:
    """Used part of the limit: 0.0 fresh, 1.0 at the deadline, more when late, never below 0.

    A limit of nothing is used up (1.0) from the start.
    """
    limit = limit_seconds(amount, unit)
    used = used_seconds(start, end, unit, calendar)
    return max(used / limit, 0.0) if limit else 1.0


@dataclass(frozen=True)
class Clock:
    """One limit that runs: `amount` of `unit` from `start`; yellow after `yellow_at`, late after `due_at`."""

    start: datetime
    amount: Decimal | float | int
    unit: str
    due_at: datetime
    yellow_at: datetime


def start_clock(
    start: datetime,
    amount: Decimal | float | int,
    unit: str,
    calendar: WorkCalendar,
    yellow_share: float = DEFAULT_YELLOW_SHARE,
) -> Clock:
    """A clock begun now; it turns yellow when `yellow_share` (0 to 1) of the limit is used.

    Raises what `deadline` raises, and ValueError for a share outside 0 to 1.
    """
    limit = _limit(amount, unit)
    yellow = limit - _spare(limit, yellow_share)
    due_at = _move(start, limit, unit, calendar)
    return Clock(start, amount, unit, due_at, _move(start, yellow, unit, calendar))


def yellow_before(
    due_at: datetime,
    limit: float,
    unit: str,
    calendar: WorkCalendar,
    yellow_share: float = DEFAULT_YELLOW_SHARE,
) -> datetime:
    """When a clock due at `due_at` turns yellow, from its whole limit in seconds of the clock.

    For deadlines that moved (`resume`, `extend`): for an extension, pass old limit + granted time.
    """
    return _move(due_at, -_spare(round(limit * _SECOND), yellow_share), unit, calendar)


def _spare(limit: int, yellow_share: float) -> int:
    """The microseconds left of a limit when its light turns yellow."""
    if not 0 <= yellow_share <= 1:
        raise ValueError(f"the yellow share lies between 0 and 1, not at {yellow_share}")
    return limit - round(limit * yellow_share)


def remaining_seconds(at: datetime, due_at: datetime, unit: str, calendar: WorkCalendar) -> float:
    """Seconds of the clock left at a moment; negative by as much as it is late already."""
    return used_seconds(at, due_at, unit, calendar)


def pause(clock: Clock, at: datetime, calendar: WorkCalendar) -> float:
    """Stop a clock (挂账): the seconds of it that are left, to be kept and handed to `resume`."""
    return remaining_seconds(at, clock.due_at, clock.unit, calendar)


def resume(remaining: float, unit: str, at: datetime, calendar: WorkCalendar) -> datetime:
    """The new deadline of a clock that goes on at `at` with so many seconds of it left.

    A clock that was late already (negative rest) goes on being late by the same time.
    """
    return _move(at, round(remaining * _SECOND), unit, calendar)


def extend(
    due_at: datetime, amount: Decimal | float | int, unit: str, calendar: WorkCalendar
) -> datetime:
    """The deadline after more time was granted (延期): so much more, counted from the old deadline.

    The unit may differ from the clock's own: two natural days on top of five working days.
    """
    return deadline(due_at, amount, unit, calendar)


def light(now: datetime, yellow_at: datetime | None, due_at: datetime | None) -> str:
    """ "green", "yellow" after `yellow_at`, "red" after `due_at`; "" where no clock runs (no `due_at`)."""
    if due_at is None:
        return ""
    if now > due_at:
        return "red"
    return "yellow" if yellow_at is not None and now > yellow_at else "green"
