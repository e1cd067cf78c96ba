"""Seals over the history, and the proof that nobody has touched it."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from events.models import Event, Seal, SealedHead, Transition
from events.services.record import hash_of

_MOVED = """
SELECT t.event_id, t.seq, t.hash FROM events_transition t
JOIN (SELECT event_id, max(seq) AS seq FROM events_transition WHERE at >= %s AND at < %s GROUP BY event_id) last
  ON last.event_id = t.event_id AND last.seq = t.seq
ORDER BY t.event_id
"""
EPOCH = datetime(2000, 1, 1, tzinfo=timezone.get_fixed_timezone(0))


def seal_due(now=None) -> list[Seal]:
    """Seal every whole day (local time) that is not sealed yet; after downtime several. Idempotent."""
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    last = Seal.objects.order_by("-until").first()
    if last is None:
        first = Transition.objects.order_by("at").values_list("at", flat=True).first()
        if first is None:
            return []
        start = timezone.localtime(first).replace(hour=0, minute=0, second=0, microsecond=0)
    else:
        start = timezone.localtime(last.until)
    made = []
    while start < today:
        start += timedelta(days=1)
        made.append(seal(until=start))
    return made


@transaction.atomic
def seal(*, until) -> Seal:
    """One seal over the heads of all chains that moved since the seal before."""
    last = Seal.objects.select_for_update().order_by("-until").first()
    heads = _moved(last.until if last else EPOCH, until)
    prev_hash = last.hash if last else ""
    made = Seal.objects.create(
        until=until, chains=len(heads), prev_hash=prev_hash, hash=seal_hash(prev_hash, until, heads)
    )
    SealedHead.objects.bulk_create(
        (SealedHead(seal=made, event_id=event, seq=seq, hash=value) for event, seq, value in heads),
        batch_size=2000,
    )
    return made


def _moved(since, until) -> list[tuple[int, int, str]]:
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, [adapt(since), adapt(until)])
        return cursor.fetchall()


def seal_hash(prev_hash, until, heads) -> str:
    """SHA-256 over the seal before, the instant, and `event:seq:hash` lines in the order of events."""
    digest = hashlib.sha256(f"{prev_hash}\n{int(until.timestamp())}\n".encode())
    for event, seq, value in heads:
        digest.update(f"{event}:{seq}:{value}\n".encode())
    return digest.hexdigest()


def faults() -> Iterator[str]:
    """Every fault of the history in plain words, in the order of events: nothing if it is untouched."""
    yield from _chain_faults()
    yield from _seal_faults()


def _chain_faults():
    rows = Transition.objects.order_by("event_id", "seq").select_related(None)
    events = {}
    for pk, uid, number, seq, head in Event.objects.values_list(
        "pk", "uid", "number", "head_seq", "head_hash"
    ).iterator():
        events[pk] = (uid, number or f"#{pk}", seq, head)
    last = None  # the row before
    seen = set()
    for row in rows.iterator(chunk_size=5000):
        if last is None or row.event_id != last.event_id:
            if last is not None:
                yield from _end(last, events)
            seen.add(row.event_id)
            before_seq, before_hash = 0, ""
        else:
            before_seq, before_hash = last.seq, last.hash
        if row.event_id in events:
            yield from _row_faults(row, before_seq, before_hash, events[row.event_id])
        last = row
    if last is not None:
        yield from _end(last, events)
    for pk, (_uid, name, _seq, _head) in events.items():
        if pk not in seen:
            yield f"event {name}: all steps are missing"


def _row_faults(row, before_seq, before_hash, event):
    uid, name, _seq, _head = event
    if row.seq != before_seq + 1:
        yield f"event {name}: step {before_seq + 1} is missing"
    elif row.prev_hash != before_hash:
        yield f"event {name}: step {row.seq} does not follow step {before_seq} (one of them was changed or added)"
    if row.hash != hash_of(row, uid):
        yield f"event {name}: step {row.seq} ({row.action}) was changed"


def _end(last, events):
    if last.event_id not in events:
        yield f"event id {last.event_id}: the event is missing, its steps are there"
        return
    _uid, name, seq, head = events[last.event_id]
    if last.seq < seq:
        yield f"event {name}: step {last.seq + 1} is missing"
    elif last.seq > seq:
        yield f"event {name}: step {seq + 1} was added"
    elif last.hash != head:
        yield f"event {name}: step {last.seq} is not the one the event knows (it was changed or added)"


def _seal_faults():
    prev_hash = ""
    for made in Seal.objects.order_by("until").iterator():
        heads = list(made.heads.order_by("event_id").values_list("event_id", "seq", "hash"))
        if made.prev_hash != prev_hash:
            yield f"seal of {made}: the seal before it is missing or was changed"
        if made.hash != seal_hash(made.prev_hash, made.until, heads) or len(heads) != made.chains:
            yield f"seal of {made}: it was changed, or a chain was taken from it or added"
        prev_hash = made.hash
    broken = """
        SELECT h.event_id, h.seq, t.hash FROM events_sealedhead h
        LEFT JOIN events_transition t ON t.event_id = h.event_id AND t.seq = h.seq
        WHERE t.hash IS NULL OR t.hash <> h.hash ORDER BY h.event_id, h.seq
    """
    with connection.cursor() as cursor:
        cursor.execute(broken)
        for event_id, seq, value in cursor.fetchall():
            what = "is missing" if value is None else "is not the one that was sealed"
            yield f"event id {event_id}: sealed step {seq} {what}"
