"""Folding: taking what has happened since into the sums.

A fold takes each event that has moved out of the sums as it is kept there, keeps it anew and adds it again: all in one
transaction, a batch of events at a time, under the lock of the one row of state. Whether it runs or not, reads are
right (events.figures.tail); it only keeps what they must put right small.

Who is folded: events with a step that is newer than what is kept of them, those whose light, or a turn's, has changed
since lights were last compared, and those that were touched. `done_id` says from which step on one has to look. On
PostgreSQL a transaction that still writes may have drawn a lower number than steps that are already seen, so the bound is
moved only to a number once seen as the last, when every transaction of that time has ended (core.feeds).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db import connection, transaction
from django.utils import timezone

from core import feeds
from events.figures import rows
from events.models import FigureBelow, FigurePlace, FigureState, FigureTouch, FoldedEvent, Transition

BATCH = 5000
ROOM = "64MB"  # for adding up everything at once

# Few steps are looked at: said so to PostgreSQL, which takes "above a number" alone for a third of the table, by an upper
# bound, and with a look-up for each, which cannot become a join with all that is kept.
NEWER = """
SELECT t.event_id FROM events_transition t
WHERE t.id > %(done)s AND t.id <= (SELECT MAX(id) FROM events_transition)
AND t.seq > COALESCE((SELECT f.seq FROM events_foldedevent f WHERE f.event_id = t.event_id), -1)
"""
TOUCHED = "SELECT event_id FROM events_figuretouch"
# Lights that changed between two instants, whichever is the earlier.
CHANGED = """
SELECT event_id FROM events_foldedevent WHERE is_open = 1 AND {clock} >= %(early)s AND {clock} < %(late)s
AND light <> CASE WHEN clock_due < %(now)s THEN 2 WHEN clock_yellow < %(now)s THEN 1 ELSE 0 END
"""
# The same of turns: a unit's deadline is not that of the stage its event is in.
OVERDUE = """
SELECT event_id FROM events_foldedturn WHERE lying = 1 AND lies_until >= %(early)s AND lies_until < %(late)s
AND lies_late <> CASE WHEN lies_until < %(now)s THEN 1 ELSE 0 END
"""
UNFOLDED = " UNION ".join(
    (NEWER, TOUCHED, CHANGED.format(clock="clock_due"), CHANGED.format(clock="clock_yellow"), OVERDUE)
)


@dataclass(frozen=True)
class Folded:
    """How many events were folded, and whether another one was at it (then none)."""

    events: int = 0
    busy: bool = False


def touch(event_ids: Iterable[int]) -> None:
    """Tell that figures of these events changed without a step of theirs (an exemption, a repair by hand).

    In the transaction that changes them; reads are right from its commit on.
    """
    FigureTouch.objects.bulk_create(FigureTouch(event_id=pk) for pk in set(event_ids))


def fold(now: datetime | None = None, batch: int = BATCH) -> Folded:
    """Take everything that has happened into the sums, in batches; a database without sums gets them first.

    Harmless when run twice, at once, or after days without.
    """
    total = 0
    while True:
        moment, mark = now or timezone.now(), newest()
        with transaction.atomic():
            state = locked(wait=False)
            if state is None:
                return Folded(total, busy=True)
            if state.built_at is None and mark.last:
                return Folded(total + build(state, moment, mark))
            count = fold_batch(state, moment, batch)
        total += count
        if count < batch:
            return Folded(total)


def rebuild(now: datetime | None = None) -> int:
    """Everything from nothing, in one transaction; readers see the old sums meanwhile. Returns the number of events."""
    mark = newest()
    with transaction.atomic():
        return build(locked(), now or timezone.now(), mark)


def locked(*, wait: bool = True) -> FigureState | None:
    """The state, locked until the end of the transaction; None if another one has it."""
    state = FigureState.objects.select_for_update(skip_locked=not wait).first()
    if state is None and not FigureState.objects.exists():
        FigureState.objects.bulk_create([FigureState(pk=1)], ignore_conflicts=True)
        state = FigureState.objects.select_for_update(skip_locked=not wait).first()
    return state


def stamp(moment: datetime | None):
    return connection.ops.adapt_datetimefield_value(moment)


def unfolded(state: FigureState, now: datetime) -> dict:
    """The parameters of UNFOLDED."""
    at = state.at or now
    return {
        "done": state.done_id, "now": stamp(now), "early": stamp(min(at, now)), "late": stamp(max(at, now)),
    }  # fmt: skip


def fold_batch(state, now, batch) -> int:
    """One batch. Returns how many events were folded; fewer than `batch` means that nothing is left."""
    bound = feeds.settled(Transition)[1]
    touches = list(FigureTouch.objects.order_by("pk")[:batch])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT event_id FROM ({UNFOLDED}) u LIMIT {batch}", unfolded(state, now))
        ids = sorted({pk for (pk,) in cursor.fetchall()} | {touch.event_id for touch in touches})
        if ids:
            refold(cursor, ids, now)
    if touches:
        FigureTouch.objects.filter(pk__in=[touch.pk for touch in touches]).delete()
    if len(ids) < batch:
        state.at = now
        _move_bound(state, bound, newest())
    state.turn += bool(ids)
    state.built_at = state.built_at or now
    state.save()
    return len(ids)


def refold(cursor, ids: list[int], now: datetime) -> None:
    """These events out of the sums, kept anew, and into them again. Under the lock of the state."""
    given = {"ids": rows.ids_value(ids), "now": stamp(now)}
    mine = rows.ids("event_id")
    _know_places(cursor, f"WHERE {rows.ids('id')}", given)
    for rollup in rows.ROLLUPS:
        cursor.execute(rollup.change(-1, mine), given)
    for kind in (rows.EVENT, rows.TURN):
        cursor.execute(f"DELETE FROM {rows.TABLE[kind]} WHERE {mine}", given)
    # Events before turns: a step taken in between makes the turn newer than `seq` says, and it is folded again.
    for kind in (rows.EVENT, rows.TURN):
        cursor.execute(rows.into(kind, rows.ids("{event_id}")), given)
    for rollup in rows.ROLLUPS:
        cursor.execute(rollup.change(1, mine), given)


@dataclass(frozen=True)
class Mark:
    """The last step that is seen, and the transaction below which all that could still write one before it lie."""

    last: int
    top: int | None


def newest() -> Mark:
    top = "txid_snapshot_xmax(txid_current_snapshot())" if connection.vendor == "postgresql" else "NULL"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COALESCE(MAX(id), 0), {top} FROM events_transition")
        return Mark(*cursor.fetchone())


def _move_bound(state, bound, mark) -> None:
    """Steps before which none can turn up any more need not be looked at again. `bound`: below it no transaction wrote
    when the looking began; `mark`: where to move to once that is true of it."""
    if bound is None:  # SQLite's writers stand in line: what is seen is all there is
        state.done_id = mark.last
        return
    if state.next_xact is not None and state.next_xact <= bound:
        state.done_id, state.next_xact = state.next_id, None
    if state.next_xact is None or state.next_xact > mark.top:  # the second: restored into another server
        state.next_id, state.next_xact = mark.last, mark.top


def _know_places(cursor, where="", given=None) -> None:
    """A number for every path that events lie at, and for those above it."""
    cursor.execute(
        f"SELECT DISTINCT e.path FROM events_event e {where} EXCEPT SELECT path FROM events_figureplace", given or {}
    )
    fresh = [path for (path,) in cursor.fetchall()]
    if not fresh:
        return
    known = dict(FigurePlace.objects.values_list("path", "pk"))
    wanted = {above for path in fresh for above in _upwards(path)} - known.keys()
    for depth, paths in groupby(sorted(wanted, key=lambda path: (_depth(path), path)), key=_depth):
        made = [FigurePlace(path=path, parent_id=known.get(_parent(path)), depth=depth) for path in paths]
        known |= {place.path: place.pk for place in FigurePlace.objects.bulk_create(made, batch_size=BATCH)}
    below = (
        FigureBelow(place_id=known[path], ancestor_id=known[above], depth=depth)
        for path in sorted(wanted)
        for depth, above in enumerate(_upwards(path))
    )
    FigureBelow.objects.bulk_create(below, batch_size=BATCH)


def _upwards(path: str) -> list[str]:
    """A path and those above it, the whole territory's first: /1/, /1/14/, /1/14/120/."""
    parts = path.strip("/").split("/")
    return [f"/{'/'.join(parts[:end])}/" for end in range(1, len(parts) + 1)]


def _depth(path: str) -> int:
    return path.count("/") - 2


def _parent(path: str) -> str:
    return path[: path.rstrip("/").rfind("/") + 1]


def build(state, now, mark) -> int:
    """Everything anew, set by set. `mark` was read before the transaction began: its own number is above it."""
    bound = feeds.settled(Transition)[1]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # the sums of a county fit, where the usual 4 MB go to disk many times over
            cursor.execute(f"SET LOCAL work_mem = '{ROOM}'")
        for table in (*(rollup.table for rollup in rows.ROLLUPS), *rows.TABLE.values(), "events_figuretouch"):
            cursor.execute(f"DELETE FROM {table}")
        _know_places(cursor)
        for kind in (rows.EVENT, rows.TURN):
            cursor.execute(rows.into(kind), {"now": stamp(now)})
        for rollup in rows.ROLLUPS:
            cursor.execute(rollup.change(1), {})
    state.turn, state.at, state.built_at = state.turn + 1, now, now
    state.done_id, state.next_id, state.next_xact = 0, mark.last, mark.top
    _move_bound(state, bound, mark)
    state.save()
    return FoldedEvent.objects.count()
