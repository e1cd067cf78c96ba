"""How searches narrow and order rows so that an index answers them on both databases."""

import math

from django.db import connection
from django.db.models import OrderBy, Q, QuerySet
from django.db.models.expressions import RawSQL

from grids.names import Names
from grids.scope import Scope
from residents.models import Resident
from residents.models.base import VIEW

LAST = "\U0010ffff"
MOST_GRIDS = 400  # above that a list of grids is longer to read than the rows it would spare


class ByIndex(OrderBy):
    """The order of Django's index for prefixes (varchar_pattern_ops), whatever language the database sorts in."""

    def as_postgresql(self, compiler, connection):
        # Django's compiler cuts each ordering at its ASC, and expects one.
        return super().as_sql(compiler, connection, template="%(expression)s USING ~<~ /* ASC */")


def begins(field: str, text: str) -> Q:
    """Rows whose `field` begins with `text`, in the form that each database's index answers."""
    if connection.vendor == "postgresql":
        return Q(**{f"{field}__startswith": text})
    return Q(**{f"{field}__gte": text, f"{field}__lt": text + LAST})


def grids_of(user, names: Names) -> list[int] | None:
    """The ids of all grids where this person may read the registry; None if they are more than a list should hold."""
    roots = tuple(Scope.of(user).roots_for(VIEW))
    found = [pk for pk, path in names.paths.items() if path.startswith(roots)] if roots else []
    return found if len(found) <= MOST_GRIDS else None


def is_narrow(grids: list[int] | None, names: Names) -> bool:
    """Whether the first matches of each of the grids are sooner read than the index of the whole territory is walked
    until it has met enough of theirs: a walk meets one of theirs in `all / theirs`, a look into a grid costs as much
    as some ten steps of it."""
    return grids is not None and len(grids) <= max(1, math.isqrt(2 * len(names.grids)))


def first_of_grids(people: QuerySet, grids: list[int], column: str, text: str, most: int) -> QuerySet:
    """The first `most` of `people` (neither archived nor elsewhere than in `grids`) whose `column` begins with
    `text`, in the order of that column.

    On PostgreSQL grid by grid: whatever the planner thinks of a beginning such as zhangm, no grid gives more than
    `most` rows, and none is read outside them.
    """
    if connection.vendor != "postgresql":
        return people.filter(begins(column, text), grid_id__in=grids).order_by(column, "pk")[:most]
    order = f"{column} USING ~<~"
    each = (
        f"SELECT id, {column} FROM {Resident._meta.db_table} WHERE grid_id = g.id AND archived_at IS NULL "
        f"AND {column} LIKE %s ORDER BY {order} LIMIT {most:d}"
    )
    first = (
        f"SELECT p.id FROM unnest(%s::bigint[]) AS g(id) CROSS JOIN LATERAL ({each}) AS p "
        f"ORDER BY p.{order} LIMIT {most:d}"
    )
    return people.filter(pk__in=RawSQL(first, [grids, f"{connection.ops.prep_for_like_query(text)}%"]))


def own_grids(user) -> set[int]:
    """The grids this person walks: those of posts in a grid of the lowest level."""
    return {
        int(seat.path.split("/")[-2]) for seat in Scope.of(user).seats if seat.level == 4 and seat.may(VIEW)
    }


def narrowed(rows: QuerySet, user, grids: list[int] | None) -> QuerySet:
    """What this person may see. The list of grids says the same once more, in a form the planner can count."""
    seen = rows.visible_to(user)
    return seen if grids is None else seen.filter(grid_id__in=grids)
