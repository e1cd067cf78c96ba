"""Pages of single records: building face, dwelling, household, resident, organisation, key place; their history."""

from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from core import ciphers
from core.errors import Invalid
from residents import codes
from residents.models import Building, KeyPlace, Organisation, Tenancy
from residents.selectors import household as households
from residents.selectors import person as persons
from residents.selectors.changes import MODELS, changes_of
from residents.selectors.face import face
from residents.services import stays
from residents.views.base import one, reader, rights, tiles

COLOURS = ("use", "people", "care")
GRID = ("grid", "grid__parent")
OUTLINES = ("grid__boundary", "grid__parent__boundary")


@reader
@require_safe
def building(request, pk):
    """Storeys × doors, coloured by use, by who lives there or by care (?by=)."""
    rows = Building.objects.visible_to(request.user).select_related(*GRID, "head__grid")
    found = one(rows.defer(*OUTLINES, "head__grid__boundary"), pk)
    drawn = face(found, request.user)
    by = request.GET.get("by") if request.GET.get("by") in COLOURS else "use"
    context = {
        "record": found,
        # Somebody of another building or grid may be the head: named only where the reader may see that person.
        "head": found.head if found.head and rights(request.user, found.head.grid.path)["may_read"] else None,
        "face": drawn,
        "by": by if drawn.care or by != "care" else "use",
        "kind": "building",
    }
    return render(request, "residents/building.html", context | rights(request.user, found.grid.path))


@reader
@require_safe
def dwelling(request, pk):
    """One door: who lives there or lived there on a day (?day=), who rents it, whose shop it is."""
    found = one(households.visible_dwellings(request.user), pk)
    context = _lived_on(request, found) | {
        "record": found,
        "kind": "dwelling",
        "phone": ciphers.mask_phone(found.owner_phone),
        "dangers": [codes.label(codes.DANGER, danger) for danger in found.dangers or []],
        "homes": households.behind(request.user, found),
        "tenancies": households.tenancies(request.user, found),
        "lodgers": households.lodgers(request.user, found),
    }
    return render(request, "residents/dwelling.html", context | rights(request.user, found.grid.path))


def _lived_on(request, door) -> dict:
    """Who lived behind the door on the day that was asked for; people who are elsewhere now by name alone."""
    asked = request.GET.get("day")
    if asked is None:
        return {"day": timezone.localdate()}
    try:
        day = stays.asked_day(asked)
    except Invalid as error:
        return {"day": asked, "day_error": error.fields["day"][0]}
    rows = stays.who_lived_here(user=request.user, dwelling=door, day=day)
    rows = rows.select_related("resident__grid", "household").defer("resident__grid__boundary")
    lived = [
        {"stay": stay, "seen": rights(request.user, stay.resident.grid.path)["may_read"]} for stay in rows
    ]
    return {"day": day, "lived": lived, "day_asked": True}


@reader
@require_safe
def household(request, pk):
    """Who belongs to it, who belonged to it."""
    found = one(households.visible(request.user), pk)
    members = persons.members(request.user, found.pk)
    care = persons.care_of(request.user, members)
    former = [
        {"stay": stay, "seen": rights(request.user, stay.resident.grid.path)["may_read"]}
        for stay in households.former(request.user, found)
    ]
    context = {
        "record": found,
        "kind": "household",
        "members": [{"person": person, "care": care.get(person.pk, [])} for person in members],
        "former": former,
    }
    return render(request, "residents/household.html", context | rights(request.user, found.grid.path))


@reader
@require_safe
def resident(request, pk):
    """One person, private fields masked."""
    found = one(persons.visible(request.user), pk)
    context = {
        "record": found,
        "kind": "resident",
        "members": persons.members(request.user, found.household_id),
        "care": persons.care_of(request.user, [found]).get(found.pk, []),
    }
    return render(request, "residents/resident.html", context | rights(request.user, found.grid.path))


@reader
@require_safe
def timeline(request, pk):
    """Where a person lived, who visited, what was reported there: a part of the page, or a page without a script."""
    found = one(persons.visible(request.user), pk)
    context = {"record": found, "lines": persons.timeline(request.user, found)}
    part = "_timeline" if request.headers.get("HX-Request") else "timeline"
    return render(request, f"residents/{part}.html", context)


@reader
@require_safe
def organisation(request, pk):
    rows = Organisation.objects.visible_to(request.user).select_related(*GRID, "dwelling__building")
    found = one(rows.defer(*OUTLINES, "dwelling__owner_phone", "dwelling__building__location"), pk)
    places = KeyPlace.objects.visible_to(request.user).current().filter(organisation=found)
    leases = (
        Tenancy.objects.visible_to(request.user)
        .filter(organisation=found)
        .select_related("dwelling__building")
    )
    context = {
        "record": found,
        "kind": "organisation",
        "phone": ciphers.mask_phone(found.phone),
        "places": places.defer("location", "responsible_phone").order_by("name"),
        "leases": leases.defer("dwelling__owner_phone", "dwelling__building__location").order_by("-since"),
    }
    return render(request, "residents/organisation.html", context | rights(request.user, found.grid.path))


@reader
@require_safe
def place(request, pk):
    rows = KeyPlace.objects.visible_to(request.user).select_related(*GRID, "organisation").defer(*OUTLINES)
    found = one(rows.defer("organisation__location", "organisation__phone"), pk)
    context = {
        "record": found,
        "kind": "place",
        "phone": ciphers.mask_phone(found.responsible_phone),
        "overdue": found.next_inspection is not None and found.next_inspection < timezone.localdate(),
        "map": tiles(),
    }
    return render(request, "residents/place.html", context | rights(request.user, found.grid.path))


@reader
@require_safe
def history(request, kind, pk):
    """What was changed in one record, newest first: a part of its page."""
    if kind not in MODELS:
        raise Http404
    rows = MODELS[kind].objects.visible_to(request.user).select_related("grid").defer("grid__boundary")
    found = one(rows.select_related("care_class", "resident") if kind == "care" else rows, pk)
    text = request.GET.get("after", "")
    lines, older = changes_of(
        request.user,
        found,
        kind,
        int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None,
    )
    context = {"record": found, "kind": kind, "lines": lines, "older": older}
    part = "_changes" if request.headers.get("HX-Request") else "history"
    return render(request, f"residents/{part}.html", context)
