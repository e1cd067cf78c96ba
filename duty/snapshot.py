"""What a unit had before it at one moment: kept with a hand-over, so that it can be read as it was then.

Numbers, classes and times only: what people wrote stays with the events.
"""

from datetime import datetime

from django.db.models import Count, Q
from django.utils import timezone

from events.models import Event, Supervision, WhistleCall
from events.workflow import OPEN, Status
from grids.models import Unit

MOST = 15
COLUMNS = ("pk", "number", "status", "standard__minor_name", "holder__name", "due_at")


def take(unit: Unit, now: datetime | None = None) -> dict:
    """{at, counts {open, mine, late, soon, register, supervised, whistles}, late [..], supervised [..], whistles [..]}.

    Of the events the unit holds or answers for as their centre. Four queries.
    """
    now = now or timezone.now()
    ours = Event.objects.filter(Q(holder=unit) | Q(centre=unit), status__in=OPEN).order_by()
    counts = ours.aggregate(
        open=Count("pk"),
        mine=Count("pk", filter=Q(holder=unit)),
        late=Count("pk", filter=Q(due_at__lt=now)),
        soon=Count("pk", filter=Q(yellow_at__lt=now, due_at__gte=now)),
        register=Count("pk", filter=Q(status=Status.REPORTED, holder=unit)),
    )
    asked = Supervision.objects.filter(Q(asked_unit=unit) | Q(unit=unit), answered_at=None, event__status__in=OPEN)
    whistled = WhistleCall.objects.filter(
        Q(unit=unit) | Q(whistle__unit=unit), arrived_at=None, whistle__event__status__in=OPEN
    )
    supervised, whistles = _supervised(asked, now), _whistles(whistled, now)
    counts |= {"supervised": supervised[1], "whistles": whistles[1]}
    return {
        "at": now.isoformat(),
        "counts": counts,
        "late": [_row(row) for row in ours.filter(due_at__lt=now).order_by("due_at", "pk").values_list(*COLUMNS)[:MOST]],
        "supervised": supervised[0],
        "whistles": whistles[0],
    }


def _row(values):
    pk, number, status, what, holder, due = values
    return {
        "event": pk, "number": number or f"#{pk}", "status": status, "what": what or "", "with": holder,
        "due": due.isoformat(),
    }  # fmt: skip


def _supervised(asked, now):
    columns = ("event_id", "event__number", "event__standard__minor_name", "asked_unit__name", "answer_by")
    rows = list(asked.order_by("answer_by", "pk").values_list(*columns))
    return [
        _asked(pk, number, what or "", unit, by, now) for pk, number, what, unit, by in rows[:MOST]
    ], len(rows)


def _asked(pk, number, what, unit, by, now):
    due = {"due": by.isoformat(), "late": by < now}
    return {"event": pk, "number": number or f"#{pk}", "what": what, "with": unit, **due}


def _whistles(whistled, now):
    event = ("whistle__event_id", "whistle__event__number", "whistle__event__standard__minor_name")
    columns = (*event, "unit__name", "come_by")
    rows = list(whistled.order_by("come_by", "pk").values_list(*columns))
    return [
        _asked(pk, number, what or "", unit, by, now)
        for pk, number, what, unit, by in rows[:MOST]
    ], len(rows)
