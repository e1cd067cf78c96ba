"""Pages of the desk's lists by key: the deepest costs what the first one costs, in every order that is offered."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError

from core.api.pagination import Keyset, decode, encode
from events.models.event import EventQuerySet

PAGE_SIZES, USUAL_SIZE = (20, 30, 50, 100), 30
MOST_DIGITS = 18  # fits into a bigint


@dataclass(frozen=True)
class Order:
    """An order of the list: each walks an index. `opposite` is the order that a second press asks for."""

    name: str
    label: str
    keyset: Keyset
    kinds: tuple[type, ...]
    opposite: str

    def key(self, event) -> tuple:
        return tuple(getattr(event, field) for field in self.keyset.fields)


BY_ID, BY_NUMBER = ("id",), ("number", "id")


def by_due(descending=False) -> Keyset:
    """By the running clock; those without one come last."""
    return Keyset(("due_at", "id"), descending, nulls_last=True, valued=EventQuerySet.running)


ORDERS = {
    order.name: order
    for order in (
        Order("urgent", _("Most urgent first"), by_due(), (datetime, int), "calm"),
        Order("calm", _("Least urgent first"), by_due(descending=True), (datetime, int), "urgent"),
        Order("newest", _("Newest first"), Keyset(BY_ID, True), (int,), "oldest"),
        Order("oldest", _("Oldest first"), Keyset(BY_ID), (int,), "newest"),
        Order("number", _("By case number"), Keyset(BY_NUMBER, nulls_last=True), (str, int), "number_down"),
        Order(
            "number_down", _("By case number, downwards"), Keyset(BY_NUMBER, True, nulls_last=True), (str, int), "number"
        ),
    )
}


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
    return found if (found := number(text)) in PAGE_SIZES else USUAL_SIZE


def page(queryset, order: Order, cursor: str, size: int) -> Page:
    """The rows after the cursor. A cursor that cannot be read, or was made for another order, is the first page."""
    position = position_of(order, cursor)
    rows = order.keyset.page(queryset, position, False, size + 1)
    more = len(rows) > size
    return Page(rows[:size], encode(order.name, *order.key(rows[size - 1])) if more else "", position is None)


def position_of(order: Order, cursor: str) -> list | None:
    if not cursor:
        return None
    try:
        name, *position = decode(cursor, str, *order.kinds)
    except ValidationError:
        return None
    needed = position[1:] if order.keyset.nulls_last else position
    return position if name == order.name and None not in needed else None


def sorter(order: Order) -> Callable:
    """The order of the list as a key for `sorted` and comparisons in this process, empty values last."""
    down = order.keyset.descending

    def key(values):
        first, *rest = values
        return (first is None, Turned(first, down) if first is not None else 0, *(Turned(v, down) for v in rest))

    return key


@dataclass(frozen=True, order=False)
class Turned:
    """A value that compares the other way round, if asked to."""

    value: object
    down: bool

    def __lt__(self, other):
        return self.value > other.value if self.down else self.value < other.value
