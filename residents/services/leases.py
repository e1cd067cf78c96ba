"""The end of tenancies that are not over yet, whatever ends them: one by one, with a dwelling, a tenant, a building."""

from datetime import date

from residents.models import Tenancy


def end(rows, day: date) -> list[Tenancy]:
    """Ends those of `rows` that are not over on the day, fixed terms among them; one that began later ends on the
    day it began. Returns them."""
    found = list(rows.not_over(day).select_for_update(of=("self",)).order_by("pk"))
    for one in found:
        one.until = max(day, one.since)
    Tenancy.objects.bulk_update(found, ["until"])
    return found
