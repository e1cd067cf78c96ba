"""Two people at two browsers under the server in service: one acts, the other is offered to see it, nothing moves."""

import signal

from playwright.sync_api import expect

from tests.browser.conftest import open_live


def test_an_open_event_says_that_it_moved_on_and_keeps_what_was_typed(live_desk, shots):
    scene = live_desk.scene
    event = scene.registered()
    page = live_desk.sit_down(scene.people["op_town"])
    open_live(page, f"/events/{event.pk}/")
    page.locator("#do-suspend summary").click()
    page.fill("#do-suspend textarea[name=words]", "等待配件到货")
    scene.take(event, "dispatch", "head_town", lead=scene.urban.pk)
    bar = page.locator("#live-bar")
    expect(bar).to_contain_text("此事件有新进展")
    page.screenshot(path=shots / "live-event.png")
    bar.click()
    expect(page.locator("#event-head .tag-status")).to_have_text("待签收")
    expect(page.locator("#do-suspend textarea[name=words]")).to_have_value("等待配件到货")
    assert live_desk.troubles == []


def test_a_broken_line_is_said_and_mended_by_itself(live_desk):
    scene = live_desk.scene
    scene.reported()
    page = live_desk.sit_down(scene.people["op_town"])
    open_live(page, "/events/")
    expect(page.locator("#live-lost")).to_be_hidden()
    page.context.set_offline(True)
    server = live_desk.house.started[-1]
    server.terminate()
    server.wait(timeout=60)
    expect(page.locator("#live-lost")).to_be_visible()
    expect(page.locator("#live-lost")).to_contain_text("正在重连")
    page.context.set_offline(False)
    port = live_desk.url.rpartition(":")[2]
    live_desk.house.run(
        "-m", "uvicorn", "gridcenter.asgi:application", "--host", "127.0.0.1", "--port", port, log="again.log"
    )
    expect(page.locator("#live-lost")).to_be_hidden()
    expect(page.locator("#fresh-bar")).to_be_visible()  # something may have been missed


def test_a_line_that_falls_silent_without_a_word_is_lost_and_mended(live_desk):
    """A cable pulled between two switches: neither end is told. Major warnings hang on this line."""
    page = live_desk.sit_down(live_desk.scene.people["op_town"])
    page.clock.install()
    open_live(page, "/events/")
    server = live_desk.house.started[-1]
    server.send_signal(signal.SIGSTOP)
    try:
        page.clock.fast_forward(30_000)
        expect(page.locator("#live-lost")).to_be_hidden()
        page.clock.fast_forward(15_000)
        expect(page.locator("#live-lost")).to_be_visible()
        assert page.evaluate("document.documentElement.dataset.line") == "lost"
    finally:
        server.send_signal(signal.SIGCONT)
    expect(page.locator("#live-lost")).to_be_hidden()
    expect(page.locator("[data-live-on]")).to_have_count(1)
    assert page.evaluate("document.documentElement.dataset.line") == "open"


COUNTED = """const Plain = window.EventSource;
window.lines = [];
window.EventSource = class extends Plain {
  constructor(...given) { super(...given); window.lines.push(this); }
};"""


def test_a_page_has_one_line_that_rows_case_and_banner_share(live_desk):
    scene = live_desk.scene
    event = scene.registered()
    page = live_desk.sit_down(scene.people["op_town"])
    page.add_init_script(COUNTED)
    for path in ("/events/", f"/events/?case={event.pk}", f"/events/{event.pk}/", "/inbox/"):
        open_live(page, path)
        lines = page.evaluate("window.lines.map((line) => [line.readyState, new URL(line.url).pathname])")
        assert lines == [[1, "/live/"]], path
    open_live(page, "/events/")
    page.locator(f"#event-{event.pk} .title").click()
    expect(page.locator("#beside #event-head")).to_be_visible()
    assert page.evaluate("window.lines.length") == 1
