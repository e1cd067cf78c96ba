"""Reads of events that are more than a queryset: rows of lists, one event whole, map points, the feed of steps.

Rows come as tuples from one walk over one table; names come from this process (grids.names, events.limits). A list of
a hundred events costs as many queries as a list of one.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import FloatField, Func, Q, QuerySet
from django.utils import timezone

from core import feeds
from core.ciphers import mask_phone
from core.geo import lon_lat
from events import limits, worklists
from events.models import Event, Transition
from events.models.event import Light
from events.workflow import OPEN
from grids import names
from grids.scope import Scope

log = logging.getLogger(__name__)

# One row of a list, in the order of `summary`.
SUMMARY = (
    "id", "number", "status", "source", "urgency", "description", "place", "lon", "lat", "grid_id", "placed",
    "standard_id", "holder_id", "lead_id", "due_at", "yellow_at", "late", "supervised", "reported_at", "closed_at",
    "stars", "head_seq",
)  # fmt: skip
POINT = ("id", "lon", "lat", "status", "urgency", "light", "standard_id")
MOST_POINTS = 10_000  # where closed events are among them
POINT_COLUMNS = ("id", "lon", "lat", "status", "urgency", "light", "standard")


class X(Func):
    """Longitude of a point, without building a geometry in Python."""

    function, output_field = "ST_X", FloatField()


class Y(Func):
    function, output_field = "ST_Y", FloatField()


def with_position(events: QuerySet[Event]) -> QuerySet[Event]:
    return events.annotate(lon=X("location"), lat=Y("location"))


@dataclass(frozen=True)
class Known:
    """What this process knows by heart: names of grids and units, the standards."""

    names: names.Names
    standards: dict[int, limits.StandardEntry]

    @classmethod
    def at(cls, versions) -> "Known":
        return cls(names.current(versions), limits.current(versions).standards)

    def grid(self, pk):
        return self.names.grids.get(pk)

    def unit(self, pk):
        return self.names.units.get(pk)

    def standard(self, pk):
        entry = self.standards.get(pk)
        return entry and {
            "id": pk, "code": entry.code, "name": entry.minor_name, "condition": entry.condition,
        }  # fmt: skip


def light_of(due_at, yellow_at, now) -> str:
    """green, yellow, red; empty while no clock runs."""
    if due_at is None:
        return ""
    if now > due_at:
        return Light.RED.value
    return Light.YELLOW.value if yellow_at is not None and now > yellow_at else Light.GREEN.value


def summary(values, known: Known, now) -> dict[str, Any]:
    """One event in a list, from its SUMMARY tuple."""
    (
        pk, number, status, source, urgency, description, place, lon, lat, grid_id, placed, standard_id, holder_id,
        lead_id, due_at, yellow_at, late, supervised, reported_at, closed_at, stars, seq,
    ) = values  # fmt: skip
    return {
        "id": pk,
        "number": number,
        "status": status,
        "open": status in OPEN,
        "light": light_of(due_at, yellow_at, now),
        "due_at": due_at,
        "urgency": urgency,
        "standard": known.standard(standard_id),
        "description": description,
        "place": place,
        "location": None if lon is None else {"lon": lon, "lat": lat},
        "grid": known.grid(grid_id),
        "placed": placed,
        "holder": known.unit(holder_id),
        "lead": known.unit(lead_id),
        "source": source,
        "late": late,
        "supervised": supervised,
        "reported_at": reported_at,
        "closed_at": closed_at,
        "stars": stars,
        "seq": seq,
    }


def summary_of(event: Event, known: Known, now=None) -> dict[str, Any]:
    """The same from an event in hand: also one whose clocks were just set, in Beijing time."""
    lon, lat = lon_lat(event) or (None, None)
    here = {"lon": lon, "lat": lat}
    values = [here[name] if name in here else _in_utc(getattr(event, name)) for name in SUMMARY]
    return summary(values, known, now or timezone.now())


def _in_utc(value):
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def points(events: QuerySet[Event], most: int | None = None) -> tuple[list[tuple], bool]:
    """(events with a position as compact rows of POINT_COLUMNS, whether there are more); `standard` is an id.

    With `most` the newest so many: open events are few at any time, closed ones pile up over the years.
    """
    # The database says the light: ten thousand rows pass through here untouched.
    rows = with_position(events.filter(location__isnull=False)).with_light().order_by().values_list(*POINT)
    if most is None:
        return list(rows), False
    found = list(rows.order_by("-pk")[: most + 1])
    return found[:most], len(found) > most


def counts(user) -> list[dict]:
    """The worklists with their counts: one query. `more`: there are more than `count`, which were not counted."""
    found, most = worklists.counts(user), worklists.MOST
    return [
        {
            "name": w.name, "label": w.label, "tone": w.tone, "count": min(found[w.name], most),
            "more": found[w.name] > most,
        }
        for w in worklists.WORKLISTS
    ]  # fmt: skip


# ---- the feed of steps


# Behind the position, which `core.feeds` puts first.
STEP = (
    "event_id", "event__number", "seq", "action", "source", "target", "at", "actor_id", "actor__name", "unit_id", "words",
    "lon", "lat", "facts",
)  # fmt: skip


def feed(user, position: tuple[int, int], size: int) -> feeds.Page:
    """Steps of events this person sees, in the order they were committed, after `position`. Four queries."""
    seen = Q(event__in=Event.objects.visible_to(user).order_by())
    return feeds.read(Transition.objects.all(), seen, STEP, position, size)


def newest_position() -> tuple[int, int]:
    """Where a reader begins who wants only what comes from now on."""
    return feeds.newest(Transition.objects.all())


def step_row(values, known: Known) -> dict[str, Any]:
    """One step of the feed, from its row: (xact, id, *STEP)."""
    row = dict(zip(("xact", "id", *STEP), values, strict=True))
    lon, lat = row.pop("lon"), row.pop("lat")
    return {
        "id": row["id"],
        "event": {"id": row["event_id"], "number": row["event__number"]},
        "seq": row["seq"],
        "action": row["action"],
        "source": row["source"],
        "target": row["target"],
        "at": row["at"],
        "actor": row["actor_id"] and {"id": row["actor_id"], "name": row["actor__name"]},
        "unit": known.unit(row["unit_id"]),
        "words": row["words"],
        "location": None if lon is None else {"lon": lon, "lat": lat},
        "facts": row["facts"],
    }


# ---- one event


def event_for(user, pk) -> Event | None:
    return Event.objects.visible_to(user).select_related("reporter", "merged_into").order_by().filter(pk=pk).first()


def person(pk, name, username) -> dict | None:
    return {"id": pk, "name": name or username} if pk else None


def contact(event, user) -> dict:
    """Who told it. The phone is whole for those who work on the event or reported it, masked for all others."""
    return {"name": event.contact_name, "phone": contact_phone(event, user)}


def contact_phone(event, user) -> str:
    """Whole for the holding unit, the responsible centre, the lead and the reporter: they call back. Each look is logged."""
    if not event.contact_phone:
        return ""
    at_work = {event.holder_id, event.centre_id, event.lead_id} & Scope.of(user).unit_ids
    if not at_work and event.reporter_id != user.pk:
        return mask_phone(event.contact_phone)
    log.info("contact phone shown", extra={"event_id": event.pk, "user_id": user.pk})
    return event.contact_phone


