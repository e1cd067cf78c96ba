"""The territory over the API: lists, one grid, outlines, where a point lies, units, standards, the workflow."""

from datetime import date

import pytest

from events import standards
from grids.models import Grid
from tests.factories import GridFactory, StandardFactory, UnitFactory

GRIDS = "/api/v1/grids/"


def names(client, url=GRIDS, **query):
    answer = client.get(url, query)
    assert answer.status_code == 200, answer.content
    return [row["name"] for row in answer.json()["results"]]


def test_grids_of_ones_land_by_code(county, api):
    assert names(api(county.operator)) == ["阳三街道一社区", "阳三街道第1网格", "阳三街道第2网格"]
    assert names(api(county.worker)) == ["阳三街道第1网格"]
    assert names(api(county.stranger)) == []
    assert len(names(api(county.staff))) == 10  # a county bureau's jurisdiction


def test_grids_are_filtered(county, api):
    client = api(county.operator_top)
    assert names(client, level=2) == ["阳三街道", "来龙门街道"]
    assert names(client, parent=county.west.village.pk) == ["阳三街道第1网格", "阳三街道第2网格"]
    assert names(client, within=county.east.town.pk, level=4) == ["来龙门街道第1网格", "来龙门街道第2网格"]
    assert names(client, code="430281002001") == ["来龙门街道一社区", "来龙门街道第1网格", "来龙门街道第2网格"]
    assert names(client, q="第2") == ["阳三街道第2网格", "来龙门街道第2网格"]
    assert client.get(GRIDS, {"level": 5}).status_code == 400
    assert client.get(GRIDS, {"levle": 1}).status_code == 400


def test_former_grids_are_listed_for_a_day_when_they_were_in_force(county, api):
    old = county.west.grids[1]
    Grid.objects.filter(pk=old.pk).update(valid_until=date(2025, 6, 1))
    client = api(county.operator)
    assert old.name not in names(client)
    assert old.name in names(client, on="2025-05-31")


def test_one_grid(county, api):
    grid = county.west.village
    body = api(county.operator).get(f"{GRIDS}{grid.pk}/").json()
    assert (body["name"], body["level"], body["parent"], body["path"]) == (grid.name, 3, county.west.town.pk, grid.path)
    assert [one["name"] for one in body["ancestors"]] == ["醴陵市", "城区片区", "阳三街道"]
    assert [unit["name"] for unit in body["units"]] == ["阳三街道一社区工作站"]
    assert body["boundary"] is None
    leaf = api(county.worker).get(f"{GRIDS}{county.west.grids[0].pk}/").json()
    assert leaf["boundary"]["type"] == "MultiPolygon"
    assert leaf["boundary"]["coordinates"][0][0][0] == [113.4, 27.6]
    assert api(county.worker).get(f"{GRIDS}{county.east.grids[0].pk}/").status_code == 404


def test_outlines_are_geojson_of_ones_land(county, api, django_assert_num_queries):
    client = api(county.operator)
    body = client.get(f"{GRIDS}outlines/", {"level": 4}).json()
    assert body["type"] == "FeatureCollection"
    assert [one["properties"]["name"] for one in body["features"]] == ["阳三街道第1网格", "阳三街道第2网格"]
    assert body["features"][0]["geometry"]["type"] == "MultiPolygon"
    assert (body["features"][0]["id"], body["features"][0]["type"]) == (county.west.grids[0].pk, "Feature")
    with django_assert_num_queries(4):  # session, person, posts of today, outlines
        client.get(f"{GRIDS}outlines/")
    assert api(county.stranger).get(f"{GRIDS}outlines/").json()["features"] == []


@pytest.mark.parametrize("count", [1, 50])
def test_grids_cost_the_same_for_one_and_fifty(county, api, count, django_assert_num_queries):
    for _n in range(count):
        GridFactory(parent=county.west.village)
    client = api(county.operator)
    with django_assert_num_queries(4):  # session, person, posts of today, page
        assert len(names(client, page_size=1000)) == count + 3


def test_pages_of_grids_lead_through_all_of_them(county, api):
    client = api(county.operator_top)
    answer, seen = client.get(GRIDS, {"page_size": 3}).json(), []
    while True:
        seen += [row["id"] for row in answer["results"]]
        if answer["next"] is None:
            break
        answer = client.get(answer["next"]).json()
    assert seen == list(Grid.objects.order_by("code", "id").values_list("id", flat=True))


def test_where_a_point_lies(county, api):
    lon, lat = county.west.point
    client = api(county.operator)
    assert client.get(f"{GRIDS}locate/", {"lon": lon, "lat": lat}).json() == {
        "grid": {"id": county.west.grids[0].pk, "code": county.west.grids[0].code, "name": "阳三街道第1网格", "level": 4}
    }
    lon, lat = county.east.point
    assert client.get(f"{GRIDS}locate/", {"lon": lon, "lat": lat}).json() == {"grid": None}
    assert client.get(f"{GRIDS}locate/", {"lon": 0, "lat": 0}).json() == {"grid": None}


