"""A factory per record of the registry; ID numbers have valid checksums and belong to nobody."""

from datetime import date, timedelta
from itertools import count

import factory
from factory.django import DjangoModelFactory
from stdnum.cn import ric

from grids.models import Grid
from residents.models import (
    Building,
    CareClass,
    CareRecord,
    Dwelling,
    Household,
    KeyPlace,
    Organisation,
    Resident,
    Stay,
)
from tests.factories import GridFactory

_orders = count(1)


def id_number(born=date(1985, 3, 4), male=True, area="430281"):
    """A fictional ID number (GB 11643) that nobody else in the tests has."""
    order = next(_orders) * 2 + (1 if male else 0)
    head = f"{area}{(born + timedelta(days=order // 900)):%Y%m%d}{order % 900 + 100 - (order % 900 + 100) % 2 + male:03d}"
    return head + ric.calc_check_digit(head + "0")


def county():
    """The one root of the tree: where records lie that name no grid."""
    return Grid.objects.filter(level=0).first() or GridFactory()


class BuildingFactory(DjangoModelFactory):
    class Meta:
        model = Building

    grid = factory.LazyFunction(county)
    estate = "阳光花园"
    number = factory.Sequence(lambda n: f"{n + 1}栋")
    address = factory.LazyAttribute(lambda row: f"{row.estate}{row.number}")
    storeys = 6
    units = 2


class DwellingFactory(DjangoModelFactory):
    class Meta:
        model = Dwelling

    building = factory.SubFactory(BuildingFactory)
    grid = factory.SelfAttribute("building.grid")
    unit = "1"
    storey = 5
    door = factory.Sequence(lambda n: str(501 + n))


class HouseholdFactory(DjangoModelFactory):
    class Meta:
        model = Household

    dwelling = factory.SubFactory(DwellingFactory)
    grid = factory.SelfAttribute("dwelling.grid")
    number = factory.Sequence(lambda n: f"430281{n:06d}")


class ResidentFactory(DjangoModelFactory):
    class Meta:
        model = Resident

    household = factory.SubFactory(HouseholdFactory)
    dwelling = factory.SelfAttribute("household.dwelling")
    grid = factory.SelfAttribute("dwelling.grid")
    name = "刘珍珍"
    id_number = factory.LazyFunction(lambda: id_number(male=False))
    phone = factory.Sequence(lambda n: f"138{n:08d}")
    relation = "02"
    ethnicity = "01"


class StayFactory(DjangoModelFactory):
    class Meta:
        model = Stay

    resident = factory.SubFactory(ResidentFactory)
    household = factory.SelfAttribute("resident.household")
    dwelling = factory.SelfAttribute("resident.dwelling")
    grid = factory.SelfAttribute("resident.grid")
    since = date(2020, 1, 1)


class OrganisationFactory(DjangoModelFactory):
    class Meta:
        model = Organisation

    grid = factory.LazyFunction(county)
    name = factory.Sequence(lambda n: f"醴陵市瓷谷商贸{n}有限公司")


class KeyPlaceFactory(DjangoModelFactory):
    class Meta:
        model = KeyPlace

    grid = factory.LazyFunction(county)
    name = factory.Sequence(lambda n: f"城东第{n}小学")
    kind = "school"


class CareClassFactory(DjangoModelFactory):
    class Meta:
        model = CareClass

    code = factory.Sequence(lambda n: f"class-{n}")
    name = "独居老人"
    group = "care"
    purpose = "上门探访"
    legal_basis = "老年人权益保障法第三十七条"
    roles = factory.LazyFunction(lambda: ["worker_full", "grid_leader", "operator", "centre_head"])


class CareRecordFactory(DjangoModelFactory):
    class Meta:
        model = CareRecord

    resident = factory.SubFactory(ResidentFactory)
    care_class = factory.SubFactory(CareClassFactory)
    grid = factory.SelfAttribute("resident.grid")
    visit_days = 30
    since = date(2026, 1, 1)
