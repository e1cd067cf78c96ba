"""Worklists (待办): what lies with somebody, how much waits where, and the buttons each row offers.

All by sets: one query for all counts, one per page of rows, three for what the workflow table must know beyond them.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.sql import OneOf
from events import workflow
from events.models import Assignment, Event, Standard, TimeRequest, WhistleCall
from events.services.effects.work import MOST_GRANTS
from events.workflow import MOVES, OPEN, SPOT_WAITING, Facts, Status
from grids import directory
from grids.scope import NOTHING, Scope

S = Status
FOR_LIST = ("standard", "grid", "grid__parent", "holder", "lead")
# Left out of rows: texts nobody reads in a list, and outlines of a hundred kilobytes.
LONG_TEXTS = ("rating_words", "head_hash", "contact_phone", "grid__boundary", "grid__parent__boundary")
MOST = 999  # beyond it a worklist says "999+": what it costs to count stays bounded at any number of events


@dataclass(frozen=True)
class Worklist:
    """One view of the desk: its name in addresses, its label, how alarming a count above zero is, the permission
    without which it means nothing, and the letter that follows `g` on the keyboard."""

    name: str
    label: str
    tone: str = ""
    needs: str = ""
    key: str = ""


WORKLISTS = (
    Worklist("mine", _("Lies with me"), key="w"),
    Worklist("late", _("Late"), "red", key="l"),
    Worklist("soon", _("About to be late"), "yellow", key="s"),
    Worklist("register", _("To be registered"), needs="events.register_event", key="r"),
    Worklist("dispatch", _("To be dispatched"), needs="events.dispatch_event", key="d"),
    Worklist("sign", _("To be signed for"), needs="events.handle_event", key="n"),
    Worklist("handle", _("Being handled"), key="h"),
    Worklist("verify", _("To be verified"), needs="events.verify_event", key="v"),
    Worklist("rate", _("To be rated"), key="e"),
    Worklist("spot", _("Spot checks"), needs="events.verify_event", key="i"),
    Worklist("time", _("More time asked for"), needs="events.grant_event", key="t"),
    Worklist("supervised", _("Under supervision"), needs="events.register_event", key="o"),
    Worklist("come", _("Called, not come yet"), "yellow", key="c"),
    Worklist("rate_call", _("Calls to be rated"), needs="events.whistle_event", key="k"),
    Worklist("suspended", _("Suspended"), needs="events.suspend_event", key="p"),
    Worklist("unplaced", _("Outside every grid"), needs="events.place_event", key="x"),
    Worklist("unit", _("All of my unit"), key="u"),
    Worklist("reported", _("Reported by me"), needs="events.report_event", key="m"),
)
ALL = _("All events")  # no worklist, but stands beside them
BY_NAME = {worklist.name: worklist for worklist in WORKLISTS}
BY_STATUS = {
    "register": S.REPORTED, "dispatch": S.REGISTERED, "sign": S.DISPATCHED, "handle": S.HANDLING,
    "verify": S.VERIFYING, "suspended": S.SUSPENDED,
}


def shown_to(user) -> list[Worklist]:
    """The worklists that mean something to this person."""
    scope = Scope.of(user)
    unitless = not scope.unit_ids
    return [
        w
        for w in WORKLISTS
        if (not w.needs or scope.may(w.needs)) and not (unitless and w.name in ("unit", "rate_call"))
    ]


def lies_with(scope) -> Q:
    """Events that wait for this person: held by a unit of theirs, to be verified in their grid, to be rated by them,
    to be checked by their centre, and those to which their unit is called or at which it co-handles."""
    mine = Q(holder__in=scope.unit_ids, status__in=[s for s in OPEN if s != S.SUSPENDED]) if scope.unit_ids else NOTHING
    grids = [s.path for s in scope.seats if s.unit_id is None and s.level > 0 and s.may("events.verify_event")]
    for path in sorted(set(grids)):
        mine |= Q(status=S.VERIFYING, path__startswith=path)
    mine |= Q(status=S.CLOSED, reporter_id=scope.user_id, standard__in=_rating_asked())
    if scope.department_ids:
        mine |= Q(_co_handled(scope.department_ids), status__in=OPEN)
    if scope.unit_ids:  # a centre can be called as well
        mine |= Q(_called(scope.unit_ids), status__in=OPEN)
        mine |= Q(spot_state__in=SPOT_WAITING, centre__in=scope.unit_ids)
    return mine


def _rating_asked():
    """Standards whose reporters are asked to rate: the others' cases are archived without."""
    return Standard.objects.filter(rating_asked=True).order_by().values("pk")


