"""Fields that forms of the registry share: a record found by words, a masked value."""

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.widgets import SiteTemplate
from residents.models import Household, Resident
from residents.selectors.search import Hit, search

MOST_CHOICES = 20
REMOVE = "-"


class RecordPicker(SiteTemplate, forms.Widget):
    """A search box over radio buttons; the matches are those of the registry's search, of one kind."""

    template_name = "parts/picker.html"
    input_type = "picker"

    def __init__(self, kind, user, placeholder):
        super().__init__()
        self.kind, self.user, self.placeholder = kind, user, placeholder

    def value_from_datadict(self, data, files, name):
        return data.get(name) or None, data.get(f"{name}_q", "").replace("\0", "").strip()[:60]

    def get_context(self, name, value, attrs):
        chosen, query = value if isinstance(value, tuple) else (value, "")
        rows = choices(self.user, self.kind, query) if query else []
        context = super().get_context(name, value, attrs)
        context["widget"] |= {
            "query": query,
            "chosen": str(chosen or ""),
            "rows": rows,
            "results_url": f"{reverse('residents:choices')}?kind={self.kind}",
            "placeholder": self.placeholder,
        }
        return context


class RecordField(forms.Field):
    """The id of the record that was chosen; whether it may be is the service's to say."""

    def clean(self, value):
        chosen, query = value if isinstance(value, tuple) else (value, "")
        text = str(chosen or "")
        if text.isascii() and text.isdigit() and len(text) < 19:
            return int(text)
        if query:
            raise ValidationError(_("Choose one of the matches; if there is none, type other words."))
        if self.required:
            raise ValidationError(_("Type a few words and choose one of the matches."))
        return None


def record_field(kind, user, label, *, required=True):
    words = {
        "dwelling": gettext_lazy("A door: 3栋2单元501"),
        "household": gettext_lazy("Household number, a member's name, or the door"),
        "resident": gettext_lazy("Name, initials, ID number or phone"),
    }
    return RecordField(label=label, required=required, widget=RecordPicker(kind, user, words[kind]))


def choices(user, kind, words) -> list[tuple[int, str, str]]:
    """[(id, label, hint)] of records of one kind that these words mean: at most MOST_CHOICES."""
    groups = {group.kind: group.hits for group in search(user, words).groups}
    if kind == "household":
        return _households(user, groups)
    return [(hit.pk, hit.title, _hint(hit)) for hit in groups.get(kind, [])][:MOST_CHOICES]


def _hint(hit: Hit):
    return " · ".join(part for part in (hit.place, *hit.facts, hit.grid) if part)


def _households(user, groups):
    """By number, by a member, by the door."""
    people = Resident.objects.visible_to(user).filter(pk__in=[hit.pk for hit in groups.get("resident", [])])
    found = Household.objects.visible_to(user).current()
    rows = found.filter(
        pk__in=[hit.pk for hit in groups.get("household", [])]
    ) | found.filter(pk__in=people.values("household")) | found.filter(
        dwelling__in=[hit.pk for hit in groups.get("dwelling", [])]
    )  # fmt: skip
    rows = rows.select_related("head", "dwelling__building").order_by("pk")[:MOST_CHOICES]
    return [
        (
            home.pk,
            str(home),
            " · ".join(filter(None, [home.head.name if home.head else "", _door(home.dwelling)])),
        )
        for home in rows.defer("dwelling__owner_phone", "dwelling__building__location")
    ]


def _door(dwelling):
    return f"{dwelling.building.address} {dwelling.short}" if dwelling else ""


class Checks(SiteTemplate, forms.CheckboxSelectMultiple):
    """Several of a few."""

    template_name = "parts/checks.html"
    input_type = "checks"


class MaskedField(forms.CharField):
    """A private value in a form: what is stored is never sent. Nothing typed keeps it, REMOVE takes it away."""

    def __init__(self, *, masked="", **kwargs):
        super().__init__(required=False, max_length=40, **kwargs)
        self.masked = masked
        self.widget.attrs |= {"autocomplete": "off", "placeholder": masked, "class": "figure-text"}
        if masked:
            self.help_text = _("Stored: %(masked)s. Leave it empty to keep it; a single - removes it.") % {
                "masked": masked
            }

    def say_nothing(self):
        """For a reader who has not been shown the record: not even that something is stored."""
        self.widget.attrs["placeholder"] = ""
        self.help_text = _("Leave it empty to keep what is stored; a single - removes it.")

    def kept(self, value) -> bool:
        return bool(self.masked) and value in ("", None, self.masked)
