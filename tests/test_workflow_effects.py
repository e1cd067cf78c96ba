"""What each move writes beside the status: numbers, turns, counters, clocks, whistles, supervisions, ratings."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from core.errors import Invalid, Refused
from events import services
from events.models import Assignment, CaseCounter, Event, TimeRequest
from tests.factories import StandardFactory
from tests.scenes import Scene, again, beijing, photo, refused_for

Outcome = Assignment.Outcome


@pytest.fixture
def scene(db):
    return Scene()


def turns(event):
    return list(event.assignments.order_by("pk").values_list("unit__name", "lead", "outcome"))


# ---- case numbers


def test_numbers_are_gapless_per_year_and_not_spent_on_failures(scene, time_machine):
    time_machine.move_to(beijing("2026-12-31 20:00"), tick=False)
    events = [scene.report("worker_full") for _ in range(4)]
    given = {"standard": scene.standard.pk, "urgency": "normal"}
    numbers = [scene.take(e, "register", "op_station", **given).event.number for e in events[:2]]
    with pytest.raises(Invalid), transaction.atomic():
        scene.take(events[2], "register", "op_station", standard=scene.standard.pk, urgency="soon")
    numbers.append(scene.take(events[2], "register", "op_station", **given).event.number)
    assert numbers == ["430281-2026-000001", "430281-2026-000002", "430281-2026-000003"]
    time_machine.move_to(beijing("2027-01-01 00:00"), tick=False)  # 2026-12-31 16:00 UTC: the year is Beijing's
    assert scene.take(events[3], "register", "op_station", **given).event.number == "430281-2027-000001"
    assert list(CaseCounter.objects.order_by("year").values_list("territory", "year", "last")) == [
        ("430281", 2026, 3), ("430281", 2027, 1)
    ]  # fmt: skip


def test_a_number_stays_through_return_rework_and_reopening(scene):
    event = scene.closed()
    number = again(event).number
    scene.take(event, "reopen", "op_town", words="又坏了")
    assert again(event).number == number
    assert CaseCounter.objects.get().last == int(number[-6:])


def test_what_is_not_registered_has_no_number(scene):
    for status in ("reported", "rejected", "merged", "cancelled"):
        assert (status, scene.in_status(status).number) == (status, None)
    assert CaseCounter.objects.count() == 0


# ---- standards and their versions


def test_an_event_keeps_the_version_it_was_registered_under(scene):
    event = scene.registered()
    old, today = scene.standard, timezone.localdate()
    type(old).objects.filter(pk=old.pk).update(valid_until=today)
    new = StandardFactory(code=old.code, valid_from=today, limit=Decimal(5), limit_unit="work_day")
    later = scene.report("worker_full", standard=None)
    refused_for(
        "standard", lambda: scene.take(later, "register", "op_station", standard=old.pk, urgency="normal")
    )
    scene.take(later, "register", "op_station", standard=new.pk, urgency="normal")
    scene.take(event, "dispatch", "op_town", lead=scene.urban.pk)
    scene.take(later, "dispatch", "op_station", lead=scene.urban.pk)
    assert (again(event).standard, again(event).handle_seconds) == (old, 2 * 8 * 3600)
    assert (again(later).standard, again(later).handle_seconds) == (new, 5 * 8 * 3600)


def test_a_standard_that_asks_for_photos_gets_them(scene):
    asking = StandardFactory(photos_required=True)
    refused_for("photos", lambda: scene.report(standard=asking.pk))
    event = scene.report(standard=asking.pk, photos=[photo(scene.people["reporter"])])
    assert event.attachments.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("source", "rumour"), ("urgency", "soon"), ("description", "   "), ("description", "长" * 4001),
        ("standard", 10**6), ("location", (200.0, 27.6)), ("location", (113.4, float("nan"))), ("grid", 10**6),
    ],
)  # fmt: skip
def test_a_report_names_the_field_that_is_wrong(scene, field, value):
    supplied = {"location": None, "grid": value} if field == "grid" else {field: value}
    refused_for(field, lambda: scene.report(**supplied))
    assert Event.objects.count() == 0


# ---- places


def test_a_point_outside_every_grid_goes_to_the_top_to_be_placed(scene):
    event = scene.report("worker_full", location=(113.35, 27.52))
    assert (event.placed, event.grid, event.holder) == (False, scene.root, scene.centre)
    refused_for("grid", lambda: scene.take(event, "place", "op_top", grid=scene.west.village.pk))
    row = scene.take(event, "place", "op_top", grid=scene.east.grids[1].pk)
    now = again(event)
    assert (now.placed, now.grid, now.path) == (True, scene.east.grids[1], scene.east.grids[1].path)
    assert (now.holder, now.centre) == (scene.east.station, scene.east.station)
    assert row.facts == {"grid": scene.east.grids[1].code, "from_grid": scene.root.pk}


def test_a_station_places_in_its_own_village_only(scene):
    event = scene.report("worker_full")
    refused_for("grid", lambda: scene.take(event, "place", "op_station", grid=scene.east.grids[0].pk))
    assert scene.take(event, "place", "op_station", grid=scene.west.grids[1].pk).event.grid == scene.west.grids[1]


def test_a_grid_without_a_shape_can_be_reported_from_and_placed_into(scene):
    bare = scene.west.grids[0]
    type(bare).objects.filter(pk=bare.pk).update(boundary=None)
    own = scene.report("worker_full", location=None)
    assert (own.grid, own.placed, own.location) == (bare, True, None)
    assert scene.report("op_top", location=None, grid=bare.pk).grid == bare


def test_escalating_ends_at_the_top_and_handing_down_stays_on_the_way_to_the_place(scene):
    event = scene.report("worker_full")
    for who, unit in (("op_station", "town"), ("op_town", "area"), ("op_area", None)):
        now = scene.take(event, "escalate", who, words="请上级处理").event
        assert now.holder == now.centre == (scene.units[unit] if unit else scene.centre)
    refused_for("unit", lambda: scene.take(event, "escalate", "op_top", words="再上报"))
    for wrong in (scene.east.station, scene.urban, scene.centre):
        refused_for("unit", lambda pk=wrong.pk: scene.take(event, "hand_down", "op_top", unit=pk, words="交办"))
    now = scene.take(event, "hand_down", "op_top", unit=scene.west.town_centre.pk, words="交办").event
    assert (now.holder, now.centre) == (scene.west.town_centre, scene.west.town_centre)
    for wrong in (scene.area_centre, scene.west.town_centre):
        refused_for("unit", lambda pk=wrong.pk: scene.take(event, "hand_down", "op_town", unit=pk, words="交办"))


def test_who_takes_over_a_registered_case_is_its_centre_from_then_on(scene):
    event = scene.registered()
    scene.take(event, "escalate", "op_town", words="跨街道")
    scene.take(event, "dispatch", "op_area", lead=scene.urban.pk)
    scene.take(event, "sign", "staff_lead")
    with pytest.raises(Refused), transaction.atomic():
        scene.take(event, "suspend", "op_town", words="等", until=timezone.localdate() + timedelta(days=2))
    row = scene.take(event, "suspend", "op_area", words="等", until=timezone.localdate() + timedelta(days=2))
    assert row.event.holder == scene.area_centre


# ---- merging


def test_merging_keeps_both_records_and_takes_no_merged_or_ended_one(scene):
    first, second, third = (scene.report("worker_full") for _ in range(3))
    scene.take(first, "merge", "op_station", repeats=second.pk)
    assert (again(first).merged_into, again(second).status) == (second, "reported")
    for wrong in (first.pk, third.pk, 10**6):  # merged away itself, oneself, nothing
        refused_for("repeats", lambda pk=wrong: scene.take(third, "merge", "op_station", repeats=pk))
    hidden = services.report(actor=scene.operator_east, description="x", location=scene.east.point).event
    refused_for("repeats", lambda: scene.take(third, "merge", "op_station", repeats=hidden.pk))


# ---- turns, returns, rework, reopening


def test_only_departments_with_jurisdiction_lead_and_co_handle(scene):
    event = scene.registered()
    town = scene.person("staff", unit=scene.fire).posts.get().unit  # a second person changes nothing
    squad = type(town).objects.create(
        name="来龙门城管中队", code="squad-east", kind="department", department_kind=scene.kind, grid=scene.east.town
    )
    for lead in (squad.pk, scene.area_centre.pk, 10**6):
        refused_for("lead", lambda pk=lead: scene.take(event, "dispatch", "op_town", lead=pk))
    for co in (squad.pk, scene.west.station.pk, 10**6):
        refused_for(
            "co_units",
            lambda pk=co: scene.take(event, "dispatch", "op_town", lead=scene.urban.pk, co_units=[pk]),
        )
    assert again(event).status == "registered"
    co_units = [scene.police.pk, scene.urban.pk, scene.police.pk]
    scene.take(event, "dispatch", "op_town", lead=scene.urban.pk, co_units=co_units)
    assert turns(event) == [("市城管局", True, "open"), ("市公安局", False, "open")]


def test_a_return_ends_all_turns_and_the_next_lead_begins_anew(scene):
    event = scene.handling()  # with a request for more time that nobody has answered
    scene.take(event, "return", "staff_lead", words="不属我局职责")
    now = again(event)
    assert (now.returns, now.lead, now.signed_at, now.handle_due_at) == (1, None, None, None)
    assert turns(event) == [("市城管局", True, "returned"), ("市公安局", False, "withdrawn")]
    assert TimeRequest.objects.values_list("granted", flat=True).get() is False
    scene.take(event, "dispatch", "op_town", lead=scene.police.pk)
    scene.take(event, "sign", "staff_co")
    scene.take(event, "ask_time", "staff_co", amount=Decimal(1), words="等勘查")
    assert turns(event)[2:] == [("市公安局", True, "open")]
    with pytest.raises(Refused), transaction.atomic():  # the first lead still sees it, and only that
        scene.take(event, "feed_back", "staff_lead", words="已处理")


def test_rework_gives_the_same_lead_a_fresh_limit_and_marks_the_turn_before(scene, time_machine):
    time_machine.move_to(beijing("2026-03-02 09:00"), tick=False)  # a Monday
    event = scene.verifying()
    time_machine.move_to(beijing("2026-03-10 09:00"), tick=False)
    scene.take(event, "rework", "worker_full", words="井盖仍松动")
    now = again(event)
    assert (now.status, now.reworks, now.signed_at, now.fed_back_at) == ("dispatched", 1, None, None)
    assert turns(event) == [
        ("市城管局", True, "rework"), ("市公安局", False, "fed_back"), ("市城管局", True, "open")
    ]  # fmt: skip
    assert now.handle_due_at == beijing("2026-03-12 09:00")  # two working days
    fresh = event.assignments.last()
    assert (fresh.dispatched_at, fresh.due_at, fresh.late) == (now.dispatched_at, now.handle_due_at, False)
    assert now.late  # verifying took a week: that stays a fact
    scene.take(event, "sign", "staff_lead")
    scene.take(event, "feed_back", "staff_lead", words="已加固")
    scene.take(event, "verify_pass", "op_town", words="照片属实")
    assert [row[2] for row in turns(event)] == ["rework", "passed", "passed"]


def test_co_units_report_once_and_their_words_stay_their_own(scene):
    event = scene.handling()
    scene.take(event, "co_report", "staff_co", words="已疏导交通")
    with pytest.raises(Refused), transaction.atomic():
        scene.take(event, "co_report", "staff_co", words="再报一次")
    scene.take(event, "feed_back", "staff_lead", words="已更换")
    assert list(event.assignments.order_by("pk").values_list("outcome", "words")) == [
        ("fed_back", "已更换"), ("fed_back", "已疏导交通")
    ]  # fmt: skip


def test_reopening_clears_the_rating_and_the_turns_stay(scene):
    event = scene.evaluated()
    scene.take(event, "reopen", "reporter", words="又塌了")
    now = again(event)
    assert (now.status, now.reopens, now.stars, now.lead, now.closed_at, now.evaluated_at) == (
        "registered", 1, None, None, None, None
    )  # fmt: skip
    assert now.due_at is not None and now.holder == scene.west.town_centre
    assert [row[2] for row in turns(event)] == ["passed", "passed"]
    scene.take(event, "dispatch", "op_town", lead=scene.urban.pk)
    assert [row[2] for row in turns(event)] == ["passed", "passed", "open"]


@pytest.mark.parametrize(("days", "seconds", "who", "works"), [
    (30, 0, "reporter", True), (30, 1, "reporter", False), (400, 0, "op_town", True),
])  # fmt: skip
def test_a_reporter_reopens_within_thirty_days_and_the_centre_at_any_time(scene, time_machine, days, seconds, who, works):
    time_machine.move_to(beijing("2026-03-02 09:00"), tick=False)
    event = scene.evaluated()
    time_machine.move_to(beijing("2026-03-02 09:00") + timedelta(days=days, seconds=seconds), tick=False)
    for person in scene.people.values():
        person.__dict__.pop("_scope", None)
    if works:
        assert scene.take(event, "reopen", who, words="又坏了").target == "registered"
    else:
        refused_for("words", lambda: scene.take(event, "reopen", who, words="又坏了"))


# ---- more time


def test_at_most_two_grants_and_one_request_at_a_time(scene, time_machine):
    time_machine.move_to(beijing("2026-03-02 09:00"), tick=False)
    event = scene.handling()
    assert again(event).handle_due_at == beijing("2026-03-04 09:00")
    refused_for("amount", lambda: scene.take(event, "ask_time", "staff_lead", amount=Decimal(1), words="还要"))
    scene.take(event, "grant_time", "op_town")  # four working hours, as the scene asked
    assert again(event).handle_due_at == beijing("2026-03-04 15:00")
    refused_for("amount", lambda: scene.take(event, "grant_time", "op_town"))
    scene.take(event, "ask_time", "staff_lead", amount=Decimal(3), amount_unit="natural_day", words="等配件")
    scene.take(event, "grant_time", "op_town", amount=Decimal(1), amount_unit="natural_day")
    now = again(event)
    assert (now.grants, now.handle_due_at, now.due_at) == (2, beijing("2026-03-05 15:00"), beijing("2026-03-05 15:00"))
    assert set(event.assignments.values_list("due_at", flat=True)) == {now.handle_due_at}
    refused_for("amount", lambda: scene.take(event, "ask_time", "staff_lead", amount=Decimal(1), words="三次"))
    assert list(TimeRequest.objects.values_list("amount", "amount_unit", "granted")) == [
        (Decimal(4), "work_hour", True), (Decimal(1), "natural_day", True)
    ]  # fmt: skip


@pytest.mark.parametrize("amount", [Decimal(0), Decimal(-1), Decimal(366)])
def test_an_amount_must_be_sensible(scene, amount):
    event = scene.handling()
    scene.take(event, "refuse_time", "op_town", words="理由不足")
    refused_for("amount", lambda: scene.take(event, "ask_time", "staff_lead", amount=amount, words="x"))
    refused_for(
        "amount_unit",
        lambda: scene.take(event, "ask_time", "staff_lead", amount=Decimal(1), amount_unit="moon", words="x"),
    )


def test_more_time_is_asked_for_and_granted_before_the_deadline_only(scene, time_machine):
    time_machine.move_to(beijing("2026-03-02 09:00"), tick=False)
    asked, other = scene.handling(), scene.handling()
    scene.take(other, "refuse_time", "op_town", words="理由不足")
    time_machine.move_to(beijing("2026-03-04 09:00") + timedelta(microseconds=1), tick=False)
    for person in scene.people.values():
        person.__dict__.pop("_scope", None)
    refused_for("amount", lambda: scene.take(asked, "grant_time", "op_town"))
    refused_for("amount", lambda: scene.take(other, "ask_time", "staff_lead", amount=Decimal(1), words="晚了"))
    time_machine.move_to(beijing("2026-03-04 09:00"), tick=False)  # the deadline itself is in time
    assert scene.take(asked, "grant_time", "op_town").event.grants == 1


# ---- suspension


@pytest.mark.parametrize(("days", "works"), [(0, False), (1, True), (365, True), (366, False)])
def test_a_suspension_lasts_at_least_a_day_and_at_most_a_year(scene, days, works):
    event = scene.handling()
    until = timezone.localdate() + timedelta(days=days)
    if works:
        now = scene.take(event, "suspend", "op_town", words="等批复", until=until).event
        assert (now.suspended_until, now.due_at, now.handle_due_at, now.resume_status) == (until, None, None, "handling")
    else:
        refused_for("until", lambda: scene.take(event, "suspend", "op_town", words="等批复", until=until))


@pytest.mark.parametrize(("status", "holder"), [("registered", "town"), ("dispatched", "lead"), ("handling", "lead")])
def test_resuming_leads_back_to_where_it_was(scene, status, holder):
    event = scene.in_status(status)
    until = timezone.localdate() + timedelta(days=9)
    scene.take(event, "suspend", "op_town", words="等批复", until=until)
    now = scene.take(event, "resume", "op_town", words="批复已到").event
    assert (now.status, now.holder, now.resume_status, now.suspended_until) == (status, scene.units[holder], "", None)
    assert (now.due_at is None, now.stage_left, now.handle_left) == (False, None, None)
