"""One event through all six steps by clicking, as five people; two operators at once; and without JavaScript."""

import re
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import expect

from events import services
from events.models import Attachment, Event, Transition
from events.standards import search_text
from events.workflow import Status
from tests.factories import PASSWORD


@pytest.fixture
def desk(desk):
    desk.by_form = True
    return desk


def findable(standard):
    standard.search_text = search_text(
        code=standard.code, minor_name=standard.minor_name, major_name=standard.major_name,
        condition=standard.condition,
    )  # fmt: skip
    standard.save()


def press(page, action):
    page.click(f"#do-{action}-form [type=submit]")


def done(page, step):
    """The answer to the step is there, on its page or beside the list: what has been pressed is written."""
    expect(page.locator(".messages .success, #desk-toast").first).to_contain_text(f"已完成：{step}")


def search(page, field, words):
    """Type into a picker, and wait for the answer to the last letter: earlier ones may still replace the choices."""
    with page.expect_response(lambda answer: unquote(answer.url).find(f"{field}={words}") > 0) as answer:
        page.locator(f"[name={field}]").press_sequentially(words, delay=20)
    answer.value.finished()
    expect(page.locator(".htmx-request")).to_have_count(0)
    expect(page.locator(".htmx-swapping, .htmx-settling")).to_have_count(0)


def at_record(page, event):
    """The case is open beside the list, and the address says which."""
    expect(page.locator("#beside #event-head")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"[?&]case={event.pk}$"))


def test_one_event_through_all_six_steps(desk, county, shots, snapshot):
    findable(county.standard)
    reporter = county.worker
    registrar = county.operator
    dispatcher = county.person("operator", unit=county.west.station)
    verifier = county.person("worker_part", grid=county.west.grids[0])

    # 1 report: the worker, on a phone
    phone = desk.sit_down(reporter, "phone")
    phone.click(".tabbar .tab-main")
    phone.fill("[name=description]", "解放路口井盖缺失，影响通行安全")
    search(phone, "standard_q", "暴露垃圾")
    phone.click("[data-picker] .choices label:first-child")
    expect(phone.locator("[data-picker] .choices input:checked")).to_have_value(str(county.standard.pk))
    phone.set_input_files("[name=before]", snapshot("before"))
    phone.wait_for_selector(".leaflet-interactive")
    phone.locator("[data-pin]").click(position={"x": 150, "y": 100})
    expect(phone.locator("#here strong").first).to_be_visible()
    expect(phone.locator("#here")).to_contain_text("阳三街道第")
    phone.screenshot(path=shots / "1-report.png", full_page=True)
    phone.fill("[name=lat]", "27.605")
    phone.fill("[name=lng]", "113.405")
    phone.click("form[enctype] button[type=submit].w-100")
    phone.wait_for_selector(".event-head")
    event = Event.objects.get()
    assert (event.status, event.grid, event.reporter) == (Status.REPORTED, county.west.grids[0], reporter)
    assert event.attachments.get().kind == Attachment.Kind.BEFORE

    # 2 register: the station's operator, from the worklist
    page = desk.sit_down(registrar)
    page.wait_for_selector(f"#event-{event.pk}")
    page.screenshot(path=shots / "2-register-worklist.png")
    page.click(f"#event-{event.pk} a.btn-primary")
    at_record(page, event)
    page.click("#do-register-form .segments label:has([value=urgent])")
    expect(page.locator("#do-register-form [value=urgent]")).to_be_checked()
    page.screenshot(path=shots / "2-register.png")
    press(page, "register")
    done(page, "立案")

    # 3 dispatch: another operator of the station; the lead stands there by the standard
    page = desk.sit_down(dispatcher)
    page.click(f"#event-{event.pk} a.btn-primary")
    at_record(page, event)
    expect(page.locator("#do-dispatch-form [name=lead]")).to_have_value(str(county.urban.pk))
    page.check(f"#do-dispatch-form [name=co_units][value='{county.police.pk}']")
    page.fill("#do-dispatch-form [name=words]", "请今天内更换井盖")
    page.screenshot(path=shots / "3-dispatch.png")
    press(page, "dispatch")
    done(page, "派遣")

    # 4 handle: the department signs with one press and feeds back with a photo
    page = desk.sit_down(county.staff)
    page.click(f"#event-{event.pk} form button")
    done(page, "签收")
    page.click(f"#event-{event.pk} a.title")
    at_record(page, event)
    page.set_input_files("#do-feed_back-form [name=photos]", snapshot("after", "palegreen"))
    page.fill("#do-feed_back-form [name=words]", "已更换井盖并固定")
    page.wait_for_selector("#do-feed_back-form [data-previews] img")
    page.screenshot(path=shots / "4-handle.png")
    press(page, "feed_back")
    done(page, "处置反馈")

    # 5 verify: a worker of the grid, on a phone
    page = desk.sit_down(verifier, "phone")
    page.click(f"#event-{event.pk} a.btn-primary")
    page.set_input_files("#do-verify_pass-form [name=photos]", snapshot("verified", "lightblue"))
    page.fill("#do-verify_pass-form [name=words]", "现场已恢复，通行正常")
    page.wait_for_selector("#do-verify_pass-form [data-previews] img")
    page.screenshot(path=shots / "5-verify.png")
    press(page, "verify_pass")
    done(page, "核查通过")

    # 6 rate: the reporter
    phone.goto("/")
    phone.click(f"#event-{event.pk} a.btn-primary")
    phone.click("#do-evaluate-form .stars-input label[for$='_0']")
    phone.fill("#do-evaluate-form [name=words]", "处理及时")
    phone.screenshot(path=shots / "6-rate.png")
    press(phone, "evaluate")
    done(phone, "评价")

    event.refresh_from_db()
    assert (event.status, event.stars, event.urgency) == (Status.EVALUATED, 5, "urgent")
    steps = ["report", "register", "dispatch", "sign", "feed_back", "verify_pass", "evaluate"]
    assert list(event.transitions.order_by("seq").values_list("action", flat=True)) == steps
    assert event.transitions.values("actor").distinct().count() == 5
    page = desk.sit_down(county.operator_top)
    page.goto(f"/events/{event.pk}/")
    expect(page.locator(".steps-bar li[data-done]")).to_have_count(6)
    expect(page.locator(".pairs img")).to_have_count(3)
    page.screenshot(path=shots / "7-record.png", full_page=True)
    assert desk.hosts == {urlsplit(desk.url).netloc}
    assert desk.troubles == []


