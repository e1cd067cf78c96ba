"""The supervision board (督办台): what was asked, of whom, by when, and what became of it. All by sets."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Min, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.sql import OneOf
from events.models import Event, Supervision, Whistle, WhistleCall
from events.workflow import OPEN
from grids.scope import Scope

LOOK_BACK = timedelta(days=90)  # of the leaders' figures, and of what is closed


@dataclass(frozen=True)
class Group:
    """One tab of the board. `by`: what its rows are ordered by, ascending or the newest first."""

    name: str
    label: str
    tone: str
    fields: tuple[str, ...]
    descending: bool = False


GROUPS = (
    Group("late", _("Unanswered and late"), "red", ("answer_by", "id")),
    Group("today", _("Due today"), "yellow", ("answer_by", "id")),
    Group("later", _("Due later"), "", ("answer_by", "id")),
    Group("answered", _("Answered, to be looked at"), "yellow", ("answered_at", "id")),
    Group("closed", _("Closed"), "", ("id",), True),
)
BY_NAME = {group.name: group for group in GROUPS}


def condition(name: str, now: datetime) -> Q:
    """What a group selects."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    open_, over = Q(event__status__in=OPEN), ~Q(event__status__in=OPEN)
    waiting = Q(answered_at=None) & open_
    return {
        "late": waiting & Q(answer_by__lt=now),
        "today": waiting & Q(answer_by__gte=now, answer_by__lt=midnight),
        "later": waiting & Q(answer_by__gte=midnight),
        "answered": Q(answered_at__isnull=False, struck=None) & open_,
        "closed": Q(struck__isnull=False) | over,
    }[name]


def visible(user, now: datetime) -> QuerySet[Supervision]:
    """What the board shows this person: supervisions of open events, and all that were asked in the last 90 days. Of
    those that are over there are ever more: both parts are found by an index."""
    events = Event.objects.visible_to(user).order_by()
    open_ = OneOf(events.filter(status__in=OPEN).values("pk"), "event")
    return Supervision.objects.filter(open_ | Q(asked_at__gt=now - LOOK_BACK), event__in=events)


def counts(rows: QuerySet[Supervision], now: datetime) -> dict[str, int]:
    """How many each group holds: one query."""
    return rows.order_by().aggregate(**{g.name: Count("pk", filter=condition(g.name, now)) for g in GROUPS})


def rows(found: QuerySet[Supervision]) -> QuerySet[Supervision]:
    """With what a line shows."""
    related = ("event__standard", "asked_unit", "unit", "by", "struck__by")
    return found.select_related(*related).defer("event__rating_words", "event__contact_phone")


@dataclass(frozen=True)
class UnitRow:
    """One unit in the leaders' view. Late ones of the last 90 days include those answered too late."""

    unit_id: int
    unit: str
    waiting: int
    late: int
    oldest: datetime | None
    answered: int
    in_time: int
    asked: int

    @property
    def share(self) -> float | None:
        """Answered in time / answered or overdue."""
        due = self.answered + self.late
        return self.in_time / due if due else None


def by_unit(found: QuerySet[Supervision], now: datetime) -> list[UnitRow]:
    """Asked units, those with most late ones first: one query."""
    waiting = Q(answered_at=None, event__status__in=OPEN)
    late, recent = waiting & Q(answer_by__lt=now), Q(asked_at__gt=now - LOOK_BACK)
    answered = recent & Q(answered_at__isnull=False)
    grouped = found.order_by().values("asked_unit_id", "asked_unit__name").annotate(
        waiting=Count("pk", filter=waiting),
        late=Count("pk", filter=late),
        oldest=Min("answer_by", filter=late),
        answered=Count("pk", filter=answered),
        in_time=Count("pk", filter=answered & Q(answered_at__lte=F("answer_by"))),
        asked=Count("pk", filter=recent),
    )  # fmt: skip
    grouped = grouped.filter(Q(waiting__gt=0) | Q(asked__gt=0))
    rows = [
        UnitRow(
            r["asked_unit_id"], r["asked_unit__name"], r["waiting"], r["late"], r["oldest"], r["answered"], r["in_time"],
            r["asked"],
        )
        for r in grouped
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-row.late, -row.waiting, row.unit))


def whistles(user) -> QuerySet[Whistle]:
    """Whistles of visible events, with who was called and came when."""
    calls = WhistleCall.objects.select_related("unit", "arrived_by").order_by("pk")
    found = Whistle.objects.filter(event__in=Event.objects.visible_to(user).order_by())
    return found.select_related("unit", "by", "event__standard").prefetch_related(Prefetch("calls", calls))


def missing(user, now: datetime) -> QuerySet[Whistle]:
    """Whistles to which somebody has not come yet."""
    absent = WhistleCall.objects.filter(arrived_at=None).values("whistle")
    return whistles(user).filter(pk__in=absent, event__status__in=OPEN)


def may_look(user) -> bool:
    """The board is for those who see events; what they see on it is theirs."""
    return Scope.of(user).may("events.view_event")
