"""The wall screen in a browser: at every size nothing lies upon anything; a step elsewhere shows; a dead server is said."""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from duty.models import Shift
from duty.services import warnings
from events.models import Event
from gridcenter.screen import views
from grids.models import Grid
from tests.browser.conftest import Desk
from tests.factories import GridFactory, StandardFactory, square
from tests.scenes import Scene

WALLS = [(1920, 1080), (2560, 1440), (3840, 2160), (1366, 768)]
LAYOUTS = ("leader", "street", "emergency")
LONG = "公交站台广告牌松动摇晃可能坠落伤人附近小学放学"

FAULTS = (Path(__file__).parent / "wall_faults.js").read_text()
SMALLEST = """() => Math.min(...[...document.querySelectorAll('.screen *')]
  .filter((e) => e.offsetWidth && !e.closest('.hidden-words'))
  .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
  .map((e) => parseFloat(getComputedStyle(e).fontSize)))"""


def of_a_city(route):
    """The figures with the numbers of a city of two million, and a jam."""
    answer = route.fetch()
    if answer.status != 200:
        route.fulfill(response=answer)
        return
    told = answer.json()
    for at, step in enumerate(told["flow"]):
        step.update(count=13013, late=0 if step["status"] == "closed" else 155, jams=at == 1)
    for one in told["warnings"]:
        one.update(count=165, late=65)
    route.fulfill(response=answer, json=told)


def drawn(page):
    expect(page.locator("#screen[data-drawn]")).to_be_visible(timeout=30_000)
    expect(page.locator(".area, .panel-map .panel-empty:visible").first).to_be_visible(timeout=30_000)


