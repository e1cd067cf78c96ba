"""How searches narrow and order rows so that an index answers them on both databases."""

from django.db import connection
from django.db.models import OrderBy, Q, QuerySet
from django.db.models.functions import Left
from django.db.models.lookups import Exact

from grids.names import Names
from grids.scope import Scope
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
    """Whether the grids hold so few people (one grid in 300, or one alone) that all of them are read sooner than an
    index of the whole territory is walked for some of them."""
    return grids is not None and len(grids) <= max(1, len(names.grids) // 300)


def within(field: str, text: str) -> Q:
    """`begins` for a narrow scope: in a form that only the grid's index answers. Planners guess too few matches for
    prefixes such as zhangm, and would walk 12,000 people of the county for one of the grid."""
    return Q(Exact(Left(field, len(text)), text))


def own_grids(user) -> set[int]:
    """The grids this person walks: those of posts in a grid of the lowest level."""
    return {
        int(seat.path.split("/")[-2]) for seat in Scope.of(user).seats if seat.level == 4 and seat.may(VIEW)
    }


def narrowed(rows: QuerySet, user, grids: list[int] | None) -> QuerySet:
    """What this person may see. The list of grids says the same once more, in a form the planner can count."""
    seen = rows.visible_to(user)
    return seen if grids is None else seen.filter(grid_id__in=grids)
