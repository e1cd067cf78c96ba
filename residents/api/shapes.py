"""Shapes of answers, for the schema: rows are made straight from tuples, not by these."""

from rest_framework import serializers as s

from grids.api.shapes import GridName
from residents import codes, grants
from residents.models import Resident

CODES = {
    "sex": codes.SEX, "population": codes.POPULATION, "relation": codes.RELATION, "marriage": codes.MARRIAGE,
    "education": codes.EDUCATION,
}  # fmt: skip


def _field(name):
    about = {"required": False, "help_text": "Only if it is granted."}
    if name in CODES:
        return s.CharField(
            **{**about, "help_text": f"Only if it is granted. One of {', '.join(CODES[name])}, or empty."}
        )
    if name == "hukou_here":
        return s.BooleanField(**about)
    if name == "permit_expires":
        return s.DateField(allow_null=True, **about)
    if name in ("household_number", "birth_month"):
        return s.CharField(allow_null=True, **about)
    return s.CharField(**about)


class ResidentBase(s.Serializer):
    id = s.IntegerField()
    status = s.ChoiceField(choices=Resident.Status.choices)
    updated_at = s.DateTimeField(help_text="Last confirmed or changed.")
    grid = GridName(allow_null=True)


ResidentRow = type("ResidentRow", (ResidentBase,), {name: _field(name) for name in grants.FIELDS})


class ResidentFound(s.Serializer):
    results = ResidentRow(many=True, help_text="One, or none.")


class ResidentChange(s.Serializer):
    id = s.IntegerField(help_text="Of the resident.")
    at = s.DateTimeField()
    action = s.CharField()
    fields_changed = s.ListField(child=s.CharField(), help_text="Granted fields that may have changed.")
    resident = ResidentRow(
        allow_null=True,
        help_text="As they are now; null once they are not in your jurisdiction, or archived.",
    )


class ResidentChanges(s.Serializer):
    results = ResidentChange(many=True)
    cursor = s.CharField(help_text="Where to go on; keep it.")
    more = s.BooleanField(help_text="True: ask again at once.")


class GrantRow(s.Serializer):
    unit = s.CharField(help_text="The department.")
    grid = GridName(help_text="Its jurisdiction.")
    fields = s.ListField(child=s.CharField())
    purpose = s.CharField()
    until = s.DateField(help_text="First day it is no longer in force.")


class CareFigure(s.Serializer):
    name = s.CharField()
    amount = s.IntegerField(allow_null=True)


class RegistryFigures(s.Serializer):
    grid = GridName()
    figures = s.DictField(child=s.IntegerField(allow_null=True), help_text="Null: too small to be told.")
    ages = s.DictField(child=s.IntegerField(allow_null=True), help_text="By completed years.")
    care = CareFigure(many=True, help_text="Care registers that you may know of.")
