"""The own fields of a class of care: typed, defined as data, checked like a form, and shown as words.

A definition is a list of {"name", "label", "kind", "required", "choices", "label_en", "choices_en"}; values are kept under
`name`, in JSON, a choice by its Chinese word. The English ones are shown to readers of English, where there are any.
"""

import re
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts.services import clean_phone
from core.ciphers import mask_phone
from core.errors import Invalid

KINDS = {
    "text": gettext_lazy("text"),
    "date": gettext_lazy("date"),
    "number": gettext_lazy("number"),
    "choice": gettext_lazy("choice"),
    "yes_no": gettext_lazy("yes or no"),
    "phone": gettext_lazy("phone"),
}
MOST_FIELDS = 12
MOST_SIGNS = 200
NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")


def by_language(chinese: str, english: str) -> str:
    """The words for the language of the moment: Chinese where there are no English ones."""
    return english if english and not (get_language() or "zh").startswith("zh") else chinese


def label(field) -> str:
    """What a field is called."""
    return by_language(field["label"], field.get("label_en", ""))


def _choices(field) -> list[tuple[str, str]]:
    """(value, words) of a choice."""
    english = field.get("choices_en") or [""] * len(field["choices"])
    return [(word, by_language(word, other)) for word, other in zip(field["choices"], english, strict=True)]


class PhoneField(forms.CharField):
    """A mobile number or a landline with its area code."""

    widget = forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"})

    def clean(self, value):
        value = super().clean(value)
        try:
            return clean_phone(value) if value else ""
        except ValueError as error:
            raise ValidationError(str(error)) from error


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%Y-%m-%d")


def checked(definition) -> list[dict]:
    """The definition with nothing but known keys. Raises Invalid with `fields` in the words of an administrator."""
    if not isinstance(definition, list):
        raise Invalid(fields={"fields": [_("Expected a list of fields.")]})
    errors = [_("At most %(most)s fields.") % {"most": MOST_FIELDS}] if len(definition) > MOST_FIELDS else []
    made, names = [], set()
    for number, given in enumerate(definition, 1):
        given = given if isinstance(given, dict) else {}
        field = _field(given)
        words = _wrong(field, names)
        errors += [_("Field %(number)s: %(words)s") % {"number": number, "words": word} for word in words]
        names.add(field["name"])
        made.append(field)
    if errors:
        raise Invalid(fields={"fields": errors})
    return made


def _field(given) -> dict:
    choices, english = _listed(given.get("choices")), _listed(given.get("choices_en"))
    return {
        "name": str(given.get("name") or ""),
        "label": str(given.get("label") or "").strip(),
        "kind": str(given.get("kind") or ""),
        "required": bool(given.get("required")),
        "choices": choices,
        "label_en": str(given.get("label_en") or "").strip(),
        "choices_en": english,
    }


def _listed(given) -> list[str]:
    return [word for one in given if (word := str(one).strip())] if isinstance(given, list) else []


def _wrong(field, names) -> list[str]:
    wrong = []
    if not NAME.fullmatch(field["name"]) or field["name"] in names:
        wrong.append(_("its name must be new, of small letters, digits and _."))
    if not 1 <= len(field["label"]) <= 40:
        wrong.append(_("it needs a label of at most 40 characters."))
    if len(field["label_en"]) > 80:
        wrong.append(_("its English label has at most 80 characters."))
    if field["choices_en"] and len(field["choices_en"]) != len(field["choices"]):
        wrong.append(_("its choices in English must be as many as those in Chinese, in their order."))
    if field["kind"] not in KINDS:
        wrong.append(_("its kind is not known."))
    if (field["kind"] == "choice") != bool(field["choices"]):
        wrong.append(_("a choice needs its choices, and nothing else has any."))
    return wrong


def form_field(field) -> forms.Field:
    """The form field that asks for one value."""
    common = {"label": label(field), "required": field["required"]}
    kind = field["kind"]
    if kind == "date":
        return forms.DateField(**common, widget=DayInput())
    if kind == "number":
        return forms.DecimalField(**common, max_digits=14, decimal_places=4)
    if kind == "choice":
        empty = [] if field["required"] and len(field["choices"]) == 1 else [("", "—")]
        return forms.ChoiceField(**common, choices=[*empty, *_choices(field)])
    if kind == "yes_no":
        return forms.TypedChoiceField(
            **common, choices=[("", "—"), ("yes", _("Yes")), ("no", _("No"))], empty_value=""
        )
    if kind == "phone":
        return PhoneField(**common, max_length=30)
    return forms.CharField(**common, max_length=MOST_SIGNS)


def form_fields(definition, prefix="own_") -> dict[str, forms.Field]:
    """{form name: form field}, for a form that is made for a class."""
    return {f"{prefix}{field['name']}": form_field(field) for field in definition}


def cleaned(definition, data, prefix="", kept=None) -> dict:
    """The values as they are kept: known fields only, typed; a field that `data` does not name stays as it is in
    `kept`. Raises Invalid with `fields` by name."""
    data = (kept or {}) | (data if isinstance(data, dict) else {})
    values, errors = {}, {}
    for field in definition:
        try:
            value = form_field(field).clean(_text(data.get(field["name"])))
        except ValidationError as error:
            errors[f"{prefix}{field['name']}"] = list(error.messages)
            continue
        if value not in (None, ""):
            values[field["name"]] = _kept(value)
    if errors:
        raise Invalid(fields=errors)
    return values


def _text(value):
    """What a person would have typed."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None or isinstance(value, list | dict) else str(value)


def _kept(value):
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value if isinstance(value, str) else value.isoformat()


def words(field, value, clear=False) -> str:
    """One value as people read it, a phone masked unless `clear`; empty where there is none."""
    if value in (None, ""):
        return ""
    if field["kind"] == "yes_no":
        return str(_("Yes") if value == "yes" else _("No"))
    if field["kind"] == "choice":
        return dict(_choices(field)).get(str(value), str(value))
    return mask_phone(str(value)) if field["kind"] == "phone" and not clear else str(value)


def shown(definition, data, clear=False) -> list[tuple[str, str]]:
    """(label, words) of every field that has a value; a phone masked unless `clear`."""
    told = ((label(field), words(field, data.get(field["name"]), clear)) for field in definition)
    return [(label, value) for label, value in told if value]


def differences(definition, pairs) -> list[tuple[str, str, str]]:
    """(label, before, after) of the fields that `pairs`, {name: [before, after]}, names and the class still has: of a
    field that was taken away nobody knows any more whether it is a phone."""
    named = [field for field in definition if field["name"] in pairs]
    return [
        (label(field), *(words(field, value) or "—" for value in pairs[field["name"]])) for field in named
    ]
