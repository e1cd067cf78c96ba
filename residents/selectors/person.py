"""What the page of one resident shows."""

from django.db.models import QuerySet

from residents.care import may_know
from residents.models import CareRecord, Resident, Stay, Tenancy

RELATED = ("grid", "grid__parent", "household", "dwelling__building")
UNSEEN = ("grid__boundary", "grid__parent__boundary", "dwelling__owner_phone")


def visible(user) -> QuerySet:
    """Residents with what their page names beside them."""
    return Resident.objects.visible_to(user).select_related(*RELATED).defer(*UNSEEN)


def members(user, household_id) -> list[Resident]:
    """Who lives in a household now, its head first. One query."""
    if household_id is None:
        return []
    rows = Resident.objects.visible_to(user).living().filter(household_id=household_id)
    return list(rows.select_related("grid").defer("grid__boundary").order_by("relation", "pk"))


def care_of(user, residents) -> dict[int, list[CareRecord]]:
    """Open entries of these people in care registers that this person may know of there. One query."""
    paths = {person.pk: person.grid.path for person in residents}
    # Each record brings its class, which says who may know of it: no query for the classes.
    rows = CareRecord.objects.current().filter(resident__in=list(paths))
    found: dict[int, list[CareRecord]] = {}
    for record in rows.select_related("care_class", "responsible").order_by("attention", "care_class__order"):
        if may_know(user, record.care_class, paths[record.resident_id]):
            found.setdefault(record.resident_id, []).append(record)
    return found


def timeline(user, person) -> list[dict]:
    """Where the person lived, what they rented, care begun, visited, ended: newest first. Three queries.

    What lies in grids where the viewer may not read the registry is left out.
    """
    lines = [line for stay in _stays(user, person) for line in _of_stay(stay)]
    lines += [line for lease in _leases(user, person) for line in _of_lease(lease)]
    lines += [line for record in _care(user, person) for line in _of_care(record)]
    return sorted(lines, key=lambda line: line["day"], reverse=True)


def _stays(user, person):
    return (
        Stay.objects.visible_to(user)
        .filter(resident=person)
        .select_related("dwelling__building")
        .defer("dwelling__owner_phone", "dwelling__building__location")
    )


def _of_stay(stay):
    door = stay.dwelling
    place = f"{door.building.address} {door.short}" if door else ""
    yield {
        "kind": "stay",
        "day": stay.since,
        "title": stay.get_began_display(),
        "place": place,
        "door": door,
        "tone": "green",
    }
    if stay.until:
        tone = "red" if stay.ended == Stay.Ended.DIED else ""
        yield {
            "kind": "left",
            "day": stay.until,
            "title": stay.get_ended_display(),
            "place": place,
            "door": door,
            "tone": tone,
        }


def _leases(user, person):
    rows = Tenancy.objects.visible_to(user).filter(tenant=person)
    return rows.select_related("dwelling__building").defer(
        "dwelling__owner_phone", "dwelling__building__location"
    )


def _of_lease(lease):
    place = f"{lease.dwelling.building.address} {lease.dwelling.short}"
    yield {"kind": "lease", "day": lease.since, "place": place, "door": lease.dwelling, "tone": ""}
    if lease.until:
        yield {"kind": "lease_end", "day": lease.until, "place": place, "door": lease.dwelling, "tone": ""}


def _care(user, person):
    rows = CareRecord.objects.filter(resident=person).select_related("care_class", "responsible")
    return [record for record in rows if may_know(user, record.care_class, person.grid.path)]


def _of_care(record):
    name = record.care_class.name
    yield {"kind": "care", "day": record.since, "title": name, "tone": "yellow", "words": record.begin_reason}
    if record.visited_on:
        who = str(record.responsible) if record.responsible else ""
        yield {"kind": "visit", "day": record.visited_on, "title": name, "tone": "green", "words": who}
    if record.until:
        yield {"kind": "care_end", "day": record.until, "title": name, "tone": "", "words": record.end_reason}
