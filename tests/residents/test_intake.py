"""From a file to the registry and back: what is new, changed, wrong, doubtful; all of it or nothing."""

from datetime import date

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone

from core import ciphers
from core.errors import Conflict, Invalid, NotFound, Refused
from residents import classes, derived
from residents.intake import service
from residents.intake.stage import Stage, rows
from residents.models import (
    Building,
    CareClass,
    Change,
    Dwelling,
    GridCount,
    Household,
    ImportBatch,
    Resident,
    Stay,
    SupportRecord,
)
from residents.services import support
from tests.residents.factories import CareRecordFactory, ResidentFactory, id_number
from tests.residents.intake_scene import PEOPLE, applied, csv_file, faults, read, unchanged

pytestmark = pytest.mark.django_db


@pytest.fixture
def grid(county):
    return county.west.grids[0]


def person(grid, name="刘珍珍", door="501", number=None, **more):
    row = {
        "grid": grid.code, "estate": "阳光花园", "building": "3", "unit": "2单元", "door": f"{door}室", "household": "H1",
        "relation": "户主", "name": name, "sex": "女", "id": number or id_number(male=False), "phone": "12011112222",
        "ethnicity": "汉族",
    }  # fmt: skip
    return list((row | more).values())


def test_a_file_of_people_brings_buildings_dwellings_households_and_stays(county, grid):
    first, second = id_number(date(1980, 5, 6), male=False), id_number(date(2010, 1, 2), male=True)
    batch = applied(
        county.operator,
        "people",
        csv_file([
            PEOPLE,
            person(grid, number=first),
            person(grid, "王小明", number=second, sex="男", relation="子", phone=""),
            person(grid, "陈丽", door="0302", household="", phone="0733-23334444"),
        ]),
    )  # fmt: skip
    assert batch.status == "applied"
    done = {name: found["new"] for name, found in batch.counts["done"].items() if name != "stays_after"}
    assert done == {"building": 1, "dwelling": 2, "household": 2, "resident": 3}
    building = Building.objects.get()
    assert (building.address, building.estate, building.number, building.grid) == ("阳光花园3栋", "阳光花园", "3栋", grid)
    doors = Dwelling.objects.order_by("door").values_list("unit", "door", "storey", "use", "grid_id")
    assert list(doors) == [("2", "0302", 3, "own", grid.pk), ("2", "501", 5, "own", grid.pk)]
    liu, born = Resident.objects.get(name="刘珍珍"), derived.from_id_number(first)[0]
    assert (liu.id_number, liu.phone, liu.birth_date, liu.sex) == (first, "12011112222", born, "2")
    assert (liu.pinyin, liu.initials, str(liu.birth_month)) == ("liuzhenzhen", "lzz", f"{born[:8]}01")
    assert (liu.ethnicity, liu.relation, liu.population, liu.status) == ("01", "02", "registered", "living")
    assert liu.id_tag == ciphers.tag("id", first)
    assert liu.household.number == "H1" and liu.household.head == liu and liu.dwelling.door == "501"
    assert Resident.objects.get(name="王小明").household == liu.household
    chen = Resident.objects.get(name="陈丽")
    assert (chen.household.number, chen.household.dwelling) == ("", chen.dwelling)
    stays = Stay.objects.filter(resident=liu).values_list("household", "dwelling", "grid", "since", "until", "began")
    assert list(stays) == [(liu.household_id, liu.dwelling_id, grid.pk, timezone.localdate(), None, "recorded")]
    assert Change.objects.filter(batch=batch.uid, action="imported", user=county.operator).count() == 8
    assert GridCount.objects.get(grid=grid, measure="people").amount == 3


def test_what_the_database_holds_of_a_preview_is_encrypted(county, grid):
    number = id_number(date(1980, 5, 6), male=False)
    batch = read(county.operator, "people", csv_file([PEOPLE, person(grid, number=number)]))
    stored = str(rows(f"SELECT * FROM {Stage(batch)('raw')}"))
    assert "刘珍珍" in stored
    assert all(one not in stored for one in (number, "12011112222", derived.from_id_number(number)[0]))
    batch.refresh_from_db()
    assert not batch.file
    service.confirm(actor=county.operator, batch_id=batch.pk)
    service.apply(batch.pk)
    for name in ("raw", "resident", "fault", "diff"):
        with pytest.raises(Exception, match=r"(?i)no such table|does not exist"):
            from django.db import transaction

            with transaction.atomic():
                rows(f"SELECT * FROM {Stage(batch)(name)}")


