"""The search box: each kind of words finds what it means, in the right order, and nothing outside one's right."""

import pytest
from django.core.cache import cache

from residents.models import Resident
from residents.selectors.search import MOST, search
from residents.selectors.words import Address, read
from tests.factories import PostFactory, UserFactory
from tests.residents.factories import (
    BuildingFactory,
    DwellingFactory,
    HouseholdFactory,
    KeyPlaceFactory,
    OrganisationFactory,
    ResidentFactory,
)

pytestmark = pytest.mark.django_db


def home(grid, number="3栋", door="501", unit="2", estate="阳光花园"):
    building = BuildingFactory(grid=grid, number=number, estate=estate)
    return HouseholdFactory(dwelling=DwellingFactory(building=building, unit=unit, door=door))


@pytest.fixture
def west(county):
    """刘珍珍 lives at 阳光花园3栋2单元501 in the worker's grid, her like in the next street."""
    mine = home(county.west.grids[0])
    theirs = home(county.east.grids[0])
    county.zhen = ResidentFactory(household=mine, name="刘珍珍", phone="13812345678")
    county.far = ResidentFactory(household=theirs, name="刘珍珍", phone="13987654321")
    return county


def found(user, words):
    cache.clear()
    user.__dict__.pop("_scope", None)
    return {group.kind: [hit.pk for hit in group.hits] for group in search(user, words).groups}


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("3栋2单元501", Address(number="3", unit="2", door="501")),
        ("阳光花园3栋501", Address("阳光花园", "3", "", "501")),
        ("阳光花园3-2-501", Address("阳光花园", "3", "2", "501")),
        ("阳光花园 13号楼 2单元 1201室", Address("阳光花园", "13", "2", "1201")),
        ("解放路12号3栋501", Address("解放路12号", "3", "", "501")),
        ("2单元501", Address(unit="2", door="501")),
        ("Ａ座１２０３", Address(number="A", door="1203")),
        ("阳光花园3幢", Address("阳光花园", "3")),
        ("恒泰华庭1栋1单元", Address("恒泰华庭", "1", "1")),
        ("3栋2单元", Address(number="3", unit="2")),
        ("501", Address(door="501")),
        ("李家村12号", Address("李家村", "12")),
        ("东户村竹山组8号101", Address("东户村竹山组", "8", "", "101")),
        ("13812345678", None),
        ("lzz", None),
    ],
)
def test_doors_are_read_as_people_write_them(typed, address):
    assert read(typed).address == address


def test_every_way_of_naming_a_person_finds_them(west):
    tail = west.zhen.id_number[-4:]
    ways = [
        "刘珍珍", "刘珍", "liuzhenzhen", "LiuZhen", "lzz", "ｌｚ", west.zhen.id_number, west.zhen.id_number.lower(),
        "138 1234 5678", f"刘珍珍 {tail}", f"{tail} 刘", f"刘珍{tail}", f"lzz {tail}", f"liuzhen {tail}", tail,
    ]  # fmt: skip
    for words in ways:
        assert found(west.worker, words).get("resident") == [west.zhen.pk], words


@pytest.mark.parametrize(
    "words",
    ["3栋2单元501", "阳光花园3栋501", "阳光花园3-2-501", "阳光花园3号楼2单元501室", "501", "2单元501"],
)
def test_a_door_is_found_however_it_is_written(west, words):
    assert found(west.worker, words)["dwelling"] == [west.zhen.dwelling_id]


def test_a_house_known_by_its_address_alone_is_found_with_its_door(west):
    building = BuildingFactory(grid=west.west.grids[0], estate="", number="", address="胜利路8号院")
    plain = DwellingFactory(building=building, unit="", door="102")
    inner = DwellingFactory(building=building, unit="2", door="102")
    assert found(west.worker, "胜利路8号院102")["dwelling"] == [plain.pk]
    assert found(west.worker, "胜利路8号院2单元102")["dwelling"] == [inner.pk]
    village = home(west.west.grids[0], number="8号", door="101", unit="", estate="东户村竹山组")
    assert found(west.worker, "东户村竹山组8号101")["dwelling"] == [village.dwelling_id]


