"""The map in a real browser, drawn in software: four levels down and back, layers, days, search, drawer, no other host."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from events import services
from events.models import Event
from tests.browser.conftest import SIZES
from tests.factories import square

SPOT = """([lon, lat]) => {
  const at = window.gridMap.project([lon, lat]);
  const box = window.gridMap.getCanvas().getBoundingClientRect();
  return [box.left + at.x, box.top + at.y];
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


def ready(page):
    expect(page.locator("#bigmap[data-drawn][data-still='yes']")).to_be_visible()


def click_at(page, point):
    ready(page)
    page.mouse.click(*page.evaluate(SPOT, list(point)))


def heading(page, name):
    expect(page.locator("#map-panel h1")).to_have_text(name)
    ready(page)


def test_four_levels_down_by_the_map_and_back(desk, county, drawn):
    page = desk.sit_down(county.operator_top)
    page.goto("/map/?layers=none")
    heading(page, county.root.name)
    inside = (113.4075, 27.6075)
    for grid in (county.area, county.west.town, county.west.village, county.west.grids[0]):
        click_at(page, inside)
        heading(page, grid.name)
        expect(page).to_have_url(re.compile(f"/map/{grid.pk}/"))
        expect(page.locator("#map-drawer h2")).to_have_text(grid.name)
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
    assert desk.troubles == []


def test_without_webgl_the_list_is_the_map(desk, county, drawn):
    page = desk.sit_down(county.operator_top)
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page.goto(f"/map/{county.area.pk}/")
    expect(page.locator("#map-none")).to_be_visible()
    page.locator(f"#map-panel a[data-grid='{county.west.town.pk}']").click()
    expect(page.locator("#map-panel h1")).to_have_text(county.west.town.name)
    assert desk.troubles == []


@pytest.mark.parametrize("size", SIZES)
def test_the_map_fits_every_screen(desk, county, drawn, size):
    page = desk.sit_down(county.operator_top, size)
    page.goto(f"/map/{county.area.pk}/")
    ready(page)
    page.locator("[data-about]").click()
    expect(page.locator("#map-drawer h2")).to_have_text(county.area.name)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert desk.hosts == {urlsplit(desk.url).netloc}
    assert desk.troubles == []
