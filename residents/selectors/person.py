"""What the page of one resident shows."""

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

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
    """Where the person lived, what they rented, care begun, every visit, its end: newest first. Three queries.

    Visits of statutory registers stand in their files: those open for a reason that is written down, not by the way.

    What lies in grids where the viewer may not read the registry is left out.
    """
    lines = _of_stays(list(_stays(user, person)))
    lines += [line for lease in _leases(user, person) for line in _of_lease(lease)]
    lines += [line for record, visits in _care(user, person).items() for line in _of_care(record, visits)]
    lines = [{"rank": 2} | line for line in lines]
    return sorted(lines, key=lambda line: (line["day"], line["rank"]), reverse=True)


def _stays(user, person):
    return (
        Stay.objects.visible_to(user)
        .filter(resident=person)
        .select_related("dwelling__building")
        .defer("dwelling__owner_phone")
        .order_by("since", "pk")
    )


def _of_stays(stays) -> list[dict]:
    """Who goes from one household to another behind the same door has not moved out."""
    lines = []
    for place, stay in enumerate(stays):
        after = stays[place + 1] if place + 1 < len(stays) else None
        lines += _of_stay(stay, stayed=bool(after) and (after.since, after.dwelling_id) == (stay.until, stay.dwelling_id))
    return lines


def _of_stay(stay, stayed):
    door = stay.dwelling
    place = f"{door.building.address} {door.short}" if door else ""
    yield {
        "kind": "stay",
        "day": stay.since,
        "until": stay.until,
        "rank": 1,
        "title": _("moved in from within the county") if stay.began == Stay.Began.WITHIN else stay.get_began_display(),
        "place": place,
        "door": door,
        "tone": "green",
    }
    if stay.until and not stayed:
        gone = stay.ended in (Stay.Ended.DIED, Stay.Ended.MOVED_OUT)
        tone = "red" if stay.ended == Stay.Ended.DIED else ""
        yield {
            "kind": "left",
            "day": stay.until,
            "rank": 3 if gone else 0,
            "title": stay.get_ended_display() if gone else _("moved out to within the county"),
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


def _care(user, person) -> dict[CareRecord, list]:
    """Entries with their visits, in one query: a row for each visit, or one for an entry without."""
    rows = CareRecord.objects.filter(resident=person).select_related("care_class")
    visited = {
        "visit_day": F("visits__day"), "visit_name": F("visits__user__name"), "visit_login": F("visits__user__username"),
        "visit_words": F("visits__words"),
    }  # fmt: skip
    found: dict[CareRecord, list] = {}
    for record in rows.annotate(**visited).order_by("pk"):
        if may_know(user, record.care_class, person.grid.path):
            visits = found.setdefault(record, [])
            if record.visit_day:
                who = record.visit_name or record.visit_login
                visits.append((record.visit_day, ": ".join(filter(None, [who, record.visit_words]))))
    return found


def _of_care(record, visits):
    name = record.care_class.label
    yield {"kind": "care", "day": record.since, "title": name, "tone": "yellow", "words": record.begin_reason}
    for day, words in visits:
        yield {"kind": "visit", "day": day, "title": name, "tone": "green", "words": words}
    if record.until:
        yield {"kind": "care_end", "day": record.until, "title": name, "tone": "", "words": record.end_reason}
