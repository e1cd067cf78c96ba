"""Fields that several forms of the desk share: pickers that work with and without a script, photos, stars."""

import uuid

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.widgets import SiteTemplate
from events.paging import number, words


class PickerWidget(SiteTemplate, forms.Widget):
    """A search box over radio buttons.

    With a script the matches arrive while typing (htmx, `results_url`); without one, sending the words brings the
    form back with the matches. `find(query)` gives [(value, label, hint)], `describe(value)` one such row or None.
    """

    template_name = "parts/picker.html"
    input_type = "picker"

    def __init__(self, *, find, describe, results_url, placeholder="", attrs=None):
        super().__init__(attrs)
        self.find, self.describe = find, describe
        self.results_url, self.placeholder = results_url, placeholder

    def value_from_datadict(self, data, files, name):
        return data.get(name) or None, words(data.get(f"{name}_q"))

    def get_context(self, name, value, attrs):
        chosen, query = value if isinstance(value, tuple) else (value, "")
        rows = [row for row in [self.describe(chosen) if chosen else None] if row]
        rows += [row for row in (self.find(query) if query else []) if str(row[0]) != str(chosen)]
        context = super().get_context(name, value, attrs)
        context["widget"] |= {
            "query": query, "chosen": str(chosen or ""), "rows": rows, "results_url": self.results_url,
            "placeholder": self.placeholder,
        }
        return context


class PickerField(forms.Field):
    """The id of the row chosen in a PickerWidget. Words without a choice are an error that shows the matches."""

    def clean(self, value):
        chosen, query = value if isinstance(value, tuple) else (value, "")
        if chosen:
            if number(chosen) is None or not self.widget.describe(chosen):
                raise ValidationError(_("This choice no longer exists. Choose another one."))
            return number(chosen)
        if query:
            found = self.widget.find(query)
            raise ValidationError(
                _("Choose one of the matches; if there is none, type other words.")
                if found
                else _("Nothing matches these words.")
            )
        if self.required:
            raise ValidationError(_("Type a few words and choose one of the matches."))
        return None


class ManyFilesInput(SiteTemplate, forms.ClearableFileInput):
    """A file field for several photos that also remembers those uploaded before an error (`kept`)."""

    allow_multiple_selected = True
    template_name = "parts/photos_input.html"
    input_type = "photos"

    def value_from_datadict(self, data, files, name):
        kept = [value for value in data.getlist(f"{name}_kept") if _is_uuid(value)] if hasattr(data, "getlist") else []
        return kept, files.getlist(name) if hasattr(files, "getlist") else []

    def get_context(self, name, value, attrs):
        context = super().get_context(name, None, attrs)
        context["widget"]["kept"] = getattr(self, "kept", [])
        return context


def _is_uuid(text):
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


class PhotosField(forms.Field):
    """(public ids of photos uploaded before, newly sent files)."""

    widget = ManyFilesInput

    def clean(self, value):
        kept, files = value or ([], [])
        if self.required and not kept and not files:
            raise ValidationError(_("A photo is needed."))
        return kept, files


class StarsWidget(SiteTemplate, forms.RadioSelect):
    template_name = "parts/stars.html"


class SegmentsWidget(SiteTemplate, forms.RadioSelect):
    template_name = "parts/segments.html"


class ChecksWidget(SiteTemplate, forms.CheckboxSelectMultiple):
    template_name = "parts/checks.html"


def stars_field(label):
    choices = [(n, str(n)) for n in range(5, 0, -1)]
    return forms.TypedChoiceField(label=label, choices=choices, coerce=int, widget=StarsWidget)
