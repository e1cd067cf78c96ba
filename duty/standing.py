"""The warnings that stand now, in this process: every page asks for them, so they must cost it nothing.

There are a handful at any time. The data version "warnings" (a trigger on their tables) says when to read them again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, When
from django.utils import timezone

from core.versions import Kept
from duty import reach
from duty.models import Level, Response, Warning, WarningCall
from grids import names
from grids.scope import Scope

SHOWN_AFTER = timedelta(minutes=3)  # that somebody has taken or ended it stays in sight so long
KEPT = timedelta(minutes=15)
MOST = 500  # standing at once; more than that is no longer a matter of banners
WEIGHT = {Level.MAJOR: 0, Level.SERIOUS: 1, Level.NOTICE: 2}


@dataclass(frozen=True)
class Call:
    """A called unit, and whom its roster named."""

    unit_id: int
    path: str
    unit: str
    user_id: int | None
    name: str
    phone: str
    why: str
    at: datetime


@dataclass(frozen=True)
class Standing:
    """One warning, as banners show it."""

    pk: int
    seq: int
    level: str
    cause: str
    title: str
    words: str
    place: str
    path: str
    reach: str
    event_id: int | None
    made_at: datetime
    until: datetime
    taken_at: datetime | None
    taken_by: str
    taken_by_id: int | None
    taken_unit: str
    ended_at: datetime | None
    goes_up_at: datetime | None
    calls: tuple[Call, ...]

    @property
    def called(self) -> dict[int, str]:
        return {call.unit_id: call.path for call in self.calls}

    @property
    def last_call(self) -> Call | None:
        return self.calls[-1] if self.calls else None

    def is_open(self, now) -> bool:
        return self.ended_at is None and self.until > now

    def rings(self, now) -> bool:
        """Whether it still waits for somebody."""
        return self.taken_at is None and self.is_open(now)

    def is_shown(self, now) -> bool:
        """In the banner: until it is taken, and a little longer, so that all see by whom."""
        if self.level == Level.NOTICE:
            return False
        settled = self.ended_at or self.taken_at
        return self.rings(now) or (settled is not None and settled > now - SHOWN_AFTER)

    def heard_by(self, seats) -> bool:
        return any(reach.hears(seat, self.reach, self.called) for seat in seats)


def _load() -> tuple[Standing, ...]:
    now = timezone.now()
    waits = dict(Response.objects.values_list("level", "take_minutes"))
    places = names.current()
    rows = Warning.objects.open() | Warning.objects.filter(ended_at__gt=now - KEPT)
    gravest = Case(*(When(level=level, then=n) for level, n in WEIGHT.items()), default=3)
    rows = list(rows.select_related("taken_by", "taken_unit").order_by(gravest, "-id")[:MOST])
    calls: dict[int, list[Call]] = {}
    found = WarningCall.objects.filter(warning__in=[row.pk for row in rows]) if rows else []
    for c in found and found.select_related("unit__grid").defer("unit__grid__boundary").order_by("pk"):
        calls.setdefault(c.warning_id, []).append(
            Call(c.unit_id, c.unit.grid.path, c.unit.name, c.user_id, c.name, c.phone, c.why, c.at)
        )
    made = [_standing(row, tuple(calls.get(row.pk, ())), places, waits) for row in rows]
    return tuple(sorted(made, key=lambda one: (WEIGHT.get(one.level, 3), -one.pk)))


def _standing(row, calls, places, waits) -> Standing:
    minutes = waits.get(row.level)
    goes_up = minutes and reach.centre_above(row.reach, row.path, [call.unit_id for call in calls])
    return Standing(
        row.pk, row.seq, row.level, str(row.cause), row.title, row.words,
        (places.grids.get(row.grid_id) or {}).get("name", ""), row.path, row.reach, row.event_id, row.made_at, row.until,
        row.taken_at, str(row.taken_by) if row.taken_by else "", row.taken_by_id,
        row.taken_unit.name if row.taken_unit else "", row.ended_at,
        row.asked_at + timedelta(minutes=minutes) if goes_up else None, calls,
    )  # fmt: skip


_kept = Kept(_load, "warnings", "grids", "units")


def current(versions=None) -> tuple[Standing, ...]:
    """All that stand, the gravest first; no query but that for the versions, none at all if they are given."""
    return _kept.get(versions)


def for_banner(user, versions=None, now=None) -> list[Standing]:
    """Those in the banner of this person's pages."""
    seats = Scope.of(user).seats
    if not any(seat.may(reach.TAKE) for seat in seats):
        return []
    now = now or timezone.now()
    return [one for one in current(versions) if one.is_shown(now) and one.heard_by(seats)]


def waiting_for(user, versions=None, now=None) -> int:
    """How many wait for somebody that this person hears, of all levels."""
    seats, now = Scope.of(user).seats, now or timezone.now()
    if not any(seat.may(reach.TAKE) for seat in seats):
        return 0
    return sum(1 for one in current(versions) if one.rings(now) and one.heard_by(seats))
