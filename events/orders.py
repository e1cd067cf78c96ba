"""The orders in which the desk's lists can be read, each as walks of indexes that can be continued anywhere.

An order is a few parts, one after the other: those with a running clock, then those without; or each step of the process
in turn. Each part is one walk. What a person may see and what is filtered comes on top, as for any list (ADR 6).
"""

from collections.abc import Callable
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
from grids.scope import Scope

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

    def __init__(self, fields, position, sign):
        super().__init__(F(*fields), Value(*position))
        self.sign = sign

    def as_sql(self, compiler, connection, **_context):
        sign = f"~{self.sign}~" if connection.vendor == "postgresql" else self.sign
        return super().as_sql(compiler, connection, template="%(expressions)s", arg_joiner=f" {sign} ")


@dataclass(frozen=True)
class Key:
    """One column of a walk. `loose`: in an order that no index has."""

    field: str
    down: bool = False
    bytes: bool = False
    loose: bool = False

    def order(self):
        order = (InBytes if self.bytes else OrderBy)(F(self.field), descending=self.down)
        return reasons.loose(order) if self.loose else order

    @property
    def sign(self):
        return "<" if self.down else ">"

    def beyond(self, value):
        kind = BytesBeyond if self.bytes else Beyond
        return kind((self.field,), (value,), self.sign)


@dataclass(frozen=True)
class Walk:
    """Columns that together are unique."""

    keys: tuple[Key, ...]

    @property
    def fields(self):
        return tuple(key.field for key in self.keys)

    def page(self, rows, position, size):
        """Up to `size` rows beyond `position`."""
        order, found = [key.order() for key in self.keys], []
        for part in self._beyond(rows, position):
            if len(found) < size:
                found += reasons.first(part, order, size - len(found), sort_few=True)
        return found

    def _beyond(self, rows, position):
        if position is None:
            return [rows]
        if len({(key.down, key.bytes) for key in self.keys}) == 1:
            return [rows.filter(Beyond(self.fields, position, self.keys[0].sign))]
        # Columns that run both ways cannot be compared as one: what is left of the last row's group, then the groups
        # beyond it, each a range of the index.
        parts = []
        for depth in reversed(range(len(self.keys))):
            same = {key.field: value for key, value in zip(self.keys[:depth], position[:depth], strict=True)}
            parts.append(rows.filter(self.keys[depth].beyond(position[depth]), **same))
        return parts


def one_way(*fields, down=False) -> Walk:
    return Walk(tuple(Key(field, down) for field in fields))


def grouped(field, down, **options) -> Walk:
    """Group by group, newest first on the way down an index that ends in `-id`; the other way it is read backwards."""
    return Walk((Key(field, down, **options), Key("id", not down)))


@dataclass(frozen=True)
class Part:
    """`rows` narrows a list to this part, `holds` says of one event whether it is in it."""

    walk: Walk
    rows: Callable[[QuerySet], QuerySet] = lambda rows: rows
    holds: Callable[[Event], bool] = lambda event: True

    @property
    def kinds(self) -> tuple[type, ...]:
        return tuple(KINDS.get(field, str) for field in self.walk.fields)

    @property
    def downs(self) -> tuple[bool, ...]:
        return tuple(key.down for key in self.walk.keys)

    def loosely(self) -> "Part":
        first, *keys = self.walk.keys
        return replace(self, walk=Walk((replace(first, loose=True), *keys)))


