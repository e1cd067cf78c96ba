"""The map's layers of the territory: outlines with their level, names, and where units have their seat."""

from django.db.models import Count, F, Max, Q
from django.utils import timezone

from core.tiles import Points, Rows, Shapes, Tile, within
from grids.models import Anchor, Outline, Unit
from grids.scope import Scope
from grids.services import outlines

# From which zoom on outlines of a level are drawn: thousands of specks below would only weigh.
SHOWN_FROM = {0: 0, 1: 0, 2: 0, 3: 7, 4: 9}


def layers(user, tile: Tile) -> list:
    """`grids`: outlines with level, parent, colour; `names`: a point for each with its name. Only the person's land."""
    land = Scope.of(user).land_q("grid__path")
    levels = [level for level, zoom in SHOWN_FROM.items() if tile.z >= zoom]
    today = timezone.localdate()
    valid = Q(grid__valid_until=None) | Q(grid__valid_until__gt=today), Q(grid__valid_from__lte=today)
    shown = Q(land, *valid, grid__level__in=levels)
    shapes = within(Outline.objects.filter(shown, band=outlines.band_for(tile.z)), "shape", tile)
    west, south, east, north = tile.degrees
    names = Anchor.objects.filter(shown, lon__gte=west, lon__lte=east, lat__gte=south, lat__lte=north)
    columns = {"level": F("grid__level"), "parent": F("grid__parent_id")}
    return [
        Shapes("grids", _rows(shapes, "shape", **columns, colour=F("grid__colour")), ("level", "parent", "colour")),
        Points("names", _rows(names, "lon", "lat", **columns, name=F("grid__name")), ("level", "parent", "name")),
    ]


def units(user, tile: Tile) -> list:
    """`units`: one point for each grid that units belong to, with how many they are and the centre's name.

    A unit has no address of its own: it stands where its territory's name stands.
    """
    west, south, east, north = tile.degrees
    seen = Unit.objects.visible_to(user).filter(active=True)
    seats = seen.filter(
        grid__anchor__lon__gte=west, grid__anchor__lon__lte=east,
        grid__anchor__lat__gte=south, grid__anchor__lat__lte=north,
    )  # fmt: skip
    rows = seats.values(
        fid=F("grid_id"), level=F("grid__level"), lon=F("grid__anchor__lon"), lat=F("grid__anchor__lat")
    ).annotate(n=Count("pk"), title=Max("name", filter=Q(kind=Unit.Kind.CENTRE)))
    return [Points("units", Rows.of(rows), ("level", "n", "title"))]


def _rows(rows, *plain, **named) -> Rows:
    return Rows.of(rows.values(*plain, fid=F("grid_id"), **named))
