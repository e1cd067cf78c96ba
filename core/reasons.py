"""Rows that somebody may see for one of several reasons, looked for reason by reason.

`a OR b` over two indexes means: fetch all rows of both, sort them, keep twenty. Each reason alone is a walk of one index,
often without the table, and the page is in the first twenty of each.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import BooleanField, Expression, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.db.models.functions import Greatest
from django.db.models.sql.where import OR, ExtraWhere, WhereNode

MOST_PARTS = 8
MARK = "⟨reason⟩"


class Reasons(WhereNode):
    """Conditions of which one suffices, known again in a copy of the query."""

    few: tuple[bool, ...] = ()

    def clone(self):
        copy = super().clone()
        copy.few = self.few
        return copy


def any_of(rows: QuerySet, conditions: Sequence[Q], few: Sequence[bool] = ()) -> QuerySet:
    """Rows for which one of `conditions` holds (each over columns of the rows' own table); without any: none.

    `few`: whether it holds for few rows however many there are.
    """
    if not conditions:
        return rows.none()
    rows = rows.filter(reduce(or_, conditions))
    last = rows.query.where.children[-1]
    if getattr(last, "connector", None) == OR:
        last.__class__ = Reasons
        # Conditions that are ORs themselves have become several.
        said = zip(conditions, few, strict=True) if few else ()
        each = tuple(holds for q, holds in said for _child in (q.children if q.connector == OR else [q]))
        last.few = each if len(each) == len(last.children) else ()
    return rows


def loose(order: OrderBy) -> OrderBy:
    """The same order as no index has it: what is asked for is found by other conditions, and sorted."""
    same = order.copy()
    same.set_source_expressions([Greatest(order.expression, order.expression)])
    return same


def first(rows: QuerySet, order: Sequence[OrderBy], size: int, sort_few: bool = False) -> QuerySet:
    """The first `size` of `rows` in `order`, which must be a total one.

    `sort_few`: a reason that holds for few rows is answered by sorting all of them. PostgreSQL takes them to be spread
    evenly over the index of the order, and walks nearly all of it where they lie together at its other end.
    """
    reasons = next((part for part in rows.query.where.children if isinstance(part, Reasons)), None)
    can = connections[rows.db].features.supports_slicing_ordering_in_compound
    if reasons and can and len(reasons.children) <= MOST_PARTS:  # beyond, planning costs more than it brings
        found = _AmongFirst(rows.order_by(*order).values("pk")[:size].query, reasons)
        if sort_few and any(reasons.few):
            found.sorting(rows.order_by(loose(order[0]), *order[1:]).values("pk")[:size].query)
        rows = rows.all()
        rows.query.where = WhereNode([found])
    return rows.order_by(*order)[:size]


class _AmongFirst(Expression):
    """Whether a row is among the first that one of the reasons gives: `pk IN (first of a UNION ALL first of b …)`.

    The query is compiled once and said again for each reason: compiled for each, a page cost a millisecond more.
    """

    conditional, output_field = True, BooleanField()

    def __init__(self, query, reasons):
        super().__init__()
        self.query, self.reasons, self.sorted = _marked(query), reasons, None

    def sorting(self, query):
        self.sorted = _marked(query)

    def as_sql(self, compiler, connection):
        inner = self.query.get_compiler(connection=connection)
        walked = inner.as_sql()
        sorting = self.sorted.get_compiler(connection=connection).as_sql() if self.sorted else walked
        parts, values = [], []
        few = self.reasons.few or (False,) * len(self.reasons.children)
        for reason, is_few in zip(self.reasons.children, few, strict=True):
            sql, params = sorting if is_few else walked
            at, (before, after) = params.index(MARK), sql.split(MARK)
            try:
                said, given = inner.compile(reason)
            except EmptyResultSet:
                continue
            parts.append(f"({before}{said}{after})")
            values += [*params[:at], *given, *params[at + 1 :]]
        if not parts:
            raise EmptyResultSet
        pk = connection.ops.quote_name(self.query.model._meta.pk.column)
        return f"{connection.ops.quote_name(self.query.model._meta.db_table)}.{pk} IN ({' UNION ALL '.join(parts)})", values


def _marked(query):
    """With a mark in the place of the reasons."""
    where = query.where
    where.children = [ExtraWhere([MARK], [MARK]) if isinstance(part, Reasons) else part for part in where.children]
    return query
