"""Simplified outlines and anchors of the grids in force, made anew when boundaries, the tree or what is in force change.

A level is simplified as one coverage (GEOS' coverage simplification moves a common line once for both sides), so that
neighbours still fit. A grid without a boundary of its own gets the union of those below it.
"""

import logging
from dataclasses import dataclass
from datetime import date

import numpy as np
import shapely
from django.contrib.gis.db.models.functions import AsWKB
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from core import bulk, versions
from core.tiles import WORLD_M
from grids.models import Anchor, Grid, Outline, OutlineStamp

log = logging.getLogger(__name__)

# Highest zoom of each band, and its tolerance in mercator metres: less than a pixel of a 512-pixel tile there.
BANDS = ((7, 400.0), (9, 100.0), (11, 25.0), (13, 6.0), (16, 0.8))
LOCK = 4_205_110
_fresh: dict[str, tuple] = {}  # database → (version, day) for which this process has seen that they fit


def band_for(zoom: int) -> int:
    return next(band for band, (highest, _tolerance) in enumerate(BANDS) if zoom <= highest)


def ensure(kept: dict[str, int]) -> None:
    """Outlines that fit `kept` (core.versions.read()); makes them if they are older.

    Whoever writes many boundaries makes them at once (`rebuild`), so that nobody's map waits for it.
    """
    wanted = kept.get("outlines", 0), timezone.localdate()
    name = connection.settings_dict["NAME"]
    if _fresh.get(name) != wanted:
        if not _fit(*wanted):
            rebuild()
        _fresh[name] = wanted


def _fit(version: int, today: date) -> bool:
    """Whether the outlines are of this version, and no grid has come into force or out of it since the day they are of."""
    stamp = OutlineStamp.objects.filter(version=version, day__lte=today).first()
    if stamp is None:
        return False
    turned = Q(valid_from__gt=stamp.day, valid_from__lte=today) | Q(valid_until__gt=stamp.day, valid_until__lte=today)
    return not Grid.objects.filter(turned).exists()


@dataclass(frozen=True)
class Land:
    """The grids on a day, with the version of their boundaries."""

    version: int
    day: date
    grids: list[tuple]


@dataclass(frozen=True)
class Drawn:
    """The rows of outlines and anchors for a version and a day."""

    version: int
    day: date
    outlines: list[tuple]
    anchors: list[tuple]

    def fits(self, version: int, day: date) -> bool:
        return (self.version, self.day) == (version, day)


@transaction.atomic
def rebuild(drawn: Drawn | None = None) -> int:
    """All outlines and anchors from the boundaries; how many outlines. Two at once: the second waits and finds it done.

    `drawn` ahead is taken if it still fits.
    """
    _lock()
    version, today = versions.read().get("outlines", 0), timezone.localdate()
    if _fit(version, today):
        return 0
    if drawn is None or not drawn.fits(version, today):
        drawn = draw(read())
    Outline.objects.all().delete()
    Anchor.objects.all().delete()
    OutlineStamp.objects.all().delete()
    bulk.copy_rows("grids_outline", ("grid_id", "band", "shape"), drawn.outlines)
    bulk.copy_rows("grids_anchor", ("grid_id", "lon", "lat"), drawn.anchors)
    OutlineStamp.objects.create(version=drawn.version, day=drawn.day)
    _count_up()
    log.info("outlines made", extra={"outlines": len(drawn.outlines)})
    return len(drawn.outlines)


def read() -> Land:
    """What outlines are drawn from, as this transaction sees it."""
    version, today = versions.read().get("outlines", 0), timezone.localdate()  # first: what changes meanwhile is seen later
    columns = ("pk", "level", "parent_id", "valid_from", "valid_until", "wkb")
    return Land(version, today, list(Grid.objects.annotate(wkb=AsWKB("boundary")).order_by().values_list(*columns)))


def draw(land: Land) -> Drawn:
    """Needs no database: it may be done while that has other work."""
    grids = _pieces(land.grids)
    _fill_up(grids, land.day)
    levels = sorted({grid.level for grid in grids.values()})
    outlines = [row for level in levels for row in _level_rows(grids, level, land.day)]
    return Drawn(land.version, land.day, outlines, list(_anchors(grids)))


def _lock():
    if connection.vendor == "postgresql":  # SQLite's writers stand in line anyway
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _count_up():
    """PostgreSQL counts a table some minutes after it was filled; taken for empty until then, its tiles took seconds."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE grids_outline, grids_anchor")


class _Piece:
    """One grid while outlines are made; `shape` in web mercator, None as long as nothing is known."""

    __slots__ = ("level", "parent", "shape", "since", "until")

    def __init__(self, level, parent, since, until, shape):
        self.level, self.parent, self.since, self.until, self.shape = level, parent, since, until, shape

    def on(self, day) -> bool:
        return self.since <= day and (self.until is None or self.until > day)


def _pieces(rows) -> dict[int, _Piece]:
    raw = shapely.from_wkb([None if row[5] is None else bytes(row[5]) for row in rows])
    shapes = shapely.make_valid(shapely.transform(raw, _mercator)) if rows else []
    return {row[0]: _Piece(*row[1:5], shape) for row, shape in zip(rows, shapes, strict=True)}


def _fill_up(grids, day):
    """From below: what has no boundary is what lies below it, as it is on that day."""
    for level in range(3, -1, -1):
        below: dict[int, list] = {}
        for grid in grids.values():
            if grid.level == level + 1 and grid.shape is not None and grid.on(day):
                below.setdefault(grid.parent, []).append(grid.shape)
        for pk, grid in grids.items():
            if grid.level == level and grid.shape is None and pk in below:
                grid.shape = shapely.union_all(below[pk])


def _mercator(degrees):
    lat = np.clip(degrees[:, 1], -85.0, 85.0)
    north = np.log(np.tan(np.pi / 4 + np.radians(lat) / 2)) / np.pi * WORLD_M
    return np.column_stack((degrees[:, 0] / 180 * WORLD_M, north))


def _level_rows(grids, level, day):
    """(grid, band, shape) of one level: each band from the one finer than it."""
    pks = [pk for pk, grid in grids.items() if grid.level == level and grid.shape is not None and grid.on(day)]
    if not pks:
        return
    shapes = np.array([grids[pk].shape for pk in pks], dtype=object)
    for band in range(len(BANDS) - 1, -1, -1):
        shapes = _simplified(shapes, BANDS[band][1])
        for pk, shape in zip(pks, shapes, strict=True):
            yield pk, band, shapely.set_srid(shape, 3857)


def _simplified(shapes, tolerance):
    try:
        made = shapely.coverage_simplify(shapes, tolerance)
    except shapely.GEOSException:  # boundaries that overlap are no coverage: each for itself
        made = shapely.simplify(shapes, tolerance)
    gone = shapely.is_empty(made) | shapely.is_missing(made)
    return np.where(gone, shapes, made)  # a tiny one must not vanish


def _anchors(grids):
    """(grid, lon, lat): inside its outline, else where the nearest grid above it has its own."""
    spots = {pk: shapely.point_on_surface(grid.shape) for pk, grid in grids.items() if grid.shape is not None}
    for pk, grid in grids.items():
        at, up = spots.get(pk), grid
        while at is None and up is not None and up.parent is not None:
            at, up = spots.get(up.parent), grids.get(up.parent)
        if at is not None:
            lat = np.degrees(2 * np.arctan(np.exp(at.y / WORLD_M * np.pi)) - np.pi / 2)
            yield pk, at.x / WORLD_M * 180, float(lat)
