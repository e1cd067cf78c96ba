"""Pages of the registry: what they show, what they cost, and that a record outside one's right is like a missing one."""

import pytest
from django.contrib.gis.geos import Point
from django.urls import reverse

from residents.models import CareRecord, Change, Household
from residents.selectors.changes import ACTIONS
from residents.services import trail
from tests.pages import text_of, visit
from tests.residents.factories import (
    BuildingFactory,
    CareClassFactory,
    CareRecordFactory,
    DwellingFactory,
    HouseholdFactory,
    KeyPlaceFactory,
    OrganisationFactory,
    ResidentFactory,
    StayFactory,
)

pytestmark = pytest.mark.django_db


def page(user, name, *args, **query):
    return visit(user).get(reverse(f"residents:{name}", args=args), query)


def fill(building, storeys, units=1, people=1):
    """Doors on every storey, a household behind each."""
    homes = []
    for unit in range(1, units + 1):
        for storey in range(1, storeys + 1):
            door = DwellingFactory(building=building, unit=str(unit), storey=storey, door=f"{storey}01")
            homes.append(HouseholdFactory(dwelling=door))
            for number in range(people):
                ResidentFactory(
                    household=homes[-1], name=f"住户{number}", relation="02" if not number else "30"
                )
    return homes


@pytest.fixture
def west(county):
    building = BuildingFactory(grid=county.west.grids[0], storeys=6, units=2)
    county.building = building
    county.home = fill(building, 2)[0]
    county.zhen = county.home.members.get()
    county.zhen.name = "刘珍珍"
    county.zhen.save()
    Household.objects.filter(pk=county.home.pk).update(head=county.zhen)
    county.firm = OrganisationFactory(grid=county.west.grids[0], phone="13512345678")
    county.school = KeyPlaceFactory(grid=county.west.grids[0], responsible_phone="13612345678")
    return county


def records(county):
    """(address name, arguments) of one record of every kind."""
    return [
        ("building", [county.building.pk]),
        ("dwelling", [county.home.dwelling_id]),
        ("household", [county.home.pk]),
        ("resident", [county.zhen.pk]),
        ("timeline", [county.zhen.pk]),
        ("organisation", [county.firm.pk]),
        ("place", [county.school.pk]),
        ("grid", [county.west.grids[0].pk]),
        ("history", ["resident", county.zhen.pk]),
        ("history", ["building", county.building.pk]),
    ]


def test_each_page_opens_for_the_worker_of_the_grid(west):
    for name, args in records(west):
        answer = page(west.worker, name, *args)
        assert answer.status_code == 200, name
        assert west.zhen.id_number not in answer.content.decode(), name
        assert west.zhen.phone not in answer.content.decode(), name
    assert "138****" in text_of(page(west.worker, "resident", west.zhen.pk))
    assert "135****5678" in text_of(page(west.worker, "organisation", west.firm.pk))
    assert "136****5678" in text_of(page(west.worker, "place", west.school.pk))


def test_outside_of_ones_right_a_record_is_like_a_missing_one(west):
    for name, args in records(west):
        here = page(west.worker_east, name, *args)
        missing = page(west.worker_east, name, *args[:-1], 987654)
        assert (here.status_code, text_of(here)) == (404, text_of(missing)), name
        for user in (west.stranger, west.staff, west.person("leader", grid=west.root)):
            if name == "grid" and user != west.stranger:
                continue  # figures are for everybody whose land it is
            assert page(user, name, *args).status_code in (403, 404), name
    assert page(west.worker, "history", "support", west.zhen.pk).status_code == 404


def test_a_leader_sees_figures_and_nobody_by_name(west):
    leader = west.person("leader", grid=west.root)
    words = text_of(page(leader, "grid", west.west.grids[0].pk))
    assert "households" in words
    assert west.building.address not in words
    assert page(leader, "home").status_code == 403


def test_the_face_stands_as_the_building_does(west):
    DwellingFactory(building=west.building, unit="1", storey=2, door="202", use="empty", dangers=["gas"])
    html = page(west.worker, "building", west.building.pk).content.decode()
    storeys = [int(part.split("<")[0]) for part in html.split('<th scope="row">')[1:]]
    assert storeys == [6, 5, 4, 3, 2, 1]
    assert html.index("<b>201</b>") < html.index("<b>202</b>") < html.index("<b>101</b>")
    assert 'class="tile use-empty"' in html
    assert "燃气隐患" in html or "gas hazard" in html
    assert f'href="{reverse("residents:household", args=[west.home.pk])}"' in html


