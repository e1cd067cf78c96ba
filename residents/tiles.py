"""The map's layers of the registry: buildings and key places, where a post lets the person read the registry."""

from django.db.models import F, FloatField, Func

from core.tiles import Points, Rows, Tile, within
from residents.models import Building, KeyPlace

BUILDINGS_FROM, PLACES_FROM, NAMED_FROM = 14, 12, 16


class _X(Func):
    function, output_field = "ST_X", FloatField()


class _Y(Func):
    function, output_field = "ST_Y", FloatField()


def buildings(user, tile: Tile) -> list:
    """`buildings`: what stands; with its address from NAMED_FROM on."""
    if tile.z < BUILDINGS_FROM:
        return []
    named = {"name": F("address")} if tile.z >= NAMED_FROM else {}
    return [_points("buildings", Building, user, tile, kind=F("kind"), **named)]


def places(user, tile: Tile) -> list:
    """`places`: key places with their kind and name."""
    if tile.z < PLACES_FROM:
        return []
    return [_points("places", KeyPlace, user, tile, kind=F("kind"), name=F("name"))]


def _points(layer, model, user, tile, **columns):
    seen = model.objects.visible_to(user).current().exclude(location=None)
    rows = within(seen, "location", tile).annotate(lon=_X("location"), lat=_Y("location"))
    plain = [name for name, column in columns.items() if column.name == name]
    renamed = {name: column for name, column in columns.items() if column.name != name}
    return Points(layer, Rows.of(rows.values("lon", "lat", *plain, fid=F("pk"), **renamed)), tuple(columns))