@dataclass(frozen=True)
class Order:
    """`opposite` is the order that a second press asks for.

    `unit`: the column of units that it goes by. `lumpy`: its groups are so uneven that in one village some are all but
    empty, and a walk would look for their rows in the whole county.
    """

    name: str
    label: str
    opposite: str
    parts: tuple[Part, ...]
    descending: bool = False
    unit: str = ""
    lumpy: bool = False

    def key(self, event) -> tuple:
        """Where an event stands: its part, and its place in it."""
        at, part = next((n, part) for n, part in enumerate(self.parts) if part.holds(event))
        return (at, *(getattr(event, field) for field in part.walk.fields))

    def within(self, user, path: str | None) -> "Order":
        """The same for what this person sees below `path`: by unit, theirs come first.

        Events of one place lie with few units: a walk over all units would pass half the county before it meets one.
        Those of other units, of which there are hardly any, are sorted; and so is all of a village, which is little.
        """
        paths, of_department = [path] if path else Scope.of(user).land, not path and not Scope.of(user).roots
        if self.lumpy and not of_department and all(one.count("/") >= VILLAGE for one in paths):
            return replace(self, parts=tuple(part.loosely() for part in self.parts))
        if not self.unit or (not of_department and any(one.count("/") == TERRITORY for one in paths)):
            return self
        units = Scope.of(user).department_ids if of_department else _units_of(paths)
        field, (part, *rest) = self.unit, self.parts
        near = Q(**{f"{field}__in": units})
        parts = (
            Part(
                part.walk, lambda rows: part.rows(rows).filter(near),
                lambda event: part.holds(event) and getattr(event, field) in units,
            ),
            replace(part, rows=lambda rows: part.rows(rows).exclude(near)).loosely(),
        )  # fmt: skip
        return replace(self, parts=(*parts, *rest))


TERRITORY, VILLAGE = 2, 5  # slashes in a path


def _units_of(paths) -> frozenset[int]:
    """Units whose land touches one of these paths."""
    units = directory.current().units.values()
    touch = (u for u in units if any(u.path.startswith(path) or path.startswith(u.path) for path in paths))
    return frozenset(u.pk for u in touch)


NEWEST = one_way("id", down=True)


def by_due(descending=False) -> Keyset:
    """By the running clock; those without one come last."""
    return Keyset(("due_at", "id"), descending, nulls_last=True, valued=EventQuerySet.running)


def _clock(down):
    return (
        Part(one_way("due_at", "id", down=down), EventQuerySet.running, lambda e: e.due_at is not None),
        Part(one_way("id", down=down), lambda rows: rows.filter(due_at=None)),
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


def _pair(names, labels, parts, first_down=False, **facts):
    """An order and its opposite. `parts(down)` makes either."""
    (name, other), (label, other_label) = names, labels
    return (
        Order(name, label, other, parts(first_down), first_down, **facts),
        Order(other, other_label, name, parts(not first_down), not first_down, **facts),
    )


ORDERS = {
    order.name: order
    for pair in (
        _pair(("urgent", "calm"), (_("Most urgent first"), _("Least urgent first")), _clock),
        _pair(
            ("newest", "oldest"), (_("Newest first"), _("Oldest first")),
            lambda down: (Part(one_way("id", down=down)),), first_down=True,
        ),
        _pair(
            ("number", "number_down"), (_("By case number"), _("By case number, downwards")),
            lambda down: _with("number", one_way("number", "id", down=down)),
        ),
        _pair(
            ("kind", "kind_down"), (_("By kind"), _("By kind, downwards")),
            lambda down: _with("standard_id", one_way("standard_id", "reported_at", "id", down=down)),
            lumpy=True,
        ),
        _pair(
            ("step", "step_down"), (_("By step, first ones first"), _("By step, last ones first")),
            lambda down: _values("status", (*OPEN, *FINISHED), down), lumpy=True,
        ),
        _pair(
            ("place", "place_down"), (_("By place, grid by grid"), _("By place, downwards")),
            lambda down: (Part(grouped("path", down, bytes=True)),),
        ),
        _pair(
            ("unit", "unit_down"), (_("By the unit it lies with"), _("By the unit it lies with, downwards")),
            lambda down: _open(grouped("holder_id", down)), unit="holder_id", lumpy=True,
        ),
        _pair(
            ("lead", "lead_down"), (_("By lead unit"), _("By lead unit, downwards")),
            lambda down: _with("lead_id", grouped("lead_id", down)), unit="lead_id", lumpy=True,
        ),
        _pair(
            ("source", "source_down"), (_("By source"), _("By source, downwards")),
            lambda down: _values("source", tuple(Source.values), down), lumpy=True,
        ),
        _pair(
            ("grave", "grave_down"), (_("Critical and urgent ones first"), _("Normal ones first")),
            lambda down: _values("urgency", tuple(Urgency.values), down), first_down=True, lumpy=True,
        ),
        _pair(
            ("waited", "waited_down"), (_("Longest in their step first"), _("Shortest in their step first")),
            lambda down: _open(one_way("stage_since", "id", down=down)),
        ),
    )
    for order in pair
}  # fmt: skip