def test_care_is_drawn_for_those_who_may_know_only(west):
    known = CareClassFactory(name="独自居住者", roles=["worker_full"])
    secret = CareClassFactory(name="隐秘儿童", roles=["centre_head"])
    for care_class in (known, secret):
        CareRecordFactory(resident=west.zhen, care_class=care_class)
    for name, args in records(west):
        for query in ({}, {"by": "care"}):
            words = page(west.worker, name, *args, **query).content.decode()
            assert "隐秘儿童" not in words, name
    assert "独自居住者" in page(west.worker, "building", west.building.pk, by="care").content.decode()
    assert "独自居住者" in page(west.worker, "resident", west.zhen.pk).content.decode()
    known.roles = ["grid_leader"]
    known.save()
    for name, args in records(west):
        assert "独自居住者" not in page(west.worker, name, *args, by="care").content.decode(), name
    assert "?by=care" not in page(west.worker, "building", west.building.pk).content.decode()
    assert CareRecord.objects.count() == 2


@pytest.mark.parametrize("size", [1, 12])
@pytest.mark.parametrize("name", ["building", "household", "resident", "timeline"])
def test_pages_take_eight_queries_whatever_their_size(west, name, size, django_assert_max_num_queries):
    building = BuildingFactory(
        grid=west.west.grids[0], storeys=size, units=2, location=Point(113.405, 27.605)
    )
    home = fill(building, size, units=min(size, 2), people=size)[0]
    person = home.members.first()
    for _number in range(size):
        care_class = CareClassFactory(roles=["worker_full"])
        CareRecordFactory(resident=person, care_class=care_class)
        StayFactory(
            resident=ResidentFactory(household=home, status="departed"), until="2024-01-01", ended="moved_out"
        )
    pk = {"building": building.pk, "household": home.pk}.get(name, person.pk)
    client = visit(west.worker)
    part = {"HX-Request": "true"} if name == "timeline" else {}
    with django_assert_max_num_queries(8):
        assert client.get(reverse(f"residents:{name}", args=[pk]), headers=part).status_code == 200


def test_history_tells_what_changed_in_words(west):
    before = trail.snapshot(west.zhen)
    west.zhen.name, west.zhen.phone, west.zhen.education = "刘真真", "13999999999", "20"
    west.zhen.save()
    trail.note(west.zhen, before=before, user=west.worker, action="changed")
    words = text_of(page(west.worker, "history", "resident", west.zhen.pk))
    assert "刘真真" in words
    assert "139****9999" in words
    assert "bachelor" in words
    assert "13999999999" not in words


def test_search_on_the_page_and_as_a_part(west):
    whole = page(west.worker, "home", q="lzz")
    assert "刘珍珍" in text_of(whole)
    part = visit(west.worker).get(reverse("residents:home"), {"q": "lzz"}, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "刘珍珍" in part.content.decode()
    assert "Nothing found" in text_of(page(west.worker, "home", q="没有这样的人"))
    assert "刘珍珍" not in text_of(page(west.worker_east, "home", q="lzz"))


def test_a_building_head_is_named_where_the_reader_may_see_them(west):
    """Somebody of another street may be the head: nobody is led to a page that is not there for them."""
    far = ResidentFactory(household__dwelling__building__grid=west.east.grids[0], name="远方楼长")
    for head, seen in ((west.zhen, True), (far, False)):
        west.building.head = head
        west.building.save()
        page = visit(west.worker).get(reverse("residents:building", args=[west.building.pk])).content.decode()
        assert (head.name in page) == seen
        assert (reverse("residents:resident", args=[head.pk]) in page) == seen
    page = visit(west.operator_top).get(reverse("residents:building", args=[west.building.pk])).content.decode()
    assert "远方楼长" in page


def test_the_history_names_what_imports_did_and_the_admin_filters_it(west):
    for action, words in (
        ("import_changed", "changed by an import"), ("import_restored", "as it was before"), ("import_undone", "out again"),
    ):  # fmt: skip
        Change.objects.create(kind="resident", record_id=west.zhen.pk, grid=west.zhen.grid, action=action)
        shown = text_of(page(west.worker, "history", "resident", west.zhen.pk))
        assert words in shown and action not in shown
        assert action in ACTIONS  # what the admin's filter offers


def test_buildings_of_a_grid_stand_in_the_order_of_their_numbers(west):
    grid = west.west.grids[1]
    for number in ("10号", "2号", "1号", "1号附1"):
        BuildingFactory(grid=grid, estate="胜利路", number=number)
    for number in (10, 9):
        BuildingFactory(grid=grid, estate="", number="", address=f"塘坊组{number}号")
    shown = page(west.operator, "grid", grid.pk).context["buildings"]
    assert [row["building"].address for row in shown] == [
        "塘坊组9号", "塘坊组10号", "胜利路1号", "胜利路1号附1", "胜利路2号", "胜利路10号",
    ]  # fmt: skip
