"""Whatever is typed: an answer in words or a record that is right, never a fault and never half a record."""

import random
from datetime import date

import pytest
from django.db import transaction

from core.errors import DomainError
from residents import checks
from residents.models import Building, Change, Dwelling, Household, Resident, Stay
from residents.services import life, records
from tests.residents.factories import (
    BuildingFactory,
    DwellingFactory,
    HouseholdFactory,
    ResidentFactory,
    id_number,
)

pytestmark = pytest.mark.django_db
GARBAGE = [
    "", " ", "\0", "a\0b", "\u202e", "x" * 5000, "刘珍珍", "１２３", "-1", "0", "1e9", "NaN", "2026-02-30", "0001-01-01",
    "9999-12-31", "430281199002030012", "43028119900203001X", "13812345678", "'; DROP TABLE", "😀", "\ud800",
    None, True, False, -1, 0, 1, 2**31, 2**63, 2**200, 1.5, float("nan"), float("inf"), [], {}, ["gas"], [[1]], b"x",
    date(1, 1, 1), date(9999, 12, 31), object(), (1, 2), ("a", "b"), (999, 999), {"lon": 1},
]  # fmt: skip
ROUNDS = 40
TABLES = (Building, Dwelling, Household, Resident, Stay, Change)


def everything():
    return [
        list(model.objects.order_by("pk").values_list())
        for model in (Building, Dwelling, Household, Resident, Stay, Change)
    ]


def tried(call):
    """Whether it went through; if not, nothing was written."""
    before = everything()
    try:
        with transaction.atomic():
            call()
    except DomainError as error:
        assert str(error.message) and all(str(word) for words in error.fields.values() for word in words)
        assert everything() == before
        return False
    return True


@pytest.mark.parametrize("kind", records.MODELS)
def test_records_of_garbage(county, kind):
    dice = random.Random(f"{kind} 2026")
    grid = county.west.grids[0]
    building = BuildingFactory(grid=grid)
    home = HouseholdFactory(dwelling=DwellingFactory(building=building))
    whole = {
        "building": {"grid": grid, "address": "新楼"},
        "dwelling": {"building": building, "door": "601", "storey": 6},
        "household": {"dwelling": home.dwelling},
        "resident": {"household": home, "name": "周新"},
        "organisation": {"grid": grid, "name": "新店"},
        "place": {"grid": grid, "name": "新校", "kind": "school"},
    }[kind]
    names = sorted(records.EDITABLE[kind] | records.WHEN_MADE.get(kind, set()))
    made = 0
    for _n in range(ROUNDS):
        wrong = {name: dice.choice(GARBAGE) for name in dice.sample(names, dice.randint(1, 3))}
        made += tried(lambda given=whole | wrong: records.add(kind, actor=county.worker, **given))
    row = records.MODELS[kind].objects.first() or records.add(kind, actor=county.worker, **whole)
    for _n in range(ROUNDS):
        wrong = {name: dice.choice(GARBAGE) for name in dice.sample(sorted(records.EDITABLE[kind]), 2)}
        tried(lambda given=wrong: records.change(row, actor=county.worker, **given))
    for row in records.MODELS[kind].objects.all():
        assert checks.faults(row) == {}


def test_lives_of_garbage(county):
    dice = random.Random("life 2026")
    home = HouseholdFactory(dwelling__building__grid=county.west.grids[0])
    person = ResidentFactory(household=home, id_number=id_number())
    steps = {
        life.record_birth: ("household", "on", "name", "sex", "relation"),
        life.record_death: ("resident", "on"),
        life.move_out: ("resident", "on"),
        life.move_in: ("on", "dwelling", "household", "name", "id_number"),
        life.move_within: ("on", "dwelling", "resident", "into", "relation"),
        life.split_household: ("household", "members", "head", "on", "number"),
        life.set_registration: ("resident", "hukou_address", "hukou_here", "population"),
        life.begin_tenancy: ("dwelling", "since", "tenant", "until", "contract"),
    }
    right = {
        "household": home,
        "resident": person,
        "dwelling": home.dwelling,
        "members": [person.pk],
        "head": person,
    }
    for step, names in steps.items():
        for _n in range(25):
            given = {
                name: dice.choice(GARBAGE)
                for name in names
                if name not in ("household", "resident", "members")
            }
            whole = {name: right[name] for name in names if name in right} | given
            tried(lambda step=step, given=whole: step(actor=county.worker, **given))
    assert Resident.objects.filter(pk=person.pk).exists()
