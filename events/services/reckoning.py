"""Deadlines reckoned again after the working calendar has changed: a year that is filled late, a day that is turned round.

Triggers note every day that changes (`ChangedDay`), whoever changes it; here open events whose clocks run over such days
get the deadlines that the calendar of now gives. Each is reckoned from what does not depend on the calendar (when the clock
began, its limit, suspensions, grants), so doing it twice, at once, or half and again comes out the same. No step of
anybody's: the history is not touched, and being late is a fact that stays (DESIGN.md); only what is still to be noted is.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from events import calendars, clocks
from events.clocks import BEIJING
from events.figures import folding
from events.models import Assignment, ChangedDay, Event, TimeRequest, Transition
from events.services.intake import SPOT_CHECK_DAYS
from events.workflow import OPEN, STAGE_OF, SpotCheck, Stage, Status

BATCH = 500
CLOCKS = (
    "due_at", "yellow_at", "stage_seconds", "stage_unit", "stage_left", "handle_due_at", "handle_yellow_at",
    "handle_seconds", "handle_left", "warned", "spot_due_at",
)  # fmt: skip


@dataclass(frozen=True)
class Reckoned:
    """How many events were looked at, and how many of them have another deadline now."""

    seen: int = 0
    moved: int = 0


def waiting() -> int:
    """How many events have clocks that run over days which have changed since: two queries."""
    days = _changed()[1]
    return _touched(days).count() if days else 0


def redo(now=None) -> Reckoned:
    """Reckon again whatever runs over changed days, in batches; what was done is forgotten at the end."""
    notes, days = _changed()
    if not notes:
        return Reckoned()
    seen = moved = last = 0
    while True:
        with transaction.atomic():
            rows = _touched(days).filter(pk__gt=last).select_related("standard").select_for_update(of=("self",))
            batch = list(rows.order_by("pk")[:BATCH])
            moved += _batch(batch, now or timezone.now()) if batch else 0
        seen += len(batch)
        if len(batch) < BATCH:
            break
        last = batch[-1].pk
    ChangedDay.objects.filter(pk__in=notes).delete()  # not those that came meanwhile, of the same day even
    return Reckoned(seen, moved)


def _changed():
    rows = list(ChangedDay.objects.values_list("pk", "date"))
    return [pk for pk, _day in rows], [day for _pk, day in rows]


def _touched(days):
    """Events with a clock that may run over one of these days; a deadline before the first of them stands."""
    since = datetime.combine(min(days), time.min, BEIJING)
    until = datetime.combine(max(days), time.min, BEIJING) + timedelta(days=1)
    stage = Q(due_at__gte=since, stage_since__lt=until)
    handling = Q(handle_due_at__gte=since, handle_since__lt=until)
    suspended = Q(status=Status.SUSPENDED, stage_since__lt=until)
    spot = Q(spot_state=SpotCheck.WAITING, spot_due_at__gte=since, closed_at__lt=until)
    return Event.objects.filter(Q(status__in=OPEN) & (stage | handling | suspended) | spot)


def _batch(batch, now) -> int:
    calendar, pauses, grants = calendars.current(), _pauses(batch), _grants(batch)
    moved = []
    for event in batch:
        before = [getattr(event, name) for name in CLOCKS]
        _Again(event, calendar, pauses[event.pk], grants[event.pk]).reckon(now)
        if before != [getattr(event, name) for name in CLOCKS]:
            moved.append(event)
    if moved:
        Event.objects.bulk_update(moved, CLOCKS, batch_size=100)
        pks = [event.pk for event in moved]
        turns = Assignment.objects.filter(event__in=pks, outcome="open", event__handle_due_at__isnull=False)
        turns.update(due_at=Subquery(Event.objects.filter(pk=OuterRef("event_id")).order_by().values("handle_due_at")))
        folding.touch(pks)
    return len(moved)


def _pauses(batch) -> dict[int, list]:
    """[since, until or None] of every suspension, in their order, by event."""
    rows = Transition.objects.filter(event__in=batch, action__in=("suspend", "resume")).order_by("event_id", "seq")
    found = defaultdict(list)
    for pk, action, at in rows.values_list("event_id", "action", "at"):
        if action == "suspend":
            found[pk].append([at, None])
        else:
            found[pk][-1][1] = at
    return found


def _grants(batch) -> dict[int, list[TimeRequest]]:
    rows = TimeRequest.objects.filter(event__in=batch, granted=True, decided_at__gte=F("event__handle_since"))
    found = defaultdict(list)
    for row in rows.order_by("event_id", "decided_at"):
        found[row.event_id].append(row)
    return found


class _Again:
    """The clocks of one event, from their beginnings."""

    def __init__(self, event, calendar, pauses, grants):
        self.event, self.calendar, self.pauses, self.grants = event, calendar, pauses, grants
        self.stopped_at = pauses[-1][0] if pauses and pauses[-1][1] is None else None

    def reckon(self, now):
        event = self.event
        if event.spot_state == SpotCheck.WAITING:
            event.spot_due_at = clocks.deadline(event.closed_at, SPOT_CHECK_DAYS, "work_day", self.calendar)
        stage = STAGE_OF.get(event.resume_status if event.status == Status.SUSPENDED else event.status)
        if stage is None:
            return
        handling = self._handling() if stage in (Stage.SIGN, Stage.HANDLE) and event.handle_since else None
        if stage == Stage.HANDLE:
            due = handling
            event.stage_seconds = event.handle_seconds
        else:
            due = self._due(event.stage_since, event.stage_seconds, event.stage_unit)
            if handling is not None and handling < due:  # the rule of clockwork.start_stage
                due, event.stage_seconds, event.stage_unit = handling, event.handle_seconds, event.handle_unit
        if event.status == Status.SUSPENDED:
            event.stage_left = self._left(due, event.stage_unit)
            event.handle_left = None if handling is None else self._left(handling, event.handle_unit)
            return
        event.due_at, event.yellow_at = due, self._yellow(due, event.stage_seconds, event.stage_unit)
        if handling is not None:
            event.handle_due_at = handling
            event.handle_yellow_at = self._yellow(handling, event.handle_seconds, event.handle_unit)
        # What a deadline that lies ahead again had noted will have to be noted again.
        event.warned = min(event.warned, 2 if now > event.due_at else 1 if now > event.yellow_at else 0)

    def _handling(self) -> datetime:
        event = self.event
        work = event.handle_unit in clocks.WORK_UNITS
        if all((grant.amount_unit in clocks.WORK_UNITS) == work for grant in self.grants):
            return self._due(event.handle_since, event.handle_seconds, event.handle_unit)
        # Natural days on top of working ones are as many working seconds as the calendar gives them.
        standard = event.standard
        seconds = clocks.limit_seconds(standard.limit, standard.limit_unit)
        for grant in self.grants:
            due = self._due(event.handle_since, seconds, event.handle_unit, before=grant.decided_at)
            later = clocks.extend(due, grant.amount, grant.amount_unit, self.calendar)
            seconds += clocks.used_seconds(due, later, event.handle_unit, self.calendar)
        event.handle_seconds = seconds
        return self._due(event.handle_since, seconds, event.handle_unit)

    def _due(self, since, seconds, unit, before=None) -> datetime:
        """Where a limit ends that stood still during the suspensions since it began (`before`: during earlier ones)."""
        stood = sum(
            clocks.used_seconds(begin, end, unit, self.calendar)
            for begin, end in self.pauses
            if end is not None and begin >= since and (before is None or end <= before)
        )
        return clocks.resume(seconds + stood, unit, since, self.calendar)

    def _left(self, due, unit) -> float:
        return clocks.remaining_seconds(self.stopped_at, due, unit, self.calendar)

    def _yellow(self, due, seconds, unit) -> datetime:
        return clocks.yellow_before(due, seconds, unit, self.calendar)
