"""What the database keeps by itself: figures per grid, grids that follow the building, append-only trails."""

import pytest
from django.db import DatabaseError, transaction

from accounts.models import User
from residents.models import Access, CareRecord, Change, Dwelling, GridCount, Household, Resident
from residents.services import trail
from tests.factories import GridFactory, UserFactory
from tests.residents.factories import (
    BuildingFactory,
    CareRecordFactory,
    KeyPlaceFactory,
    OrganisationFactory,
    ResidentFactory,
    id_number,
)

pytestmark = pytest.mark.django_db


def figures(grid):
    return dict(GridCount.objects.filter(grid=grid).exclude(amount=0).values_list("measure", "amount"))


def test_figures_follow_every_change():
    person = ResidentFactory()
    grid = person.grid
    whole = {
        "buildings": 1, "dwellings": 1, "dwellings.own": 1, "households": 1, "people": 1, "people.registered": 1,
    }  # fmt: skip
    assert figures(grid) == whole
    Dwelling.objects.update(use="rented")
    Resident.objects.update(population="floating")
    assert figures(grid) == {
        "buildings": 1, "dwellings": 1, "dwellings.rented": 1, "households": 1, "people": 1, "people.floating": 1,
    }  # fmt: skip
    Resident.objects.update(status="departed")
    assert figures(grid) == {"buildings": 1, "dwellings": 1, "dwellings.rented": 1, "households": 1}
    Resident.objects.all().delete()
    Household.objects.all().delete()
    assert figures(grid) == {"buildings": 1, "dwellings": 1, "dwellings.rented": 1}
    care = CareRecordFactory(grid=grid, resident__grid=grid)
    OrganisationFactory(grid=grid)
    KeyPlaceFactory(grid=grid)
    assert figures(grid)[f"care.{care.care_class_id}"] == 1
    assert (figures(grid)["organisations"], figures(grid)["places"]) == (1, 1)


def test_all_that_stands_in_a_building_moves_to_its_grid():
    person = ResidentFactory()
    CareRecordFactory(resident=person)
    building, old, new = person.dwelling.building, person.grid, GridFactory(parent=person.grid)
    building.grid = new
    building.save()
    for model in (Dwelling, Household, Resident, CareRecord):
        assert set(model.objects.filter(grid=old)) == set()
        assert model.objects.get().grid_id == new.pk
    assert figures(old) == {}
    assert figures(new)["people"] == 1


@pytest.mark.parametrize("model", [Change, Access])
def test_trails_are_append_only(model):
    person = ResidentFactory()
    trail.note(person, before={}, user=None, action="created")
    Access.objects.create(
        user=UserFactory(), act="unmask", kind="resident", record_id=person.pk, reason="核对"
    )
    for change in (lambda: model.objects.update(record_id=0), model.objects.all().delete):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    assert model.objects.count() == 1


def test_history_tells_from_and_to_with_private_values_masked():
    person = ResidentFactory(id_number="", phone="13812345678", name="刘珍珍")
    before = trail.snapshot(person)
    person.phone, person.name, person.id_number = "13912345678", "刘珍", id_number()
    person.save()
    user = User.objects.create(username="worker")
    change = trail.note(person, before=before, user=user, action="changed")
    masked = person.id_number[:6] + "********" + person.id_number[-4:]
    assert change.changes["phone"] == ["138****5678", "139****5678"]
    assert change.changes["name"] == ["刘珍珍", "刘珍"]
    assert change.changes["id_number"] == ["", masked]
    assert "13912345678" not in str(change.changes)
    assert trail.note(person, before=trail.snapshot(person), user=user, action="changed") is None


def test_derived_columns():
    person = ResidentFactory(name="单雄信", id_number=id_number(male=True), phone="13812345678")
    assert (person.pinyin, person.initials, person.sex) == ("shanxiongxin", "sxx", "1")
    assert str(person.birth_month) == person.birth_date[:8] + "01"
    assert len({person.id_tag, person.tail_tag, person.phone_tag}) == 3
    assert BuildingFactory().address.endswith("栋")
