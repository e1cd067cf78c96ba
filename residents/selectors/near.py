"""How searches narrow and order rows so that an index answers them on both databases."""

from django.db import connection
from django.db.models import F, OrderBy, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Left
from django.db.models.lookups import Exact, Lookup

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


class Like(Lookup):
    """`LIKE` with a pattern of one's own."""

    lookup_name = "like"

    def as_sql(self, compiler, connection):
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} LIKE {right} ESCAPE '\\'", [*left_params, *right_params]


class HasSigns(Lookup):
    """The signs and pairs of signs on the right stand in the name on the left: what the index of migration 0015 answers.
    Only a beginning: the caller says the rest."""

    lookup_name = "has_signs"
    prepare_rhs = False

    def as_sql(self, compiler, connection):
        left, left_params = self.process_lhs(compiler, connection)
        return f"residents_signs({left}) @> %s::text[]", [*left_params, self.rhs]


def inside(field: str, text: str) -> Q:
    """Rows in whose `field`, the name of an organisation or a place, the text stands."""
    found = Q(**{f"{field}__contains": text})
    pairs = sorted({text[at : at + 2] for at in range(max(1, len(text) - 1))})
    return Q(HasSigns(F(field), pairs)) & found if connection.vendor == "postgresql" else found


def in_order(field: str, text: str) -> Q:
    """The same for all signs of the text in their order, others between them."""
    signs = (f"\\{sign}" if sign in "%_\\" else sign for sign in text)
    found = Q(Like(F(field), f"%{'%'.join(signs)}%"))
    return Q(HasSigns(F(field), sorted(set(text)))) & found if connection.vendor == "postgresql" else found


def grids_of(user, names: Names) -> list[int] | None:
    """The ids of all grids where this person may read the registry; None if they are more than a list should hold."""
    roots = tuple(Scope.of(user).roots_for(VIEW))
    found = [pk for pk, path in names.paths.items() if path.startswith(roots)] if roots else []
    return found if len(found) <= MOST_GRIDS else None


def is_narrow(grids: list[int] | None, names: Names) -> bool:
    """Whether the grids hold so few records (one grid in 300, or one alone) that all of them are read sooner than an
    index of the whole territory is walked for some of them."""
    return grids is not None and len(grids) <= max(1, len(names.grids) // 300)


def is_whole(user, names: Names) -> bool:
    """Whether this person may read the registry in every grid there is or was."""
    roots = tuple(Scope.of(user).roots_for(VIEW))
    return bool(roots) and all(path.startswith(roots) for path in names.paths.values())


def first_of_grids(people: QuerySet, grids: list[int], column: str, text: str, most: int) -> QuerySet:
    """The first `most` of `people` (neither archived nor elsewhere than in `grids`) whose `column` begins with
    `text`, in the order of that column.

    On PostgreSQL grid by grid, by an index over grid and column in one text (migration 0008), so that no other plan
    is to be had: the planner expects one person for the beginning of a name that ten thousand have, and would read
    them all for each grid.
    """
    if connection.vendor != "postgresql":
        return people.filter(Q(Exact(Left(column, len(text)), text)), grid_id__in=grids).order_by(column, "pk")[:most]
    place = f"(grid_id::text || '/' || {column})"
    each = (
        f"SELECT id, {column} FROM {Resident._meta.db_table} WHERE archived_at IS NULL "
        f"AND {place} ~>=~ (g.id::text || '/' || %s) AND {place} ~<~ (g.id::text || '/' || %s) "
        f"ORDER BY {place} USING ~<~ LIMIT {most:d}"
    )
    first = (
        f"SELECT p.id FROM unnest(%s::bigint[]) AS g(id) CROSS JOIN LATERAL ({each}) AS p "
        f"ORDER BY p.{column} USING ~<~ LIMIT {most:d}"
    )
    return people.filter(pk__in=RawSQL(first, [grids, text, text + LAST]))


def own_grids(user) -> set[int]:
    """The grids this person walks: those of posts in a grid of the lowest level."""
    return {
        int(seat.path.split("/")[-2]) for seat in Scope.of(user).seats if seat.level == 4 and seat.may(VIEW)
    }


def narrowed(rows: QuerySet, user, grids: list[int] | None) -> QuerySet:
    """What this person may see. The list of grids says the same once more, in a form the planner can count."""
    seen = rows.visible_to(user)
    return seen if grids is None else seen.filter(grid_id__in=grids)
