"""Whose hand may change a record, and records locked for it."""

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import Invalid, NotFound, Refused
from grids.scope import Scope
from residents.models import Dwelling, Household, Resident

EDIT = "residents.edit_registry"
MOST_ID = 2**63 - 1
EARLIEST = date(1900, 1, 1)  # nobody who lives was born before


def must_edit(actor, path: str, model, verb: str = "change"):
    """Raises Refused unless a post of today lets this person write the registry (or this model) at `path`."""
    scope = Scope.of(actor)
    own = f"residents.{verb}_{model._meta.model_name}"
    if not (scope.may_at(EDIT, path) or scope.may_at(own, path)):
        raise Refused


def locked(record, actor):
    """The row as it is now, locked until the end of the transaction. Raises NotFound or Refused."""
    found = locked_many(type(record), [record.pk], actor)
    if not found:
        raise NotFound
    return found[0]


def locked_many(model, pks, actor) -> list:
    """Rows in the order of their ids (always one order: two who lock never wait for each other). Those that this
    person does not see are missing. Raises Refused if one may not be changed."""
    rows = model.objects.visible_to(actor).filter(pk__in=list(pks)).order_by("pk")
    found = list(rows.select_related("grid").select_for_update(of=("self",)))
    for path in {row.grid.path for row in found}:
        must_edit(actor, path, model)
    return found


def pk_of(given) -> int | None:
    """The id of a row, or an id as it stands in a form; None for anything else."""
    given = getattr(given, "pk", given)
    if isinstance(given, str) and given.isascii() and given.isdigit():
        given = int(given) if len(given) < len(str(MOST_ID)) else None
    return given if type(given) is int and 0 < given <= MOST_ID else None


def seen_one(model, given, actor, name: str):
    """A record that another one refers to, given as row or id: visible to this person and in force, else Invalid."""
    pk = pk_of(given)
    found = model.objects.visible_to(actor).filter(pk=pk).select_related("grid").first() if pk else None
    gone = isinstance(found, Resident) and found.status != Resident.Status.LIVING  # erased, they have no day of it
    if found is None or gone or getattr(found, "ended_on", None) is not None:
        raise Invalid(fields={name: [_("There is no such record, or it is not yours to see.")]})
    return found


def a_door(actor, dwelling, *, lock=False) -> Dwelling:
    """A dwelling in force where this person may record who lives. Raises Invalid or Refused."""
    if dwelling is None:
        raise Invalid(fields={"dwelling": [_("This field is required.")]})
    found = seen_one(Dwelling, dwelling, actor, "dwelling")
    if lock:
        return locked(found, actor)
    must_edit(actor, found.grid.path, Household)
    return found


def a_day(value, name: str = "on", *, earliest: date | None = None) -> date:
    """A day that has come and is not before `earliest`. Raises Invalid naming the field."""
    try:
        day = value if type(value) is date else date.fromisoformat(str(value))
    except ValueError as error:
        raise Invalid(fields={name: [_("expected a date such as 1985-03-04.")]}) from error
    if day < EARLIEST:
        raise Invalid(fields={name: [_("expected a day from 1900 on.")]})
    if day > timezone.localdate():
        raise Invalid(fields={name: [_("expected a day that has come.")]})
    if earliest is not None and day < earliest:
        words = _("expected a day not before %(day)s, when the last thing happened.") % {"day": earliest}
        raise Invalid(fields={name: [words]})
    return day
