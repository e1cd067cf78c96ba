"""Boundaries: validity, containment, overlap, each by name with how much."""

import io
import json

import pytest
import shapely
from django.core.management import CommandError, call_command

from core.errors import Invalid
from grids.models import Grid
from grids.services import boundaries, fit
from tests.factories import square
from tests.imports.scene import WEST, said

pytestmark = pytest.mark.django_db


def collection(*features, **more):
    return {"type": "FeatureCollection", "features": list(features), **more}


def feature(code, lon, lat, size, **properties):
    return {
        "type": "Feature",
        "properties": {"code": code, **properties},
        "geometry": json.loads(square(lon, lat, size).geojson),
    }


def polygon(code, *corners, kind="Polygon"):
    ring = [list(corner) for corner in (*corners, corners[0])]
    return {
        "type": "Feature",
        "properties": {"code": code},
        "geometry": {"type": kind, "coordinates": [ring]},
    }


def test_boundaries_are_written_and_the_same_again_is_unchanged(county, tmp_path):
    village = county.west.village.code
    data = collection(
        feature(village, 113.40, 27.60, 0.02),
        feature(WEST[0], 113.40, 27.60, 0.01),
        feature(WEST[1], 113.41, 27.61, 0.01),
    )
    file = tmp_path / "grids.geojson"
    file.write_text(json.dumps(data))
    done = boundaries.import_boundaries(source=file)
    assert (done.added, done.replaced, done.unchanged) == (1, 1, 1)
    assert Grid.objects.get(code=WEST[1]).boundary.equals(square(113.41, 27.61, 0.01))
    again = boundaries.import_boundaries(source=io.BytesIO(file.read_bytes()))
    assert (again.added, again.replaced, again.unchanged) == (0, 0, 3)
    turned = collection(polygon(WEST[0], (113.41, 27.61), (113.41, 27.60), (113.40, 27.60), (113.40, 27.61)))
    assert boundaries.import_boundaries(source=turned).unchanged == 1  # the same ring from another corner


def test_each_mistake_is_named_and_nothing_is_written(county):
    before = {grid.pk: grid.boundary.wkt for grid in Grid.objects.exclude(boundary=None)}
    bow = [(113.40, 27.60), (113.41, 27.61), (113.41, 27.60), (113.40, 27.61)]
    east = county.east.grids
    data = collection(
        polygon(WEST[0], *bow),
        feature(WEST[1], 113.41, 27.60, 0.005),
        feature(WEST[1], 113.41, 27.60, 0.005),
        feature("430281009001001", 113.5, 27.6, 0.01),
        {"type": "Feature", "properties": {}, "geometry": None},
        {
            "type": "Feature",
            "properties": {"code": east[0].code},
            "geometry": {"type": "Point", "coordinates": [113, 27]},
        },
        feature(county.east.village.code, 500000, 3050000, 1000),
        {"type": "Feature", "properties": {"code": east[1].code}, "geometry": None},
    )
    text = said(
        lambda: boundaries.import_boundaries(source=data),
        WEST[1],
        "#5",
        east[1].code,
        WEST[0],
        "430281009001001",
        east[0].code,
        county.east.village.code,
    )
    assert f"{WEST[1]} is in the file twice." in text
    assert "Feature 5 has no property “code”." in text
    assert f"{east[1].code} has no geometry: expected a Polygon or a MultiPolygon." in text
    assert f"{WEST[0]} 阳三街道第1网格: the shape is not valid: Self-intersection[113.405 27.605]." in text
    assert "430281009001001: there is no such grid in force." in text
    assert f"{east[0].code} 来龙门街道第1网格: expected a polygon, got Point." in text
    assert "来龙门街道一社区: the positions are no degrees (500000, 3050000)." in text
    assert {grid.pk: grid.boundary.wkt for grid in Grid.objects.exclude(boundary=None)} == before


