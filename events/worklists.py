"""Worklists (待办): what lies with somebody, how much waits where, and the buttons each row offers.

All by sets: one query for all counts, one per page of rows, three for what the workflow table must know beyond them.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.sql import OneOf
from events import workflow
from events.models import Assignment, Event, TimeRequest, WhistleCall
from events.services.effects.work import MOST_GRANTS
from events.workflow import MOVES, OPEN, Facts, Status
from grids import directory
from grids.scope import NOTHING, Scope

S = Status
FOR_LIST = ("standard", "grid", "grid__parent", "holder", "lead")
# Left out of rows: texts nobody reads in a list, and outlines of a hundred kilobytes.
LONG_TEXTS = ("rating_words", "head_hash", "contact_phone", "grid__boundary", "grid__parent__boundary")


@dataclass(frozen=True)
class Worklist:
    """One tab: its name in addresses, its label, how alarming a count above zero is."""

    name: str
    label: str
    tone: str = ""


WORKLISTS = (
    Worklist("mine", _("Lies with me")),
    Worklist("late", _("Late"), "red"),
    Worklist("soon", _("About to be late"), "yellow"),
    Worklist("register", _("To be registered")),
    Worklist("dispatch", _("To be dispatched")),
    Worklist("sign", _("To be signed for")),
    Worklist("handle", _("Being handled")),
    Worklist("verify", _("To be verified")),
    Worklist("rate", _("To be rated")),
    Worklist("time", _("More time asked for")),
    Worklist("supervised", _("Under supervision")),
    Worklist("suspended", _("Suspended")),
    Worklist("unplaced", _("Outside every grid")),
    Worklist("reported", _("Reported by me")),
)
BY_STATUS = {
    "register": S.REPORTED, "dispatch": S.REGISTERED, "sign": S.DISPATCHED, "handle": S.HANDLING,
    "verify": S.VERIFYING, "rate": S.CLOSED, "suspended": S.SUSPENDED,
}


def lies_with(user) -> Q:
    """Events that wait for this person: held by a unit of theirs, to be verified in their grid, to be rated by them,
    and those to which their unit is called or at which it co-handles."""
    scope = Scope.of(user)
    mine = Q(holder__in=scope.unit_ids, status__in=[s for s in OPEN if s != S.SUSPENDED]) if scope.unit_ids else NOTHING
    grids = [s.path for s in scope.seats if s.unit_id is None and s.level > 0 and s.may("events.verify_event")]
    for path in sorted(set(grids)):
        mine |= Q(status=S.VERIFYING, path__startswith=path)
    mine |= Q(status=S.CLOSED, reporter_id=scope.user_id, standard__rating_asked=True)
    if scope.department_ids:
        turns = Assignment.objects.filter(unit__in=scope.department_ids, lead=False, outcome="open")
        mine |= Q(OneOf(turns.values("event")), status__in=OPEN)
    if scope.unit_ids:  # a centre can be called as well
        calls = WhistleCall.objects.filter(unit__in=scope.unit_ids, arrived_at=None)
        mine |= Q(OneOf(calls.values("whistle__event")), status__in=OPEN)
    return mine


def condition(name: str, user, now=None) -> Q:
    """What a worklist selects among the visible events; nothing for an unknown name."""
    now = now or timezone.now()
    if name in BY_STATUS:
        return Q(status=BY_STATUS[name])
    open_ = Q(status__in=OPEN)
    return {
        "mine": lambda: lies_with(user),
        "late": lambda: open_ & Q(due_at__lt=now),
        "soon": lambda: open_ & Q(yellow_at__lt=now, due_at__gte=now),
        "time": lambda: Q(status=S.HANDLING)
        & Q(Exists(TimeRequest.objects.filter(event=OuterRef("pk"), granted=None))),
        "supervised": lambda: open_ & Q(supervised=True),
        "unplaced": lambda: open_ & Q(placed=False),
        "reported": lambda: open_ & Q(reporter_id=Scope.of(user).user_id),
    }.get(name, lambda: NOTHING)()


def select(name: str, user) -> QuerySet[Event]:
    """The rows of one worklist, most urgent first."""
    rows = Event.objects.visible_to(user).filter(condition(name, user))
    return rows.select_related(*FOR_LIST).defer(*LONG_TEXTS).most_urgent_first()


def counts(user, names=None) -> dict[str, int]:
    """How many events each worklist holds: one query."""
    names = names or [worklist.name for worklist in WORKLISTS]
    now = timezone.now()
    waiting = Event.objects.visible_to(user).filter(status__in=[*OPEN, S.CLOSED]).order_by()
    return waiting.aggregate(**{n: Count("pk", filter=condition(n, user, now)) for n in names})


@dataclass
class Around:
    """What the table must know of events beyond their own row; filled for many events at once."""

    co_units: dict = field(default_factory=lambda: defaultdict(set))
    called: dict = field(default_factory=lambda: defaultdict(set))
    callers: dict = field(default_factory=lambda: defaultdict(set))
    asking: set = field(default_factory=set)

    @classmethod
    def of(cls, events, scope) -> "Around":
        """Three queries; none for people without a unit, to whom none of it matters."""
        around, ids = cls(), [event.pk for event in events if event.status in (*OPEN, S.CLOSED, S.EVALUATED)]
        if not ids or not scope.unit_ids:
            return around
        turns = Assignment.objects.filter(event__in=ids, lead=False, outcome="open")
        for event_id, unit_id in turns.order_by().values_list("event", "unit"):
            around.co_units[event_id].add(unit_id)
        calls = WhistleCall.objects.filter(whistle__event__in=ids).order_by()
        for event_id, caller, unit, arrived, stars in calls.values_list(
            "whistle__event", "whistle__unit", "unit", "arrived_at", "stars"
        ):
            if arrived is None:
                around.called[event_id].add(unit)
            if stars is None:
                around.callers[event_id].add(caller)
        asked = TimeRequest.objects.filter(event__in=ids, granted=None).order_by()
        around.asking.update(asked.values_list("event", flat=True))
        return around


def facts_of(event, around, units) -> Facts:
    """As the service sees them, from what has been read for many events."""
    holder, centre = units.units.get(event.holder_id), units.units.get(event.centre_id)
    if holder is None or holder.kind == "department":
        below = (centre.level if centre else 0) + 1
    else:
        below = holder.level
    return Facts(
        status=event.status, path=event.path, holder_id=event.holder_id, holder_level=below,
        centre_id=event.centre_id, lead_id=event.lead_id, reporter_id=event.reporter_id,
        resume_status=event.resume_status or None,
        co_unit_ids=frozenset(around.co_units.get(event.pk, ())),
        called_unit_ids=frozenset(around.called.get(event.pk, ())),
        caller_ids=frozenset(around.callers.get(event.pk, ())),
    )


def _makes_sense(name, event, around, units, now) -> bool:
    """Moves that the table allows but that would be refused at once: nobody asks for time, no centre above …"""
    holder = units.units.get(event.holder_id)
    if name in ("grant_time", "refuse_time"):
        return event.pk in around.asking
    if name == "ask_time":
        in_time = event.handle_due_at is not None and event.handle_due_at > now
        return in_time and event.grants < MOST_GRANTS and event.pk not in around.asking
    if name in ("answer", "remind"):
        return event.supervised
    if name == "escalate":
        return holder is not None and holder.level > 0
    if name == "hand_down":
        return holder is not None and any(
            u.kind == "centre" and u.level > holder.level and u.covers(event.path) for u in units.units.values()
        )
    return True


def moves_of(events, user, versions=None, around=None) -> dict[int, list[str]]:
    """Event id → the moves open to this person, in the order of the table; three queries for any number of events,
    none with `around` for those who have read it already."""
    scope, now = Scope.of(user), timezone.now()
    units = directory.current(versions)
    around = around or Around.of(events, scope)
    return {
        event.pk: [
            name
            for name in workflow.moves_for(facts_of(event, around, units), scope.seats, scope.user_id)
            if _makes_sense(name, event, around, units, now)
        ]
        for event in events
    }


def buttons(names) -> list[dict]:
    """Moves as buttons: the main one first, dangerous ones last."""
    rows = [{"name": n, "label": MOVES[n].label, "strong": MOVES[n].strong, "danger": MOVES[n].danger} for n in names]
    return sorted(rows, key=lambda row: (not row["strong"], row["danger"]))
