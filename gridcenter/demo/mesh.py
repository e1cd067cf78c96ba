"""A fine irregular mesh over an outline: the stuff that synthetic grid shapes are cut from.

An outline is covered with small faces (relaxed Voronoi cells of random points, denser where people live).
A grid is a connected set of faces, a village a set of grids, a town a set of villages. Because every boundary
at every level runs along the same mesh edges, children lie exactly inside their parent and neighbours share
their vertices by construction, whatever is cut; there is nothing to snap afterwards.

Coordinates are WGS 84 degrees; areas and distances are taken in a local plane in which both axes have the
length of a degree of latitude.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from math import cos, radians

import numpy as np
import shapely

#: Vertices lie on a raster of this many degrees (about 0.1 mm), so that equal points are equal numbers.
RASTER = 1e-9
SCALE = 1e9  # dividing by it rounds as GEOS does, multiplying by RASTER does not
RELAXATIONS = 2

Density = Callable[[np.ndarray], np.ndarray]


def evenly(points: np.ndarray) -> np.ndarray:
    """The density of a place without a centre: 1 everywhere."""
    return np.ones(len(points))


@dataclass(frozen=True)
class Peak:
    """A centre of settlement: within about `radius` degrees of `point` faces are `height` times denser."""

    point: tuple[float, float]
    radius: float
    height: float


def settlement(peaks: Iterable[Peak], squeeze: float) -> Density:
    """A density that is 1 in the open country and rises towards each peak (the town squares of a county)."""
    peaks = list(peaks)

    def density(points: np.ndarray) -> np.ndarray:
        value = np.ones(len(points))
        for peak in peaks:
            away = np.hypot((points[:, 0] - peak.point[0]) * squeeze, points[:, 1] - peak.point[1])
            value += peak.height * np.exp(-((away / peak.radius) ** 2))
        return value

    return density


@dataclass(frozen=True)
class Mesh:
    """Faces with what the cutting needs of them: place, mass (≈ people), neighbours."""

    faces: np.ndarray  # of shapely polygons
    spots: np.ndarray  # (n, 2) centres in the local plane
    bent: np.ndarray  # the same in a gently bent plane: straight lines there wind like real borders here
    areas: np.ndarray  # in square degrees of latitude
    mass: np.ndarray  # areas × density
    squeeze: float

    @cached_property
    def borders(self) -> list[dict[int, float]]:
        """Each face's neighbours with the length of the common border; islands are tied to the nearest."""
        first, second, length = _shared_edges(self.faces, self.squeeze)
        neighbours: list[dict[int, float]] = [{} for _ in range(len(self.faces))]
        for a, b, metres in zip(first.tolist(), second.tolist(), length.tolist(), strict=True):
            neighbours[a][b] = neighbours[a].get(b, 0.0) + metres
            neighbours[b][a] = neighbours[b].get(a, 0.0) + metres
        self._tie_islands(neighbours)
        return neighbours

    def _tie_islands(self, neighbours):
        parts = components(range(len(self.faces)), neighbours)
        parts.sort(key=len, reverse=True)
        main = np.array(parts[0])
        for part in parts[1:]:
            away = ((self.spots[main][:, None] - self.spots[part][None]) ** 2).sum(axis=2)
            there, here = np.unravel_index(away.argmin(), away.shape)
            a, b = int(main[there]), part[here]
            neighbours[a][b] = neighbours[b][a] = 0.0
            main = np.concatenate([main, part])


def build(outline, count: int, rng: np.random.Generator, density: Density = evenly, lines=()) -> Mesh:
    """A mesh of about `count` faces that covers `outline` (Polygon or MultiPolygon, degrees) exactly.

    `lines` are further borders that mesh edges must follow (a county's inside a city).
    """
    outline = clean(outline)
    squeeze = cos(radians(outline.centroid.y))
    points = _sample(outline, count, rng, density)
    for _ in range(RELAXATIONS):
        points = _relax(points, outline, squeeze)
    faces = _faces(points, outline, squeeze, lines)
    flat = _flat(faces, squeeze)
    areas, spots = shapely.area(flat), shapely.get_coordinates(shapely.centroid(flat))
    return Mesh(faces, spots, _bend(spots, rng), areas, areas * density(spots / (squeeze, 1.0)), squeeze)


def clean(outline):
    """The outline as a valid (Multi)Polygon: published ones touch themselves, and have crumbs that go."""
    outline = shapely.make_valid(shapely.force_2d(outline), method="structure", keep_collapsed=False)
    parts = [part for part in shapely.get_parts(outline) if part.geom_type == "Polygon"]
    large = max(part.area for part in parts)
    kept = [part for part in parts if part.area > large * 1e-3]
    return shapely.set_precision(shapely.union_all(kept), RASTER)


