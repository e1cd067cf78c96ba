"""Plain additions, edits and ends: what is checked, who may, what history tells, and two who write at once."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from django.utils import timezone, translation
from stdnum.cn import uscc

from core.errors import Conflict, Invalid, NotFound, Refused
from residents.forms.records import fields_of
from residents.models import Building, Change, Dwelling, Household, Resident, Stay, Tenancy
from residents.services import records
from tests.residents.factories import (
    BuildingFactory,
    DwellingFactory,
    HouseholdFactory,
    KeyPlaceFactory,
    OrganisationFactory,
    ResidentFactory,
    id_number,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(county):
    """A household of the first west grid; `county.worker` is that grid's worker."""
    return HouseholdFactory(dwelling__building__grid=county.west.grids[0])


def wrong(call) -> dict:
    """The fields of the Invalid that the call raises; nothing is left behind."""
    counts = [model.objects.count() for model in (Building, Dwelling, Household, Resident, Change)]
    with pytest.raises(Invalid) as error, transaction.atomic():
        call()
    assert [model.objects.count() for model in (Building, Dwelling, Household, Resident, Change)] == counts
    return error.value.fields


def last_change(record):
    return Change.objects.filter(record_id=record.pk).order_by("id").last()


# ---- each kind


def test_a_building_with_its_doors_people_organisation_and_place(county):
    worker, grid = county.worker, county.west.grids[0]
    building = records.add("building", actor=worker, grid=grid, address="解放路１２号 ", storeys="6", units=2)
    assert (building.address, building.storeys) == ("解放路12号", 6)
    door = records.add("dwelling", actor=worker, building=building.pk, unit="2", storey=5, door="501")
    assert door.grid == grid
    home = records.add("household", actor=worker, dwelling=door, number="430281000001")
    person = records.add(
        "resident", actor=worker, household=home, name="刘珍珍", relation="02", since="2024-05-01",
        id_number=id_number(date(1990, 2, 3), male=False).lower(), phone=" 138 1234 5678",
    )  # fmt: skip
    home.refresh_from_db()
    assert (home.head, person.dwelling, person.grid) == (person, door, grid)
    assert (person.birth_date[:7], person.sex, person.phone) == ("1990-02", "2", "13812345678")
    stay = Stay.objects.get()
    assert (stay.resident, stay.dwelling, stay.since, stay.until) == (person, door, date(2024, 5, 1), None)
    firm = records.add(
        "organisation", actor=worker, dwelling=door, name="瓷谷商贸", credit_code="91110000600037341l"
    )
    assert (firm.grid, firm.credit_code) == (grid, "91110000600037341L")
    place = records.add(
        "place", actor=worker, organisation=firm, name="瓷谷小吃", kind="small_restaurant", inspected_on="2026-01-05",
        inspection_days=10,
    )  # fmt: skip
    assert (place.grid, place.next_inspection) == (grid, date(2026, 1, 15))
    kinds = Change.objects.order_by("id").values_list("kind", "action", "user")
    assert list(kinds) == [
        (kind, action, worker.pk)
        for kind, action in (
            ("building", "created"), ("dwelling", "created"), ("household", "created"), ("resident", "created"),
            ("household", "changed"), ("organisation", "created"), ("place", "created"),
        )
    ]  # fmt: skip
    assert "13812345678" not in str(list(Change.objects.values_list("changes")))


