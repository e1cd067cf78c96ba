"""Warnings and duty over the API: a department sees its jurisdiction, takes and ends; errors are problem details."""

import pytest

from duty.services import rosters, warnings
from tests.scenes import beijing


@pytest.fixture
def made(scene):
    return warnings.raise_warning(
        actor=scene.people["op_top"], level="major", cause="weather", title="暴雨", grid_id=scene.root.pk
    )


def test_departments_list_take_and_end_the_warnings_of_their_jurisdiction(scene, made, api):
    staff, second = api(scene.people["staff_lead"]), api(scene.people["staff_co"])
    (row,) = staff.get("/api/v1/warnings/", {"state": "waiting", "level": "major"}).json()["results"]
    assert (row["id"], row["grid"]["name"], row["taken_at"]) == (made.pk, scene.root.name, None)
    taken = staff.post(f"/api/v1/warnings/{made.pk}/take/")
    assert (taken.status_code, taken.json()["taken_unit"]["id"]) == (200, scene.urban.pk)
    lost = second.post(f"/api/v1/warnings/{made.pk}/take/")
    assert (lost.status_code, lost.json()["code"], lost.json()["unit"]) == (409, "conflict", scene.urban.name)
    assert second.post(f"/api/v1/warnings/{made.pk}/end/", {"words": "完"}).json()["code"] == "refused"
    assert staff.post(f"/api/v1/warnings/{made.pk}/end/", {}).json()["errors"].keys() == {"words"}
    assert staff.post(f"/api/v1/warnings/{made.pk}/end/", {"words": "已转移群众"}).json()["end_words"] == "已转移群众"
    assert staff.get("/api/v1/warnings/", {"state": "waiting"}).json()["results"] == []
    assert staff.get("/api/v1/warnings/", {"colour": "red"}).status_code == 400
    assert staff.get("/api/v1/warnings/", {"state": "odd"}).json()["errors"].keys() == {"state"}


def test_what_lies_elsewhere_is_not_there(scene, api):
    west = warnings.raise_warning(
        actor=scene.people["op_town"], level="notice", cause="fire", title="山火", grid_id=scene.west.town.pk
    )
    east = api(scene.people["op_east"])
    assert east.get("/api/v1/warnings/").json()["results"] == []
    assert east.get(f"/api/v1/warnings/{west.pk}/").status_code == 404
    assert east.post(f"/api/v1/warnings/{west.pk}/take/").json()["code"] == "not_found"
    assert api(scene.people["stranger"]).get("/api/v1/warnings/").status_code == 403
    assert api(scene.people["worker_full"]).post(f"/api/v1/warnings/{west.pk}/take/").json()["code"] == "refused"


def test_who_is_on_duty_for_a_grid(scene, api):
    client = api(scene.people["worker_full"])
    (line,) = client.get("/api/v1/on-duty/", {"grid": scene.west.grids[0].pk}).json()
    assert (line["unit"]["id"], line["role"], line["name"]) == (scene.west.station.pk, None, "")
    rosters.add_shift(
        actor=scene.people["head_station"], unit=scene.west.station, name="周", role="watch", phone="0731-1",
        starts_at=beijing("2026-01-01 00:00"), ends_at=beijing("2026-01-02 00:00"),
    )  # fmt: skip
    assert client.get("/api/v1/on-duty/", {"grid": scene.east.grids[0].pk}).status_code == 404
    assert client.get("/api/v1/on-duty/").status_code == 400
    assert client.get("/api/v1/on-duty/", {"grid": "x"}).json()["errors"].keys() == {"grid"}


def test_the_list_costs_the_same_for_one_and_for_many(scene, made, api, django_assert_max_num_queries):
    client = api(scene.people["op_top"])
    client.get("/api/v1/warnings/")
    with django_assert_max_num_queries(12) as one:
        client.get("/api/v1/warnings/")
    for _n in range(12):
        warnings.raise_warning(
            actor=scene.people["op_top"], level="notice", cause="fire", title="又一", grid_id=scene.west.town.pk
        )
    client.get("/api/v1/warnings/")
    with django_assert_max_num_queries(12) as many:
        assert len(client.get("/api/v1/warnings/").json()["results"]) == 13
    assert len(one) == len(many)
