"""What happened before at this place, and what else its reporter told: for deciding what a case is."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.gis.geos import Polygon
from django.db.models import Count, Q
from django.utils import timezone

from core.geo import metres_between, reach
from events.models import Event
from events.workflow import OPEN, Status

METRES = 100
DAYS = 365
MOST = 5
MOST_READ = 300
SHORT = ("id", "number", "status", "description", "standard_id", "reported_at", "location", "due_at", "yellow_at")


@dataclass(frozen=True)
class Earlier:
    """One earlier event near the place."""

    event: Event
    metres: float
    same: bool  # of the same standard


@dataclass(frozen=True)
class Place:
    """`total` events within 100 m in a year (at most 300 are looked at), `open` of them; the nearest in time first."""

    rows: list[Earlier]
    total: int
    open: int
    same: int


def place(event, user) -> Place | None:
    """The place's history, as far as this person sees it; None without a position. One query."""
    if event.location is None:
        return None
    lon, lat = event.location.coords
    wide, high = reach(lat, METRES)
    box = Polygon.from_bbox((lon - wide, lat - high, lon + wide, lat + high))
    box.srid = 4326
    seen = (
        Event.objects.visible_to(user)
        .filter(location__isnull=False, location__bboverlaps=box, reported_at__gte=timezone.now() - timedelta(days=DAYS))
        .exclude(pk=event.pk).exclude(status=Status.CANCELLED)
        .order_by("-reported_at").only(*SHORT)
    )
    rows = []
    for other in seen[:MOST_READ]:
        metres = metres_between(lon, lat, *other.location.coords)
        if metres <= METRES:
            same = event.standard_id is not None and other.standard_id == event.standard_id
            rows.append(Earlier(other, metres, same))
    shown = sorted(rows, key=lambda row: (not row.same, row.event.status not in OPEN))[:MOST]
    return Place(
        shown, len(rows), sum(row.event.status in OPEN for row in rows), sum(row.same for row in rows)
    )


@dataclass(frozen=True)
class Reporter:
    """What a reporter told in the last year: how much of it was registered, how much was not accepted."""

    total: int
    registered: int
    rejected: int
    merged: int


def reporter(event, user) -> Reporter | None:
    """The reporter's record within what this person sees; None for a caller without an account. One query.

    None also where somebody wrote down what another told: that says nothing of who told it.
    """
    if event.reporter_id is None or event.contact_name or event.contact_phone:
        return None
    told = Event.objects.visible_to(user).filter(
        reporter=event.reporter_id, reported_at__gte=timezone.now() - timedelta(days=DAYS)
    )
    counts = told.order_by().aggregate(
        total=Count("pk"), registered=Count("pk", filter=Q(number__isnull=False)),
        rejected=Count("pk", filter=Q(status=Status.REJECTED)), merged=Count("pk", filter=Q(status=Status.MERGED)),
    )
    return Reporter(**counts)
