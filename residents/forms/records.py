"""Forms that add and change records; what each field may hold is said by the model, what is right by the services."""

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from grids.pins import PinField
from residents import codes
from residents.checks import ADULT
from residents.forms.fields import REMOVE, Checks, MaskedField
from residents.models import Resident
from residents.selectors.checks import years_before
from residents.services import records, trail

DAY = {"type": "date"}
FIELDS = {
    "building": [
        "address", "estate", "number", "kind", "storeys", "units", "households_planned", "built", "head", "location",
    ],
    "dwelling": ["unit", "storey", "door", "use", "area", "owner_name", "owner_phone", "dangers"],
    "household": ["number", "kind"],
    "resident": [
        "name", "id_kind", "id_number", "phone", "sex", "birth_date", "relation", "population", "hukou_address",
        "hukou_here", "inflow_reason", "inflow_from", "permit_expires", "marriage", "education", "political",
        "occupation", "ethnicity",
    ],
    "organisation": [
        "name", "credit_code", "kind", "legal_person", "phone", "staff", "safety", "business", "address", "location",
    ],
    "place": [
        "name", "kind", "responsible_name", "responsible_phone", "address", "inspection_days", "inspected_on",
        "safety", "location",
    ],
}  # fmt: skip
WIDE = {"address", "location", "dangers", "hukou_address", "name"}


def fields_of(kind: str, record=None, names=None) -> dict[str, forms.Field]:
    """Form fields of a kind of record, filled from `record`; private ones masked."""
    return {name: _field(records.MODELS[kind], name, record) for name in names or FIELDS[kind]}


def _field(model, name, record):
    column = model._meta.get_field(name)
    label, value = column.verbose_name, getattr(record, name, None)
    if name in trail.MASKS:
        return MaskedField(label=label, masked=trail.MASKS[name](value) if value else "")
    if name == "location":
        return PinField(label=label, required=False, initial=value)
    if name == "dangers":
        return forms.MultipleChoiceField(
            label=label, required=False, choices=codes.choices(codes.DANGER), initial=value or [],
            widget=Checks,
        )  # fmt: skip
    if name == "head":
        people = (
            Resident.objects.living().filter(dwelling__building=record) if record else Resident.objects.none()
        )
        people = people.filter(Q(birth_month=None) | Q(birth_month__lte=years_before(timezone.localdate(), ADULT)))
        return forms.ModelChoiceField(
            label=label, required=False, queryset=people.order_by("name"), initial=value
        )
    field = column.formfield()
    if isinstance(field, forms.DateField):
        field.widget = forms.DateInput(attrs=DAY, format="%Y-%m-%d")
    if record is not None:
        field.initial = value
    return field


class RecordForm(forms.Form):
    """`values()` is what a service is given: private fields that were left empty are not in it."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, kind, record=None, names=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.record = record
        self.fields |= fields_of(kind, record, names)
        if record is not None:
            self.fields["seen"].initial = record.updated_at.isoformat()

    def clean_seen(self):
        text = self.cleaned_data["seen"]
        try:
            return parse_datetime(text) if text else None
        except ValueError as error:
            raise ValidationError(_("This page is out of date. Open it again.")) from error

    def values(self) -> dict:
        found = {}
        for name, value in self.cleaned_data.items():
            field = self.fields[name]
            if name == "seen" or (isinstance(field, MaskedField) and field.kept(value)):
                continue
            found[name] = "" if isinstance(field, MaskedField) and value == REMOVE else value
        return found

    @property
    def rows(self):
        """[(bound field, whether it takes the whole width)] of what is shown."""
        return [(self[name], name in WIDE) for name in self.fields if not self[name].is_hidden]


class EndForm(forms.Form):
    """Why and since when a record no longer counts."""

    on = forms.DateField(label=_("on"), widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    reason = forms.CharField(label=_("reason"), max_length=200)

    @property
    def rows(self):
        return [(self[name], name == "reason") for name in self.fields]
