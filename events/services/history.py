"""Seals over the history, and the proof that nobody has touched it."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.bulk import copy_rows
from events.models import CaseCounter, Event, Seal, SealedHead, Transition
from events.services.record import hash_of

_MOVED = """
SELECT t.event_id, t.seq, t.hash FROM events_transition t
JOIN (SELECT event_id, max(seq) AS seq FROM events_transition WHERE at >= %s AND at < %s GROUP BY event_id) last
  ON last.event_id = t.event_id AND last.seq = t.seq
WHERE NOT EXISTS (SELECT 1 FROM events_sealedhead h WHERE h.event_id = t.event_id AND h.seq >= t.seq)
ORDER BY t.event_id
"""
EPOCH = datetime(2000, 1, 1, tzinfo=timezone.get_fixed_timezone(0))
# A step that began before midnight may commit after its day was sealed: the next seals look this far back.
LATE_COMMITS = timedelta(days=2)
# What is hashed, and what the event knows of its chain.
OF_STEP = (
    "seq", "action", "source", "target", "actor_id", "unit_id", "at", "words", "lon", "lat", "photos", "facts",
    "prev_hash", "hash", "event__uid", "event__number", "event__head_seq", "event__head_hash", "event__status",
)  # fmt: skip
_UNCHAINED = """
SELECT e.id, e.number FROM events_event e
WHERE NOT EXISTS (SELECT 1 FROM events_transition t WHERE t.event_id = e.id) ORDER BY e.id
"""
_ORPHANS = """
SELECT DISTINCT t.event_id FROM events_transition t
WHERE NOT EXISTS (SELECT 1 FROM events_event e WHERE e.id = t.event_id) ORDER BY t.event_id
"""
_UNSEALED = """
SELECT h.event_id, h.seq, t.hash FROM events_sealedhead h
LEFT JOIN events_transition t ON t.event_id = h.event_id AND t.seq = h.seq
WHERE t.hash IS NULL OR t.hash <> h.hash ORDER BY h.event_id, h.seq
"""


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
        try:
            made.append(seal(until=start))
        except IntegrityError:
            # `until` is unique: another process has sealed this day at the same moment.
            if not Seal.objects.filter(until=start).exists():
                raise
    return made


@transaction.atomic
def seal(*, until) -> Seal:
    """One seal over the heads of all chains that moved since the seal before."""
    last = Seal.objects.order_by("-until").first()
    heads = _moved(last.until - LATE_COMMITS if last else EPOCH, until)
    prev_hash = last.hash if last else ""
    made = Seal.objects.create(
        until=until, chains=len(heads), prev_hash=prev_hash, hash=seal_hash(prev_hash, until, heads)
    )
    rows = ((made.pk, event, seq, value) for event, seq, value in heads)
    copy_rows(SealedHead._meta.db_table, ("seal_id", "event_id", "seq", "hash"), rows)
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
    for pk, number in _query(_UNCHAINED):
        yield _("event %(event)s: all steps are missing") % {"event": number or f"#{pk}"}
    for (pk,) in _query(_ORPHANS):
        yield _("event id %(id)s: the event is missing, its steps are there") % {"id": pk}
    yield from _number_faults()
    yield from _seal_faults()


def faults_of(event) -> list[str]:
    """The faults of one event's chain and of what seals say of it; empty if it is untouched. Three queries."""
    found, last = [], None
    for row in Transition.objects.filter(event=event).select_related("event").only(*OF_STEP).order_by("seq"):
        found += _row_faults(row, last)
        last = row
    if last is None:
        return [_("event %(event)s: all steps are missing") % {"event": event}]
    found += _head_faults(last)
    sealed = SealedHead.objects.filter(event_id=event.pk).values_list("seq", "hash")
    there = dict(Transition.objects.filter(event=event).values_list("seq", "hash"))
    words = _("event id %(id)s: sealed step %(seq)s is not the one that was sealed")
    return found + [words % {"id": event.pk, "seq": seq} for seq, value in sealed if there.get(seq) != value]


def _query(sql, params=None):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def _chain_faults():
    """Streamed in the order of events, two rows in memory at a time."""
    rows = Transition.objects.select_related("event").only(*OF_STEP).order_by("event_id", "seq")
    last = None
    for row in rows.iterator(chunk_size=5000):
        if last is not None and row.event_id != last.event_id:
            yield from _head_faults(last)
            last = None
        yield from _row_faults(row, last)
        last = row
    if last is not None:
        yield from _head_faults(last)


def _row_faults(row, before):
    """What is wrong with a step itself and with its place behind the step before (None: it is the first)."""
    before_seq, before_hash = (before.seq, before.hash) if before else (0, "")
    if row.seq != before_seq + 1:
        yield _missing(row.event, before_seq + 1)
    elif row.prev_hash != before_hash:
        words = _(
            "event %(event)s: step %(seq)s does not follow step %(before)s (one of them was changed or added)"
        )
        yield words % {"event": row.event, "seq": row.seq, "before": before_seq}
    if row.hash != hash_of(row, row.event.uid):
        words = _("event %(event)s: step %(seq)s (%(action)s) was changed")
        yield words % {"event": row.event, "seq": row.seq, "action": row.action}


def _head_faults(last):
    """Whether the last step is the one that the event itself knows."""
    event = last.event
    if last.seq < event.head_seq:
        yield _missing(event, last.seq + 1)
    elif last.seq > event.head_seq:
        yield _("event %(event)s: step %(seq)s was added") % {"event": event, "seq": event.head_seq + 1}
    elif last.hash != event.head_hash:
        words = _("event %(event)s: step %(seq)s is not the one the event knows (it was changed or added)")
        yield words % {"event": event, "seq": last.seq}
    elif last.target != event.status:
        words = _("event %(event)s: its status is %(status)s, its last step led to %(target)s")
        yield words % {"event": event, "status": event.status, "target": last.target}


def _missing(event, seq):
    return _("event %(event)s: step %(seq)s is missing") % {"event": event, "seq": seq}


def _number_faults():
    """Case numbers have no gaps, so a case that was taken away with all its traces leaves one."""
    for counter in CaseCounter.objects.order_by("territory", "year"):
        prefix = f"{counter.territory}-{counter.year}-"
        numbers = Event.objects.filter(number__startswith=prefix).order_by()
        if numbers.count() < counter.last:
            there = set(numbers.values_list("number", flat=True))
            for number in (f"{prefix}{count:06d}" for count in range(1, counter.last + 1)):
                if number not in there:
                    yield _("event %(event)s: the number was given, the event is missing") % {"event": number}


def _seal_faults():
    prev_hash = ""
    for made in Seal.objects.order_by("until").iterator():
        heads = list(made.heads.order_by("event_id").values_list("event_id", "seq", "hash"))
        if made.prev_hash != prev_hash:
            yield _("seal of %(day)s: the seal before it is missing or was changed") % {"day": made}
        if made.hash != seal_hash(made.prev_hash, made.until, heads) or len(heads) != made.chains:
            yield _("seal of %(day)s: it was changed, or a chain was taken from it or added") % {"day": made}
        prev_hash = made.hash
    for event_id, seq, value in _query(_UNSEALED):
        words = _("event id %(id)s: sealed step %(seq)s is not the one that was sealed")
        if value is None:
            words = _("event id %(id)s: sealed step %(seq)s is missing")
        yield words % {"id": event_id, "seq": seq}