def test_a_grid_that_leaves_its_parent_is_named_with_how_far(county):
    Grid.objects.filter(pk=county.west.village.pk).update(boundary=square(113.40, 27.60, 0.02))
    # 0.001° of latitude are 111 m; the strip is 0.01° wide.
    data = collection(feature(WEST[0], 113.40, 27.599, 0.01))
    text = said(lambda: boundaries.import_boundaries(source=data), WEST[0])
    assert "430281001001001 阳三街道第1网格 leaves 430281001001 阳三街道一社区 by up to 111 m (109" in text
    assert boundaries.import_boundaries(source=data, tolerance=112).replaced == 1


def test_a_new_parent_must_hold_the_children_that_are_there(county):
    data = collection(feature(county.west.village.code, 113.40, 27.60, 0.01))
    text = said(lambda: boundaries.import_boundaries(source=data), WEST[1])
    assert "阳三街道第2网格 leaves 430281001001 阳三街道一社区 by up to 98" in text


def test_levels_without_a_shape_are_passed_through(county):
    # The village, town and area have none: the county's outline is the fence.
    text = said(
        lambda: boundaries.import_boundaries(source=collection(feature(WEST[0], 113.29, 27.60, 0.02))),
        WEST[0],
    )
    assert "leaves 430281000000 醴陵市" in text


def test_siblings_may_not_overlap_but_by_the_tolerance(county):
    ten_metres = 0.0001
    data = collection(feature(WEST[0], 113.40, 27.60, 0.01 + ten_metres))
    text = said(lambda: boundaries.import_boundaries(source=data), WEST[0])
    assert f"{WEST[0]} 阳三街道第1网格 overlaps {WEST[1]} 阳三街道第2网格 by up to 1" in text
    assert boundaries.import_boundaries(source=data, tolerance=12).replaced == 1


def test_a_border_that_only_differs_by_a_hair_is_no_overlap(county):
    done = boundaries.import_boundaries(source=collection(feature(WEST[0], 113.40, 27.60, 0.010_01)))
    assert done.replaced == 1


def test_width_is_that_of_the_widest_place():
    strip = shapely.box(0, 0, 1000, 8)
    assert fit.width(strip, 5) == pytest.approx(8, abs=1)
    assert fit.width(shapely.box(0, 0, 1000, 4), 5) == 0


def test_what_is_no_geojson(county, tmp_path):
    file = tmp_path / "a.geojson"
    for content, words in (
        (b"\xff\xfe", "not a GeoJSON file"),
        (b"{}", "not a GeoJSON FeatureCollection"),
        (b'{"features": {"1": {}}}', "not a GeoJSON FeatureCollection"),
        (b'{"features": [], "crs": {"properties": {"name": "EPSG:3857"}}}', "must be WGS 84"),
    ):
        file.write_bytes(content)
        with pytest.raises(Invalid, match=words):
            boundaries.import_boundaries(source=file)
    with pytest.raises(Invalid, match="cannot be read"):
        boundaries.import_boundaries(source=tmp_path / "none")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (1, "Feature 2: expected a GeoJSON feature, got a number or a truth value."),
        (None, "Feature 2: expected a GeoJSON feature, got nothing."),
        (["Feature"], "Feature 2: expected a GeoJSON feature, got a list."),
        ({"properties": WEST[1]}, "Feature 2: expected properties with a “code”, got a text."),
        ({"properties": [WEST[1]]}, "Feature 2: expected properties with a “code”, got a list."),
        ({"properties": True}, "Feature 2: expected properties with a “code”, got a number or a truth value."),
        ({"properties": None}, "Feature 2 has no property “code”."),
        ({}, "Feature 2 has no property “code”."),
        ({"properties": {"code": None, "name": "甲"}}, "Feature 2 has no property “code”."),
        ({"properties": {"code": " "}}, "Feature 2 has no property “code”."),
        ({"properties": {"code": {"a": 1}}}, "Feature 2: expected a text as “code”, got an object."),
        ({"properties": {"code": True}}, "Feature 2: expected a text as “code”, got a number or a truth value."),
        (
            {"properties": {"code": 4302810010010021}},
            "Feature 2, code: “4302810010010021” was stored as a number and has lost digits: "
            "format the column as text.",
        ),
    ],
)
def test_a_feature_that_names_no_grid_is_named_by_its_number(county, wrong, words):
    before = Grid.objects.get(code=WEST[0]).boundary.wkt
    data = collection(feature(WEST[0], 113.40, 27.60, 0.005), wrong)
    assert said(lambda: boundaries.import_boundaries(source=data), "#2") == words
    assert Grid.objects.get(code=WEST[0]).boundary.wkt == before


