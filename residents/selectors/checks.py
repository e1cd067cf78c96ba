"""What may be missing, old or contradictory in the registry: the one list of checks, each with the rows it finds.

A check is a condition on the rows of one kind that are in force. `simple` ones look at a row and at the one household,
head or dwelling it belongs to, so that many of them are counted in one walk; the others look at many rows of another
table and are counted one by one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from residents import codes
from residents.models import Building, Dwelling, Household, KeyPlace, Organisation, Resident, Tenancy

COMPLETE, STALE, CONTRADICTION = "completeness", "staleness", "contradiction"
GROUPS = {
    COMPLETE: _("Missing"),
    STALE: _("Not confirmed for long"),
    CONTRADICTION: _("Contradictions"),
}
OF_AGE, CHILD = 18, 16  # 民法典第十七、十八条: of age at 18; who lives of their own work counts as such at 16
CHILDREN, PARENTS = ("20", "30"), ("50",)


@dataclass(frozen=True)
class Check:
    code: str
    group: str
    model: type[Model]
    label: str
    condition: Callable[[date], Q]
    simple: bool = True

    def rows(self, rows: QuerySet, today: date | None = None) -> QuerySet:
        """Those of `rows` (of this check's model) that it finds."""
        return in_force(rows).filter(self.condition(today or timezone.localdate()))


def in_force(rows: QuerySet) -> QuerySet:
    """People who live here, records that have not ended."""
    return rows.filter(status="living") if rows.model is Resident else rows.filter(ended_on=None)


def years_before(today: date, years: int) -> date:
    """The birth month of those who reach so many years this month."""
    return today.replace(day=1, year=today.year - years)


def _younger_than(years, today, field="birth_month"):
    return Q(**{f"{field}__gt": years_before(today, years)})


def _not_confirmed(today):
    return Q(updated_at__lt=timezone.now() - timedelta(days=settings.STALE_DAYS))


def _members(**more):
    return Resident.objects.filter(household=OuterRef("pk"), status="living", **more)


def _living_in():
    return Exists(Resident.objects.filter(dwelling=OuterRef("pk"), status="living"))


def _let(today):
    return Exists(Tenancy.objects.running(today).filter(dwelling=OuterRef("pk")))


def _two_heads(today):
    # A head beside an earlier one: by household, so that one grid's board reads one grid's people.
    earlier = Resident.objects.filter(
        household=OuterRef("household"), status="living", relation=codes.HEAD, pk__lt=OuterRef("pk")
    )
    return Q(Exists(_members(relation=codes.HEAD).filter(Exists(earlier))))


def _head_gone(today):
    return Q(head__isnull=False) & ~Q(head__status="living", head__household=F("pk"))


def _minor_alone(today):
    grown = _members().filter(Q(birth_month=None) | Q(birth_month__lte=years_before(today, CHILD)))
    return Q(Exists(_members())) & ~Q(Exists(grown))


def _age_against_relation(today):
    head = "household__head__birth_month"
    child = Q(relation__in=CHILDREN, birth_month__lte=F(head))
    parent = Q(relation__in=PARENTS, birth_month__gte=F(head))
    spouse = Q(relation="10") & _younger_than(OF_AGE, today)
    return child | parent | spouse


def _apart(today):
    both = Q(dwelling__isnull=False, household__dwelling__isnull=False)
    return both & ~Q(dwelling=F("household__dwelling"))


_MADE = (
    Check("id_missing", COMPLETE, Resident, _("ID number missing"), lambda t: Q(id_tag="") & ~Q(id_kind="990")),
    Check(
        "phone_missing", COMPLETE, Resident, _("grown up, phone missing"),
        lambda t: Q(phone_tag="", birth_month__lte=years_before(t, CHILD)),
    ),
    Check("birth_missing", COMPLETE, Resident, _("birth date missing"), lambda t: Q(birth_month=None)),
    Check("dwelling_missing", COMPLETE, Resident, _("without a dwelling"), lambda t: Q(dwelling=None)),
    Check("household_missing", COMPLETE, Resident, _("without a household"), lambda t: Q(household=None)),
    Check(
        "relation_missing", COMPLETE, Resident, _("relation to the head missing"),
        lambda t: Q(household__isnull=False, relation=""),
    ),
    Check("number_missing", COMPLETE, Household, _("household number missing"), lambda t: Q(number="")),
    Check("door_missing", COMPLETE, Household, _("household without a dwelling"), lambda t: Q(dwelling=None)),
    Check("position_missing", COMPLETE, Building, _("building not on the map"), lambda t: Q(location=None)),
    Check("code_missing", COMPLETE, Organisation, _("credit code missing"), lambda t: Q(credit_code="")),
    Check(
        "responsible_missing", COMPLETE, KeyPlace, _("key place without a responsible person"),
        lambda t: Q(responsible_name=""),
    ),
    Check("stale", STALE, Resident, _("person not confirmed for long"), _not_confirmed),
    Check("household_stale", STALE, Household, _("household not confirmed for long"), _not_confirmed),
    Check("dwelling_stale", STALE, Dwelling, _("dwelling not confirmed for long"), _not_confirmed),
    Check("two_heads", CONTRADICTION, Household, _("more than one head"), _two_heads, False),
    Check("head_gone", CONTRADICTION, Household, _("the head has died, left or moved"), _head_gone),
    Check(
        "headless", CONTRADICTION, Household, _("family without a head"),
        lambda t: Q(head=None, kind="family") & Q(Exists(_members())), False,
    ),
    Check("deserted", CONTRADICTION, Household, _("household without members"), lambda t: ~Q(Exists(_members())), False),
    Check("minor_alone", CONTRADICTION, Household, _("children alone"), _minor_alone, False),
    Check("child_head", CONTRADICTION, Household, _("a child is the head"),
          lambda t: _younger_than(CHILD, t, "head__birth_month")),
    Check("relation_age", CONTRADICTION, Resident, _("age against relation to the head"), _age_against_relation),
    Check("apart", CONTRADICTION, Resident, _("lives elsewhere than the household"), _apart),
    Check("ruin", CONTRADICTION, Resident, _("lives behind a door that is gone"),
          lambda t: Q(dwelling__ended_on__isnull=False), False),
    Check("elsewhere_here", CONTRADICTION, Resident, _("registered where they live, but counted as from elsewhere"),
          lambda t: Q(population__in=["permanent", "floating"], hukou_here=True)),
    Check("empty_lived", CONTRADICTION, Dwelling, _("empty, but people live there"),
          lambda t: Q(use="empty") & Q(_living_in()), False),
    Check("let_to_nobody", CONTRADICTION, Dwelling, _("rented out, but no tenancy"),
          lambda t: Q(use="rented") & ~Q(_let(t)), False),
    Check("not_let", CONTRADICTION, Dwelling, _("tenancy runs, but not rented out"),
          lambda t: ~Q(use__in=["rented", "business"]) & Q(_let(t)), False),
)  # fmt: skip
CHECKS = {check.code: check for check in _MADE}
