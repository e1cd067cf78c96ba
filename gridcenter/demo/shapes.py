"""Synthetic grid shapes: contiguous cells that follow level by level inside a real outline.

Town, village and grid shapes are not published. These are made up; whatever shows them says so.
"""

from collections.abc import Sequence

import numpy as np
import shapely

from .mesh import Density, Mesh, build, components, evenly

#: Faces per cell when one polygon is cut by itself; more make smoother borders and truer areas.
FACES_PER_CELL = 60
ROUNDS = 30
REPAIRS = 40
ATTEMPTS = 8
GOOD = 1.12  # no cell has less than 1/GOOD of its due: near enough


def subdivide(polygon, weights: Sequence[float], rng: np.random.Generator, density: Density = evenly) -> list:
    """Cut `polygon` into len(weights) cells, the area of each roughly in proportion to its weight.

    The cells cover the polygon exactly, share their vertices and are in one piece wherever the polygon is.
    The same random generator state gives the same cells. Raises ValueError for no or non-positive weights.
    """
    mesh = build(polygon, max(FACES_PER_CELL * len(weights), 200), rng, density)
    parts = partition(mesh, np.arange(len(mesh.faces)), weights, rng)
    return [union(mesh, part) for part in parts]


def union(mesh: Mesh, members: np.ndarray):
    """The shape of a set of faces: a polygon, or a multipolygon where the set has islands."""
    return shapely.normalize(shapely.coverage_union_all(mesh.faces[members]))


def partition(mesh: Mesh, members: np.ndarray, weights: Sequence[float], rng, seeds=None, least=None) -> list:
    """Share out `members` (faces that hang together) into connected parts with mass as of `weights`.

    `seeds` (k × 2, lon/lat, NaN where unknown) say about where a part belongs; `least` how many faces each
    part needs at least (1 if not given). Returns k sorted arrays of faces. Raises ValueError when there are
    too few faces or a weight is not positive.
    """
    weights = np.asarray(weights, dtype=float)
    least = np.ones(len(weights), dtype=int) if least is None else np.asarray(least)
    if not len(weights) or not (weights > 0).all():
        raise ValueError("every part needs a positive weight")
    if len(members) < least.sum():
        raise ValueError(f"{len(members)} faces cannot make {least.sum()} cells: the mesh is too coarse")
    if len(weights) == 1:
        return [np.sort(members)]
    mass = mesh.mass[members]
    for attempt in range(ATTEMPTS):
        owner = _attempt(mesh, members, mass, weights, rng, seeds)
        parts: list[list[int]] = [[] for _ in weights]
        for face in sorted(owner):
            parts[owner[face]].append(face)
        if all(len(part) >= need for part, need in zip(parts, least, strict=True)):
            return [np.array(part) for part in parts]
        # Somebody was left with too few faces: count faces instead of people, by what is needed.
        mass, weights = np.ones(len(members)), weights if attempt < ATTEMPTS // 2 else least
    raise ValueError(f"{len(members)} faces could not be shared out into {len(weights)} parts")


def _attempt(mesh, members, mass, weights, rng, seeds):
    labels = _power_cells(mesh, members, mass, weights / weights.sum(), rng, seeds)
    owner = dict(zip(members.tolist(), labels.tolist(), strict=True))
    if _join_orphans(mesh, owner, len(weights)):
        return owner
    return _grow(mesh, members, len(weights), rng)


def _start(spots, mass, count, rng, hints):
    """First sites: the hints where there are any, else spread out (each far from those before it)."""
    sites = np.empty((count, 2))
    chosen = np.full(len(spots), np.inf)
    known = np.zeros(count, dtype=bool) if hints is None else ~np.isnan(hints[:, 0])
    for i in np.flatnonzero(known):
        sites[i] = hints[i]
        chosen = np.minimum(chosen, ((spots - sites[i]) ** 2).sum(axis=1))
    for i in np.flatnonzero(~known):
        odds = mass if np.isinf(chosen).all() else chosen * mass
        sites[i] = spots[rng.choice(len(spots), p=odds / odds.sum())]
        chosen = np.minimum(chosen, ((spots - sites[i]) ** 2).sum(axis=1))
    return sites, known


