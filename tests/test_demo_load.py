"""The demo county: loaded set-based, and yet row by row what the services would have written."""

import re
from collections import Counter
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.db import connection, transaction
from django.db.models import Count, F, Max, Min
from django.test import override_settings

from accounts.models import User
from accounts.roles import ROLES
from events import calendars, clocks, services
from events.models import (
    Assignment,
    Attachment,
    CaseCounter,
    ChangedDay,
    Event,
    Notice,
    Seal,
    StageRecord,
    Supervision,
    TimeRequest,
    Transition,
    Whistle,
    WhistleCall,
)
from events.services import history, reckoning, sweep
from events.services.advance import take
from events.services.intake import SPOT_CHECK_DAYS
from events.services.step import Step, Surroundings
from events.workflow import ACTIONS, MOVES, OPEN, RUNNING, Status
from gridcenter.demo.load import Loader
from grids import locate
from grids.models import Grid, Post, Unit

UNTIL = date(2026, 3, 31)
END = datetime(2026, 3, 31, 16, tzinfo=UTC)  # midnight in Beijing
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def sanyuan(django_db_setup, django_db_blocker, tmp_path_factory):
    """A month of 三元社区, loaded once for all tests of this file and rolled back at its end."""
    folder = tmp_path_factory.mktemp("media")
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=folder), transaction.atomic():
        loaded = Loader("sanyuan", seed=1, months=1, until=UNTIL).load()
        loaded.folder = folder
        yield loaded
        transaction.set_rollback(True)



# ---- what is there


def test_the_territory_is_whole_and_says_that_its_shapes_are_synthetic(sanyuan):
    levels = dict(Grid.objects.values_list("level").annotate(n=Count("pk")).order_by())
    assert levels == {0: 1, 1: 1, 2: 1, 3: 1, 4: 11}
    assert not Grid.objects.filter(synthetic=False).exists()
    assert not Grid.objects.exclude(level=0).exclude(level=F("parent__level") + 1).exists()
    leaf = Grid.objects.filter(level=4).select_related("parent").first()
    assert leaf.path == f"{leaf.parent.path}{leaf.pk}/"
    assert re.fullmatch(r"421202003006\d{3}", leaf.code)


def test_every_grid_has_a_worker_and_every_upper_grid_a_centre_with_operators(sanyuan):
    assert not Grid.objects.filter(level=4).exclude(posts__role__in=["worker_full", "worker_part"]).exists()
    assert not Grid.objects.filter(level__lt=4).exclude(units__kind="centre").exists()
    assert not Unit.objects.filter(posts=None).exists()
    kinds = Unit.objects.filter(kind="department", grid__level=0).values("department_kind").distinct().count()
    assert kinds >= 20
    assert Unit.objects.filter(kind="department", grid__level=2, department_kind__code="police").count() == 1


def test_posts_fit_the_table_of_roles(sanyuan):
    for post in Post.objects.select_related("grid", "unit__grid"):
        post.clean()
    held = set(Post.objects.values_list("role", flat=True))
    assert {"worker_full", "operator", "staff", "leader", "inspector", "district_admin"} <= held <= set(ROLES)


def test_nobody_can_log_in_outside_demo_mode(sanyuan):
    assert not any(user.has_usable_password() for user in User.objects.all()[:20])


def test_every_status_and_every_move_occurs(sanyuan):
    assert set(Event.objects.values_list("status", flat=True).distinct()) == set(Status.values)
    missing = {name for name, _label in ACTIONS} - set(Transition.objects.values_list("action", flat=True))
    assert missing <= {"place", "resume", "spot_fail"}  # once in hundreds of events


def test_some_open_events_are_late_and_most_work_was_in_time(sanyuan):
    running = Event.objects.filter(status__in=RUNNING)
    late = running.filter(due_at__lt=END).count()
    assert 3 <= late < running.count() / 2
    outcomes = Counter(Assignment.objects.exclude(ended_at=None).values_list("late", flat=True))
    assert 0.01 < outcomes[True] / outcomes.total() < 0.12
    spot = Event.objects.filter(transitions__action="settle").count() / Event.objects.count()
    assert 0.2 < spot < 0.4


