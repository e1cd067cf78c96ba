"""Who is on duty and at work, and what must not wait."""

from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone

from accounts.roles import WORKER_ROLES
from duty import selectors, standing
from duty.models import Level, UnitDuty
from events.models import Event, Supervision, Transition, WhistleCall
from events.workflow import OPEN, Urgency
from grids.models import Post

OPERATORS = frozenset({"operator", "centre_head"})
WARNINGS = 12  # more than any panel has room for


def on_duty(path: str, now) -> dict:
    """{unit, gap, people [{role, name, until}]}: the shift at the desk that answers for the territory, its leader first.

    `gap`: the desk must be staffed around the clock and nobody is at it. Three queries; phones stay behind.
    """
    lines = selectors.on_duty(path, now)
    there = [line for line in lines if not line.fallback]
    empty = bool(lines) and not any(line.role in selectors.AT_THE_DESK for line in there)
    return {
        "unit": lines[0].unit if lines else "",
        "gap": empty and UnitDuty.objects.filter(unit=lines[0].unit_id, staffed=True).exists(),
        "people": [{"role": line.role, "name": line.name, "until": line.until.timestamp()} for line in there],
    }


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
    taken a step of an event today. Two queries."""
    day = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    here = Q(grid__path__startswith=path, role__in=WORKER_ROLES) | Q(
        unit__grid__path__startswith=path, role__in=OPERATORS
    )
    posts = Post.objects.on(timezone.localdate(now)).filter(here).order_by()
    busy = Transition.objects.filter(at__gte=day, actor__isnull=False).order_by().values("actor")
    held = posts.values("role").annotate(n=Count("user", distinct=True))
    active = posts.filter(user__in=busy).values("role").annotate(n=Count("user", distinct=True))
    by_role = {row["role"]: row["n"] for row in active}
    found = {row["role"]: row["n"] for row in held}
    order = ("worker_full", "worker_part", "operator", "centre_head")
    return [
        {"role": role, "posts": found[role], "active": by_role.get(role, 0)}
        for role in order
        if role in found
    ]


def warnings(path: str, now) -> list[dict]:
    """[{kind, count, late}] of what must not wait: most urgent events that are open, supervisions not answered, called
    units that have not come. Three queries."""
    events = Event.objects.filter(path__startswith=path, status__in=OPEN).order_by()
    critical = events.filter(urgency=Urgency.CRITICAL).aggregate(
        n=Count("pk"), late=Count("pk", filter=Q(due_at__lt=now))
    )
    asked = Supervision.objects.filter(event__path__startswith=path, event__status__in=OPEN, answered_at=None)
    called = WhistleCall.objects.filter(
        whistle__event__path__startswith=path, whistle__event__status__in=OPEN, arrived_at=None
    )
    rows = [
        ("critical", critical),
        ("supervised", asked.aggregate(n=Count("pk"), late=Count("pk", filter=Q(answer_by__lt=now)))),
        ("called", called.aggregate(n=Count("pk"), late=Count("pk", filter=Q(come_by__lt=now)))),
    ]
    return [{"kind": kind, "count": row["n"], "late": row["late"]} for kind, row in rows]
