"""Shapes of answers, for the schema: rows are made straight from tuples, not by these."""

from rest_framework import serializers

from grids.models import Unit

OUTLINES = {
    "type": "object",
    "description": "A GeoJSON FeatureCollection (RFC 7946), WGS 84.",
    "properties": {
        "type": {"type": "string", "enum": ["FeatureCollection"]},
        "features": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
    },
}


class GridName(serializers.Serializer):
    id = serializers.IntegerField()
    code = serializers.CharField()
    name = serializers.CharField()
    level = serializers.IntegerField()


class GridRow(GridName):
    parent = serializers.IntegerField(allow_null=True)
    path = serializers.CharField(help_text="Ids from the root down: /1/14/233/")
    colour = serializers.CharField()
    synthetic = serializers.BooleanField(help_text="The boundary was generated for a demonstration.")
    valid_from = serializers.DateField()
    valid_until = serializers.DateField(allow_null=True)
    has_boundary = serializers.BooleanField()


class UnitRow(serializers.Serializer):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Unit.Kind.choices)
    name = serializers.CharField()
    code = serializers.CharField()
    phone = serializers.CharField(help_text="Of the office.")
    grid = serializers.IntegerField(help_text="Territory or jurisdiction.")
    department_kind = serializers.CharField(allow_null=True)


class GridFull(GridRow):
    ancestors = GridName(many=True)
    units = UnitRow(many=True)
    boundary = serializers.JSONField(allow_null=True, help_text="GeoJSON MultiPolygon.")


class UnitName(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Unit.Kind.choices)
