"""The registry's API: single granted fields, changes since a cursor, figures; and nothing for anybody else."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from core.errors import Invalid, Refused
from exchange.services import issue_key
from residents.grants import FIELDS
from residents.models import Access, DataGrant, Resident
from residents.services import grants, life, records
from tests.api.test_schema import check, schema  # noqa: F401  a fixture
from tests.factories import County, UnitFactory
from tests.residents.factories import (
    CareClassFactory,
    CareRecordFactory,
    DwellingFactory,
    HouseholdFactory,
    ResidentFactory,
    id_number,
)

BASE = "/api/v1/residents/"
ADDRESSES = [BASE, f"{BASE}changes/", f"{BASE}grants/"]
TODAY = timezone.localdate()


class Granted:
    """A squad of the west street that was granted fields, a county bureau with none; one person in each street."""

    def __init__(self, county):
        self.county = county
        self.admin = county.person("district_admin", grid=county.root)
        self.squad = UnitFactory(
            name="阳三中队", kind="department", department_kind=county.kind, grid=county.west.town
        )
        self.machine = issue_key(unit=self.squad)[0].user
        self.bureau = issue_key(unit=county.urban)[0].user
        self.near = self.person(county.west.grids[0], "刘近")
        self.far = self.person(county.east.grids[0], "陈远")

    def person(self, grid, name):
        home = HouseholdFactory(dwelling__building__grid=grid)
        return ResidentFactory(
            household=home, name=name, id_number=id_number(date(1990, 2, 3), male=True), phone="13812345678"
        )

    def grant(self, *fields, unit=None, **more):
        given = {
            "purpose": "高龄津贴发放核对", "legal_basis": "老年人权益保障法第三十三条", "since": TODAY - timedelta(days=9),
            "until": TODAY + timedelta(days=90),
        }  # fmt: skip
        return grants.grant(actor=self.admin, unit=unit or self.squad, fields=fields, **given | more)


@pytest.fixture
def scene(county):
    return Granted(county)


def get(api, user, url=BASE, status=200, **query):
    answer = api(user).get(url, query)
    assert answer.status_code == status, answer.content
    return answer.json()


def results(api, user, **query):
    return get(api, user, **query)["results"]


# ---- what is told


def test_without_a_grant_there_is_nothing(scene, api):
    county = scene.county
    for user in (
        scene.machine, scene.bureau, county.worker, county.operator_top, county.staff, scene.admin, county.stranger,
    ):  # fmt: skip
        assert results(api, user) == []
        assert get(api, user, f"{BASE}grants/") == []
        assert get(api, user, f"{BASE}changes/")["results"] == []
        get(api, user, f"{BASE}{scene.near.pk}/", status=404)
        answer = api(user).post(f"{BASE}lookup/", {"id_number": scene.near.id_number})
        assert answer.status_code == 403 and "刘近" not in answer.content.decode()
    assert api().get(BASE).status_code == 401
    assert not Access.objects.exists()


def test_the_granted_fields_and_no_others(scene, api):
    scene.grant("name", "phone_masked", "id_number_masked", "birth_month", "address", "hukou_here")
    (row,) = results(api, scene.machine)
    near = scene.near
    assert row == {
        "id": near.pk, "status": "living", "updated_at": row["updated_at"], "name": "刘近",
        "birth_month": near.birth_date[:7],
        "grid": {"id": near.grid_id, "code": near.grid.code, "name": near.grid.name, "level": 4},
        "phone_masked": "138****5678", "id_number_masked": near.masked_id_number, "hukou_here": True,
        "address": f"{near.dwelling.building.address}1单元{near.dwelling.door}",
    }  # fmt: skip
    assert get(api, scene.machine, f"{BASE}{near.pk}/") == row
    get(api, scene.machine, f"{BASE}{scene.far.pk}/", status=404)
    assert not Access.objects.exists()  # nothing left in clear
    given = get(api, scene.machine, f"{BASE}grants/")
    assert [(one["unit"], one["purpose"], one["grid"]["id"]) for one in given] == [
        ("阳三中队", "高龄津贴发放核对", scene.county.west.town.pk)
    ]
    assert results(api, scene.bureau) == []  # another department's grant


def test_what_leaves_in_clear_is_written_down(scene, api):
    scene.grant("name", "phone", "id_number", "birth_date")
    (row,) = results(api, scene.machine)
    assert (row["phone"], row["id_number"], row["birth_date"]) == (
        "13812345678", scene.near.id_number, scene.near.birth_date,
    )  # fmt: skip
    log = Access.objects.get()
    assert (log.user, log.act, log.kind, log.rows) == (scene.machine, "export", "resident", 1)
    assert set(log.fields) == {"phone", "id_number", "birth_date"} and log.reason == "高龄津贴发放核对"
    get(api, scene.machine, f"{BASE}{scene.near.pk}/")
    assert Access.objects.count() == 2
    Resident.objects.update(status="departed")
    assert results(api, scene.machine) == []
    assert Access.objects.count() == 2  # nothing was told
    assert get(api, scene.machine, f"{BASE}{scene.near.pk}/")["status"] == "departed"


def test_a_grant_begins_and_ends(scene, api):
    scene.grant("name", since=TODAY + timedelta(days=1))
    over = scene.grant("name", since=TODAY - timedelta(days=9), until=TODAY)
    assert results(api, scene.machine) == []
    now = scene.grant("name")
    assert len(results(api, scene.machine)) == 1
    grants.withdraw(now, actor=scene.admin, on=TODAY)
    assert results(api, scene.machine) == [] and over.until == TODAY
    assert DataGrant.objects.get(pk=now.pk).until == TODAY
    open_again = scene.grant("name")
    scene.machine.posts.all().delete()
    assert results(api, scene.machine) == [] and open_again.pk


def test_a_people_s_account_of_the_department_gets_nothing(scene, api):
    scene.grant("name", unit=scene.county.urban)
    assert results(api, scene.county.staff) == []
    assert {row["name"] for row in results(api, scene.bureau)} == {"刘近", "陈远"}


def test_the_grid_narrows_and_cannot_widen(scene, api):
    scene.grant("name")
    west, east = scene.county.west, scene.county.east
    assert len(results(api, scene.machine, grid=west.grids[0].pk)) == 1
    assert results(api, scene.machine, grid=west.grids[1].pk) == []
    get(api, scene.machine, status=404, grid=east.grids[0].pk)
    get(api, scene.machine, status=400, grid="x")
    get(api, scene.machine, status=400, ethnicity="01")


def test_pages_and_their_cost(scene, api, django_assert_num_queries):
    scene.grant("name", "address", "household_number")
    for number in range(6):
        scene.person(scene.county.west.grids[number % 2], f"王{number}")
    get(api, scene.machine)
    client, url, told = api(scene.machine), f"{BASE}?page_size=3", []
    while url:
        with django_assert_num_queries(6):  # session, who, posts, grants, versions, the page
            page = client.get(url).json()
        told += [row["id"] for row in page["results"]]
        url = page["next"]
    expected = Resident.objects.filter(grid__path__startswith=scene.county.west.town.path).order_by("pk")
    assert told == list(expected.values_list("pk", flat=True)) and len(told) == 7


def test_lookup_by_number(scene, api):
    scene.grant("name", "id_number_masked")
    client = api(scene.machine)
    found = client.post(f"{BASE}lookup/", {"id_number": scene.near.id_number.lower()})
    assert [row["id"] for row in found.json()["results"]] == [scene.near.pk]
    assert client.post(f"{BASE}lookup/", {"id_number": scene.far.id_number}).json() == {"results": []}
    assert client.post(f"{BASE}lookup/", {"id_number": id_number()}).json() == {"results": []}
    for body in ({}, {"id_number": "1"}, {"id_number": ["x"]}, {"name": "刘近"}, [1]):
        assert client.post(f"{BASE}lookup/", body, format="json").status_code == 400
    DataGrant.objects.all().delete()
    scene.grant("name")
    assert api(scene.machine).post(f"{BASE}lookup/", {"id_number": scene.near.id_number}).status_code == 403


# ---- changes


@pytest.fixture
def committed(transactional_db):
    """The feed of PostgreSQL shows what is committed."""
    return Granted(County())


def test_changes_since_a_cursor(committed, api):
    scene, county = committed, committed.county
    scene.grant("name", "phone_masked")
    start = get(api, scene.machine, f"{BASE}changes/", cursor="now")["cursor"]
    records.change(scene.near, actor=county.worker, phone="13911112222", occupation="教师")
    records.change(scene.far, actor=county.worker_east, phone="13911113333")
    page = get(api, scene.machine, f"{BASE}changes/", cursor=start)
    (row,) = page["results"]
    assert (row["id"], row["action"], row["fields_changed"]) == (scene.near.pk, "changed", ["phone_masked"])
    assert row["resident"]["phone_masked"] == "139****2222" and "occupation" not in str(row)
    assert get(api, scene.machine, f"{BASE}changes/", cursor=page["cursor"])["results"] == []
    # A move out of the jurisdiction is told, but not where to.
    target = DwellingFactory(building__grid=county.east.grids[1])
    life.move_within(actor=county.operator_area, resident=scene.near, dwelling=target, on=TODAY)
    (gone,) = get(api, scene.machine, f"{BASE}changes/", cursor=page["cursor"])["results"]
    assert (gone["action"], gone["resident"], gone["fields_changed"]) == ("moved_away", None, [])
    whole = get(api, scene.machine, f"{BASE}changes/", page_size=1)
    assert whole["more"] is True and len(whole["results"]) == 1
    get(api, scene.machine, f"{BASE}changes/", status=400, cursor="nonsense")
    get(api, scene.machine, f"{BASE}changes/", status=400, since="yesterday")
    assert get(api, scene.bureau, f"{BASE}changes/")["results"] == []


def test_changes_cost_the_same_for_one_and_many(committed, api, django_assert_num_queries):
    scene = committed
    scene.grant("name", "phone")
    for number in range(20):
        records.change(scene.near, actor=scene.county.worker, occupation=f"职业{number}")
    client = api(scene.machine)
    for size in (1, 15):
        client.get(f"{BASE}changes/", {"page_size": size})
        # session, who, posts, grants, versions; how far, rows, the last of the window, the newest; people; the log's
        with django_assert_num_queries(14):
            page = client.get(f"{BASE}changes/", {"page_size": size}).json()
        assert len(page["results"]) == size


# ---- who grants


def test_a_grant_is_given_by_who_administers_the_jurisdiction(scene):
    east = scene.county.person("district_admin", grid=scene.county.east.town)
    given = {
        "unit": scene.squad, "fields": ["name"], "purpose": "津贴核对发放", "legal_basis": "老年人权益保障法",
        "since": TODAY, "until": TODAY + timedelta(days=30),
    }  # fmt: skip
    for user in (east, scene.county.operator_top, scene.county.stranger):
        with pytest.raises(Refused):
            grants.grant(actor=user, **given)
    for name, value in (
        ("fields", []), ("fields", ["name", "ethnicity"]), ("purpose", " "), ("legal_basis", "x"),
        ("until", TODAY), ("until", TODAY + timedelta(days=2000)), ("unit", scene.county.centre),
    ):  # fmt: skip
        with pytest.raises(Invalid) as error, transaction.atomic():
            grants.grant(actor=scene.admin, **{**given, name: value})
        assert set(error.value.fields) == {name}
    assert not DataGrant.objects.exists()


# ---- figures


def test_figures_over_the_api(scene, api):
    county = scene.county
    elders = CareClassFactory(code="api-elders", name="机密类别", roles=["operator"])
    CareRecordFactory(resident=scene.near, care_class=elders)
    url = f"{BASE}figures/"
    whole = get(api, county.operator, url)
    assert whole["grid"]["id"] == county.west.village.pk and whole["figures"]["people"] == 1
    assert {"name": "机密类别", "amount": 1} in whole["care"] and sum(whole["ages"].values()) == 1
    for user in (county.worker_east, county.staff, scene.machine, county.worker):
        told = get(api, user, url)
        assert "机密类别" not in str(told)
    assert get(api, county.staff, url)["figures"]["people.registered"] is None
    get(api, county.worker_east, url, status=404, grid=county.west.grids[0].pk)
    get(api, county.stranger, url, status=404)
    get(api, county.operator, url, status=400, gird=1)


def test_answers_are_what_the_document_says(scene, api, schema):  # noqa: F811
    scene.grant(*FIELDS)
    check(schema, BASE, get(api, scene.machine))
    check(schema, f"{BASE}{{id}}/", get(api, scene.machine, f"{BASE}{scene.near.pk}/"))
    check(schema, f"{BASE}grants/", get(api, scene.machine, f"{BASE}grants/"))
    check(schema, f"{BASE}figures/", get(api, scene.machine, f"{BASE}figures/"))
    records.change(scene.near, actor=scene.county.worker, occupation="教师")
    check(schema, f"{BASE}changes/", get(api, scene.machine, f"{BASE}changes/"))
    found = api(scene.machine).post(f"{BASE}lookup/", {"id_number": scene.near.id_number}).json()
    check(schema, f"{BASE}lookup/", found, method="post")
