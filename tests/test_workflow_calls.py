"""Supervision, whistles, ratings, settling on the spot, keys, likely repeats: what each writes and refuses."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from core.errors import Conflict, Invalid, Refused
from events import services
from events.models import Attachment, Event, StageRecord, Supervision, WhistleCall
from tests.factories import LONG_AGO, AttachmentFactory, StandardFactory
from tests.scenes import Scene, again, beijing, photo, refused_for


@pytest.fixture
def scene(db):
    return Scene()


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