def test_reports_come_at_hours_when_people_are_about(sanyuan):
    hours = Counter(at.astimezone(END.tzinfo).hour for at in Event.objects.values_list("reported_at", flat=True))
    beijing = Counter({(hour + 8) % 24: n for hour, n in hours.items()})
    assert sum(beijing[hour] for hour in range(8, 18)) > 0.75 * beijing.total()
    assert sum(beijing[hour] for hour in range(0, 5)) < 0.03 * beijing.total()


# ---- consistency


def test_the_history_verifies(sanyuan):
    assert list(history.faults()) == []
    assert Seal.objects.count() == sanyuan.counts["seals"] == 32


def test_the_seals_are_those_the_service_makes(sanyuan):
    assert history.seal_due(END) == []
    for made in Seal.objects.order_by("until"):
        start = Seal.objects.filter(until__lt=made.until).aggregate(last=Max("until"))["last"] or history.EPOCH
        moved = Transition.objects.filter(at__gte=start, at__lt=made.until).values("event_id").annotate(last=Max("seq"))
        heads = made.heads.order_by("event_id").values_list("event_id", "seq")
        assert list(heads) == list(moved.order_by("event_id").values_list("event_id", "last"))


def test_each_events_status_is_the_target_of_its_last_step(sanyuan):
    heads = Transition.objects.filter(seq=F("event__head_seq"))
    assert heads.count() == Event.objects.count()
    assert not heads.exclude(target=F("event__status")).exists()
    assert not heads.exclude(hash=F("event__head_hash")).exists()


def test_every_step_is_one_of_the_table_and_follows_the_one_before(sanyuan):
    before = {}
    for row in Transition.objects.order_by("event_id", "seq"):
        if row.seq == 1:
            assert (row.action in ("report", "settle"), row.source) == (True, "")
        else:
            assert row.source == before["target"]
            assert row.source in MOVES[row.action].sources
            assert row.at >= before["at"]
        before = {"target": row.target, "at": row.at}
        assert row.at <= END


def test_case_numbers_are_gapless_in_the_order_of_registration(sanyuan):
    rows = list(Event.objects.exclude(number=None).order_by("registered_at", "pk").values_list("number", flat=True))
    assert rows == [f"421202-2026-{n:06d}" for n in range(1, len(rows) + 1)]
    assert CaseCounter.objects.get().last == len(rows)


def test_running_events_have_clocks_and_others_have_none(sanyuan):
    assert not Event.objects.filter(status__in=RUNNING, due_at=None).exists()
    assert not Event.objects.exclude(status__in=RUNNING).exclude(due_at=None).exists()
    assert not Event.objects.filter(status="suspended", stage_left=None).exists()


def test_the_sweep_finds_nothing_that_should_have_been_noted_before_the_end(sanyuan):
    assert set(sweep.sweep(END).counts.values()) == {0}


def test_its_deadlines_are_those_that_the_calendar_gives(sanyuan):
    ChangedDay.objects.bulk_create(ChangedDay(date=day) for day in (date(2024, 1, 1), date(2027, 1, 1)))
    done = reckoning.redo(END)
    assert (done.seen, done.moved) == (Event.objects.filter(status__in=OPEN).count(), 0) and done.seen > 20


def test_places_lie_in_the_grid_they_are_filed_under(sanyuan):
    index = locate.current()
    rows = list(Event.objects.filter(placed=True).exclude(transitions__action="place").values_list("grid_id", "location"))
    found = [index.find(point.x, point.y) for _grid, point in rows]
    assert [entry and entry.pk for entry in found] == [grid for grid, _p in rows]


def test_photos_are_files_under_the_step_that_brought_them(sanyuan):
    settled = Event.objects.filter(transitions__action="settle", transitions__seq=1).first()
    photos = settled.attachments.order_by("pk")
    assert [(p.kind, p.seq) for p in photos] == [("before", 1), ("after", 1)]
    assert settled.transitions.get(seq=1).photos == [p.sha256 for p in photos]
    assert (sanyuan.folder / photos[0].file.name).stat().st_size == photos[0].size
    assert (sanyuan.folder / photos[0].thumbnail.name).exists()


