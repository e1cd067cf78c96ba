"""Where somebody lived from when until when, and who lived behind a door on a day."""

from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core.errors import Invalid
from residents.models import Stay
from residents.services import rights


def begin(person, day: date, began: str) -> Stay:
    """Opens the stay of a person who has none open. Raises Invalid for a day before their birth."""
    not_before_birth(person, day)
    return Stay.objects.create(
        resident=person, household_id=person.household_id, dwelling_id=person.dwelling_id, grid_id=person.grid_id,
        since=day, began=began,
    )  # fmt: skip


def close(person, day: date, ended: str):
    """Ends the open stay, if there is one."""
    Stay.objects.filter(resident=person, until=None).update(until=day, ended=ended)


def day_for(person, on) -> date:
    """A day on which the next thing may happen to this person: it has come, and is not before the last one."""
    last = Stay.objects.filter(resident=person).order_by("-since", "-id").first()
    return rights.a_day(on, earliest=last and (last.until or last.since))


def not_before_birth(person, day: date, name: str = "on"):
    """Raises Invalid naming the field: nobody lives anywhere before they are born."""
    if person.birth_date and day.isoformat() < person.birth_date:
        words = _("expected a day not before the birth of this person.")
        raise Invalid(fields={name: [words]})


def asked_day(text) -> date:
    """The day somebody asks about. Raises Invalid naming `day`."""
    return rights.a_day(text, "day")


def who_lived_here(*, user, dwelling, day: date) -> QuerySet[Stay]:
    """The stays behind this door on that day, with their people: what this person may see of them."""
    rows = Stay.objects.visible_to(user).running(day).filter(dwelling=dwelling)
    return rows.select_related("resident", "household").order_by("household_id", "resident_id")


def lived_at(*, user, resident) -> QuerySet[Stay]:
    """Where this person lived since when, the newest first."""
    rows = Stay.objects.visible_to(user).filter(resident=resident)
    return rows.select_related("dwelling__building", "grid").order_by("-since", "-id")