def _power_cells(mesh, members, mass, shares, rng, seeds):
    """Labels of a centroidal power diagram whose masses approach `shares` (Lloyd with growing weights)."""
    spots, count = mesh.bent[members], len(shares)
    hints = None if seeds is None else np.asarray(seeds, dtype=float) * (mesh.squeeze, 1.0)
    sites, known = _start(spots, mass, count, rng, hints)
    pull = np.where(known, 0.35, 1.0)[:, None]
    lift, target = np.zeros(count), shares * mass.sum()
    room = mesh.areas[members]
    usual = 0.3 * room.sum() / count / np.pi
    best, best_error = None, np.inf
    for turn in range(ROUNDS):
        # Axis by axis: summing over an axis of two is ten times slower.
        east, north = (spots[:, axis, None] - sites[:, axis] for axis in (0, 1))
        away = east * east + north * north - lift
        labels = away.argmin(axis=1)
        got = np.bincount(labels, mass, count)
        empty = np.flatnonzero(got == 0)
        error = np.inf if len(empty) else float(np.maximum(target / got, 0.7 * got / target).max())
        if error < best_error and turn > 2:
            best, best_error = labels, error
            if error < GOOD:
                break
        weight = np.maximum(got, 1e-300)
        sums = [np.bincount(labels, mass * spots[:, axis], count) for axis in (0, 1)]
        middles = np.stack(sums, axis=1) / weight[:, None]
        sites = np.where((got > 0)[:, None], sites + pull * (middles - sites), sites)
        size = np.bincount(labels, room, count) / np.pi
        lift += 0.5 * np.clip(target / weight - 1, -0.6, 0.6) * np.maximum(size, usual)
        if len(empty):  # start it again inside the fullest cell
            crowd = np.flatnonzero(labels == (got - target).argmax())
            sites[empty] = spots[rng.choice(crowd, len(empty))]
            lift[empty] = lift.mean()
    return labels if best is None else best


def _join_orphans(mesh, owner, count) -> bool:
    """Give every cut-off piece to the neighbour with the longest common border; False if a part vanished."""
    borders = mesh.borders
    groups: list[list[int]] = [[] for _ in range(count)]
    for face, label in owner.items():
        groups[label].append(face)
    touched = set(range(count))
    for _ in range(REPAIRS):
        moved = set()
        for label in sorted(touched):
            pieces = components((face for face in groups[label] if owner[face] == label), borders)
            if not pieces:
                return False
            pieces.sort(key=lambda piece: (-float(mesh.mass[piece].sum()), min(piece)))
            groups[label] = pieces[0]
            for piece in pieces[1:]:
                new = _longest_neighbour(borders, owner, piece, label)
                for face in piece:
                    owner[face] = new
                groups[new] = groups[new] + piece
                moved.add(new)
        if not moved:
            return True
        touched = moved
    return False


def _longest_neighbour(borders, owner, piece, label):
    shared: dict[int, float] = {}
    for face in piece:
        for other, length in borders[face].items():
            theirs = owner.get(other, label)
            if theirs != label:
                shared[theirs] = shared.get(theirs, 0.0) + length
    return max(sorted(shared), key=shared.__getitem__) if shared else label


def _grow(mesh, members, count, rng):
    """A plain way that never fails: spread seeds over the faces and let them grow in turn."""
    spots, mass = mesh.spots[members], mesh.mass[members]
    sites, _ = _start(spots, mass, count, rng, None)
    inside, owner, edges = set(members.tolist()), {}, []
    for label in range(count):
        order = ((spots - sites[label]) ** 2).sum(axis=1).argsort(kind="stable")
        seed = next(int(face) for face in members[order] if int(face) not in owner)
        owner[seed] = label
        edges.append([seed])
    size = [float(mesh.mass[edge[0]]) for edge in edges]
    while len(owner) < len(inside):
        for label in sorted(range(count), key=size.__getitem__):
            fresh = [f for e in edges[label] for f in mesh.borders[e] if f in inside and f not in owner]
            if fresh:
                owner[fresh[0]] = label
                edges[label].append(fresh[0])
                size[label] += float(mesh.mass[fresh[0]])
                break
            edges[label] = []
        else:  # what is left does not hang together with any of them: it goes with the nearest
            taken = np.array(sorted(owner))
            for face in sorted(inside - owner.keys()):
                nearest = ((mesh.spots[taken] - mesh.spots[face]) ** 2).sum(axis=1).argmin()
                owner[face] = owner[int(taken[nearest])]
    return owner