def test_other_things_are_found_by_their_own_names(west):
    grid = west.west.grids[0]
    firm = OrganisationFactory(grid=grid, name="醴陵市瓷谷商贸有限公司", credit_code="91430281MA4L12345X")
    school = KeyPlaceFactory(grid=grid, name="城东小学")
    household = west.zhen.household
    assert found(west.worker, household.number) == {"household": [household.pk]}
    for words in ("瓷谷", "lls", "liling", firm.credit_code, firm.credit_code.lower()):
        assert found(west.worker, words)["organisation"] == [firm.pk], words
    for words in ("小学", "cdx"):
        assert found(west.worker, words) == {"place": [school.pk]}, words
    assert found(west.worker, "阳光花园")["building"] == [household.dwelling.building_id]
    assert found(west.worker, grid.code) == {"grid": [grid.pk]}
    assert found(west.worker, "第1网格") == {"grid": [grid.pk]}


def test_the_exact_name_stands_first_and_what_is_shown_is_masked(west):
    dwelling = west.zhen.dwelling
    longer = ResidentFactory(household__dwelling=dwelling, name="刘珍珍珠")
    answer = search(west.worker, "刘珍珍").groups[0]
    assert [hit.pk for hit in answer.hits] == [west.zhen.pk, longer.pk]
    hit = answer.hits[0]
    assert hit.place == "阳光花园3栋 2单元501"
    assert west.zhen.masked_id_number in hit.facts
    assert "138****5678" in hit.facts
    assert west.zhen.id_number not in str(answer)
    assert (hit.grid, hit.own) == (west.west.grids[0].name, True)


def test_the_own_grid_stands_before_the_rest(west):
    """Somebody with a grid of their own and a wider desk."""
    from tests.factories import PostFactory

    PostFactory(user=west.worker_east, role="operator", unit=west.centre)
    assert found(west.worker_east, "lzz")["resident"] == [west.far.pk, west.zhen.pk]
    assert found(west.operator_top, "lzz")["resident"] == [west.zhen.pk, west.far.pk]


def test_outside_of_ones_right_nothing_is_found(west):
    leader = west.person("leader", grid=west.root)
    number, tail = west.zhen.id_number, west.zhen.id_number[-4:]
    for words in (
        "刘珍珍",
        "lzz",
        number,
        "13812345678",
        f"刘 {tail}",
        "阳光花园",
        "501",
        west.zhen.household.number,
    ):
        for user in (west.stranger, leader, west.staff):
            assert found(user, words) == {}, words
        assert west.zhen.pk not in found(west.worker_east, words).get("resident", []), words
    assert found(UserFactory(), west.west.grids[0].code) == {}


def test_the_dead_are_marked_and_the_archived_are_not_found(west):
    Resident.objects.filter(pk=west.zhen.pk).update(status="dead")
    (hit,) = search(west.worker, "lzz").groups[0].hits
    assert hit.tags[0][1] == "paused"
    Resident.objects.filter(pk=west.zhen.pk).update(archived_at="2026-01-01T00:00Z")
    assert found(west.worker, "lzz") == {}


def test_a_group_is_cut_and_says_so(west):
    for _number in range(MOST + 3):
        ResidentFactory(household=west.zhen.household, relation="30", name="刘真")
    (people,) = search(west.worker, "lz").groups
    assert (len(people.hits), people.more) == (MOST, True)


