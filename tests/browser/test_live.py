"""Two people at two browsers under the server in service: one acts, the other is offered to see it, nothing moves."""

import pytest
from django.db import connection
from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.processes import House
from tests.scenes import Scene, file_database


@pytest.fixture
def house(transactional_db, tmp_path):
    if connection.vendor == "postgresql":
        made = House(tmp_path / "house")
        yield made
        made.close()
        return
    with file_database(tmp_path):
        made = House(tmp_path / "house")
        yield made
        made.close()


@pytest.fixture
def live_desk(browser, house):
    scene = Scene()
    port = house.web().port
    made = Desk(browser, f"http://127.0.0.1:{port}")
    made.scene, made.house = scene, house
    yield made
    made.close()


def open_live(page, path):
    """The page, once every change from now on will be told to it."""
    page.goto(path)
    expect(page.locator("[data-live-on]")).to_have_count(1)


def test_a_list_offers_what_has_changed_and_does_not_move(live_desk, shots):
    scene = live_desk.scene
    first = scene.reported()
    page = live_desk.sit_down(scene.people["op_town"])
    open_live(page, "/events/")
    rows = page.locator("#results .rows > li")
    expect(rows).to_have_count(1)
    second = scene.report()
    bar = page.locator("#live-bar")
    expect(bar).to_be_visible()
    expect(bar).to_contain_text("1 件事件有更新")
    expect(rows).to_have_count(1)  # nothing has moved under the hand
    page.screenshot(path=shots / "live-list.png")
    bar.click()
    expect(rows).to_have_count(2)
    expect(bar).to_be_hidden()
    for event in (first, second):
        expect(rows.locator(f"a[href='/events/{event.pk}/']").first).to_be_visible()
    assert live_desk.hosts == {live_desk.url.removeprefix("http://")}
    assert live_desk.troubles == []


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
    expect(page.locator("#live-bar")).to_be_visible()  # something may have been missed
