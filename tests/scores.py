"""Records to be scored, built by hand: shared by the tests of evaluation."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from zoneinfo import ZoneInfo

from evaluation import periods
from evaluation.models import Kind, Period, ScoreLine
from evaluation.registry import INDICATORS
from events.models import Assignment, Event, StageRecord
from events.workflow import Status

CHINA = ZoneInfo("Asia/Shanghai")
OCTOBER, QUARTER = date(2026, 10, 1), date(2026, 7, 1)
LATER = datetime(2026, 11, 1, 2, 0, tzinfo=CHINA)
MONTH, DEPARTMENTS = Kind.WORKER_MONTH, Kind.DEPARTMENT_QUARTER
numbers = count(1)


def local(month, day, hour=9, minute=0, second=0):
    return datetime(2026, month, day, hour, minute, second, tzinfo=CHINA)


def make_event(county, at, *, grid=None, status=Status.REGISTERED, **fields):
    """An event in the first western grid, reported at `at`; registered unless told otherwise."""
    grid = grid or county.west.grids[0]
    open_ended = status in (Status.REPORTED, Status.REJECTED, Status.MERGED, Status.CANCELLED)
    fields.setdefault("registered_at", None if open_ended else at)
    return Event.objects.create(
        number=None if open_ended else f"430281-2026-{next(numbers):06d}",
        description="井盖缺失",
        status=status,
        grid=grid,
        path=grid.path,
        holder=county.west.station,
        centre=county.west.station,
        reported_at=at,
        **fields,
    )


def make_turn(county, due_at, outcome, *, unit=None, days=2, **fields):
    """A turn of a unit with an event of its own; ended an hour before it was due unless it is open."""
    unit = unit or county.urban
    ended = None if outcome == "open" else due_at - timedelta(hours=1)
    event = fields.pop("event", None) or make_event(county, due_at - timedelta(days=days), lead=unit)
    fields = {"dispatched_at": due_at - timedelta(days=days), "ended_at": ended, **fields}
    return Assignment.objects.create(event=event, unit=unit, outcome=outcome, due_at=due_at, **fields)


def figures(code, kind=MONTH, start=OCTOBER):
    period = Period(kind=kind, start=start, end=periods.end_of(kind, start))
    return INDICATORS[code].figures(period)


def pair(top, bottom):
    return Decimal(top), None if bottom is None else Decimal(bottom)


def snapshot(period):
    """All that was written for a period, without ids."""
    lines = ScoreLine.objects.filter(scorecard__period=period).order_by(
        "scorecard__user", "scorecard__unit", "sort"
    )
    return [
        (line.scorecard.subject_id, line.scorecard.total, line.scorecard.rank, line.scorecard.of, line.indicator,
         line.numerator, line.denominator, line.value, line.most, line.points)
        for line in lines.select_related("scorecard")
    ]  # fmt: skip


def rated(county, stars, at=None, **fields):
    at = at or local(10, 20)
    return make_event(
        county, local(10, 1), status=Status.EVALUATED, stars=stars, closed_at=at, evaluated_at=at, **fields
    )


def busy_october(county):
    """What county.worker did: 5 reports (3 registered, 1 of them settled), 3 verifications (2 in time, 1 exempt late)."""
    me = {"reporter": county.worker}
    make_event(county, local(10, 1, 0, 0), **me)  # the first instant belongs to it
    make_event(county, local(10, 31, 23, 59, 59), **me)
    make_event(county, local(10, 9), status=Status.CLOSED, settled_on_spot=True, closed_at=local(10, 9), **me)
    make_event(county, local(10, 10), status=Status.REJECTED, **me)
    make_event(county, local(10, 11), status=Status.REPORTED, **me)
    make_event(county, local(9, 30, 23, 59, 59), **me)  # September
    make_event(county, local(11, 1, 0, 0), **me)  # November
    make_event(county, local(10, 5), reporter=county.worker_east)
    other = make_event(county, local(10, 2))
    for late, exempt in ((False, False), (True, False), (True, True)):
        StageRecord.objects.create(
            event=other, stage="verify", unit=county.west.station, actor=county.worker, late=late, exempt=exempt,
            started_at=local(10, 3), ended_at=local(10, 4),
        )  # fmt: skip
    StageRecord.objects.create(  # the centre's own: not the worker's
        event=other, stage="verify", unit=county.west.station, actor=county.operator, late=True,
        started_at=local(10, 3), ended_at=local(10, 4),
    )  # fmt: skip
    StageRecord.objects.create(  # another stage
        event=other, stage="register", unit=county.west.station, actor=county.worker, late=True,
        started_at=local(10, 3), ended_at=local(10, 4),
    )  # fmt: skip
