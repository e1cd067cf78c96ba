"""Pages of the desk's lists by key: the deepest costs what the first one costs, in every order that is offered."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from rest_framework.exceptions import ValidationError

from core.api.pagination import decode, encode
from events.orders import Order

PAGE_SIZES, USUAL_SIZE = (20, 30, 50, 100), 30
MOST_DIGITS = 18  # fits into a bigint


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
    at, *where = position or (0,)
    rows: list = []
    for part in order.parts[at:]:
        if len(rows) <= size:
            rows += part.walk.page(part.rows(queryset), where or None, size + 1 - len(rows))
        where = None
    more = len(rows) > size
    return Page(rows[:size], encode(order.name, *order.key(rows[size - 1])) if more else "", position is None)


def position_of(order: Order, cursor: str) -> list | None:
    """[part, its values …], as `Order.key` says them."""
    for at, part in enumerate(order.parts if cursor else ()):
        with suppress(ValidationError):
            name, *position = decode(cursor, str, int, *part.kinds)
            if name == order.name and position[0] == at and None not in position:
                return position
    return None


def sorter(order: Order) -> Callable:
    """Makes of what `Order.key` says a key for `sorted` and comparisons in this process."""

    def key(values):
        at, *rest = values
        return (at, *map(Turned, rest, order.parts[at].downs))

    return key


@dataclass(frozen=True, order=False)
class Turned:
    """A value that compares the other way round, if asked to."""

    value: object
    down: bool

    def __lt__(self, other):
        return self.value > other.value if self.down else self.value < other.value
