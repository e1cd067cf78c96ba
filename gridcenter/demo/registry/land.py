"""Buildings: how many stand where, in rows, under which address."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import shapely

from gridcenter.demo import names

from .size import Size
from .words import ESTATE_FIRST, ESTATE_SECOND, HAMLETS, ROADS, WORKPLACES

# kind, storeys, units, doors per storey and unit, share among the buildings that are no self-built houses
TYPES = [
    ("residential", 6, 2, 2, 24), ("residential", 6, 3, 2, 22), ("residential", 7, 4, 2, 9),
    ("residential", 11, 2, 2, 8), ("residential", 18, 1, 4, 7), ("residential", 18, 2, 3, 5),
    ("residential", 26, 1, 4, 5), ("residential", 30, 1, 6, 1), ("mixed", 6, 2, 2, 6), ("mixed", 7, 3, 2, 4),
    ("commercial", 3, 1, 8, 3), ("office", 8, 1, 5, 1), ("industrial", 1, 1, 2, 3), ("public", 3, 1, 1, 2),
]  # fmt: skip
SELF_BUILT = len(TYPES)
KINDS = [*(kind for kind, *_rest in TYPES), "self_built"]
SECOND_DOOR = 0.08  # self-built houses with a second dwelling
ROW, COLUMN = 34.0, 26.0  # metres between buildings
METRES = 111_320.0  # per degree of latitude
RURAL_HOUSES = 3.5  # self-built houses of a rural grid for each of an urban one
ALIKE = 8  # fewer neighbouring buildings than this are of one type
HAMLET, ESTATE = 24, 9  # buildings that share a name, about


@dataclass
class Buildings:
    """Columns, one value per building, in the order of the grids."""

    grid: np.ndarray  # position in the list of grids
    type: np.ndarray  # index into TYPES, or SELF_BUILT
    storeys: np.ndarray
    units: np.ndarray
    doors: np.ndarray  # dwellings in it
    built: np.ndarray
    estate: list[str]
    number: list[str]
    address: list[str]
    where: np.ndarray  # longitude, latitude

    def __len__(self):
        return len(self.grid)


def plan(grids: list, size: Size, rng: np.random.Generator) -> Buildings:
    """Exactly `size.buildings` with `size.dwellings` doors in `grids` (nodes with shapes)."""
    types = _types(size, rng)
    urban = np.array([node.parent.urban for node in grids])
    estates = _share(len(types), np.where(urban, 1.0, 0.02 if urban.any() else 1.0), rng)
    houses = _share(size.buildings - len(types), np.where(urban, 1.0, RURAL_HOUSES), rng)
    grid = np.concatenate(
        [np.repeat(np.arange(len(grids)), estates), np.repeat(np.arange(len(grids)), houses)]
    )
    kind = np.concatenate([types, np.full(size.buildings - len(types), SELF_BUILT)])
    order = np.lexsort((kind, grid))
    grid, kind = grid[order], kind[order]
    table = np.array([(s, u, s * u * d) for _kind, s, u, d, _share in TYPES] + [(1, 1, 1)])
    storeys, units, doors = table[kind].T.copy()
    own = np.flatnonzero(kind == SELF_BUILT)
    storeys[own] = rng.integers(1, 4, len(own))
    _fill_houses(doors, own, size.dwellings, rng)
    storeys[own] = np.maximum(storeys[own], np.minimum(doors[own], 6))
    built = np.where(storeys >= 11, rng.integers(2008, 2025, len(kind)), rng.integers(1986, 2020, len(kind)))
    estate, number, address, group = _addresses(grids, grid, kind, rng)
    where = _positions(grids, grid, group, rng)
    return Buildings(grid, kind, storeys, units, doors, built, estate, number, address, where)


def _types(size, rng):
    """Types of the larger buildings: as many as leave about 1.08 doors for each self-built house."""
    shares = np.array([share for *_rest, share in TYPES], float)
    blocks = rng.choice(len(TYPES), size.dwellings // 8 + 1, p=shares / shares.sum())
    drawn = np.repeat(blocks, rng.integers(1, ALIKE, len(blocks)))
    doors = np.array([s * u * d for _kind, s, u, d, _share in TYPES])[drawn]
    spare = size.dwellings - (1 + SECOND_DOOR) * size.buildings
    return drawn[: np.searchsorted(np.cumsum(doors - 1 - SECOND_DOOR), spare)]


def _fill_houses(doors, own, dwellings, rng):
    """The doors that the larger buildings leave over, one or more for each self-built house."""
    left = dwellings - (doors.sum() - len(own))
    each, more = divmod(int(left), len(own))
    doors[own] = each
    doors[rng.choice(own, more, replace=False)] += 1


def _share(count, weights, rng):
    """`count` things over places: in proportion, with some luck."""
    weights = weights * rng.lognormal(0, 0.35, len(weights))
    return rng.multinomial(count, weights / weights.sum())


def _addresses(grids, grid, kind, rng):
    """(estate, number, address, group): buildings of one group stand together and share the estate's name."""
    estate, number, address, group = [], [], [], np.zeros(len(grid), int)
    taken: Counter[str] = Counter()
    names_left = _estate_names(rng)
    current, key, left = "", None, 0
    serial = groups = 0
    for index, (g, k) in enumerate(zip(grid.tolist(), kind.tolist(), strict=True)):
        family = (g, KINDS[k] if k >= len(TYPES) - 4 else "homes")
        if family != key or not left:
            key, serial, groups = family, 0, groups + 1
            left = int(
                rng.integers(HAMLET // 2, HAMLET * 2) if k == SELF_BUILT else rng.integers(4, ESTATE * 2)
            )
            current = _name(grids[g], KINDS[k], taken, names_left)
        serial, left = serial + 1, left - 1
        estate.append(current)
        number.append(f"{serial}号" if k == SELF_BUILT else f"{serial}栋")
        address.append(current + number[-1])
        group[index] = groups
    return estate, number, address, group


def _estate_names(rng):
    """Estates' names without end: every pair once, then second and third phases."""
    pairs = [first + second for first in ESTATE_FIRST for second in ESTATE_SECOND]
    phase = 1
    while True:
        for index in rng.permutation(len(pairs)):
            yield pairs[index] + (f"{names.chinese_number(phase)}期" if phase > 1 else "")
        phase += 1


def _name(node, kind, taken, names_left):
    """A new name: an estate of its own, or the next hamlet, road or yard of the village."""
    if kind in ("residential", "mixed"):
        return next(names_left)
    village = node.parent
    words = WORKPLACES if kind != "self_built" else ROADS if village.urban else HAMLETS
    base = names.short(village.name) if kind == "self_built" and not village.urban else ""
    kept = village.code + ("houses" if kind == "self_built" else "work")
    serial = taken[kept]
    taken[kept] += 1
    round_, index = divmod(serial, len(words))
    word = words[(index * 7 + len(village.name) + int(village.code[-3:])) % len(words)]
    more = names.chinese_number(round_ + 1) if round_ else ""
    if kind == "self_built":
        return f"{base}{word}{more}" if village.urban else f"{base}{word}{more}组"
    return f"{names.short(village.name)}{word}{more}" + {"office": "写字楼", "public": "公建"}.get(kind, "")


# ---- positions


def _positions(grids, grid, group, rng):
    where = np.zeros((len(grid), 2))
    for index, rows in _runs(grid):
        sizes = [len(part) for _group, part in _runs(group[rows])]
        where[rows] = _rows_of(grids[index].shape, sizes, rng)
    return where


def _runs(values):
    """(value, positions) of each run of equal neighbours."""
    if not len(values):
        return
    edges = np.flatnonzero(np.diff(values)) + 1
    for part in np.split(np.arange(len(values)), edges):
        yield values[part[0]], part


def _rows_of(shape, sizes, rng):
    """Points inside `shape` in rows along an axis, one cluster per group, in the order of the groups."""
    points, row = _lattice(shape, sum(sizes), rng)
    free, found = np.arange(len(points)), []
    for size in sizes:
        heart = points[free[rng.integers(len(free))]]
        away = ((points[free] - heart) ** 2).sum(axis=1)
        near = np.argpartition(away, size - 1)[:size]
        chosen = free[near]
        found.append(chosen[np.lexsort((points[chosen][:, 0], row[chosen]))])
        free = np.delete(free, near)
    return points[np.concatenate(found)]


def _lattice(shape, count, rng):
    """At least `count` points of a turned lattice inside `shape`, and the row of each."""
    west, south, east, north = shape.bounds
    squeeze = np.cos(np.radians((south + north) / 2))
    wide, high = (east - west) * squeeze * METRES, (north - south) * METRES
    area = shape.area * squeeze * METRES**2
    step = max(1.0, np.sqrt(area / (8 * count + 200) / (ROW * COLUMN)))
    turn = rng.uniform(-0.45, 0.45)
    reach = np.hypot(wide, high) / 2
    shapely.prepare(shape)
    while True:
        across = np.arange(-reach, reach, COLUMN * step)
        along = np.arange(-reach, reach, ROW * step)
        x, y = np.meshgrid(across, along)
        row = np.repeat(np.arange(len(along)), len(across))
        x, y = x.ravel(), y.ravel()
        lon = (west + east) / 2 + (x * np.cos(turn) - y * np.sin(turn)) / (squeeze * METRES)
        lat = (south + north) / 2 + (x * np.sin(turn) + y * np.cos(turn)) / METRES
        inside = shapely.contains_xy(shape, lon, lat)
        if inside.sum() >= count:
            return np.column_stack([lon, lat])[inside], row[inside]
        step *= 0.8