def test_a_building_on_the_map_finds_its_grid(county):
    made = records.add("building", actor=county.worker, address="路口", location=county.west.point)
    assert made.grid == county.west.grids[0]
    assert set(
        wrong(lambda: records.add("building", actor=county.worker, address="海上", location=(1, 1)))
    ) == {"grid"}
    assert set(
        wrong(lambda: records.add("building", actor=county.worker, address="x", location=(1, 99)))
    ) == {"location"}


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"name": " ", "id_number": "430281199002030000"}, {"name", "id_number"}),
        ({"id_number": "43028119900203"}, {"id_number"}),
        ({"phone": "12"}, {"phone"}),
        ({"birth_date": "1990-02-30"}, {"birth_date"}),
        ({"birth_date": "2999-01-01"}, {"birth_date"}),
        ({"sex": "7", "marriage": "99", "ethnicity": "88"}, {"sex", "marriage", "ethnicity"}),
        ({"id_kind": "990", "id_number": "E12345678"}, {"id_number"}),
        ({"permit_expires": "soon"}, {"permit_expires"}),
        ({"name": "长" * 61}, {"name"}),
        ({"status": "dead"}, {"status"}),
        ({"grid": "x"}, {"grid"}),
        ({"household": 10**30}, {"household"}),
        ({"relation": "02"}, {"relation"}),
    ],
)
def test_every_wrong_field_of_a_person_is_named(county, home, values, fields):
    head = ResidentFactory(household=home)
    Household.objects.filter(pk=home.pk).update(head=head)
    given = {"household": home, "name": "刘珍珍", "relation": "20"} | values
    assert set(wrong(lambda: records.add("resident", actor=county.worker, **given))) == fields


def test_birth_date_and_sex_agree_with_the_id_number(county, home):
    number = id_number(date(1990, 2, 3), male=False)
    given = {"household": home, "name": "刘珍珍", "id_number": number, "birth_date": "1980-01-01", "sex": "1"}
    assert set(wrong(lambda: records.add("resident", actor=county.worker, **given))) == {"birth_date", "sex"}
    person = records.add("resident", actor=county.worker, household=home, name="刘珍珍", id_number=number)
    other = id_number(date(1971, 6, 7), male=True)
    person = records.change(person, actor=county.worker, id_number=other)
    assert (person.birth_date[:7], person.sex) == ("1971-06", "1")


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"storey": 7}, {"storey"}),
        ({"storey": 0}, {"storey"}),
        ({"unit": "3"}, {"unit"}),
        ({"door": ""}, {"door"}),
        ({"use": "hotel", "area": "wide"}, {"use", "area"}),
        ({"dangers": ["fire"]}, {"dangers"}),
        ({"dangers": "gas"}, {"dangers"}),
        ({"building": None}, {"building", "grid"}),
        ({"door": "501", "unit": "1"}, {"door"}),
    ],
)
def test_every_wrong_field_of_a_dwelling_is_named(county, values, fields):
    building = BuildingFactory(grid=county.west.grids[0], storeys=6, units=2)
    DwellingFactory(building=building, unit="1", door="501")
    given = {"building": building, "unit": "1", "storey": 5, "door": "502"} | values
    assert set(wrong(lambda: records.add("dwelling", actor=county.worker, **given))) == fields


@pytest.mark.parametrize(
    "code", ["91110000600037341X", "9111000060003734", "91110000600037341I", "A1110000600037341L"]
)
def test_credit_codes_are_checked(county, code):
    given = {"grid": county.west.grids[0], "name": "瓷谷商贸", "credit_code": code}
    assert set(wrong(lambda: records.add("organisation", actor=county.worker, **given))) == {"credit_code"}


def test_a_village_collective_has_a_code_that_begins_with_a_letter(county):
    code = "N2430281MF1234567"
    code += uscc.calc_check_digit(code + "0")
    made = records.add(
        "organisation", actor=county.worker, grid=county.west.grids[0], name="合作社", credit_code=code
    )
    assert made.credit_code == code


# ---- who may


def test_only_where_one_may_write(county, home):
    person = ResidentFactory(household=home)
    leader = county.person("leader", grid=county.root)
    police = county.person("police_officer", grid=county.west.village)
    for user, error in (
        (county.worker_east, NotFound), (county.worker_next, NotFound), (county.stranger, NotFound),
        (leader, NotFound), (county.staff, NotFound), (police, Refused),
    ):  # fmt: skip
        with pytest.raises(error):
            records.change(person, actor=user, name="改动")
        with pytest.raises((Refused, Invalid)):
            records.add("resident", actor=user, household=home, name="新人")
        with pytest.raises((Refused, Invalid)):
            records.add("building", actor=user, grid=county.west.grids[0], address="新楼")
    assert (Resident.objects.count(), Building.objects.count(), Change.objects.count()) == (1, 1, 0)
    admin = county.person("district_admin", grid=county.west.town)
    assert records.change(person, actor=admin, name="改动").name == "改动"


