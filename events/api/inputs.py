"""What reports and steps may bring, typed: one field per name the workflow table knows.

The fields are shared by all requests (they keep no state); the schema's serializers are made from the same ones.
"""

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api import fields
from core.api.fields import LocationField, MomentField, ident
from core.errors import Invalid
from events.models.standard import LimitUnit
from events.workflow import BEGINNINGS, MOVES, REPORT, SETTLE, SYSTEM_ACTIONS, Source, Urgency

MOST_PHOTOS = 20
MOST_UNITS = 30
LONGEST_KEY = 64
PHONE = r"^[0-9+() -]{3,32}$"


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string", "example": "C0101-1"}]})
class StandardField(serializers.Field):
    """A standard's id, or its code (the version in force today)."""

    default_error_messages = {"form": gettext_lazy("Expected the id or the code of a case standard.")}

    def to_internal_value(self, data):
        if isinstance(data, int) and not isinstance(data, bool) and 0 < data <= fields.MOST_DIGITS:
            return data
        if isinstance(data, str) and 0 < len(data) <= 16:
            return int(data) if data.isascii() and data.isdigit() else data.upper()
        return self.fail("form")

    def to_representation(self, value):
        return value


def _text(most, **kwargs):
    return serializers.CharField(max_length=most, allow_blank=True, **kwargs)


def _units():
    return serializers.ListField(child=ident(), max_length=MOST_UNITS)


FIELDS = {
    "description": _text(4000, help_text="What there is to settle."),
    "location": LocationField(),
    "grid": ident(help_text="A grid of the lowest level."),
    "place": _text(200, help_text="Where, in words."),
    "standard": StandardField(help_text="Id or code."),
    "urgency": serializers.ChoiceField(choices=Urgency.choices),
    "source": serializers.ChoiceField(choices=Source.choices),
    "contact_name": _text(60),
    "contact_phone": serializers.RegexField(PHONE, max_length=32, allow_blank=True),
    "words": _text(2000, help_text="Reason, result, note: by the action."),
    "photos": serializers.ListField(
        child=serializers.UUIDField(), max_length=MOST_PHOTOS, help_text="Ids of uploads (attachments/)."
    ),
    "repeats": ident(help_text="The event that this one repeats."),
    "unit": ident(),
    "lead": ident(help_text="The unit that is to handle it."),
    "co_units": _units(),
    "units": _units(),
    "amount": serializers.DecimalField(max_digits=7, decimal_places=2, help_text="Of time."),
    "amount_unit": serializers.ChoiceField(choices=LimitUnit.choices, help_text="The limit's own unit if not given."),
    "until": serializers.DateField(help_text="At most a year away."),
    "stars": serializers.IntegerField(min_value=1, max_value=5),
    "answer_by": MomentField(),
    "come_by": MomentField(),
}
KEY = serializers.CharField(
    max_length=LONGEST_KEY, help_text="Idempotency key; the header Idempotency-Key means the same."
)
STEP_ACTIONS = [(name, move.label) for name, move in MOVES.items() if name not in SYSTEM_ACTIONS]
ABOUT_STEP = {
    "action": serializers.ChoiceField(choices=STEP_ACTIONS),
    "seen": serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, help_text="`seq` of the event when you decided; newer ones give 409."
    ),
    "key": KEY,
}
ABOUT_REPORT = {
    "settled": serializers.BooleanField(help_text="Settled on the spot 自办自结; needs photos before and after."),
    "key": KEY,
}
REPORT_FIELDS = (
    "description", "location", "grid", "place", "standard", "urgency", "source", "contact_name", "contact_phone",
    "words", "photos",
)  # fmt: skip
STEP_FIELDS = (*dict.fromkeys(n for move in MOVES.values() for n in (*move.must, *move.may)), "amount_unit")
ANY_STEP = {**ABOUT_STEP, **{name: FIELDS[name] for name in STEP_FIELDS}}
ANY_REPORT = {**ABOUT_REPORT, **{name: FIELDS[name] for name in REPORT_FIELDS}}
StepInput = fields.as_serializer("StepInput", ANY_STEP, ("action",))
ReportInput = fields.as_serializer("ReportInput", ANY_REPORT, BEGINNINGS[REPORT].must)
assert set(BEGINNINGS[SETTLE].must) <= set(REPORT_FIELDS)


