"""Forms of the registry: what they write, what comes back when it is refused, and that outsiders reach none of it."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from residents.forms.life import STEPS
from residents.models import (
    Building,
    Change,
    Dwelling,
    Household,
    KeyPlace,
    Organisation,
    Resident,
    Stay,
    Tenancy,
)
from tests.pages import text_of, visit
from tests.residents.factories import (
    DwellingFactory,
    HouseholdFactory,
    ResidentFactory,
    StayFactory,
    id_number,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate().isoformat()


@pytest.fixture
def west(county):
    grid = county.west.grids[0]
    county.home = HouseholdFactory(dwelling__building__grid=grid)
    county.zhen = ResidentFactory(household=county.home, relation="02")
    Household.objects.filter(pk=county.home.pk).update(head=county.zhen)
    county.child = ResidentFactory(
        household=county.home, relation="30", name="刘小珍", id_number="", phone=""
    )
    for person in (county.zhen, county.child):
        StayFactory(resident=person)
    county.door = DwellingFactory(building=county.home.dwelling.building, door="602", storey=6)
    return county


def send(user, page, /, *args, query="", **data):
    return visit(user).post(reverse(f"residents:{page}", args=args) + query, data)


def happen(west, step, record, /, **data):
    return send(west.worker, "happen", STEPS[step].kind, record.pk, step, **{"on": TODAY, **data})


def test_things_are_added_where_their_page_stands(west):
    grid, building = west.west.grids[0], west.home.dwelling.building
    send(
        west.worker,
        "add",
        "building",
        query=f"?grid={grid.pk}",
        address="胜利路8号",
        kind="residential",
        storeys=3,
        units=1,
    )
    made = Building.objects.get(address="胜利路8号")
    assert (made.grid_id, made.storeys) == (grid.pk, 3)
    send(
        west.worker,
        "add",
        "dwelling",
        query=f"?building={building.pk}",
        door="301",
        storey=3,
        use="rented",
        dangers=["gas"],
    )
    door = Dwelling.objects.get(door="301")
    assert (door.building, door.use, door.dangers) == (building, "rented", ["gas"])
    send(west.worker, "add", "household", query=f"?dwelling={door.pk}", number="4302810999", kind="family")
    assert Household.objects.get(number="4302810999").dwelling == door
    send(
        west.worker,
        "add",
        "organisation",
        query=f"?grid={grid.pk}",
        name="瓷谷超市",
        kind="individual",
        phone="13812340000",
    )
    assert Organisation.objects.get(name="瓷谷超市").phone == "13812340000"
    send(
        west.worker,
        "add",
        "place",
        query=f"?grid={grid.pk}",
        name="城东小学",
        kind="school",
        inspection_days=30,
    )
    assert KeyPlace.objects.get(name="城东小学").grid == grid


def test_private_values_are_never_sent_and_stay_unless_typed_anew(west):
    url = reverse("residents:change", args=["resident", west.zhen.pk])
    client = visit(west.worker)
    html = client.get(url).content.decode()
    assert west.zhen.id_number not in html
    assert west.zhen.phone not in html
    assert west.zhen.masked_phone in html
    form = {
        "name": "刘珍",
        "id_kind": "111",
        "sex": "2",
        "population": "registered",
        "relation": "02",
        "hukou_here": "on",
    }
    assert client.post(url, form).status_code == 302
    fresh = Resident.objects.get(pk=west.zhen.pk)
    assert (fresh.name, fresh.phone, fresh.id_number) == ("刘珍", west.zhen.phone, west.zhen.id_number)
    assert client.post(url, {**form, "phone": "13912345678"}).status_code == 302
    assert Resident.objects.get(pk=west.zhen.pk).phone == "13912345678"
    assert client.post(url, {**form, "phone": "-"}).status_code == 302
    assert Resident.objects.get(pk=west.zhen.pk).phone == ""


def test_a_refused_form_keeps_its_input_and_says_what_is_wrong(west):
    answer = send(
        west.worker, "change", "resident", west.zhen.pk, name="刘珍改", id_number="430281198503040029", id_kind="111",
        sex="2", population="registered", hukou_here="on",
    )  # fmt: skip
    assert answer.status_code == 422
    assert "刘珍改" in answer.content.decode()
    assert 'aria-invalid="true"' in answer.content.decode()
    assert Resident.objects.get(pk=west.zhen.pk).name == west.zhen.name


def test_who_was_faster_is_told_and_the_input_stays(west):
    seen = west.home.updated_at.isoformat()
    assert (
        send(
            west.worker, "change", "household", west.home.pk, number="1", kind="family", seen=seen
        ).status_code
        == 302
    )
    answer = send(west.worker, "change", "household", west.home.pk, number="2", kind="family", seen=seen)
    assert answer.status_code == 409
    assert 'value="2"' in answer.content.decode()
    assert str(west.worker) in text_of(answer)
    assert Household.objects.get(pk=west.home.pk).number == "1"


def test_births_moves_and_deaths_are_recorded_from_their_pages(west):
    happen(west, "birth", west.home, name="刘新", sex="1", relation="20")
    assert Stay.objects.get(resident__name="刘新").began == "born"
    happen(
        west,
        "arrive",
        west.door,
        name="陈新",
        id_kind="111",
        id_number=id_number(),
        sex="1",
        population="registered",
        hukou_here="on",
    )
    assert Resident.objects.get(name="陈新").dwelling == west.door
    happen(west, "move", west.child, dwelling=west.door.pk, relation="")
    west.child.refresh_from_db()
    assert west.child.dwelling == west.door
    happen(west, "move-out", west.child, reason="外出务工")
    west.child.refresh_from_db()
    assert west.child.status == "departed"
    happen(west, "death", west.zhen)
    west.zhen.refresh_from_db()
    assert west.zhen.status == "dead"
    assert (
        Change.objects.filter(
            kind="resident", record_id=west.zhen.pk, action="died", user=west.worker
        ).count()
        == 1
    )


def test_households_split_merge_and_get_another_head(west):
    happen(west, "head", west.home, resident=west.child.pk)
    west.home.refresh_from_db()
    assert west.home.head == west.child
    happen(
        west,
        "split",
        west.home,
        members=[west.zhen.pk],
        head=west.zhen.pk,
        dwelling=west.door.pk,
        number="777000",
    )
    made = Household.objects.get(number="777000")
    assert (made.head, made.dwelling) == (west.zhen, west.door)
    assert happen(west, "merge", made, target=west.home.pk).status_code == 422
    happen(west, "merge", made, target=west.home.pk, **{f"relation_{west.zhen.pk}": "50"})
    west.zhen.refresh_from_db()
    assert (west.zhen.household, west.zhen.relation) == (west.home, "50")
    happen(west, "relocate", west.home, dwelling=west.door.pk)
    west.home.refresh_from_db()
    assert west.home.dwelling == west.door


def test_a_door_is_let_and_is_let_no_more(west):
    happen(west, "let", west.door, tenant=west.zhen.pk, since="2026-01-01")
    lease = Tenancy.objects.get()
    assert (lease.tenant, lease.since) == (west.zhen, date(2026, 1, 1))
    assert happen(west, "end-tenancy", lease).status_code == 302
    lease.refresh_from_db()
    assert lease.until.isoformat() == TODAY


def test_registration_says_where_and_whether(west):
    happen(west, "registration", west.zhen, population="permanent", hukou_address="株洲市天元区")
    west.zhen.refresh_from_db()
    assert (west.zhen.population, west.zhen.hukou_here, west.zhen.hukou_address) == (
        "permanent",
        False,
        "株洲市天元区",
    )


def test_every_form_opens_for_the_worker_and_for_nobody_else(west):
    lease = Tenancy.objects.create(
        dwelling=west.door, tenant=west.zhen, grid=west.door.grid, since="2026-01-01"
    )
    subjects = {"resident": west.zhen, "household": west.home, "dwelling": west.door, "tenancy": lease}
    urls = [
        reverse("residents:happen", args=[step.kind, subjects[step.kind].pk, name])
        for name, step in STEPS.items()
    ]
    for kind in ("resident", "household", "dwelling"):
        urls.append(reverse("residents:change", args=[kind, subjects[kind].pk]))
    urls += [
        reverse("residents:end", args=["dwelling", west.door.pk]),
        reverse("residents:add", args=["household"]) + f"?dwelling={west.door.pk}",
    ]
    police = west.person("police_officer", grid=west.west.grids[0])
    for url in urls:
        assert visit(west.worker).get(url).status_code == 200, url
        assert visit(west.worker_east).get(url).status_code == 404, url
        assert visit(west.worker_east).post(url, {"on": TODAY}).status_code == 404, url
        assert visit(west.stranger).get(url).status_code == 403, url
        assert visit(police).get(url).status_code == 403, url  # reads, and changes nothing
        assert visit(police).post(url, {"on": TODAY}).status_code == 403, url
    assert (
        visit(police).post(reverse("residents:confirm", args=["dwelling", west.door.pk])).status_code == 403
    )


def test_confirming_makes_a_record_fresh(west):
    Household.objects.filter(pk=west.home.pk).update(updated_at="2020-01-01T00:00Z")
    send(west.worker, "confirm", "household", west.home.pk)
    west.home.refresh_from_db()
    assert west.home.updated_at.date().year > 2020
    assert send(west.worker_east, "confirm", "household", west.home.pk).status_code == 404


def test_pickers_find_what_one_may_see(west):
    def rows(user, **query):
        return text_of(visit(user).get(reverse("residents:choices"), query))

    assert west.zhen.name in rows(west.worker, kind="household", name="into", into_q=west.zhen.name)
    assert "602" in rows(west.worker, kind="dwelling", name="dwelling", dwelling_q="602")
    for kind, words in (("household", west.zhen.name), ("dwelling", "602"), ("resident", west.zhen.name)):
        assert west.zhen.name not in rows(west.worker_east, kind=kind, name="x", x_q=words)
    assert visit(west.worker).get(reverse("residents:choices"), {"kind": "user"}).status_code == 404