def test_a_record_is_not_carried_where_one_may_not_write(county):
    building = BuildingFactory(grid=county.west.grids[0])
    for target in (county.west.grids[1], county.east.grids[0]):
        assert set(wrong(lambda to=target: records.change(building, actor=county.worker, grid=to))) == {
            "grid"
        }
    moved = records.change(building, actor=county.operator, grid=county.west.grids[1])
    assert moved.grid == county.west.grids[1]


def test_a_number_that_is_known_says_nothing_of_whose_it_is(county, home):
    far = ResidentFactory(household__dwelling__building__grid=county.east.grids[0], name="机密")
    near = ResidentFactory(household=home)
    answers = []
    for known in (far, near):
        with pytest.raises(Invalid) as error:
            records.add(
                "resident", actor=county.worker, household=home, name="机密", id_number=known.id_number
            )
        answers.append(error.value)
    assert answers[0].fields == answers[1].fields and set(answers[0].fields) == {"id_number"}
    assert (answers[0].facts, answers[1].facts) == ({}, {"record": near.pk})


# ---- changes


def test_the_same_values_write_nothing(county, home):
    person = ResidentFactory(household=home, phone="13812345678")
    before = Resident.objects.get().updated_at
    same = records.change(person, actor=county.worker, name="刘珍珍", phone="138 1234 5678")
    assert same.updated_at == before and not Change.objects.exists()


def test_who_writes_on_an_old_state_is_told_who_was_first(county, home):
    person = ResidentFactory(household=home)
    seen = Resident.objects.get().updated_at
    records.change(person, actor=county.operator, occupation="教师", seen=seen)
    with pytest.raises(Conflict) as error:
        records.change(person, actor=county.worker, occupation="医生", seen=seen)
    assert error.value.facts["by"] == str(county.operator)
    assert (error.value.facts["action"], error.value.facts["changed"]) == ("changed", ["occupation"])
    again = records.change(person, actor=county.worker, occupation="教师", seen=seen)  # what it is already
    assert again.occupation == "教师" and Change.objects.count() == 1
    assert Change.objects.get().changes == {"occupation": ["", "教师"]}


def test_a_visit_confirms_a_record(county, home):
    person = ResidentFactory(household=home, updated_at=timezone.now() - timedelta(days=400))
    fresh = records.confirm(person, actor=county.worker)
    assert timezone.now() - fresh.updated_at < timedelta(minutes=1)
    assert last_change(person).action == "confirmed"


def test_a_place_that_was_inspected_has_a_next_inspection(county):
    place = KeyPlaceFactory(grid=county.west.grids[0], inspection_days=30)
    place = records.change(place, actor=county.worker, inspected_on=date(2026, 3, 1))
    assert place.next_inspection == date(2026, 3, 31)
    future = timezone.localdate() + timedelta(days=1)
    assert set(wrong(lambda: records.change(place, actor=county.worker, inspected_on=future))) == {
        "inspected_on"
    }


def test_a_move_is_not_an_edit(county, home):
    person = ResidentFactory(household=home)
    for name in ("dwelling", "household", "status", "id", "pinyin", "grid"):
        assert set(wrong(lambda name=name: records.change(person, actor=county.worker, **{name: 1}))) == {
            name
        }


# ---- ends


def test_a_building_is_pulled_down_with_its_doors_once_it_is_empty(county, home):
    person = ResidentFactory(household=home)
    building = home.dwelling.building
    Tenancy.objects.create(dwelling=home.dwelling, tenant=person, grid=home.grid, since=date(2025, 1, 1))
    day = date(2026, 2, 1)
    wrong(lambda: records.end(building, actor=county.worker, on=day, reason="拆迁"))
    Resident.objects.update(status="departed")
    assert set(wrong(lambda: records.end(building, actor=county.worker, on=day, reason=" "))) == {"reason"}
    assert set(wrong(lambda: records.end(building, actor=county.worker, on="2999-01-01", reason="拆迁"))) == {
        "on"
    }
    records.end(building, actor=county.worker, on=day, reason="拆迁")
    records.end(building, actor=county.worker, on=day, reason="拆迁")  # told twice
    assert (Building.objects.get().ended_on, Dwelling.objects.get().ended_on) == (day, day)
    assert Tenancy.objects.get().until == day
    told = Change.objects.order_by("id").values_list("kind", "action", "changes")
    changes = {"ended_on": ["", "2026-02-01"], "reason": ["", "拆迁"]}
    let = {"until": ["", "2026-02-01"], "tenant_id": ["", person.pk]}
    assert list(told) == [
        ("dwelling", "tenancy_ended", let), ("dwelling", "ended", changes), ("building", "ended", changes),
    ]  # fmt: skip


