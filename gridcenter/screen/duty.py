"""Who is on duty and at work, and what must not wait."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q, Value
from django.utils import timezone

from accounts.roles import WORKER_ROLES
from core.prepared import Prepared
from duty import selectors, standing
from duty.models import Level, Shift, UnitDuty
from events.models import Event, Supervision, Transition, WhistleCall
from events.workflow import OPEN, Urgency
from grids import directory
from grids.models import Post

OPERATORS = frozenset({"operator", "centre_head"})
WARNINGS = 12  # more than any panel has room for


def on_duty(path: str, now) -> dict:
    """{unit, gap, people [{role, name, until}]}: the shift at the desk that answers for the territory, its leader first
    (duty.selectors.on_duty).

    `gap`: the desk must be staffed around the clock and nobody is at it. A query, two for an empty desk, and those for
    the versions; phones stay behind.
    """
    desk = directory.current().centre_for(path, max(path.count("/") - 2, 0))
    if desk is None:
        return {"unit": "", "gap": False, "people": []}
    there = sorted(_shift_of(desk.pk, now), key=lambda row: selectors.ORDER[row[0]])
    empty = not any(role in selectors.AT_THE_DESK for role, _name, _until in there)
    return {
        "unit": desk.name,
        "gap": empty and bool(_staffed(desk.pk)),
        "people": [{"role": role, "name": name, "until": until.timestamp()} for role, name, until in there],
    }


_shift_of = Prepared(
    lambda unit, now: (
        Shift.objects.filter(unit=unit).at(now).order_by("starts_at", "pk").values_list("role", "name", "ends_at")
    ),
    int, datetime,
)  # fmt: skip
_staffed = Prepared(lambda unit: UnitDuty.objects.filter(unit=unit, staffed=True).values_list("pk"), int)


@dataclass(frozen=True)
class Ear:
    """What a wall screen hears: whatever warning stands, or has just stood, on it (gridcenter.live.hub)."""

    path: str

    def hears(self, changed) -> bool:
        return any(concerns(one, self.path) for one in changed)


def concerns(one: standing.Standing, path: str) -> bool:
    """Whether a warning belongs on the wall of the territory at `path`: it lies in it, or warns a territory around it.

    Narrower than what anybody may see who opens this screen (duty.models.WarningQuerySet.visible_to).
    """
    return one.path.startswith(path) or path.startswith(one.reach)


def _waits(one: standing.Standing, now) -> bool:
    return one.level != Level.NOTICE and one.rings(now)


def alerts(path: str, now) -> dict:
    """{count, waiting, rows [{id, level, title, where, at, waits, unit}]} of the warnings that stand here: first those
    that wait for somebody (a notice calls nobody), then the gravest. `unit` took it. One query, for the versions.

    The title is told word for word: it was written to be announced.
    """
    here = [one for one in standing.current() if one.is_open(now) and concerns(one, path)]
    here.sort(key=lambda one: (not _waits(one, now), standing.WEIGHT.get(one.level, 3), -one.pk))
    rows = [
        {
            "id": one.pk,
            "level": one.level,
            "title": one.title,
            "where": one.place,
            "at": one.made_at.timestamp(),
            "waits": _waits(one, now),
            "unit": one.taken_unit,
        }
        for one in here[:WARNINGS]
    ]
    return {"count": len(here), "waiting": sum(_waits(one, now) for one in here), "rows": rows}


def workers(path: str, now) -> list[dict]:
    """[{role, posts, active}]: people who hold a post of the role in the territory today, and how many of them have
    taken a step of an event today. One query."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    found = {role: (posts, active) for role, posts, active in _posts_of(path, midnight.date(), midnight)}
    order = ("worker_full", "worker_part", "operator", "centre_head")
    return [
        {"role": role, "posts": found[role][0], "active": found[role][1]} for role in order if role in found
    ]


def _posts(path, day, midnight):
    here = Q(grid__path__startswith=path, role__in=WORKER_ROLES) | Q(
        unit__grid__path__startswith=path, role__in=OPERATORS
    )
    busy = Transition.objects.filter(at__gte=midnight, actor__isnull=False).order_by().values("actor")
    people = {
        "posts": Count("user", distinct=True),
        "active": Count("user", distinct=True, filter=Q(user__in=busy)),
    }
    held = Post.objects.on(day).filter(here).order_by().values("role").annotate(**people)
    return held.values_list("role", *people)


_posts_of = Prepared(_posts, str, date, datetime, planned=False)


def warnings(path: str, now) -> list[dict]:
    """[{kind, count, late}] of what must not wait: most urgent events that are open, supervisions not answered, called
    units that have not come. One query."""
    found = {kind: (count, late) for kind, count, late in _warned(path, now)}
    rows = [(kind, *found.get(kind, (0, 0))) for kind in ("critical", "supervised", "called")]
    return [{"kind": kind, "count": count, "late": late} for kind, count, late in rows]


def _warn(path, now):
    events = Event.objects.filter(path__startswith=path, status__in=OPEN, urgency=Urgency.CRITICAL)
    asked = Supervision.objects.filter(event__path__startswith=path, event__status__in=OPEN, answered_at=None)
    called = WhistleCall.objects.filter(
        whistle__event__path__startswith=path, whistle__event__status__in=OPEN, arrived_at=None
    )
    return _row("critical", events, Q(due_at__lt=now)).union(
        _row("supervised", asked, Q(answer_by__lt=now)), _row("called", called, Q(come_by__lt=now)), all=True
    )


def _row(kind, rows, late):
    """(kind, how many, how many of them late)"""
    named = rows.order_by().annotate(kind=Value(kind)).values("kind")
    return named.annotate(n=Count("pk"), late=Count("pk", filter=late)).values_list("kind", "n", "late")


_warned = Prepared(_warn, str, datetime, planned=False)
