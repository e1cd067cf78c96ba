"""Finding somebody by initials, the face of their building, a look in clear with a reason, and who sees that it was."""

from urllib.parse import urlsplit

import pytest
from django.contrib.gis.geos import Point
from playwright.sync_api import expect

from residents.models import Access
from tests.browser.conftest import SIZES
from tests.residents.factories import (
    BuildingFactory,
    CareRecordFactory,
    DwellingFactory,
    HouseholdFactory,
    KeyPlaceFactory,
    OrganisationFactory,
    ResidentFactory,
    StayFactory,
)


@pytest.fixture
def house(county):
    """阳光花园3栋: six storeys, two units; 刘珍珍 behind 2单元501."""
    lon, lat = county.west.point
    building = BuildingFactory(grid=county.west.grids[0], number="3栋", location=Point(lon, lat, srid=4326))
    for unit in ("1", "2"):
        for storey in range(1, 7):
            for side in ("01", "02"):
                use = {"101": "business", "302": "rented", "402": "empty"}.get(f"{storey}{side}", "own")
                DwellingFactory(building=building, unit=unit, storey=storey, door=f"{storey}{side}", use=use)
    door = building.dwellings.get(unit="2", door="501")
    county.zhen = ResidentFactory(
        household=HouseholdFactory(dwelling=door), name="刘珍珍", phone="13812345678"
    )
    StayFactory(resident=county.zhen)
    CareRecordFactory(resident=county.zhen)
    county.firm = OrganisationFactory(grid=building.grid)
    county.school = KeyPlaceFactory(grid=building.grid, location=Point(lon, lat, srid=4326))
    return building


def test_found_by_initials_seen_in_the_building_unmasked_and_noticed(desk, county, house):
    page = desk.sit_down(county.worker)
    page.click("nav.topnav .topnav-more summary")
    page.click("nav.topnav .topnav-more a[href='/registry/']")
    page.locator(".find [name=q]").press_sequentially("lzz", delay=40)
    hit = page.locator(".hits a", has_text="刘珍珍")
    expect(hit).to_contain_text("138****5678")
    assert "13812345678" not in page.content()
    hit.click()
    expect(page.locator("#timeline .timeline li").first).to_be_visible()
    page.click(f".crumbs a[href='/registry/buildings/{house.pk}/']")
    tile = page.locator(".tile", has_text="刘珍珍")
    expect(page.locator(".tile")).to_have_count(24)
    tile.click()
    page.locator(".hits a", has_text="刘珍珍").click()
    page.click(".unmask a")
    boxes = page.locator(".unmask [type=checkbox]")
    expect(boxes).to_have_count(3)
    for number in range(3):
        boxes.nth(number).check()
    page.fill(".unmask [name=reason]", "核对居住证办理材料")
    page.click(".unmask button[type=submit]")
    expect(page.locator(".unmasked")).to_contain_text("13812345678")
    look = Access.objects.get()
    assert (look.user, look.resident, look.reason) == (county.worker, county.zhen, "核对居住证办理材料")

    supervisor = county.person("inspector", grid=county.west.village)
    page = desk.sit_down(supervisor)
    page.goto("/registry/access/")
    row = page.locator("main")
    expect(row).to_contain_text("核对居住证办理材料")
    expect(row).to_contain_text(county.worker.name)
    assert "13812345678" not in page.content()
    assert desk.troubles == []
    assert desk.hosts == {urlsplit(desk.url).netloc}


@pytest.mark.looks
@pytest.mark.parametrize("size", SIZES)
def test_no_page_of_the_registry_is_wider_than_its_screen(desk, county, house, size):
    page = desk.sit_down(county.worker, size)
    home, zhen = county.zhen.household_id, county.zhen.pk
    paths = [
        "",
        "?q=lzz",
        "?q=没有",
        f"buildings/{house.pk}/",
        f"buildings/{house.pk}/?by=care",
        f"households/{home}/",
    ]
    paths += [
        f"residents/{zhen}/",
        f"dwellings/{county.zhen.dwelling_id}/",
        f"organisations/{county.firm.pk}/",
    ]
    paths += [
        f"places/{county.school.pk}/",
        f"grids/{house.grid_id}/",
        "due/",
        "quality/",
        "quality/id_missing/",
    ]
    paths += [f"resident/{zhen}/change/", f"household/{home}/now/split/", f"resident/{zhen}/now/move/"]
    for path in paths:
        page.goto(f"/registry/{path}")
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{path} sticks out by {wide} pixels"
    assert desk.troubles == []


@pytest.mark.looks
def test_a_tall_building_fits_a_phone(desk, county):
    """30 storeys, six units: the units stand one below the other and scroll by themselves, not the page."""
    building = BuildingFactory(grid=county.west.grids[0], storeys=30, units=6)
    for unit in range(1, 7):
        for storey in range(1, 31):
            for side in range(1, 5):
                DwellingFactory(building=building, unit=str(unit), storey=storey, door=f"{storey}{side:02d}")
    for size in SIZES:
        page = desk.sit_down(county.worker, size)
        page.goto(f"/registry/buildings/{building.pk}/")
        expect(page.locator(".tile")).to_have_count(720)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        expect(page.locator(".face-unit")).to_have_count(6)


def test_a_picker_finds_the_new_door_while_one_types(desk, county, house):
    page = desk.sit_down(county.worker)
    page.goto(f"/registry/resident/{county.zhen.pk}/now/move/")
    page.locator("[name=dwelling_q]").press_sequentially("2单元602", delay=40)
    choices = page.locator("[data-picker] .choices label")
    expect(choices).to_have_count(1)  # the answer to the last letter: "60" would have found two
    expect(choices).to_contain_text("602")
    choices.click()
    page.click("form.card button[type=submit]")
    page.wait_for_url(f"**/registry/residents/{county.zhen.pk}/")
    county.zhen.refresh_from_db()
    assert county.zhen.dwelling.door == "602"
