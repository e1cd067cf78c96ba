"""The map's pages: the list beside the map, its measures and legend, the drawer, the search, all within one's scope."""

import re

import pytest
from django.utils import timezone

from events.models import Event
from gridcenter.map import measures
from residents.models import Building
from tests.residents.factories import ResidentFactory


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_the_way_down_is_a_list_of_links(scene, browse):
    client = browse(scene.operator_top)
    at = client.get("/map/", follow=True)
    assert at.redirect_chain == [(f"/map/{scene.root.pk}/", 302)]
    for grid in (scene.area, scene.west.town, scene.west.village, scene.west.grids[0]):
        links = re.findall(r'data-grid="(\d+)"', at.content.decode())
        assert str(grid.pk) in links
        at = client.get(f"/map/{grid.pk}/")
        assert f"<h1>{grid.name}</h1>" in at.content.decode()
    assert [int(pk) for pk in re.findall(r'data-grid="(\d+)"', at.content.decode())][:4] == [
        scene.root.pk, scene.area.pk, scene.west.town.pk, scene.west.village.pk
    ]  # fmt: skip


def test_a_person_begins_at_their_own_grid_and_gets_no_further_up(scene, browse):
    client = browse(scene.operator)
    assert client.get("/map/").headers["Location"] == f"/map/{scene.west.village.pk}/"
    assert client.get("/map/?measure=late").headers["Location"] == f"/map/{scene.west.village.pk}/?measure=late"
    for pk in (scene.root.pk, scene.east.village.pk, 10**9):
        assert client.get(f"/map/{pk}/").status_code == 404
        assert client.get(f"/map/{pk}/about/").status_code == 404
    assert "data-grid" not in browse(scene.stranger).get("/map/").content.decode()


def test_children_are_coloured_by_what_is_open_and_late(scene):
    event = scene.report()
    Event.objects.filter(pk=event.pk).update(due_at=timezone.now())
    scene.report(location=scene.east.point)
    view = measures.view(scene.operator_top, scene.area, "open")
    assert [(c.pk, c.open, c.late, c.words) for c in view.children] == [
        (scene.west.town.pk, 1, 1, "1"), (scene.east.town.pk, 1, 0, "1")
    ]  # fmt: skip
    assert [(one.low, one.high) for one in view.classes] == [(1, None)]
    late = measures.view(scene.operator_top, scene.area, "late")
    assert [(c.number, c.value) for c in late.children] == [(1, 1), (0, 0)]
    assert late.legend[0] == "0"


def test_per_thousand_people_is_said_only_where_the_registry_is_nearly_whole(scene):
    scene.report()
    town, (grid, other) = scene.west.town, scene.west.grids[:2]
    nobody = measures.view(scene.operator_top, scene.area, "people")
    assert nobody.note == "这些网格尚未登记人口：登记后才有数据可显示。"
    ResidentFactory.create_batch(4, grid=grid, household=None, dwelling=None)
    begun = measures.view(scene.operator_top, scene.area, "density")
    west = next(child for child in begun.children if child.pk == town.pk)
    assert (west.registry["people"], west.covered, west.value) == (4, (1, 2), None)
    assert begun.note == "登记进行中：4 个网格中已有 1 个登记了人口。"
    ResidentFactory(grid=other, household=None, dwelling=None)
    west = next(c for c in measures.view(scene.operator_top, scene.area, "density").children if c.pk == town.pk)
    assert (west.covered, west.value) == ((2, 2), 200)
    assert measures.view(scene.operator_top, scene.area, "closing").note == "此处暂无可统计的数据。"


def test_a_department_counts_its_own_events_and_has_no_rates(scene):
    scene.dispatched()
    scene.report()
    codes = set(measures.available(scene.staff, scene.root))
    assert not codes & {"density", "closing", "on_time"}
    (child,) = measures.view(scene.staff, scene.root, "open").children
    assert (child.open, child.value) == (1, 1)


@pytest.mark.parametrize(
    "code", ["open", "late", "density", "closing", "on_time", "people", "households", "patrols", "colours"]
)
def test_every_measure_has_a_page(scene, browse, code):
    scene.closed()
    answer = browse(scene.operator_top).get(f"/map/{scene.area.pk}/?measure={code}")
    assert answer.status_code == 200
    assert browse(scene.operator_top).get(f"/map/{scene.area.pk}/?measure=nothing").status_code == 404


def test_the_script_asks_for_the_panel_alone(scene, browse):
    answer = browse(scene.operator_top).get(f"/map/{scene.area.pk}/", headers={"X-Part": "panel"})
    assert "<html" not in answer.content.decode()
    assert "X-Part" in answer.headers["Vary"]


def test_the_drawer_has_the_team_with_phones_as_on_the_grids_page(scene, browse):
    scene.worker.phone = "13812345678"
    scene.worker.save()
    event = scene.report()
    grid = scene.west.grids[0]
    said = text(browse(scene.operator).get(f"/map/{grid.pk}/about/"))
    assert "13812345678" in said
    assert event.description in said
    said = text(browse(scene.people["leader"]).get(f"/map/{grid.pk}/about/"))
    assert "13812345678" not in said
    assert scene.worker.name in said


def test_an_events_card_is_for_those_who_see_the_event(scene, browse):
    event = scene.report()
    assert event.description in text(browse(scene.operator).get(f"/map/events/{event.pk}/"))
    assert browse(scene.operator_east).get(f"/map/events/{event.pk}/").status_code == 404


def test_the_search_finds_grids_addresses_and_who_is_in_charge(scene, browse):
    Building.objects.create(grid=scene.west.grids[0], address="阳光花园3栋", estate="阳光花园", number="3")
    client = browse(scene.operator)
    for words in (scene.west.grids[0].name, scene.west.grids[0].code, "阳光花园3栋", scene.worker.name):
        found = client.get("/map/search/", {"q": words}).content.decode()
        assert f'data-grid="{scene.west.grids[0].pk}"' in found, words
    outside = browse(scene.operator_east)
    for words in (scene.west.grids[0].name, "阳光花园3栋", scene.worker.name):
        assert "data-grid" not in outside.get("/map/search/", {"q": words}).content.decode()
    assert "data-grid" not in client.get("/map/search/", {"q": "  "}).content.decode()


def test_the_page_costs_the_same_for_few_children_and_many(scene, browse, django_assert_max_num_queries):
    client = browse(scene.operator_top)
    client.get(f"/map/{scene.area.pk}/")
    with django_assert_max_num_queries(22):
        client.get(f"/map/{scene.area.pk}/?measure=density")
