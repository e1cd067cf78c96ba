"""The map's vector tiles by name of the layer: whose rows, of which data, in which state of the clocks."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.db.models import Model
from django.utils import timezone
from django.views.decorators.http import require_safe

from core import tiles, versions
from core.errors import NotFound
from core.tiles import Tile
from events import tiles as event_tiles
from events.models import Event, Transition
from gridcenter.map.answers import told
from grids import tiles as grid_tiles
from grids.models import Grid, Unit
from grids.scope import Scope
from grids.services import outlines
from residents import tiles as registry_tiles
from residents.models import Building, Change, KeyPlace

MINUTE = 60


@dataclass(frozen=True)
class Source:
    """`make(user, tile, window)` gives the layers. `seen`: the models whose visible rows it shows.

    A tile is made anew when one of `versions` or the newest row of `histories` has moved, and after `seconds` (lights
    change with the clock, and a history's row may be committed late).
    """

    make: Callable
    seen: tuple[type[Model], ...]
    seconds: int
    versions: tuple[str, ...] = ()
    histories: tuple[type[Model], ...] = ()
    windowed: bool = False


def _plain(make):
    return lambda user, tile, _window: make(user, tile)


EVENTS = {"seen": (Event,), "seconds": MINUTE, "versions": ("grids",), "histories": (Transition,), "windowed": True}
REGISTRY = {"seconds": 5 * MINUTE, "versions": ("grids",), "histories": (Change,)}
SOURCES = {
    "grids": Source(_plain(grid_tiles.layers), (Grid,), 24 * 60 * MINUTE, ("grids",)),
    "units": Source(_plain(grid_tiles.units), (Unit,), 24 * 60 * MINUTE, ("grids", "units")),
    "events": Source(event_tiles.layers, **EVENTS),
    "heat": Source(event_tiles.heat, **EVENTS),
    "workers": Source(_plain(event_tiles.workers), (), MINUTE, (), (Transition,)),
    "buildings": Source(_plain(registry_tiles.buildings), (Building,), **REGISTRY),
    "places": Source(_plain(registry_tiles.places), (KeyPlace,), **REGISTRY),
}
BROWSER_KEEPS = {"grids": 5 * MINUTE, "units": 5 * MINUTE, "buildings": 5 * MINUTE, "places": 5 * MINUTE}


@login_required
@require_safe
@told
def tile(request, layer, z, x, y):
    """One tile. For events `day` and `span` (day, week) choose those reported then instead of those open now."""
    source = SOURCES.get(layer)
    if source is None:
        raise NotFound()
    square = Tile.at(z, x, y)
    window = event_tiles.Window.read(request.GET.get("day", ""), request.GET.get("span", "")) if source.windowed else None
    kept = versions.read(*source.histories)
    outlines.ensure(kept)
    tag = tiles.stamp(
        layer,
        square,
        window,
        whose(request.user, source.seen),
        [kept.get(name) for name in source.versions],
        [kept[model._meta.label] for model in source.histories],
        timezone.localdate(),  # a redrawing comes into force, and a post begins or ends, at midnight without any write
        int(time.time() // source.seconds),
    )
    return tiles.answer(
        request,
        tag,
        lambda: tiles.encode(square, source.make(request.user, square, window)),
        BROWSER_KEEPS.get(layer, MINUTE // 2),
    )


def whose(user, models) -> tuple:
    """What decides which rows the person sees: the very queries of `visible_to`, or the posts where there is no model."""
    scope = Scope.of(user)
    if not models:
        return scope.seats
    key = (models, scope.user_id, scope.seats, timezone.localdate())
    known = _whose.get(key)
    if known is None:
        known = tuple(str(tiles.Rows.of(model.objects.visible_to(user).values("pk"))) for model in models)
        if len(_whose) >= MOST_KNOWN:
            _whose.clear()
        _whose[key] = known
    return known


# What a person's posts of a day come to as queries: a map asks for dozens of squares, and building the text of a query
# costs more than finding a kept tile.
MOST_KNOWN = 1000
_whose: dict[tuple, tuple[str, ...]] = {}