def reported(county):
    return services.report(
        actor=county.worker, description="路面塌陷", location=county.west.point, standard=county.standard.pk
    ).event


def test_the_slower_operator_reads_who_was_faster_without_losing_words(desk, county):
    event = reported(county)
    mate = county.person("operator", unit=county.west.station)
    slow, fast = desk.sit_down(county.operator), desk.sit_down(mate)
    for page in (slow, fast):
        page.goto(f"/events/{event.pk}/?do=reject")
    fast.goto(f"/events/{event.pk}/?do=register")
    slow.fill("#do-reject-form [name=words]", "不属本网格")
    press(fast, "register")
    fast.wait_for_selector("#do-dispatch-form")
    press(slow, "reject")
    expect(slow.locator("#do-reject-form .conflict")).to_contain_text(f"{mate.name}已先行办理")
    expect(slow.locator("#do-reject-form [name=words]")).to_have_value("不属本网格")
    assert list(Transition.objects.filter(event=event).values_list("action", flat=True)) == ["report", "register"]


def test_a_session_that_ends_while_somebody_types_loses_no_word(desk, county):
    event = reported(county)
    page = desk.sit_down(county.operator)
    page.goto(f"/events/{event.pk}/?do=reject")
    page.fill("#do-reject-form [name=words]", "不属本网格，已电话告知")
    page.context.clear_cookies(name="sessionid")
    press(page, "reject")
    page.wait_for_url(lambda url: "/login/" in url)
    page.fill("[name=username]", county.operator.username)
    page.fill("[name=password]", PASSWORD)
    page.click("#content button[type=submit]")
    expect(page).to_have_url(re.compile(rf"/events/{event.pk}/\?do=reject$"))
    expect(page.locator("#words-back")).to_be_visible()
    expect(page.locator("#do-reject-form [name=words]")).to_have_value("不属本网格，已电话告知")
    press(page, "reject")
    done(page, "不予立案")
    assert list(Transition.objects.filter(event=event).values_list("action", flat=True)) == ["report", "reject"]
    page.goto(f"/events/{event.pk}/")
    expect(page.locator("#words-back")).to_be_hidden()


