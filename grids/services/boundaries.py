"""Boundaries from GeoJSON: each is checked for itself, against its parent and against its siblings, or none is written."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import shapely
from django.contrib.gis.db.models.functions import AsWKB
from django.contrib.gis.geos import GEOSGeometry
from django.db import transaction
from django.utils.translation import gettext as _
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.validation import explain_validity

from core.errors import Invalid
from grids.models import Grid
from grids.services import fit, outlines, tables
from grids.services.findings import Findings

TOLERANCE_M = 5.0
MAX_BYTES = 100 * 1024 * 1024
CODE_NAMES = ("code", "编码", "网格编码", "grid_code")
WGS84_NAMES = ("CRS84", "4326")
GEOMETRIES = {
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
}
# What shapely raises over a file that is no geometry.
UNREADABLE = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    ShapelyError,
)
BATCH = 500
SAME_DEGREES = 1e-9  # 0.1 mm


@dataclass
class BoundariesImported:
    """How many boundaries were written anew, replaced, and were the same already."""

    added: int = 0
    replaced: int = 0
    unchanged: int = 0


def import_boundaries(
    *,
    source,
    tolerance: float = TOLERANCE_M,
    synthetic: bool = False,
    dry_run: bool = False,
    actor_roots=None,
) -> BoundariesImported:
    """Give valid grids the boundaries of a GeoJSON FeatureCollection (a path, an open file or its text as a dict).

    Each feature names its grid in the property `code`; positions are WGS 84 degrees. Refused, each by name: what is
    no (valid) polygon, unknown and repeated codes, a grid that leaves its parent or overlaps a sibling by more than
    `tolerance` metres (also one that is there already and no longer fits a new parent). `actor_roots`: paths below
    which the importing person may draw; None on the command line.

    Raises Invalid (fields: grid code → sentences); then nothing has changed.
    """
    findings = Findings()
    drawn = _drawn(_features(source), findings)
    grids = {grid.code: grid for grid in _all_grids()}
    shapes = {}
    for code, geometry in drawn.items():
        grid = grids.get(code)
        if grid is None or (actor_roots is not None and not any(map(grid.path.startswith, actor_roots))):
            findings.of(code, _("%(code)s: there is no such grid in force.") % {"code": code})
        elif _sound(grid, geometry, findings):
            shapes[grid.pk] = _multi(geometry)
    check(list(grids.values()), shapes, tolerance, findings)
    findings.raise_any()
    return _write(grids, shapes, synthetic, dry_run)


def check(grids: list[fit.Place], shapes: dict, tolerance: float, findings: Findings):
    """Say how new `shapes` (by grid id) fit their parents, their children and their siblings."""
    for child, parent, metres, area in fit.leavings(grids, shapes, tolerance):
        words = _("%(code)s %(name)s leaves %(parent)s by up to %(metres).0f m (%(area).0f m² lie outside).")
        facts = {"code": child.code, "name": child.name, "parent": f"{parent.code} {parent.name}"}
        findings.of(child.code, words % {**facts, "metres": metres, "area": area})
    for one, other, metres, area in fit.overlaps(grids, shapes, tolerance):
        words = _("%(code)s %(name)s overlaps %(other)s by up to %(metres).0f m (%(area).0f m²).")
        facts = {"code": one.code, "name": one.name, "other": f"{other.code} {other.name}"}
        findings.of(one.code, words % {**facts, "metres": metres, "area": area})


def check_one(*, pk, code, name, parent_path, shape, findings: Findings, tolerance: float = TOLERANCE_M):
    """Say how one drawn shape fits; `pk` None for a grid that is not saved yet."""
    own = pk or 0
    place = fit.Place(own, code, name, f"{parent_path}{own}/", None, None)
    if _sound(place, shape, findings):
        others = [grid for grid in _all_grids() if grid.pk != own]
        check([*others, place], {own: _multi(shape)}, tolerance, findings)


# ---- reading


def _features(source) -> list:
    if isinstance(source, dict):
        data = source
    else:
        try:
            content = source.read() if hasattr(source, "read") else Path(source).read_bytes()
            data = json.loads(content[:MAX_BYTES].decode("utf-8-sig"))
        except OSError as error:
            raise Invalid(_("The file cannot be read: %(why)s.") % {"why": error.strerror}) from error
        except (UnicodeDecodeError, ValueError, RecursionError) as error:
            raise Invalid(_("This is not a GeoJSON file.")) from error
    features = data.get("features") if isinstance(data, dict) else None
    if not isinstance(features, list):
        raise Invalid(_("This is not a GeoJSON FeatureCollection."))
    crs = json.dumps(data.get("crs") or "")
    if data.get("crs") and not any(name in crs for name in WGS84_NAMES):
        raise Invalid(_("The positions must be WGS 84 degrees (EPSG:4326), as GeoJSON asks for."))
    return features


def _drawn(features: Iterable, findings: Findings) -> dict[str, shapely.Geometry]:
    """{code: geometry} of the features that have both; the rest is said, each by its number or its code."""
    drawn = {}
    for number, feature in enumerate(features, 1):
        code, wrong = _code(number, feature)
        if wrong:
            findings.of(f"#{number}", wrong)
        elif code in drawn:
            findings.of(code, _("%(code)s is in the file twice.") % {"code": code})
        else:
            drawn[code], wrong = _geometry(code, feature.get("geometry"))
            if wrong:
                findings.of(code, wrong)
    return {code: geometry for code, geometry in drawn.items() if geometry is not None}


def _code(number: int, feature) -> tuple[str, str]:
    """(the code of a feature's grid, what is wrong in words): one of the two is empty."""
    if not isinstance(feature, dict):
        words = _("Feature %(number)s: expected a GeoJSON feature, got %(type)s.")
        return "", words % {"number": number, "type": _kind_of(feature)}
    properties = feature.get("properties")
    if properties is not None and not isinstance(properties, dict):
        words = _("Feature %(number)s: expected properties with a “code”, got %(type)s.")
        return "", words % {"number": number, "type": _kind_of(properties)}
    value = next((properties[name] for name in CODE_NAMES if properties.get(name)), "") if properties else ""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        words = _("Feature %(number)s: expected a text as “code”, got %(type)s.")
        return "", words % {"number": number, "type": _kind_of(value)}
    try:
        code = tables.code(value)
    except tables.Unreadable as error:
        return "", _("Feature %(number)s, code: %(message)s") % {"number": number, "message": error}
    return code, "" if code else _("Feature %(number)s has no property “code”.") % {"number": number}


def _geometry(code: str, found) -> tuple[shapely.Geometry | None, str]:
    """(the geometry of a feature, what is wrong in words)."""
    if found is None:
        return None, _("%(code)s has no geometry: expected a Polygon or a MultiPolygon.") % {"code": code}
    try:
        return shape(found), ""
    except UNREADABLE:
        kind = found.get("type") if isinstance(found, dict) else None
        if isinstance(kind, str) and kind in GEOMETRIES:
            return None, _("%(code)s: the coordinates of the %(type)s cannot be read.") % {
                "code": code,
                "type": kind,
            }
        got = f"“{kind}”" if isinstance(kind, str) else _kind_of(found)
        words = _("%(code)s: expected a Polygon or a MultiPolygon as geometry, got %(type)s.")
        return None, words % {"code": code, "type": got}


def _kind_of(value) -> str:
    """What a value of a JSON file is, in words."""
    if value is None:
        return _("nothing")
    if isinstance(value, dict):
        return _("an object")
    if isinstance(value, list):
        return _("a list")
    return _("a text") if isinstance(value, str) else _("a number or a truth value")


def _sound(grid, geometry, findings) -> bool:
    """Whether the geometry can be a boundary at all."""
    facts = {"code": grid.code, "name": grid.name}
    if geometry.is_empty:
        findings.of(grid.code, _("%(code)s %(name)s: the shape has no corners.") % facts)
        return False
    if geometry.geom_type not in ("Polygon", "MultiPolygon"):
        words = _("%(code)s %(name)s: expected a polygon, got %(type)s.")
        findings.of(grid.code, words % {**facts, "type": geometry.geom_type})
        return False
    west, south, east, north = geometry.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        words = _("%(code)s %(name)s: the positions are no degrees (%(west).0f, %(south).0f).")
        findings.of(grid.code, words % {**facts, "west": west, "south": south})
        return False
    if not geometry.is_valid:
        words = _("%(code)s %(name)s: the shape is not valid: %(why)s.")
        findings.of(grid.code, words % {**facts, "why": explain_validity(geometry)})
        return False
    return True


def _multi(geometry):
    flat = shapely.force_2d(geometry)
    return flat if flat.geom_type == "MultiPolygon" else shapely.MultiPolygon([flat])


def _all_grids() -> list[fit.Place]:
    rows = Grid.objects.filter(valid_until=None).order_by("path").annotate(wkb=AsWKB("boundary"))
    return [
        fit.Place(pk, code, name, path, parent, shapely.from_wkb(bytes(wkb)) if wkb else None)
        for pk, code, name, path, parent, wkb in rows.values_list(
            "pk", "code", "name", "path", "parent_id", "wkb"
        )
    ]


# ---- writing


def _write(grids, shapes, synthetic, dry_run) -> BoundariesImported:
    done, changed = BoundariesImported(), []
    by_pk = {grid.pk: grid for grid in grids.values()}
    for pk, geometry in shapes.items():
        old = by_pk[pk].shape
        if old is not None and _same(old, geometry):
            done.unchanged += 1
            continue
        done.added += old is None
        done.replaced += old is not None
        boundary = GEOSGeometry(shapely.to_wkb(geometry, hex=True), srid=4326)
        changed.append(Grid(pk=pk, boundary=boundary, synthetic=synthetic))
    if not dry_run:
        with transaction.atomic():
            Grid.objects.bulk_update(changed, ["boundary", "synthetic"], batch_size=BATCH)
            outlines.rebuild()
    return done


def _same(old, new) -> bool:
    """The same shape, whichever corner it begins with; files are written with rounded digits."""
    return shapely.equals_exact(shapely.normalize(old), shapely.normalize(new), tolerance=SAME_DEGREES)


def summary(done: BoundariesImported) -> list[str]:
    """What an import did, in sentences."""
    words = _("%(added)s boundaries added, %(replaced)s replaced, %(unchanged)s unchanged.")
    return [words % {"added": done.added, "replaced": done.replaced, "unchanged": done.unchanged}]
