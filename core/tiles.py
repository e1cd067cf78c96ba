"""Vector tiles (Mapbox Vector Tile 2.1) of rows of the database: ST_AsMVT on PostGIS, the same tile in Python elsewhere.

A layer is a piece of SQL (`Rows`) with columns `fid` (the feature's id) and `lon`, `lat` (degrees, WGS 84) or `shape`
(web mercator); whose rows these are is decided by whoever wrote it, from `visible_to`. Where a point lies in a tile is
computed with the same arithmetic on both databases, so both give the same features. Points on the edge belong to
exactly one tile.
"""

import gzip
import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mapbox_vector_tile
import numpy as np
import shapely
from django.contrib.gis.geos import Polygon
from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, F, Func, QuerySet
from django.http import HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags

from core.errors import NotFound

EXTENT = 4096  # units of a tile's side, as MapLibre expects
BUFFER = 64  # units around it that outlines may reach into, so that lines have no seams
HIGHEST_ZOOM = 16  # beyond it a browser enlarges
WORLD_M = 20037508.342789244  # half the side of the web mercator square
KEEP_SECONDS = 600
MIME = "application/vnd.mapbox-vector-tile"


@dataclass(frozen=True)
class Tile:
    """One square of the map (EPSG:3857): zoom, column from the west, row from the north."""

    z: int
    x: int
    y: int

    @classmethod
    def at(cls, z: int, x: int, y: int) -> "Tile":
        """Raises NotFound for a square that is none."""
        if z > HIGHEST_ZOOM or not (0 <= x < 1 << z and 0 <= y < 1 << z):
            raise NotFound()
        return cls(z, x, y)

    @property
    def degrees(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        n = 1 << self.z
        north, south = (math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / n)))) for y in (self.y, self.y + 1))
        return self.x / n * 360 - 180, south, (self.x + 1) / n * 360 - 180, north

    @property
    def metres(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the square in web mercator."""
        side = 2 * WORLD_M / (1 << self.z)
        west, north = self.x * side - WORLD_M, WORLD_M - self.y * side
        return west, north - side, west + side, north


@dataclass(frozen=True)
class Rows:
    """A SELECT and its parameters."""

    sql: str
    params: Sequence = ()

    @classmethod
    def of(cls, queryset: QuerySet) -> "Rows":
        """Of a `values(...)` queryset; columns carry the names of fields and annotations."""
        try:
            return cls(*queryset.order_by().query.sql_with_params())
        except EmptyResultSet:  # Django knows without asking that there is nothing
            return NOTHING

    def all(self) -> tuple[list[str], list[tuple]]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, list(self.params))
            return [column[0] for column in cursor.description], cursor.fetchall()


NOTHING = Rows("")


def within(rows: QuerySet, column: str, tile: Tile) -> QuerySet:
    """Those whose point or outline may touch the tile: on PostGIS by the spatial index."""
    srid = rows.model._meta.get_field(column).srid
    west, south, east, north = tile.metres if srid == 3857 else tile.degrees
    if connection.vendor == "postgresql":
        box = Polygon.from_bbox((west, south, east, north))
        box.srid = srid
        return rows.filter(**{f"{column}__bboverlaps": box})
    return rows.filter(_Touches(F(column), box=(west, south, east, north, srid)))


class _Touches(Func):
    """SpatiaLite: the bounding boxes meet. Without its R-trees, which tables that Django made anew have lost."""

    output_field = BooleanField()

    def __init__(self, column, box):
        super().__init__(column)
        self.box = box

    def as_sql(self, compiler, connection, **extra):
        column, params = compiler.compile(self.source_expressions[0])
        return f"MbrIntersects({column}, BuildMbr(%s, %s, %s, %s, %s)) = 1", [*params, *self.box]


# ---- layers


@dataclass(frozen=True)
class Points:
    """Each row a point; `columns` become properties."""

    name: str
    rows: Rows
    columns: tuple[str, ...] = ()
    most: int = 5000


@dataclass(frozen=True)
class Clusters:
    """Rows summed up by squares of a tile (`cells` a side), at the mean of their places.

    Rows have `n` and the columns in `sums`; a square with one in `n` has the row's key.
    """

    name: str
    rows: Rows
    sums: tuple[str, ...]
    cells: int = 8


@dataclass(frozen=True)
class Shapes:
    """Each row an outline in web mercator, cut at the tile's edge."""

    name: str
    rows: Rows
    columns: tuple[str, ...] = ()


Layer = Points | Clusters | Shapes

# Tile units of a row's lon, lat. `{n}`: tiles a side.
_PLACED = """
SELECT floor((lon + 180) / 360 * {whole}) - {x} AS px,
       floor((1 - ln(tan(radians(lat)) + 1 / cos(radians(lat))) / pi()) / 2 * {whole}) - {y} AS py, r.*
FROM ({rows}) r WHERE lat > -85.06 AND lat < 85.06
"""
_INSIDE = f"px >= 0 AND px < {EXTENT} AND py >= 0 AND py < {EXTENT}"


def _placed(tile, rows):
    whole = (1 << tile.z) * EXTENT
    return _PLACED.format(whole=float(whole), x=tile.x * EXTENT, y=tile.y * EXTENT, rows=rows.sql)


def _points_sql(tile, layer):
    columns = "".join(f", {name}" for name in layer.columns)
    return (
        f"SELECT ST_AsMVT(t, '{layer.name}', {EXTENT}, 'shape', 'fid') FROM ("
        f"SELECT ST_Point(px, py) AS shape, fid{columns} FROM ({_placed(tile, layer.rows)}) p "
        f"WHERE {_INSIDE} ORDER BY fid DESC LIMIT {layer.most}) t"
    )


def _clusters_sql(tile, layer):
    size = EXTENT // layer.cells
    sums = "".join(f", NULLIF(sum({name}), 0)::int AS {name}" for name in layer.sums)
    return (
        f"SELECT ST_AsMVT(t, '{layer.name}', {EXTENT}, 'shape', 'fid') FROM ("
        f"SELECT ST_Point(floor(sum(px * n) / sum(n)), floor(sum(py * n) / sum(n))) AS shape, sum(n)::int AS n, "
        f"CASE WHEN sum(n) = 1 THEN max(fid) END AS fid{sums} FROM ({_placed(tile, layer.rows)}) p "
        f"WHERE {_INSIDE} GROUP BY floor(px / {size}), floor(py / {size})) t"
    )


def _shapes_sql(tile, layer):
    columns = "".join(f", {name}" for name in layer.columns)
    envelope = f"ST_TileEnvelope({tile.z}, {tile.x}, {tile.y})"
    return (
        f"SELECT ST_AsMVT(t, '{layer.name}', {EXTENT}, 'shape', 'fid') FROM ("
        f"SELECT ST_AsMVTGeom(shape::geometry, {envelope}, {EXTENT}, {BUFFER}, true) AS shape, fid{columns} "
        f"FROM ({layer.rows.sql}) r) t WHERE shape IS NOT NULL"
    )


_SQL = {Points: _points_sql, Clusters: _clusters_sql, Shapes: _shapes_sql}


def encode(tile: Tile, layers: Sequence[Layer]) -> bytes:
    """The tile: one query on PostGIS, one for each layer elsewhere. A tile without features is empty."""
    layers = [layer for layer in layers if layer.rows.sql]
    if not layers:
        return b""
    if connection.vendor != "postgresql":
        return b"".join(_encoded(tile, layer) for layer in layers)
    parts = [f"COALESCE(({_SQL[type(layer)](tile, layer)}), ''::bytea)" for layer in layers]
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + " || ".join(parts), [p for layer in layers for p in layer.rows.params])
        return bytes(cursor.fetchone()[0])


