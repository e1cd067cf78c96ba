"""Two people at one case: they see each other, and a suggestion is taken by a press, not by itself."""

from playwright.sync_api import expect

from events import services
from events.models import Event
from events.services import habits
from tests.pages import report


def test_two_at_one_case_see_each_other_and_a_suggestion_is_taken_by_a_press(desk, county, shots):
    for _number in range(5):
        told = report(county, county.worker, description="门口堆放垃圾无人清理", standard=None)
        services.advance(
            event_id=told.pk, action="register", actor=county.operator, standard=county.standard.pk, urgency="normal"
        )
    habits.learn()
    lon, lat = county.west.point
    event = report(county, county.worker, description="楼下堆放垃圾", standard=None, location=(lon + 0.003, lat))
    one, two = desk.sit_down(county.operator), desk.sit_down(county.operator_area)
    for page in (one, two):
        page.clock.install()
    one.goto(f"/events/{event.pk}/?do=register")
    expect(one.locator("#present")).to_be_empty()
    two.goto(f"/events/{event.pk}/")
    expect(two.locator("#present")).to_contain_text(f"{county.operator.name} 也在查看此事件")
    hint = one.locator("#do-register-form .suggestions")
    expect(hint).to_contain_text("近一年含“垃圾”的 5 件中有 5 件如此立案")
    expect(one.locator("#do-register-form [name=standard]:checked")).to_have_count(0)
    hint.locator("a").click()
    expect(one.locator("#do-register-form [name=standard]:checked")).to_have_value(str(county.standard.pk))
    one.clock.fast_forward(10_000)  # each page asks again this often
    expect(one.locator("#present")).to_contain_text(county.operator_area.name)
    two.clock.fast_forward(10_000)
    expect(two.locator("#present")).to_contain_text("正在填写“立案”")
    one.screenshot(path=shots / "case-suggestion.png")
    one.click("#do-register-form [type=submit]")
    expect(one.locator("#event-head .tag-status")).to_have_text("待派遣")
    assert Event.objects.get(pk=event.pk).standard == county.standard
    two.goto("/events/")
    one.clock.fast_forward(10_000)
    expect(one.locator("#present")).to_be_empty()
    assert desk.troubles == []
