"""People of two streets and who may look at them: used by the tests of privacy."""

import re
from datetime import date

import pytest
from django.db import connection

from residents import classes
from residents.models import CareClass
from residents.services import support
from tests.residents.factories import (
    BuildingFactory,
    CareClassFactory,
    CareRecordFactory,
    DwellingFactory,
    HouseholdFactory,
    ResidentFactory,
)

GUARDIAN = {"guardian": "机密监护人", "guardian_phone": "13955556666", "treatment": "规律服药"}


class People:
    """`ill` is in a statutory register, `old` in a care register, `neighbour` in none; `far` lives in the east."""

    def __init__(self, county):
        self.county = county
        classes.load(CareClass)
        self.disorder = CareClass.objects.get(code="mental_disorder")
        self.solitary = CareClass.objects.get(code="solitary_elderly")
        self.home, self.far_home = county.west.grids[0], county.east.grids[0]
        self.leader = county.person("grid_leader", grid=self.home)
        self.head = county.person("centre_head", unit=county.west.station)
        self.inspector = county.person("inspector", grid=county.west.town)
        self.leader_east = county.person("grid_leader", grid=self.far_home)
        self.ill = self.person("赵病人", self.home)
        self.old = self.person("钱老人", self.home)
        self.neighbour = self.person("孙邻居", self.home)
        self.far = self.person("李远方", self.far_home)

    def person(self, name, grid, **more):
        building = BuildingFactory(grid=grid, head=None)
        household = HouseholdFactory(dwelling=DwellingFactory(building=building))
        return ResidentFactory(name=name, household=household, **more)

    def file(self, resident=None, actor=None, **more):
        given = {"since": date(2026, 1, 1), "reason": "评估纳入", "data": GUARDIAN}
        return support.begin(
            actor=actor or self.leader,
            resident=resident or self.ill,
            care_class=self.disorder,
            **given | more,
        )

    def care(self, resident=None):
        resident = resident or self.old
        return CareRecordFactory(resident=resident, care_class=self.solitary, grid=resident.grid)


def stored(*tables) -> str:
    """What stands in these tables, or in all of the registry's, with JSON's escapes resolved."""
    told = []
    with connection.cursor() as cursor:
        names = connection.introspection.django_table_names(only_existing=True)
        for table in tables or [name for name in names if name.startswith("residents_")]:
            cursor.execute(f'SELECT * FROM "{table}"')
            told.append(f"{table}: {cursor.fetchall()}")
    return re.sub(r"\\+u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), "\n".join(told))


@pytest.fixture
def people(county):
    return People(county)


__all__ = ["GUARDIAN", "CareClassFactory", "People", "people", "stored"]
