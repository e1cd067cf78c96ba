"""The desk when something is in the way: somebody was faster, the line is cut, input is wrong, a case is left unfinished."""

import re
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from events import services
from events.models import Event
from tests.browser.conftest import SIZES
from tests.browser.test_desk import reported
from tests.browser.test_six_steps_in_browser import findable, press
from tests.pages import report


def open_case(page, event):
    page.locator(f"#event-{event.pk} .title").click()
    expect(page.locator(f'#beside [data-case="{event.pk}"]')).to_be_visible()


def test_an_untouched_case_says_of_no_step_that_it_is_being_filled_in(desk, county):
    event = report(county, county.worker)
    services.advance(event_id=event.pk, action="escalate", actor=county.operator, words="涉及整个街道")
    event.refresh_from_db()
    page = desk.sit_down(county.person("operator", unit=event.holder))
    page.clock.install()
    with page.expect_request("**/presence/") as sent:
        page.goto(f"/events/{event.pk}/?do=hand_down")
    unit = page.locator("#do-hand_down select[name=unit]")
    expect(unit).to_be_visible()
    assert unit.locator("option[selected]").count() == 0  # nothing preset: the case in which it went wrong
    assert parse_qs(sent.value.post_data, keep_blank_values=True) == {"doing": [""]}
    page.fill("#do-hand_down [name=words]", "请就近办理")
    with page.expect_request("**/presence/") as sent:
        page.clock.fast_forward(10_000)  # it asks again this often
    assert parse_qs(sent.value.post_data) == {"doing": ["hand_down"]}


def test_words_typed_beside_the_list_are_there_when_the_case_is_opened_again(desk, county):
    first, second = reported(county, 2)
    page = desk.sit_down(county.operator)
    page.goto("/?list=register")
    open_case(page, first)
    words = page.locator("#do-escalate [name=words]")
    page.locator("#do-escalate summary").click()
    words.fill("涉及两个街道，请上级协调")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#beside [data-case]")).to_have_count(0)
    open_case(page, second)
    expect(words).to_have_value("")
    page.locator("#do-reject summary").click()
    page.locator("#do-reject [name=words]").fill("查无此事")
    open_case(page, first)  # without closing
    expect(words).to_have_value("涉及两个街道，请上级协调")
    expect(words).to_be_visible()
    expect(page.locator("#do-escalate")).to_contain_text("您此前填写的内容已恢复")
    page.goto("/events/")  # another list
    open_case(page, second)
    expect(page.locator("#do-reject [name=words]")).to_have_value("查无此事")
    open_case(page, first)
    page.locator("#do-escalate [type=submit]").click()
    expect(page.locator("#desk-toast")).to_contain_text("上报")
    open_case(page, second)
    open_case(page, first)  # what was sent is kept no longer
    expect(page.locator("#beside")).not_to_contain_text("您此前填写的内容已恢复")
    assert desk.troubles == []


def test_a_form_that_is_sent_takes_neither_words_nor_a_found_standard_of_another_along(desk, county):
    findable(county.standard)
    event = reported(county, 1)[0]
    page = desk.sit_down(county.operator)
    page.goto(f"/?list=register&case={event.pk}")
    for words in ("占道", "暴露垃圾"):  # the second search stands where the first one stood
        with page.expect_response("**/events/report/standards/**"):
            page.fill("#do-register-form [name=standard_q]", words)
    choices = page.locator("#do-register-form .choices label")
    expect(choices).to_have_text(re.compile("暴露垃圾"))
    choices.click()
    page.locator("#do-escalate summary").click()
    page.locator("#do-escalate-form [name=words]").fill("涉及两个街道")
    page.locator("#do-reject summary").click()
    page.locator("#do-reject-form [name=words]").fill("不属本市")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#beside [data-case]")).to_have_count(0)
    open_case(page, event)
    found = page.locator("#do-register-form [name=standard]:checked")
    expect(found).to_have_value(str(county.standard.pk))
    expect(choices).to_have_text(re.compile("暴露垃圾"))
    press(page, "register")
    expect(page.locator("#desk-toast")).to_contain_text("立案")
    expect(page.locator("#do-escalate-form [name=words]")).to_have_value("涉及两个街道")
    event.refresh_from_db()
    assert event.standard == county.standard
    kept = page.evaluate("sessionStorage.getItem('kept-words')")  # the step is no longer offered: its words wait for it
    assert "不属本市" in kept
    assert "register" not in kept
    assert desk.troubles == []


@pytest.mark.parametrize("path", ["/?list=register&case={pk}", "/events/{pk}/?do=reject"])
def test_whoever_was_slower_sees_at_once_who_was_faster(desk, county, shots, path):
    event = reported(county, 1)[0]
    page = desk.sit_down(county.operator)
    page.goto(path.format(pk=event.pk))
    form = page.locator("#do-reject")
    if form.get_attribute("open") is None:
        form.locator("summary").click()
    form.locator("[name=words]").fill("查无此事\n" * 30)
    form.locator("[name=words]").evaluate("field => { field.rows = 40 }")  # the button is a screen below the form's head
    other = county.person("operator", unit=county.west.station)
    services.advance(event_id=event.pk, action="cancel", actor=other, words="误报")
    form.locator("[type=submit]").click()
    conflict = form.locator(".conflict[role=alert]")
    expect(conflict).to_contain_text(str(other))
    expect(conflict).to_be_focused()
    expect(conflict).to_be_in_viewport()
    expect(form.locator("[name=words]")).to_have_value("查无此事\n" * 30)
    page.screenshot(path=shots / "desk-conflict.png")
    assert desk.troubles == []


