"""Shapes of answers, for the schema."""

from rest_framework import serializers as s

from duty.models import Level, Shift
from duty.models.warning import Cause


class Named(s.Serializer):
    id = s.IntegerField()
    name = s.CharField()


class WarningEnd(s.Serializer):
    words = s.CharField(max_length=500, help_text="How it ended.")


class WarningRow(s.Serializer):
    id = s.IntegerField()
    level = s.ChoiceField(choices=Level.choices)
    cause = s.ChoiceField(choices=Cause.choices)
    title = s.CharField()
    words = s.CharField()
    grid = Named()
    event = s.IntegerField(allow_null=True, help_text="Id of the event it is about, if you see that event.")
    unit = Named(allow_null=True, help_text="The unit it is about.")
    made_at = s.DateTimeField()
    until = s.DateTimeField()
    taken_at = s.DateTimeField(allow_null=True)
    taken_by = s.CharField(allow_null=True)
    taken_unit = Named(allow_null=True)
    ended_at = s.DateTimeField(allow_null=True)
    end_words = s.CharField()


class OnDutyLine(s.Serializer):
    unit = Named()
    role = s.ChoiceField(choices=Shift.Role.choices, allow_null=True, help_text="Null: nobody is on the roster.")
    name = s.CharField()
    phone = s.CharField()
    since = s.DateTimeField(allow_null=True)
    until = s.DateTimeField(allow_null=True)