def test_the_same_file_again_changes_nothing(county, grid):
    people = [PEOPLE, person(grid), person(grid, "陈丽", door="302", household="")]
    applied(county.operator, "people", csv_file(people))
    batch = read(county.operator, "people", csv_file(people))
    assert batch.counts["sections"] == {
        "building": {"u": 1}, "dwelling": {"u": 2}, "household": {"u": 2}, "resident": {"u": 2},
    }  # fmt: skip
    with unchanged(Building, Dwelling, Household, Resident, Stay, Change):
        service.confirm(actor=county.operator, batch_id=batch.pk)
        service.apply(batch.pk)


def test_changes_are_told_field_by_field_and_empty_cells_change_nothing(county, grid):
    number = id_number(male=False)
    applied(county.operator, "people", csv_file([PEOPLE, person(grid, number=number)]))
    changed = person(grid, "刘真珍", number=number, phone="12033334444", sex="", ethnicity="", relation="")
    batch = applied(county.operator, "people", csv_file([PEOPLE, changed]))
    found = Resident.objects.get()
    assert (found.name, found.phone, found.sex, found.ethnicity, found.relation) == (
        "刘真珍", "12033334444", "2", "01", "02",
    )  # fmt: skip
    assert found.pinyin == "liuzhenzhen" and found.phone_tag == ciphers.tag("phone", "12033334444")
    change = Change.objects.get(batch=batch.uid)
    assert (change.kind, change.record_id, change.action) == ("resident", found.pk, "import_changed")
    assert change.changes == {"name": ["刘珍珍", "刘真珍"], "phone": ["120****2222", "120****4444"]}


def test_who_moves_ends_one_stay_and_begins_another(county, grid):
    number = id_number(male=False)
    applied(county.operator, "people", csv_file([PEOPLE, person(grid, number=number)]))
    other = county.west.grids[1]
    moved = person(other, number=number, door="302", household="H2")
    batch = applied(county.operator, "people", csv_file([PEOPLE, moved]))
    found = Resident.objects.select_related("dwelling", "household").get()
    assert (found.grid, found.dwelling.door, found.household.number) == (other, "302", "H2")
    assert list(Stay.objects.order_by("pk").values_list("grid", "until", "began", "ended")) == [
        (grid.pk, timezone.localdate(), "recorded", "within"),
        (other.pk, None, "within", ""),
    ]
    change = Change.objects.get(batch=batch.uid, kind="resident")
    old = Stay.objects.earliest("pk")
    assert change.changes == {
        "dwelling_id": [old.dwelling_id, found.dwelling_id], "household_id": [old.household_id, found.household_id],
    }  # fmt: skip


def test_every_mistake_is_named_by_row_and_column(county, grid):
    dead = ResidentFactory(grid=grid, household=None, dwelling=None, status="dead", id_number=id_number())
    good = id_number(male=False)
    batch = read(
        county.operator,
        "people",
        csv_file([
            PEOPLE,
            person(grid, number=good),
            person(grid, number=good),
            person(grid, number="430281198503041234"),
            person(grid, sex="男"),
            person(grid, phone="123"),
            person(grid, ethnicity="火星族"),
            person(county.east.grids[0]),
            person(grid, ""),
            person(grid, number="4.30281E+17"),
            person(grid, number=dead.id_number, sex="男"),
        ]),
    )  # fmt: skip
    assert faults(batch) == [
        (3, "resident_id_number", "repeated"),
        (4, "resident_id_number", "id_check"),
        (5, "resident_sex", "unlike_id"),
        (6, "resident_phone", "phone"),
        (7, "resident_ethnicity", "not_in_table"),
        (8, "grid", "grid"),
        (9, "resident_name", "needed"),
        (10, "resident_id_number", "digits_lost"),
        (11, "resident_id_number", "dead"),
    ]
    assert batch.counts["wrong"] == 9
    with unchanged(Resident, Building, Change), pytest.raises(Invalid):
        service.confirm(actor=county.operator, batch_id=batch.pk)
    service.confirm(actor=county.operator, batch_id=batch.pk, without_wrong=True)
    service.apply(batch.pk)
    assert Resident.objects.exclude(pk=dead.pk).get().id_number == good


