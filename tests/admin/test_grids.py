"""Grids and units in the admin: what may be changed, and in which words it is refused."""

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from events.models import Event
from grids.models import Grid, Unit
from tests.admin.scene import browser, errors, grid_data, url
from tests.factories import (
    GridFactory,
    square,
)

pytestmark = pytest.mark.django_db


def test_a_grid_is_added_below_an_own_one_and_its_level_follows(county, west):
    data = grid_data(code="430281001001003", parent=county.west.village.pk)
    assert browser(west).post(url(Grid, "add"), data).status_code == 302
    made = Grid.objects.get(code="430281001001003")
    assert (made.level, made.path) == (4, f"{county.west.village.path}{made.pk}/")


def test_a_grid_cannot_be_put_outside_below_nothing_or_below_level_4(county, west):
    client = browser(west)
    for parent in (county.east.village.pk, county.area.pk, county.root.pk, 999999):
        found = errors(client.post(url(Grid, "add"), grid_data(code="x", parent=parent)))
        assert "Select a valid choice" in found["parent"][0]
    assert (
        "Choose the grid above"
        in errors(client.post(url(Grid, "add"), grid_data(code="x", parent="")))["parent"][0]
    )
    deepest = county.west.grids[0].pk
    assert (
        "nothing" in errors(client.post(url(Grid, "add"), grid_data(code="x", parent=deepest)))["parent"][0]
    )
    assert not Grid.objects.filter(code="x").exists()


def test_a_grid_cannot_be_moved_out_or_to_another_level(county, west):
    client, grid = browser(west), county.west.grids[0]
    for parent, words in (
        (county.east.village, "Select a valid choice"),
        (county.west.town, "Expected a grid of level 3"),
    ):
        found = errors(client.post(url(Grid, "change", grid.pk), grid_data(code=grid.code, parent=parent.pk)))
        assert words in found["parent"][0]
    assert Grid.objects.get(pk=grid.pk).parent == county.west.village


def test_the_place_of_ones_own_root_is_not_ones_own_to_change(county, west):
    town = county.west.town
    client = browser(west)
    data = grid_data(name="阳三街道新", code="hacked", parent=county.root.pk, valid_until="2026-12-31")
    assert client.post(url(Grid, "change", town.pk), data).status_code == 302
    after = Grid.objects.get(pk=town.pk)
    assert (after.name, after.code, after.parent, after.valid_until) == (
        "阳三街道新",
        town.code,
        county.area,
        None,
    )


def test_a_code_that_is_taken_and_a_wrong_period_are_said_in_words(county, west):
    client, village = browser(west), county.west.village
    found = errors(
        client.post(url(Grid, "add"), grid_data(code=county.west.grids[0].code, parent=village.pk))
    )
    assert found["__all__"] == ["There is a valid grid with this code already."]
    old = county.west.grids[0]
    Grid.objects.filter(pk=old.pk).update(valid_until="2099-01-01")
    found = errors(client.post(url(Grid, "add"), grid_data(code=old.code, parent=village.pk)))
    assert found["__all__"] == [
        "There is a grid with this code from 2024-01-01, until 2099-01-01: expected days that are not among these."
    ]
    found = errors(
        client.post(url(Grid, "add"), grid_data(code="x", parent=village.pk, valid_until="2025-01-01"))
    )
    assert found["__all__"] == ["A grid must end after it begins."]


def test_a_drawn_boundary_must_fit(county, west):
    client, grid = browser(west), county.west.grids[0]
    Grid.objects.filter(pk=county.west.village.pk).update(boundary=square(113.40, 27.60, 0.02))
    Grid.objects.filter(pk=grid.pk).update(synthetic=True)
    page = url(Grid, "change", grid.pk)
    data = grid_data(code=grid.code, parent=county.west.village.pk)
    found = errors(client.post(page, {**data, "boundary": square(113.39, 27.60, 0.01).geojson}))
    assert "leaves 430281001001 阳三街道一社区 by up to 98" in found["boundary"][0]
    found = errors(client.post(page, {**data, "boundary": square(113.40, 27.60, 0.015).geojson}))
    assert "overlaps 430281001001002" in found["boundary"][0]
    assert client.post(page, {**data, "boundary": square(113.40, 27.60, 0.005).geojson}).status_code == 302
    after = Grid.objects.get(pk=grid.pk)
    assert after.boundary.equals_exact(square(113.40, 27.60, 0.005), 1e-9)
    assert after.synthetic is False