def test_notices_are_of_open_or_unrated_events(sanyuan):
    assert Notice.objects.count() == sanyuan.counts["notices"] > 10
    statuses = set(Notice.objects.values_list("event__status", flat=True))
    assert statuses <= {*RUNNING, "suspended", "closed"}


# ---- the services would have written the same

SAME = ("status", "source", "urgency", "description", "place", "grid_id", "path", "placed", "standard_id", "reporter_id",
        "contact_name", "contact_phone", "holder_id", "centre_id", "lead_id", "stage_since", "stage_seconds",
        "stage_unit", "due_at", "yellow_at", "warned", "handle_since", "handle_seconds", "handle_unit", "handle_due_at",
        "handle_yellow_at", "resume_status", "resume_holder_id", "suspended_until", "stage_left", "handle_left", "late",
        "returns", "reworks", "grants", "reopens", "supervised", "settled_on_spot", "spot_check",
        "spot_state", "spot_due_at", "merged_into_id", "stars",
        "rating_words", "reported_at", "registered_at", "dispatched_at", "signed_at", "fed_back_at", "closed_at",
        "evaluated_at", "head_seq")  # fmt: skip
STEP = ("seq", "action", "source", "target", "actor_id", "unit_id", "at", "words", "lon", "lat", "photos")
ROWS = {
    StageRecord: ("stage", "unit_id", "actor_id", "started_at", "ended_at", "due_at", "late", "used_share"),
    Assignment: ("unit_id", "lead", "outcome", "dispatched_at", "signed_at", "due_at", "ended_at", "late", "used_share",
                 "words"),
    TimeRequest: ("unit_id", "asked_at", "amount", "amount_unit", "words", "granted", "decided_at"),
    Supervision: ("by_id", "unit_id", "asked_unit_id", "asked_at", "words", "answer_by", "answered_at", "answer",
                  "noted"),
    Whistle: ("unit_id", "by_id", "called_at", "place", "come_by", "words"),
}  # fmt: skip
CALL = ("unit_id", "called_at", "come_by", "arrived_at", "arrived_by_id", "distance", "stars", "stars_words", "noted")


def upload(row, photo):
    """A free upload of the person, as it was before the step."""
    return Attachment.objects.create(
        kind=photo.kind, uploader_id=row.actor_id, name="x.jpg", content_type="image/jpeg", size=1, file=photo.file.name,
        sha256=photo.sha256,
    ).public_id  # fmt: skip


def supplied_to(row, event):
    """What was handed to the service for this step, from the row that it left."""
    facts, given = row.facts, {"words": row.words}
    given["photos"] = [upload(row, photo) for photo in event.attachments.filter(seq=row.seq).order_by("pk")]
    if row.lon is not None:
        given["location"] = (row.lon, row.lat)
    for name in ("urgency", "lead", "co_units", "unit", "units", "stars", "amount", "amount_unit"):
        if name in facts:
            given[name] = facts[name]
    if row.action == "register":
        given["standard"] = event.standard_id
    if row.action == "merge":
        given["repeats"] = facts["merged_into"]
    if row.action == "place":
        given["grid"] = Grid.objects.get(code=facts["grid"]).pk
    if "until" in facts:
        given["until"] = date.fromisoformat(facts["until"])
    for name in ("answer_by", "come_by"):
        if name in facts:
            given[name] = datetime.fromisoformat(facts[name])
    if row.action == "whistle":
        given["place"] = Whistle.objects.get(pk=facts["whistle"]).place
    if "amount" in given:
        given["amount"] = type(TimeRequest._meta.get_field("amount").to_python("1"))(given["amount"])
        if row.action == "grant_time":
            del given["amount"], given["amount_unit"]
    return given