def test_people_do_not_end_they_die_or_move(county, home):
    person = ResidentFactory(household=home)
    wrong(lambda: records.end(person, actor=county.worker, on=date(2026, 1, 1), reason="x"))
    firm = OrganisationFactory(grid=home.grid)
    assert records.end(firm, actor=county.worker, on=date(2026, 1, 1), reason="注销").ended_on == date(
        2026, 1, 1
    )
    with pytest.raises(Refused):
        records.change(firm, actor=county.person("police_officer", grid=county.west.village), name="改动")


def test_a_known_number_is_refused_in_the_same_words_wherever_it_lies(county, home):
    """Next door, in another town, of somebody dead: whoever enters it learns only that it does not go in here."""
    near = ResidentFactory(household=home)
    far = ResidentFactory(household__dwelling__building__grid=county.east.grids[0])
    dead = ResidentFactory(household__dwelling__building__grid=county.east.grids[0], status="dead")
    told = []
    for known in (near, far, dead):
        with pytest.raises(Invalid) as error, translation.override("en"):
            records.add("resident", actor=county.worker, household=home, name="某某", id_number=known.id_number)
        told.append((str(error.value), error.value.fields["id_number"]))
        assert ("record" in error.value.facts) == (known is near)
    assert told[0] == told[1] == told[2]
    assert "county's administrator" in told[0][1][0]


def test_a_household_number_tells_nothing_of_other_grids(county, home):
    """The same words for one next door and one in another town; only its own people are led to it."""
    near = records.add("household", actor=county.worker, dwelling=home.dwelling, number="H1")
    far = records.add("household", actor=county.worker_east, grid=county.east.grids[0], number="H2")
    told = []
    for number in ("H1", "H2"):
        with pytest.raises(Invalid) as error:
            records.add("household", actor=county.worker, dwelling=home.dwelling, number=number)
        assert set(error.value.fields) == {"number"}
        told.append((str(error.value.fields["number"][0]), error.value.facts.get("record")))
    assert told[0][0] == told[1][0] and [pk for _words, pk in told] == [near.pk, None]
    records.end(far, actor=county.worker_east, on=timezone.localdate(), reason="注销")
    assert records.add("household", actor=county.worker, dwelling=home.dwelling, number="H2").number == "H2"


def test_a_building_head_is_of_age(county, home):
    building = home.dwelling.building
    born = timezone.localdate().replace(day=1)
    young = ResidentFactory(household=home, id_number=id_number(born.replace(year=born.year - 12)))
    grown = ResidentFactory(household=home, id_number=id_number(born.replace(year=born.year - 30)))
    with pytest.raises(Invalid) as error:
        records.change(building, actor=county.worker, head=young)
    assert set(error.value.fields) == {"head"}
    assert records.change(building, actor=county.worker, head=grown).head == grown
    offered = fields_of("building", building, ["head"])["head"].queryset
    assert set(offered) == {grown}


def test_a_house_without_doors_is_one_dwelling(county, home):
    farm = BuildingFactory(grid=home.grid, units=1)
    house = records.add("dwelling", actor=county.worker, building=farm, door="", use="own")
    assert (house.door, house.full) == ("整栋", f"{farm.address} 整栋")
    words = {"door": ["不能为空：该楼栋有房号。"]}
    with translation.override("zh-hans"):
        again = {"door": "", "use": "own"}
        assert wrong(lambda: records.add("dwelling", actor=county.worker, building=farm, **again)) == words
        flats = home.dwelling.building
        assert wrong(lambda: records.add("dwelling", actor=county.worker, building=flats, unit="9", **again)) == words
