"""A form for each kind of paper. Choices of grids are those where one may make that kind."""

from datetime import date

from django import forms
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.forms_fields import ChecksWidget, PickerField, PickerWidget, SegmentsWidget
from events.models import Event
from grids import names
from grids.models import Grid
from grids.scope import Scope
from papers.makers import RECIPES
from papers.models import Kind
from papers.services import CLEAR
from papers.team import CHOICES as ROLE_CHOICES
from papers.team import USUAL, duties_of

MOST_FOUND = 20
LANDSCAPE, PORTRAIT = "landscape", "portrait"
TURNS = ((PORTRAIT, _("Portrait")), (LANDSCAPE, _("Landscape")))


def grids_where(user, kind):
    """Grids in force where this person may make papers of this kind."""
    rows = Grid.objects.visible_to(user).valid_on().filter(Scope.of(user).permission_q(RECIPES[kind].permission, "path"))
    return rows.defer("boundary")


def grids_like(user, kind, words) -> list[tuple]:
    """[(id, name, where)] of those that the words name, the highest first."""
    rows = grids_where(user, kind)
    if words:
        rows = rows.filter(Q(name__contains=words) | Q(code__startswith=words))
    return [_row(grid) for grid in rows.order_by("level", "code")[:MOST_FOUND]]


def _row(grid):
    known = names.current().grids
    above = [known[pk]["name"] for pk in grid.ancestor_ids[:-1] if pk in known]
    return grid.pk, grid.name, " › ".join(above) or grid.code


class PaperForm(forms.Form):
    """What every kind asks. `options()` is what is kept: plain JSON."""

    kind = ""

    def __init__(self, *args, user, initial=None, **kwargs):
        self.user = user
        super().__init__(*args, initial=initial, **kwargs)
        if "grid" in self.fields:
            self._grids(initial or {})

    def _grids(self, initial):
        field = self.fields["grid"]
        field.widget = PickerWidget(
            find=lambda words: grids_like(self.user, self.kind, words), describe=self._describe,
            results_url=f"{reverse('papers:grid-options')}?kind={self.kind}", placeholder=_("Name or code"),
        )  # fmt: skip
        given = str(initial.get("grid", ""))
        if not given.isdecimal() or self._describe(given) is None:
            first = grids_where(self.user, self.kind).order_by("level", "path").first()
            given = first.pk if first else ""
        self.initial["grid"] = (str(given), "")

    def _describe(self, value):
        if not str(value).isdecimal() or len(str(value)) > 18:
            return None
        grid = grids_where(self.user, self.kind).filter(pk=value).first()
        return _row(grid) if grid else None

    def options(self) -> dict:
        left = {"unmasked", "reason"}
        given = {name: value for name, value in self.cleaned_data.items() if name not in left}
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in given.items()}

    def refuse(self, error):
        """A service's words, at the field they belong to or above the form."""
        rest = []
        for name, words in error.fields.items():
            if name in self.fields:
                self.add_error(name, [str(word) for word in words])
            else:
                rest += [str(word) for word in words]
        if rest or not error.fields:
            self.add_error(None, rest or [str(error.message)])


class SignForm(PaperForm):
    kind = Kind.SIGN
    grid = PickerField(label=_("Grid"))
    below = forms.ChoiceField(
        label=_("For which grids"), widget=SegmentsWidget, initial="no",
        choices=(("no", _("This one")), ("yes", _("Every one right below it"))),
    )  # fmt: skip
    size = forms.ChoiceField(label=_("Size"), choices=(("A3", "A3"), ("A2", "A2")), widget=SegmentsWidget, initial="A3")
    turn = forms.ChoiceField(label=_("Orientation"), choices=TURNS, widget=SegmentsWidget, initial=PORTRAIT)
    roles = forms.MultipleChoiceField(
        label=_("Who is on it"), choices=ROLE_CHOICES, widget=ChecksWidget, initial=list(USUAL),
        help_text=_("Name, role and phone are printed for everybody to read."),
    )  # fmt: skip
    phone = forms.CharField(
        label=_("Supervising phone"), required=False, max_length=32,
        help_text=_("Empty: that of the centre the grid belongs to."),
    )  # fmt: skip
    area = forms.CharField(
        label=_("Service scope"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Empty: the estates and roads of the registry."),
    )  # fmt: skip
    duties = forms.CharField(
        label=_("Duties"), max_length=900, widget=forms.Textarea(attrs={"rows": 7}), initial=duties_of,
        help_text=_("One on each line, at most eight."),
    )  # fmt: skip


class CardsForm(PaperForm):
    kind = Kind.CARDS
    grid = PickerField(label=_("All grid workers of"))
    on_sheet = forms.ChoiceField(
        label=_("Cards on a sheet of A4"), choices=(("10", "10 (90 × 54 mm)"), ("8", "8 (95 × 66 mm)")),
        widget=SegmentsWidget, initial="10",
    )  # fmt: skip


class WallForm(PaperForm):
    kind = Kind.WALL
    grid = PickerField(label=_("Community or other grid that is divided"))
    size = forms.ChoiceField(
        label=_("Size"), choices=[(size, size) for size in ("A3", "A2", "A1", "A0")], widget=SegmentsWidget, initial="A3"
    )
    turn = forms.ChoiceField(label=_("Orientation"), choices=TURNS, widget=SegmentsWidget, initial=LANDSCAPE)
    buildings = forms.BooleanField(label=_("With buildings"), required=False, initial=True)


class CaseForm(PaperForm):
    kind = Kind.CASE
    number = forms.CharField(label=_("Case number"), max_length=24)
    unmasked = forms.BooleanField(
        label=_("With the phone of the person who told it, in clear"), required=False,
        help_text=_("Needs the permission and a reason, and is written down."),
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason"), required=False, max_length=200)

    def __init__(self, *args, user, initial=None, **kwargs):
        super().__init__(*args, user=user, initial=initial, **kwargs)
        if not Scope.of(user).may(CLEAR):
            del self.fields["unmasked"], self.fields["reason"]

    def clean_number(self):
        """Case number, or #id for an event that has none yet."""
        words = self.cleaned_data["number"].strip()
        rows = Event.objects.visible_to(self.user).order_by()
        event = rows.filter(number=words).first()
        if event is None and words.startswith("#") and words[1:].isdecimal() and len(words) < 19:
            event = rows.filter(pk=words[1:]).first()
        if event is None:
            raise forms.ValidationError(_("There is no event with this number, or it is not yours to see."))
        self.event = event
        return words

    def options(self):
        return {"event": self.event.pk}


class ReportForm(PaperForm):
    kind = Kind.REPORT
    span = forms.ChoiceField(
        label=_("Which report"), widget=SegmentsWidget, initial="day",
        choices=(("day", _("Daily 日报")), ("week", _("Weekly 周报")), ("month", _("Monthly 月报"))),
    )  # fmt: skip
    day = forms.DateField(
        label=_("A day of the period"), initial=timezone.localdate,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("A period that is not over yet is reported up to now, and says so."),
    )  # fmt: skip
    grid = PickerField(label=_("Territory"))

    def clean_day(self):
        day = self.cleaned_data["day"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("This day has not come yet."))
        if day.year < 2000:
            raise forms.ValidationError(_("There is nothing to report of that time."))
        return day


FORMS = {form.kind: form for form in (SignForm, CardsForm, WallForm, CaseForm, ReportForm)}
