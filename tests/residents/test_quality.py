"""The data-quality board and the due lists: each check finds what it names and nothing else, in scope, at a fixed cost."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from grids.models import Grid
from residents.models import QualityCount, Resident, Tenancy
from residents.selectors import due, paging, quality
from residents.services import quality as counting
from residents.services import support
from tests.residents.factories import (
    BuildingFactory,
    CareClassFactory,
    CareRecordFactory,
    DwellingFactory,
    HouseholdFactory,
    KeyPlaceFactory,
    OrganisationFactory,
    ResidentFactory,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
LONG_AGO = timezone.now() - timedelta(days=400)


def born(years):
    return TODAY.replace(day=1, year=TODAY.year - years).isoformat()


class Faultless:
    """A family in west 1 that passes every check: head, spouse, child; an organisation and a place."""

    def __init__(self, county, grid=None):
        grid = grid or county.west.grids[0]
        building = BuildingFactory(grid=grid, location="POINT (113.405 27.605)")
        self.home = HouseholdFactory(dwelling=DwellingFactory(building=building))
        self.head = self.member("02", 45)
        self.wife = self.member("10", 43)
        self.child = self.member("20", 10, id_number="43028120160304121X", phone="")
        self.home.head = self.head
        self.home.save()
        self.firm = OrganisationFactory(grid=grid, credit_code=f"9111000060003734{grid.pk % 100:02d}")
        self.place = KeyPlaceFactory(grid=grid, responsible_name="李园长")

    def member(self, relation, years, **values):
        number = {"id_number": ""} if "id_number" not in values else {}
        person = ResidentFactory(household=self.home, relation=relation, **number, **values)
        Resident.objects.filter(pk=person.pk).update(birth_month=born(years), id_tag=f"tag{person.pk}")
        return person


@pytest.fixture
def family(county):
    return Faultless(county)


def update(row, **values):
    type(row).objects.filter(pk=row.pk).update(**values)


def let(dwelling, **values):
    tenant = dwelling.residents.first() or ResidentFactory()
    return Tenancy.objects.create(
        dwelling=dwelling, grid=dwelling.grid, tenant=tenant, **{"since": "2025-01-01"} | values
    )


def lone(years, **values):
    """Makes a household of one person of this age; gives the household."""

    def spoil(family):
        home = HouseholdFactory(dwelling=DwellingFactory(building=family.home.dwelling.building), **values)
        person = ResidentFactory(household=home, relation="02")
        update(person, birth_month=born(years))
        update(home, head=person)
        return home

    return spoil


def deserted(family):
    return HouseholdFactory(dwelling=family.home.dwelling)


def headless(family):
    update(family.home, head=None)
    return family.home


def elsewhere(family):
    update(family.child, dwelling=DwellingFactory(building=family.home.dwelling.building))
    return family.child


def ruined(family):
    update(family.home.dwelling, ended_on=TODAY)


def spoilt(name, **values):
    """The part of the family with these values."""

    def spoil(family):
        row = family.home.dwelling if name == "door" else getattr(family, name)
        update(row, **values)
        return row

    return spoil


def rented(family):
    update(family.home.dwelling, use="rented")
    return family.home.dwelling


def let_unsaid(family):
    let(family.home.dwelling)
    return family.home.dwelling


SPOILS = {
    "id_missing": spoilt("head", id_tag=""),
    "phone_missing": spoilt("wife", phone_tag=""),
    "birth_missing": spoilt("child", birth_month=None),
    "dwelling_missing": spoilt("child", dwelling=None),
    "household_missing": spoilt("child", household=None),
    "relation_missing": spoilt("child", relation=""),
    "number_missing": spoilt("home", number=""),
    "door_missing": spoilt("home", dwelling=None),
    "code_missing": spoilt("firm", credit_code=""),
    "responsible_missing": spoilt("place", responsible_name=""),
    "stale": spoilt("head", updated_at=LONG_AGO),
    "household_stale": spoilt("home", updated_at=LONG_AGO),
    "dwelling_stale": spoilt("door", updated_at=LONG_AGO),
    "two_heads": lambda family: (update(family.wife, relation="02"), family.home)[1],
    "head_gone": lambda family: (update(family.head, status="dead"), family.home)[1],
    "headless": headless,
    "deserted": deserted,
    "minor_alone": lone(15),
    "child_head": lone(15),
    "relation_age": lambda family: (update(family.child, birth_month=born(60)), family.child)[1],
    "apart": elsewhere,
    "elsewhere_here": spoilt("head", population="floating"),
    "empty_lived": spoilt("door", use="empty"),
    "let_to_nobody": rented,
    "not_let": let_unsaid,
}
ALSO = {  # what the same fault means elsewhere
    "minor_alone": {"child_head"}, "child_head": {"minor_alone"}, "relation_age": {"phone_missing"},
}  # fmt: skip


def found(user, grid):
    counting.recount()
    whole = quality.board(user=user, grid=grid).whole
    return {code: amount for code, amount in whole.found.items() if amount}


def test_a_grid_that_is_made_while_all_are_counted_comes_next_time(county, monkeypatch):
    found = [("/1/999/", {"resident": 1}, {}), (county.root.path, {"resident": 2}, {})]
    monkeypatch.setattr(quality, "counted", lambda path, user=None: found)
    assert counting.recount() == Grid.objects.count()
    assert QualityCount.objects.get(grid=county.root).totals == {"resident": 2}


def test_a_faultless_family_passes_every_check(county, family):
    assert found(county.operator_top, county.root) == {}


@pytest.mark.parametrize("code", SPOILS)
def test_a_check_finds_what_it_names_and_nothing_else(county, family, code):
    row = SPOILS[code](family)
    got = found(county.operator_top, county.root)
    assert got.pop(code) == 1
    assert set(got) == ALSO.get(code, set())
    page = quality.rows(user=county.operator_top, code=code, path=county.west.town.path)
    assert [(type(one), one.pk) for one in page.rows] == [(type(row), row.pk)]
    for outsider in (county.worker_east, county.worker_next, county.staff, county.stranger):
        assert quality.rows(user=outsider, code=code).rows == []
        assert found(outsider, county.root) == {}


def test_people_behind_a_door_that_is_gone(county, family):
    ruined(family)
    assert found(county.operator_top, county.root) == {"ruin": 3}


def test_every_check_is_tried():
    assert set(quality.CHECKS) - set(SPOILS) == {"ruin", "position_missing"}


def test_the_board_counts_per_grid_and_together(county, family, django_assert_num_queries):
    Faultless(county, county.east.grids[0])
    other = BuildingFactory(grid=county.west.grids[1])
    SPOILS["phone_missing"](family)
    user = county.operator_top
    counting.recount()
    quality.board(user=user, grid=county.root)
    with django_assert_num_queries(2):  # the grids below, what was counted of them
        board = quality.board(user=user, grid=county.area)
    west, east = board.rows
    assert (west.name, west.totals["resident"], west.found["phone_missing"]) == ("阳三街道", 3, 1)
    assert (
        east.found["phone_missing"],
        board.whole.totals["resident"],
        board.whole.count("completeness"),
    ) == (0, 6, 2)
    assert (west.share("phone_missing"), east.share("phone_missing")) == (2 / 3, 1)
    assert (west.found["position_missing"], west.totals["building"]) == (1, 2)
    leaf = quality.board(user=user, grid=other.grid)
    assert [(row.pk, row.found["position_missing"]) for row in leaf.rows] == [(other.grid_id, 1)]
    assert leaf.rows[0].share("id_missing") is None


def test_rows_of_a_check_come_in_pages(county, django_assert_num_queries):
    home = HouseholdFactory(dwelling__building__grid=county.west.grids[0])
    people = [ResidentFactory(household=home, relation="") for _n in range(7)]
    user = county.operator_top
    quality.rows(user=user, code="relation_missing")
    after, got = "", []
    for size in (3, 3, 1):
        with django_assert_num_queries(1):
            page = quality.rows(user=user, code="relation_missing", after=after, size=3)
            got += [str(row.dwelling) and row.pk for row in page.rows]
        assert len(page.rows) == size
        after = page.next
    assert got == [person.pk for person in people] and after == ""
    assert len(quality.rows(user=user, code="relation_missing", after="nonsense").rows) == 7


# ---- due lists


@pytest.fixture
def busy(county, family):
    """One row in every list; the visit and the inspection are overdue, the permit ends in ten days."""
    county.elders = CareClassFactory(code="q-solitary", roles=["worker_full", "operator"])
    county.watched = CareClassFactory(code="q-correction", group="statutory", roles=["operator"])
    late, soon = TODAY - timedelta(days=3), TODAY + timedelta(days=10)
    county.visit = CareRecordFactory(resident=family.wife, care_class=county.elders, next_visit=late)
    support.begin(actor=county.operator, resident=family.head, care_class=county.watched, visit_days=20)
    update(family.place, next_inspection=late)
    update(family.wife, permit_expires=soon)
    update(family.home.dwelling, use="empty")
    update(family.child, dwelling=None, id_tag="")
    county.family = family
    return county


def test_every_list_has_its_row(busy, django_assert_num_queries):
    user = busy.operator
    due.overview(user=user)
    with django_assert_num_queries(6):  # four, and the files with their people
        lists = due.overview(user=user, path=busy.west.town.path)
    assert {one.kind: (one.count, one.overdue) for one in lists} == {
        "visits": (1, 1), "statutory": (1, 0), "inspections": (1, 1), "permits": (1, 0), "occupied": (1, None),
        "dwelling_missing": (1, None), "id_missing": (1, None),
    }  # fmt: skip
    rows = {kind: due.rows(user=user, kind=kind, path=busy.west.town.path).rows for kind in due.LABELS}
    family = busy.family
    assert rows["visits"] == [busy.visit] and rows["inspections"] == [family.place]
    assert [file.resident for file in rows["statutory"]] == [family.head]
    assert rows["permits"] == [family.wife] and rows["occupied"] == [family.home.dwelling]
    assert rows["dwelling_missing"] == rows["id_missing"] == [family.child]


def test_nobody_learns_of_a_list_or_a_row_that_is_not_theirs(busy):
    assert "statutory" not in due.kinds_for(busy.worker)
    assert due.rows(user=busy.worker, kind="statutory").rows == []
    assert {one.kind for one in due.overview(user=busy.worker)} == set(due.LABELS) - {"statutory"}
    for user in (
        busy.worker_east,
        busy.worker_next,
        busy.staff,
        busy.stranger,
        busy.person("leader", grid=busy.root),
    ):
        assert sum(one.count for one in due.overview(user=user)) == 0
        assert [row for kind in due.LABELS for row in due.rows(user=user, kind=kind).rows] == []
    assert due.rows(user=busy.operator, kind="visits", path=busy.east.town.path).rows == []


def test_lists_with_a_day_come_in_pages_the_longest_overdue_first(busy, django_assert_num_queries):
    places = [
        KeyPlaceFactory(grid=busy.west.grids[0], next_inspection=TODAY - timedelta(days=days))
        for days in (9, 9, 8, 1)
    ]
    KeyPlaceFactory(grid=busy.west.grids[0], next_inspection=TODAY + timedelta(days=31))
    user, got, after = busy.operator, [], ""
    for _n in range(3):
        with django_assert_num_queries(1):
            page = due.rows(user=user, kind="inspections", after=after, size=2)
        got += page.rows
        after = page.next
    assert got == [*places[:3], busy.family.place, places[3]] and after == ""


def test_statutory_visits_come_in_pages(busy):
    for _n in range(3):
        support.begin(
            actor=busy.operator, resident=ResidentFactory(household=busy.family.home), care_class=busy.watched,
            visit_days=5,
        )  # fmt: skip
    first = due.rows(user=busy.operator, kind="statutory", size=3)
    rest = due.rows(user=busy.operator, kind="statutory", size=3, after=first.next)
    assert [len(first.rows), len(rest.rows), rest.next] == [3, 1, ""]
    assert rest.rows[0].resident == busy.family.head


def test_places_in_lists_are_read_or_begin_anew():
    assert paging.place("2026-03-01_17") == (date(2026, 3, 1), 17)
    for text in ("", "x", "2026-13-01_1", "_", "²", "1" * 30, None):
        assert paging.place(text)[1] is None or paging.place(text) == (None, None)
    assert paging.place("17") == (None, 17)
