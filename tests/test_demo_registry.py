"""The registry of a demo county: the numbers asked for, families that fit, numbers that nobody bears, due things."""

from collections import Counter
from datetime import date, timedelta
from functools import cache

import numpy as np
import pytest
import shapely
from django.db import connection, transaction
from django.db.models import Count, F, Q
from stdnum.cn import ric, uscc

from accounts.models import User
from core import ciphers
from gridcenter.demo import places, territory
from gridcenter.demo.load import Loader
from gridcenter.demo.registry import care as registers
from gridcenter.demo.registry import firms, land, persons, rows
from gridcenter.demo.registry.fill import Filler
from gridcenter.demo.registry.size import PEOPLE, TIANYUAN
from grids.models import Grid
from residents import care, checks, derived
from residents.models import (
    Building,
    CareClass,
    CareRecord,
    Change,
    Dwelling,
    GridCount,
    Household,
    KeyPlace,
    Organisation,
    Resident,
    Stay,
    SupportRecord,
    Tenancy,
)
from residents.services import support

TODAY = date(2026, 3, 31)
COUNT = 1800
SIZE = TIANYUAN.scaled(COUNT)


@pytest.fixture(scope="module")
def filled(django_db_setup, django_db_blocker):
    """三元社区 with 1,800 people, loaded once for all tests of this file and rolled back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield Loader("sanyuan", seed=1, months=1, until=TODAY, events=20, people=COUNT).load()
        transaction.set_rollback(True)


pytestmark = pytest.mark.django_db


# ---- how many


def test_the_mixture_is_tianyuans_and_every_count_is_met(filled):
    found = {
        model: model.objects.count() for model in (Building, Dwelling, Household, Organisation, KeyPlace)
    }
    assert found == {
        Building: SIZE.buildings, Dwelling: SIZE.dwellings, Household: SIZE.households,
        Organisation: SIZE.organisations, KeyPlace: SIZE.places,
    }  # fmt: skip
    assert Resident.objects.living().count() == COUNT
    assert SupportRecord.objects.count() == SIZE.special
    assert filled.counts["gone"] == Resident.objects.exclude(status="living").count() == 11


def test_the_published_numbers_of_tianyuan():
    size = TIANYUAN.scaled(PEOPLE["tianyuan"])
    assert (size.buildings, size.dwellings, size.households, size.people) == (
        34_500,
        157_200,
        131_500,
        371_400,
    )
    assert (size.organisations, size.special, size.places) == (8_600, 886, 523)


def test_figures_of_the_grids_are_those_of_the_rows(filled):
    kept = dict(GridCount.objects.filter(measure="people").values_list("grid_id", "amount"))
    counted = Resident.objects.living().values("grid_id").annotate(n=Count("pk")).values_list("grid_id", "n")
    assert kept == dict(counted)
    assert sum(kept.values()) == COUNT
    care_class = CareClass.objects.get(code="disabled")
    amount = sum(GridCount.objects.filter(measure=f"care.{care_class.pk}").values_list("amount", flat=True))
    assert amount == CareRecord.objects.filter(care_class=care_class, until=None).count() > 10


def test_the_same_seed_gives_the_same_people_and_another_one_others():
    def named(seed):
        plan = Filler(_grids(), TIANYUAN.scaled(700), "421202", TODAY, seed).plan()
        return plan.persons.names, plan.persons.id_number, plan.land.address

    first = named(1)
    assert named(1) == first
    assert named(2) != first


@pytest.mark.parametrize("people", [600, 900, 2500])
def test_small_places_are_planned_whole_whatever_the_dice_say(people):
    for seed in range(1, 6):
        plan = Filler(_grids(), TIANYUAN.scaled(people), "421202", TODAY, seed).plan()
        assert (len(plan.land), len(plan.homes), len(plan.families)) == (
            plan.size.buildings, plan.size.dwellings, people,
        )  # fmt: skip
        columns = [
            (table, list(made))
            for table, _names, made in rows.Rows(plan).tables()
            if "resident_" not in table
        ]
        assert all(made for _table, made in columns)


@cache
def _grids():
    root = places.tree(places.PLACES["sanyuan"], np.random.default_rng(1))
    territory.cut(places.PLACES["sanyuan"], root, np.random.default_rng(1))
    grids = [node for node in root.walk() if node.level == 4 and node.kept]
    for number, node in enumerate(grids, 1):
        node.id = number
    return grids


# ---- what stands where


def test_buildings_stand_inside_their_grid_apart_from_each_other(filled):
    shapes = {
        pk: shapely.from_wkb(bytes(b.wkb))
        for pk, b in Grid.objects.filter(level=4).values_list("pk", "boundary")
    }
    points: dict[int, list] = {}
    for grid, point in Building.objects.values_list("grid_id", "location"):
        assert shapes[grid].covers(shapely.Point(point.x, point.y))
        points.setdefault(grid, []).append((point.x, point.y))
    for spots in points.values():
        assert len(set(spots)) == len(spots)


def test_buildings_of_one_estate_stand_in_rows_beside_each_other():
    shape = shapely.box(113.0, 27.0, 113.02, 27.02)
    points = land._rows_of(shape, [40, 30], np.random.default_rng(3))
    first, second = points[:40], points[40:]
    assert np.ptp(first, axis=0).max() < 0.02
    assert np.linalg.norm(first.mean(axis=0) - second.mean(axis=0)) > 0
    steps = np.linalg.norm(np.diff(first, axis=0), axis=1)
    assert (steps < 2 * np.median(steps)).mean() > 0.7  # along a row one comes after the other


def test_every_door_lies_within_its_building(filled):
    outside = Dwelling.objects.filter(Q(storey__gt=F("building__storeys")) | Q(storey__lt=1))
    assert not outside.exists()
    block = Building.objects.filter(kind="residential").annotate(doors=Count("dwellings")).first()
    assert block.doors == block.households_planned
    units = set(block.dwellings.values_list("unit", flat=True))
    assert units == {str(unit) for unit in range(1, block.units + 1)} or (units == {""} and block.units == 1)
    assert set(block.dwellings.values_list("storey", flat=True)) == set(range(1, block.storeys + 1))


@pytest.mark.parametrize("model", [Building, Dwelling, Household, Resident, Organisation, KeyPlace])
def test_every_record_is_one_that_the_services_would_take(filled, model):
    for row in model.objects.all()[:400]:
        assert checks.faults(row) == {}, row


# ---- families


def test_ages_fit_the_relations(filled):
    rows = Resident.objects.living().order_by("pk")
    people = list(rows.values_list("household_id", "relation", "birth_month", "sex"))
    heads = {}
    for home, relation, born, sex in people:
        if relation == "02":
            heads.setdefault(home, (born, sex))
    gaps = {"20": [], "30": [], "50": [], "10": []}
    for home, relation, born, sex in people:
        if relation in gaps:
            gaps[relation].append((born - heads[home][0]).days / 365.25)
        if relation == "10":  # not the second head, who is a defect
            assert sex != heads[home][1]
    assert min(gaps["20"] + gaps["30"]) > 17
    assert max(gaps["50"]) < -19
    assert all(-8 < years < 8 for years in gaps["10"])


def test_children_bear_the_name_of_a_parent(filled):
    family = {}
    for home, relation, name in Resident.objects.living().values_list("household_id", "relation", "name"):
        family.setdefault(home, {}).setdefault(relation, []).append(name[0])
    with_children = [f for f in family.values() if "10" in f and ("20" in f or "30" in f)]
    assert len(with_children) > 100
    for f in with_children:
        assert set(f.get("20", []) + f.get("30", [])) <= set(f["02"] + f["10"])


def test_shares_are_plausible(filled):
    kinds = Counter(Resident.objects.living().values_list("population", flat=True))
    assert 0.05 < kinds["floating"] / COUNT < 0.2
    assert 0.6 < kinds["registered"] / COUNT < 0.85
    assert Resident.objects.living().filter(ethnicity="01").count() / COUNT > 0.93
    uses = Counter(Dwelling.objects.values_list("use", flat=True))
    assert uses["own"] > uses["rented"] > uses["business"] > 0
    assert uses["empty"] / SIZE.dwellings > 0.06


# ---- private values


def test_id_numbers_are_valid_different_and_nobodys(filled):
    people = list(Resident.objects.exclude(id_tag=""))
    assert 0.97 < len(people) / (COUNT + 11) < 1
    assert len({person.id_number for person in people}) == len(people)
    for person in people[:300]:
        assert ric.calc_check_digit(person.id_number) == person.id_number[-1]
        assert person.id_number[4:6] in ("98", "99")  # areas that do not exist
        assert derived.from_id_number(person.id_number) == (person.birth_date, person.sex)
        assert person.id_tag == ciphers.tag("id", person.id_number)
        assert person.birth_month == derived.month_of(person.birth_date)
        assert (person.pinyin, person.initials) == derived.pinyin_of(person.name)
        assert person.phone == "" or person.phone.startswith("129")


def test_credit_codes_are_valid_and_different(filled):
    codes = list(Organisation.objects.exclude(credit_code="").values_list("credit_code", flat=True))
    assert len(codes) > SIZE.organisations * 0.9
    assert len(set(codes)) == len(codes)
    assert all(uscc.calc_check_digit(code) == code[-1] and code[6:8] == "99" for code in codes)
    assert firms.credit_code("enterprise", "430299", 1) == "91430299MA00000156"


def test_more_people_of_one_birthday_than_sequences_are_refused():
    birth = np.full(2 * persons.SEQUENCES, np.datetime64("1990-01-01"))
    rng, area = np.random.default_rng(1), np.full(len(birth), 430299)
    sexes = np.tile([1, 2], persons.SEQUENCES)
    assert len(set(persons.id_numbers(birth, sexes, area, sexes > 0, rng))) == len(birth)
    with pytest.raises(ValueError, match="More people"):
        persons.id_numbers(birth, np.ones(len(birth), int), area, sexes > 0, rng)


# ---- what happened and what is due


def test_everybody_lives_since_a_day_where_they_live(filled):
    living = Resident.objects.living()
    open_stays = Stay.objects.filter(until=None, resident__dwelling=F("dwelling"))
    placed = living.exclude(dwelling=None).count()
    assert open_stays.count() == placed
    assert Stay.objects.filter(until=None).count() == COUNT
    assert not Stay.objects.filter(since__gt=TODAY).exists()
    assert not Stay.objects.filter(until__gt=TODAY).exists()
    gone = Resident.objects.exclude(status="living")
    assert all(person.stays.get().until == person.ended_on for person in gone)
    assert not Stay.objects.filter(resident__in=gone, until__lte=F("since")).exists()
    earlier = Stay.objects.filter(ended="within")
    assert earlier.exists()
    for stay in earlier.select_related("resident"):
        assert stay.resident.stays.get(until=None).since == stay.until


def test_let_dwellings_have_tenants_and_permits_expire_around_today(filled):
    let = Dwelling.objects.filter(use="rented", households__isnull=False).distinct().count()
    assert 0.9 < Tenancy.objects.count() / let <= 1
    for tenancy in Tenancy.objects.select_related("tenant"):
        assert tenancy.tenant.dwelling_id in (tenancy.dwelling_id, None)
        assert tenancy.since == tenancy.tenant.stays.get(until=None).since
    soon = Resident.objects.filter(permit_expires__range=(TODAY, TODAY + timedelta(days=30)))
    late = Resident.objects.filter(permit_expires__lt=TODAY)
    assert soon.exists()
    assert late.exists()
    assert not Resident.objects.exclude(population="floating").exclude(permit_expires=None).exists()


def test_visits_and_inspections_are_due_around_today(filled):
    running = CareRecord.objects.filter(until=None)
    assert 0 < running.filter(next_visit__lt=TODAY).count() < running.count() / 3
    assert KeyPlace.objects.filter(next_inspection__gte=TODAY).exists()
    for row in running[:60]:
        for field in row.care_class.fields:
            assert not field["required"] or row.values[field["name"]]


def test_each_class_has_only_people_it_is_for(filled):
    def born(code):
        rows = CareRecord.objects.filter(care_class__code=code)
        return list(rows.values_list("resident__birth_month", flat=True))

    assert all(TODAY - month > timedelta(days=64 * 365) for month in born("solitary_elderly"))
    assert all(TODAY - month < timedelta(days=3 * 366 + 31) for month in born("infant"))
    assert set(registers.SHARES) == set(CareClass.objects.filter(group="care").values_list("code", flat=True))
    statutory = CareClass.objects.filter(group="statutory").values_list("code", flat=True)
    assert set(registers.STATUTORY_SHARES) == set(statutory)


def test_statutory_files_are_sealed_as_the_service_reads_them(filled):
    person = Resident.objects.get(pk=_sealed_person())
    file = support.of_anybody(person)[0]
    assert (file.resident_id, file.grid.pk) == (person.pk, person.grid_id)
    assert care.class_tag(file.care_class) == SupportRecord.objects.get(pk=file.pk).class_tag
    assert all(file.own.get(f["name"]) for f in file.care_class.fields if f["required"])


def test_who_is_responsible_may_know_of_the_class(filled):
    from residents.services.care import workers_at

    entries = [(row.responsible, row.grid, row.care_class) for row in CareRecord.objects.select_related(
        "responsible", "grid", "care_class")]  # fmt: skip
    classes = {one.code: one for one in CareClass.objects.all()}
    files = [support._read(row, classes) for row in SupportRecord.objects.select_related("grid")]
    people = User.objects.in_bulk([file.responsible_id for file in files])
    entries += [(people.get(file.responsible_id), file.grid, file.care_class) for file in files]
    fit = cache(lambda path, pk: set(workers_at(path, CareClass.objects.get(pk=pk))))
    assert len(files) == SIZE.special
    for worker, grid, care_class in entries:
        assert worker in fit(grid.path, care_class.pk), (worker, grid, care_class)


def _sealed_person():
    tags = set(SupportRecord.objects.values_list("resident_tag", flat=True))
    return next(pk for pk in range(1, COUNT + 1) if care.resident_tag(pk) in tags)


def test_the_history_begins_with_every_record(filled):
    kinds = Counter(Change.objects.values_list("kind", flat=True))
    assert kinds["resident"] == Resident.objects.count()
    assert kinds["dwelling"] == Dwelling.objects.count()
    assert kinds["support"] == SIZE.special
    first = Change.objects.filter(kind="building").order_by("record_id").first()
    building = Building.objects.get(pk=first.record_id)
    assert first.changes["address"] == ["", building.address]
    assert (first.action, first.grid_id, first.at) == ("created", building.grid_id, building.created_at)
    assert first.user.posts.get().grid_id == building.grid_id


def test_a_registry_has_defects_to_find(filled):
    assert Resident.objects.living().filter(id_tag="").exists()
    assert Dwelling.objects.filter(use="empty", residents__isnull=False).exists()
    assert Household.objects.filter(dwelling=None).exists()
    heads = Resident.objects.living().filter(relation="02").values("household").annotate(n=Count("pk"))
    assert heads.filter(n=2).exists()


def test_indexes_are_back_and_ids_go_on_behind(filled):
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, "residents_resident")
    assert {"residents_resident_id_once", "residents_resident_phone", "residents_resident_birth"} <= set(
        constraints
    )
    made = Building.objects.create(grid_id=Building.objects.first().grid_id, address="新屋1号")
    assert made.pk == SIZE.buildings + 1