# ---- without PostGIS


def _encoded(tile, layer) -> bytes:
    names, rows = layer.rows.all()
    made = _MAKERS[type(layer)](tile, layer, names, rows) if rows else []
    if not made:
        return b""
    options = {"extents": EXTENT, "y_coord_down": True}
    return mapbox_vector_tile.encode([{"name": layer.name, "features": made}], default_options=options)


def _spots(tile, names, rows):
    """(px, py, rows) of the rows that lie in the tile."""
    whole = (1 << tile.z) * EXTENT
    lon, lat = (np.array([row[names.index(name)] for row in rows], dtype=float) for name in ("lon", "lat"))
    good = (lat > -85.06) & (lat < 85.06)
    radians = np.radians(np.where(good, lat, 0.0))
    px = np.floor((lon + 180) / 360 * whole) - tile.x * EXTENT
    py = np.floor((1 - np.log(np.tan(radians) + 1 / np.cos(radians)) / np.pi) / 2 * whole) - tile.y * EXTENT
    inside = np.flatnonzero(good & (px >= 0) & (px < EXTENT) & (py >= 0) & (py < EXTENT))
    return px[inside], py[inside], [rows[i] for i in inside]


def _feature(shape, pk, properties):
    made = {"geometry": shape, "properties": {k: v for k, v in properties.items() if v is not None}}
    return made | ({"id": int(pk)} if pk is not None else {})


