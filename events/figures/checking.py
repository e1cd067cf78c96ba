"""Whether the figures are right: counted from the events themselves, and compared with what is kept.

Looked at as of one instant: on PostgreSQL in one snapshot, on SQLite in the one transaction that may write. What has
not been folded yet is folded first, in the same snapshot, so that everything must be equal. The counts are those of
events.figures.counted, by place and day; they share no statement with the rollups.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from events.figures import counted, folding, rows
from events.models import Assignment, Event
from events.workflow import OPEN, Status

TRIES = 5
EVERY_DAY = (date(1, 1, 1), date(9999, 12, 31))


@dataclass(frozen=True)
class Wrong:
    """One figure that is not what it should be. `day` is empty for what stands now; `key`: a unit, a standard, a status."""

    path: str
    day: date | None
    figure: str
    key: str
    kept: int
    counted: int


@dataclass(frozen=True)
class Checked:
    """The result: figures that differ, events that are kept otherwise than they are, and how many there are."""

    wrong: list[Wrong]
    stale: list[int]
    events: int


def check(
    first: date | None = None, last: date | None = None, *, repair: bool = False, now: datetime | None = None
) -> Checked:
    """Compare everything of the days from `first` to `last` (all if not given) and what stands now.

    With `repair` the kept rows of events that differ are made anew, and what the sums lack is added to them; what was
    wrong is returned all the same.
    """
    span = (first or EVERY_DAY[0], last or EVERY_DAY[1])
    for attempt in range(TRIES):
        try:
            with _one_snapshot():
                return _check(span, repair, now or timezone.now())
        except OperationalError:  # somebody folded between our snapshot and our lock
            if attempt == TRIES - 1 or connection.in_atomic_block:
                raise
    raise AssertionError


@contextmanager
def _one_snapshot():
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def _check(span, repair, now) -> Checked:
    state = folding.locked()
    if state.built_at is None:
        folding.build(state, now, folding.newest())
    while folding.fold_batch(state, now, folding.BATCH) >= folding.BATCH:
        pass
    stale = _stale(now)
    wrong = list(_wrong(span, now))
    if repair:
        with connection.cursor() as cursor:
            for n in range(0, len(stale), folding.BATCH):
                folding.refold(cursor, stale[n : n + folding.BATCH], now)
            _put_sums_right(cursor)
        state.turn += 1
        state.save()
    return Checked(wrong, stale, Event.objects.count())


def _stale(now) -> list[int]:
    """Events that are kept otherwise than they are."""
    found: set[int] = set()
    with connection.cursor() as cursor:
        for kind in (rows.EVENT, rows.TURN):
            columns = ", ".join(("path", *rows.COLUMNS[kind]))
            live, kept = (f"SELECT {columns} FROM ({source[kind][0]}) x" for source in (rows.LIVE, rows.KEPT))
            for one, other in ((live, kept), (kept, live)):
                cursor.execute(
                    f"SELECT DISTINCT event_id FROM ({one} EXCEPT {other}) d", {"now": folding.stamp(now)}
                )
                found.update(pk for (pk,) in cursor.fetchall())
    return sorted(found)


# ---- what is counted: querysets by path and key, and the table that must hold the same at every level


@dataclass(frozen=True)
class Counting:
    """Rows that count on the day of `instant` (or now, without one): {figure: aggregate}; `unit` where by unit."""

    rows: QuerySet
    figures: dict[str, Any]
    instant: str = ""
    unit: str = "unit_id"


def _of_days() -> list[Counting]:
    """The definitions of events.figures.counted, for all times at once."""
    n, events, turns = Count("pk"), Event.objects.order_by(), Assignment.objects.order_by()
    led, closing = turns.filter(lead=True), counted.OF_CLOSING
    rated = events.filter(evaluated_at__isnull=False, stars__isnull=False, lead__isnull=False)
    return [
        Counting(events, {"reported": n, "registered": _n(registered_at__isnull=False)}, "reported_at"),
        Counting(events.filter(closed_at__isnull=False), {"closed": n, "settled": _n(settled_on_spot=True)}, "closed_at"),
        Counting(
            rated, {"rated": n, "satisfied": _n(stars__gte=counted.SATISFIED), "stars": Sum("stars")},
            "evaluated_at", "lead_id",
        ),
        Counting(
            counted.ever_due(turns),
            {"due": n, "in_time": Count("pk", filter=counted.IN_TIME), "to_close": Count("pk", filter=closing),
             "passed": Count("pk", filter=closing & Q(outcome="passed"))},
            "due_at",
        ),
        Counting(led.exclude(outcome="withdrawn"), {"dispatched": n, "returned": _n(outcome="returned")}, "dispatched_at"),
        Counting(
            led.filter(outcome__in=counted.DONE, ended_at__isnull=False), {"handled": n, "reworked": _n(outcome="rework")},
            "ended_at",
        ),
    ]  # fmt: skip


def _n(**condition) -> Count:
    return Count("pk", filter=Q(**condition))


def _by_standard(rows_: QuerySet) -> QuerySet:
    return rows_.annotate(c_standard_id=Coalesce("standard_id", 0))


def _wrong(span, now) -> Iterator[Wrong]:
    of_days, reported = _of_days(), Event.objects.order_by()
    of_units = [c for c in of_days if c.rows.model is Assignment] + [replace(of_days[2], figures=_without_stars(of_days[2]))]
    light = {"late": Count("pk", filter=counted.late(now)), "soon": Count("pk", filter=counted.soon(now))}
    standing = Counting(reported.filter(status__in=rows.STANDING), {"standing": Count("pk"), **light})
    kinds = Counting(_by_standard(reported), {"reported": Count("pk")}, "reported_at")
    open_kinds = Counting(_by_standard(reported.filter(status__in=OPEN)), {"standing": Count("pk")})
    overdue = Count("pk", filter=Q(due_at__lt=now) & ~Q(event__status=Status.SUSPENDED))
    lying = Counting(Assignment.objects.order_by().filter(outcome="open"), {"standing": Count("pk"), "late": overdue})
    every = (of_days, [kinds], of_units, [standing], [open_kinds], [lying])
    for rollup, counts in zip(rows.ROLLUPS, every, strict=True):
        yield from _differing(rollup, counts, span)


def _without_stars(count):
    return {name: aggregate for name, aggregate in count.figures.items() if name != "stars"}


def _differing(rollup, counts, span) -> Iterator[Wrong]:
    """Rows of one table whose figures are not those counted."""
    names = [name for count in counts for name in count.figures]
    keys = [f'"c_{key}"' for key in rollup.key]
    parts, params = [], []
    for count in counts:
        sql, values = _grouped(count, rollup.key).query.sql_with_params()
        own = ", ".join(f'q."n_{name}"' if name in count.figures else "0" for name in names)
        parts.append(f"SELECT q.c_path AS path, {', '.join(f'q.{key}' for key in keys)}, {own} FROM ({sql}) q")
        params += values
    columns = ", ".join(("path", *keys, *(f"n_{name}" for name in names)))
    kept = ", ".join(f"SUM(d.k_{name})" for name in names)
    made = ", ".join(f"SUM(d.n_{name})" for name in names)
    differ = " OR ".join(f"SUM(d.k_{name}) <> SUM(d.n_{name})" for name in names)
    level = "" if rollup.deepest is None else f"WHERE b.depth <= {rollup.deepest}"
    grouped = ", ".join(f"d.{key}" for key in keys)
    days = 'WHERE d."c_day" >= %s AND d."c_day" <= %s' if "day" in rollup.key else ""
    sql = (
        f"WITH counted ({columns}) AS ({' UNION ALL '.join(parts)}) SELECT p.path, {grouped}, {kept}, {made} FROM ("
        f"SELECT b.ancestor_id AS place_id, {', '.join(f'c.{key}' for key in keys)}, "
        f"{', '.join(f'c.n_{name}, 0 AS k_{name}' for name in names)} FROM counted c "
        f"JOIN events_figureplace l ON l.path = c.path JOIN events_figurebelow b ON b.place_id = l.id {level} UNION ALL "
        f"SELECT place_id, {', '.join(rollup.key)}, {', '.join(f'0, {name}' for name in names)} FROM {rollup.table}"
        f") d JOIN events_figureplace p ON p.id = d.place_id {days} GROUP BY p.path, {grouped} HAVING {differ} "
        f"ORDER BY {', '.join(str(n + 2) for n in range(len(keys)))}, 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, *(span if days else ())])
        for path, *values in cursor.fetchall():
            yield from _named(rollup, names, path, values)


def _grouped(count: Counting, key) -> QuerySet:
    """`count` by path and key, under the names that `_differing` asks for."""
    below = "" if count.rows.model is Event else "event__"
    given = {
        "day": lambda: TruncDate(count.instant), "unit_id": lambda: F(count.unit), "source": lambda: F("source"),
        "status": lambda: F("status"),
    }  # fmt: skip
    known = count.rows.query.annotations
    made = {f"c_{name}": given[name]() for name in key if f"c_{name}" not in known}
    names = ["c_path", *(f"c_{name}" for name in key)]
    figures = {f"n_{name}": aggregate for name, aggregate in count.figures.items()}
    return count.rows.annotate(c_path=F(f"{below}path"), **made).values(*names).annotate(**figures)


def _named(rollup, names, path, values) -> Iterator[Wrong]:
    key, numbers = values[: len(rollup.key)], values[len(rollup.key) :]
    day = key[0] if rollup.key[0] == "day" else None
    what = " ".join(str(part) for part in (key[1:] if day else key))
    for name, kept, made in zip(names, numbers, numbers[len(names) :], strict=False):
        if kept != made:
            at = date.fromisoformat(day) if isinstance(day, str) else day
            yield Wrong(path, at, f"{rollup.table.removeprefix('events_')}.{name}", what, int(kept), int(made))


def _put_sums_right(cursor) -> None:
    """Adds to each sum what the kept rows make more (or less) of it."""
    for rollup in rows.ROLLUPS:
        key = ", ".join(("place_id", *rollup.key))
        sums = ", ".join(rollup.sums)
        lacking = (
            f"SELECT {key}, {', '.join(f'SUM({name}) AS {name}' for name in rollup.sums)} FROM ("
            f"SELECT {key}, {sums} FROM ({rollup.select()}) made UNION ALL "
            f"SELECT {key}, {', '.join(f'-{name}' for name in rollup.sums)} FROM {rollup.table}) d "
            f"GROUP BY {key} HAVING {' OR '.join(f'SUM({name}) <> 0' for name in rollup.sums)}"
        )
        cursor.execute(rollup.adding(lacking), {})
