"""What maps need: outlines as GeoJSON, pins, the tiles of the settings (none by default)."""

import json

from django.conf import settings

from events.views.rows import light_of


def tiles() -> dict:
    return {"tiles": settings.MAP_TILES_URL, "attribution": settings.MAP_TILES_ATTRIBUTION}


def base_map() -> dict | None:
    """The base map under the large map; None without one."""
    if not settings.MAP_TILES_URL:
        return None
    return {"url": settings.MAP_TILES_URL, "attribution": settings.MAP_TILES_ATTRIBUTION}


def outline(grid, own=True) -> dict | None:
    """A grid's boundary as a GeoJSON feature collection; None without a boundary."""
    if grid.boundary is None:
        return None
    shape = json.loads(grid.boundary.json)
    properties = {"name": grid.name, "level": grid.level, "color": grid.colour, "own": own}
    feature = {"type": "Feature", "properties": properties, "geometry": shape}
    return {"type": "FeatureCollection", "features": [feature]}


def event_map(event) -> dict:
    """The pin of one event and the outline of its grid."""
    point = event.location
    return {
        **tiles(),
        "lat": point.y if point else None,
        "lng": point.x if point else None,
        "outlines": outline(event.grid) if event.grid.level == 4 or point is None else None,
        "light": light_of(event),
    }
