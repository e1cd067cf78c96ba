"""A form for each move of the workflow, made from the table: what it must and may supply becomes its fields."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django import forms
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events import limits, standards, suggestions, workflow, worklists
from events.forms_fields import (
    ChecksWidget,
    PhotosField,
    PickerField,
    PickerWidget,
    SegmentsWidget,
    stars_field,
)
from events.models import Attachment, Event
from events.models.standard import LimitUnit
from events.paging import number
from events.services import likely_repeats
from events.workflow import MOVES, Source, Urgency
from grids import directory, locate
from grids.pins import PinField
from grids.scope import Scope

# What the words are, where "Words" would say too little.
WORDS = {
    "register": _("Note"), "reject": _("Reason"), "merge": _("Note"), "cancel": _("Reason"), "place": _("Note"),
    "escalate": _("Reason"), "hand_down": _("Reason"), "dispatch": _("What is to be done"), "sign": _("Note"),
    "return": _("Why it is not yours"), "co_report": _("What was done"), "ask_time": _("Why more time is needed"),
    "grant_time": _("Note"), "refuse_time": _("Reason"), "suspend": _("Reason"), "resume": _("Reason"),
    "feed_back": _("What was done"), "verify_pass": _("What was found on site"), "rework": _("What is still wrong"),
    "spot_pass": _("What the check found"), "spot_fail": _("What was not settled"),
    "evaluate": _("In your words"), "reopen": _("Reason"), "supervise": _("What is asked"), "answer": _("Answer"),
    "remind": _("Note"),
    "whistle": _("What is to be done"), "report_in": _("Note"), "rate_call": _("In your words"),
}
PHOTO_KIND = {
    "feed_back": Attachment.Kind.AFTER, "co_report": Attachment.Kind.AFTER, "verify_pass": Attachment.Kind.VERIFY,
    "rework": Attachment.Kind.VERIFY, "spot_pass": Attachment.Kind.VERIFY, "spot_fail": Attachment.Kind.VERIFY,
}
MOST_MATCHES = 20


@dataclass
class Desk:
    """Who fills in which form: read once, shared by the forms of one page."""

    user: object
    event: Event | None = None

    def __post_init__(self):
        self.scope = Scope.of(self.user)
        self.units = directory.current()
        self._near = {}

    def departments(self):
        """Units that can be given the event: departments whose jurisdiction holds the place, nearest first."""
        path = self.event.path
        found = [u for u in self.units.units.values() if u.kind == "department" and u.covers(path)]
        return sorted(found, key=lambda unit: (-unit.level, unit.name))

    def own_unit_ids(self):
        return self.scope.unit_ids

    def seat_for(self, move):
        """The post by which this person makes the move, as the service will find it."""
        facts = worklists.facts_of(self.event, worklists.Around(), self.units)
        return workflow.seat_for(move, facts, self.scope.seats, self.scope.user_id)

    def near(self, standard_id):
        """Likely repeats of the event under this standard: asked for once per page and standard."""
        if self.event.location is None or standard_id is None:
            return []
        if standard_id not in self._near:
            lon, lat = self.event.location.coords
            self._near[standard_id] = likely_repeats(
                actor=self.user, standard_id=standard_id, lon=lon, lat=lat, at=self.event.reported_at,
                exclude=self.event.pk,
            )
        return self._near[standard_id]

    def suggested(self, action):
        """(name of the field, suggestions for it) of one move; what similar events got."""
        if action == "register":
            found = suggestions.standards(self.event)
            agrees = bool(found) and found[0].pk == self.event.standard_id  # with what the reporter chose
            return "standard", [] if agrees else [one for one in found if one.pk != self.event.standard_id]
        if action == "dispatch":
            return "lead", suggestions.leads(self.event, {unit.pk: unit.name for unit in self.departments()})
        return "", []


def standard_widget():
    def row(standard):
        limit = LimitUnit(standard.limit_unit).words(standard.limit)
        return standard.pk, f"{standard.minor_name} · {standard.condition}", f"{standard.code} · {limit}"

    def find(query):
        return [row(standard) for standard in standards.search(query, limit=MOST_MATCHES)]

    def describe(pk):
        found = limits.current().standards.get(number(pk))
        return row(found) if found and found.valid_on(timezone.localdate()) else None

    return PickerWidget(
        find=find, describe=describe, results_url=reverse("events:standard-options"),
        placeholder=_("Words, pinyin initials or a code"),
    )


def grid_widget(scope, only_below=None):
    """A picker over the grids of the lowest level in the person's land."""
    index = locate.current()

    def row(entry):
        return entry.pk, entry.name, entry.code

    def find(query):
        words = query.lower()
        hits = (g for g in index.by_id.values() if words in g.name.lower() or g.code.startswith(words))
        seen = (g for g in hits if any(g.path.startswith(root) for root in only_below or scope.land))
        return [row(entry) for entry in sorted(seen, key=lambda g: g.code)[:MOST_MATCHES]]

    def describe(pk):
        entry = index.by_id.get(number(pk))
        return row(entry) if entry else None

    return PickerWidget(
        find=find, describe=describe, results_url=reverse("events:grid-options"), placeholder=_("Name or code of a grid")
    )


