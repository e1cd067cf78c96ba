"""A shift at the desk: by keyboard alone, with rows that change under two people, with views of one's own."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from events import services
from events.models import Event, SavedView
from events.workflow import Status
from tests.browser.conftest import SIZES, open_live


def reported(county, number):
    """Reports that are no repeats of each other."""
    return [
        services.report(
            actor=county.worker, description=f"第{n}件：路口井盖缺失，夜间行人容易踩空", standard=county.standard.pk,
            location=(113.4002 + 0.001 * n, 27.605), place="解放路与人民路交叉口",
        ).event
        for n in range(number)
    ]  # fmt: skip


def focused(page):
    return page.evaluate("document.activeElement.id")


def test_a_shift_by_keyboard_alone(desk, county, shots):
    events = reported(county, 4)
    page = desk.sit_down(county.operator)
    page.goto("/?list=register")
    rows = page.locator(".row-event")
    expect(rows).to_have_count(4)
    key = page.keyboard.press

    # help: made of the table that binds the keys; closed by Escape
    key("?")
    expect(page.locator("#keys-dialog")).to_be_visible()
    expect(page.locator("#keys-dialog kbd", has_text=re.compile("^d$")).first).to_be_visible()
    page.screenshot(path=shots / "desk-keys.png")
    key("Escape")
    expect(page.locator("#keys-dialog")).to_be_hidden()

    # find: nothing is bound while typing
    key("/")
    page.keyboard.type(f"#{events[1].pk}")
    key("Enter")
    expect(rows).to_have_count(1)
    expect(page.locator(".chips")).to_contain_text(str(events[1].pk))
    assert parse_qs(urlsplit(page.url).query) == {"list": ["register"], "q": [f"#{events[1].pk}"]}
    key("g")
    key("r")
    expect(rows).to_have_count(4)

    # move, and open beside the list
    key("j")
    expect(rows.nth(0)).to_be_focused()
    key("j")
    expect(rows.nth(1)).to_be_focused()
    key("k")
    expect(rows.nth(0)).to_be_focused()
    expect(page.locator('.row-event[tabindex="0"]')).to_have_count(1)
    first = rows.nth(0).get_attribute("data-id")
    key("Enter")
    expect(page.locator("#beside #event-head")).to_be_visible()
    assert page.url.endswith(f"/?list=register&case={first}")
    page.screenshot(path=shots / "desk-beside.png")
    key("Escape")
    expect(page.locator("#beside #event-head")).to_have_count(0)
    expect(rows.nth(0)).to_be_focused()
    page.go_back()
    expect(page.locator("#beside #event-head")).to_be_visible()
    page.go_back()
    expect(page.locator("#beside #event-head")).to_have_count(0)

    # one step beside the list: the row follows in its place
    key("r")
    expect(page.locator("#do-register [name=standard_q]")).to_be_focused()
    key("Enter")  # the form is complete: it has the reported standard
    expect(page.locator("#beside .tag-status").first).to_have_text("待派遣")
    expect(page.locator(f"#event-{first}")).to_have_attribute("data-gone", "")
    expect(page.locator('#rail [data-list="register"] b')).to_have_text("3")
    expect(page.locator('#rail [data-list="dispatch"] b')).to_have_text("1")
    key("Escape")

    # select two and register them with one form
    for n in (1, 2):
        page.locator(".row-event").nth(n).focus()
        key("x")
    expect(page.locator(".bulk-bar")).to_be_visible()
    expect(page.locator('[data-bulk-move="register"] b')).to_have_text("2")
    expect(rows.nth(1)).to_have_attribute("aria-selected", "true")
    key("r")
    dialog = page.locator("#bulk-dialog")
    expect(dialog.locator(".bulk-lines > li")).to_have_count(2)
    page.screenshot(path=shots / "desk-bulk.png")
    dialog.locator("button[type=submit]").focus()
    key("Enter")
    expect(dialog.locator('.bulk-lines > li[data-state="done"]')).to_have_count(2)
    page.screenshot(path=shots / "desk-bulk-done.png")
    key("Escape")
    expect(page.locator(".bulk-bar")).to_be_hidden()

    # go on to what waits for dispatch, and dispatch one
    key("g")
    key("d")
    expect(rows).to_have_count(3)
    key("j")
    key("d")
    expect(page.locator("#do-dispatch [name=lead]")).to_be_focused()
    page.locator("#do-dispatch button[type=submit]").focus()
    key("Enter")
    expect(page.locator("#beside .tag-status").first).to_have_text("待签收")
    # what is not possible is said, not done
    key("s")
    expect(page.locator("#desk-toast")).to_contain_text("当前行不能办理此步骤")
    statuses = sorted(Event.objects.values_list("status", flat=True))
    assert statuses == [Status.DISPATCHED, Status.REGISTERED, Status.REGISTERED, Status.REPORTED]
    assert desk.hosts == {urlsplit(desk.url).netloc}
    assert desk.troubles == []


def test_a_view_is_saved_opens_first_and_is_shared_as_a_question(desk, county, shots):
    mine = reported(county, 2)
    page = desk.sit_down(county.operator)
    page.goto("/?list=register&light=green")
    page.locator("details.sheet", has=page.locator("#view-name")).locator("summary").click()
    page.fill("#view-name", "晨会")
    page.locator("#view-name").press("Enter")
    expect(page.locator("h1")).to_contain_text("晨会")
    expect(page.locator(".row-event")).to_have_count(2)
    expect(page.locator("#rail a[aria-current]")).to_have_text("晨会")
    page.locator("details.sheet", has=page.locator("#view-name")).locator("summary").click()
    page.screenshot(path=shots / "desk-view.png")
    link = urlsplit(page.locator("#view-link").input_value()).path
    page.click("[name=act][value=start]")
    expect(page.locator(".messages .success")).to_contain_text("晨会")
    page.goto("/")
    expect(page.locator("h1")).to_contain_text("晨会")
    assert SavedView.objects.get().start

    # columns: chosen once, there again
    page.goto("/events/")
    page.locator("details.sheet", has=page.locator("[name=column]")).locator("summary").click()
    page.locator("[name=column][value=number]").check()
    page.locator("[name=column][value=number]").press("Enter")
    expect(page.locator("th.col-number")).to_be_visible()

    other = desk.sit_down(county.operator_east)
    other.goto(link)
    expect(other.locator("h1")).to_be_visible()
    expect(other.locator(".row-event")).to_have_count(0)
    expect(other.locator(".chips")).to_contain_text("时限内")
    assert all(str(event) not in other.content() for event in mine)
    assert desk.troubles == []


@pytest.mark.parametrize("size", SIZES)
def test_list_and_case_stand_side_by_side_on_a_desk_and_one_after_the_other_on_a_phone(desk, county, shots, size):
    event = reported(county, 3)[0]
    Event.objects.filter(pk=event.pk).update(due_at=timezone.now() - timedelta(hours=5))
    page = desk.sit_down(county.operator, size)
    for path in ("/?list=register", f"/events/?case={event.pk}", "/events/?light=red&period=today&status=reported"):
        page.goto(path)
        expect(page.locator(".row-event").first).to_be_attached()
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{path} sticks out by {wide} pixels"
    page.goto("/?list=register")
    page.locator(".row-event .title").first.click()
    expect(page.locator("#event-head")).to_be_visible()
    assert (f"/events/{event.pk}/" in page.url) == (size == "phone")
    page.screenshot(path=shots / f"desk-case-{size}.png")
    if size != "phone":
        row, case = (page.locator(name).first.bounding_box() for name in (".row-event .title", "#event-head"))
        assert row["x"] + row["width"] <= case["x"]
        assert min(row["width"], case["width"]) > 350
    assert desk.troubles == []


def test_rows_change_quietly_and_new_ones_are_offered(live_desk, shots):
    scene = live_desk.scene
    first = scene.registered()
    page = live_desk.sit_down(scene.people["op_town"])
    open_live(page, "/events/?order=newest")
    row = page.locator(f"#event-{first.pk}")
    row.locator(".row-check").check()
    row.focus()

    # a step of somebody else: the row says so in its place
    other = live_desk.sit_down(scene.people["head_town"])
    other.goto(f"/events/{first.pk}/?do=dispatch")
    other.select_option("#do-dispatch [name=lead]", str(scene.urban.pk))
    other.locator("#do-dispatch button[type=submit]").click()
    expect(other.locator("#event-head .tag-status")).to_have_text("待签收")
    expect(row.locator(".tag-status")).to_have_text("待签收")
    expect(row.locator('[data-mark="changed"]')).to_be_visible()
    expect(row).to_be_focused()
    expect(row.locator(".row-check")).to_be_checked()
    expect(page.locator('#rail [data-list="sign"]')).to_have_count(0)  # a centre signs for nothing

    # new ones wait until they are asked for; then selection, focus and the open case stay
    page.keyboard.press("Enter")
    expect(page.locator("#beside #event-head")).to_be_visible()
    page.keyboard.press("Escape")
    second = scene.report()
    bar = page.locator("#fresh-bar")
    expect(bar).to_contain_text("1条新事件")
    expect(page.locator(".row-event")).to_have_count(1)
    page.screenshot(path=shots / "desk-fresh.png")
    bar.click()
    expect(page.locator(f"#event-{second.pk}")).to_be_visible()
    expect(bar).to_be_hidden()
    expect(page.locator(f"#event-{first.pk} .row-check")).to_be_checked()
    expect(page.locator(f"#event-{first.pk}")).to_have_attribute("tabindex", "0")
    assert live_desk.troubles == []
