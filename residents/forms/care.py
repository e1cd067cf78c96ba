"""Forms of registers: what every class has, and the class's own fields made from its definition."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ciphers import mask_phone
from residents import schema
from residents.forms.fields import REMOVE, MaskedField
from residents.forms.records import DAY
from residents.models.care import Attention
from residents.services import access
from residents.services.care import MOST_REASON, MOST_WORDS, workers_at

OWN = "own_"


def own_fields(definition, own, told=True) -> dict[str, forms.Field]:
    """{form name: field} of a class's own fields, filled from `own`, what is stored of an entry; None for a new one.
    Phones are private: of a stored one the form gets the mask alone, and if not `told` nothing that says there is one.
    """
    fields = schema.form_fields(definition, OWN)
    if own is None:
        return fields
    for field in definition:
        name, value = f"{OWN}{field['name']}", own.get(field["name"], "")
        if field["kind"] == "phone" and (value or not told):
            fields[name] = MaskedField(label=schema.label(field), masked=mask_phone(value) if value else "")
            if not told:
                fields[name].say_nothing()
        else:
            fields[name].initial = value
    return fields


def own_given(form) -> dict:
    """{own field: what was typed}. A masked one that was left as it was is not in it: services keep what is stored."""
    found = {}
    for name in [name for name in form.fields if name.startswith(OWN)]:
        field, typed = form.fields[name], form.data.get(name, "")
        if isinstance(field, MaskedField):
            if field.kept(typed.strip()):
                continue
            typed = "" if typed.strip() == REMOVE else typed
        found[name.removeprefix(OWN)] = typed
    return found


class ReasonForm(forms.Form):
    """Why private data are looked at; `usual` are one press away."""

    usual = (_("On the person's own request"), _("Visit at home"), _("Checking an allowance"))
    reason = forms.CharField(
        label=_("What do you need it for?"), max_length=access.MOST_REASON,
        help_text=_("It is written down with your name, for supervisors and for the person concerned."),
    )  # fmt: skip


class UnmaskForm(ReasonForm):
    fields_wanted = forms.MultipleChoiceField(
        label=_("What you need to see"), widget=forms.CheckboxSelectMultiple
    )
    field_order = ["fields_wanted", "reason"]

    def __init__(self, *args, record, **kwargs):
        super().__init__(*args, **kwargs)
        known = access.private_of(record)
        choices = [(name, label) for name, label in known.items() if access.value_of(record, name)]
        self.fields["fields_wanted"].choices = choices
        self.fields["fields_wanted"].initial = [name for name, _label in choices if len(choices) == 1]


class EntryForm(forms.Form):
    """One entry of a register. `given()` is what a service takes; `told`: whether it may say what is stored."""

    since = forms.DateField(label=_("since"), widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    attention = forms.TypedChoiceField(label=_("attention"), choices=Attention.choices, coerce=int)
    responsible = forms.ModelChoiceField(label=_("responsible worker"), queryset=None, required=False)
    visit_days = forms.IntegerField(label=_("visit interval (days)"), min_value=1, max_value=730)
    reason = forms.CharField(label=_("reason of the beginning"), max_length=MOST_REASON, required=False)

    def __init__(self, *args, care_class, path, entry=None, own=None, told=True, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["responsible"].queryset = workers_at(path, care_class)
        self.fields |= own_fields(care_class.fields, None if entry is None else own or {}, told)
        if entry is None:
            self.initial |= {
                "since": timezone.localdate(), "attention": Attention.MIDDLE, "visit_days": care_class.visit_days,
            }  # fmt: skip
        else:
            del self.fields["since"], self.fields["reason"]
            self.initial |= {
                "attention": entry.attention, "responsible": entry.responsible, "visit_days": entry.visit_days,
            }  # fmt: skip

    def given(self) -> dict:
        plain = {name: value for name, value in self.cleaned_data.items() if not name.startswith(OWN)}
        return plain | {"data": own_given(self)}

    @property
    def rows(self):
        return [(self[name], name == "reason") for name in self.fields]


class VisitForm(forms.Form):
    """When somebody was there (today if nothing is said) and what there was to say."""

    on = forms.DateField(
        label=_("visited on"), required=False, widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d")
    )
    words = forms.CharField(label=_("What there was to say"), max_length=MOST_WORDS, required=False)

    def __init__(self, *args, **kwargs):
        today = timezone.localdate()
        super().__init__(*args, auto_id="visit-%s", initial={"on": today}, **kwargs)
        self.fields["on"].widget.attrs["max"] = today.isoformat()

    def given(self) -> dict:
        return {"on": self.cleaned_data["on"], "words": self.cleaned_data["words"]}

    @property
    def rows(self):
        return [(self[name], name == "words") for name in self.fields]