def _python_points(tile, layer, names, rows):
    px, py, rows = _spots(tile, names, rows)
    places = [(name, names.index(name)) for name in layer.columns]
    at = names.index("fid")
    made = [
        _feature(shapely.Point(x, y), row[at], {name: row[i] for name, i in places})
        for x, y, row in zip(px, py, rows, strict=True)
    ]
    return sorted(made, key=lambda one: -one["id"])[: layer.most]


def _python_clusters(tile, layer, names, rows):
    px, py, rows = _spots(tile, names, rows)
    if not rows:
        return []
    size = EXTENT // layer.cells
    cells, group = np.unique(px // size * layer.cells + py // size, return_inverse=True)

    def summed(values):
        return np.bincount(group, weights=values, minlength=len(cells))

    n = np.array([row[names.index("n")] for row in rows], dtype=float)
    total, x, y = summed(n), summed(px * n), summed(py * n)
    sums = {s: summed(np.array([row[names.index(s)] for row in rows], dtype=float)) for s in layer.sums}
    at = names.index("fid")
    only = dict(zip(group.tolist(), (row[at] for row in rows), strict=True))  # of use where there is one
    return [
        _feature(
            shapely.Point(x[i] // total[i], y[i] // total[i]),
            only[i] if total[i] == 1 else None,
            {"n": int(total[i]), **{s: int(values[i]) for s, values in sums.items() if values[i]}},
        )
        for i in range(len(cells))
    ]


def _python_shapes(tile, layer, names, rows):
    west, _south, east, north = tile.metres
    scale = EXTENT / (east - west)
    shapes = shapely.from_wkb([bytes(row[names.index("shape")]).decode() for row in rows])  # Django selects them as hex
    shapes = shapely.transform(shapes, lambda c: np.column_stack(((c[:, 0] - west) * scale, (north - c[:, 1]) * scale)))
    shapes = shapely.clip_by_rect(shapes, -BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)
    shapes = shapely.set_precision(shapes, 1)
    at, places = names.index("fid"), [(name, names.index(name)) for name in layer.columns]
    return [
        _feature(part, row[at], {name: row[i] for name, i in places})
        for shape, row in zip(shapes, rows, strict=True)
        if (part := _faces(shape)) is not None
    ]


def _faces(shape):
    """The polygons of a cut outline; None if nothing is left."""
    if shape.is_empty:
        return None
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    faces = [part for part in getattr(shape, "geoms", ()) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(faces) if faces else None


_MAKERS = {Points: _python_points, Clusters: _python_clusters, Shapes: _python_shapes}


# ---- answers


def stamp(*parts) -> str:
    """What a tile's content hangs on, as a short word. Whose rows it shows must be among the parts."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def answer(request, tag: str, make: Callable[[], bytes], max_age: int) -> HttpResponse:
    """The tile as an HTTP answer: 304 where the browser has it, from the cache where this process or another made it.

    `tag` (of `stamp`) names the content: the scope is in it, so two people share bytes only if they see the same rows.
    """
    etag = f'"{tag}"'
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if etag in known or f"W/{etag}" in known:
        return _headed(HttpResponseNotModified(), etag, max_age)
    packed = cache.get(f"tile:{tag}")
    if packed is None:
        packed = gzip.compress(make(), 5, mtime=0)
        cache.set(f"tile:{tag}", packed, KEEP_SECONDS)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        made = HttpResponse(packed, content_type=MIME, headers={"Content-Encoding": "gzip"})
    else:
        made = HttpResponse(gzip.decompress(packed), content_type=MIME)
    return _headed(made, etag, max_age)


def _headed(answer, etag, max_age):
    answer["ETag"] = etag
    answer["Cache-Control"] = f"private, max-age={max_age}"
    patch_vary_headers(answer, ["Cookie", "Accept-Encoding"])
    return answer