def _standard(desk, required):
    chosen = desk.event.standard_id if desk.event else None
    return PickerField(label=_("Standard 立案条件"), widget=standard_widget(), required=required, initial=chosen)


def _urgency(desk, required):
    initial = desk.event.urgency if desk.event else Urgency.NORMAL
    return forms.ChoiceField(label=_("Urgency"), choices=Urgency.choices, widget=SegmentsWidget, initial=initial)


def _grid(desk, required):
    return PickerField(label=_("Grid"), widget=grid_widget(desk.scope), required=required)


def _lower_unit(desk, required):
    event, units = desk.event, desk.units.units
    holder = units.get(event.holder_id)
    below = [
        u for u in units.values()
        if u.kind == "centre" and holder and u.level > holder.level and u.covers(event.path)
    ]
    choices = [(u.pk, u.name) for u in sorted(below, key=lambda u: u.level)]
    return forms.TypedChoiceField(label=_("To which centre"), choices=choices, coerce=int)


def _called_unit(desk, required):
    waiting = desk.event.whistles.filter(unit__in=desk.own_unit_ids(), calls__stars=None)
    rows = waiting.values_list("calls__unit_id", "calls__unit__name").distinct()
    return forms.TypedChoiceField(label=_("Which unit"), choices=list(rows), coerce=int)


def _lead(desk, required):
    event = desk.event
    standard = limits.current().standards.get(event.standard_id)
    usual = desk.units.department_for(event.path, standard.leads) if standard else None
    field = forms.TypedChoiceField(
        label=_("Lead unit"), choices=[("", "———"), *((u.pk, u.name) for u in desk.departments())], coerce=int,
        initial=usual.pk if usual else None,
    )
    if usual:
        field.help_text = _("By the standard: %(unit)s") % {"unit": usual.name}
    return field


def _co_units(desk, required):
    choices = [(u.pk, u.name) for u in desk.departments()]
    return forms.TypedMultipleChoiceField(
        label=_("Co-handling units"), choices=choices, coerce=int, required=False, widget=ChecksWidget
    )


def _units(desk, required):
    field = _co_units(desk, required)
    field.label, field.required = _("Who must come"), True
    return field


def _repeats(desk, required):
    return RepeatsField(desk, desk.near(desk.event.standard_id))


class RepeatsField(forms.CharField):
    """The other event: one of the likely repeats, or a case number typed in."""

    def __init__(self, desk, near):
        self.desk = desk
        options = [str(row["event"]) for row in near]
        hint = _("Nearby: %(numbers)s") % {"numbers": ", ".join(options)} if options else ""
        super().__init__(
            label=_("Case number of the other event"), help_text=hint, initial=options[0] if options else "",
            max_length=24,
        )

    def clean(self, value):
        text = super().clean(value).strip().lstrip("#")
        seen = Event.objects.visible_to(self.desk.user).exclude(pk=self.desk.event.pk).order_by()
        found = seen.filter(number=text).values_list("pk", flat=True).first()
        if found is None and number(text) is not None:
            found = seen.filter(pk=number(text)).values_list("pk", flat=True).first()
        if found is None:
            raise forms.ValidationError(_("No event with this number is yours to see."))
        return found


def _amount(desk, required):
    return forms.DecimalField(
        label=_("How much more"), min_value=0, max_value=365, max_digits=5, decimal_places=2, required=required
    )


def _amount_unit(desk, required):
    return forms.ChoiceField(
        label=_("Unit of the time"), choices=LimitUnit.choices, initial=desk.event.handle_unit, required=False
    )


def moment(label, hours):
    def make(desk, required):
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        start = timezone.localtime() + timedelta(hours=hours)
        return forms.DateTimeField(label=label, widget=widget, initial=start.replace(second=0, microsecond=0))

    return make


def _until(desk, required):
    today = timezone.localdate()
    widget = forms.DateInput(
        attrs={"type": "date", "min": (today + timedelta(1)).isoformat(), "max": (today + timedelta(365)).isoformat()},
        format="%Y-%m-%d",
    )
    return forms.DateField(label=_("Until when"), widget=widget, help_text=_("At most a year away."))


def _place(desk, required):
    return forms.CharField(label=_("Where to come"), max_length=200, initial=desk.event.place)


def _pin(desk, required):
    field = PinField(label=_("Position"), required=required)
    field.widget.map = {
        "tiles": settings.MAP_TILES_URL, "attribution": settings.MAP_TILES_ATTRIBUTION,
        "outlines": "map-outlines",  # of the event's grid, on the same page
        "home": desk.event.location,
    }
    return field


def _photos(desk, required):
    return PhotosField(label=_("Photos"), required=required)


FIELDS = {
    "standard": _standard, "urgency": _urgency, "grid": _grid, "lead": _lead, "co_units": _co_units,
    "units": _units, "repeats": _repeats, "amount": _amount,
    "amount_unit": _amount_unit, "until": _until, "place": _place,
    "answer_by": moment(_("Answer by"), 24), "come_by": moment(_("Come by"), 1),
    "location": _pin, "photos": _photos, "stars": lambda desk, required: stars_field(_("Rating")),
}


