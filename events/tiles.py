"""The map's layers of events: clusters that fall apart into single events as one comes nearer; heat; workers.

Every feature counts: `n` events, of them `red`, `yellow`, `green`, `paused` (open, its clock stands still) and `done`.
A feature of one event has its id. At low zooms the events of a grid stand together at the grid's anchor: a sum over an
index instead of a walk over every event of the county.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Case, Count, F, IntegerField, Max, Q, Value, When
from django.db.models.functions import Cast, ExtractHour, ExtractMinute
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import WORKER_ROLES
from core.errors import Invalid
from core.tiles import Clusters, Points, Rows, Tile, within
from events.clocks import BEIJING
from events.models import Event, Transition
from events.selectors import X, Y
from events.workflow import OPEN
from grids.models import Post
from grids.scope import Scope

ANCHORED = 10  # up to this zoom events stand at their grid's anchor
CLUSTERED = 14  # up to this zoom neighbours are summed up; beyond every event stands for itself
SUMS = ("red", "yellow", "green", "paused", "done")
DAYS_BACK = 90
SPANS = {"day": 1, "week": 7}
LOCATE = "events.locate_worker"
WORKERS_FROM = 8
# Taken together with what a tile asks of places, PostgreSQL expects a single anchor in it and compares every grid's sums
# with each: 4 s of processor time for a million events.
_FENCE = {"postgresql": " OFFSET 0"}


@dataclass(frozen=True)
class Window:
    """Events reported in these days (Beijing); without one, all that are open."""

    since: datetime
    until: datetime

    @classmethod
    def read(cls, day: str, span: str) -> "Window | None":
        """From `day` (ISO, the last one) and `span`. Raises Invalid for what is none or lies too far back."""
        if not day:
            return None
        today = timezone.localdate()
        try:
            last, days = date.fromisoformat(day), SPANS[span or "day"]
        except (ValueError, KeyError):
            raise Invalid(fields={"day": [_("Expected a day as 2026-11-21 and a span of day or week.")]}) from None
        if not today - timedelta(days=DAYS_BACK) <= last <= today:
            raise Invalid(fields={"day": [_("The map goes back %(n)s days.") % {"n": DAYS_BACK}]})
        until = datetime.combine(last + timedelta(days=1), datetime.min.time(), BEIJING)
        return cls(until - timedelta(days=days), until)


def layers(user, tile: Tile, window: Window | None = None) -> list:
    """`events`: clusters up to CLUSTERED, then single events."""
    rows = _rows(user, tile, window)
    # Near by a cell is a fortieth of a millimetre on the screen: only events at the very same spot stand together.
    return [Clusters("events", rows, SUMS, 8 if tile.z <= CLUSTERED else 2048)]


def heat(user, tile: Tile, window: Window | None = None) -> list:
    """`heat`: the same events in squares so fine that they melt into one another."""
    return [Clusters("heat", _rows(user, tile, window), (), 64)]


def _rows(user, tile, window) -> Rows:
    seen = Event.objects.visible_to(user).exclude(location=None)
    if window is None:
        seen, lights = seen.open(), _lights()
    else:
        seen, lights = seen.filter(reported_at__gte=window.since, reported_at__lt=window.until), _lights(ended=True)
    return _by_grid(seen, lights) if tile.z <= ANCHORED else _by_place(within(seen, "location", tile), lights)


def _by_place(seen, lights) -> Rows:
    flags = {
        name: Case(When(q, then=Value(1)), default=Value(0), output_field=IntegerField()) if q else Value(0)
        for name, q in lights.items()
    }
    placed = seen.annotate(lon=X("location"), lat=Y("location"), n=Value(1, output_field=IntegerField()), **flags)
    return Rows.of(placed.values("lon", "lat", "n", *SUMS, fid=F("pk")))


def _by_grid(seen, lights) -> Rows:
    """One row for each grid: summed up first, placed afterwards. Without ids, which the index does not hold."""
    counts = {name: Count(Value(1), filter=q) if q else Value(0) for name, q in lights.items()}
    summed = Rows.of(seen.values("grid_id").annotate(n=Count("*"), **counts))
    if not summed.sql:
        return summed
    sql = (
        "SELECT a.lon, a.lat, CAST(NULL AS bigint) AS fid, s.* "
        f"FROM ({summed.sql}) s JOIN grids_anchor a ON a.grid_id = s.grid_id"
    )
    return Rows(sql + _FENCE.get(connection.vendor, ""), summed.params)


def _lights(ended: bool = False) -> dict[str, Q | None]:
    """{light: which events} with the clocks of now: each event has exactly one. `ended`: there may be ended ones."""
    now = timezone.now()
    still, is_open = Q(due_at=None), Q(status__in=OPEN)
    return {
        "red": Q(due_at__lt=now),
        "yellow": Q(due_at__gte=now, yellow_at__lt=now),
        "green": Q(due_at__gte=now) & (Q(yellow_at=None) | Q(yellow_at__gte=now)),
        "paused": still & is_open if ended else still,
        "done": still & ~is_open if ended else None,
    }


def workers(user, tile: Tile) -> list:
    """`workers`: where grid workers of the person's centres took their last step with a position today; `minute`:
    since midnight.

    Nobody is tracked: a position is known only where somebody reported, fed back or verified on the spot.
    """
    if tile.z < WORKERS_FROM or not Scope.of(user).may(LOCATE):
        return []
    at = Cast(ExtractHour("at") * 60 + ExtractMinute("at"), IntegerField())
    rows = last_steps(user).values("lon", "lat", minute=at, fid=F("actor_id"), name=F("actor__name"))
    return [Points("workers", Rows.of(rows), ("name", "minute"))]


def last_steps(user):
    """Today's last step with a position of each worker whose grid lies where a post of this person may locate them."""
    midnight = datetime.combine(timezone.localdate(), datetime.min.time(), BEIJING)
    posts = Post.objects.on().filter(Scope.of(user).permission_q(LOCATE, "grid__path"), role__in=WORKER_ROLES)
    steps = Transition.objects.filter(at__gte=midnight, lon__isnull=False, actor__in=posts.values("user"))
    return Transition.objects.filter(pk__in=steps.order_by().values("actor").annotate(last=Max("pk")).values("last"))
