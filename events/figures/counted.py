"""The figures counted from the events themselves, each time anew: the definitions, and what the rollups must equal.

Every function counts what `figures` of the same name reads from the rollups; tests and `verify_figures` compare the
two. Slow on a million events, and meant to be.

Definitions are those of evaluation's indicators (docs/scores.md): turns due, led, handled, rated. A territory's
rate is that of all departments' turns at its events; being late is a fact, an exemption counts as in time.
"""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.db.models import Avg, Case, Count, F, Q, QuerySet, Sum, Value, When
from django.utils import timezone

from events import limits
from events.figures import spans
from events.figures.counts import Counts
from events.figures.types import (
    Bucket,
    ChildFigures,
    Department,
    Figure,
    Flows,
    Kind,
    Line,
    Overview,
    Period,
    Rate,
    Step,
)
from events.models import Assignment, Event, StageRecord
from events.workflow import OPEN, RUNNING, Stage, Status

Outcome = Assignment.Outcome
DONE = (Outcome.FED_BACK, Outcome.PASSED, Outcome.REWORK)
SATISFIED = 4
STEPS = (*RUNNING, Status.CLOSED)
UNREGISTERED = (Status.REJECTED, Status.MERGED, Status.CANCELLED)


def _within(field: str, start: datetime, end: datetime) -> Q:
    return Q(**{f"{field}__gte": start, f"{field}__lt": end})


def _events(path: str) -> QuerySet[Event]:
    return Event.objects.filter(path__startswith=path).order_by()


def _turns(path: str) -> QuerySet[Assignment]:
    return Assignment.objects.filter(event__path__startswith=path).order_by()


def due(turns: QuerySet[Assignment], start: datetime, end: datetime) -> QuerySet[Assignment]:
    """Turns that should have been handled then (evaluation.indicators.departments)."""
    return ever_due(turns.filter(_within("due_at", start, end)))


def ever_due(turns: QuerySet[Assignment]) -> QuerySet[Assignment]:
    """The same at whatever time."""
    return (
        turns.exclude(outcome=Outcome.WITHDRAWN)
        .exclude(outcome=Outcome.RETURNED, late=False)
        .exclude(outcome=Outcome.OPEN, event__status=Status.SUSPENDED)
    )


IN_TIME = Q(outcome__in=DONE, late=False) | Q(exempt=True)
OF_CLOSING = Q(lead=True) & ~Q(outcome__in=[Outcome.REWORK, Outcome.RETURNED])


def _by(rows: QuerySet, key: str | None, **counts) -> dict:
    """{key: {name: count}} in one query; `key` None for everything together, under None."""
    if key is None:
        return {None: rows.aggregate(**counts)}
    return {row.pop(key): row for row in rows.values(key).annotate(**counts)}


def flows(path: str, start: datetime, end: datetime, key: str | None = None) -> dict:
    """{value of the event's field `key`: Flows}, under None if there is no key. Five queries."""
    turn_key = key and f"event__{key}"
    events, turns = _events(path), _turns(path)
    registered = Q(registered_at__isnull=False)
    rated = events.filter(_within("evaluated_at", start, end), stars__isnull=False, lead__isnull=False)
    led = turns.filter(lead=True)
    sent = led.filter(_within("dispatched_at", start, end)).exclude(outcome=Outcome.WITHDRAWN)
    ended = led.filter(_within("ended_at", start, end), outcome__in=DONE)
    n = Count("pk")
    parts = [
        _by(events.filter(_within("reported_at", start, end)), key, reported=n, registered=Count("pk", filter=registered)),
        _by(
            events.filter(_within("closed_at", start, end)), key, closed=n,
            settled=Count("pk", filter=Q(settled_on_spot=True)),
        ),
        _by(rated, key, rated=n, satisfied=Count("pk", filter=Q(stars__gte=SATISFIED)), sum_stars=Sum("stars", default=0)),
        _by(
            due(turns, start, end), turn_key, due=n, in_time=Count("pk", filter=IN_TIME),
            to_close=Count("pk", filter=OF_CLOSING), passed=Count("pk", filter=OF_CLOSING & Q(outcome=Outcome.PASSED)),
        ),
        _by(sent, turn_key, dispatched=n, returned=Count("pk", filter=Q(outcome=Outcome.RETURNED))),
        _by(ended, turn_key, handled=n, reworked=Count("pk", filter=Q(outcome=Outcome.REWORK))),
    ]  # fmt: skip
    found: dict = {}
    for part in parts:
        for value, counts in part.items():
            if "sum_stars" in counts:  # an annotation must not be called as the column is; the rollups' sum is
                counts["stars"] = counts.pop("sum_stars")
            found.setdefault(value, Counter()).update(counts)
    return {value: flows_of(counts) for value, counts in found.items()}


