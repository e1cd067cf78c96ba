"""Every main kind of page looked through by axe: no serious or critical fault of WCAG 2.1 A and AA."""

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from duty.models import UnitDuty
from events import services
from gridcenter.screen import views as screen
from tests.browser.test_registry import house  # noqa: F401 — fixture

AXE = settings.BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"
RUN = """() => axe.run(document, {
  runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }, resultTypes: ['violations'],
}).then((found) => found.violations.filter((one) => ['serious', 'critical'].includes(one.impact)).flatMap(
  (one) => one.nodes.map((node) => `${one.id}: ${node.target.join(' ')} · ${node.failureSummary.split('\\n')[1] || ''}`)
))"""


def faults(page):
    """The rules broken on the page as it stands, with the elements that break them."""
    # Half-shown elements have no contrast of their own.
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished.catch(() => {})))")
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    return page.evaluate(RUN)


def look_through(page, paths):
    """The faults of all these pages, a line each."""
    found = []
    for path in paths:
        answer = page.goto(path)
        assert answer.status == 200, path
        found += [f"{path} {wrong}" for wrong in faults(page)]
    return "\n".join(found)


# The policy of the pages forbids scripts that they have not named, axe among them.
def sit(desk, user, size="desk"):
    return desk.sit_down(user, size, bypass_csp=True)


@pytest.fixture
def event(county):
    given = {"actor": county.worker, "location": county.west.point, "standard": county.standard.pk}
    for number in range(3):
        row = services.report(description=f"第{number}件：井盖缺失", place=f"解放路{number}号", **given).event
    return row


@pytest.mark.looks
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_an_operators_pages(desk, county, event, size):
    page = sit(desk, county.operator, size)
    paths = ["/", "/events/", f"/events/{event.pk}/", "/events/report/", "/inbox/", "/me/", "/map/"]
    if size == "desk":
        paths.append(f"/events/?case={event.pk}&open=yes")
    assert look_through(page, paths) == ""


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_a_worker_brings_a_photo_and_takes_it_back(desk, county, snapshot, size):
    page = sit(desk, county.worker, size)
    page.goto("/me/")
    page.set_input_files("[name=photo]", snapshot("me"))
    page.get_by_role("button", name="保存照片").click()
    expect(page.get_by_role("img", name="我的照片")).to_be_visible()
    page.wait_for_function("document.querySelector('.own-photo')?.complete")
    assert page.evaluate("document.querySelector('.own-photo').naturalWidth") == 500
    assert look_through(page, ["/me/", f"/grids/{county.west.grids[0].pk}/"]) == ""
    expect(page.locator(".person-photo")).to_be_visible()
    page.goto("/me/")
    page.get_by_role("button", name="删除照片").click()
    expect(page.get_by_role("img", name="我的照片")).to_have_count(0)
    assert desk.troubles == []


@pytest.mark.looks
def test_the_desks_sheets_and_dialogs(desk, county, event):
    page = sit(desk, county.operator)
    page.goto("/")
    for sheet in page.locator(".desk-bar details.sheet > summary").all():
        sheet.click()
        assert faults(page) == []
        sheet.click()
    page.keyboard.press("?")
    expect(page.locator("#keys-dialog")).to_be_visible()
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.locator(".row-check").first.check()
    page.locator('[data-bulk-move="register"]').click()
    expect(page.locator("#bulk-dialog .bulk-lines")).to_be_visible()
    assert faults(page) == []


@pytest.mark.looks
def test_a_workers_pages(desk, county, house):  # noqa: F811
    page = sit(desk, county.worker)
    paths = ["/", "/registry/", "/registry/?q=lzz", f"/registry/buildings/{house.pk}/", "/registry/quality/"]
    paths += [f"/registry/residents/{county.zhen.pk}/", f"/registry/grids/{house.grid_id}/", "/registry/due/"]
    paths += [f"/registry/resident/{county.zhen.pk}/now/move/", "/scores/"]
    assert look_through(page, paths) == ""


@pytest.mark.looks
def test_forms_that_come_back_with_what_is_wrong_and_what_was_done(desk, county, house):  # noqa: F811
    """Errors at their fields, above the form and in a part of a page, and the message after a step."""
    page = sit(desk, county.worker)
    now = f"/registry/resident/{county.zhen.pk}/now"
    found = []
    for path in (f"{now}/correct-day/", f"{now}/move/", f"/registry/residents/{county.zhen.pk}/statement/"):
        page.goto(path)
        page.locator("#content form.card :is([name=reason], [name=dwelling_q])").fill("")
        page.locator("#content form.card [type=submit]").click()
        expect(page.locator("#content .card .field-errors").first).to_be_visible()
        found += [f"{path} {wrong}" for wrong in faults(page)]
    page.goto(f"/registry/residents/{county.zhen.pk}/")
    page.locator("#unmask a").click()
    page.locator(".unmask-form [type=submit]").click()
    expect(page.locator(".unmask-form .field-errors").first).to_be_visible()
    found += [f"unmask {wrong}" for wrong in faults(page)]
    page.goto(f"/registry/residents/{county.zhen.pk}/")
    page.get_by_role("button", name="核实无误").click()
    expect(page.locator(".messages li")).to_be_visible()
    found += [f"message {wrong}" for wrong in faults(page)]
    assert "\n".join(found) == ""


@pytest.mark.looks
def test_the_pages_of_duty_and_scores(desk, county, event):
    UnitDuty.objects.create(unit=county.west.town_centre, staffed=True)
    head = county.person("centre_head", unit=county.west.town_centre)
    page = sit(desk, head)
    paths = ["/duty/", "/duty/units/", f"/duty/units/{county.west.town_centre.pk}/", "/duty/board/", "/duty/warnings/"]
    paths += ["/duty/board/by-unit/", "/duty/board/whistles/", "/duty/hand-overs/", "/scores/"]
    assert look_through(page, paths) == ""


@pytest.mark.looks
def test_the_wall_screen_in_the_dark(desk, county, event):
    screen.figures_of.forget()
    page = sit(desk, county.operator_top, "wall")
    page.goto("/screen/")
    expect(page.locator("#screen[data-drawn]")).to_be_visible()
    expect(page.locator(".area").first).to_be_visible()
    assert faults(page) == []


@pytest.mark.looks
def test_login_and_administration(desk, county):
    page = sit(desk, None)
    assert look_through(page, ["/login/"]) == ""
    admin = county.person("district_admin", grid=county.root)
    type(admin).objects.filter(pk=admin.pk).update(is_staff=True)
    page = sit(desk, admin)
    assert look_through(page, ["/me/", reverse("admin:index")]) == ""
