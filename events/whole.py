"""One event with all that belongs to it, as plain data: seven queries beside those of the reader's own scope."""

from collections import defaultdict

from django.db.models import Case, CharField, DateTimeField, F, FloatField, IntegerField, Value, When
from django.db.models.functions import Cast

from events import selectors, worklists
from events.models import Supervision, TimeRequest, WhistleCall
from events.selectors import Known, person, summary_of
from events.workflow import STAGE_OF
from grids.directory import ids_of

TIMES = ("registered_at", "dispatched_at", "signed_at", "fed_back_at", "evaluated_at")
TALLIES = ("returns", "reworks", "grants", "reopens")
PHOTO = ("public_id", "seq", "kind", "name", "content_type", "size", "taken_at", "uploaded_at", "thumbnail", "viewing")
TURN = ("unit_id", "lead", "outcome", "dispatched_at", "signed_at", "due_at", "ended_at", "late", "used_share", "words")
STAGE = ("stage", "unit_id", "started_at", "ended_at", "due_at", "late", "used_share")
STEP = (
    "seq", "action", "source", "target", "actor_id", "actor__name", "actor__username", "unit_id", "at", "words", "lon",
    "lat", "facts", "hash",
)  # fmt: skip
SIDE = (
    "what", "id", "group", "unit", "by", "asked", "due", "done", "said", "answered", "number", "rank", "extra",
)  # fmt: skip


def whole(event, user, versions) -> dict:
    """The event as `GET /api/v1/events/{id}/` answers it; `moves` are the names of those open to this person."""
    known = Known.at(versions)
    turns = list(event.assignments.order_by("pk").values_list(*TURN))
    sides = _sides(event.pk)
    around = _around(event.pk, turns, sides)
    return {
        **summary_of(event, known),
        **_facts(event, known, user),
        "transitions": [_step(row, known) for row in event.transitions.order_by("seq").values_list(*STEP)],
        "assignments": [_with_unit(TURN, row, known) for row in turns],
        "stages": [_with_unit(STAGE, row, known) for row in event.stages.order_by("pk").values_list(*STAGE)],
        "attachments": [photo(row) for row in event.attachments.order_by("pk").values_list(*PHOTO)],
        "whistles": _whistles(sides["call"], known),
        "supervisions": [_supervision(row, known) for row in sides["supervision"]],
        "time_requests": [_time_request(row, known) for row in sides["time"]],
        "moves": worklists.moves_of([event], user, versions, around)[event.pk],
    }


def _facts(event, known, user) -> dict:
    reporter = event.reporter
    stage = STAGE_OF.get(event.status)
    return {
        "ancestors": [known.grid(pk) for pk in ids_of(event.path)[:-1] if known.grid(pk)],
        "centre": known.unit(event.centre_id),
        "reporter": reporter and person(reporter.pk, reporter.name, reporter.username),
        "contact": selectors.contact(event, user),
        "times": {name: getattr(event, name) for name in TIMES},
        "tallies": {name: getattr(event, name) for name in TALLIES},
        "clock": event.due_at and {
            "stage": stage,
            "since": event.stage_since,
            "yellow_at": event.yellow_at,
            "due_at": event.due_at,
        },
        "handling": event.handle_due_at and {
            "since": event.handle_since, "yellow_at": event.handle_yellow_at, "due_at": event.handle_due_at,
        },
        "suspended_until": event.suspended_until,
        "settled_on_spot": event.settled_on_spot,
        "spot_check": event.spot_check,
        "spot_state": event.spot_state,
        "spot_due_at": event.spot_due_at,
        "merged_into": event.merged_into and {"id": event.merged_into_id, "number": event.merged_into.number},
        "rating_words": event.rating_words,
    }  # fmt: skip


def _step(values, known) -> dict:
    row = dict(zip(STEP, values, strict=True))
    actor = person(row.pop("actor_id"), row.pop("actor__name"), row.pop("actor__username"))
    unit, lon, lat = known.unit(row.pop("unit_id")), row.pop("lon"), row.pop("lat")
    return {**row, "actor": actor, "unit": unit, "location": None if lon is None else {"lon": lon, "lat": lat}}


def _with_unit(columns, values, known) -> dict:
    row = dict(zip(columns, values, strict=True))
    return {"unit": known.unit(row.pop("unit_id")), **row}


