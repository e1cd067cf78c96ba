"""Where somebody is registered and whether they live there: through moves, and one rule for every way of writing it."""

import pytest
from django.db import transaction
from django.urls import reverse

from core.errors import Invalid
from residents.intake import service
from residents.models import Change, Resident
from residents.services import life, records
from tests.pages import visit
from tests.residents.factories import HouseholdFactory, ResidentFactory, id_number
from tests.residents.family import DAY
from tests.residents.intake_scene import applied, csv_file, faults, read

pytestmark = pytest.mark.django_db


def hukou(person):
    person.refresh_from_db()
    return person.hukou_here, person.hukou_address, person.population


def test_who_moves_is_still_registered_where_they_lived(family):
    life.move_within(actor=family.worker, resident=family.son, dwelling=family.next, on=DAY)
    assert hukou(family.son) == (False, family.door.full, "registered")
    told = Change.objects.get(kind="resident", record_id=family.son.pk, action="moved").changes
    assert told["hukou_here"] == [True, False] and told["hukou_address"] == ["", family.door.full]
    life.move_within(actor=family.operator, resident=family.son, dwelling=family.far, on=DAY)
    assert hukou(family.son) == (False, family.door.full, "registered")  # not where they lived in between


def test_the_registered_address_that_is_known_stays(family):
    Resident.objects.filter(pk=family.son.pk).update(hukou_address="胜利路8号")
    life.move_within(actor=family.worker, resident=family.son, dwelling=family.next, on=DAY)
    assert hukou(family.son) == (False, "胜利路8号", "registered")


def test_the_hukou_moves_with_them_if_that_is_said(family):
    Resident.objects.filter(pk=family.girl.pk).update(population="permanent", hukou_here=False, hukou_address="长沙")
    url = reverse("residents:happen", args=["household", family.home.pk, "relocate"])
    form = {"on": DAY, "dwelling": family.next.pk, "hukou": "on"}
    assert visit(family.worker).post(url, form).status_code == 302
    for person in (family.head, family.girl):
        assert hukou(person) == (True, family.next.full, "registered")


def test_a_household_that_splits_or_merges_elsewhere_moves_as_well(family):
    other = HouseholdFactory(dwelling=family.next)
    call = {"actor": family.worker, "household": family.home, "on": DAY}
    made = life.split_household(members=[family.son.pk], head=family.son, **call)
    assert hukou(family.son) == (True, "", "registered")  # the same door
    life.merge_households(actor=family.worker, source=made, target=other, on=DAY)
    assert hukou(family.son) == (False, family.door.full, "registered")
    life.split_household(members=[family.girl.pk], head=family.girl, dwelling=family.next, hukou=True, **call)
    assert hukou(family.girl) == (True, family.next.full, "registered")


def test_from_elsewhere_and_registered_here_is_refused_everywhere(family):
    both = {"population": "floating", "hukou_here": True}
    person = {"actor": family.worker, "resident": family.son}
    calls = [
        lambda: life.set_registration(hukou_address="长沙", **person, **both),
        lambda: life.move_in(actor=family.worker, on=DAY, dwelling=family.next, name="周新", **both),
        lambda: life.move_in(actor=family.worker, on=DAY, household=family.home, name="周新", **both),
        lambda: records.change(family.son, actor=family.worker, **both),
        lambda: records.add("resident", actor=family.worker, household=family.home, name="周新", **both),
    ]
    for call in calls:
        with pytest.raises(Invalid) as error, transaction.atomic():
            call()
        assert set(error.value.fields) == {"population"}
    assert not Change.objects.exists() and Resident.objects.count() == 5


def test_who_comes_from_elsewhere_is_not_registered_here_if_nothing_is_said(family):
    made = life.move_in(actor=family.worker, on=DAY, dwelling=family.next, name="周新", population="permanent")
    assert hukou(made) == (False, "", "permanent")
    assert hukou(records.change(family.son, actor=family.worker, population="floating"))[0] is False
    stay = life.move_in(actor=family.worker, on=DAY, dwelling=family.next, name="周本")
    assert hukou(stay) == (True, "", "registered")


@pytest.mark.parametrize("step", ["arrive", "join"])
def test_who_comes_from_elsewhere_says_why_and_from_where(family, step):
    kind, record = ("dwelling", family.next) if step == "arrive" else ("household", family.home)
    url = reverse("residents:happen", args=[kind, record.pk, step])
    form = {
        "on": DAY, "name": "周新", "id_kind": "111", "sex": "1", "population": "floating", "inflow_reason": "01",
        "inflow_from": "江西萍乡", "permit_expires": "2027-03-01", "relation": "99",
    }  # fmt: skip
    assert visit(family.worker).post(url, form).status_code == 302
    made = Resident.objects.get(name="周新")
    assert (made.inflow_reason, made.inflow_from, str(made.permit_expires)) == ("01", "江西萍乡", "2027-03-01")
    assert hukou(made) == (False, "", "floating")


def test_a_file_cannot_say_of_the_floating_population_that_they_are_registered_where_they_live(county):
    """By the row alone, by what the registry has of the person, and by what somebody decides."""
    grid = county.west.grids[0]
    homes = HouseholdFactory.create_batch(2, dwelling__building__grid=grid)
    known, doubtful = (
        ResidentFactory(household=home, population="floating", hukou_here=False, name=f"外来{n}", phone=f"1390000000{n}")
        for n, home in enumerate(homes)
    )
    head = ("网格编码", "姓名", "身份证号", "联系电话", "人口类别", "人户一致")
    batch = read(county.operator, "resident", csv_file([
        head,
        [grid.code, "刘一", id_number(), "", "流动人口", "是"],
        [grid.code, "刘二", id_number(), "", "流动人口", ""],
        [grid.code, "刘三", id_number(), "", "", "是"],
        [grid.code, known.name, known.id_number, "", "", "是"],
        [grid.code, doubtful.name, "", doubtful.phone, "", "是"],
    ]))  # fmt: skip
    assert faults(batch) == [(2, "resident_hukou_here", "local"), (5, "resident_hukou_here", "local_known")]
    assert batch.counts["sections"]["resident"] == {"n": 2, "d": 1}
    service.decide(actor=county.operator, batch_id=batch.pk, choice="same")
    with pytest.raises(Invalid) as refused:
        service.confirm(actor=county.operator, batch_id=batch.pk, without_wrong=True)
    assert "6" in refused.value.message and "人户一致" in refused.value.message
    right = csv_file([head, [grid.code, known.name, known.id_number, "", "户籍人口", "是"]])
    applied(county.operator, "resident", right)
    assert hukou(known) == (True, "", "registered")
