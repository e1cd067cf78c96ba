"""The shapes of a whole place: one mesh, cut level by level along the tree."""

import numpy as np
import shapely

from .mesh import Peak, build, clean, settlement
from .places import Node, Place, outlines
from .shapes import partition, union

#: Mesh faces per smallest grid: fewer in large places, to stay quick.
FACES = 24_000
FEWEST, MOST = 10, 30
#: Development zones without an outline of their own, and the district they lie in.
CARVED_FROM = {"370571000000": "370502000000", "370572000000": "370503000000"}


def cut(place: Place, root: Node, rng: np.random.Generator) -> None:
    """Give every node of the tree its `shape` (polygon or multipolygon, degrees WGS 84).

    Children cover their parent exactly and share vertices; nodes that are not `kept` get no shape.
    """
    counties = {code: clean(outlines()[code]) for code in place.counties if code in outlines()}
    whole = clean(shapely.union_all(list(counties.values()), grid_size=1e-9))
    centres = place.centres or (place.centre,)
    peaks = [Peak(centre, 0.055, 14.0) for centre in centres]
    peaks += [Peak(node.seat, 0.015, 5.0) for node in root.walk() if node.seat and node.level == 2]
    density = settlement(peaks, float(np.cos(np.radians(whole.centroid.y))))
    if len(counties) > 1:
        density = _level(density, counties, root, whole, rng)
    count = int(root.weight * min(MOST, max(FEWEST, FACES / root.weight)))
    lines = [shapely.boundary(outline) for outline in counties.values()] if len(counties) > 1 else []
    mesh = build(whole, count, rng, density, lines)
    members = np.arange(len(mesh.faces))
    if len(counties) > 1:
        for group, faces in _by_county(mesh, counties, root):
            _cut(mesh, faces, group, rng)
    else:
        _cut(mesh, members, root.children, rng)
    _assemble(root)
    if len(counties) == 1:
        # Areas outside the grid system (other towns of the county) belong to the whole all the same.
        root.shape = union(mesh, members)


def _by_county(mesh, counties, root):
    """(nodes of level 1, faces) for each published outline; a face in none or two goes to the nearest."""
    spots = mesh.spots / (mesh.squeeze, 1.0)
    codes = list(counties)
    inside = np.stack([shapely.contains_xy(counties[code], spots) for code in codes])
    home = inside.argmax(axis=0)
    stray = np.flatnonzero(~inside.any(axis=0))
    away = [shapely.distance(counties[code], shapely.points(spots[stray])) for code in codes]
    home[stray] = np.argmin(away, axis=0)
    for index, code in enumerate(codes):
        yield _group(root, code), np.flatnonzero(home == index)


def _group(root, code):
    """The nodes that share the published outline `code`."""
    return [node for node in root.children if CARVED_FROM.get(node.code, node.code) == code]


def _level(density, counties, root, whole, rng):
    """The density scaled within each published outline so that its faces are in proportion to its grids."""
    outlines = list(counties.values())
    for outline in outlines:
        shapely.prepare(outline)
    west, south, east, north = whole.bounds
    probe = rng.uniform((west, south), (east, north), (40_000, 2))
    value = density(probe)
    scale = [
        sum(node.weight for node in _group(root, code)) / value[shapely.contains_xy(outline, probe)].sum()
        for code, outline in counties.items()
    ]

    def levelled(points):
        inside = np.stack([shapely.contains_xy(outline, points) for outline in outlines])
        # On a border or just outside all of them: the mean does.
        factor = np.where(inside.any(axis=0), np.take(scale, inside.argmax(axis=0)), np.mean(scale))
        return density(points) * factor

    return levelled


def _cut(mesh, members, nodes, rng):
    seats = _seats(mesh, members, nodes, rng)
    least = [_leaves(node) for node in nodes]
    parts = partition(mesh, members, [node.weight for node in nodes], rng, seats, least)
    for node, part in zip(nodes, parts, strict=True):
        if node.children:
            _cut(mesh, part, node.children, rng)
        elif node.kept:
            node.shape = union(mesh, part)


def _leaves(node) -> int:
    return sum(map(_leaves, node.children)) or 1


def _seats(mesh, members, nodes, rng):
    """Where each node is to lie: its seat or its children's; streets and communities where people live."""
    density = mesh.mass[members] / mesh.areas[members]
    odds = density**2 * mesh.mass[members]
    odds = odds / odds.sum()
    seats = np.full((len(nodes), 2), np.nan)
    mixed = any(node.urban for node in nodes) and not all(node.urban for node in nodes)
    for index, node in enumerate(nodes):
        below = [child.seat for child in node.children if child.seat]
        if node.seat:
            seats[index] = node.seat
        elif below:
            seats[index] = np.mean(below, axis=0)
        elif mixed and node.urban:
            seats[index] = mesh.spots[members[rng.choice(len(members), p=odds)]] / (mesh.squeeze, 1.0)
    return None if np.isnan(seats).all() else seats


def _assemble(node):
    """Upper shapes are the union of what is below them: exact containment by construction."""
    if node.children and node.kept:
        shapes = [shape for child in node.children if (shape := _assemble(child)) is not None]
        parts = shapely.get_parts(shapes)
        node.shape = shapely.coverage_union_all(parts) if len(parts) else None
    return node.shape if node.kept else None
