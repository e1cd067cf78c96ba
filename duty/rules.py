"""What the system itself warns of. Each cause says what is so *now*, as one or two queries; nothing is remembered.

A finding's `key` names the occasion: it is warned of once, however often the job runs, also after days of downtime (what
was and is over is not warned of at all). Its `stem` names the matter: while a warning of it stands, no second one comes.
Words carry numbers and classes, never what people wrote.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from duty import selectors
from duty.models import Rule, WarningCall
from duty.models.warning import Cause
from events.models import Event, Supervision
from events.workflow import OPEN, Status, Urgency
from grids import names

MOST = 200  # new warnings of one rule at one run: more than that are one catastrophe, and the job must end
Why = WarningCall.Why


@dataclass(frozen=True)
class Finding:
    """One thing that is so. `calls`: units to be called besides the desks of the territory."""

    stem: str
    occasion: str
    title: str
    words: str
    grid_id: int
    path: str
    event_id: int | None = None
    unit_id: int | None = None
    calls: tuple[tuple[int, str], ...] = ()

    @property
    def key(self):
        return f"{self.stem}:{self.occasion}"


@dataclass(frozen=True)
class CauseRule:
    """`find(rule, now)` gives what is so; `lasts`: a standing warning ends by itself when it is no longer so;
    `again`: the same matter may be warned of anew so long after the last time (None: never, per occasion)."""

    find: Callable[[Rule, datetime], list[Finding]]
    lasts: bool = True
    again: Callable[[Rule], timedelta] | None = None


def unregistered(rule, now) -> list[Finding]:
    """Critical reports that nobody has registered within their limit (and the rule's minutes beyond)."""
    late = Event.objects.filter(
        status=Status.REPORTED, urgency=Urgency.CRITICAL, due_at__lt=now - timedelta(minutes=rule.minutes)
    )
    rows = late.order_by("due_at").values_list("pk", "grid_id", "path", "holder_id", "reported_at", "standard__minor_name")
    return [
        Finding(
            f"unregistered:{pk}", "", _("Critical report not registered: %(what)s") % {"what": what or f"#{pk}"},
            _("Reported %(at)s, its limit for registering is over.") % {"at": _clock(at)},
            grid, path, event_id=pk, calls=((holder, Why.HOLDER),),
        )
        for pk, grid, path, holder, at, what in rows[:MOST]
    ]  # fmt: skip


def cluster(rule, now) -> list[Finding]:
    """Many events of one class in one grid within the rule's minutes."""
    recent = Event.objects.filter(reported_at__gt=now - timedelta(minutes=rule.minutes), reported_at__lte=now, placed=True)
    recent = recent.exclude(status__in=[Status.REJECTED, Status.MERGED, Status.CANCELLED]).filter(standard__isnull=False)
    if rule.prefix:
        recent = recent.filter(standard__code__startswith=rule.prefix)
    fields = ("grid_id", "path", "standard__kind", "standard__major_code", "standard__minor_code", "standard__minor_name")
    rows = recent.order_by().values_list(*fields).annotate(n=Count("pk"), newest=Max("pk")).filter(n__gte=rule.amount)
    places = names.current().grids
    return [
        Finding(
            f"cluster:{grid}:{kind}{major}{minor}", str(newest),
            _("%(n)s times “%(what)s” in %(place)s") % {"n": n, "what": what, "place": places.get(grid, {}).get("name", "")},
            _("Within %(minutes)s minutes. Perhaps one cause, perhaps more to come.") % {"minutes": rule.minutes},
            grid, path, event_id=newest,
        )
        for grid, path, kind, major, minor, what, n, newest in rows.order_by("-n")[:MOST]
    ]  # fmt: skip


def supervised_late(rule, now) -> list[Finding]:
    """Supervisions whose answer has not come by its time: the asked unit is called, and who asks."""
    late = Supervision.objects.filter(
        answered_at=None, answer_by__lt=now - timedelta(minutes=rule.minutes), event__status__in=OPEN
    )
    fields = ("pk", "event_id", "event__number", "event__grid_id", "event__path", "asked_unit_id", "unit_id", "answer_by")
    units = names.current().units
    return [
        Finding(
            f"supervised:{pk}", "",
            _("Supervision not answered: %(event)s") % {"event": number or f"#{event}"},
            _("%(unit)s was to answer by %(at)s.") % {"unit": units.get(asked, {}).get("name", ""), "at": _clock(by)},
            grid, path, event_id=event, unit_id=asked,
            calls=tuple({asked: (asked, Why.ASKED), **({by_unit: (by_unit, Why.ASKED)} if by_unit else {})}.values()),
        )
        for pk, event, number, grid, path, asked, by_unit, by in late.order_by("answer_by").values_list(*fields)[:MOST]
    ]  # fmt: skip


def late_share(rule, now) -> list[Finding]:
    """Units of whose open events more than the rule's share is late; from so many open ones on. Once a day."""
    unit = ("holder_id", "holder__name", "holder__grid_id", "holder__grid__path")
    held = Event.objects.filter(status__in=OPEN).order_by().values(*unit)
    rows = held.annotate(n=Count("pk"), late=Count("pk", filter=Q(due_at__lt=now))).filter(n__gte=rule.amount, late__gt=0)
    day = timezone.localdate(now).isoformat()
    found = [row for row in rows if row["late"] > row["n"] * float(rule.share)]
    found.sort(key=lambda row: -row["late"])
    return [
        Finding(
            f"late_share:{row['holder_id']}", day,
            _("%(unit)s: %(late)s of %(n)s open events late")
            % {"unit": row["holder__name"], "late": row["late"], "n": row["n"]},
            _("More than %(share)s percent.") % {"share": f"{float(rule.share) * 100:g}"},
            row["holder__grid_id"], row["holder__grid__path"], unit_id=row["holder_id"],
            calls=((row["holder_id"], Why.ASKED),),
        )
        for row in found[:MOST]
    ]  # fmt: skip


def unstaffed(rule, now) -> list[Finding]:
    """Desks that must be staffed around the clock and have had nobody for the rule's minutes."""
    day, grace = timezone.localdate(now).isoformat(), timedelta(minutes=rule.minutes)
    found = [(u, at) for u, at in selectors.unstaffed(now) if at is None or at < now - grace]
    return [
        Finding(
            f"unstaffed:{unit.pk}", _clock(at) if at else day, _("Nobody on duty: %(unit)s") % {"unit": unit.name},
            _("Since %(at)s nobody stands on its roster.") % {"at": _clock(at)} if at
            else _("Nobody stands on its roster."),
            unit.grid_id, unit.grid.path, unit_id=unit.pk, calls=((unit.pk, Why.ASKED),),
        )
        for unit, at in found[:MOST]
    ]  # fmt: skip


def _clock(at: datetime) -> str:
    return timezone.localtime(at).strftime("%m-%d %H:%M")


CAUSES: dict[str, CauseRule] = {
    Cause.UNREGISTERED: CauseRule(unregistered),
    Cause.CLUSTER: CauseRule(cluster, lasts=False, again=lambda rule: timedelta(minutes=rule.minutes)),
    Cause.SUPERVISED_LATE: CauseRule(supervised_late),
    Cause.LATE_SHARE: CauseRule(late_share),
    Cause.UNSTAFFED: CauseRule(unstaffed),
}
