"""What happens to people, as forms: one table says which step belongs to which record and what it asks for."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from residents import codes
from residents.forms.fields import Checks, MaskedField, record_field
from residents.forms.records import DAY, WIDE, fields_of
from residents.models import Household, Organisation, Resident, Tenancy
from residents.services import life

PERSON = [
    "name",
    "id_kind",
    "id_number",
    "phone",
    "sex",
    "birth_date",
    "population",
    "hukou_address",
    "hukou_here",
    "inflow_reason",
    "inflow_from",
    "permit_expires",
]
FLOATING = ("inflow_reason", "inflow_from", "permit_expires")
STEPS: dict[str, "Step"] = {}


@dataclass(frozen=True)
class Done:
    """The record to show afterwards, and what somebody must still put right."""

    record: Any
    by_hand: list[str]


@dataclass(frozen=True)
class Step:
    """`kind`: whose page it starts from. `fields(record, user)` are its form's; `run(record, user, values)` calls the
    service and returns the record to show afterwards, or Done."""

    name: str
    kind: str
    title: str | Callable[[Any], str]  # of the record, where it says what is meant
    words: str
    fields: Callable[[Any, Any], dict[str, forms.Field]]
    run: Callable[[Any, Any, dict], Any]
    danger: bool = False
    once: bool = False  # what makes a person carries a key: sent twice it happens once

    def titled(self, record) -> str:
        return self.title(record) if callable(self.title) else self.title


class LifeForm(forms.Form):
    def __init__(self, *args, step, record, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields |= step.fields(record, user)
        if step.once:
            self.fields["key"] = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
            self.initial.setdefault("key", uuid.uuid4().hex)

    def values(self) -> dict:
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if not (isinstance(self.fields[name], MaskedField) and not value)
        }

    @property
    def rows(self):
        return [
            (self[name], name in WIDE or hasattr(self.fields[name].widget, "kind"))
            for name in self.fields
            if not self[name].is_hidden and (name != ANOTHER or self.has_error(name))
        ]


def step(name, kind, title, words, fields, danger=False, once=False):
    """Registers a service call as a step."""

    def keep(run):
        STEPS[name] = Step(name, kind, title, words, fields, run, danger, once)
        return run

    return keep


def _day(label, name="on"):
    return {
        name: forms.DateField(
            label=label, initial=timezone.localdate, widget=forms.DateInput(DAY, "%Y-%m-%d")
        )
    }


def _reason(required=False):
    label = _("reason") if required else _("cause")
    return {"reason": forms.CharField(label=label, max_length=200, required=required)}


def _person():
    """Whoever comes to live here; what the residence permit needs stands behind the rest."""
    made = fields_of("resident", None, PERSON)
    for name in FLOATING:
        made[name].help_text = _("for the floating population")
    return made


def _relation(required=True):
    table = codes.choices(codes.RELATION)
    return {
        "relation": forms.ChoiceField(
            label=_("relation to the head"), required=required, choices=[("", "—"), *table]
        )
    }


def _hukou():
    label = _("the hukou moves with them")
    words = _("If not, they live elsewhere than registered from now on; the registered address stays.")
    return {"hukou": forms.BooleanField(label=label, required=False, help_text=words)}


def _members(label, name="members", *, record, multiple=True):
    people = Resident.objects.living().filter(household=record).order_by("relation", "pk")
    if multiple:
        return {
            name: forms.ModelMultipleChoiceField(
                label=label, queryset=people, widget=Checks
            )
        }
    return {name: forms.ModelChoiceField(label=label, queryset=people, empty_label="—")}


RELATION = "relation_"
ANOTHER = "another"  # asked only where there is one already


def _relations(record, words, needed=None):
    """What each member is to the head of the household to come. `needed`: the id of whom nothing can be told."""
    people = Resident.objects.living().filter(household=record).order_by("relation", "pk")
    table = [("", "—"), *((code, name) for code, name in codes.choices(codes.RELATION) if code != codes.HEAD)]
    return {
        f"{RELATION}{person.pk}": forms.ChoiceField(
            label=_("%(name)s is to the head") % {"name": person.name},
            choices=table,
            required=person.pk == needed,
            help_text=_("so far: %(relation)s") % {"relation": person.get_relation_display() or "—"}
            if person.pk == needed
            else words % {"relation": person.get_relation_display() or "—"},
        )
        for person in people
    }


def _said(values) -> dict:
    """The values without the relations, and these by person."""
    said = {int(name.removeprefix(RELATION)): code for name, code in values.items() if name.startswith(RELATION)}
    left = {name: value for name, value in values.items() if not name.startswith(RELATION)}
    return left | {"relations": {pk: code for pk, code in said.items() if code}}


# -- a person


@step("death", "resident", _("Record a death"), _("The stay, tenancies and care end; the household gets its next head."),
      lambda record, user: _day(_("died on")) | _reason(), danger=True)  # fmt: skip
def _death(record, user, values):
    return life.record_death(actor=user, resident=record, **values)


@step("move-out", "resident", _("Move out"), _("The person leaves the county; the record stays as departed."),
      lambda record, user: _day(_("moved out on")) | _reason(), danger=True)  # fmt: skip
def _move_out(record, user, values):
    return life.move_out(actor=user, resident=record, **values)


def _taken_back(record):
    return _("Take back the death") if record.status == Resident.Status.DEAD else _("Take back the departure")


@step("take-back", "resident", _taken_back,
      _("It was recorded by mistake: the person lives where they lived before."),
      lambda record, user: _reason(True), danger=True)  # fmt: skip
def _take_back(record, user, values):
    return Done(*life.take_back(actor=user, resident=record, **values))


class StayChoice(forms.ModelChoiceField):
    def label_from_instance(self, stay):
        where = f"{stay.dwelling.building.address} {stay.dwelling.short}" if stay.dwelling else "—"
        return f"{where} · {stay.since} – {stay.until or _('to date')} · {stay.get_began_display()}"


def _correct_fields(record, user):
    rows = life.lived_at(user=user, resident=record)
    newest = rows.first()
    asked = {"stay": StayChoice(label=_("stay"), queryset=rows, initial=newest, empty_label=None)}
    asked |= _day(_("began on")) | _reason(True)
    asked["on"].initial = newest and newest.since  # what is recorded: only what is wrong is typed
    return asked


@step("correct-day", "resident", _("Correct the day of a stay"),
      _("Since when the person has lived there. What was recorded stays in the history."), _correct_fields)  # fmt: skip
def _correct_day(record, user, values):
    life.correct_day(actor=user, resident=record, **values)
    return record


def _within_fields(record, user):
    return (
        _day(_("moved on"))
        | {
            "dwelling": record_field("dwelling", user, _("new door"), required=False),
            "into": record_field(
                "household", user, _("into the household (empty: one of their own)"), required=False
            ),
        }
        | _relation(False)
        | _hukou()
    )


@step(
    "move",
    "resident",
    _("Move within the county"),
    _("Behind another door, or into another household."),
    _within_fields,
)
def _move(record, user, values):
    into = values.pop("into")
    if into is not None:
        home = Household.objects.visible_to(user).filter(pk=into).first()
        values |= {"into": into, "dwelling": values["dwelling"] or (home.dwelling_id if home else None)}
    return life.move_within(actor=user, resident=record, **values)


@step("registration", "resident", _("Registration"), _("Where the person is registered, and whether they live there."),
      lambda record, user: fields_of("resident", record, ["population", "hukou_address", "hukou_here"]))  # fmt: skip
def _registration(record, user, values):
    return life.set_registration(actor=user, resident=record, **values)


# -- a household


def _birth_fields(record, user):
    another = forms.BooleanField(label=_("another child of this name and day"), required=False)
    return _day(_("born on")) | fields_of("resident", None, ["name", "sex"]) | _relation() | {ANOTHER: another}


@step("birth", "household", _("Record a birth"), _("The ID number may come later."), _birth_fields, once=True)
def _birth(record, user, values):
    return life.record_birth(actor=user, household=record, **values)


@step("join", "household", _("Moves in"), _("Somebody comes to live in this household."),
      lambda record, user: _day(_("moved in on")) | _person() | _relation(), once=True)  # fmt: skip
def _join(record, user, values):
    return life.move_in(actor=user, household=record, **values)


def _split_fields(record, user):
    return (
        _day(_("split on"))
        | _members(_("who leaves"), record=record)
        | _members(_("new head"), "head", record=record, multiple=False)
        | _relations(record, _("so far: %(relation)s. Left empty: if they leave, what follows from that."))
        | {
            "dwelling": record_field("dwelling", user, _("new door (empty: the same)"), required=False),
            "number": forms.CharField(label=_("number of the new household"), max_length=32, required=False),
        }
        | _hukou()
    )


@step("split", "household", _("Split"), _("Some members form a household of their own."), _split_fields)
def _split(record, user, values):
    members = [person.pk for person in values.pop("members")]
    return life.split_household(actor=user, household=record, members=members, **_said(values))


def _merge_fields(record, user):
    words = _("so far: %(relation)s. Left empty: what follows from the former head's relation.")
    return (
        _day(_("merged on"))
        | {"target": record_field("household", user, _("other household"))}
        | _relations(record, words, needed=record.head_id)
        | _hukou()
    )


@step(
    "merge",
    "household",
    _("Merge into another"),
    _("All members join the other household; this one ends."),
    _merge_fields,
    danger=True,
)
def _merge(record, user, values):
    target = Household.objects.visible_to(user).filter(pk=values["target"]).first() or Household(pk=0)
    return life.merge_households(actor=user, source=record, **_said(values) | {"target": target})


@step("relocate", "household", _("Move"), _("The whole household moves behind another door."),
      lambda record, user: (
          _day(_("moved on")) | {"dwelling": record_field("dwelling", user, _("new door"))} | _hukou()
      ))  # fmt: skip
def _relocate(record, user, values):
    return life.move_within(actor=user, household=record, **values)


@step("head", "household", _("Another head"), _("The relations of the others begin anew where they cannot be told."),
      lambda record, user: _members(_("new head"), "resident", record=record, multiple=False))  # fmt: skip
def _head(record, user, values):
    return life.set_head(actor=user, household=record, **values)


# -- a door


@step("arrive", "dwelling", _("Moves in"), _("Somebody comes to live here, in a household of their own."),
      lambda record, user: _day(_("moved in on")) | _person(), once=True)  # fmt: skip
def _arrive(record, user, values):
    return life.move_in(actor=user, dwelling=record, **values)


def _let_fields(record, user):
    firms = Organisation.objects.visible_to(user).current().filter(grid=record.grid_id).order_by("name")
    return {
        "tenant": record_field("resident", user, _("tenant"), required=False),
        "organisation": forms.ModelChoiceField(
            label=_("or an organisation"), queryset=firms, required=False, empty_label="—"
        ),
        **_day(_("since"), "since"),
        "until": forms.DateField(label=_("let until"), required=False, widget=forms.DateInput(DAY, "%Y-%m-%d")),
        "contract": forms.CharField(label=_("contract number"), max_length=40, required=False),
    }


@step("let", "dwelling", _("Begin a tenancy"), _("The door is let from this day."), _let_fields)
def _let(record, user, values):
    life.begin_tenancy(actor=user, dwelling=record, **values)
    return record


# -- a tenancy


@step("end-tenancy", "tenancy", _("End the tenancy"), _("If nobody lives there the dwelling becomes empty."),
      lambda record, user: _day(_("ended on")), danger=True)  # fmt: skip
def _end_tenancy(record: Tenancy, user, values):
    life.end_tenancy(actor=user, tenancy=record, **values)
    return record.dwelling