def flows_of(counts, make=Flows, **more):
    """Flows from counts by name; what is missing is nothing."""
    c = counts if isinstance(counts, Counts) else Counts(counts)
    return make(
        reported=c["reported"], registered=c["registered"], closed=c["closed"], settled=c["settled"],
        on_time=Rate(c["in_time"], c["due"]), closing=Rate(c["passed"], c["to_close"]),
        satisfaction=Rate(c["satisfied"], c["rated"]), stars=c["stars"], dispatched=c["dispatched"],
        returned=c["returned"], handled=c["handled"], reworked=c["reworked"], **more,
    )  # fmt: skip


def _all(path, start, end) -> Flows:
    return flows(path, start, end)[None]


# ---- what stands


def late(now):
    return Q(due_at__lt=now)


def soon(now):
    return Q(yellow_at__lt=now, due_at__gte=now)


def standing(path: str, now: datetime, key: str | None = None) -> dict:
    """{value: {open, late, soon, suspended}} of what is open."""
    return _by(
        _events(path).filter(status__in=OPEN), key, open=Count("pk"), late=Count("pk", filter=late(now)),
        soon=Count("pk", filter=soon(now)), suspended=Count("pk", filter=Q(status=Status.SUSPENDED)),
    )  # fmt: skip


def open_before(path: str, then: datetime, now: datetime, open_now: int) -> int:
    """How many of the events of now were open at `then`: what was reported since was not, what ended since was.

    One that was reopened counts as open all the while, as it no longer counts as closed.
    """
    ended = Case(When(status__in=UNREGISTERED, then=F("stage_since")), default=F("closed_at"))
    reported = _events(path).filter(_within("reported_at", then, now)).count()
    return open_now - reported + _events(path).annotate(ended_at=ended).filter(_within("ended_at", then, now)).count()


def late_before(path: str, then: datetime, now: datetime, late_now: int) -> int:
    """How many were late at `then`: of those of now the ones that were so already, and stages that ended since."""
    since = _events(path).filter(_within("due_at", then, now), status__in=OPEN)
    return late_now - since.count() + ended_late(path, then, now)


def ended_late(path: str, then: datetime, now: datetime) -> int:
    """Stages that were late at `then` and have ended since. The index is by stage and end."""
    stages = StageRecord.objects.filter(
        stage__in=Stage.values, ended_at__gt=then, ended_at__lte=now, due_at__lt=then, started_at__lte=then
    )  # fmt: skip
    return stages.filter(event__path__startswith=path).order_by().count()


def overview(path: str, now: datetime) -> Overview:
    yesterday, day = now - timedelta(days=1), spans.today(now)
    today, before = _all(path, day, now), _all(path, spans.today(yesterday), yesterday)
    month, last = _all(path, spans.month_start(now), now), _all(path, *spans.month_before(now))
    stands = standing(path, now)[None]
    return Overview(
        at=now,
        reported=Figure(today.reported, before.reported),
        closed=Figure(today.closed, before.closed),
        open=Figure(stands["open"], open_before(path, yesterday, now, stands["open"])),
        late=Figure(stands["late"], late_before(path, yesterday, now, stands["late"])),
        soon=Figure(stands["soon"]),
        suspended=Figure(stands["suspended"]),
        closing=Figure(month.closing, last.closing),
        on_time=Figure(month.on_time, last.on_time),
        satisfaction=Figure(month.satisfaction, last.satisfaction),
    )


def flow(path: str, now: datetime) -> list[Step]:
    rows = _by(
        _events(path).filter(status__in=STEPS), "status", count=Count("pk"), late=Count("pk", filter=late(now)),
        soon=Count("pk", filter=soon(now)), age=Avg(Value(now) - F("stage_since")),
    )  # fmt: skip
    return jammed([Step(status, Status(status).label, **rows.get(status, {})) for status in STEPS])


def jammed(steps: list[Step]) -> list[Step]:
    """The same, the worst one marked: by the share that is late, then by their number."""
    worst = max(steps, key=lambda step: (step.late / step.count if step.count else 0, step.late))
    return [replace(step, jams=True) if step is worst and step.late else step for step in steps]


def trend(path: str, now: datetime, by: str = "hour", buckets: int | None = None) -> list[Bucket]:
    starts = spans.bucket_starts(now, by, buckets or spans.BUCKETS[by])
    found = []
    for start, end in zip(starts, [*starts[1:], now], strict=True):
        counts = _all(path, start, end)
        late = counts.on_time.denominator - counts.on_time.numerator
        found.append(Bucket(start, counts.reported, counts.closed, late))
    return found


def kinds(path: str, start: date, end: date, most: int | None = 10) -> list[Kind]:
    span = _within("reported_at", spans.midnight(start), spans.midnight(end))
    reported = _by(_events(path).filter(span), "standard_id", n=Count("pk"))
    standing_ = _by(_events(path).filter(status__in=OPEN), "standard_id", n=Count("pk"))
    return kinds_of({k: v["n"] for k, v in reported.items()}, {k: v["n"] for k, v in standing_.items()}, most)


