"""What requests may bring and answers hold, for input and schema."""

from rest_framework import serializers as s

from core.api.fields import LocationField, MomentField, as_serializer, ident
from fieldwork.models import Patrol

KEY = s.CharField(max_length=64, help_text="Idempotency key; the header Idempotency-Key means the same.")
PATROL = {
    "grid": ident(help_text="A grid whose worker you were on that day."),
    "key": KEY,
    "started_at": MomentField(help_text="Without it: now."),
    "ended_at": MomentField(help_text="Of a patrol that is over; `started_at` is needed then."),
    "start": LocationField(help_text="Where it began."),
    "end": LocationField(help_text="Where it ended."),
    "note": s.CharField(max_length=200, allow_blank=True),
}
FINISH = {
    "ended_at": MomentField(help_text="Without it: now."),
    "end": LocationField(help_text="Where it ended."),
    "note": s.CharField(max_length=200, allow_blank=True),
}
PatrolInput = as_serializer("PatrolInput", PATROL, ("grid",))
PatrolEnd = as_serializer("PatrolEnd", FINISH)


class PatrolPlace(s.Serializer):
    id = s.IntegerField()
    name = s.CharField()


class PatrolRow(s.Serializer):
    id = s.IntegerField()
    grid = PatrolPlace()
    worker = PatrolPlace()
    day = s.DateField(help_text="The local day on which it began.")
    started_at = s.DateTimeField()
    ended_at = s.DateTimeField(allow_null=True)
    state = s.ChoiceField(choices=Patrol.State.choices)
    counts = s.BooleanField(help_text="Whether it counts for the coverage of its grid.")
    start = LocationField(allow_null=True)
    end = LocationField(allow_null=True)
    note = s.CharField()
