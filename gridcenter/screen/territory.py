"""Which territories a screen may show to whom, and what is drawn of them."""

from collections import OrderedDict
from dataclasses import dataclass
from math import cos, radians
from threading import Lock

import shapely
from django.contrib.gis.db.models.functions import AsWKB
from django.utils import timezone
from shapely.ops import polylabel

from core.versions import Kept
from grids.models import Grid, LevelName
from grids.models.grid import MAX_LEVEL
from grids.scope import Scope

PERMISSION = "screen.view_screen"
WIDTH = 10_000  # of a drawing's longer side, in whole units: finer than a pixel of a 3840 screen
KEPT = 300  # drawings per process


@dataclass(frozen=True)
class Place:
    """A territory as screens know it."""

    pk: int
    name: str
    level: int
    path: str


def visible(user):
    """The territories in force of which this person may open a screen: none without a post that says so."""
    return Grid.objects.valid_on().filter(Scope.of(user).permission_q(PERMISSION, "path"))


def find(user, pk=None) -> Place | None:
    """The territory `pk`, or the highest one, if this person may open it. One query."""
    rows = visible(user) if pk is None else visible(user).filter(pk=pk)
    found = rows.order_by("level", "path").values_list("pk", "name", "level", "path").first()
    return Place(*found) if found else None


@dataclass(frozen=True)
class Tree:
    """All grids in force by path, and what the levels are called here."""

    by_id: dict[int, Place]
    below: dict[int, list[Place]]
    levels: dict[int, str]
    day: object

    def parts(self, place: Place) -> list[Place]:
        """What a screen of `place` compares: of the whole county its level 2, else what lies directly below; deeper where
        that is only one."""
        found = self.below.get(place.pk, [])
        if len(found) == 1:
            return self.parts(found[0])
        if place.level == 0:
            found = [child for part in found for child in self.below.get(part.pk, [])] or found
        return found or [place]

    def ancestors(self, place: Place) -> list[Place]:
        """From the top down to `place`."""
        ids = [int(part) for part in place.path.strip("/").split("/")]
        return [self.by_id[pk] for pk in ids if pk in self.by_id]


def _load() -> Tree:
    below: dict[int, list[Place]] = {}
    rows = Grid.objects.valid_on().order_by("code").values_list("pk", "name", "level", "path", "parent_id")
    by_id = {}
    for pk, name, level, path, parent in rows:
        by_id[pk] = place = Place(pk, name, level, path)
        below.setdefault(parent, []).append(place)
    levels = dict(LevelName.objects.values_list("level", "name"))
    return Tree(by_id, below, levels, timezone.localdate())


_tree = Kept(_load, "grids")


def tree(versions=None) -> Tree:
    """As it stands today, kept in this process."""
    made = _tree.get(versions)
    if made.day != timezone.localdate():  # a redrawing comes into force at midnight without any write
        _tree.forget()
        made = _tree.get(versions)
    return made


_drawings: OrderedDict[int, tuple[Tree, dict]] = OrderedDict()
_lock = Lock()


def drawing(place: Place, versions) -> dict:
    """The parts of a territory as paths: {width, height, level_name, frame {lon, lat, x, y}, parts [{id, name, d, x, y,
    room}]}; `frame` turns degrees into units, (x, y) is where a label stands best, `room` the radius it has there.

    Kept per process until the tree changes. Two queries when it is made, none of them per part.
    """
    found = tree(versions)
    with _lock:
        known, made = _drawings.get(place.pk, (None, None))
        if known is found:  # the tree itself is held: the address of one that is gone may be given to the next
            _drawings.move_to_end(place.pk)
            return made
    made = _draw(place, found)
    with _lock:
        _drawings[place.pk] = found, made
        _drawings.move_to_end(place.pk)
        while len(_drawings) > KEPT:
            _drawings.popitem(last=False)
    return made


def _draw(place, found) -> dict:
    parts = found.parts(place)
    shapes = _shapes(parts)
    named = {
        "level_name": found.levels.get(parts[0].level, ""),
        "width": 0,
        "height": 0,
        "frame": None,
        "parts": [],
    }
    if not shapes:
        return named
    west, south, east, north = map(float, shapely.total_bounds(list(shapes.values())))
    squeeze = cos(radians((south + north) / 2))
    unit = WIDTH / max((east - west) * squeeze, north - south, 1e-6)
    frame = {"lon": west, "lat": north, "x": squeeze * unit, "y": unit}
    tolerance = 3 / unit
    rows = [_part(part, shapes[part.pk], frame, tolerance) for part in parts if part.pk in shapes]
    width, height = round((east - west) * frame["x"]), round((north - south) * frame["y"])
    return {**named, "width": width, "height": height, "frame": frame, "parts": rows}


def _shapes(parts) -> dict[int, object]:
    """Outlines by id; of a part without one the union of the grids below it that have one."""
    rows = Grid.objects.filter(pk__in=[part.pk for part in parts]).exclude(boundary=None)
    wkb = rows.annotate(wkb=AsWKB("boundary")).order_by().values_list("pk", "wkb")
    found = {pk: shapely.from_wkb(bytes(shape)) for pk, shape in wkb}
    bare = [part for part in parts if part.pk not in found]
    if bare:
        below = Grid.objects.valid_on().filter(level=MAX_LEVEL).exclude(boundary=None)
        pieces: dict[int, list] = {}
        wanted = {part.pk for part in bare}
        for path, shape in below.annotate(wkb=AsWKB("boundary")).order_by().values_list("path", "wkb"):
            for pk in wanted.intersection(map(int, path.strip("/").split("/"))):
                pieces.setdefault(pk, []).append(shapely.from_wkb(bytes(shape)))
        found |= {pk: shapely.union_all(shapes) for pk, shapes in pieces.items()}
    return {pk: shape for pk, shape in found.items() if not shape.is_empty}


def _part(part, shape, frame, tolerance) -> dict:
    simple = shapely.simplify(shape, tolerance)
    polygons = [
        piece for piece in shapely.get_parts(simple) if piece.geom_type == "Polygon" and not piece.is_empty
    ]
    polygons = polygons or [piece for piece in shapely.get_parts(shape) if piece.geom_type == "Polygon"]
    rings = [ring for polygon in polygons for ring in (polygon.exterior, *polygon.interiors)]
    widest = max(polygons, key=lambda polygon: polygon.area)
    best = polylabel(widest, tolerance * 8)
    x, y = _place(best.x, best.y, frame)
    room = round(widest.exterior.distance(best) * frame["y"])
    d = "".join(
        "M" + "L".join("{},{}".format(*_place(*point[:2], frame)) for point in ring.coords) + "Z"
        for ring in rings
    )
    return {"id": part.pk, "name": part.name, "d": d, "x": x, "y": y, "room": room}


def _place(lon, lat, frame) -> tuple[int, int]:
    return round((lon - frame["lon"]) * frame["x"]), round((frame["lat"] - lat) * frame["y"])
