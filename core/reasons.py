"""Rows that somebody may see for one of several reasons, looked for reason by reason.

`a OR b` over two indexes means: fetch all rows of both, sort them, keep twenty. Each reason alone is a walk of one index,
often without the table, and the page is in the first twenty of each.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from django.db import connections
from django.db.models import Q, QuerySet
from django.db.models.expressions import OrderBy
from django.db.models.sql.where import OR, WhereNode

MOST_PARTS = 8


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
    """The first `size` of `rows` in `order` (which must be a total one)."""
    parts = _parts(rows) if connections[rows.db].features.supports_slicing_ordering_in_compound else []
    if parts:
        found = [part.order_by(*order).values("pk")[:size] for part in parts]
        rows = _only(rows, []).filter(pk__in=found[0].union(*found[1:], all=True))
    return rows.order_by(*order)[:size]


def _parts(rows) -> list[QuerySet]:
    """`rows` once for each reason; none where there is but one, or so many that planning them costs more."""
    where = rows.query.where.children
    reasons = next((part for part in where if isinstance(part, Reasons)), None)
    if reasons is None or len(reasons.children) > MOST_PARTS:
        return []
    others = [part for part in where if part is not reasons]
    return [_only(rows, [*others, reason]) for reason in reasons.children]


def _only(rows, conditions) -> QuerySet:
    rows = rows.all()
    rows.query.where.children = list(conditions)
    return rows
