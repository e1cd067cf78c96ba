"""A major warning on two desks at once: the banner with its sound, one takes it, the other sees who; then pages without a
line, and all pages of duty in three sizes."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import User
from duty.models import Shift, UnitDuty
from duty.services import handovers, rosters, warnings
from tests.browser.conftest import SIZES
from tests.browser.test_accessibility import faults
from tests.scenes import again

SOON = 15_000


def warn(scene, **more):
    given = {"level": "major", "cause": "fire", "title": "南山林区发生山火", "grid_id": scene.west.town.pk}
    return warnings.raise_warning(actor=User.objects.get(pk=scene.people["op_top"].pk), **given | more)


def sit(desk, who, path="/inbox/"):
    """A page with its line open; the inbox has nothing else that lives."""
    page = desk.sit_down(desk.scene.people[who])
    page.goto(path)
    expect(page.locator("html[data-line=open]")).to_be_attached(timeout=SOON)
    return page


def test_the_banner_opens_on_every_desk_until_one_takes_it(live_desk, shots):
    scene = live_desk.scene
    station, town, east = sit(live_desk, "op_station"), sit(live_desk, "op_town"), sit(live_desk, "op_east")
    made = warn(scene)
    lines = [page.locator(f'[data-warning="{made.pk}"][data-rings]') for page in (station, town)]
    for line in lines:
        expect(line).to_contain_text("南山林区发生山火", timeout=SOON)
    for page in (station, town):
        expect(page.locator("#warnings")).to_have_attribute("aria-live", "assertive")
        expect(page.locator("[data-sound]")).to_be_visible()
        expect(page.locator("[data-mute]")).to_have_count(0)  # a major one is muted by nobody
    # Nobody has clicked on this page yet, or has: either way it says whether it sounds.
    state = town.locator("[data-sound]").get_attribute("data-state")
    assert state in ("on", "off")
    if state == "off":
        expect(town.locator("[data-sound-on]")).to_contain_text("声音未开启")
    town.mouse.click(5, 500)
    expect(town.locator("[data-sound]")).to_have_attribute("data-state", "on")
    town.screenshot(path=shots / "warning-banner.png")
    lines[0].get_by_role("button", name="接警").click()
    taken = f"{scene.people['op_station']}已接警"
    expect(station.locator("#warnings")).to_contain_text(taken)
    expect(town.locator("#warnings")).to_contain_text(taken, timeout=SOON)
    expect(town.locator("[data-rings].warning-line")).to_have_count(0)
    expect(town.locator("[data-sound]")).to_have_count(0)
    expect(east.locator(".warning-line")).to_have_count(0)
    town.goto("/events/")  # any other page says it as well
    expect(town.locator("#warnings")).to_contain_text(taken)
    assert live_desk.hosts == {live_desk.url.removeprefix("http://")}
    assert live_desk.troubles == []


def test_on_a_phone_a_warning_is_one_line_with_its_button_and_unfolds(live_desk):
    scene = live_desk.scene
    page = live_desk.sit_down(scene.people["op_town"], "phone", bypass_csp=True, reduced_motion="reduce")
    page.goto("/inbox/")
    expect(page.locator("html[data-line=open]")).to_be_attached(timeout=SOON)
    made = warn(scene, title="未来三小时有短时强降水，山洪地质灾害和城乡积涝风险较高，请加强值守巡查")
    line = page.locator(f'[data-warning="{made.pk}"]')
    expect(line).to_be_visible(timeout=SOON)
    where, more = line.locator(".warning-where"), line.locator("[data-unfold]")
    expect(where).to_be_hidden()
    expect(line.get_by_role("button", name="接警")).to_be_visible()
    expect(line.locator(".warning-level")).to_have_text("重大预警")  # for who hears the page
    low = line.bounding_box()["height"]
    assert low <= 56 and page.locator("#warnings").bounding_box()["height"] <= 96
    assert faults(page) == []
    more.click()
    for part in (where, line.locator(".warning-call")):
        expect(part).to_be_visible()
    expect(more).to_have_attribute("aria-expanded", "true")
    assert line.bounding_box()["height"] > low and faults(page) == []
    expect(page.locator("[data-sound]")).to_have_attribute("data-state", "on")  # the click has allowed it
    warn(scene, title="南山林区发生山火")  # the banner comes anew: what was unfolded stays so
    expect(page.locator(".warning-line")).to_have_count(2, timeout=SOON)
    expect(line).to_be_hidden()  # the newer one stands in full, this one below it is a line with its title
    fold = page.locator(".warning-rest")
    expect(fold.locator("summary")).to_contain_text("未来三小时有短时强降水")
    fold.locator("summary").click()
    expect(more).to_have_attribute("aria-expanded", "true")
    more.click()
    expect(where).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    line.get_by_role("button", name="接警").click()
    expect(line).to_contain_text(f"{scene.people['op_town']}已接警")
    expect(line).to_be_visible()  # the banner came anew, and what was unfolded stays so
    assert live_desk.troubles == []


def test_a_page_without_a_line_shows_it_and_the_slower_one_is_told(live_desk):
    scene = live_desk.scene
    page = live_desk.sit_down(scene.people["op_town"], java_script_enabled=False)
    made = warn(scene, level="serious")
    page.goto("/events/")
    expect(page.locator(f'[data-warning="{made.pk}"]')).to_contain_text("较大预警")
    warnings.take(actor=User.objects.get(pk=scene.people["op_station"].pk), warning_id=made.pk)
    page.get_by_role("button", name="接警").click()
    expect(page.locator(".messages")).to_contain_text(f"{scene.people['op_station']}已于")


def test_a_serious_one_can_be_muted_on_this_computer(live_desk):
    page = sit(live_desk, "op_town")
    warn(live_desk.scene, level="serious")
    mute = page.locator("[data-mute]")
    expect(mute).to_have_text("静音", timeout=SOON)
    mute.click()
    expect(page.locator("[data-sound]")).to_have_attribute("data-state", "muted")
    page.goto("/events/")
    expect(page.locator("[data-mute]")).to_contain_text("取消静音")
    warn(live_desk.scene)
    expect(page.locator("#warnings[data-rings=major]")).to_be_attached(timeout=SOON)
    expect(page.locator("[data-mute]")).to_have_count(0)


@pytest.fixture
def busy(live_desk):
    """A roster with a gap, a hand-over that waits, a supervision, a whistle, warnings."""
    scene, now = live_desk.scene, timezone.now()
    unit, head = scene.west.town_centre, scene.people["head_town"]
    UnitDuty.objects.create(unit=unit, staffed=True)
    rosters.add_shift(
        actor=head, unit=unit, user=scene.people["op_town"], role=Shift.Role.CHIEF, starts_at=now - timedelta(hours=3),
        ends_at=now + timedelta(hours=9), phone="0731-23232345", note="节假日加班，请带好应急装备和值班日志",
    )  # fmt: skip
    event = again(scene.registered())
    matters = [(f"跟进 {event.number}", event.pk)]
    row = handovers.write(actor=head, unit=unit, words="平稳" * 60, things="钥匙", matters=matters)
    made = warn(scene, title="未来三小时有短时强降水，山洪地质灾害和城乡积涝风险较高，请加强值守巡查" * 2)
    live_desk.paths = [
        "/duty/", "/duty/units/", f"/duty/units/{unit.pk}/", f"/duty/units/{unit.pk}/changes/",
        f"/duty/shifts/{Shift.objects.get().pk}/", "/duty/hand-overs/", f"/duty/hand-overs/{row.pk}/",
        f"/duty/hand-overs/{row.pk}/edit/", "/duty/warnings/", f"/duty/warnings/{made.pk}/", "/duty/warnings/new/",
        "/duty/board/", "/duty/board/?group=later", "/duty/board/whistles/", "/duty/board/by-unit/",
    ]  # fmt: skip
    return live_desk


@pytest.mark.looks
def test_no_page_of_duty_is_wider_than_its_screen(busy):
    for size in SIZES:
        page = busy.sit_down(busy.scene.people["head_town"], size)
        for path in busy.paths:
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, (size, path)
        shown = page.locator(".tabbar > a:visible, .tabbar > details:visible")
        assert shown.count() == (5 if size == "phone" else 0)
        if size == "phone":
            page.locator(".tab-more summary").click()
            expect(page.locator(".tab-more .menu-box a").first).to_be_visible()
        else:
            if page.locator(".topnav-more summary").is_visible():
                page.locator(".topnav-more summary").click()
            everything = page.locator(".topnav a:visible").all_inner_texts()
            assert len(everything) == len(set(everything)) >= 8  # each entry once: on the bar or in the menu
    assert busy.troubles == []
