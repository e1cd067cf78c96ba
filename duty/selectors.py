"""Who is on duty: now, in a week, and where the roster has holes. Rows of shifts come by sets, never one unit at a time."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from duty.models import Shift, UnitDuty
from grids import directory
from grids.models import Post, Unit
from grids.scope import Scope
from grids.selectors import units_for

ORDER = {Shift.Role.LEADER: 0, Shift.Role.CHIEF: 1, Shift.Role.WATCH: 2}
AT_THE_DESK = (Shift.Role.CHIEF, Shift.Role.WATCH)  # a leader on duty may be at home: the desk is not staffed by him
CALL_FIRST = {Shift.Role.CHIEF: 0, Shift.Role.WATCH: 1, Shift.Role.LEADER: 2}


@dataclass(frozen=True)
class OnDuty:
    """One line of "on duty now". `fallback`: nobody is on the roster, `phone` is the unit's own."""

    unit_id: int
    unit: str
    path: str
    role: str
    role_name: str
    name: str
    phone: str
    since: datetime | None
    until: datetime | None
    user_id: int | None = None
    fallback: bool = False


def on_duty(path: str, now: datetime | None = None) -> list[OnDuty]:
    """Who is on duty now for the territory at `path`: its centre's shift, or that of the nearest centre above.

    Leader first, then the head of the shift, then those on watch; one line with the unit's own phone where nobody
    is on the roster; empty only where there is no centre at all. The caller has checked who may ask.
    """
    centre = directory.current().centre_for(path, max(path.count("/") - 2, 0))
    return on_duty_at([centre.pk], now)[centre.pk] if centre else []


def on_duty_at(unit_ids: Iterable[int], now: datetime | None = None) -> dict[int, list[OnDuty]]:
    """The same for many units: unit id → lines. Two queries."""
    now, ids = now or timezone.now(), list(unit_ids)
    units = {u.pk: u for u in with_phones(Unit.objects.filter(pk__in=ids))}
    found: dict[int, list[OnDuty]] = defaultdict(list)
    for shift in Shift.objects.filter(unit__in=ids).at(now).order_by("starts_at", "pk"):
        found[shift.unit_id].append(_line(shift, units[shift.unit_id]))
    for lines in found.values():
        lines.sort(key=lambda line: ORDER[line.role])
    return {pk: found.get(pk) or [_fallback(unit)] for pk, unit in units.items()}


def with_phones(units: QuerySet[Unit]) -> QuerySet[Unit]:
    """Units with their duty (phone, whether staffed around the clock), without outlines."""
    return units.select_related("grid", "duty").defer("grid__boundary")


def phone_of(unit: Unit) -> str:
    """The phone that rings where nobody is on the roster."""
    return (unit.duty.phone if hasattr(unit, "duty") else "") or unit.phone


def is_staffed(unit: Unit) -> bool:
    """Whether its desk must be staffed around the clock."""
    return hasattr(unit, "duty") and unit.duty.staffed


def _line(shift, unit):
    return OnDuty(
        unit.pk, unit.name, unit.grid.path, shift.role, str(shift.get_role_display()), shift.name,
        shift.phone or phone_of(unit), shift.starts_at, shift.ends_at, shift.user_id,
    )  # fmt: skip


def _fallback(unit):
    return OnDuty(unit.pk, unit.name, unit.grid.path, "", "", "", phone_of(unit), None, None, fallback=True)


def to_call(lines: list[OnDuty]) -> OnDuty | None:
    """Whom of a shift a warning rings up: the head of the shift, else who is on watch, else the leader."""
    return min(lines, key=lambda line: CALL_FIRST.get(line.role, 3), default=None)


# ---- a week of one unit


@dataclass
class Day:
    """One day of a roster: `shifts` that begin on it, `going` ones from the day before, `gaps` [(from, until)]."""

    date: date
    going: list[Shift] = field(default_factory=list)
    shifts: list[Shift] = field(default_factory=list)
    gaps: list[tuple[datetime, datetime]] = field(default_factory=list)