def _co_handled(units):
    return OneOf(Assignment.objects.filter(unit__in=units, lead=False, outcome="open").values("event"))


def _called(units):
    return OneOf(WhistleCall.objects.filter(unit__in=units, arrived_at=None).values("whistle__event"))


def _sees_all(scope) -> bool:
    return scope.may("events.view_event") and any(root.count("/") == 2 for root in scope.roots)


def _within(scope) -> Q:
    """The part of what they may see that is this person's to watch: their land, and what their departments have in
    hand now. Never more than `visible_to`, and answered by indexes: what a department once handled is not asked for."""
    if _sees_all(scope):
        return Q()
    found = scope.q("path") if scope.may("events.view_event") else NOTHING
    if scope.department_ids:
        found |= Q(holder__in=scope.department_ids) | Q(_co_handled(scope.department_ids)) | Q(_called(scope.department_ids))
    return found


def _of_unit(scope) -> Q:
    """Open events that a unit of theirs holds, answers for, co-handles or is called to."""
    units = scope.unit_ids
    if not units:
        return NOTHING
    theirs = Q(holder__in=units) | (Q(centre__in=units) & _within(scope)) | Q(_called(units))
    if scope.department_ids:
        theirs |= Q(_co_handled(scope.department_ids))
    return theirs & Q(status__in=OPEN)


def _come(scope) -> Q:
    """Somebody was called and has not come yet."""
    calls = WhistleCall.objects.filter(arrived_at=None)
    return _within(scope) & Q(OneOf(calls.values("whistle__event")), status__in=OPEN)


def _rate_call(scope) -> Q:
    """This person's units blew the whistle and owe a rating to somebody who came."""
    if not scope.unit_ids:
        return NOTHING
    calls = WhistleCall.objects.filter(whistle__unit__in=scope.unit_ids, stars=None, arrived_at__isnull=False)
    return Q(OneOf(calls.values("whistle__event")), status__in=[*OPEN, S.CLOSED, S.EVALUATED])


def condition(name: str, user, now=None) -> Q:
    """What a worklist selects among the visible events; nothing for an unknown name."""
    return _condition(name, Scope.of(user), now or timezone.now())


def _condition(name, scope, now) -> Q:
    if name == "rate":  # also one's own reports from elsewhere; an empty Q under an OR would be lost
        closed = Q(status=S.CLOSED, standard__in=_rating_asked())
        return closed & (Q() if _sees_all(scope) else _within(scope) | Q(reporter_id=scope.user_id))
    if name in BY_STATUS:
        return Q(status=BY_STATUS[name]) & _within(scope)
    open_ = Q(status__in=OPEN)
    asked = TimeRequest.objects.filter(event=OuterRef("pk"), granted=None)
    return {
        "mine": lambda: lies_with(scope),
        "unit": lambda: _of_unit(scope),
        # A clock runs for open events only (services.clockwork): asking for the status, too, would keep the plan from
        # walking the index of deadlines.
        "late": lambda: Q(due_at__lt=now) & _within(scope),
        "soon": lambda: Q(yellow_at__lt=now, due_at__gte=now) & _within(scope),
        "spot": lambda: Q(spot_state__in=SPOT_WAITING) & _within(scope),
        "time": lambda: Q(status=S.HANDLING) & Q(Exists(asked)) & _within(scope),
        "supervised": lambda: open_ & Q(supervised=True) & _within(scope),
        "unplaced": lambda: open_ & Q(placed=False) & _within(scope),
        "come": lambda: _come(scope),
        "rate_call": lambda: _rate_call(scope),
        "reported": lambda: open_ & Q(reporter_id=scope.user_id),
    }.get(name, lambda: NOTHING)()


def rows_of(queryset) -> QuerySet[Event]:
    """With what a row shows, and without the long texts."""
    return queryset.select_related(*FOR_LIST).defer(*LONG_TEXTS)


def select(name: str, user) -> QuerySet[Event]:
    """The rows of one worklist, most urgent first."""
    return rows_of(Event.objects.visible_to(user).filter(condition(name, user))).most_urgent_first()


