"""The figures as screens, maps and papers ask for them: from the rollups, right to the event (events.figures.tail).

Each takes a `reading` where several are to be of one instant (`together`); without one it makes its own.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import TypeVar

from django.utils import timezone

from events.figures import counted, rows, spans, sums
from events.figures.counted import child_of, flows_of, late_list, newest
from events.figures.counts import Counts, under
from events.figures.sums import Piece
from events.figures.tail import Reading, together
from events.figures.types import Bucket, ChildFigures, Department, Figure, Kind, Overview, Period, Step
from events.workflow import OPEN, Status

__all__ = ["children", "departments", "flow", "kinds", "late_list", "newest", "overview", "period", "together", "trend"]

T = TypeVar("T")


def _of(reading: Reading | None, now: datetime, make: Callable[[Reading], T]) -> T:
    return make(reading) if reading is not None else together(now, make)


# ---- the numbers around the map


def overview(path: str, now: datetime, reading: Reading | None = None) -> Overview:
    """The numbers around the map.

    Reported and closed: today, against yesterday until the same time. Open and late: now, against yesterday at this
    time; soon late and suspended: now. Closing rate (结案率: closed / led turns due), on-time rate (按期处置率: handled
    in time / turns due) and satisfaction (满意率: 4 or 5 stars / rated): this month until now, against last month until
    the same day and time. An event that was reopened is no longer closed, and counts as open all the while.
    """
    return _of(reading, now, partial(_overview, path, now))


RATED = ("due_at", "rated_at")
DAYS = ("reported", "ended", "closed", "due", "in_time", "to_close", "passed", "rated", "satisfied")
TODAY, YESTERDAY, MONTH, BEFORE = "today", "yesterday", "month", "before"


def overview_times(now: datetime) -> dict[str, tuple]:
    """{name: (start, end, instants)} of what the overview sums up."""
    yesterday = now - timedelta(days=1)
    return {
        TODAY: (spans.today(now), now, ("reported_at", "ended_at")),
        YESTERDAY: (spans.today(yesterday), yesterday, ("reported_at", "ended_at")),
        "since": (yesterday, now, ("reported_at", "ended_at")),
        MONTH: (spans.month_start(now), now, RATED),
        BEFORE: (*spans.month_before(now), RATED),
    }


def _overview(path, now, reading) -> Overview:
    yesterday = now - timedelta(days=1)
    found = _over(reading, path, overview_times(now))
    stands = _stands(sums.standing(reading, path))
    late = stands["late"] - sums.fell_due(reading, path, yesterday, now) + sums.ended_late(reading, path, yesterday, now)
    before = stands["open"] - found["since"]["reported"] + found["since"]["ended"]
    flows = {name: flows_of(counts) for name, counts in found.items()}

    def rate(name):
        return Figure(getattr(flows[MONTH], name), getattr(flows[BEFORE], name))

    return Overview(
        at=now,
        reported=Figure(flows[TODAY].reported, flows[YESTERDAY].reported),
        closed=Figure(flows[TODAY].closed, flows[YESTERDAY].closed),
        open=Figure(stands["open"], before),
        late=Figure(stands["late"], late),
        soon=Figure(stands["soon"]),
        suspended=Figure(stands["suspended"]),
        closing=rate("closing"),
        on_time=rate("on_time"),
        satisfaction=rate("satisfaction"),
    )


def cut(times: dict[str, tuple]) -> tuple[dict[str, tuple], list[Piece]]:
    """Each time as whole days, {name: (first, last, instants)}, and pieces of days at its ends; one that lies in a day
    is one piece."""
    whole, pieces = {}, []
    for name, (start, end, instants) in times.items():
        first, last = spans.local(start).date(), spans.local(end).date()
        if start > spans.midnight(first):
            first += timedelta(days=1)
            pieces.append(Piece(name, start, min(spans.midnight(first), end), instants))
        if last >= first:
            whole[name] = (first, last, instants)
            if end > spans.midnight(last):
                pieces.append(Piece(name, spans.midnight(last), end, instants))
    return whole, pieces


def _over(reading, path, times) -> dict[str, Counts]:
    """{name: counts} of times that begin anywhere and end anywhere, by the instants asked: two statements and the tail."""
    whole, pieces = cut(times)
    begin = min((first for first, _last, _i in whole.values()), default=None)
    until = max((last for _first, last, _i in whole.values()), default=None)
    by_day = sums.days(reading, path, begin, until, DAYS) if begin and begin < until else {}
    broken = sums.kept(reading, path, pieces)
    found = {}
    for name, (start, end, instants) in times.items():
        first, last, _instants = whole.get(name, (date.max, date.min, ()))
        parts = [counts for day, counts in by_day.items() if first <= day < last]
        parts += broken.get(name, {}).values()
        parts += reading.moved(path, instants, start, end).values()
        total = found[name] = Counts()
        for counts in parts:
            total.add(counts)
    return found


def _stands(found: dict[tuple, Counts]) -> Counts:
    """{open, late, soon, suspended} of the statuses of one place."""
    total = Counts()
    for (_below, status), counts in found.items():
        if status in OPEN:
            total["open"] += counts["standing"]
            total["late"] += counts["late"]
            total["soon"] += counts["soon"]
        if status == Status.SUSPENDED:
            total["suspended"] += counts["standing"]
    return total


# ---- the six steps, the trend


def flow(path: str, now: datetime, reading: Reading | None = None) -> list[Step]:
    """The six steps in their order: awaiting registration, dispatch, signature, being handled, awaiting verification,
    closed and awaiting a rating. Suspended ones stand outside (`overview`)."""
    return _of(reading, now, partial(_flow, path, now))


def _flow(path, now, reading) -> list[Step]:
    found = sums.standing(reading, path)
    steps = []
    for status in rows.STEPS:
        counts = found.get((None, str(status)), Counts())
        n, age = counts["standing"], None
        if n:
            age = timedelta(seconds=max(0, int(now.timestamp() - counts["since"] / n)))
        steps.append(Step(status, Status(status).label, n, counts["late"], counts["soon"], age))
    return counted.jammed(steps)


def trend(
    path: str, now: datetime, by: str = "hour", buckets: int | None = None, reading: Reading | None = None
) -> list[Bucket]:
    """The last so many hours, days or months (24, 30, 12 if not given), the running one last and until `now`.

    `late`: turns that came due in it and were not handled in time. Raises KeyError for another word than these three.
    """
    starts = spans.bucket_starts(now, by, buckets or spans.BUCKETS[by])
    return _of(reading, now, partial(_trend, path, now, by, starts))


TREND = ("reported_at", "ended_at", "due_at")
OF_BUCKET = ("reported", "closed", "due", "in_time")


def _trend(path, now, by, starts, reading) -> list[Bucket]:
    start = starts[0]
    if by == "hour":
        pieces = [Piece("rest", start, now, TREND)]
        found = sums.kept(reading, path, pieces, "hour").get("rest", {})
        moved = reading.moved(path, TREND, start, now, sums.KEYS["hour"][1])
        keys, parts = [int(at.timestamp()) // 3600 for at in starts], (found, moved)
    else:
        last, pieces = sums.broken(start.date(), now, TREND)
        read, bucket = (sums.months, first_of_month) if by == "month" else (sums.days, _same)
        whole = read(reading, path, start.date(), last, OF_BUCKET)
        rest = sums.kept(reading, path, pieces).get("rest", {}).get(None, {})
        moved = reading.moved(path, TREND, start, now, lambda row, at: bucket(spans.local(at).date()))
        keys, parts = [at.date() for at in starts], (whole, {bucket(last): rest}, moved)
    found = _bucketed(parts)
    return [_bucket(at, *found.get(key, (0, 0, 0, 0))) for at, key in zip(starts, keys, strict=True)]


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def _same(day: date) -> date:
    return day


def _bucketed(parts) -> dict:
    """{key of a bucket: numbers of OF_BUCKET}."""
    found: dict = {}
    for part in parts:
        for key, counts in part.items():
            total, get = found.setdefault(key, [0, 0, 0, 0]), counts.get
            total[0] += get("reported", 0)
            total[1] += get("closed", 0)
            total[2] += get("due", 0)
            total[3] += get("in_time", 0)
    return found


def _bucket(start, reported, closed, due, in_time) -> Bucket:
    return Bucket(start, reported, closed, due - in_time)


# ---- kinds, places, units


def kinds(
    path: str, start: date, end: date, most: int | None = 10, reading: Reading | None = None
) -> list[Kind]:
    """Minor classes by the number reported in the days from `start` until before `end`; `open` is what is open today."""
    return _of(reading, timezone.now(), partial(_kinds, path, start, end, most))


def _kinds(path, start, end, most, reading) -> list[Kind]:
    reported = _summed(sums.kinds_reported(reading, path, start, end), 0)
    return counted.kinds_of(reported, sums.kinds_open(reading, path), most)


def _summed(counts: dict[tuple, int], part: int) -> dict:
    total: dict = {}
    for key, n in counts.items():
        total[key[part]] = total.get(key[part], 0) + n
    return total


def children(
    path: str, now: datetime, start: date, end: date, reading: Reading | None = None, generation: int = 1,
    instants: tuple[str, ...] = sums.EVERY,
) -> dict[int, ChildFigures]:  # fmt: skip
    """{id of a direct child grid: its figures}: what happened from `start` until before `end`, what is open at `now`.

    Grids that have nothing are left out; redrawn ones keep theirs. What lies at `path` itself (outside every grid)
    belongs to no child. `generation` 2: of all grandchildren, for the same number of statements. `instants`: only what
    these count (events.figures.rows), the rest stays 0.
    """
    return _of(reading, now, partial(_children, path, now, start, end, generation=generation, instants=instants))


def _children(path, now, start, end, reading, generation=1, instants=sums.EVERY) -> dict[int, ChildFigures]:
    flows, stands, child = {}, {}, partial(_child, {}, path, generation)
    until = min(spans.midnight(end), now)
    for below, counts in sums.flows(reading, path, start, until, "child", generation, instants).items():
        under(flows, child(below)).add(counts)
    for (below, status), counts in sums.standing(reading, path, children=generation).items():
        stands.setdefault(child(below), {})[below, status] = counts
    found = {}
    for pk in sorted({*flows, *stands} - {None}):
        now_ = _stands(stands.get(pk, {}))
        figures = flows_of(flows.get(pk, ()), ChildFigures, open=now_["open"], late=now_["late"], soon=now_["soon"])
        if figures != ChildFigures():
            found[pk] = figures
    return found


def _child(known: dict, path: str, generation: int, below: str) -> int | None:
    """`child_of`; each path stands in many rows."""
    if below not in known:
        known[below] = child_of(path, below, generation)
    return known[below]


def departments(
    path: str, start: date, end: date, now: datetime | None = None, reading: Reading | None = None
) -> list[Department]:
    """Every unit that had a turn then or has one now, by id."""
    now = now or timezone.now()
    return _of(reading, now, partial(_departments, path, start, end, now))


def _departments(path, start, end, now, reading) -> list[Department]:
    flows = sums.flows(reading, path, start, min(spans.midnight(end), now), "unit")
    found = sums.add(flows, sums.lying(reading, path))
    made = (counted.department_of(unit, counts) for unit, counts in sorted(found.items()))
    return [row for row in made if row != Department(row.unit_id)]


def period(
    path: str, start: date, end: date, now: datetime | None = None, reading: Reading | None = None
) -> Period:
    """What a daily, weekly or monthly report needs of the days from `start` until before `end`."""
    now = now or timezone.now()
    return _of(reading, now, partial(_period, path, start, end, now))


def _period(path, start, end, now, reading) -> Period:
    reported = sums.kinds_reported(reading, path, start, end)
    flows = sums.flows(reading, path, start, min(spans.midnight(end), now))
    by_kind = counted.kinds_of(_summed(reported, 0), sums.kinds_open(reading, path), None)
    sources = _summed(reported, 1)
    return Period(
        flows=flows_of(flows.get(None, ())),
        sources={source: n for source, n in sorted(sources.items()) if n},
        kinds=by_kind,
        children=_children(path, now, start, end, reading),
    )