def replay(event):
    """The same life again, step by step through the services; returns the new event."""
    rows = list(event.transitions.select_related("actor").order_by("seq"))
    first, made = rows[0], None
    given = supplied_to(first, event)
    del given["words"]
    with time_machine.travel(first.at, tick=False):
        made = services.report(
            actor=User.objects.get(pk=first.actor_id), settled=first.action == "settle", description=event.description,
            place=event.place, source=event.source, urgency=event.urgency, contact_name=event.contact_name,
            contact_phone=event.contact_phone, standard=event.standard_id,
            **{**given, "location": (event.location.x, event.location.y)},
        ).event  # fmt: skip
    drawn_alike(made, event)
    for row in rows[1:]:
        with time_machine.travel(row.at, tick=False):
            again(row, made.pk, event)
    return Event.objects.get(pk=made.pk)


def drawn_alike(made, event):
    """Whether a spot check is drawn hangs on the event's random identity, which a second life cannot share."""
    due_at = clocks.deadline(made.closed_at, SPOT_CHECK_DAYS, "work_day", calendars.current()) if event.spot_check else None
    Event.objects.filter(pk=made.pk).update(
        spot_check=event.spot_check, spot_state="waiting" if event.spot_check else None, spot_due_at=due_at
    )


def again(row, pk, event):
    if row.actor_id is not None:
        actor = User.objects.get(pk=row.actor_id)
        services.advance(event_id=pk, action=row.action, actor=actor, now=row.at, **supplied_to(row, event))
        return
    mine = Event.objects.get(pk=pk)
    if row.action in ("resume", "unanswered", "no_show"):
        words = {"words": row.words}
        take(Step(row.action, MOVES[row.action], mine, None, None, Surroundings.read(), words, now=row.at))
    else:
        sweep._note(row.action, [mine], row.at)


def facts_of(row):
    """Facts without the ids and numbers that a second life cannot share."""
    return {k: v for k, v in row.facts.items() if k not in ("number", "whistle", "spot_check", "supervisions")}


def rows_of(model, event, fields):
    return list(model.objects.filter(event=event).order_by("pk").values_list(*fields))


def test_lives_are_what_the_services_make_of_the_same_steps(sanyuan):
    chosen = set()
    for action, _label in ACTIONS:  # two events of every move, the rare ones among them
        found = Transition.objects.filter(action=action).order_by("event_id").values_list("event_id", flat=True)
        chosen.update(found[:2])
    assert len(chosen) >= 15
    for event in Event.objects.filter(pk__in=chosen).order_by("pk"):
        twin = replay(event)
        name = f"event {event.pk}"
        assert {f: getattr(twin, f) for f in SAME} == {f: getattr(event, f) for f in SAME}, name
        steps = [list(e.transitions.order_by("seq").values_list(*STEP)) for e in (twin, event)]
        assert steps[0] == steps[1], name
        facts = [[facts_of(row) for row in e.transitions.order_by("seq")] for e in (twin, event)]
        assert facts[0] == facts[1], name
        for model, fields in ROWS.items():
            assert rows_of(model, twin, fields) == rows_of(model, event, fields), (name, model)
        calls = [WhistleCall.objects.filter(whistle__event=e).order_by("unit") for e in (twin, event)]
        assert list(calls[0].values_list(*CALL)) == list(calls[1].values_list(*CALL)), name


# ---- afterwards


def test_sequences_go_on_behind_the_loaded_rows(sanyuan):
    before = Event.objects.aggregate(least=Min("pk"), most=Max("pk"))
    row = services.report(
        actor=User.objects.get(username="worker0001"), description="井盖缺失",
        grid=Grid.objects.filter(level=4).first().pk,
    )  # fmt: skip
    assert before["least"] == 1
    assert row.event_id > before["most"]
    assert row.pk > Transition.objects.exclude(pk=row.pk).aggregate(most=Max("pk"))["most"]


def test_indexes_and_foreign_keys_are_back(sanyuan):
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, "events_transition")
    foreign = {tuple(c["columns"]) for c in constraints.values() if c["foreign_key"]}
    assert foreign == {("event_id",), ("actor_id",), ("unit_id",)}
    assert {"events_transition_feed", "events_transition_at"} <= set(constraints)
