"""The working calendar in the database: filled from a library, kept in every process, missing years named.

The rule of which time is working time is `events.clocks`; here are only its days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import chinese_calendar
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core import versions
from events.clocks import WorkCalendar
from events.models.calendar import CalendarDay

FIRST_YEAR = 2024
NOTICE_MONTH = 10  # next year's notice comes out in late October or November; ask from October on
NATIONAL_DAY = (10, 1)


@dataclass(frozen=True)
class Filled:
    """What `fill` did to one year. `available` is False when the library has no such year."""

    year: int
    available: bool = True
    added: int = 0
    corrected: int = 0
    kept: tuple[date, ...] = ()  # set here, and unlike the notice: left alone
    unmatched: tuple[date, ...] = ()  # said to be of the notice, which does not name them: left alone


def library_years(since: int = FIRST_YEAR) -> list[int]:
    """The years the installed library has complete data for, from `since` on.

    A New Year's holiday may begin in the old year's December, so a year counts by its 1 October,
    a holiday by law in every year.
    """
    days = chinese_calendar.holidays
    return sorted({day.year for day in days if (day.month, day.day) == NATIONAL_DAY and day.year >= since})


def _notice(year: int) -> dict[date, tuple[bool, str]]:
    """The library's days of a year: whether worked, and the Chinese name."""
    chinese = {holiday.value: holiday.chinese for holiday in chinese_calendar.Holiday}
    off = {day: (False, chinese.get(name, name)) for day, name in chinese_calendar.holidays.items()}
    made_up = {
        day: (True, f"{chinese.get(name, name)}调休上班") for day, name in chinese_calendar.workdays.items()
    }
    return {day: what for day, what in (off | made_up).items() if day.year == year}


@transaction.atomic
def fill(year: int) -> Filled:
    """Write the State Council's days of a year into the table. Running it twice changes nothing.

    Rows set here (`source="local"`) are never touched. A year the library does not have is no error:
    the answer says `available=False` and nothing is written.
    """
    if year not in library_years(since=year):
        return Filled(year, available=False)
    notice = _notice(year)
    rows = list(CalendarDay.objects.filter(date__year=year).order_by("date"))
    ours = [row for row in rows if row.source == CalendarDay.Source.STATE_COUNCIL]
    local = [row for row in rows if row.source != CalendarDay.Source.STATE_COUNCIL]
    wrong = [row for row in ours if notice.get(row.date, (row.working, row.name)) != (row.working, row.name)]
    return Filled(
        year,
        added=_add(notice, besides={row.date for row in rows}),
        corrected=_correct(wrong, notice),
        kept=tuple(row.date for row in local if row.date in notice and row.working != notice[row.date][0]),
        unmatched=tuple(row.date for row in ours if row.date not in notice),
    )


def _add(notice, *, besides: set[date]) -> int:
    new = [
        CalendarDay(date=day, working=working, name=name, source=CalendarDay.Source.STATE_COUNCIL)
        for day, (working, name) in notice.items()
        if day not in besides
    ]
    if new:  # of two fills at once, the second meets the first one's rows
        CalendarDay.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def _correct(rows, notice) -> int:
    for row in rows:
        row.working, row.name = notice[row.date]
    if rows:
        CalendarDay.objects.bulk_update(rows, ["working", "name"])
    return len(rows)


def _known_years(days) -> set[int]:
    """The years with a whole calendar: those whose 1 October is entered, whoever entered it.

    A single local day off does not make a year known; a notice typed in by hand does.
    """
    return {day.year for day in days if (day.month, day.day) == NATIONAL_DAY}


def _load() -> WorkCalendar:
    exceptions = dict(CalendarDay.objects.values_list("date", "working"))
    return WorkCalendar(exceptions, _known_years(exceptions))


_kept = versions.Kept(_load, "calendar")


def current(data_versions: Mapping[str, int] | None = None) -> WorkCalendar:
    """The calendar as it stands, kept in this process until the table changes.

    Costs one query (the data versions), or none when they are passed as read in this request;
    one more after a change.
    """
    return _kept.get(data_versions)


def forget():
    """Read the calendar anew at the next `current` (tests, whose databases are rolled back)."""
    _kept.forget()


def years_missing(today: date | None = None) -> list[int]:
    """Years that working limits need now and that the calendar does not have: one query.

    This year, and from October on the next. `today` is a day in Beijing, by default the present one.
    """
    today = today or timezone.localdate()
    needed = [today.year, today.year + 1] if today.month >= NOTICE_MONTH else [today.year]
    days = CalendarDay.objects.filter(date__in=[date(year, *NATIONAL_DAY) for year in needed])
    known = _known_years(days.values_list("date", flat=True))
    return [year for year in needed if year not in known]


def missing_words(years: list[int]) -> tuple[str, str]:
    """The warning about these years and what to do about it, for the check and the admin."""
    return (
        _("The working calendar has no public holidays for %(years)s: Monday to Friday are taken as worked.")
        % {"years": ", ".join(map(str, years))},
        _(
            "Update the package chinesecalendar and run 'manage.py fill_calendar', or enter the days of the "
            "State Council's notice as calendar days in the admin, 1 October among them."
        ),
    )
