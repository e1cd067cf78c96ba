"""Deciding a case: what similar events got, what happened here before, who else is at it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events import neighbourhood, services, suggestions
from events.models import LeadHabit, MoveHabit, PlaceHabit, Presence, WordHabit
from events.services import habits, presence
from tests.factories import StandardFactory
from tests.pages import report, run, step_url, text_of, visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def record(county):
    """Six covers registered as such and one as rubbish; four heaps of rubbish. All dispatched, one returned."""
    county.cover = StandardFactory(code="E0201-1", minor_name="上水井盖", condition="缺失、损坏")
    county.cover.leads.create(level=0, department_kind=county.kind)
    for number in range(11):
        words = "路中井盖破损" if number < 7 else "门口堆放垃圾"
        standard = county.cover if number < 6 else county.standard
        event = report(county, county.worker, description=f"{words}，请处理", standard=None)
        services.advance(
            event_id=event.pk, action="register", actor=county.operator, standard=standard.pk, urgency="normal"
        )
        lead = county.police if number == 5 else county.urban
        services.advance(event_id=event.pk, action="dispatch", actor=county.operator, lead=lead.pk)
    services.advance(event_id=event.pk, action="return", actor=county.staff, words="不属本单位")
    return habits.learn()


def test_counts_are_those_of_the_record(county, record):
    assert dict(WordHabit.objects.filter(word="井盖").values_list("code", "events")) == {"E0201-1": 6}
    assert dict(WordHabit.objects.filter(word="请处").values_list("code", "events")) == {"E0201-1": 6, "E0101-1": 5}
    assert not WordHabit.objects.filter(word__contains="，").exists()
    village = county.west.village.path
    assert set(PlaceHabit.objects.values_list("path", "code", "events")) == {
        (village, "E0201-1", 6), (village, "E0101-1", 5),
    }  # fmt: skip
    town = county.west.town.path
    assert set(LeadHabit.objects.values_list("code", "path", "unit", "dispatched", "kept")) == {
        ("E0201-1", town, county.urban.pk, 5, 5), ("E0201-1", town, county.police.pk, 1, 1),
        ("E0101-1", town, county.urban.pk, 5, 4),
    }  # fmt: skip
    assert dict(MoveHabit.objects.values_list("action", "steps")) == {"register": 11, "dispatch": 11, "return": 1}
    assert (record.words, record.places, record.leads, record.moves) == (
        WordHabit.objects.count(), 2, 3, 3,
    )  # fmt: skip


def test_counting_again_changes_nothing_and_old_events_no_longer_count(county, record):
    assert habits.learn() == record
    gone = habits.learn(timezone.now() + timedelta(days=habits.DAYS + 1))
    assert (gone.words, gone.places, gone.leads, gone.moves) == (0, 0, 0, 0)


def test_the_standard_that_such_words_got_is_suggested_with_its_count(county, record, django_assert_num_queries):
    event = report(county, county.worker, description="人行道井盖破损", standard=None)
    suggestions.standards(event)  # standards are copied into this process
    with django_assert_num_queries(3):  # words, village, versions of the standards in this process
        found = suggestions.standards(event)
    assert [one.pk for one in found] == [county.cover.pk]
    assert found[0].label == "上水井盖 · 缺失、损坏"
    assert found[0].why == "近一年含“井盖”的 6 件中有 6 件如此立案"
    assert 0.7 < found[0].share <= 6 / 8


@pytest.mark.parametrize("words", ["", "no Chinese at all", "一二三四五六"])
def test_words_that_nobody_used_suggest_nothing(county, record, words):
    event = report(county, county.worker, description=words or "？", standard=None)
    assert suggestions.standards(event) == []


def test_units_are_suggested_by_what_the_town_sent_and_got_back(county, record):
    event = report(county, county.worker, description="暴露垃圾")
    found = suggestions.leads(event, {county.urban.pk: "市城管局", county.police.pk: "市公安局"})
    assert [(one.pk, one.share, one.why) for one in found] == [
        (county.urban.pk, 0.8, "近一年本镇街同类 5 件中有 5 件派往此处，退回 1 件")
    ]
    assert suggestions.leads(event, {county.police.pk: "市公安局"}) == []  # only what may be chosen


def test_a_town_without_experience_learns_from_the_county(county, record):
    lon, lat = county.east.point
    event = report(county, county.worker_east, location=(lon, lat))
    found = suggestions.leads(event, {county.urban.pk: "市城管局"})
    assert found[0].why == "近一年同类 5 件中有 5 件派往此处，退回 1 件"


def test_the_page_offers_and_never_applies(county, record):
    event = report(county, county.worker, description="人行道井盖破损", standard=None)
    client = visit(county.operator)
    page = client.get(f"/events/{event.pk}/")
    assert "6 of 6 events with “井盖” in the last year" in text_of(page)
    register = {move["name"]: move["form"] for move in page.context["moves"]}["register"]
    assert register["standard"].value() is None
    answer = client.post(step_url(event, "register"), {"key": "k1", "urgency": "normal"})
    assert answer.status_code == 422  # nothing was chosen, so nothing is sent
    taken = client.get(f"/events/{event.pk}/?do=register&standard={county.cover.pk}")
    assert f'value="{county.cover.pk}" checked' in taken.content.decode()
    for nonsense in ("x", "0", "999999999", "-1", "1e9"):
        assert client.get(f"/events/{event.pk}/?do=register&standard={nonsense}").status_code == 200


def test_a_reporter_who_chose_as_others_did_is_left_alone(county, record):
    event = report(county, county.worker, description="井盖破损", standard=county.cover.pk)
    form = {m["name"]: m["form"] for m in visit(county.operator).get(f"/events/{event.pk}/").context["moves"]}["register"]
    assert form.suggested == []


def test_buttons_stand_in_the_order_in_which_people_press_them(county, record):
    event = report(county, county.worker, location=county.east.point)
    names = [m["name"] for m in visit(county.operator_east).get(f"/events/{event.pk}/").context["moves"]]
    assert names[0] == "register"
    MoveHabit.objects.create(status="reported", action="merge", steps=99)
    names = [m["name"] for m in visit(county.operator_east).get(f"/events/{event.pk}/").context["moves"]]
    assert names[:2] == ["merge", "register"]


# ---- what happened here before


def test_the_place_tells_what_was_within_a_hundred_metres(county):
    lon, lat = county.west.point
    here = report(county, county.worker)
    near = report(county, county.worker, location=(lon + 0.0005, lat))
    other = StandardFactory(code="E0301-1")
    different = report(county, county.worker, location=(lon, lat + 0.0003), standard=other.pk)
    report(county, county.worker, location=(lon + 0.002, lat))  # 200 m
    report(county, county.worker, location=None)  # in the worker's own grid, without a pin
    told = neighbourhood.place(here, county.operator)
    assert (told.total, told.open, told.same) == (2, 2, 1)
    assert [(row.event.pk, row.same, round(row.metres)) for row in told.rows] == [
        (near.pk, True, 49), (different.pk, False, 33),
    ]  # fmt: skip


def test_of_the_neighbourhood_one_sees_what_one_may_see(county):
    here = report(county, county.worker)
    report(county, county.worker)
    assert neighbourhood.place(here, county.operator_east).total == 0
    assert neighbourhood.place(here, county.stranger).total == 0
    assert neighbourhood.reporter(here, county.stranger).total == 0


def test_the_reporters_record_counts_what_was_accepted(county):
    events = [report(county, county.worker) for _number in range(3)]
    services.advance(event_id=events[0].pk, action="reject", actor=county.operator, words="不属网格事项")
    run(county, events[1], "register")
    told = neighbourhood.reporter(events[2], county.operator)
    assert (told.total, told.registered, told.rejected, told.merged) == (3, 1, 1, 0)
    page = text_of(visit(county.operator).get(f"/events/{events[2].pk}/"))
    assert "3 reports in a year, 1 registered, 1 not accepted" in page
    events[2].contact_name = "徐先生"  # what a caller told: the record of whoever wrote it down says nothing of him
    assert neighbourhood.reporter(events[2], county.operator) is None


def test_the_grids_worker_stands_beside_the_map(county):
    county.worker.phone = "13812345678"
    county.worker.save()
    event = report(county, county.worker)
    page = visit(county.operator).get(f"/events/{event.pk}/").content.decode()
    assert "tel:13812345678" in page
    page = visit(county.staff).get(f"/events/{event.pk}/")
    assert page.status_code == 404  # not the department's yet
    run(county, event, "dispatch")
    page = visit(county.staff).get(f"/events/{event.pk}/").content.decode()
    assert "13812345678" not in page


# ---- who else is at it


def test_two_people_at_one_case_see_each_other(county):
    event = report(county, county.worker)
    one, two = visit(county.operator), visit(county.operator_area)
    address = f"/events/{event.pk}/presence/"
    assert text_of(one.post(address)).strip() == ""
    assert county.operator.name in text_of(two.post(address, {"doing": "register"}))
    assert f"{county.operator_area.name} is filling in “Register”" in " ".join(text_of(one.post(address)).split())
    two.post(address, {"left": "1"})
    assert text_of(one.post(address)).strip() == ""
    assert Presence.objects.get().user == county.operator


def test_a_page_that_fell_silent_is_no_longer_there(county):
    event = report(county, county.worker)
    assert presence.here(event=event, user=county.operator) == []
    Presence.objects.update(seen_at=timezone.now() - timedelta(seconds=presence.SILENT_SECONDS + 1))
    assert presence.here(event=event, user=county.operator_area) == []
    assert presence.sweep(timezone.now() + timedelta(hours=2)) == 2
    assert not Presence.objects.exists()


def test_nobody_is_present_at_what_they_may_not_see(county):
    event = report(county, county.worker)
    assert visit(county.operator_east).post(f"/events/{event.pk}/presence/").status_code == 404
    assert visit().post(f"/events/{event.pk}/presence/").status_code == 302
    assert not Presence.objects.exists()
    visit(county.operator).post(f"/events/{event.pk}/presence/", {"doing": "<script>"})
    assert Presence.objects.get().action == ""


def test_a_renewal_costs_the_same_however_many_are_there(county, django_assert_num_queries):
    event = report(county, county.worker)
    presence.here(event=event, user=county.operator_area)
    with django_assert_num_queries(2):  # one's own row, the others
        assert len(presence.here(event=event, user=county.operator)) == 1
    presence.here(event=event, user=county.operator_top)
    with django_assert_num_queries(2):
        assert len(presence.here(event=event, user=county.operator)) == 2