def test_what_somebody_typed_is_not_shown_to_whoever_logs_in_next(desk, county):
    event = reported(county)
    page = desk.sit_down(county.operator)
    page.goto(f"/events/{event.pk}/?do=reject")
    page.fill("#do-reject-form [name=words]", "反映人电话已记下")
    page.context.clear_cookies(name="sessionid")
    press(page, "reject")
    page.wait_for_url(lambda url: "/login/" in url)
    assert "反映人电话已记下" in page.evaluate("sessionStorage.getItem('kept-words')")
    page.fill("[name=username]", county.operator_top.username)
    page.fill("[name=password]", PASSWORD)
    page.click("#content button[type=submit]")
    expect(page).to_have_url(re.compile(rf"/events/{event.pk}/\?do=reject$"))
    expect(page.locator("#words-back")).to_be_hidden()
    assert page.evaluate("sessionStorage.getItem('kept-words')") is None
    assert "反映人电话已记下" not in page.content()


def test_a_mistake_keeps_the_input_in_place(desk, county):
    event = reported(county)
    page = desk.sit_down(county.operator)
    page.goto(f"/events/{event.pk}/?do=merge")
    page.fill("#do-merge-form [name=repeats]", "430281-2026-999999")
    page.fill("#do-merge-form [name=words]", "与昨日事件相同")
    press(page, "merge")
    expect(page.locator("#do-merge-form .field-errors").first).to_be_visible()
    expect(page.locator("#do-merge-form [name=words]")).to_have_value("与昨日事件相同")
    expect(page).to_have_url(re.compile(r"\?do=merge$"))


def test_filters_stand_in_the_address_and_are_taken_away_one_by_one(desk, county):
    event = reported(county)
    page = desk.sit_down(county.operator)
    page.goto("/events/")
    page.click("#filter-box > summary")
    page.check("#desk-filters [name=status][value=closed]")
    page.check("#desk-filters [name=urgency][value=urgent]")
    page.click("#desk-filters [type=submit]")
    expect(page.locator("#results .empty")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/events/\?urgency=urgent&status=closed$"))  # nothing that says nothing
    page.click(".chips a >> nth=0")
    expect(page.locator(".chips a")).to_have_count(1)
    expect(page.locator("#results .empty")).to_be_visible()
    page.click(".chips a >> nth=0")
    expect(page.locator(f"#event-{event.pk}")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/events/$"))
    assert desk.troubles == []


def test_everything_works_without_javascript(desk, county, snapshot):
    findable(county.standard)
    page = desk.sit_down(county.worker, java_script_enabled=False)
    page.goto("/events/report/")
    page.fill("[name=description]", "路灯不亮")
    page.fill("[name=lat]", "27.605")
    page.fill("[name=lng]", "113.405")
    page.click("form[enctype] button[type=submit].w-100")
    page.wait_for_selector(".event-head")
    event = Event.objects.get()
    page = desk.sit_down(county.operator, java_script_enabled=False)
    page.goto(f"/events/{event.pk}/")
    page.fill("#do-register-form [name=standard_q]", "暴露垃圾")
    press(page, "register")
    page.check(f"#do-register-form [name=standard][value='{county.standard.pk}']")
    press(page, "register")
    done(page, "立案")
    page.select_option("#do-dispatch-form [name=lead]", str(county.urban.pk))
    press(page, "dispatch")
    done(page, "派遣")
    page = desk.sit_down(county.staff, java_script_enabled=False)
    page.click(f"#event-{event.pk} form button")
    done(page, "签收")
    page.goto(f"/events/{event.pk}/")
    page.fill("#do-feed_back-form [name=words]", "已修复")
    press(page, "feed_back")
    done(page, "处置反馈")
    event.refresh_from_db()
    assert event.status == Status.VERIFYING