def counts(user, names=None) -> dict[str, int]:
    """How many events each worklist holds, none counted further than MOST + 1: one query.

    Every worklist lies within `visible_to` by how it is made (tests compare them for every role); asking for both
    would cost a department the history of all it ever handled.
    """
    names = tuple(names or BY_NAME)
    scope = Scope.of(user)
    if scope.user_id is None or not scope.seats:
        return dict.fromkeys(names, 0)
    sql, params = _counting(connection.vendor, scope, names)
    now, mark = _adapted(timezone.now()), _adapted(MARK)
    with connection.cursor() as cursor:
        cursor.execute(sql, [now if value == mark else value for value in params])
        return {name: min(count, MOST + 1) for name, count in zip(names, cursor.fetchone(), strict=True)}


MARK = datetime(2001, 1, 1, tzinfo=UTC)  # stands for "now" in the compiled statement


def _adapted(moment):
    return connection.ops.adapt_datetimefield_value(moment)


@lru_cache(maxsize=512)
def _counting(vendor, scope, names):
    """(SQL, parameters). Compiled once per person: that takes longer than counting."""
    if _sees_all(scope) or names == ("rate",):
        return _each_bounded(scope, names)
    rows = Event.objects.filter(OneOf(_in_hand(scope))).order_by().values(all=Value(1))
    found = {f"n_{name}": Count("pk", filter=_condition(name, scope, MARK)) for name in names if name != "rate"}
    sql, params = rows.annotate(**found).values(*found).query.get_compiler(connection=connection).as_sql()
    if "rate" not in names:
        return sql, tuple(params)
    # What is closed piles up until it is rated: counted by itself, as far as anybody reads.
    bounded, given = _each_bounded(scope, ("rate",))
    order = ", ".join("rated.one" if name == "rate" else f"n_{name}" for name in names)
    return f"SELECT {order} FROM ({sql}) AS hand, ({bounded} AS one) AS rated", (*params, *given)


def _in_hand(scope):
    """Ids of all events that a worklist of theirs may hold: parts that are one walk over an index each."""
    mine = Event.objects.order_by()
    roots = sorted(scope.roots) if scope.may("events.view_event") else []
    # Status by status: so each is a range of the index of what waits, and none a walk over all that ever was there.
    parts = [mine.filter(status=status, path__startswith=root) for root in roots for status in OPEN]
    parts += [mine.filter(spot_state__in=SPOT_WAITING, path__startswith=root) for root in roots]
    # Their few, then the status: as a column it would draw in the index of all that waits in the county.
    status = Coalesce("status", Value(""))
    parts.append(mine.filter(reporter_id=scope.user_id).alias(now=status).filter(now__in=[*OPEN, S.CLOSED]))
    if scope.unit_ids:
        blown = WhistleCall.objects.filter(whistle__unit__in=scope.unit_ids, stars=None, arrived_at__isnull=False)
        parts += [
            mine.filter(holder__in=scope.unit_ids, status__in=OPEN),
            mine.filter(_called(scope.unit_ids)),
            mine.filter(OneOf(blown.values("whistle__event"))),
        ]
    if scope.department_ids:
        parts.append(mine.filter(_co_handled(scope.department_ids)))
    first, *others = (part.values("pk") for part in parts)
    return first.union(*others) if others else first


# In which order rows are met while a list is counted up to its bound: that of an index in which they lie together.
MET = {"late": "due_at", "soon": "due_at", "spot": "spot_due_at", "supervised": "-pk", "unplaced": "-pk"}


def _each_bounded(scope, names):
    """For the whole territory: one bounded count beside the other, so that it costs the same at any number of events."""
    parts, params = [], []
    for name in names:
        try:
            rows = Event.objects.filter(_condition(name, scope, MARK)).order_by(*filter(None, [MET.get(name)]))
            sql, given = rows.values("pk")[: MOST + 1].query.get_compiler(connection=connection).as_sql()
        except EmptyResultSet:
            parts.append("0")
            continue
        parts.append(f"(SELECT COUNT(*) FROM ({sql}) AS counted)")
        params.extend(given)
    return f"SELECT {', '.join(parts)}", tuple(params)


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
        resume_status=event.resume_status or None, spot_check_waits=event.spot_state in SPOT_WAITING,
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