def _sample(outline, count, rng, density):
    """`count` random points in the outline, more where the density is high."""
    west, south, east, north = outline.bounds
    shapely.prepare(outline)
    probe = rng.uniform((west, south), (east, north), (4000, 2))
    top = float(density(probe[shapely.contains_xy(outline, probe)]).max()) * 1.05
    found: list[np.ndarray] = []
    while sum(map(len, found)) < count:
        points = rng.uniform((west, south), (east, north), (max(2000, count * 4), 2))
        points = points[shapely.contains_xy(outline, points)]
        found.append(points[rng.uniform(0, top, len(points)) < density(points)])
    return np.concatenate(found)[:count]


def _cells(points, outline, squeeze):
    """Voronoi cells of the points, in degrees on the raster; neighbours have equal vertices."""
    frame = _flat(shapely.box(*outline.buffer(0.05).bounds), squeeze)
    cells = shapely.voronoi_polygons(shapely.multipoints(points * (squeeze, 1.0)), extend_to=frame)
    steps = (squeeze * RASTER, RASTER)
    cells = shapely.transform(shapely.get_parts(cells), lambda xy: np.rint(xy / steps) / SCALE)
    return shapely.remove_repeated_points(cells)


def _bend(spots, rng):
    """The points moved by a few waves, long and strong ones to short and weak ones."""
    size = np.ptp(spots, axis=0).max()
    bent = spots.copy()
    for waves, amplitude in ((3, 0.014), (8, 0.006), (19, 0.002)):
        for axis in (0, 1):
            for angle, phase in rng.uniform(0, 2 * np.pi, (3, 2)):
                along = spots @ (np.cos(angle), np.sin(angle))
                bent[:, axis] += size * amplitude / 1.7 * np.sin(2 * np.pi * waves * along / size + phase)
    return bent


def _flat(shape, squeeze):
    return shapely.transform(shape, lambda xy: xy * (squeeze, 1.0))


def _relax(points, outline, squeeze):
    """One step of Lloyd's: each point to the middle of its cell, unless that lies outside."""
    middles = shapely.get_coordinates(shapely.centroid(_cells(points, outline, squeeze)))
    return middles[shapely.contains_xy(outline, middles)]


def _faces(points, outline, squeeze, lines):
    """Cells cut at the outline and at `lines`. Only those that meet one need the slow, exact overlay."""
    cells = _cells(points, outline, squeeze)
    fences = shapely.union_all([shapely.boundary(outline), *lines], grid_size=RASTER)
    cut = np.zeros(len(cells), dtype=bool)
    cut[shapely.STRtree(cells).query(_segments(fences), predicate="intersects")[1]] = True
    whole = cells[~cut]
    whole = whole[shapely.contains_xy(outline, shapely.get_coordinates(shapely.point_on_surface(whole)))]
    strip = shapely.coverage_union_all(cells[cut])
    edges = shapely.boundary(cells[cut])
    noded = shapely.union_all([*edges, shapely.intersection(fences, strip)], grid_size=RASTER)
    pieces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    shapely.prepare([outline, strip])
    inner = shapely.point_on_surface(pieces)
    # Besides the outside, the strip's own holes come out as rings: they are the whole cells we have already.
    pieces = pieces[shapely.contains(outline, inner) & shapely.contains(strip, inner)]
    return np.concatenate([whole, pieces])


def _segments(lines):
    """Every stretch between two vertices by itself: what a tree finds quickly."""
    coordinates, owner = shapely.get_coordinates(shapely.get_parts(lines), return_index=True)
    same = owner[:-1] == owner[1:]
    return shapely.linestrings(np.stack([coordinates[:-1][same], coordinates[1:][same]], axis=1))


def _shared_edges(faces, squeeze):
    """(first face, second face, length) of every edge that two faces have in common."""
    coordinates, owner = shapely.get_coordinates(shapely.boundary(faces), return_index=True)
    same = owner[:-1] == owner[1:]
    start, end, owner = coordinates[:-1][same], coordinates[1:][same], owner[:-1][same]
    key = np.rint(np.hstack([start, end]) / RASTER).astype(np.int64)
    flip = (key[:, 0] > key[:, 2]) | ((key[:, 0] == key[:, 2]) & (key[:, 1] > key[:, 3]))
    key[flip] = key[flip][:, [2, 3, 0, 1]]
    order = np.lexsort(key.T)
    key, owner = key[order], owner[order]
    length = np.hypot((start - end)[order, 0] * squeeze, (start - end)[order, 1])
    twin = (key[:-1] == key[1:]).all(axis=1)
    return owner[:-1][twin], owner[1:][twin], length[:-1][twin]


def components(members: Iterable[int], neighbours: list[dict[int, float]]) -> list[list[int]]:
    """The connected parts of a set of faces."""
    left, parts = dict.fromkeys(members), []
    while left:
        start = next(iter(left))
        del left[start]
        part, edge = [start], [start]
        while edge:
            for other in neighbours[edge.pop()]:
                if other in left:
                    del left[other]
                    part.append(other)
                    edge.append(other)
        parts.append(part)
    return parts