@pytest.mark.parametrize(
    "query",
    [
        {}, {"lon": 1}, {"lon": "nan", "lat": 1}, {"lon": "inf", "lat": 1}, {"lon": 181, "lat": 1},
        {"lon": 1, "lat": 1, "z": 2},
    ],
)
def test_a_point_that_is_none_is_refused(county, api, query):
    assert api(county.worker).get(f"{GRIDS}locate/", query).status_code == 400


def test_units_within_the_land_and_those_above_it(county, api):
    client = api(county.operator)
    assert set(names(client, "/api/v1/units/")) == {
        "阳三街道一社区工作站", "阳三街道分中心", "城区分中心", "市指挥中心", "市城管局", "市公安局",
    }  # fmt: skip
    covering = {"kind": "department", "covers": county.west.grids[0].pk}
    assert names(client, "/api/v1/units/", **covering) == ["市城管局", "市公安局"]
    assert names(client, "/api/v1/units/", covers=county.east.grids[0].pk) == []
    assert names(client, "/api/v1/units/", department_kind="police") == ["市公安局"]
    assert names(client, "/api/v1/units/", q="城管") == ["市城管局"]
    assert client.get(f"/api/v1/units/{county.urban.pk}/").json()["department_kind"] == "urban_management"
    assert client.get(f"/api/v1/units/{county.east.station.pk}/").status_code == 404
    assert names(api(county.stranger), "/api/v1/units/") == []


@pytest.mark.parametrize("count", [1, 50])
def test_units_cost_the_same_for_one_and_fifty(county, api, count, django_assert_num_queries):
    for _n in range(count):
        UnitFactory(grid=GridFactory(parent=county.west.village))
    client = api(county.operator)
    with django_assert_num_queries(4):  # session, person, posts of today, page
        assert len(names(client, "/api/v1/units/", page_size=1000)) == count + 6


# ---- standards and the workflow


@pytest.fixture
def lamps(county):
    made = [
        StandardFactory(code="C0137-1", kind="component", minor_name="路灯", condition="路灯夜间不亮"),
        StandardFactory(code="C0137-2", kind="component", minor_name="路灯", condition="路灯杆倾斜"),
    ]
    for one in made:
        one.search_text = standards.search_text(
            code=one.code, minor_name=one.minor_name, major_name=one.major_name, condition=one.condition
        )
        one.save()
    return made


def test_standards_by_code_and_by_words(county, api, lamps):
    client = api(county.worker)
    url = "/api/v1/standards/"
    codes = [row["code"] for row in client.get(url).json()["results"]]
    assert codes == ["C0137-1", "C0137-2", "E0101-1"]
    assert client.get(url, {"q": "ludeng 不亮"}).json()["results"][0]["code"] == "C0137-1"
    assert [row["code"] for row in client.get(url, {"q": "路灯", "kind": "event"}).json()["results"]] == []
    assert [row["code"] for row in client.get(url, {"code": "C0137"}).json()["results"]] == ["C0137-1", "C0137-2"]
    assert client.get(url, {"q": "a\0b"}).status_code == 200
    assert client.get(url, {"kind": "none"}).status_code == 400
    assert api(county.stranger).get(url).json()["results"] == []


def test_one_standard_with_its_default_leads(county, api):
    body = api(county.worker).get(f"/api/v1/standards/{county.standard.pk}/").json()
    assert (body["code"], body["limit"], body["limit_unit"]) == ("E0101-1", "2.00", "work_day")
    assert body["leads"] == [{"level": 0, "department_kind": "urban_management"}]
    assert api(county.stranger).get(f"/api/v1/standards/{county.standard.pk}/").status_code == 404


@pytest.mark.parametrize("count", [1, 50])
def test_standards_cost_the_same_for_one_and_fifty(county, api, count, django_assert_num_queries):
    StandardFactory.create_batch(count)
    client = api(county.worker)
    with django_assert_num_queries(4):  # session, person, posts of today, page
        rows = client.get("/api/v1/standards/", {"page_size": 1000}).json()["results"]
    assert len(rows) == count + 1


def test_the_workflow_as_data(county, api):
    body = api(county.worker).get("/api/v1/workflow/").json()
    moves = {move["action"]: move for move in body["moves"]}
    assert "overdue" not in moves
    assert (moves["dispatch"]["from"], moves["dispatch"]["to"]) == (["registered"], "dispatched")
    assert moves["dispatch"]["must"] == ["lead"]
    assert len(body["statuses"]) == 11
