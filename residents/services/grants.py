"""Granting a department's system single fields of residents' base data."""

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from core.errors import Invalid, NotFound, Refused
from grids.models import Unit
from grids.scope import Scope
from residents import grants
from residents.models import DataGrant
from residents.services.access import checked_reason

LONGEST_DAYS = 366 * 3


@transaction.atomic
def grant(
    *, actor, unit: Unit, fields, purpose: str, legal_basis: str, since: date, until: date
) -> DataGrant:
    """A grant for a department whose jurisdiction this person administers. Raises Refused or Invalid."""
    if not Scope.of(actor).may_at("residents.add_datagrant", unit.grid.path):
        raise Refused
    wrong = faults(
        unit=unit, fields=fields, purpose=purpose, legal_basis=legal_basis, since=since, until=until
    )
    if wrong:
        raise Invalid(fields=wrong)
    return DataGrant.objects.create(
        unit=unit, fields=in_order(fields), purpose=purpose.strip(), legal_basis=legal_basis.strip(), since=since,
        until=until, granted_by=actor,
    )  # fmt: skip


@transaction.atomic
def withdraw(row: DataGrant, *, actor, on: date) -> DataGrant:
    """Ends a grant on this day. Raises NotFound."""
    found = DataGrant.objects.visible_to(actor).select_for_update(of=("self",)).filter(pk=row.pk).first()
    if found is None:
        raise NotFound
    if not Scope.of(actor).may_at("residents.change_datagrant", found.unit.grid.path):
        raise Refused
    if on <= found.since:
        found.delete()
        return found
    found.until = min(on, found.until)
    found.save(update_fields=["until"])
    return found


def faults(*, unit, fields, purpose, legal_basis, since, until) -> dict[str, list[str]]:
    """What is wrong with a grant, by field; for services and forms."""
    found = {}
    if unit is None or unit.kind != Unit.Kind.DEPARTMENT or not unit.active:
        found["unit"] = [_("Expected an active department.")]
    if not fields or set(fields) - set(grants.FIELDS):
        found["fields"] = [_("expected some of: %(names)s.") % {"names": ", ".join(grants.FIELDS)}]
    for name, words in (("purpose", purpose), ("legal_basis", legal_basis)):
        try:
            checked_reason(words)
        except Invalid:
            found[name] = [_("Say it in a few words: it stands in the access log.")]
    if not (since and until and since < until):
        found["until"] = [_("A grant must end after it begins.")]
    elif (until - since).days > LONGEST_DAYS:
        found["until"] = [_("A grant lasts three years at most; then look at it again.")]
    return found


def in_order(fields) -> list[str]:
    return [name for name in grants.FIELDS if name in set(fields)]