POLYGON = f"{WEST[1]}: the coordinates of the Polygon cannot be read."
EMPTY = f"{WEST[1]} 阳三街道第2网格: the shape has no corners."
NO_GEOMETRY = f"{WEST[1]} has no geometry: expected a Polygon or a MultiPolygon."


def other(got):
    return f"{WEST[1]}: expected a Polygon or a MultiPolygon as geometry, got {got}."


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        ({"geometry": None}, NO_GEOMETRY),
        ({}, NO_GEOMETRY),
        ({"geometry": "POLYGON ((0 0, 1 0, 1 1, 0 0))"}, other("a text")),
        ({"geometry": []}, other("a list")),
        ({"geometry": {}}, other("an object")),
        ({"geometry": {"type": "Circle", "coordinates": [1, 2]}}, other("“Circle”")),
        ({"geometry": {"type": "Feature", "geometry": None}}, other("“Feature”")),
        ({"geometry": {"type": ["Polygon"]}}, other("an object")),
        ({"geometry": {"type": "Polygon"}}, POLYGON),
        ({"geometry": {"type": "Polygon", "coordinates": "abc"}}, POLYGON),
        ({"geometry": {"type": "Polygon", "coordinates": [[1, 2], [3, 4]]}}, POLYGON),
        ({"geometry": {"type": "Polygon", "coordinates": [[[10**400, 2], [1, 2], [2, 3], [1, 2]]]}}, POLYGON),
        ({"geometry": {"type": "Polygon", "coordinates": []}}, EMPTY),
        ({"geometry": {"type": "GeometryCollection", "geometries": []}}, EMPTY),
        (
            {"geometry": {"type": "LineString", "coordinates": [[113.4, 27.6], [113.5, 27.6]]}},
            f"{WEST[1]} 阳三街道第2网格: expected a polygon, got LineString.",
        ),
    ],
)
def test_a_geometry_that_is_no_polygon_is_said_by_its_grids_code(county, geometry, words):
    before = Grid.objects.get(code=WEST[0]).boundary.wkt
    wrong = {"type": "Feature", "properties": {"code": WEST[1]}, **geometry}
    data = collection(feature(WEST[0], 113.40, 27.60, 0.005), wrong)
    assert said(lambda: boundaries.import_boundaries(source=data), WEST[1]) == words
    assert Grid.objects.get(code=WEST[0]).boundary.wkt == before


def test_a_code_stored_as_a_number_is_understood(county):
    data = collection(feature(float(WEST[0]), 113.40, 27.60, 0.01), feature(int(WEST[1]), 113.41, 27.60, 0.01))
    assert boundaries.import_boundaries(source=data).unchanged == 2


def test_the_boundaries_command_lists_the_mistakes_and_can_only_check(county, tmp_path):
    file, err, out = tmp_path / "a.geojson", io.StringIO(), io.StringIO()
    file.write_text(json.dumps(collection(feature("nowhere", 113, 27, 1))))
    with pytest.raises(CommandError, match=r"Nothing was imported. Mistakes found: 1\."):
        call_command("import_boundaries", file, stderr=err)
    assert "nowhere: there is no such grid in force." in err.getvalue()
    file.write_text(json.dumps(collection(feature(WEST[0], 113.40, 27.60, 0.005))))
    call_command("import_boundaries", file, dry_run=True, stdout=out)
    assert out.getvalue().splitlines()[0] == "0 boundaries added, 1 replaced, 0 unchanged."
    assert Grid.objects.get(code=WEST[0]).boundary.equals(square(113.40, 27.60, 0.01))