@pytest.mark.parametrize(
    "words",
    [
        "刘珍珍",
        "lzz",
        "liuzhen",
        "13812345678",
        "430281198503040021",
        "0021",
        "刘珍 0021",
        "阳光花园3栋501",
        "430281",
    ],
)
def test_a_search_takes_eight_queries_at_most_whatever_it_finds(west, words, django_assert_max_num_queries):
    for _number in range(5):
        ResidentFactory(household=west.zhen.household, relation="30", name="刘珍珍")
    found(west.worker, "1")  # names of grids are kept in the process
    west.worker.__dict__.pop("_scope", None)
    # Posts, data versions, one per kind of record that the words can mean, two for letters.
    with django_assert_max_num_queries(8):
        search(west.worker, words)
    found(west.operator_top, "1")
    west.operator_top.__dict__.pop("_scope", None)
    with django_assert_max_num_queries(8):
        search(west.operator_top, words)


def test_words_that_match_nothing_take_eight_queries_too(west, django_assert_max_num_queries):
    """Every way in which they may be meant is tried then; of somebody with a grid of their own in a wide land, twice."""
    PostFactory(user=west.operator_top, role="worker_full", grid=west.west.grids[0])
    words = ("查无此名", "zzzz", "查无小区3栋501", "查无小区3栋2单元", "查无小区3栋", "查无此人0021", "430281198503049999")
    for user in (west.worker, west.operator_top):
        for asked in words:
            assert found(user, asked) == {}
            user.__dict__.pop("_scope", None)
            with django_assert_max_num_queries(8):
                search(user, asked)
    assert found(west.operator_top, "刘珍")["resident"] == [west.zhen.pk, west.far.pk]


@pytest.mark.parametrize(
    "words", ["", "   ", "\0", "%", "_", "'", "\\", "a" * 900, "٣", "🙂", "刘%", "--", "栋"]
)
def test_odd_words_find_nothing_and_break_nothing(west, words):
    assert found(west.worker, words) == {}


def test_a_unit_without_a_door_finds_the_building_and_its_doors(west):
    building = BuildingFactory(grid=west.west.grids[0], estate="恒泰华庭", number="1栋")
    doors = [DwellingFactory(building=building, unit=unit, door=door) for unit, door in (("1", "101"), ("1", "201"))]
    DwellingFactory(building=building, unit="2", door="101")
    whole = DwellingFactory(  # an address in one text, the unit written out
        building=BuildingFactory(grid=west.west.grids[1], estate="", number="", address="恒泰华庭1栋"), unit="1单元"
    )
    BuildingFactory(grid=west.west.grids[0], estate="恒泰华庭", number="11栋")
    hits = found(west.worker, "恒泰华庭1栋1单元")
    assert (sorted(hits["dwelling"]), hits["building"]) == ([door.pk for door in doors], [building.pk])
    hits = found(west.operator_top, "恒泰华庭1栋1单元")
    assert sorted(hits["dwelling"]) == [*(door.pk for door in doors), whole.pk]
    assert sorted(hits["building"]) == [building.pk, whole.building_id]
    assert found(west.worker_east, "恒泰华庭1栋1单元") == {}
    assert building.pk not in found(west.operator_top, "1栋1单元").get("dwelling", [])


@pytest.mark.parametrize("make, kind", [(KeyPlaceFactory, "place"), (OrganisationFactory, "organisation")])
def test_parts_of_a_name_find_it_in_their_order(west, make, kind):
    grid = west.west.grids[0]
    clinic = make(grid=grid, name="阳三石街道社区卫生服务中心")
    longer = make(grid=grid, name="阳三石街道第二社区卫生服务中心")
    make(grid=grid, name="社区卫生阳三石")
    for user in (west.worker, west.operator_top):
        assert found(user, "阳三石社区卫生")[kind] == [clinic.pk, longer.pk]
        assert found(user, "阳三石 社区卫生")[kind] == [clinic.pk, longer.pk]
        assert found(user, "阳三石第二社区")[kind] == [longer.pk]
        assert found(user, "阳%_石社区") == {}
    assert found(west.worker_east, "阳三石社区卫生") == {}