@dataclass
class Week:
    """Seven days from a Monday. `doubles`: (shift, other) of one person at two desks at once, in any unit."""

    start: date
    days: list[Day]
    shifts: list[Shift]
    doubles: list[tuple[Shift, Shift]]
    crowds: list[tuple[Shift, Shift]]

    @property
    def end(self) -> date:
        return self.start + timedelta(days=7)

    @property
    def gaps(self):
        return [gap for day in self.days for gap in day.gaps]


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day))


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def week(unit: Unit, day: date) -> Week:
    """The week of `day`. Two queries. Gaps are found where the unit must be staffed around the clock."""
    start = monday(day)
    begin, end = midnight(start), midnight(start + timedelta(days=7))
    shifts = list(Shift.objects.filter(unit=unit).between(begin, end).select_related("user").order_by("starts_at", "pk"))
    shifts.sort(key=lambda s: (s.starts_at, ORDER[s.role], s.pk))
    days = [Day(start + timedelta(days=n)) for n in range(7)]
    holes = gaps(shifts, begin, end) if is_staffed(unit) else []
    for one in days:
        first, last = midnight(one.date), midnight(one.date + timedelta(days=1))
        one.shifts = [s for s in shifts if first <= s.starts_at < last]
        one.going = [s for s in shifts if s.starts_at < first < s.ends_at]
        one.gaps = [(max(a, first), min(b, last)) for a, b in holes if a < last and b > first]
    return Week(start, days, shifts, _doubles(shifts, begin, end), _crowds(shifts))


def gaps(shifts, begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Spans of [begin, end) in which nobody is at the desk."""
    found, covered = [], begin
    for shift in sorted((s for s in shifts if s.role in AT_THE_DESK), key=lambda s: s.starts_at):
        if shift.starts_at > covered:
            found.append((covered, min(shift.starts_at, end)))
        covered = max(covered, shift.ends_at)
    if covered < end:
        found.append((covered, end))
    return [(a, b) for a, b in found if a < b]


def _doubles(shifts, begin, end):
    """One person on two shifts at once, here or in another unit."""
    people = {s.user_id for s in shifts if s.user_id}
    others = Shift.objects.filter(user__in=people).between(begin, end).select_related("unit") if people else []
    held = defaultdict(list)
    for shift in others:
        held[shift.user_id].append(shift)
    found = []
    for shift in shifts:
        for other in held.get(shift.user_id, ()):
            ordered = shift.unit_id != other.unit_id or shift.pk < other.pk
            if ordered and other.pk != shift.pk and overlap(shift, other):
                found.append((shift, other))
    return found


def _crowds(shifts):
    """Two heads of the shift at once: nobody knows who decides."""
    chiefs = [s for s in shifts if s.role == Shift.Role.CHIEF]
    pairs = [(a, b) for n, a in enumerate(chiefs) for b in chiefs[n + 1 :] if overlap(a, b)]
    return [(a, b) for a, b in pairs if a.user_id is None or a.user_id != b.user_id]


def overlap(one, other) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


# ---- for whom


def may_edit(user, path: str) -> bool:
    """Centre heads and district administrators, below their posts."""
    return Scope.of(user).may_at("duty.change_shift", path)


def rosters_for(user) -> QuerySet[Unit]:
    """Units whose roster this person may read: those they may know of (their land, and those above it)."""
    if not Scope.of(user).may("duty.view_shift"):
        return Unit.objects.none()
    return with_phones(units_for(user))


def own_units(user) -> list[Unit]:
    """The centres this person works in, or those of the territories they hold a post for, highest first."""
    scope = Scope.of(user)
    ids = set(scope.unit_ids)
    units = directory.current()
    for seat in scope.seats:
        if seat.unit_id is None and (centre := units.centre_for(seat.path, max(seat.level, 0))):
            ids.add(centre.pk)
    return list(with_phones(Unit.objects.filter(pk__in=ids, active=True)).order_by("grid__level", "name"))


def unstaffed(now: datetime | None = None) -> list[tuple[Unit, datetime | None]]:
    """(unit, since when) of units that must be staffed and have nobody at the desk now; None: nobody ever was.

    Two queries, whatever their number.
    """
    now = now or timezone.now()
    duties = UnitDuty.objects.filter(staffed=True, unit__active=True)
    there = Shift.objects.at(now).filter(role__in=AT_THE_DESK)
    empty = duties.exclude(unit__in=there.values("unit"))
    units = {d.unit_id: d.unit for d in empty.select_related("unit__grid").defer("unit__grid__boundary")}
    before = Shift.objects.filter(unit__in=units, ends_at__lte=now, role__in=AT_THE_DESK).order_by()
    last = dict(before.values("unit").annotate(last=Max("ends_at")).values_list("unit", "last"))
    return [(unit, last.get(pk)) for pk, unit in sorted(units.items())]


def people_of(unit: Unit) -> QuerySet:
    """Whom a roster of this unit may name with an account: those with a post in it or in its own grid today."""
    held = Post.objects.on().filter(Q(unit=unit) | Q(grid=unit.grid_id)).values("user")
    return User.objects.filter(pk__in=held, is_active=True, kind=User.Kind.PERSON).order_by("name", "pk")