def test_the_map_of_a_grid_may_run_its_one_script(county, west):
    """Its inline script carries the nonce that the policy names; without it there is no map."""
    answer = browser(west).get(url(Grid, "change", county.west.grids[0].pk))
    nonces = set(re.findall(r'<script nonce="([^"]+)">', answer.content.decode()))
    assert len(nonces) == 1
    assert f"'nonce-{nonces.pop()}'" in answer["Content-Security-Policy"]
    assert not re.findall(r"<script>", answer.content.decode())


def test_a_grid_with_grids_below_is_not_ended_and_one_in_use_not_deleted(county, whole):
    client, village = browser(whole), county.west.village
    data = grid_data(code=village.code, parent=county.west.town.pk, valid_until="2026-12-31")
    assert "end them first" in errors(client.post(url(Grid, "change", village.pk), data))["valid_until"][0]
    assert client.post(url(Grid, "delete", village.pk), {"post": "yes"}).status_code == 403
    spare = GridFactory(parent=village)
    assert client.post(url(Grid, "delete", spare.pk), {"post": "yes"}).status_code == 302
    assert not Grid.objects.filter(pk=spare.pk).exists()


def test_units_say_in_words_what_does_not_fit(county, west):
    client = browser(west)
    data = {
        "kind": "department",
        "name": "中队",
        "code": "u1",
        "grid": county.west.village.pk,
        "phone": "",
        "active": "on",
    }
    found = errors(client.post(url(Unit, "add"), data))
    assert set(found) >= {"department_kind", "grid"}
    assert found["grid"] == ["Expected a grid of level 0 to 2."]
    good = {**data, "grid": county.west.town.pk, "department_kind": county.police_kind.pk}
    assert client.post(url(Unit, "add"), good).status_code == 302
    again = errors(client.post(url(Unit, "add"), {**good, "code": "u2"}))
    assert again["__all__"] == ["This jurisdiction has a department of this kind already."]


def test_a_unit_for_which_open_events_wait_is_not_closed(county, west):
    client, unit, grid = browser(west), county.west.station, county.west.grids[0]
    event = Event.objects.create(grid=grid, path=grid.path, holder=unit, centre=unit, description="占道经营")
    data = {"kind": "centre", "name": "新名", "code": unit.code, "grid": unit.grid_id, "phone": ""}
    found = errors(client.post(url(Unit, "change", unit.pk), data))["active"]
    assert found[0].startswith("1 open event lies with this unit or comes back to it")
    assert client.post(url(Unit, "change", unit.pk), {**data, "active": "on"}).status_code == 302
    Event.objects.filter(pk=event.pk).update(status="cancelled")
    assert client.post(url(Unit, "change", unit.pk), data).status_code == 302
    assert Unit.objects.get(pk=unit.pk).active is False


def test_the_map_shows_what_lies_around_as_far_as_it_is_ones_own(county, west):
    client, (grid, sibling) = browser(west), county.west.grids
    found = client.get(reverse("admin:grids_grid_around", args=[grid.pk])).json()["features"]
    assert [(f["properties"]["name"], f["properties"]["kind"]) for f in found] == [(sibling.name, "sibling")]
    Grid.objects.filter(pk=county.east.town.pk).update(boundary=square(113.50, 27.60, 0.02))
    assert client.get(reverse("admin:grids_grid_around", args=[county.west.town.pk])).json()["features"] == []
    assert client.get(reverse("admin:grids_grid_around", args=[county.east.grids[0].pk])).status_code == 404
    assert Client().get(reverse("admin:grids_grid_around", args=[grid.pk])).status_code == 302


def test_in_chinese_the_drawing_tools_and_the_labels_are_chinese(county, west):
    client = browser(west)
    client.cookies["django_language"] = "zh-hans"
    html = client.get(url(Grid, "change", county.west.grids[0].pk)).content.decode()
    for words in ("绘制多边形", "拖动控制点修改图形。", "网格名称", "变更记录"):
        assert words in html or json.dumps(words)[1:-1] in html, words
    assert "Draw a polygon" not in html
    assert '<script id="with-forms" type="application/json">true</script>' in html  # else its script does nothing