def test_a_wrong_date_for_many_is_mended_in_the_form(desk, county, shots):
    reported(county, 12)
    page = desk.sit_down(county.operator_top)
    page.goto("/events/")
    page.locator("#check-all").check()
    page.click("[data-bulk-move=supervise]")
    dialog = page.locator("#bulk-dialog")
    when = dialog.locator("[name=answer_by]")
    when.fill((timezone.localtime() - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M"))
    dialog.locator("[name=words]").fill("请说明进展")
    dialog.locator("[type=submit]").click()
    expect(dialog.locator(".field-errors")).to_have_text("应为将来的时间。")
    expect(when).to_be_focused()
    expect(dialog.locator("[name=words]")).to_have_value("请说明进展")
    expect(dialog.locator(".bulk-lines > li")).to_have_count(12)
    expect(dialog.locator(".bulk-lines > li[data-state]")).to_have_count(0)
    expect(dialog.locator("h2")).to_contain_text("12")
    page.screenshot(path=shots / "desk-bulk-wrong.png")
    assert not Event.objects.filter(supervised=True).exists()
    when.fill((timezone.localtime() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M"))
    dialog.locator("[type=submit]").click()
    expect(dialog.locator('.bulk-lines > li[data-state="done"]')).to_have_count(12)
    assert Event.objects.filter(supervised=True).count() == 12
    assert desk.troubles == []


def test_a_line_cut_between_two_parts_says_what_is_done_and_the_rest_goes_later(desk, county, shots):
    reported(county, 12)
    page = desk.sit_down(county.operator_top)
    page.goto("/events/")
    page.locator("#check-all").check()
    page.click("[data-bulk-move=supervise]")
    dialog = page.locator("#bulk-dialog")
    dialog.locator("[name=words]").fill("请说明进展")
    parts = []

    def cut_the_second(route):
        parts.append(route.request.post_data.count('name="row"'))
        if len(parts) == 2:
            route.abort()
        else:
            route.continue_()

    page.route("**/events/bulk/", cut_the_second)
    dialog.locator("[type=submit]").click()
    expect(dialog.locator("[data-unanswered]")).to_have_text(
        "服务器没有响应。共 12 件，已办理 10 件；其余 2 件尚无结果，可再次提交，不会重复办理。"
    )
    expect(dialog.locator("[data-unanswered]")).to_be_in_viewport()
    expect(dialog.locator('.bulk-lines > li[data-state="done"]')).to_have_count(10)
    page.screenshot(path=shots / "desk-bulk-cut.png")
    expect(page.locator(".row-check:checked")).to_have_count(2)  # those that remain
    dialog.locator("[type=submit]").click()
    expect(dialog.locator('.bulk-lines > li[data-state="done"]')).to_have_count(12)
    expect(dialog.locator("[data-unanswered]")).to_be_hidden()
    expect(dialog.locator("[data-progress]")).to_contain_text("12 / 12")
    assert parts == [10, 2, 2]
    assert Event.objects.filter(supervised=True).count() == 12
    page.keyboard.press("Escape")
    expect(page.locator(".bulk-bar")).to_be_hidden()


def test_a_case_that_does_not_load_says_so_and_is_asked_for_again(desk, county, shots):
    event = reported(county, 1)[0]
    page = desk.sit_down(county.operator)
    page.goto("/?list=register")
    faults = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.context.set_offline(True)
    page.locator(f"#event-{event.pk} .title").click()
    beside = page.locator("#beside")
    expect(beside).to_contain_text("事件未能加载")
    expect(beside.locator("[data-retry]")).to_be_focused()
    expect(page.locator("#trouble")).to_be_hidden()  # nothing was typed
    page.screenshot(path=shots / "desk-case-lost.png")
    beside.locator("[data-close]").click()
    expect(page.locator("#desk[data-beside]")).to_have_count(0)
    expect(page.locator(f"#event-{event.pk}")).to_be_focused()
    page.locator(f"#event-{event.pk} .title").click()
    expect(beside).to_contain_text("事件未能加载")
    page.context.set_offline(False)
    beside.locator("[data-retry]").click()
    expect(beside.locator("#event-head")).to_be_visible()
    assert faults == []


@pytest.mark.parametrize("size", SIZES)
def test_what_is_new_is_offered_below_the_warnings(desk, county, size):
    page = desk.sit_down(county.operator, size)
    page.goto("/events/")
    page.evaluate("""() => {
        document.getElementById("warnings").innerHTML =
            '<article class="warning-line" data-level="major" data-rings><div>x</div></article>'.repeat(2);
        for (const id of ["fresh-bar", "live-bar"]) document.getElementById(id).hidden = false;
    }""")
    warnings, live, fresh = (page.locator(f"#{name}").bounding_box() for name in ("warnings", "live-bar", "fresh-bar"))
    assert warnings["height"] > 30
    assert warnings["y"] + warnings["height"] < live["y"]
    assert live["y"] + live["height"] < fresh["y"]
    page.evaluate("document.querySelector('.desk').style.minHeight = '4000px'; window.scrollTo(0, 900)")
    expect(page.locator("#fresh-bar")).to_be_in_viewport()
    below = page.evaluate("document.querySelector('.above').getBoundingClientRect().bottom")
    if page.viewport_size["width"] > 991:  # what sticks begins below the warnings
        assert 0 <= page.locator(".rail").bounding_box()["y"] - below <= 16
