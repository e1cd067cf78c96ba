"""Outlines of grids as GeoJSON for maps on pages: simplified, a few hundred at most."""

import shapely
from django.contrib.gis.db.models.functions import AsWKB
from shapely.geometry import mapping

MOST_OUTLINES = 600
TOLERANCE = 0.0001  # degrees, about 10 m: below what a screen shows at these scales


def collection(grids, own_ids=frozenset()) -> dict:
    """A GeoJSON feature collection of a grid queryset; those in `own_ids` are marked. One query."""
    rows = (
        grids.exclude(boundary=None)
        .order_by("level", "path")
        .annotate(wkb=AsWKB("boundary"))
        .values_list("pk", "name", "code", "level", "colour", "wkb")[:MOST_OUTLINES]
    )
    return {"type": "FeatureCollection", "features": [_feature(*row, own_ids) for row in rows]}


def _feature(pk, name, code, level, colour, wkb, own_ids):
    shape = shapely.simplify(shapely.from_wkb(bytes(wkb)), TOLERANCE)
    return {
        "type": "Feature",
        "id": pk,
        "properties": {"name": name, "code": code, "level": level, "color": colour, "own": pk in own_ids},
        "geometry": mapping(shapely.set_precision(shape, 1e-6, mode="pointwise")),
    }


def for_land(visible, seats) -> dict:
    """What helps somebody find a place: their own grids, the sisters beside them, or what lies directly below."""
    own = {int(seat.path.split("/")[-2]) for seat in seats if seat.path.count("/") - 2 == 4}
    if own:
        parents = visible.model.objects.filter(pk__in=own).values("parent")
        return collection(visible.model.objects.valid_on().filter(parent__in=parents), own)
    tops = {seat.path for seat in seats}
    deepest = min((path.count("/") - 2 for path in tops), default=0)
    return collection(visible.valid_on().filter(level=min(deepest + (2 if deepest < 2 else 1), 4)), frozenset())
