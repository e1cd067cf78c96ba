"""The chain of one event's steps: each row's hash covers the row and the hash before it."""

import hashlib
import json
from datetime import UTC, datetime

_ENCODE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def row_hash(
    *,
    prev_hash,
    uid,
    seq,
    action,
    source,
    target,
    actor_id,
    unit_id,
    at: datetime,
    words,
    lon,
    lat,
    photos,
    facts,
) -> str:
    """SHA-256 (64 hex digits) over the canonical JSON of a step. `uid` names the event, so rows cannot change sides."""
    text = _ENCODE(
        [
            prev_hash,
            str(uid),
            seq,
            action,
            source,
            target,
            actor_id,
            unit_id,
            at.astimezone(UTC).isoformat(timespec="microseconds"),
            words,
            lon,
            lat,
            photos,
            facts,
        ]
    )
    return hashlib.sha256(text.encode()).hexdigest()