def taken_by(action: str) -> tuple[str, ...]:
    """Names of the fields an action takes, must first."""
    move = MOVES[action]
    extra = ("amount_unit",) if "amount" in (*move.must, *move.may) else ()
    return (*move.must, *move.may, *extra)


def read_step(data) -> dict:
    """`action`, `seen`, `key` and what the step is supplied with. Raises ValidationError naming fields."""
    action = data.get("action") if isinstance(data, dict) else None
    known = isinstance(action, str) and action in MOVES and action not in SYSTEM_ACTIONS
    allowed = (*ABOUT_STEP, *taken_by(action)) if known else None
    given = fields.read(data, ANY_STEP, allowed)
    fields.missing(given, ("action",))
    return given


def read_report(data) -> dict:
    return fields.read(data, ANY_REPORT)


def key_of(request, given: dict) -> str | None:
    """The idempotency key from the body or the header; the body's wins. Takes it out of `given`."""
    header = request.headers.get("Idempotency-Key")
    key = given.pop("key", None)
    if key is None and header:
        try:
            key = KEY.run_validation(header)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({"Idempotency-Key": error.detail}) from error
    return key


def resolve_standard(given: dict, around) -> None:
    """A code becomes the id of the version in force today."""
    code = given.get("standard")
    if not isinstance(code, str):
        return
    today = timezone.localdate()
    for pk, entry in around.limits.standards.items():
        if entry.code == code and entry.valid_on(today):
            given["standard"] = pk
            return
    raise Invalid(fields={"standard": [_("There is no such standard in force today.")]})


# What a form needs to offer for a field, beside its type: where the choices come from.
CHOICES_FROM = {
    "standard": "/api/v1/standards/?q=…",
    "grid": "/api/v1/grids/?level=4&q=…",
    "lead": "/api/v1/units/?kind=department&covers={grid}",
    "co_units": "/api/v1/units/?kind=department&covers={grid}",
    "units": "/api/v1/units/?covers={grid}",
    "unit": "/api/v1/units/?kind=centre&covers={grid}",
    "repeats": "/api/v1/events/repeats/?event={event}&standard={standard}",
    "photos": "/api/v1/attachments/",
}
TYPES = {
    "location": "location", "standard": "standard", "grid": "id", "unit": "id", "lead": "id", "repeats": "id",
    "co_units": "ids", "units": "ids", "photos": "uploads", "words": "text", "place": "text", "amount": "decimal",
    "until": "date", "answer_by": "moment", "come_by": "moment", "stars": "integer",
}  # fmt: skip


def describe(action: str) -> dict:
    """A move as a client shows it: label, what it must and may bring, and for each field its type and choices."""
    move = MOVES[action]
    return {
        "action": action,
        "label": move.label,
        "strong": move.strong,
        "danger": move.danger,
        "must": list(move.must),
        "may": [name for name in taken_by(action) if name not in move.must],
        "fields": {name: describe_field(name) for name in taken_by(action)},
    }


def describe_field(name: str) -> dict:
    field = FIELDS[name]
    about = {"type": TYPES.get(name, "choice")}
    if isinstance(field, serializers.ChoiceField):
        about["choices"] = [{"value": value, "label": label} for value, label in field.choices.items()]
    if name in CHOICES_FROM:
        about["choices_from"] = CHOICES_FROM[name]
    if most := getattr(field, "max_length", None):
        about["most"] = most
    if name == "stars":
        about |= {"min": 1, "max": 5}
    return about