def test_likely_duplicates_wait_for_a_decision(county, grid):
    number = id_number(date(1980, 5, 6), male=False)
    there = ResidentFactory(
        grid=grid, household=None, dwelling=None, name="刘珍珍", id_number="", phone="12099990000",
        birth_date=f"{derived.from_id_number(number)[0][:8]}20",
    )  # fmt: skip
    by_name = person(grid, number=number, phone="")
    by_phone = person(grid, "刘真真", number=id_number(male=False), phone="12099990000")
    other = person(grid, "陈丽", number=id_number(male=False), phone="12055556666")
    batch = read(county.operator, "people", csv_file([PEOPLE, by_name, by_phone, other]))
    assert batch.counts["sections"]["resident"] == {"d": 2, "n": 1}
    with pytest.raises(Invalid, match="2"):
        service.confirm(actor=county.operator, batch_id=batch.pk)
    assert service.decide(actor=county.operator, batch_id=batch.pk, choice="same") == 2
    with pytest.raises(Invalid):
        service.confirm(actor=county.operator, batch_id=batch.pk)
    assert service.decide(actor=county.operator, batch_id=batch.pk, choice="new", refs=[3]) == 1
    service.confirm(actor=county.operator, batch_id=batch.pk)
    service.apply(batch.pk)
    there.refresh_from_db()
    assert there.id_number == by_name[9] and there.dwelling.door == "501"
    assert set(Resident.objects.values_list("name", flat=True)) == {"刘珍珍", "刘真真", "陈丽"}
    assert Resident.objects.count() == 3


def test_an_import_is_undone_as_if_it_had_never_been(county, grid):
    number = id_number(male=False)
    applied(county.operator, "people", csv_file([PEOPLE, person(grid, number=number)]))
    with unchanged(Building, Dwelling, Household, Resident, Stay, GridCount):
        moved = person(county.west.grids[1], "刘真珍", number=number, door="302", household="H2", phone="12033334444")
        batch = applied(county.operator, "people", csv_file([PEOPLE, moved, person(grid, "陈丽", household="")]))
        assert Resident.objects.count() == 2
        service.ask_undo(actor=county.operator, batch_id=batch.pk)
        assert service.undo(batch.pk) == "undone"
        GridCount.objects.filter(amount=0).delete()
    acts = Change.objects.filter(batch=batch.uid).values_list("kind", "action")
    assert acts.filter(action="import_restored").count() == 1
    assert acts.filter(action="import_undone").count() == acts.filter(action="imported").count()


def test_what_was_built_on_an_import_keeps_it(county, grid):
    batch = applied(county.operator, "people", csv_file([PEOPLE, person(grid)]))
    CareRecordFactory(resident=Resident.objects.get())
    with unchanged(Building, Dwelling, Household, Resident, Stay, Change):
        service.ask_undo(actor=county.operator, batch_id=batch.pk)
        assert service.undo(batch.pk) == "applied"
    batch.refresh_from_db()
    assert batch.problem == {"code": "built_on", "what": {"residents_carerecord": 1}}


def test_files_of_a_statutory_register_go_with_their_people_and_keep_an_import(county, grid):
    classes.load(CareClass)
    leader = county.person("grid_leader", grid=county.west.village)
    disorder = CareClass.objects.get(code="mental_disorder")
    number = id_number(male=False)
    first = applied(county.operator, "people", csv_file([PEOPLE, person(grid, number=number)]))
    data = {"guardian": "刘国强", "treatment": "规律服药"}
    support.begin(actor=leader, resident=Resident.objects.get(), care_class=disorder, data=data)
    service.ask_undo(actor=county.operator, batch_id=first.pk)
    assert service.undo(first.pk) == "applied"
    first.refresh_from_db()
    assert set(first.problem["what"]) == {"changes"}
    other = county.west.grids[1]
    second = applied(county.operator, "people", csv_file([PEOPLE, person(other, number=number, door="302")]))
    assert SupportRecord.objects.get().grid == other
    service.ask_undo(actor=county.operator, batch_id=second.pk)
    assert service.undo(second.pk) == "undone"
    assert SupportRecord.objects.get().grid == grid


def test_nothing_is_said_of_records_outside(county, grid):
    """The east's person, household and phone give the west neither a match nor a duplicate."""
    number = id_number(date(1980, 5, 6), male=False)
    theirs = ResidentFactory(
        grid=county.east.grids[0], household__dwelling__building__grid=county.east.grids[0], id_number=number,
        household__number="H9", phone="12099990000",
    )  # fmt: skip
    batch = read(
        county.operator,
        "people",
        csv_file([
            PEOPLE,
            person(grid, number=number),
            person(grid, number=id_number(date(1980, 5, 9), male=False), phone="12099990000"),
            person(grid, "陈丽", household="H9"),
        ]),
    )  # fmt: skip
    assert faults(batch) == [(2, "resident_id_number", "elsewhere"), (4, "household_number", "elsewhere")]
    assert batch.counts["sections"]["resident"] == {"n": 1}
    service.confirm(actor=county.operator, batch_id=batch.pk, without_wrong=True)
    with unchanged(type(theirs.household)):
        before = Resident.objects.get(pk=theirs.pk)
    service.apply(batch.pk)
    after = Resident.objects.get(pk=theirs.pk)
    assert {f.attname: getattr(before, f.attname) for f in before._meta.concrete_fields} == {
        f.attname: getattr(after, f.attname) for f in after._meta.concrete_fields
    }