class StepForm(forms.Form):
    """One move of one event. `seen` is the last step the page showed: a newer one is a conflict, not a surprise."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, action, desk, given=None, **kwargs):
        """`given`: what the address fills in, such as a suggestion that was followed without JavaScript."""
        self.action, self.move, self.desk = action, MOVES[action], desk
        kwargs.setdefault("prefix", None)
        kwargs.setdefault("auto_id", f"{action}_%s")
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key", uuid.uuid4().hex)
        self.initial.setdefault("seen", desk.event.head_seq)
        for required, names in ((True, self.move.must), (False, self.move.may)):
            for name in names:
                if name != "words":
                    self.fields[name] = self._field(name, required)
        if "words" in (*self.move.must, *self.move.may):
            self.fields["words"] = forms.CharField(
                label=WORDS.get(action, _("Words")), required="words" in self.move.must, max_length=2000,
                widget=forms.Textarea(attrs={"rows": 3}),
            )
        # Offered while registering: what this may be a repeat of. `known` are those the person has been shown.
        self.near = desk.near(desk.event.standard_id) if action == "register" else []
        if "photos" in self.move.on_site and self.move.evidence_from(desk.seat_for(self.move)):
            self.fields["photos"].help_text = _("Whoever is on site gives a photo or the position.")
        self.suggested_field, self.suggested = desk.suggested(action)
        if given and (self.suggested_field in given):
            self.fields[self.suggested_field].initial = number(given[self.suggested_field])
        # Words before what takes room: photos and the map.
        self.order_fields([n for n in self.fields if n not in ("photos", "location")])

    def _field(self, name, required):
        if name == "unit":
            return (_called_unit if self.action == "rate_call" else _lower_unit)(self.desk, required)
        return FIELDS[name](self.desk, required)

    def unknown_repeats(self) -> bool:
        """Whether the chosen standard brings likely repeats that were not on the page when the button was pressed."""
        if self.action != "register":
            return False
        self.near = self.desk.near(self.cleaned_data["standard"])
        shown = set(self.data.get("known", "").split(","))
        return any(str(row["event"].pk) not in shown for row in self.near)

    def supplied(self):
        """What the service takes; photos are still to be stored."""
        left_out = {"key", "seen", "photos"}
        return {k: v for k, v in self.cleaned_data.items() if k not in left_out and v not in (None, "")}


# What an operator takes down for others; a report from the field says by itself where it comes from.
DESK_SOURCES = (Source.OPERATOR, Source.HOTLINE, Source.RESIDENT, Source.SENSOR)


class ReportForm(forms.Form):
    """A report: what, where, photos; one that the worker has settled on the spot; or a call an operator takes down."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    source = forms.ChoiceField(
        label=_("Source"), choices=[(s.value, s.label) for s in DESK_SOURCES], widget=SegmentsWidget,
        initial=Source.OPERATOR,
    )
    description = forms.CharField(
        label=_("What is wrong"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )
    standard = PickerField(
        label=_("Standard 立案条件"), required=False, help_text=_("May be left open: the station chooses it then.")
    )
    location = PinField(label=_("Where it is"), required=False)
    grid = PickerField(
        label=_("Grid"), required=False, help_text=_("If nobody can set a pin. A pin goes before it.")
    )
    place = forms.CharField(
        label=_("Place in words"), max_length=200, required=False,
        help_text=_("Street and number, building, what stands beside it."),
    )
    urgency = forms.ChoiceField(label=_("Urgency"), choices=Urgency.choices, widget=SegmentsWidget, initial="normal")
    before = PhotosField(label=_("Photos"), required=False)
    settled = forms.BooleanField(label=_("I have settled it on the spot 自办自结"), required=False)
    after = PhotosField(
        label=_("Photos from after"), required=False,
        help_text=_("Settled on the spot: at least one photo from before and one from after."),
    )
    words = forms.CharField(
        label=_("What was done"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    contact_name = forms.CharField(label=_("Name of the person who told you"), max_length=60, required=False)
    contact_phone = forms.CharField(label=_("Phone of that person"), max_length=32, required=False)

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key", uuid.uuid4().hex)
        self.fields["standard"].widget = standard_widget()
        self.fields["location"].widget.attrs["id"] = "id_location"
        self.scope = Scope.of(user)
        self.may_settle = self.scope.may("events.settle_event")
        if any(seat.role.place == "centre" and seat.may("events.report_event") for seat in self.scope.seats):
            self.fields["grid"].widget = grid_widget(self.scope)
        else:
            del self.fields["source"], self.fields["grid"]
        if not self.may_settle:
            for name in ("settled", "after", "words"):
                del self.fields[name]
        else:
            self.fields["settled"].widget.attrs["data-reveals"] = "settled-fields"

    def supplied(self):
        left_out = {"key", "before", "after", "settled"}
        return {k: v for k, v in self.cleaned_data.items() if k not in left_out and v not in (None, "")}
