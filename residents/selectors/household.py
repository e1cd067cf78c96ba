"""What the pages of a household and of the door it lives behind show."""

from django.db.models import Count, Q, QuerySet

from residents.models import Dwelling, Household, Organisation, Resident, Stay, Tenancy

MOST_STAYS = 60


def visible(user) -> QuerySet:
    """Households with what their page names beside them."""
    rows = Household.objects.visible_to(user)
    return rows.select_related("grid", "grid__parent", "dwelling__building").defer(
        "grid__boundary", "grid__parent__boundary", "dwelling__owner_phone", "dwelling__building__location"
    )


def former(user, household) -> list[Stay]:
    """Stays in this household that have ended, the last ones first. One query."""
    rows = Stay.objects.visible_to(user).filter(household=household).exclude(until=None)
    rows = rows.select_related("resident__grid").only(
        "since", "until", "began", "ended", "resident__name", "resident__grid__path"
    )
    return list(rows.order_by("-until", "-pk")[:MOST_STAYS])


def visible_dwellings(user) -> QuerySet:
    rows = Dwelling.objects.visible_to(user).select_related("grid", "grid__parent", "building")
    return rows.defer("grid__boundary", "grid__parent__boundary", "building__location")


def behind(user, dwelling) -> list[dict]:
    """Households behind a door with their people, then people without one: [{household, people}]. Two queries."""
    homes = {
        home.pk: {"household": home, "people": []}
        for home in Household.objects.visible_to(user).current().filter(dwelling=dwelling).order_by("pk")
    }
    alone: list[Resident] = []
    people = Resident.objects.visible_to(user).living().filter(dwelling=dwelling)
    for person in people.order_by("relation", "pk"):
        homes[person.household_id]["people"].append(person) if person.household_id in homes else alone.append(
            person
        )
    return [*homes.values(), *([{"household": None, "people": alone}] if alone else [])]


def tenancies(user, dwelling) -> list[Tenancy]:
    """Who rented it, the present ones first. One query."""
    rows = Tenancy.objects.visible_to(user).filter(dwelling=dwelling).select_related("tenant", "organisation")
    return list(
        rows.defer("organisation__phone", "organisation__location").order_by("-since", "-pk")[:MOST_STAYS]
    )


def lodgers(user, dwelling) -> list[Organisation]:
    rows = Organisation.objects.visible_to(user).current().filter(dwelling=dwelling)
    return list(rows.defer("location", "phone").order_by("name"))


def people_in(user, buildings) -> dict[int, tuple[int, int]]:
    """{building: (people, households)} of a queryset of buildings. One query."""
    rows = Resident.objects.visible_to(user).living().filter(dwelling__building__in=buildings)
    counted = rows.values("dwelling__building").annotate(
        people=Count("pk"), homes=Count("household", distinct=True, filter=Q(household__isnull=False))
    )
    return {row["dwelling__building"]: (row["people"], row["homes"]) for row in counted}
