"""Every kind of page on a wall, a desk and a phone: nothing sticks out, nothing is refused, no other host is asked."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from events import columns, services
from events.models import Event
from tests.browser.conftest import SIZES

pytestmark = pytest.mark.looks
LONG = "公交站台广告牌松动摇晃，可能坠落伤人，附近小学放学时人流很大，请尽快派人加固或拆除"


@pytest.fixture
def busy(county):
    """Events in all lights, one on its way to verification."""
    for number in range(6):
        row = services.report(
            actor=county.worker, description=f"{LONG}{number}", location=county.west.point,
            standard=county.standard.pk, place="醴陵市阳三街道解放路与人民路交叉口东北角公交站台旁边",
        )  # fmt: skip
        due = timezone.now() + timedelta(hours=4 * number - 9)
        Event.objects.filter(pk=row.event_id).update(due_at=due, yellow_at=due - timedelta(hours=2))
    services.advance(
        event_id=row.event_id, action="register", actor=county.operator, standard=county.standard.pk, urgency="critical"
    )
    return row.event_id


@pytest.mark.parametrize("size", SIZES)
def test_no_page_is_wider_than_its_screen(desk, county, busy, size):
    page = desk.sit_down(county.operator, size)
    paths = ["/", "/?list=late", "/events/", f"/events/{busy}/", f"/events/{busy}/?do=dispatch"]
    paths += ["/events/report/", "/inbox/", f"/grids/{county.west.village.pk}/", "/scores/", "/me/", "/no-such-page/"]
    for path in paths:
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{path} sticks out by {wide} pixels"
    assert desk.hosts == {urlsplit(desk.url).netloc}
    assert desk.troubles == []


@pytest.mark.parametrize("size", SIZES)
def test_with_all_columns_the_list_scrolls_in_its_box_beside_what_an_event_is_about(desk, county, busy, size):
    page = desk.sit_down(county.operator, size)
    page.goto(f"/events/?cols={','.join(columns.BY_NAME)}")
    expect(page.locator(".row-event").first.locator("td")).to_have_count(1 + len(columns.COLUMNS))
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    box, what = page.locator(".rows-box"), page.locator("td.col-what").first
    assert what.bounding_box()["width"] >= 256
    if size == "desk":
        box.evaluate("box => { box.scrollLeft = box.scrollWidth }")
        there, edge = what.bounding_box(), box.bounding_box()
        assert edge["x"] <= there["x"] <= edge["x"] + 2  # it stays while the others pass
        expect(page.locator("td.col-moves").first).to_be_in_viewport()
    assert desk.troubles == []


@pytest.mark.parametrize("query", ["light=green", "q=zzz", "light=x"])
def test_the_desk_keeps_its_place_however_many_rows_there_are(desk, county, busy, query):
    page = desk.sit_down(county.operator, "desk")
    page.goto("/events/")
    full = page.locator("#desk").bounding_box()
    page.goto(f"/events/?{query}")
    found = page.locator("#desk").bounding_box()
    assert (found["x"], found["width"]) == (full["x"], full["width"]) == (16, 1366 - 32)


def test_what_is_late_stands_first_and_says_so_in_shape_and_words(desk, county, busy):
    page = desk.sit_down(county.operator)
    first = page.locator(".row-event").first
    expect(first).to_have_attribute("data-light", "red")
    expect(first.locator("use").first).to_have_attribute("href", re.compile("#light-red$"))
    expect(first.locator(".light span")).not_to_be_empty()


def test_english_fits_as_well(desk, county, busy):
    page = desk.sit_down(county.operator, "phone")
    page.click("form[action='/language/'] button")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.goto(f"/events/{busy}/")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_no_view_of_the_desk_is_cut_however_much_waits(desk, county):
    page = desk.sit_down(county.operator, "desk")
    page.click("form[action='/language/'] button")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.goto("/")
    page.evaluate("document.querySelectorAll('.rail b').forEach((one) => { one.textContent = '999+' })")
    cut = "(all) => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"
    labels = page.locator(".rail a > span:first-child")
    assert labels.count() >= 15 and labels.evaluate_all(cut) == []
