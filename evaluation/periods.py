"""Months and quarters as local days: pure arithmetic, no database."""

import re
from collections.abc import Iterator
from datetime import date

from django.utils.translation import gettext as _

from core.errors import Invalid
from evaluation.models.scheme import Kind

MONTHS = {Kind.WORKER_MONTH: 1, Kind.DEPARTMENT_QUARTER: 3}
SHORT = {"month": Kind.WORKER_MONTH, "quarter": Kind.DEPARTMENT_QUARTER}
_NAMES = {
    Kind.WORKER_MONTH: re.compile(r"(?P<year>\d{4})-(?P<number>\d{2})"),
    Kind.DEPARTMENT_QUARTER: re.compile(r"(?P<year>\d{4})-?Q(?P<number>[1-4])", re.IGNORECASE),
}


def kind_of(word: str) -> Kind:
    """`month`, `quarter` or a kind's own name. Raises Invalid."""
    if word in SHORT:
        return SHORT[word]
    if word in Kind.values:
        return Kind(word)
    raise Invalid(fields={"kind": [_("Expected “month” or “quarter”.")]})


def start_of(kind, day: date) -> date:
    """The first day of the period that holds `day`."""
    length = MONTHS[kind]
    return date(day.year, (day.month - 1) // length * length + 1, 1)


def end_of(kind, start: date) -> date:
    """The first day after the period that begins on `start`. Raises Invalid if none begins there."""
    if start_of(kind, start) != start:
        raise Invalid(fields={"start": [_("No such period begins on %(day)s.") % {"day": start}]})
    months = start.year * 12 + start.month - 1 + MONTHS[kind]
    return date(months // 12, months % 12 + 1, 1)


def before(kind, day: date) -> date:
    """The start of the last period that is over on `day`: last month, last quarter."""
    months = (start := start_of(kind, day)).year * 12 + start.month - 1 - MONTHS[kind]
    return date(months // 12, months % 12 + 1, 1)


def between(kind, first: date, day: date) -> Iterator[date]:
    """Starts of the periods from the one that holds `first` to the last that is over on `day`."""
    start = start_of(kind, first)
    while (end := end_of(kind, start)) <= day:
        yield start
        start = end


def parse(kind, name: str) -> date:
    """The start of `2026-10` (month) or `2026Q3` (quarter). Raises Invalid."""
    match = _NAMES[kind].fullmatch(name.strip())
    number = (int(match["number"]) - 1) * MONTHS[kind] + 1 if match else 0
    if not 1 <= number <= 12 or int(match["year"]) == 0:
        words = (
            _("Expected a month such as 2026-10.")
            if kind == Kind.WORKER_MONTH
            else _("Expected a quarter such as 2026Q3.")
        )
        raise Invalid(fields={"period": [words]})
    return date(int(match["year"]), number, 1)
