"""Pages of lists by key: the deepest costs what the first one costs. The order is by id, or by urgency."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q

PAGE_SIZES = (20, 50, 100)
MOST_DIGITS = 18  # fits into a bigint
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Page:
    """`rows`, and the cursor of the next page (empty on the last one)."""

    rows: list
    next: str = ""
    first: bool = True


def number(text) -> int | None:
    """A whole number from an address, as a row's id can be; None for anything else (²,  a hundred digits …)."""
    text = str(text or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def words(text: str | None) -> str:
    """What somebody typed into a search box, without the NUL that PostgreSQL refuses."""
    return (text or "").replace("\0", "").strip()


def size_from(text: str | None) -> int:
    return found if (found := number(text)) in PAGE_SIZES else PAGE_SIZES[0]


def newest_first(queryset, cursor: str, size: int) -> Page:
    """By id, downwards. A cursor that cannot be read is the first page."""
    last = number(cursor)
    if last is not None:
        queryset = queryset.filter(pk__lt=last)
    rows = list(queryset.order_by("-pk")[: size + 1])
    more = len(rows) > size
    return Page(rows[:size], str(rows[size - 1].pk) if more else "", last is None)


def most_urgent_first(queryset, cursor: str, size: int) -> Page:
    """By the running deadline, those without one last; then by id."""
    after = _parse(cursor)
    if after is not None:
        due_at, pk = after
        later = Q(due_at__gt=due_at) | Q(due_at=None) | Q(due_at=due_at, pk__gt=pk) if due_at else Q(due_at=None, pk__gt=pk)
        queryset = queryset.filter(later)
    rows = list(queryset.most_urgent_first()[: size + 1])
    more = len(rows) > size
    return Page(rows[:size], _cursor(rows[size - 1]) if more else "", after is None)


def _cursor(event) -> str:
    since = (event.due_at - EPOCH) // MICROSECOND if event.due_at else ""
    return f"{since}_{event.pk}"


def _parse(cursor):
    due, _sep, pk = cursor.rpartition("_")
    pk, since = number(pk), number(due)
    if pk is None or (due and since is None):
        return None
    try:
        return (EPOCH + since * MICROSECOND if due else None), pk
    except OverflowError:
        return None
