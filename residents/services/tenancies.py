"""A dwelling that is let (租赁): from when until when, to whom."""

from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import Invalid
from residents import checks, codes
from residents.models import Organisation, Resident, Tenancy
from residents.services import leases, records, rights, trail


@transaction.atomic
def begin_tenancy(
    *, actor, dwelling, since, tenant=None, organisation=None, until=None, contract=""
) -> Tenancy:
    """The door is let from this day. Told twice it is one tenancy; the dwelling counts as rented (business: for an
    organisation)."""
    door = rights.a_door(actor, dwelling, lock=True)
    day = rights.a_day(since, "since")
    if (tenant is None) == (organisation is None):
        raise Invalid(fields={"tenant": [_("expected a person or an organisation.")]})
    tenant = tenant and rights.seen_one(Resident, tenant, actor, "tenant")
    organisation = organisation and rights.seen_one(Organisation, organisation, actor, "organisation")
    last = _end_after(day, until)
    known = {"tenant": tenant, "organisation": organisation}
    if found := Tenancy.objects.running(day).filter(dwelling=door, **known).first():
        return found
    made = Tenancy.objects.create(
        dwelling=door, grid=door.grid, since=day, until=last, contract=checks.plain(contract)[:40], **known
    )
    use = door.use if made.is_over else "business" if organisation else "rented"
    leases.begun(made, actor, _put(door, use))
    return made


@transaction.atomic
def end_tenancy(*, actor, tenancy, on, use: str | None = None) -> Tenancy:
    """The tenancy ended on this day, before its term if it has one. The dwelling becomes `use`; if not said, empty once
    nobody lives there."""
    door = rights.locked(tenancy.dwelling, actor)
    tenancy = Tenancy.objects.select_for_update().get(pk=tenancy.pk)
    today = timezone.localdate()
    if tenancy.is_over:
        return tenancy
    day = rights.a_day(on, earliest=tenancy.since)
    if use is not None and use not in codes.DWELLING_USE:
        raise Invalid(
            fields={"use": [_("expected one of: %(names)s.") % {"names": ", ".join(codes.DWELLING_USE)}]}
        )
    leases.end(Tenancy.objects.filter(pk=tenancy.pk), day, actor)
    still = Tenancy.objects.running(today).filter(dwelling=door).exists()
    lived = Resident.objects.living().filter(dwelling=door).exists()
    if use or not (still or lived):
        before = trail.snapshot(door)
        _put(door, use or "empty")
        trail.note(door, before=before, user=actor, action="changed")
    tenancy.refresh_from_db()
    return tenancy


def _put(door, use) -> dict:
    """The dwelling with this use; what that changed, for its history."""
    if door.use == use:
        return {}
    before = trail.snapshot(door)
    door.use = use
    records._write(door)
    return trail.differences(before, trail.snapshot(door))


def _end_after(since: date, until):
    if until in (None, ""):
        return None
    try:
        last = until if type(until) is date else date.fromisoformat(str(until))
    except ValueError as error:
        raise Invalid(fields={"until": [_("expected a date such as 1985-03-04.")]}) from error
    if last < since:
        raise Invalid(fields={"until": [_("A tenancy must end after it begins.")]})
    return last
