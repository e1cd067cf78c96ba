"""Pages by key, not by offset: page 5,000 costs what page 1 costs."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from django.db.models import BooleanField, DateField, DateTimeField, F, Func, QuerySet, Value
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from core import reasons

MOST_DIGITS = 2**63 - 1
LONGEST_CURSOR = 400


@dataclass(frozen=True)
class Keyset:
    """An order in which a list can be continued: `fields` all run one way, together they are unique.

    `nulls_last`: the first field may be empty; such rows come after all others, by the second field alone. They
    are a query of their own, so that both parts walk an index. `valued` selects the others, where there is more to be
    said of them than that the field is not empty.
    """

    fields: tuple[str, ...]
    descending: bool = False
    nulls_last: bool = False
    valued: Callable[[QuerySet], QuerySet] | None = None

    def page(self, rows: QuerySet, position: Sequence | None, backward: bool, size: int) -> list:
        """Up to `size` rows after (or, `backward`, before) `position`, in the order of the list."""
        if self.nulls_last:
            found = self._page_with_nulls(rows, position, backward, size)
        else:
            found = self._walk(rows, self.fields, position, backward, size)
        return found[::-1] if backward else found

    def _page_with_nulls(self, rows, position, backward, size):
        first, rest = self.fields[0], self.fields[1:]
        valued = self.valued(rows) if self.valued else rows.filter(**{f"{first}__isnull": False})
        empty = rows.filter(**{first: None})
        among_empty = position is not None and position[0] is None
        parts = [
            (valued, self.fields, None if among_empty else position),
            (empty, rest, position[1:] if among_empty else None),
        ]
        if among_empty and not backward:
            parts = parts[1:]
        elif backward:
            parts = parts[::-1] if among_empty else parts[:1]
        found: list = []
        for part, fields, where in parts:
            if len(found) < size:
                found += self._walk(part, fields, where, backward, size - len(found))
        return found

    def _walk(self, rows, fields, position, backward, size):
        down = self.descending != backward
        if position is not None:
            rows = rows.filter(Beyond(fields, position, "<" if down else ">"))
        return list(reasons.first(rows, [F(f).desc() if down else F(f).asc() for f in fields], size))


class Beyond(Func):
    """(a, b) > (x, y): rows beyond a position. As one comparison of rows an index over the fields begins right there,
    and the planner knows how many may follow; said with OR and AND it expects hardly any, and sorts them all."""

    output_field = BooleanField()
    kinds = ((datetime, DateTimeField), (date, DateField))

    def __init__(self, fields: Sequence[str], position: Sequence, sign: str):
        marks = ", ".join(["%s"] * len(fields))
        self.row = f"({marks}) {sign} ({marks})" if len(fields) > 1 else f"{marks} {sign} {marks}"
        super().__init__(*map(F, fields), *map(self._value, position))

    def _value(self, value):
        return Value(value, next((field() for kind, field in self.kinds if isinstance(value, kind)), None))

    def as_sql(self, compiler, connection, **_context):
        parts, params = [], []
        for expression in self.source_expressions:
            sql, given = compiler.compile(expression)
            parts.append(sql)
            params += given
        return self.row % tuple(parts), params


def encode(*parts: Any) -> str:
    """An opaque cursor: base64url of a JSON list."""
    return base64.urlsafe_b64encode(orjson.dumps(parts)).rstrip(b"=").decode()


def decode(cursor: str, *kinds: type) -> list:
    """The parts of a cursor, checked against `kinds` (None is allowed everywhere). Raises ValidationError."""
    try:
        if len(cursor) > LONGEST_CURSOR:
            raise ValueError
        parts = orjson.loads(
            base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        )
        if not isinstance(parts, list) or len(parts) != len(kinds):
            raise ValueError
        return [_part(value, kind) for value, kind in zip(parts, kinds, strict=True)]
    except (ValueError, TypeError, binascii.Error) as error:
        raise ValidationError(
            {"cursor": [_("This cursor was not made here. Begin again without one.")]}
        ) from error


def _part(value, kind):
    if value is None:
        return None
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None or not 1970 <= moment.year <= 9000:
            raise ValueError
        return moment
    if kind is date:
        return date.fromisoformat(value)
    if type(value) is not kind or (kind is int and not -1 <= value <= MOST_DIGITS) or "\0" in str(value):
        raise ValueError
    return value


class KeysetPagination(BasePagination):
    """`?cursor=…&page_size=…` (at most 200). Answers next, previous, results; no total: counts have a URL of their own.

    The view says the order: `keyset` (a Keyset) or `keysets` ({name: Keyset}, chosen by `?ordering=`, the first one if
    not given; `keyset_for(name)` may say that another one walks better here), and `key_kinds` ({field: type} for those
    that are no integers). Rows may be tuples of `values_list`; the view's `columns` then name them.
    """

    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 200
    cursor_query_param = "cursor"
    ordering_query_param = "ordering"

    def paginate_queryset(self, queryset, request, view=None):
        self.request, self.view = request, view
        self.name, self.order = self._order(request, view)
        size = self.size_of(request)
        backward, position = self._position(request)
        rows = self.order.page(queryset, position, backward, size + 1)
        more = len(rows) > size
        if more:
            rows = rows[1:] if backward else rows[:size]
        self.has_next = backward or more
        self.has_previous = more if backward else position is not None
        self.rows = rows
        return rows

    def get_paginated_response(self, data):
        return Response({"next": self._link(False), "previous": self._link(True), "results": data})

    def _order(self, request, view):
        orders = getattr(view, "keysets", None) or {"": view.keyset}
        name = request.query_params.get(self.ordering_query_param) or next(iter(orders))
        if name not in orders:
            words = _("Expected one of: %(names)s.") % {"names": ", ".join(orders)}
            raise ValidationError({self.ordering_query_param: [words]})
        choose = getattr(view, "keyset_for", None)
        return name, choose(name) if choose else orders[name]

    def size_of(self, request):
        text = request.query_params.get(self.page_size_query_param)
        if not text:
            return getattr(self.view, "page_size", self.page_size)
        most = getattr(self.view, "max_page_size", self.max_page_size)
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= most):
            words = _("Expected a number from 1 to %(most)s.") % {"most": most}
            raise ValidationError({self.page_size_query_param: [words]})
        return int(text)

    def _position(self, request):
        cursor = request.query_params.get(self.cursor_query_param)
        if not cursor:
            return False, None
        kinds = [getattr(self.view, "key_kinds", {}).get(field, int) for field in self.order.fields]
        name, way, *position = decode(cursor, str, str, *kinds)
        # A cursor belongs to the order that made it.
        if (
            name != self.name
            or way not in ("n", "p")
            or None in position[0 if not self.order.nulls_last else 1 :]
        ):
            raise ValidationError({"cursor": [_("This cursor was not made here. Begin again without one.")]})
        return way == "p", position

    def _key(self, row):
        if isinstance(row, tuple):
            return [row[self.view.columns.index(field)] for field in self.order.fields]
        return [getattr(row, field) for field in self.order.fields]

    def _link(self, backward):
        if not self.rows or not (self.has_previous if backward else self.has_next):
            return None
        row = self.rows[0 if backward else -1]
        cursor = encode(self.name, "p" if backward else "n", *self._key(row))
        return replace_query_param(self.request.build_absolute_uri(), self.cursor_query_param, cursor)

    def get_paginated_response_schema(self, schema):
        link = {"type": "string", "nullable": True, "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view):
        def parameter(name, schema, words):
            return {"name": name, "in": "query", "required": False, "schema": schema, "description": words}

        most = getattr(view, "max_page_size", self.max_page_size)
        parameters = [
            parameter("cursor", {"type": "string"}, "From `next` or `previous` of a page."),
            parameter("page_size", {"type": "integer", "minimum": 1, "maximum": most}, "Rows a page."),
        ]
        if orders := getattr(view, "keysets", None):
            parameters.append(
                parameter("ordering", {"type": "string", "enum": list(orders)}, "The order of the list.")
            )
        return parameters
