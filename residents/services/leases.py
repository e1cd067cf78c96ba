"""The history of tenancies, in that of their dwellings, and their end, whatever brings it: a day, a tenant who goes, a
dwelling that is let no more.

A row names the tenant by number, not by name: it outlives the person's data.
"""

from datetime import date

from residents.models import Change, Tenancy
from residents.models.trail import Kind

BEGUN, ENDED = "let", "tenancy_ended"


def begun(lease, actor, more=None):
    begun_line(lease, actor, more).save()


def begun_line(lease, actor, more=None, batch=None) -> Change:
    """Not saved. `more`: what else changed in the dwelling by it, as in a row of history."""
    told = _whose(lease) | {"since": ["", str(lease.since)]}
    if lease.until:
        told["until"] = ["", str(lease.until)]
    return _line(lease, actor, BEGUN, told | (more or {}), batch)


def changed_line(lease, before: dict, actor, *, batch, action="changed") -> Change:
    """Other terms than before ({"until", "contract"}); not saved."""
    told = {
        name: [str(before[name] or ""), str(getattr(lease, name) or "")]
        for name in ("until", "contract")
        if before[name] != getattr(lease, name)
    }
    return _line(lease, actor, action, _whose(lease) | told, batch)


def undone_line(lease, actor, more, *, batch) -> Change:
    """The tenancy was never meant; not saved. `more`: what goes back in the dwelling by it."""
    return _line(lease, actor, "import_undone", _whose(lease) | {"since": [str(lease.since), ""]} | more, batch)


def end(rows, day: date, actor) -> list[Tenancy]:
    """Ends those of `rows` that are not over on the day, fixed terms among them; one that began later ends on the
    day it began. Returns them."""
    found = list(rows.not_over(day).select_for_update(of=("self",)).order_by("pk"))
    lines = []
    for one in found:
        before, one.until = one.until, max(day, one.since)
        told = _whose(one) | {"until": [str(before or ""), str(one.until)]}
        lines.append(_line(one, actor, ENDED, told))
    Tenancy.objects.bulk_update(found, ["until"])
    Change.objects.bulk_create(lines)
    return found


def reopen(person, after: int, actor) -> list[Tenancy]:
    """Takes back ends of this person's tenancies that stand in the history after the row `after`. Returns those that
    stay ended because the dwelling is let to others or used otherwise since."""
    left = []
    for lease in Tenancy.objects.filter(tenant=person).select_related("dwelling").order_by("pk"):
        rows = Change.objects.filter(kind=Kind.DWELLING, record_id=lease.dwelling_id, pk__gt=after).order_by("pk")
        own = next((row for row in rows if row.action == ENDED and row.changes.get("tenant_id") == ["", person.pk]), None)
        if own is None or own.changes["until"][1] != str(lease.until):
            continue
        if lease.dwelling.use != "rented" or any(row.action == BEGUN for row in rows):
            left.append(lease)
            continue
        before, term = lease.until, own.changes["until"][0]
        lease.until = date.fromisoformat(term) if term else None
        lease.save(update_fields=["until"])
        _line(lease, actor, "taken_back", _whose(lease) | {"until": [str(before), str(lease.until or "")]}).save()
    return left


def _whose(lease):
    name = "tenant_id" if lease.tenant_id else "organisation_id"
    return {name: ["", getattr(lease, name)]} if getattr(lease, name) else {}


def _line(lease, actor, action, told, batch=None):
    return Change(
        kind=Kind.DWELLING, record_id=lease.dwelling_id, grid_id=lease.grid_id, user=actor, action=action,
        changes=told, batch=batch,
    )  # fmt: skip
