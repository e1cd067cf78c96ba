"""What each move writes beside the status: numbers, turns, counters, clocks, whistles, supervisions, ratings."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from core.errors import Conflict, DomainError, Invalid, NotFound, Refused
from events import services
from events.models import Assignment, CaseCounter, Event, StageRecord, Supervision, TimeRequest, WhistleCall
from events.models.attachment import Attachment
from tests.factories import LONG_AGO, StandardFactory
from tests.scenes import Scene, beijing, photo

Outcome = Assignment.Outcome


@pytest.fixture
def scene(db):
    return Scene()


def again(event):
    return Event.objects.get(pk=event.pk)


def refused_for(field, call):
    """The call is Invalid for exactly this field and leaves nothing behind."""
    with pytest.raises(Invalid) as error, transaction.atomic():
        call()
    assert list(error.value.fields) == [field]


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


# ---- supervision


def test_an_answer_answers_every_open_supervision_once(scene):
    event = scene.handling()  # supervised by the area since it was reported
    scene.supervise(event, "leader", words="县领导批示")
    scene.take(event, "answer", "staff_lead", words="今日完成")
    assert again(event).supervised is False
    rows = Supervision.objects.filter(event=event).order_by("pk")
    assert [(r.by, r.asked_unit.name, r.answer) for r in rows] == [
        (scene.operator_area, scene.west.town_centre.name, "今日完成"),
        (scene.people["leader"], "市城管局", "今日完成"),
    ]
    refused_for("words", lambda: scene.take(event, "answer", "staff_lead", words="再答"))
    refused_for("answer_by", lambda: scene.supervise(event, "op_top", answer_by=timezone.now()))


# ---- whistles


def whistle(scene, event, who="op_town", hours=1, units=None, **supplied):
    units = units or [scene.fire.pk]
    supplied = {"come_by": timezone.now() + timedelta(hours=hours), "place": "桥头", **supplied}
    return scene.take(event, "whistle", who, units=units, **supplied)


def test_a_unit_reports_in_with_its_distance_and_whether_it_came_in_time(scene, time_machine):
    time_machine.move_to(beijing("2026-03-02 09:00"), tick=False)
    event = scene.dispatched()
    lon, lat = scene.west.point
    row = scene.take(event, "report_in", "staff_called", location=(lon, lat + 0.001))
    call = WhistleCall.objects.get(unit=scene.fire)
    assert call.distance == 111.2  # a thousandth of a degree of latitude
    assert (row.facts["distance"], row.facts["in_time"], row.lat) == (111.2, True, lat + 0.001)
    assert (call.arrived_by, call.arrived_at) == (scene.people["staff_called"], beijing("2026-03-02 09:00"))
    with pytest.raises(Refused), transaction.atomic():
        scene.take(event, "report_in", "staff_called", location=(lon, lat))
    whistle(scene, event, units=[scene.health.pk], location=(lon + 0.01, lat))
    time_machine.move_to(beijing("2026-03-02 10:00:01"), tick=False)
    late = scene.take(event, "report_in", "staff_other", location=(lon + 0.01, lat))
    assert (late.facts["distance"], late.facts["in_time"]) == (0.0, False)


def test_of_two_whistles_the_one_that_can_be_answered_in_time_is(scene, time_machine):
    time_machine.move_to(beijing("2026-03-02 09:00"), tick=False)
    event = scene.dispatched()  # the fire brigade was called for 11:00 and did not come
    time_machine.move_to(beijing("2026-03-02 14:00"), tick=False)
    whistle(scene, event, hours=2)
    row = scene.take(event, "report_in", "staff_called", location=scene.west.point)
    assert row.facts["in_time"] is True
    assert list(WhistleCall.objects.filter(unit=scene.fire).order_by("pk").values_list("arrived_at", flat=True)) == [
        None, beijing("2026-03-02 14:00")
    ]  # fmt: skip


def test_a_called_station_reports_in_through_its_operator(scene):
    event = scene.dispatched()
    whistle(scene, event, who="op_town", units=[scene.west.station.pk])
    assert scene.take(event, "report_in", "op_station", location=scene.west.point).unit == scene.west.station


def test_who_can_be_called_and_when(scene):
    event = scene.dispatched()
    for wrong in (scene.east.station.pk, scene.west.town_centre.pk, 10**6):  # elsewhere, oneself, nobody
        refused_for("units", lambda pk=wrong: whistle(scene, event, units=[scene.fire.pk, pk]))
    refused_for("come_by", lambda: whistle(scene, event, hours=0))


def test_each_called_unit_is_rated_once_and_an_absent_one_when_its_time_is_over(scene, time_machine):
    time_machine.move_to(beijing("2026-03-02 09:00"), tick=False)
    event = scene.dispatched()
    rate = lambda unit, stars=4: scene.take(event, "rate_call", "op_station", unit=unit.pk, stars=stars, words="到位")  # noqa: E731
    rate(scene.traffic)
    for unit in (scene.traffic, scene.fire, scene.health):  # rated, still has time, was never called
        refused_for("unit", lambda u=unit: rate(u))
    time_machine.move_to(beijing("2026-03-02 11:00:01"), tick=False)
    refused_for("stars", lambda: rate(scene.fire, stars=0))
    rate(scene.fire, stars=1)
    assert list(WhistleCall.objects.order_by("unit_id").values_list("unit__name", "stars", "stars_words")) == [
        ("消防救援大队", 1, "到位"), ("交警大队", 4, "到位")
    ]  # fmt: skip


# ---- ratings and settling on the spot


@pytest.mark.parametrize("stars", [0, 6, -1, 2.5])
def test_stars_are_one_to_five(scene, stars):
    event = scene.closed()
    refused_for("stars", lambda: scene.take(event, "evaluate", "reporter", stars=stars))


def test_settling_needs_a_photo_from_before_and_one_from_after(scene):
    worker = scene.people["worker_full"]
    given = {"description": "小广告", "standard": scene.standard.pk, "location": scene.west.point, "settled": True}
    for kinds in (["before"], ["after", "after"], ["other", "before"]):
        refused_for(
            "photos",
            lambda k=kinds: services.report(actor=worker, photos=[photo(worker, kind) for kind in k], **given),
        )
    pair = [photo(worker, "after"), photo(worker, "before")]
    row = services.report(actor=worker, photos=pair, **given)
    event = again(row.event)
    assert (event.status, event.number[-7:], event.due_at, event.closed_at) == ("closed", "-000001", None, row.at)
    assert (event.registered_at, event.holder, event.settled_on_spot) == (row.at, scene.west.station, True)
    assert [str(a.public_id) for a in event.attachments.order_by("-kind")] == pair[::-1]
    assert Attachment.objects.filter(event=event, seq=1).count() == 2
    assert StageRecord.objects.count() == 0


def test_settling_is_for_the_grid_it_lies_in(scene):
    worker = scene.people["worker_full"]
    given = {"description": "小广告", "standard": scene.standard.pk, "settled": True}
    for point in (scene.east.point, (113.35, 27.52)):  # another street, outside every grid
        with pytest.raises(Refused), transaction.atomic():
            pair = [photo(worker, "before"), photo(worker, "after")]
            services.report(actor=worker, photos=pair, location=point, **given)
    assert Event.objects.count() == 0


def test_about_one_in_ten_settled_events_is_drawn_for_a_spot_check(scene):
    worker, drawn = scene.people["worker_full"], 0
    for _ in range(60):
        pair = [str(a.public_id) for a in (_stored(worker, "before"), _stored(worker, "after"))]
        given = {"description": "x", "standard": scene.standard.pk, "location": scene.west.point}
        event = services.report(actor=worker, settled=True, photos=pair, **given).event
        assert event.spot_check == (event.uid.int % 10 == 0)
        drawn += event.spot_check
    assert 0 < drawn < 20


def _stored(worker, kind):
    from tests.factories import AttachmentFactory

    return AttachmentFactory(uploader=worker, kind=kind)


# ---- keys and what was seen


def test_the_same_key_answers_the_same_row_and_writes_nothing(scene):
    event = scene.registered()
    first = scene.take(event, "dispatch", "op_town", lead=scene.urban.pk, key="k-1")
    second = scene.take(event, "dispatch", "op_town", lead=scene.police.pk, key="k-1")
    assert (second.pk, second.event.lead) == (first.pk, scene.urban)
    assert scene.take(event, "sign", "staff_lead", key="k-1").action == "sign"  # somebody else's key is another key


def test_a_key_belongs_to_one_step_of_one_event(scene):
    event, other = scene.registered(), scene.registered()
    scene.take(event, "dispatch", "op_town", lead=scene.urban.pk, key="k-1")
    refused_for("key", lambda: scene.take(other, "dispatch", "op_town", lead=scene.urban.pk, key="k-1"))
    refused_for("key", lambda: scene.take(event, "suspend", "op_town", key="k-1"))
    refused_for("key", lambda: scene.report("op_town", key="k-1"))
    refused_for("key", lambda: scene.report("op_town", key="k" * 65))
    refused_for("key", lambda: scene.take(other, "dispatch", "op_town", lead=scene.urban.pk, key="k" * 65))


def test_a_step_on_old_knowledge_is_told_what_happened_meanwhile(scene):
    event = scene.registered()
    seen = again(event).head_seq
    scene.supervise(event, "op_top")
    with pytest.raises(Conflict) as conflict, transaction.atomic():
        scene.take(event, "dispatch", "op_town", lead=scene.urban.pk, seen=seen)
    facts = conflict.value.facts
    assert (facts["by"], facts["unit"], facts["action"]) == (str(scene.operator_top), "市指挥中心", "supervise")
    assert (facts["event_status"], facts["seq"]) == ("registered", seen + 1)
    assert scene.take(event, "dispatch", "op_town", lead=scene.urban.pk, seen=seen + 1).target == "dispatched"


# ---- likely repeats

METRE = 1 / 111_195  # degrees of latitude


@pytest.mark.parametrize(("metres", "hours", "found"), [
    (0, 0, True), (49, 1, True), (51, 1, False), (1, 23, True), (1, 25, False), (49, 23.9, True), (51, 25, False),
])  # fmt: skip
def test_a_repeat_lies_within_fifty_metres_and_a_day(scene, time_machine, metres, hours, found):
    time_machine.move_to(beijing("2026-03-02 09:00"), tick=False)
    event = scene.report("worker_full")
    time_machine.move_to(beijing("2026-03-02 09:00") + timedelta(hours=hours), tick=False)
    lon, lat = scene.west.point
    near = services.likely_repeats(
        actor=scene.operator, standard_id=scene.standard.pk, lon=lon, lat=lat + metres * METRE
    )
    assert [(row["event"], round(row["metres"])) for row in near] == ([(event, metres)] if found else [])


def test_a_repeat_is_of_the_same_standard_in_any_version_visible_and_still_counted(scene):
    lon, lat = scene.west.point
    find = lambda actor=scene.operator, standard=scene.standard, **kw: {  # noqa: E731
        row["event"] for row in services.likely_repeats(actor=actor, standard_id=standard.pk, lon=lon, lat=lat, **kw)
    }
    event, gone = scene.report("worker_full"), scene.rejected()
    assert find() == {event} and gone not in find()
    assert find(actor=scene.operator_east) == set() == find(exclude=event.pk) == find(standard=StandardFactory())
    type(scene.standard).objects.filter(pk=scene.standard.pk).update(valid_until=timezone.localdate())
    newer = StandardFactory(code=scene.standard.code, valid_from=timezone.localdate())
    assert newer.valid_from > LONG_AGO and find(standard=newer) == {event}
    with pytest.raises(Invalid):
        services.likely_repeats(actor=scene.operator, standard_id=10**6, lon=lon, lat=lat)


def test_the_nearest_repeat_comes_first_and_the_longitude_counts_as_metres(scene):
    lon, lat = scene.west.point
    degree = METRE / 0.8861  # at 27.6° north a degree of longitude is that much shorter
    events = [scene.report("worker_full", location=(lon + m * degree, lat)) for m in (40, 10, 49, 52)]
    near = services.likely_repeats(actor=scene.operator, standard_id=scene.standard.pk, lon=lon, lat=lat)
    assert [(row["event"], round(row["metres"])) for row in near] == [(events[1], 10), (events[0], 40), (events[2], 49)]


def test_domain_errors_have_words(scene):
    for error in (Refused(), NotFound(), Conflict(), Invalid(fields={"x": ["y"]})):
        assert isinstance(error, DomainError) and str(error)
