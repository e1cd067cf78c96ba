"""Typed input without a serializer per request: shared fields check each value that came, unknown names are refused."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import datetime
from math import isfinite

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

MOST_DIGITS = 2**63 - 1
LAST_YEAR = 2200


def ident(**kwargs) -> serializers.IntegerField:
    """The id of a row."""
    return serializers.IntegerField(min_value=1, max_value=MOST_DIGITS, **kwargs)


@extend_schema_field(
    {
        "type": "object",
        "required": ["lon", "lat"],
        "properties": {
            "lon": {"type": "number", "minimum": -180, "maximum": 180},
            "lat": {"type": "number", "minimum": -90, "maximum": 90},
        },
        "description": "WGS 84, degrees.",
    }
)
class LocationField(serializers.Field):
    """`{"lon": 113.49, "lat": 27.65}` or `[113.49, 27.65]` → (lon, lat)."""

    default_error_messages = {
        "form": gettext_lazy(
            'Expected {{"lon": 113.49, "lat": 27.65}}: longitude and latitude in degrees, WGS 84.'
        )
    }

    def to_internal_value(self, data):
        if isinstance(data, dict):
            data = [data.get("lon"), data.get("lat")] if set(data) == {"lon", "lat"} else None
        if not isinstance(data, list) or len(data) != 2 or not all(_number(value) for value in data):
            self.fail("form")
        lon, lat = map(float, data)
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            self.fail("form")
        return lon, lat

    def to_representation(self, value):
        return {"lon": value[0], "lat": value[1]}


def _number(value) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) <= 180
        and isfinite(value)
    )


class MomentField(serializers.DateTimeField):
    """An instant (RFC 3339; without an offset it is Beijing time) of this age of the world."""

    default_error_messages = {"far": gettext_lazy("Expected a time before the year {year}.")}

    def to_internal_value(self, value):
        try:
            moment: datetime = super().to_internal_value(value)
        except OverflowError:  # an offset that leads beyond the years Python knows
            self.fail("far", year=LAST_YEAR)
        if not 1970 < moment.year < LAST_YEAR:
            self.fail("far", year=LAST_YEAR)
        return moment


def read(data, fields: Mapping[str, serializers.Field], allowed: Iterable[str] | None = None) -> dict:
    """The checked values of `data` (a JSON object); null counts as not given.

    Raises ValidationError naming every field that is wrong, unknown, or not among `allowed`.
    """
    if not isinstance(data, Mapping):
        raise serializers.ValidationError({"non_field_errors": [_("Expected a JSON object.")]})
    names = set(fields) if allowed is None else set(allowed)
    values, errors = {}, {}
    for name, given in data.items():
        if name not in fields:
            errors[name] = [_("There is no such field.")]
        elif given is None:
            continue
        elif name not in names:
            errors[name] = [_("This step does not take this field.")]
        else:
            try:
                values[name] = fields[name].run_validation(given)
            except serializers.ValidationError as error:
                errors[name] = error.detail
    if errors:
        raise serializers.ValidationError(errors)
    return values


def missing(values: Mapping, names: Iterable[str]):
    """Raises ValidationError naming each of `names` that was not given."""
    absent = [name for name in names if name not in values]
    if absent:
        raise serializers.ValidationError({name: [_("This field is required.")] for name in absent})


def as_serializer(
    name: str, fields: Mapping[str, serializers.Field], required=()
) -> type[serializers.Serializer]:
    """A serializer class with these fields, for the schema."""
    made = {}
    for key, field in fields.items():
        made[key] = deepcopy(field)
        made[key]._kwargs = {
            **made[key]._kwargs,
            "required": key in required,
        }  # what a serializer copies it from
    return type(name, (serializers.Serializer,), made)
