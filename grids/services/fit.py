"""Do shapes fit? Children within their parent, siblings side by side, both within a tolerance in metres.

Pure geometry over shapely: nothing here asks the database.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy
import shapely

METRES_PER_DEGREE = 111_195.0  # of latitude, on the mean sphere
QUAD_SEGMENTS = 4


@dataclass(frozen=True)
class Place:
    """A grid as far as fitting goes. `shape` is the boundary it has now, in degrees, or None."""

    pk: int
    code: str
    name: str
    path: str
    parent: int | None
    shape: shapely.Geometry | None


def flat(geometry, latitude: float):
    """The geometry in metres around `latitude`: good to 0.1 % over a county's width."""
    scale = numpy.array([METRES_PER_DEGREE * numpy.cos(numpy.radians(latitude)), METRES_PER_DEGREE])
    return shapely.transform(geometry, lambda points: points * scale)


class _Ground:
    """The shapes as they would be after the import, in metres."""

    def __init__(self, places: list[Place], fresh: dict):
        self.places = {place.pk: place for place in places}
        shapes = {p.pk: fresh.get(p.pk, p.shape) for p in places}
        shapes = {pk: geometry for pk, geometry in shapes.items() if geometry is not None}
        bounds = [shapely.bounds(geometry) for geometry in shapes.values()]
        self.latitude = float(numpy.mean([(b[1] + b[3]) / 2 for b in bounds])) if bounds else 0.0
        self.fresh = set(fresh)
        self.shapes = {pk: flat(geometry, self.latitude) for pk, geometry in shapes.items()}

    def fence(self, place: Place) -> Place | None:
        """The nearest grid above that has a shape: pass-through levels often have none."""
        for pk in reversed([int(part) for part in place.path.strip("/").split("/")][:-1]):
            if pk in self.shapes:
                return self.places[pk]
        return None


def leavings(places: list[Place], fresh: dict, tolerance: float) -> Iterator[tuple]:
    """(child, parent, metres, square metres outside) where a child leaves its parent by more than `tolerance`.

    `fresh`: new shapes by id. Pairs of two old shapes are not looked at: an import answers for what it changes.
    """
    ground = _Ground(places, fresh)
    wider: dict[int, shapely.Geometry] = {}
    for pk, geometry in ground.shapes.items():
        child = ground.places[pk]
        parent = ground.fence(child)
        if parent is None or not {pk, parent.pk} & ground.fresh:
            continue
        if parent.pk not in wider:
            wider[parent.pk] = ground.shapes[parent.pk].buffer(tolerance, quad_segs=QUAD_SEGMENTS)
            shapely.prepare(wider[parent.pk])
        if geometry.is_valid and not wider[parent.pk].covers(geometry):
            outside = geometry.difference(ground.shapes[parent.pk])
            corners = shapely.points(shapely.get_coordinates(outside))
            metres = float(shapely.distance(corners, ground.shapes[parent.pk]).max())
            if metres > tolerance:
                yield child, parent, metres, outside.area


def overlaps(places: list[Place], fresh: dict, tolerance: float) -> Iterator[tuple]:
    """(one, other, metres, square metres) where two siblings overlap in a strip wider than `tolerance`; one is new."""
    ground = _Ground(places, fresh)
    groups: dict[tuple, list[int]] = defaultdict(list)
    for pk in ground.shapes:
        place = ground.places[pk]
        fence = ground.fence(place)
        groups[(place.path.count("/"), fence and fence.pk)].append(pk)
    for pks in groups.values():
        if ground.fresh.isdisjoint(pks):
            continue
        shapes = [ground.shapes[pk] for pk in pks]
        tree = shapely.STRtree(shapes)
        for a, b in tree.query(shapes, predicate="intersects").T:
            if a < b and {pks[a], pks[b]} & ground.fresh:
                common = shapes[a].intersection(shapes[b])
                metres = width(common, tolerance)
                if metres > tolerance:
                    one, other = (a, b) if pks[a] in ground.fresh else (b, a)
                    yield ground.places[pks[one]], ground.places[pks[other]], metres, common.area


def width(geometry, tolerance: float) -> float:
    """How wide the geometry is at its widest, in metres: twice the radius of the largest circle in it."""
    if geometry.area == 0 or geometry.buffer(-tolerance / 2, quad_segs=QUAD_SEGMENTS).is_empty:
        return 0.0
    circles = [
        shapely.maximum_inscribed_circle(part, tolerance=max(0.1, tolerance / 10))
        for part in shapely.get_parts(geometry)
        if part.geom_type == "Polygon" and part.area > 0
    ]
    return max((2 * circle.length for circle in circles), default=0.0)