def fill(scene):
    """A busy county with long names: events in all lights, kinds, steps."""
    Grid.objects.filter(pk=scene.root.pk).update(name="湘东地区某某自治县")
    for n in range(12):
        boundary = square(113.3 + n % 4 * 0.09, 27.7 + n // 4 * 0.05, 0.05)
        GridFactory(
            code=f"4302810{n + 10}000", name=f"第{n}镇街道办事处", parent=scene.area, boundary=boundary
        )
    kinds = [StandardFactory(minor_name=f"{LONG}{n}", code=f"E98{n:02d}-1") for n in range(10)]
    now = timezone.now()
    for n in range(16):
        event = scene.report(standard=kinds[n % 10].pk)
        due = now - timedelta(hours=37 * n + 1) if n % 4 else now + timedelta(hours=1)
        Event.objects.filter(pk=event.pk).update(due_at=due, yellow_at=due - timedelta(hours=2))
    late = scene.handling()
    Event.objects.filter(pk=late.pk).update(due_at=now - timedelta(hours=700))
    late.assignments.update(due_at=now - timedelta(hours=700))
    fill_duty(scene, now)


def fill_duty(scene, now):
    """A full shift and more warnings than there is room for, with long words."""
    roles = [Shift.Role.LEADER, Shift.Role.CHIEF, *[Shift.Role.WATCH] * 4]
    Shift.objects.bulk_create(
        Shift(
            unit=scene.centre, name=f"欧阳值班{n}", role=role, starts_at=now - timedelta(hours=1),
            ends_at=now + timedelta(hours=8),
        )
        for n, role in enumerate(roles)
    )  # fmt: skip
    for n, level in enumerate(("notice", "major", "serious", "serious", "major")):
        title = f"暴雨红色预警第{n}号：未来三小时降雨量将达一百毫米以上，请立即组织低洼地带群众转移"
        made = warnings.raise_warning(
            actor=scene.people["op_top"], level=level, cause="weather", title=title, grid_id=scene.root.pk
        )
        if n == 1:
            warnings.take(actor=scene.people["op_top"], warning_id=made.pk)


@pytest.fixture
def wall(desk, county):
    views.figures_of.forget()
    return desk


@pytest.fixture
def scene(own_connections):
    return Scene()


@pytest.fixture
def desk_at(browser):
    """`desk_at(url)`: people at that server. They go home also when a test fails, or their walls would ask on."""
    made = []

    def sit(url):
        made.append(Desk(browser, url))
        return made[-1]

    yield sit
    for one in made:
        one.close()


def wide(desk, user, size):
    page = desk.sit_down(user)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    return page


@pytest.mark.looks
def test_at_every_size_and_in_every_composition_nothing_lies_upon_anything(
    desk_at, live_server, scene, shots
):
    fill(scene)
    views.figures_of.forget()
    desk = desk_at(live_server.url)
    page = desk.sit_down(scene.people["leader"])
    for size in WALLS:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        for layout in LAYOUTS:
            page.goto(f"/screen/?layout={layout}&round=600")
            drawn(page)
            expect(page.locator("#round-words")).to_contain_text("轮播 1 / 15")
            assert page.evaluate(FAULTS) == [], (size, layout)
            expect(page.locator(".panel-warnings .panel-note")).to_have_text("共5条，3条未接警")
            expect(page.locator(".shift dd").first).to_have_text("欧阳值班0")
            assert page.evaluate(SMALLEST) >= min(18, 18 * size[0] / 1920) - 0.01
            page.screenshot(path=shots / f"screen-{layout}-{size[0]}.png")
    assert page.locator(".late-row").first.inner_text().count("超时29天") == 1
    page.route(re.compile("/screen/.*figures"), of_a_city)
    for language in ("zh-hans", "en"):
        for layout in LAYOUTS:
            page.goto(f"/screen/?layout={layout}")
            drawn(page)
            assert page.get_attribute("html", "lang") == language
            for size in WALLS:
                page.set_viewport_size({"width": size[0], "height": size[1]})
                page.wait_for_timeout(400)  # it draws itself anew when the window rests
                assert page.evaluate(FAULTS) == [], (language, layout, size)
            page.screenshot(path=shots / f"screen-{layout}-{language}.png")
        if language == "zh-hans":
            page.goto("/me/")
            page.click("form[action='/language/'] button")
    words = page.locator("#screen").inner_text()
    assert "Late now" in words and "Awaiting dispatch" in words and "待派遣" not in words
    assert desk.hosts == {urlsplit(desk.url).netloc}
    assert desk.troubles == []


def test_an_empty_county_says_so(wall, county, shots):
    page = wide(wall, county.operator_top, (1920, 1080))
    page.goto("/screen/")
    drawn(page)
    expect(page.locator(".panel-late .panel-empty")).to_have_text("没有超时事件。")
    expect(page.locator(".panel-newest .panel-empty")).to_have_text("暂无事件。")
    expect(page.locator("[data-kpi=late] b")).to_have_text("0")
    expect(page.locator("[data-kpi=closing] b")).to_have_text("—")
    expect(page.locator(".is-jam")).to_have_count(0)
    assert page.evaluate(FAULTS) == []
    page.screenshot(path=shots / "screen-empty.png")
    assert wall.troubles == []


def test_down_and_up_by_hand_and_by_keys(wall, county, shots):
    page = wide(wall, county.operator_top, (1920, 1080))
    page.goto("/screen/")
    drawn(page)
    name = page.locator("#place-name")
    page.locator(".area").first.click()
    expect(name).to_have_text("阳三街道")
    expect(page).to_have_url(re.compile(f"/screen/{county.west.town.pk}/$"))
    expect(page.locator("#crumbs a")).to_have_text(["醴陵市", "城区片区"])
    page.keyboard.press("ArrowUp")
    expect(name).to_have_text("城区片区")
    page.locator("#crumbs a").first.click()
    expect(name).to_have_text("醴陵市")
    page.go_back()
    expect(name).to_have_text("城区片区")
    page.locator(".ranking .row-link").first.focus()
    page.keyboard.press("Enter")
    expect(name).to_have_text(re.compile("街道$"))
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.locator("body").focus()
    page.keyboard.press("m")
    expect(page.locator("[data-measure=open]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("t")
    expect(page.locator("[data-span=month]")).to_have_attribute("aria-pressed", "true")
    assert wall.troubles == []


def test_a_round_goes_through_the_territories_and_can_be_held(wall, county):
    page = wide(wall, county.operator_top, (1920, 1080))
    page.goto("/screen/?round=5")
    drawn(page)
    name = page.locator("#place-name")
    expect(page.locator("#round-words")).to_have_text("轮播 1 / 3 · 下一个：阳三街道")
    expect(name).to_have_text("阳三街道", timeout=20_000)
    expect(page.locator("#round-words")).to_have_text("轮播 2 / 3 · 下一个：来龙门街道")
    page.keyboard.press(" ")
    expect(page.locator("#round-words")).to_have_text("轮播已暂停 2 / 3")
    assert "round=" not in page.url
    page.keyboard.press("ArrowRight")
    expect(name).to_have_text("来龙门街道")
    page.keyboard.press("ArrowRight")
    expect(name).to_have_text("醴陵市")
    assert wall.troubles == []


def test_a_round_waits_while_no_figures_come(wall, county):
    page = wide(wall, county.operator_top, (1920, 1080))
    page.clock.install()
    page.goto("/screen/?round=5")
    drawn(page)
    page.route(re.compile("/screen/.*figures"), lambda route: route.abort())
    expect(page.locator("#round-words")).to_have_text("轮播 1 / 3 · 下一个：阳三街道")
    page.clock.run_for(13_000)
    expect(page.locator("#round-words")).to_have_text("轮播 1 / 3 · 下一个：阳三街道")
    expect(page.locator("#place-name")).to_have_text("醴陵市")
    page.unroute_all()
    expect(page.locator("#place-name")).to_have_text("阳三街道", timeout=40_000)
    expect(page.locator("#round-words")).to_have_text("轮播 2 / 3 · 下一个：来龙门街道")


def test_whoever_has_no_screen_is_told_so(wall, county):
    page = wall.sit_down(county.worker)
    page.goto("/screen/")
    expect(page.locator("h1")).to_have_text("您没有可打开的大屏")


# ---- under the server in service


def test_a_step_in_another_browser_is_on_the_wall_and_a_dead_server_is_said(desk_at, house, shots):
    scene = Scene()
    event = scene.registered()
    port = house.web().port
    desk = desk_at(f"http://127.0.0.1:{port}")
    wall = desk.sit_down(scene.people["leader"], "wall")
    operator = desk.sit_down(scene.people["op_town"])
    wall.goto("/screen/")
    drawn(wall)
    live, waiting = wall.locator("#live"), wall.locator(".step").nth(1).locator("b")
    expect(live).to_have_attribute("data-state", "live")
    expect(waiting).to_have_text("1")
    operator.goto(f"/events/{event.pk}/?do=dispatch")
    operator.select_option("#do-dispatch [name=lead]", str(scene.urban.pk))
    operator.locator("#do-dispatch button[type=submit]").click()
    expect(waiting).to_have_text("0", timeout=5_000)
    expect(wall.locator(".step").nth(2).locator("b")).to_have_text("1")
    expect(wall.locator(".newest-row .status")).to_have_text("待签收")

    server = house.started[-1]
    server.kill()
    server.wait(timeout=20)
    bar = wall.locator("#lost-bar")
    expect(bar).to_contain_text("未实时更新", timeout=20_000)
    expect(bar).to_contain_text(re.compile(r"数据截至 \d\d:\d\d:\d\d（\d+(秒|分钟)前）"))
    expect(live).to_have_attribute("data-state", "lost")
    assert wall.evaluate(FAULTS) == []
    wall.screenshot(path=shots / "screen-lost.png")
    scene.take(event, "sign", "staff_lead")  # meanwhile
    house.run(
        "-m",
        "uvicorn",
        "gridcenter.asgi:application",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        log="again.log",
    )
    expect(live).to_have_attribute("data-state", "live", timeout=30_000)
    expect(bar).to_be_hidden()
    expect(wall.locator(".step").nth(3).locator("b")).to_have_text("1")
    assert desk.hosts == {f"127.0.0.1:{port}"}
