"""Pages of lists by key: `after` is the text of the last row's place, "2026-03-01_17" or "17"."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

MOST_DIGITS = 18  # fits into a bigint
SIZE = 50


@dataclass(frozen=True)
class Page:
    """`rows`, and `next`: what to give as `after` for the following page (empty on the last one)."""

    rows: list
    next: str = ""


def by_id(rows: QuerySet, after: str, size: int = SIZE) -> Page:
    """In the order of ids. An `after` that cannot be read is the beginning."""
    _day, pk = place(after)
    return _cut(rows.filter(pk__gt=pk or 0).order_by("pk"), size, lambda row: str(row.pk))


def by_day(rows: QuerySet, field: str, after: str, size: int = SIZE) -> Page:
    """By the day in `field` (never empty), then by id: the longest overdue first."""
    day, pk = place(after)
    if day is not None and pk is not None:
        rows = rows.filter(Q(**{f"{field}__gte": day}), Q(**{f"{field}__gt": day}) | Q(pk__gt=pk))
    return _cut(rows.order_by(field, "pk"), size, lambda row: f"{getattr(row, field)}_{row.pk}")


def place(after: str) -> tuple[date | None, int | None]:
    """(day, id) of an `after`; None for what cannot be read."""
    day, _sep, pk = str(after or "").rpartition("_")
    try:
        found = date.fromisoformat(day) if day else None
    except ValueError:
        return None, None
    return found, int(pk) if pk.isascii() and pk.isdigit() and len(pk) <= MOST_DIGITS else None


def _cut(rows, size, key) -> Page:
    found = list(rows[: size + 1])
    return Page(found[:size], key(found[size - 1]) if len(found) > size else "")
