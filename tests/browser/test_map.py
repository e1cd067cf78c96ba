"""The map in a real browser, drawn in software: four levels down and back, layers, days, search, drawer, no other host."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.gis.geos import Point
from django.utils import timezone
from playwright.sync_api import expect

from duty.services import warnings
from events import services
from events.models import Event
from tests.browser.conftest import SIZES
from tests.factories import square
from tests.residents.factories import BuildingFactory

SPOT = """([lon, lat]) => {
  const at = window.gridMap.project([lon, lat]);
  const box = window.gridMap.getCanvas().getBoundingClientRect();
  return [box.left + at.x, box.top + at.y];
}"""


HELD = """() => {
  const box = (one) => document.querySelector(one).getBoundingClientRect();
  const inside = (one) => box(one).top >= 0 && box(one).bottom <= innerHeight + 1;
  const drawer = document.querySelector("#map-drawer");
  return {
    shown: ["#map-canvas", "#map-time", ".maplibregl-ctrl-zoom-out"].filter(inside).length,
    still: document.documentElement.scrollHeight <= innerHeight,
    scrolls: drawer.scrollHeight > drawer.clientHeight,
  };
}"""
FITS = """() => {
  const [west, south, east, north] = JSON.parse(document.getElementById("map-data").textContent).grid.box;
  const seen = window.gridMap.getBounds();
  return !window.gridMap.isMoving() && seen.contains([west, south]) && seen.contains([east, north]);
}"""


@pytest.fixture
def drawn(county):
    """The county with outlines at every level, and a late event at the middle of the first grid of the west."""
    type(county.area).objects.filter(pk=county.area.pk).update(boundary=square(113.35, 27.55, 0.3))
    row = services.report(
        actor=county.worker, description="井盖缺失", location=county.west.point, standard=county.standard.pk, place="门前"
    )
    Event.objects.filter(pk=row.event_id).update(due_at=timezone.now() - timedelta(hours=3))
    return row.event_id


@pytest.fixture
def busy(county, drawn):
    """More in every drawer than there is room for."""
    for _ in range(10):
        services.report(
            actor=county.worker, description="井盖缺失" * 10, location=county.west.point, standard=county.standard.pk,
            place="门前",
        )  # fmt: skip


def ready(page):
    expect(page.locator("#bigmap[data-drawn][data-still='yes']")).to_be_visible()


def click_at(page, point):
    ready(page)
    x, y = page.evaluate(SPOT, list(point))
    assert y < page.viewport_size["height"]
    page.mouse.click(x, y)


def heading(page, name):
    expect(page.locator("#map-panel h1")).to_have_text(name)
    ready(page)


def test_four_levels_down_by_the_map_and_back(desk, county, busy):
    page = desk.sit_down(county.operator_top)
    page.goto("/map/?layers=none")
    heading(page, county.root.name)
    inside = (113.4075, 27.6075)
    for grid in (county.area, county.west.town, county.west.village, county.west.grids[0]):
        click_at(page, inside)
        heading(page, grid.name)
        expect(page).to_have_url(re.compile(f"/map/{grid.pk}/"))
        expect(page.locator("#map-drawer h2")).to_have_text(grid.name)
        assert page.evaluate(HELD) == {"shown": 3, "still": True, "scrolls": True}
    expect(page.locator("#map-drawer")).to_contain_text(county.worker.name)
    expect(page.locator("#map-panel")).to_contain_text("没有下级网格")
    for grid in (county.west.village, county.west.town, county.area, county.root):
        page.go_back()
        heading(page, grid.name)
    page.locator(f"#map-panel a[data-grid='{county.area.pk}']").press("Enter")  # by keyboard, from the list
    heading(page, county.area.name)
    page.locator(".crumbs a").first.click()
    heading(page, county.root.name)
    assert desk.hosts == {urlsplit(desk.url).netloc}
    assert desk.troubles == []


def test_legend_event_days_and_search(desk, county, drawn):
    home = BuildingFactory(grid=county.west.grids[0], location=Point(*county.west.point))
    page = desk.sit_down(county.operator)
    page.goto(f"/map/{county.west.grids[0].pk}/")
    ready(page)
    click_at(page, county.west.point)
    expect(page.locator("#map-drawer")).to_contain_text("井盖缺失")
    expect(page.locator("#map-drawer .light-red")).to_be_visible()
    page.locator("#map-drawer a.btn-primary").click()
    expect(page).to_have_url(re.compile(f"/events/{drawn}/"))

    page.goto(f"/map/{county.west.village.pk}/?measure=late")
    ready(page)
    expect(page.locator("#map-legend li")).to_have_text(["0", "1及以上"])
    page.select_option("#measure", "people")
    expect(page).to_have_url(re.compile("measure=people"))
    expect(page.locator(".bigmap-list thead")).to_contain_text("人口")

    with page.expect_response(re.compile(r"/tiles/events/.*day=")) as answer:
        page.locator("#time-day").focus()
        page.keyboard.press("ArrowLeft")
    assert answer.value.status == 200
    expect(page.locator("#time-words")).to_have_text(re.compile("上报"))
    expect(page).to_have_url(re.compile("day="))

    page.fill("#map-search input", county.worker.name)
    hit = page.locator("#map-found a").first
    expect(hit).to_contain_text(county.worker.name)
    page.keyboard.press("Enter")
    heading(page, county.west.grids[0].name)
    page.keyboard.press("Escape")
    page.fill("#map-search input", home.address)
    page.keyboard.press("Enter")
    expect(page.locator(".maplibregl-popup")).to_have_text(home.address)
    assert desk.troubles == []


def test_without_webgl_the_list_is_the_map(desk, county, drawn):
    page = desk.sit_down(county.operator_top)
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(f"/map/{county.area.pk}/")
    expect(page.locator("#map-none")).to_be_visible()
    page.locator(f"#map-panel a[data-grid='{county.west.town.pk}']").click()
    expect(page.locator("#map-panel h1")).to_have_text(county.west.town.name)
    assert desk.troubles == []


@pytest.mark.looks
@pytest.mark.parametrize("size", SIZES)
def test_the_map_fits_every_screen(desk, county, drawn, size):
    page = desk.sit_down(county.operator_top, size)
    page.goto(f"/map/{county.area.pk}/")
    ready(page)
    page.locator("[data-about]").click()
    expect(page.locator("#map-drawer h2")).to_have_text(county.area.name)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    page.wait_for_function(FITS)
    assert desk.hosts == {urlsplit(desk.url).netloc}
    assert desk.troubles == []


@pytest.mark.looks
@pytest.mark.parametrize("size", SIZES)
def test_a_long_drawer_scrolls_by_itself_below_the_warnings(desk, county, busy, size):
    warnings.raise_warning(
        actor=county.operator_top, level="major", cause="weather", title="暴雨红色预警" * 4, grid_id=county.root.pk
    )
    page = desk.sit_down(county.operator_top, size)
    page.goto(f"/map/{county.west.town.pk}/")
    expect(page.locator(".warning-line")).to_be_visible()
    ready(page)
    page.locator("[data-about]").click()
    expect(page.locator("#map-drawer h2")).to_have_text(county.west.town.name)
    held = page.evaluate(HELD)
    assert held["scrolls"]
    if size != "phone":  # where the list lies below the map
        assert held == {"shown": 3, "still": True, "scrolls": True}
    assert page.locator("#map-canvas").bounding_box()["height"] < SIZES[size][1]
    assert desk.troubles == []


def test_another_window_shows_the_whole_territory_until_somebody_moves_the_map(desk, county, drawn):
    page = desk.sit_down(county.operator_top, "wall")
    page.goto(f"/map/{county.area.pk}/")
    ready(page)
    wide = page.evaluate("window.gridMap.getZoom()")
    page.set_viewport_size({"width": 1100, "height": 600})
    page.wait_for_function("wide => window.gridMap.getZoom() < wide", arg=wide)
    page.wait_for_function(FITS)
    ready(page)
    fitted = page.evaluate("window.gridMap.getZoom()")
    page.locator(".maplibregl-ctrl-zoom-in").click()
    page.wait_for_function("least => window.gridMap.getZoom() > least", arg=fitted + 0.9)
    ready(page)
    near = page.evaluate("window.gridMap.getZoom()")
    page.set_viewport_size({"width": 1000, "height": 700})
    page.wait_for_function("() => window.gridMap.getContainer().clientHeight === window.gridMap.getCanvas().clientHeight")
    page.wait_for_timeout(300)
    assert page.evaluate("window.gridMap.getZoom()") == pytest.approx(near)
    assert desk.troubles == []
