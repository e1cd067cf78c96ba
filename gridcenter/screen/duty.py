"""Who is at work, and what must not wait."""

from django.db.models import Count, Q
from django.utils import timezone

from accounts.roles import WORKER_ROLES
from events.models import Event, Supervision, Transition, WhistleCall
from events.workflow import OPEN, Urgency
from grids.models import Post

OPERATORS = frozenset({"operator", "centre_head"})


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
