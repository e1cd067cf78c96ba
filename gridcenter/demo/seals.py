"""The daily seals of a year at once: one pass over the steps instead of one query per day.

The hash is the service's (events.services.history); a chain belongs to the seal of each day on which it moved, with
the step it had come to. tests/test_demo_load.py has the service verify them and find nothing left to seal.
"""

from datetime import datetime, timedelta

from core.bulk import copy_rows, reset_sequence
from events.clocks import BEIJING
from events.models import Transition
from events.services import history

from .bare import bare


def write_seals(end: datetime) -> int:
    """Seal every whole day before `end` on which there is history; returns how many."""
    last_day = end.astimezone(BEIJING).date()
    seals, before = [], ""
    with bare(["events_sealedhead"]):
        for day, heads in _days(last_day):
            midnight = _morning(day + timedelta(days=1))
            value = history.seal_hash(before, midnight, heads)
            seals.append((len(seals) + 1, midnight, len(heads), before, value, midnight + timedelta(minutes=20)))
            rows = ((len(seals), event, seq, head) for event, seq, head in heads)
            copy_rows("events_sealedhead", ("seal_id", "event_id", "seq", "hash"), rows)
            before = value
        copy_rows("events_seal", ("id", "until", "chains", "prev_hash", "hash", "made_at"), seals)
    reset_sequence("events_seal")
    return len(seals)


def _days(last_day):
    """(day, heads in the order of events) for each day from the first step to the one before `last_day`."""
    rows = Transition.objects.filter(at__lt=_morning(last_day)).order_by("at").values_list(
        "at", "event_id", "seq", "hash"
    )
    day, heads = None, {}
    for at, event, seq, value in rows.iterator(chunk_size=5000):
        today = at.astimezone(BEIJING).date()
        while day is not None and day < today:
            yield day, _in_order(heads)
            day, heads = day + timedelta(days=1), {}
        day = today
        if seq > heads.get(event, (0, ""))[0]:
            heads[event] = (seq, value)
    while day is not None and day < last_day:
        yield day, _in_order(heads)
        day, heads = day + timedelta(days=1), {}


def _in_order(heads):
    return [(event, *heads[event]) for event in sorted(heads)]


def _morning(day):
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING)
