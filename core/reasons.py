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
from django.db.models.sql.where import OR, ExtraWhere, WhereNode

MOST_PARTS = 8
MARK = "⟨reason⟩"


class Reasons(WhereNode):
    """Conditions of which one suffices, known again in a copy of the query."""


def any_of(rows: QuerySet, conditions: Sequence[Q]) -> QuerySet:
    """Rows for which one of `conditions` holds (each over columns of the rows' own table); without any: none."""
    if not conditions:
        return rows.none()
    rows = rows.filter(reduce(or_, conditions))
    last = rows.query.where.children[-1]
    if getattr(last, "connector", None) == OR:
        last.__class__ = Reasons
    return rows


def first(rows: QuerySet, order: Sequence[OrderBy], size: int) -> QuerySet:
    """The first `size` of `rows` in `order`, which must be a total one."""
    reasons = next((part for part in rows.query.where.children if isinstance(part, Reasons)), None)
    can = connections[rows.db].features.supports_slicing_ordering_in_compound
    if reasons and can and len(reasons.children) <= MOST_PARTS:  # beyond, planning costs more than it brings
        found = _AmongFirst(rows.order_by(*order).values("pk")[:size].query, reasons)
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
        self.query, self.reasons = query, reasons
        where = query.where
        where.children = [ExtraWhere([MARK], [MARK]) if isinstance(part, Reasons) else part for part in where.children]

    def as_sql(self, compiler, connection):
        inner = self.query.get_compiler(connection=connection)
        sql, params = inner.as_sql()
        at, (before, after) = params.index(MARK), sql.split(MARK)
        parts, values = [], []
        for reason in self.reasons.children:
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
