"""A family of five behind one door: what happens to people is tried on them."""

from datetime import date

import pytest

from residents.models import Household, Resident, Stay
from tests.residents.factories import DwellingFactory, HouseholdFactory, ResidentFactory, id_number

DAY = date(2026, 3, 1)
BEFORE = date(2020, 1, 1)


class Family:
    """刘 and 陈 with two children and her mother behind one door of the first west grid, since 2020."""

    def __init__(self, county):
        self.county, self.worker, self.operator = county, county.worker, county.operator_area
        self.home = HouseholdFactory(dwelling__building__grid=county.west.grids[0])
        self.head = self.member("02", date(1985, 3, 4), male=True, name="刘大力")
        self.wife = self.member("10", date(1987, 3, 4), name="陈芳")
        self.son = self.member("20", date(2008, 3, 4), male=True, name="刘小力")
        self.girl = self.member("30", date(2012, 3, 4), name="刘小芳")
        self.mother = self.member("50", date(1950, 3, 4), name="王秀英")
        Household.objects.filter(pk=self.home.pk).update(head=self.head)
        self.home.refresh_from_db()
        self.door = self.home.dwelling
        self.next = DwellingFactory(building=self.door.building, storey=5)
        self.far = DwellingFactory(building__grid=county.east.grids[0])

    def member(self, relation, born, male=False, **values):
        number = id_number(born, male=male)
        person = ResidentFactory(household=self.home, relation=relation, id_number=number, **values)
        Stay.objects.create(
            resident=person,
            household=self.home,
            dwelling=self.home.dwelling,
            grid=self.home.grid,
            since=BEFORE,
        )
        return person

    def relations(self, home=None):
        rows = Resident.objects.living().filter(household=home or self.home).order_by("pk")
        return dict(rows.values_list("name", "relation"))

    def again(self):
        for name in ("home", "head", "wife", "son", "girl", "mother", "door", "next"):
            getattr(self, name).refresh_from_db()


@pytest.fixture
def family(county):
    return Family(county)
