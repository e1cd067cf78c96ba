"""Figures per grid and subtree: right, told to those only who may know, small ones left out; counted from nothing."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from residents import recount
from residents.models import CareRecord, Dwelling, GridCount, Household, Resident, Stay
from residents.selectors import figures
from tests.factories import PostFactory
from tests.residents.factories import (
    CareClassFactory,
    CareRecordFactory,
    DwellingFactory,
    HouseholdFactory,
    OrganisationFactory,
    ResidentFactory,
    StayFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def peopled(county):
    """Two people in west 1, one floating in west 2, one in east 1; one solitary elder in west 1."""
    homes = [
        HouseholdFactory(dwelling__building__grid=grid) for grid in (*county.west.grids, county.east.grids[0])
    ]
    ResidentFactory(household=homes[0])
    elder = ResidentFactory(household=homes[0], relation="50")
    ResidentFactory(household=homes[1], population="floating")
    ResidentFactory(household=homes[2])
    county.elders = CareClassFactory(code="solitary", roles=["worker_full", "operator", "leader"])
    county.others = CareClassFactory(code="others", name="机密类别", roles=["centre_head"])
    CareRecordFactory(resident=elder, care_class=county.elders)
    CareRecordFactory(resident=elder, care_class=county.others)
    county.leader = county.person("leader", grid=county.root)
    county.head = county.person("centre_head", unit=county.centre)
    return county


def told(amounts):
    return {name: amount for name, amount in amounts.items() if amount}


def test_figures_below_a_grid(peopled, django_assert_num_queries):
    county = peopled
    county.operator_top.has_perm("x")  # scope, once a request
    figures.below(user=county.operator_top, path="/")
    with django_assert_num_queries(1):
        found = figures.below(user=county.operator_top, path=county.west.town.path)
    assert told(found) == {
        "buildings": 2, "dwellings": 2, "dwellings.own": 2, "households": 2, "people": 3, "people.registered": 2,
        "people.floating": 1, f"care.{county.elders.pk}": 1,
    }  # fmt: skip
    assert found["organisations"] == 0
    assert told(figures.below(user=county.operator_top, path="/"))["people"] == 4


@pytest.mark.parametrize(
    ("who", "people", "classes"),
    [
        ("operator_top", 4, ["elders"]),
        ("head", 4, ["others"]),
        ("worker", 2, ["elders"]),
        ("worker_next", 1, []),
        ("worker_east", 1, []),
        ("staff", 4, []),
        ("stranger", 0, []),
    ],
)
def test_nobody_learns_of_a_class_or_a_grid_that_is_not_theirs(peopled, who, people, classes):
    user = getattr(peopled, who)
    found = figures.below(user=user, path="/")
    assert found["people"] == people
    assert {name for name, amount in found.items() if name.startswith("care.") and amount} == {
        f"care.{getattr(peopled, one).pk}" for one in classes
    }
    assert ("机密类别" in figures.care_measures(user).values()) == (who == "head")


def test_those_who_may_not_read_the_registry_see_no_small_figures(peopled):
    found = figures.below(user=peopled.leader, path="/")
    assert (found["people"], found["households"]) == (4, 3)
    assert (found["people.registered"], found["people.floating"]) == (None, None)
    assert found[f"care.{peopled.elders.pk}"] is None
    shared = figures.below(user=peopled.operator_top, path="/", shared=True)
    assert (shared["people.floating"], shared[f"care.{peopled.elders.pk}"]) == (None, None)


def test_a_small_figure_is_not_to_be_computed_from_the_pages_of_the_grids_beside_it(county, settings):
    """Five and two of seven: where the two are left out, the five are, too, on their own page and in the ages."""
    settings.SUPPRESS_BELOW = 5
    for grid, count in zip(county.west.grids, (5, 2), strict=False):
        home = HouseholdFactory(dwelling__building__grid=grid)
        for _n in range(count):
            ResidentFactory(household=home, population="floating", birth_date="1980-01-01", id_number="")
    leader, village = county.person("leader", grid=county.root), county.west.village
    assert figures.below(user=leader, path=village.path)["people.floating"] == 7
    both = [grid.path for grid in county.west.grids[:2]]
    seen = [figures.below(user=leader, path=path) for path in both]
    assert [(one["people"], one["people.floating"]) for one in seen] == [(5, None), (2, None)]
    assert [figures.ages(user=leader, path=path)["age.18-59"] for path in both] == [None, None]
    assert figures.below(user=county.operator, path=both[1])["people.floating"] == 2


def test_figures_of_the_grids_below(peopled, django_assert_num_queries):
    county = peopled
    figures.of_children(user=county.operator_top, parent=county.west.village)
    with django_assert_num_queries(2):
        found = figures.of_children(user=county.operator_top, parent=county.area)
    assert {pk: row["people"] for pk, row in found.items()} == {
        county.west.town.pk: 3,
        county.east.town.pk: 1,
    }
    assert figures.of_children(user=county.worker_east, parent=county.west.village) == {}


def test_one_gap_is_never_alone(settings):
    settings.SUPPRESS_BELOW = 5
    row = {
        "people": 20,
        "people.registered": 12,
        "people.permanent": 6,
        "people.floating": 2,
        "dwellings.empty": 1,
    }
    assert figures.suppressed([row]) == [{**row, "people.permanent": None, "people.floating": None}]
    rows = [{"care.1": 2}, {"care.1": 9}, {"care.1": 7}, {"care.1": 0}]
    assert figures.suppressed(rows) == [{"care.1": None}, {"care.1": 9}, {"care.1": None}, {"care.1": 0}]
    assert figures.suppressed([{"care.1": 9, "people": 3}]) == [{"care.1": 9, "people": 3}]


def test_ages_by_the_birth_month(peopled, django_assert_num_queries):
    today = timezone.localdate()
    months = [
        today.replace(day=1, year=today.year - age) for age in (0, 6, 7, 17, 18, 59, 60, 69, 70, 79, 80, 101)
    ]
    Resident.objects.all().delete()
    for month in months:
        ResidentFactory(household=Household.objects.first(), id_number="", birth_date=month.isoformat())
    ResidentFactory(household=Household.objects.first(), id_number="", birth_date="")
    ResidentFactory(household=Household.objects.first(), status="dead")
    with django_assert_num_queries(2):  # the posts, the figures
        found = figures.ages(user=peopled.operator_top, path="/")
    assert found == {
        "age.0-6": 2, "age.7-17": 2, "age.18-59": 2, "age.60-69": 2, "age.70-79": 2, "age.80+": 2, "age.unknown": 1,
    }  # fmt: skip
    for person in Resident.objects.exclude(birth_month=None):
        assert found[
            next(figures.name_of(*band) for band in figures.BANDS if band[0] <= person.age <= band[1])
        ]
    assert set(figures.ages(user=peopled.stranger, path="/").values()) == {0}


def test_the_wall_map_of_a_village(peopled, django_assert_num_queries):
    county = peopled
    PostFactory(user__name="包保李", user__phone="13900001111", role="cadre", grid=county.west.grids[0])
    type(county.worker).objects.filter(pk=county.worker.pk).update(name="网格员张", phone="13800002222")
    for user, phones in (
        (county.operator, ["13800002222", "13900001111"]), (county.leader, ["138****2222", "139****1111"]),
    ):  # fmt: skip
        figures.may_read(user, "/")
        with django_assert_num_queries(5):  # grids, children, counts, classes, posts
            rows = figures.wall(user=user, village=county.west.village)
        first = rows[0]
        assert (first.name, first.households, first.people) == (county.west.grids[0].name, 1, 2)
        assert [name for name, _phone in first.workers + first.cadres] == ["网格员张", "包保李"]
        assert [phone for _name, phone in first.workers + first.cadres] == phones
        assert (rows[1].people, rows[1].cadres) == (1, [])
    assert figures.wall(user=county.worker_east, village=county.west.village) == []


# ---- counted from nothing


def spoil():
    """Figures as a fault would leave them: one too high, one missing, one of nothing."""
    GridCount.objects.filter(measure="people").order_by("id").first()
    GridCount.objects.filter(measure="people").update(amount=9)
    GridCount.objects.filter(measure="households").delete()
    GridCount.objects.create(grid=Dwelling.objects.first().grid, measure="dwellings.other", amount=3)


def verify(**options):
    out = StringIO()
    call_command("verify_registry", stdout=out, **options)
    return out.getvalue()


def test_figures_agree_with_a_count_from_nothing(peopled):
    OrganisationFactory(grid=peopled.west.grids[0])
    CareRecord.objects.filter(care_class=peopled.others).update(until=date(2026, 2, 1), end_reason="x")
    Stay.objects.all().delete()
    for person in Resident.objects.all():
        StayFactory(resident=person)
    before = sorted(GridCount.objects.exclude(amount=0).values_list("grid", "measure", "amount"))
    assert recount.wrong_figures() == [] and "agrees" in verify()
    spoil()
    assert len(recount.wrong_figures()) == 3 + 3 + 1
    with pytest.raises(CommandError):
        verify()
    assert "7 put right" in verify(repair=True)
    assert sorted(GridCount.objects.exclude(amount=0).values_list("grid", "measure", "amount")) == before


def test_records_that_do_not_agree_are_named_and_put_right_where_one_answer_is_right(peopled):
    for person in Resident.objects.all():
        StayFactory(resident=person)
    assert recount.disagreements() == {}
    table, grid = Resident._meta.db_table, peopled.east.grids[1].pk
    person = Resident.objects.order_by("pk").first()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET grid_id = %s WHERE id = %s", [grid, person.pk])
    other = DwellingFactory(building__grid=person.grid)
    Stay.objects.filter(resident=person).update(dwelling=other)
    last = Resident.objects.order_by("pk").last()
    last.stays.all().delete()
    Household.objects.filter(pk=person.household_id).update(head=last)
    Resident.objects.filter(household=person.household_id).update(relation="02")
    assert recount.disagreements() == {
        "resident lies in the grid of its dwelling": [person.pk],
        "a household has at most one head": [person.household_id],
        "a head is a living member of the household": [person.household_id],
        "an open stay is where the person lives": [person.pk],
        "who lives behind a door has an open stay": [last.pk],
    }
    recount.put_agreements_right()
    assert set(recount.disagreements()) == {
        "a household has at most one head", "a head is a living member of the household",
        "an open stay is where the person lives",
    }  # fmt: skip
    assert recount.wrong_figures() == []
