"""Reads of the territory that are more than a queryset."""

from django.contrib.gis.db.models.functions import AsGeoJSON
from django.db.models import Q, QuerySet

from grids.directory import ids_of
from grids.models import Grid, Unit
from grids.scope import Scope

OUTLINE_DECIMALS = 6  # about 0.1 m


def units_for(user) -> QuerySet[Unit]:
    """Active units this person may know of: within their land, their own, and those above whose area holds it."""
    scope = Scope.of(user)
    above = {pk for path in scope.land for pk in ids_of(path)}
    return Unit.objects.filter(active=True).filter(
        scope.land_q("grid__path") | Q(pk__in=scope.unit_ids) | Q(grid_id__in=above)
    )


def outlines(grids: QuerySet[Grid]) -> QuerySet:
    """(id, code, name, level, parent id, colour, synthetic, GeoJSON text) of the grids that have a boundary."""
    shaped = grids.filter(boundary__isnull=False).annotate(shape=AsGeoJSON("boundary", precision=OUTLINE_DECIMALS))
    return shaped.order_by("path").values_list(
        "pk", "code", "name", "level", "parent_id", "colour", "synthetic", "shape"
    )