def test_only_ones_own_imports_and_only_with_the_permission(county, grid):
    file = csv_file([PEOPLE, person(grid)])
    for who in (county.worker, county.staff, county.stranger):
        with pytest.raises(Refused):
            service.upload(actor=who, kind="people", file=file)
    batch = read(county.operator, "people", file)
    for step in (service.confirm, service.discard, service.ask_undo):
        with pytest.raises(NotFound):
            step(actor=county.operator_east, batch_id=batch.pk)
        with pytest.raises(Refused):
            step(actor=county.worker, batch_id=batch.pk)
    county.operator.posts.update(until=timezone.localdate())
    del county.operator._scope
    with pytest.raises(Refused):
        service.confirm(actor=county.operator, batch_id=batch.pk)
    assert not Resident.objects.exists()


def test_a_registry_that_changed_meanwhile_is_looked_at_again(county, grid):
    number = id_number(male=False)
    batch = read(county.operator, "people", csv_file([PEOPLE, person(grid, number=number)]))
    applied(county.operator, "people", csv_file([PEOPLE, person(grid, "刘真珍", number=number)]))
    service.confirm(actor=county.operator, batch_id=batch.pk)
    assert service.apply(batch.pk) == "ready"
    batch.refresh_from_db()
    assert batch.problem == {"code": "changed_meanwhile"}
    assert batch.counts["sections"]["resident"] == {"c": 1}
    service.confirm(actor=county.operator, batch_id=batch.pk)
    assert service.apply(batch.pk) == "applied"
    assert Resident.objects.get().name == "刘珍珍"


@pytest.mark.parametrize(("step", "status"), [("read", "refused"), ("apply", "ready"), ("undo", "applied")])
@pytest.mark.parametrize("kind", [IntegrityError, DataError])
def test_what_goes_wrong_is_written_down_without_anybodys_data(county, grid, monkeypatch, caplog, step, status, kind):
    """PostgreSQL quotes the row that it refuses, Python the value that it cannot read."""
    number = id_number(male=False)
    batch = (applied if step == "undo" else read)(county.operator, "people", csv_file([PEOPLE, person(grid, number=number)]))
    if step == "read":
        ImportBatch.objects.filter(pk=batch.pk).update(status="waiting")
    else:
        (service.ask_undo if step == "undo" else service.confirm)(actor=county.operator, batch_id=batch.pk)

    def fails(*args, **kwargs):
        try:
            with transaction.atomic():
                ResidentFactory(name="刘珍珍", phone="12011112222", status="nowhere")
        except IntegrityError as error:
            raise kind(f"Failing row contains ({number}, 刘珍珍, 12011112222)") from error

    monkeypatch.setattr(service, f"_{step}", fails)
    with caplog.at_level("INFO"):
        assert getattr(service, step)(batch.pk) == status
    told = caplog.text
    for private in ("刘珍珍", "12011112222", number, "Failing row", "nowhere"):
        assert private not in told, private
    if not (step == "undo" and kind is IntegrityError):  # that somebody has built on it is no fault
        assert f"import {batch.pk} " in told and kind.__name__ in told and "test_intake.py" in told
        if connection.vendor == "postgresql":
            assert "23514, public, residents_resident, residents_resident_status_known" in told


def test_a_second_press_finds_it_done(county, grid):
    batch = read(county.operator, "people", csv_file([PEOPLE, person(grid)]))
    service.confirm(actor=county.operator, batch_id=batch.pk)
    service.confirm(actor=county.operator, batch_id=batch.pk)  # still waiting: asked for once more
    assert service.apply(batch.pk) == "applied"
    assert service.apply(batch.pk) == ""
    with pytest.raises(Conflict):
        service.confirm(actor=county.operator, batch_id=batch.pk)
    assert Resident.objects.count() == 1


def test_discarded_and_forgotten_previews_leave_no_table(county, grid):
    first = read(county.operator, "people", csv_file([PEOPLE, person(grid)]))
    second = read(county.operator, "people", csv_file([PEOPLE, person(grid)]))
    service.discard(actor=county.operator, batch_id=first.pk)
    ImportBatch.objects.filter(pk=second.pk).update(created_at=timezone.now() - timezone.timedelta(days=30))
    assert service.purge() == 1
    from django.db import connection

    assert [name for name in connection.introspection.table_names() if name.startswith("registry_import")] == []
    assert set(ImportBatch.objects.values_list("status", flat=True)) == {"dropped"}
