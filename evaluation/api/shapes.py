"""Shapes of answers, for the schema."""

from rest_framework import serializers as s

from evaluation.models import Kind, Period
from events.api.shapes import EventRow

SUBJECTS = [("user", "user"), ("unit", "unit")]


class PeriodRow(s.Serializer):
    id = s.IntegerField()
    kind = s.ChoiceField(choices=Kind.choices)
    name = s.CharField(help_text="2026-10 or 2026Q3.")
    start = s.DateField()
    end = s.DateField(help_text="The first day after it.")
    status = s.ChoiceField(choices=Period.Status.choices)
    scored_at = s.DateTimeField(allow_null=True)
    published_at = s.DateTimeField(allow_null=True)
    cards = s.IntegerField(help_text="Those you see.")
    mean = s.CharField(allow_null=True)


class Subject(s.Serializer):
    kind = s.ChoiceField(choices=SUBJECTS)
    id = s.IntegerField()
    name = s.CharField()


class CardRow(s.Serializer):
    id = s.IntegerField()
    subject = Subject()
    total = s.CharField(allow_null=True, help_text="A decimal number; null: nothing to be scored by.")
    rank = s.IntegerField(allow_null=True)
    of = s.IntegerField()


class Line(s.Serializer):
    indicator = s.CharField()
    label = s.CharField()
    meaning = s.CharField()
    numerator = s.CharField()
    denominator = s.CharField(allow_null=True, help_text="Null: a plain count.")
    value = s.CharField(allow_null=True)
    weight = s.CharField()
    target = s.CharField(help_text="Earns all points.")
    worst = s.CharField(help_text="Earns none.")
    most = s.CharField(help_text="Points to be had.")
    points = s.CharField(allow_null=True)
    rows = s.CharField(help_text="Address of the rows behind it.")


class CardFull(CardRow):
    period = PeriodRow()
    lines = Line(many=True)


class RowBehind(s.Serializer):
    event = EventRow()
    counted = s.BooleanField(help_text="It is in the numerator.")
    amount = s.FloatField(help_text="What it adds there.")


