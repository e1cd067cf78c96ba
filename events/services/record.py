"""Writing a step down: the append-only row, its link in the chain, the case number."""

from django.db import connection
from django.utils import timezone

from core.prepared import execute
from events import chain
from events.models import Transition

_NEXT_NUMBER = """
INSERT INTO events_casecounter (territory, year, last) VALUES (%s, %s, 1)
ON CONFLICT (territory, year) DO UPDATE SET last = events_casecounter.last + 1 RETURNING last
"""


def next_number(territory: str, at) -> str:
    """`430281-2026-000123`: no gaps, because the counter's row stays locked until the step commits."""
    year = timezone.localtime(at).year
    with connection.cursor() as cursor:
        execute(cursor, _NEXT_NUMBER, [territory, year])
        return f"{territory}-{year}-{cursor.fetchone()[0]:06d}"


def link(step, source: str, key: str | None) -> Transition:
    """The row of this step, chained to the event's head; moves the head. Not saved yet."""
    event = step.event
    lon, lat = step.location or (None, None)
    row = Transition(
        event_id=event.pk,
        seq=event.head_seq + 1,
        action=step.name,
        source=source,
        target=event.status,
        actor_id=step.actor_id,
        unit_id=step.unit_id,
        at=step.now,
        words=step.words,
        lon=lon,
        lat=lat,
        photos=[photo.sha256 for photo in step.photos],
        facts=step.facts,
        key=key,
        prev_hash=event.head_hash,
    )
    row.hash = hash_of(row, event.uid)
    event.head_seq, event.head_hash = row.seq, row.hash
    return row


def hash_of(row: Transition, uid) -> str:
    """What a row's hash must be (events.chain), from its own columns."""
    return chain.row_hash(
        prev_hash=row.prev_hash,
        uid=uid,
        seq=row.seq,
        action=row.action,
        source=row.source,
        target=row.target,
        actor_id=row.actor_id,
        unit_id=row.unit_id,
        at=row.at,
        words=row.words,
        lon=row.lon,
        lat=row.lat,
        photos=row.photos,
        facts=row.facts,
    )
