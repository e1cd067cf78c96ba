"""Forms of the duty pages. They read what was typed; services judge it."""

import re

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.errors import DomainError
from duty import selectors
from duty.models import Level, Shift
from duty.models.warning import BY_HAND, Cause
from duty.services.roster_rows import span
from duty.services.rosters import clean_day
from events.forms_fields import SegmentsWidget
from events.models import Event
from grids.models import Grid
from grids.scope import Scope

NUMBER = re.compile(r"(?<!\d)(\d{6}-\d{4}-\d{1,9})(?!\d)|#(\d{1,18})(?!\d)")
CLOCK = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
MOST_GRIDS = 400


def say(form, error: DomainError):
    """Put a domain error on the fields it names, else above the form."""
    for name, sentences in error.fields.items():
        for sentence in sentences:
            form.add_error(name if name in form.fields else None, sentence)
    if not error.fields:
        form.add_error(None, str(error.message))


class ShiftForm(forms.Form):
    """One shift: the end is on the next day where it is not later than the begin."""

    person = forms.TypedChoiceField(label=_("Person"), coerce=int, empty_value=None, required=False)
    name = forms.CharField(
        label=_("Or a name without an account"), max_length=60, required=False,
        help_text=_("For people who do not log in, and for duty phones."),
    )
    role = forms.ChoiceField(
        label=_("Role on the shift"), choices=Shift.Role.choices, widget=SegmentsWidget, initial="watch"
    )
    day = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    start = forms.TimeField(label=_("From"), widget=CLOCK, initial="08:00")
    end = forms.TimeField(
        label=_("Until"), widget=CLOCK, initial="18:00", help_text=_("Not later than the begin: of the next day.")
    )
    phone = forms.CharField(
        label=_("Phone for warnings"), max_length=32, required=False,
        help_text=_("Empty: the duty phone of the unit. All who read the roster see it."),
    )
    note = forms.CharField(label=pgettext_lazy("roster", "Note"), max_length=200, required=False)

    def __init__(self, *args, unit, shift=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.unit, people = unit, list(selectors.people_of(unit))
        if shift is not None and shift.user is not None and shift.user not in people:
            people.append(shift.user)
        self.people = {user.pk: user for user in people}
        self.fields["person"].choices = [("", "———"), *((user.pk, str(user)) for user in people)]
        if shift is not None:
            start, end = timezone.localtime(shift.starts_at), timezone.localtime(shift.ends_at)
            self.initial |= {
                "person": shift.user_id or "", "name": "" if shift.user_id else shift.name, "role": shift.role,
                "day": start.date(), "start": start.time(), "end": end.time(), "phone": shift.phone, "note": shift.note,
            }  # fmt: skip

    def clean_day(self):
        try:
            return clean_day(self.cleaned_data["day"])
        except DomainError as error:
            raise forms.ValidationError(error.fields["day"]) from error

    def supplied(self):
        given = self.cleaned_data
        starts_at, ends_at = span(given["day"], given["start"], given["end"])
        return {
            "user": self.people.get(given["person"]), "name": given["name"], "role": given["role"], "starts_at": starts_at,
            "ends_at": ends_at, "phone": given["phone"], "note": given["note"],
        }  # fmt: skip


class DutyForm(forms.Form):
    staffed = forms.BooleanField(label=_("Staffed 24 hours: a gap is a warning"), required=False)
    phone = forms.CharField(
        label=_("Duty phone"), max_length=32, required=False, help_text=_("Rings where nobody is on the roster.")
    )


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("Roster file"), widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        help_text=_("xlsx or csv with columns 日期, 开始, 结束, 岗位, 姓名; also 工号, 值班电话, 备注. All or nothing."),
    )


class HandOverForm(forms.Form):
    words = forms.CharField(
        label=_("What happened on the shift"), max_length=4000, widget=forms.Textarea(attrs={"rows": 5})
    )
    matters = forms.CharField(
        label=_("Open matters, one on each line"), required=False, max_length=8000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("A case number in a line becomes a link."),
    )
    things = forms.CharField(
        label=_("Things handed over or borrowed"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Keys, radios, vehicles, seals; who has them."),
    )

    def matter_rows(self) -> list[tuple[str, int | None]]:
        """(words, event id or None) of each line."""
        lines = [line.strip() for line in self.cleaned_data["matters"].splitlines() if line.strip()]
        found = [NUMBER.search(line) for line in lines]
        wanted = {match[1] for match in found if match and match[1]}
        known = dict(Event.objects.filter(number__in=wanted).values_list("number", "pk")) if wanted else {}
        return [(line, _event_id(match, known)) for line, match in zip(lines, found, strict=True)]


def _event_id(match, known):
    if match is None:
        return None
    return known.get(match[1]) if match[1] else int(match[2])


class RemarkForm(forms.Form):
    words = forms.CharField(label=_("Remark"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class WarningForm(forms.Form):
    level = forms.ChoiceField(
        label=_("Level"), choices=Level.choices, widget=SegmentsWidget, initial=Level.SERIOUS,
        help_text=_("Major: a red banner with sound on every desk of the territory until somebody takes it."),
    )
    cause = forms.ChoiceField(label=_("Kind"), choices=[(c.value, c.label) for c in BY_HAND], initial=Cause.WEATHER)
    title = forms.CharField(label=pgettext_lazy("warning", "Title"), max_length=120)
    words = forms.CharField(
        label=_("What is to be done"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    grid = forms.TypedChoiceField(label=_("Territory"), coerce=int)
    until = forms.DateTimeField(
        label=_("Stands until"), required=False, help_text=_("Empty: as long as its level says."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        scope = Scope.of(user)
        upper = Grid.objects.valid_on().filter(scope.permission_q("duty.raise_warning", "path"), level__lte=3)
        rows = upper.order_by("path").values_list("pk", "name", "level")[:MOST_GRIDS]
        self.fields["grid"].choices = [(pk, f"{'　' * level}{name}") for pk, name, level in rows]


class EndForm(forms.Form):
    words = forms.CharField(label=_("How it ended"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class StrikeForm(forms.Form):
    words = forms.CharField(label=pgettext_lazy("board", "Note"), max_length=500, required=False)