def photo(values) -> dict:
    """An attachment from its PHOTO tuple; its address is /api/v1/attachments/{id}/."""
    row = dict(zip(PHOTO, values, strict=True))
    return {"id": row.pop("public_id"), **row, "thumbnail": bool(row["thumbnail"]), "viewing": bool(row["viewing"])}


# ---- whistles, supervisions, requests for time: three small tables in one query


def _sides(event_id) -> dict[str, list[dict]]:
    calls = _columns(
        WhistleCall.objects.filter(whistle__event_id=event_id), "call", group=F("whistle_id"), unit=F("unit_id"),
        by=F("whistle__unit_id"), asked=F("called_at"), due=F("come_by"), done=F("arrived_at"),
        said=F("whistle__words"), answered=F("stars_words"), number=F("distance"), rank=F("stars"),
        extra=F("whistle__place"),
    )  # fmt: skip
    supervisions = _columns(
        Supervision.objects.filter(event_id=event_id), "supervision", unit=F("asked_unit_id"), by=F("unit_id"),
        asked=F("asked_at"), due=F("answer_by"), done=F("answered_at"), said=F("words"), answered=F("answer"),
    )  # fmt: skip
    granted = Case(When(granted=True, then=1), When(granted=False, then=0), default=None, output_field=IntegerField())
    times = _columns(
        TimeRequest.objects.filter(event_id=event_id), "time", unit=F("unit_id"), asked=F("asked_at"),
        done=F("decided_at"), said=F("words"), number=Cast("amount", FloatField()), rank=granted,
        extra=F("amount_unit"),
    )  # fmt: skip
    found = defaultdict(list)
    for values in calls.union(supervisions, times, all=True):
        row = dict(zip(SIDE, values, strict=True))
        found[row["what"]].append(row)
    for rows in found.values():
        rows.sort(key=lambda row: row["id"])
    return found


_EMPTY = {
    "group": Value(0, output_field=IntegerField()),
    "by": Value(None, output_field=IntegerField()),
    "due": Value(None, output_field=DateTimeField()),
    "answered": Value("", output_field=CharField()),
    "number": Value(None, output_field=FloatField()),
    "rank": Value(None, output_field=IntegerField()),
    "extra": Value("", output_field=CharField()),
}


def _columns(rows, what, **columns):
    """The SIDE columns; the first of the united queries gives each column its type."""
    made = {"what": Value(what, output_field=CharField()), **_EMPTY, **columns}
    renamed = {f"side_{name}": value for name, value in made.items()}
    names = ["pk" if name == "id" else f"side_{name}" for name in SIDE]
    return rows.order_by().annotate(**renamed).values_list(*names)


def _around(event_id, turns, sides) -> worklists.Around:
    """What the workflow table asks, from what has been read anyway."""
    around = worklists.Around()
    for turn in turns:
        row = dict(zip(TURN, turn, strict=True))
        if not row["lead"] and row["outcome"] == "open":
            around.co_units[event_id].add(row["unit_id"])
    for call in sides["call"]:
        if call["done"] is None:
            around.called[event_id].add(call["unit"])
        if call["rank"] is None:
            around.callers[event_id].add(call["by"])
    if any(row["rank"] is None for row in sides["time"]):
        around.asking.add(event_id)
    return around


def _whistles(calls, known) -> list[dict]:
    whistles: dict[int, dict] = {}
    for row in calls:
        whistle = whistles.setdefault(
            row["group"],
            {
                "id": row["group"], "unit": known.unit(row["by"]), "called_at": row["asked"], "come_by": row["due"],
                "place": row["extra"], "words": row["said"], "calls": [],
            },
        )  # fmt: skip
        whistle["calls"].append(
            {
                "unit": known.unit(row["unit"]), "arrived_at": row["done"], "metres": row["number"],
                "stars": row["rank"], "stars_words": row["answered"],
            }
        )  # fmt: skip
    return list(whistles.values())


def _supervision(row, known) -> dict:
    return {
        "by": known.unit(row["by"]), "unit": known.unit(row["unit"]), "asked_at": row["asked"], "words": row["said"],
        "answer_by": row["due"], "answered_at": row["done"], "answer": row["answered"],
    }  # fmt: skip


def _time_request(row, known) -> dict:
    granted = None if row["rank"] is None else bool(row["rank"])
    return {
        "unit": known.unit(row["unit"]), "asked_at": row["asked"], "amount": row["number"], "amount_unit": row["extra"],
        "words": row["said"], "granted": granted, "decided_at": row["done"],
    }  # fmt: skip