def kinds_of(reported: dict, standing_: dict, most: int | None) -> list[Kind]:
    """Counts by standard as minor classes: the most reported first."""
    entries = limits.current().standards
    names, sums = {"": ""}, {}
    for place, counts in enumerate((reported, standing_)):
        for pk, n in counts.items():
            code = entries[pk].code.rpartition("-")[0] or entries[pk].code if pk else ""
            names.setdefault(code, entries[pk].minor_name if pk else "")
            sums.setdefault(code, [0, 0])[place] += n
    rows = [Kind(code, names[code], *pair) for code, pair in sums.items() if any(pair)]
    return sorted(rows, key=lambda kind: (-kind.reported, -kind.open, kind.code))[:most]


def child_of(path: str, below: str, generation: int = 1) -> int | None:
    """The id of the direct child of `path` on the way to `below` (or of the grandchild, and so on); None where it lies
    above those."""
    ids = below[len(path) :].strip("/").split("/")
    return int(ids[generation - 1]) if len(ids) >= generation and ids[generation - 1] else None


def children(path: str, now: datetime, start: date, end: date) -> dict[int, ChildFigures]:
    until = min(spans.midnight(end), now)
    found: dict[int, Counter] = {}
    by_path = flows(path, spans.midnight(start), until, key="path") if spans.midnight(start) < until else {}
    sums: dict[int, list] = {}
    for below, part in by_path.items():
        sums.setdefault(child_of(path, below), []).append(part)
    for below, counts in standing(path, now, key="path").items():
        found.setdefault(child_of(path, below), Counter()).update(counts)
    keys = {*sums, *found} - {None}
    return {pk: _child(sums.get(pk, ()), found.get(pk, Counter())) for pk in sorted(keys)}


def _child(parts, stands) -> ChildFigures:
    total: dict = {}
    for part in parts:
        for name, value in vars(part).items():
            total[name] = total[name] + value if name in total else value
    return ChildFigures(**total, open=stands["open"], late=stands["late"], soon=stands["soon"])


def departments(path: str, start: date, end: date, now: datetime | None = None) -> list[Department]:
    now = now or timezone.now()
    first, until = spans.midnight(start), min(spans.midnight(end), now)
    turns, led = _turns(path), _turns(path).filter(lead=True)
    rated = _events(path).filter(_within("evaluated_at", first, until), stars__isnull=False, lead__isnull=False)
    lying = turns.filter(outcome=Outcome.OPEN)
    sent = led.filter(_within("dispatched_at", first, until)).exclude(outcome=Outcome.WITHDRAWN)
    ended = led.filter(_within("ended_at", first, until), outcome__in=DONE)
    late = Q(due_at__lt=now) & ~Q(event__status=Status.SUSPENDED)
    n, units = Count("pk"), {}
    parts = [
        _by(sent, "unit_id", dispatched=n, returned=Count("pk", filter=Q(outcome=Outcome.RETURNED))),
        _by(ended, "unit_id", handled=n, reworked=Count("pk", filter=Q(outcome=Outcome.REWORK))),
        _by(
            due(turns, first, until), "unit_id", due=n, in_time=Count("pk", filter=IN_TIME),
            to_close=Count("pk", filter=OF_CLOSING), passed=Count("pk", filter=OF_CLOSING & Q(outcome=Outcome.PASSED)),
        ),
        _by(rated, "lead_id", rated=n, satisfied=Count("pk", filter=Q(stars__gte=SATISFIED))),
        _by(lying, "unit_id", open=n, late=Count("pk", filter=late)),
    ]  # fmt: skip
    for part in parts:
        for unit, counts in part.items():
            units.setdefault(unit, Counter()).update(counts)
    return sorted((department_of(unit, c) for unit, c in units.items()), key=lambda row: row.unit_id)


def department_of(unit_id: int, c: Counts | Counter) -> Department:
    return Department(
        unit_id, c["dispatched"], c["handled"], Rate(c["in_time"], c["due"]), Rate(c["passed"], c["to_close"]),
        Rate(c["satisfied"], c["rated"]), c["returned"], c["reworked"], c["open"], c["late"],
    )  # fmt: skip


def period(path: str, start: date, end: date, now: datetime | None = None) -> Period:
    now = now or timezone.now()
    first, until = spans.midnight(start), min(spans.midnight(end), now)
    sources = _by(_events(path).filter(_within("reported_at", first, until)), "source", n=Count("pk"))
    return Period(
        flows=_all(path, first, until),
        sources={source: row["n"] for source, row in sorted(sources.items())},
        kinds=kinds(path, start, end, None),
        children=children(path, now, start, end),
    )


# ---- short lists

LINE = ("id", "number", "status", "urgency", "source", "grid_id", "standard_id", "holder_id", "reported_at", "due_at")


def late_list(path: str, now: datetime, most: int = 10) -> list[Line]:
    rows = _events(path).filter(due_at__lt=now, status__in=OPEN).order_by("due_at", "pk")
    return [Line(*row) for row in rows.values_list(*LINE)[:most]]


def newest(path: str, most: int = 10) -> list[Line]:
    rows = _events(path).order_by("-pk")
    return [Line(*row) for row in rows.values_list(*LINE)[:most]]
