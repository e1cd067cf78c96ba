"""The orders in which the desk's lists can be read, each as walks of indexes that can be continued anywhere.

An order is a few parts, one after the other: those with a running clock, then those without; or each step of the process
in turn. Each part is one walk. What a person may see and what is filtered comes on top, as for any list (ADR 6).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import F, Func, Q, QuerySet, Value
from django.db.models.expressions import OrderBy
from django.db.models.fields import BooleanField
from django.utils.translation import gettext_lazy as _

from core import reasons
from core.api.pagination import Beyond, Keyset
from events.models import Event
from events.models.event import EventQuerySet
from events.workflow import FINISHED, OPEN, Source, Urgency
from grids import directory

# What decides where an event stands, in whatever order.
KEY_FIELDS = (
    "due_at", "number", "status", "urgency", "source", "path", "holder_id", "lead_id", "standard_id", "reported_at",
    "stage_since",
)  # fmt: skip
KINDS = {
    "id": int, "holder_id": int, "lead_id": int, "standard_id": int,
    "due_at": datetime, "reported_at": datetime, "stage_since": datetime,
}  # fmt: skip


class InBytes(OrderBy):
    """In the order of bytes, as the index of paths is kept, whatever the collation of the database."""

    def as_postgresql(self, compiler, connection):
        # Django looks for ASC or DESC to tell two orders by the same column.
        sign, word = ("~>~", "DESC") if self.descending else ("~<~", "ASC")
        return super().as_sql(compiler, connection, template=f"%(expression)s USING {sign} /* {word} */")


class BytesBeyond(Func):
    output_field = BooleanField()

    def __init__(self, field, value, sign):
        super().__init__(F(field), Value(value))
        self.sign = sign

    def as_sql(self, compiler, connection, **_context):
        sign = f"~{self.sign}~" if connection.vendor == "postgresql" else self.sign
        return super().as_sql(compiler, connection, template="%(expressions)s", arg_joiner=f" {sign} ")


@dataclass(frozen=True)
class Key:
    """One column of a ladder. `loose`: in an order that no index is asked for, where walking it would pass all rows."""

    field: str
    down: bool = False
    bytes: bool = False
    loose: bool = False

    def order(self):
        if self.bytes:
            return InBytes(F(self.field), descending=self.down)
        column = F(self.field) + 0 if self.loose else F(self.field)
        return column.desc() if self.down else column.asc()

    def beyond(self, value):
        sign = "<" if self.down else ">"
        return BytesBeyond(self.field, value, sign) if self.bytes else Beyond((self.field,), (value,), sign)


@dataclass(frozen=True)
class Ladder:
    """A walk whose columns do not all run one way: what is left of the last row's group, then the groups beyond it.
    Each rung is a range of the index; a comparison of rows would be none."""

    keys: tuple[Key, ...]

    @property
    def fields(self):
        return tuple(key.field for key in self.keys)

    @property
    def downs(self):
        return tuple(key.down for key in self.keys)

    def page(self, rows, position, _backward, size):
        order, found = [key.order() for key in self.keys], []
        for rung in self._rungs(rows, position):
            if len(found) < size:
                found += reasons.first(rung, order, size - len(found))
        return found

    def _rungs(self, rows, position):
        if position is None:
            return [rows]
        rungs = []
        for depth in reversed(range(len(self.keys))):
            same = {key.field: value for key, value in zip(self.keys[:depth], position[:depth], strict=True)}
            rungs.append(rows.filter(self.keys[depth].beyond(position[depth]), **same))
        return rungs


@dataclass(frozen=True)
class Part:
    """`rows` narrows a list to this part, `holds` says of one event whether it is in it."""

    walk: Keyset | Ladder
    rows: Callable[[QuerySet], QuerySet] = lambda rows: rows
    holds: Callable[[Event], bool] = lambda event: True

    @property
    def kinds(self) -> tuple[type, ...]:
        return tuple(KINDS.get(field, str) for field in self.walk.fields)

    @property
    def downs(self) -> tuple[bool, ...]:
        walk = self.walk
        return walk.downs if isinstance(walk, Ladder) else (walk.descending,) * len(walk.fields)


@dataclass(frozen=True)
class Order:
    """`opposite` is the order that a second press asks for; `unit`: the column of units that it goes by."""

    name: str
    label: str
    opposite: str
    parts: tuple[Part, ...]
    descending: bool = False
    unit: str = ""

    def key(self, event) -> tuple:
        """Where an event stands: its part, and its place in it."""
        at, part = next((n, part) for n, part in enumerate(self.parts) if part.holds(event))
        return (at, *(getattr(event, field) for field in part.walk.fields))

    def among(self, units: Sequence[int] | None) -> "Order":
        """The same for a list of which most lies with `units` (None: with any): by unit, theirs come first.

        Rows of one place lie with few units, so that a walk over all of them would pass half the county before it
        meets one. The others, of which there are hardly any, are sorted.
        """
        if not self.unit or units is None:
            return self
        field, (part, *rest) = self.unit, self.parts
        near, other = Q(**{f"{field}__in": units}), ~Q(**{f"{field}__in": units})
        first, *keys = part.walk.keys
        loose = Ladder((replace(first, loose=True), *keys))
        parts = (
            Part(
                part.walk, lambda rows: part.rows(rows).filter(near),
                lambda e: part.holds(e) and getattr(e, field) in units,
            ),
            Part(loose, lambda rows: part.rows(rows).filter(other), part.holds),
        )
        return replace(self, parts=(*parts, *rest))


def units_of(paths, versions=None) -> frozenset[int] | None:
    """Units whose land touches one of these paths; None if one of them is the whole territory."""
    if any(path.count("/") == 2 for path in paths):
        return None
    units = directory.current(versions).units.values()
    touch = (u for u in units if any(u.path.startswith(path) or path.startswith(u.path) for path in paths))
    return frozenset(u.pk for u in touch)


NEWEST = Keyset(("id",), descending=True)


def by_due(descending=False) -> Keyset:
    """By the running clock; those without one come last."""
    return Keyset(("due_at", "id"), descending, nulls_last=True, valued=EventQuerySet.running)


def _clock(down):
    return (
        Part(Keyset(("due_at", "id"), down), EventQuerySet.running, lambda e: e.due_at is not None),
        Part(Keyset(("id",), down), lambda rows: rows.filter(due_at=None)),
    )


def _with(field, walk):
    """Those that have a value in this column, then the others, newest first."""
    return (
        Part(walk, lambda rows: rows.exclude(**{field: None}), lambda e: getattr(e, field) is not None),
        Part(NEWEST, lambda rows: rows.filter(**{field: None})),
    )


def _values(field, values, down):
    """Value by value, in an order that the alphabet does not know; within each the newest first."""

    def part(value):
        return Part(NEWEST, lambda rows: rows.filter(**{field: value}), lambda e: getattr(e, field) == value)

    return tuple(part(value) for value in (reversed(values) if down else values))


def _open(walk):
    """What is asked of open ones only; the finished come after them, newest first."""
    return (
        Part(walk, lambda rows: rows.filter(status__in=OPEN), lambda e: e.status in OPEN),
        Part(NEWEST, lambda rows: rows.filter(status__in=FINISHED)),
    )


def _ladder(field, down, **options):
    """Group by group, newest first on the way down an index that ends in `-id`; the other way it is read backwards."""
    return Ladder((Key(field, down, **options), Key("id", not down)))


def _pair(names, labels, parts, first_down=False, unit=""):
    """An order and its opposite. `parts(down)` makes either."""
    (name, other), (label, other_label) = names, labels
    return (
        Order(name, label, other, parts(first_down), first_down, unit),
        Order(other, other_label, name, parts(not first_down), not first_down, unit),
    )


ORDERS = {
    order.name: order
    for pair in (
        _pair(("urgent", "calm"), (_("Most urgent first"), _("Least urgent first")), _clock),
        _pair(
            ("newest", "oldest"), (_("Newest first"), _("Oldest first")),
            lambda down: (Part(Keyset(("id",), down)),), first_down=True,
        ),
        _pair(
            ("number", "number_down"), (_("By case number"), _("By case number, downwards")),
            lambda down: _with("number", Keyset(("number", "id"), down)),
        ),
        _pair(
            ("kind", "kind_down"), (_("By kind"), _("By kind, downwards")),
            lambda down: _with("standard_id", Keyset(("standard_id", "reported_at", "id"), down)),
        ),
        _pair(
            ("step", "step_down"), (_("By step, first ones first"), _("By step, last ones first")),
            lambda down: _values("status", (*OPEN, *FINISHED), down),
        ),
        _pair(
            ("place", "place_down"), (_("By place, grid by grid"), _("By place, downwards")),
            lambda down: (Part(_ladder("path", down=down, bytes=True)),),
        ),
        _pair(
            ("unit", "unit_down"), (_("By the unit it lies with"), _("By the unit it lies with, downwards")),
            lambda down: _open(_ladder("holder_id", down=down)), unit="holder_id",
        ),
        _pair(
            ("lead", "lead_down"), (_("By lead unit"), _("By lead unit, downwards")),
            lambda down: _with("lead_id", _ladder("lead_id", down=down)), unit="lead_id",
        ),
        _pair(
            ("source", "source_down"), (_("By source"), _("By source, downwards")),
            lambda down: _values("source", tuple(Source.values), down),
        ),
        _pair(
            ("grave", "grave_down"), (_("Critical and urgent ones first"), _("Normal ones first")),
            lambda down: _values("urgency", tuple(Urgency.values), down), first_down=True,
        ),
        _pair(
            ("waited", "waited_down"), (_("Longest in their step first"), _("Shortest in their step first")),
            lambda down: _open(Keyset(("stage_since", "id"), down)),
        ),
    )
    for order in pair
}  # fmt: skip
