"""A worker on a phone begins and ends a patrol; the day after, the map shows it as coverage."""

from datetime import timedelta

from django.db.models import F
from playwright.sync_api import expect

from fieldwork.models import Patrol
from tests.factories import square

DAY = timedelta(days=1)


def row(page, words):
    expect(page.locator("#patrols .patrol-words")).to_contain_text(words)


def test_a_patrol_on_a_phone_is_coverage_on_the_map(desk, county, shots):
    type(county.area).objects.filter(pk=county.area.pk).update(boundary=square(113.35, 27.55, 0.3))
    phone = desk.sit_down(county.worker, "phone")
    row(phone, "巡查：今日 0/2 次")
    phone.click("#patrols button")
    row(phone, "起计入")
    expect(phone.locator("#patrols button")).to_have_text("结束巡查")
    phone.screenshot(path=shots / "patrol-phone.png")
    width = phone.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1]
    patrol = Patrol.objects.get()
    assert (patrol.worker, patrol.grid, patrol.state) == (county.worker, county.west.grids[0], "under_way")
    phone.click("#patrols button")
    expect(phone.locator("#patrols [role=alert]")).to_contain_text("不足10分钟")
    patrol.refresh_from_db()
    assert patrol.state == "short"
    # A second one, half an hour long.
    phone.click("#patrols button")
    row(phone, "起计入")
    Patrol.objects.under_way().update(started_at=F("started_at") - timedelta(minutes=30))
    Patrol.objects.filter(state="short").update(
        started_at=F("started_at") - 2 * DAY, ended_at=F("ended_at") - 2 * DAY, day=F("day") - 2 * DAY
    )
    phone.click("#patrols button")
    row(phone, "今日 1/2 次")
    expect(phone.locator("#patrols [role=alert]")).to_have_count(0)
    walked = Patrol.objects.get(state="finished")
    assert walked.ended_at - walked.started_at >= timedelta(minutes=30)
    # It is tomorrow: what was walked today is yesterday's.
    Patrol.objects.filter(pk=walked.pk).update(day=walked.day - DAY)
    page = desk.sit_down(county.operator_top)
    page.goto(f"/map/{county.area.pk}/?measure=patrols&layers=none")
    expect(page.locator("#bigmap[data-drawn][data-still='yes']")).to_be_visible()
    west = page.locator(f"tr[data-row='{county.west.town.pk}']")
    expect(west).to_contain_text("3.5%")  # 1 of 28
    expect(page.locator(f"tr[data-row='{county.east.town.pk}']")).to_contain_text("0.0%")
    expect(page.locator("#map-legend")).to_contain_text("低于50%")
    page.select_option("#measure", "closing")
    expect(west).not_to_contain_text("3.5%")
    page.select_option("#measure", "patrols")
    expect(west).to_contain_text("3.5%")
    page.goto(f"/grids/{county.west.grids[0].pk}/")
    expect(page.locator(".patrol-line")).to_have_text("近7天巡查：1/14 次")
    assert desk.troubles == []
