"""Births, deaths, moves, splits, merges, tenancies: each dated, with stays and history, the household kept whole."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from core.errors import Invalid, NotFound, Refused
from residents.models import (
    Building,
    CareRecord,
    Change,
    Dwelling,
    GridCount,
    Household,
    Resident,
    Stay,
    SupportRecord,
    Tenancy,
)
from residents.services import care, life, records, support
from tests.pages import visit
from tests.residents.factories import (
    CareClassFactory,
    HouseholdFactory,
    OrganisationFactory,
    ResidentFactory,
    id_number,
)
from tests.residents.family import BEFORE, DAY

pytestmark = pytest.mark.django_db


def stays(person):
    rows = Stay.objects.filter(resident=person).order_by("id")
    return list(rows.values_list("dwelling", "since", "until", "began", "ended"))


def people(grid):
    return dict(GridCount.objects.filter(grid=grid, amount__gt=0).values_list("measure", "amount")).get(
        "people", 0
    )


def wrong(call):
    before = list(Stay.objects.order_by("id").values()), list(Resident.objects.order_by("id").values_list())
    with pytest.raises(Invalid) as error, transaction.atomic():
        call()
    after = list(Stay.objects.order_by("id").values()), list(Resident.objects.order_by("id").values_list())
    assert len(Change.objects.all()) == 0 and [len(part) for part in before] == [len(part) for part in after]
    return set(error.value.fields)


def actions(record):
    kind = {"Resident": "resident", "Household": "household", "Dwelling": "dwelling"}[type(record).__name__]
    return list(
        Change.objects.filter(kind=kind, record_id=record.pk).order_by("id").values_list("action", flat=True)
    )


# ---- birth and death


def test_a_child_is_born(family):
    child = life.record_birth(
        actor=family.worker, household=family.home, on=DAY, name="刘新", sex="2", relation="30"
    )
    assert (child.birth_date, child.dwelling, child.status) == ("2026-03-01", family.door, "living")
    assert stays(child) == [(family.door.pk, DAY, None, "born", "")]
    assert actions(child) == ["born"] and people(family.home.grid) == 6
    later = id_number(DAY, male=False)
    if later[6:14] == "20260301":
        assert (
            records.change(child, actor=family.worker, id_number=later, id_kind="111").birth_date
            == "2026-03-01"
        )


def test_a_spouse_is_not_born(family):
    call = {"actor": family.worker, "household": family.home, "name": "x", "sex": "1"}
    assert wrong(lambda: life.record_birth(on=DAY, relation="10", **call)) == {"relation"}
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert wrong(lambda: life.record_birth(on=tomorrow, relation="20", **call)) == {"on"}


def test_a_birth_sent_twice_is_one_child(family):
    call = {"actor": family.worker, "household": family.home, "on": DAY, "name": "刘新", "sex": "2", "relation": "30"}
    first = life.record_birth(key="k1", **call)
    assert life.record_birth(key="k1", **call) == first and Resident.objects.count() == 6
    with pytest.raises(Invalid) as error:
        life.record_birth(key="k2", **call)
    assert set(error.value.fields) == {"another"}
    twin = life.record_birth(key="k2", another=True, **call)
    assert twin != first and Resident.objects.filter(name="刘新").count() == 2
    assert life.record_birth(**call | {"on": DAY - timedelta(days=400)}).name == "刘新"  # an older one
    with pytest.raises(Invalid) as error:
        life.move_in(actor=family.worker, on=DAY, dwelling=family.next, name="周新", key="k1")
    assert set(error.value.fields) == {"key"}
    other = life.record_birth(key="k1", **call | {"actor": family.operator, "name": "刘二"})
    assert other.name == "刘二"  # another person's key


def test_the_forms_of_births_and_arrivals_carry_a_key(family):
    birth = reverse("residents:happen", args=["household", family.home.pk, "birth"])
    key = visit(family.worker).get(birth).context["form"].initial["key"]
    form = {"on": DAY, "name": "刘新", "sex": "2", "relation": "30", "key": key}
    sent = [visit(family.worker).post(birth, form) for _twice in range(2)]
    child = Resident.objects.get(name="刘新")
    assert {one.url for one in sent} == {reverse("residents:resident", args=[child.pk])}
    asked = visit(family.worker).post(birth, form | {"key": "other"})
    assert asked.status_code == 422 and 'name="another"' in asked.content.decode()
    assert 'name="another"' not in visit(family.worker).get(birth).content.decode()
    visit(family.worker).post(birth, form | {"key": "other", "another": "on"})
    assert Resident.objects.filter(name="刘新").count() == 2
    arrive = reverse("residents:happen", args=["dwelling", family.next.pk, "arrive"])
    form = {"on": DAY, "name": "周新", "id_kind": "990", "sex": "1", "population": "registered", "key": "arrival"}
    for _twice in range(2):
        assert visit(family.worker).post(arrive, form).status_code == 302
    assert Resident.objects.filter(name="周新").count() == 1


def test_a_death_told_again_on_another_day_says_which_is_recorded(family):
    life.record_death(actor=family.worker, resident=family.son, on=DAY)
    url = reverse("residents:happen", args=["resident", family.son.pk, "death"])
    answer = visit(family.worker).post(url, {"on": DAY + timedelta(days=3)})
    assert answer.status_code == 422 and str(DAY) in str(answer.context["form"].errors["on"])
    family.again()
    assert family.son.ended_on == DAY
    assert visit(family.worker).post(url, {"on": DAY}).status_code == 302  # the same once more


def test_the_head_dies_and_the_spouse_follows(family):
    Building.objects.update(head=family.head)
    Tenancy.objects.create(dwelling=family.next, tenant=family.head, grid=family.home.grid, since=BEFORE)
    life.record_death(actor=family.worker, resident=family.head, on=DAY)
    life.record_death(actor=family.worker, resident=family.head, on=DAY)  # told twice
    family.again()
    assert (family.head.status, family.head.ended_on, family.head.household) == ("dead", DAY, None)
    assert stays(family.head) == [(family.door.pk, BEFORE, DAY, "recorded", "died")]
    assert family.home.head == family.wife
    assert family.relations() == {"陈芳": "02", "刘小力": "20", "刘小芳": "30", "王秀英": "97"}
    assert Tenancy.objects.get().until == DAY and not Building.objects.exclude(head=None).exists()
    assert actions(family.head) == ["died"] and actions(family.wife) == ["head"]
    assert people(family.home.grid) == 4


def test_without_a_spouse_the_oldest_adult_follows_and_the_last_ends_the_household(family):
    for person in (family.head, family.wife):
        life.record_death(actor=family.worker, resident=person, on=DAY)
    family.again()
    assert family.home.head == family.mother
    assert family.relations() == {"刘小力": "", "刘小芳": "", "王秀英": "02"}
    for person in (family.mother, family.son, family.girl):
        life.move_out(actor=family.worker, resident=person, on=DAY)
    family.again()
    assert (family.home.head, family.home.ended_on) == (None, DAY)
    assert actions(family.home)[-1] == "ended" and people(family.home.grid) == 0


def test_days_are_in_order_and_not_in_the_future(family):
    tomorrow = timezone.localdate() + timedelta(days=1)
    for on in (tomorrow, BEFORE - timedelta(days=1), "soon", None):
        assert wrong(lambda on=on: life.record_death(actor=family.worker, resident=family.son, on=on)) == {
            "on"
        }
        assert wrong(lambda on=on: life.move_out(actor=family.worker, resident=family.son, on=on)) == {"on"}
        assert wrong(
            lambda on=on: life.move_within(
                actor=family.worker, resident=family.son, dwelling=family.next, on=on
            )
        ) == {"on"}


def test_nobody_lives_anywhere_before_birth_or_in_the_year_one(family):
    born = id_number(DAY)
    call = {"actor": family.worker, "name": "周新", "id_number": born}
    eve = f"{int(born[6:10]) - 1}-12-31"
    assert wrong(lambda: life.move_in(on=eve, dwelling=family.next, **call)) == {"on"}
    assert wrong(lambda: life.move_in(on=eve, household=family.home, **call)) == {"on"}
    assert wrong(lambda: records.add("resident", since=eve, household=family.home, **call)) == {"since"}
    let = {"actor": family.worker, "dwelling": family.next, "tenant": family.son}
    assert wrong(lambda: life.begin_tenancy(since="0001-01-01", **let)) == {"since"}
    url = reverse("residents:happen", args=["dwelling", family.next.pk, "let"])
    answer = visit(family.worker).post(url, {"tenant": family.son.pk, "since": "0001-01-01"})
    assert answer.status_code == 422 and "1900" in str(answer.context["form"].errors["since"])


def test_the_dead_do_not_move(family):
    Resident.objects.filter(pk=family.son.pk).update(status="dead")
    assert wrong(lambda: life.move_out(actor=family.worker, resident=family.son, on=DAY)) == {"resident"}
    assert wrong(
        lambda: life.move_within(actor=family.worker, resident=family.son, dwelling=family.next, on=DAY)
    ) == {"resident"}


# ---- in and out


def test_somebody_comes_and_founds_a_household(family):
    made = life.move_in(
        actor=family.worker, dwelling=family.next, on=DAY, name="周新", id_number=id_number(), population="floating",
        inflow_reason="01", permit_expires="2027-03-01",
    )  # fmt: skip
    home = made.household
    assert (home.head, home.dwelling, made.relation, made.dwelling) == (made, family.next, "02", family.next)
    assert stays(made) == [(family.next.pk, DAY, None, "moved_in", "")]
    assert Stay.objects.get(resident=made).household == home
    joined = life.move_in(actor=family.worker, household=home, on=DAY, name="周友", relation="99")
    assert family.relations(home) == {"周新": "02", "周友": "99"} and joined.dwelling == family.next


def test_who_left_comes_back_as_the_same_record_also_to_another_grid(family):
    number = family.son.id_number
    life.move_out(actor=family.worker, resident=family.son, on=DAY, reason="外出务工")
    east = family.county.worker_east
    later = DAY + timedelta(days=30)
    back = life.move_in(actor=east, dwelling=family.far, on=later, name="刘小力", id_number=number)
    assert (back.pk, back.status, back.grid, back.ended_on) == (
        family.son.pk,
        "living",
        family.far.grid,
        None,
    )
    assert stays(back) == [
        (family.door.pk, BEFORE, DAY, "recorded", "moved_out"), (family.far.pk, later, None, "moved_in", ""),
    ]  # fmt: skip
    assert [stay.dwelling for stay in life.lived_at(user=east, resident=back)] == [
        family.far
    ]  # not where they lived
    assert Change.objects.get(action="moved_away").grid == family.home.grid


def test_somebody_elses_number_brings_nobody_back(family):
    number = family.son.id_number
    given = {"actor": family.county.worker_east, "dwelling": family.far, "on": DAY, "id_number": number}
    assert wrong(lambda: life.move_in(name="刘小力", **given)) == {"id_number"}  # lives elsewhere
    life.move_out(actor=family.worker, resident=family.son, on=DAY)
    with pytest.raises(Invalid) as error:
        life.move_in(name="别人", **given)
    assert set(error.value.fields) == {"id_number"} and error.value.facts == {}


# ---- within


def test_one_moves_into_a_household_of_their_own(family):
    life.move_within(actor=family.worker, resident=family.head, dwelling=family.next, on=DAY)
    family.again()
    own = family.head.household
    assert own != family.home and (own.head, own.dwelling) == (family.head, family.next)
    assert family.home.head == family.wife
    assert stays(family.head) == [
        (family.door.pk, BEFORE, DAY, "recorded", "within"), (family.next.pk, DAY, None, "within", ""),
    ]  # fmt: skip
    assert people(family.home.grid) == 5


def test_a_move_to_another_grid_needs_both(family):
    with pytest.raises(Invalid):
        life.move_within(actor=family.worker, resident=family.son, dwelling=family.far, on=DAY)
    with pytest.raises(NotFound):
        life.move_within(actor=family.county.worker_east, resident=family.son, dwelling=family.far, on=DAY)
    assert not Change.objects.exists()
    life.move_within(actor=family.operator, resident=family.son, dwelling=family.far, on=DAY)
    old, new = family.home.grid, family.far.grid
    assert (people(old), people(new)) == (4, 1)
    left = Change.objects.get(action="moved_away")
    assert (left.grid, left.record_id, left.changes) == (old, family.son.pk, {})


def test_a_whole_household_moves(family):
    life.move_within(actor=family.operator, household=family.home, dwelling=family.far, on=DAY)
    family.again()
    assert (family.home.dwelling, family.home.grid, family.home.head) == (
        family.far,
        family.far.grid,
        family.head,
    )
    assert set(Resident.objects.values_list("dwelling", "grid")) == {(family.far.pk, family.far.grid_id)}
    assert (people(family.door.grid), people(family.far.grid)) == (0, 5)
    assert family.relations()["陈芳"] == "10"


def test_one_joins_another_household(family):
    other = HouseholdFactory(dwelling=family.next)
    life.move_within(actor=family.worker, resident=family.mother, into=other, on=DAY, relation="02")
    family.again()
    other.refresh_from_db()
    assert (family.mother.household, family.mother.dwelling, other.head) == (
        other,
        family.next,
        family.mother,
    )
    again = {"actor": family.worker, "resident": family.mother, "on": DAY}
    with pytest.raises(Invalid):
        life.move_within(into=other, **again)
    with pytest.raises(Invalid):
        life.move_within(dwelling=family.next, **again)
    with pytest.raises(Invalid):
        life.move_within(**again)
    with pytest.raises(Invalid):
        life.move_within(into=HouseholdFactory(dwelling=family.far), **again)


# ---- split and merge


def test_a_household_splits_and_merges_again(family):
    made = life.split_household(
        actor=family.worker, household=family.home, members=[family.head.pk, family.son.pk], head=family.head, on=DAY,
        number="430281999999", relations={family.son.pk: "20"},
    )  # fmt: skip
    family.again()
    assert (made.head, made.dwelling, made.number) == (family.head, family.door, "430281999999")
    assert family.relations(made) == {"刘大力": "02", "刘小力": "20"}
    assert family.relations() == {"陈芳": "02", "刘小芳": "30", "王秀英": "97"}
    life.merge_households(
        actor=family.worker, source=made, target=family.home, on=DAY, relations={family.head.pk: "10"}
    )
    family.again()
    made.refresh_from_db()
    assert (made.ended_on, made.head, made.members.count()) == (DAY, None, 0)
    assert family.relations()["刘大力"] == "10" and family.home.head == family.wife
    assert [row[3:] for row in stays(family.son)] == [
        ("recorded", "split"),
        ("split", "merged"),
        ("merged", ""),
    ]
    assert people(family.home.grid) == 5


def test_what_they_are_to_another_head_follows_where_it_can_be_told(family):
    call = {"actor": family.worker, "on": DAY}
    leave = [family.son.pk, family.girl.pk, family.wife.pk, family.mother.pk]
    made = life.split_household(household=family.home, members=leave, head=family.son, **call)
    assert family.relations(made) == {"陈芳": "50", "刘小力": "02", "刘小芳": "70", "王秀英": "60"}
    family.again()
    life.merge_households(source=made, target=family.home, relations={family.son.pk: "20"}, **call)
    # A son's parent may be the head's spouse or be parted from the head: not told.
    assert family.relations() == {"刘大力": "02", "陈芳": "", "刘小力": "20", "刘小芳": "", "王秀英": ""}


def test_a_merged_family_is_told_by_its_former_head(family):
    other = HouseholdFactory(dwelling=family.next)
    uncle = ResidentFactory(household=other, relation="02")
    Household.objects.filter(pk=other.pk).update(head=uncle)
    given = {family.head.pk: "70", family.girl.pk: "97"}
    life.merge_households(
        actor=family.worker, source=family.home, target=other, on=DAY, relations=given
    )
    assert list(family.relations(other).values()) == ["70", "97", "97", "97", "50", "02"]


def test_a_split_asks_for_each_person(family):
    url = reverse("residents:happen", args=["household", family.home.pk, "split"])
    names = [f"relation_{one.pk}" for one in (family.head, family.wife, family.son, family.girl, family.mother)]
    shown = visit(family.worker).get(url).content.decode()
    assert [f'name="{name}"' in shown for name in names] == [True] * 5
    form = {"on": DAY, "members": [family.son.pk, family.mother.pk], "head": family.son.pk, names[4]: "97"}
    assert visit(family.worker).post(url, form).status_code == 302
    family.son.refresh_from_db()
    assert family.relations(family.son.household) == {"刘小力": "02", "王秀英": "97"}


@pytest.mark.parametrize("members", ["nobody", "all", "strangers"])
def test_a_split_leaves_somebody_on_both_sides(family, members):
    other = ResidentFactory(household__dwelling=family.next)
    given = {
        "nobody": [], "all": list(Resident.objects.filter(household=family.home).values_list("pk", flat=True)),
        "strangers": [family.head.pk, other.pk],
    }[members]  # fmt: skip
    call = {"actor": family.worker, "household": family.home, "head": family.head, "on": DAY}
    assert wrong(lambda: life.split_household(members=given, **call)) == {"members"}


def test_another_head_is_chosen(family):
    life.set_head(actor=family.worker, household=family.home, resident=family.wife)
    family.again()
    assert family.home.head == family.wife
    assert family.relations() == {
        "刘大力": "10",
        "陈芳": "02",
        "刘小力": "20",
        "刘小芳": "30",
        "王秀英": "97",
    }
    life.set_head(actor=family.worker, household=family.home, resident=family.son)
    assert family.relations() == {"刘大力": "", "陈芳": "50", "刘小力": "02", "刘小芳": "", "王秀英": ""}


# ---- tenancies, registration


def test_a_dwelling_is_let_and_becomes_empty(family):
    tenant = life.move_in(actor=family.worker, dwelling=family.next, on=DAY, name="周新")
    first = life.begin_tenancy(
        actor=family.worker, dwelling=family.next, tenant=tenant, since=DAY, contract="租-1"
    )
    again = life.begin_tenancy(actor=family.worker, dwelling=family.next, tenant=tenant, since=DAY)
    assert first.pk == again.pk and Dwelling.objects.get(pk=family.next.pk).use == "rented"
    life.move_out(actor=family.worker, resident=tenant, on=DAY + timedelta(days=9))
    first.refresh_from_db()
    assert first.until == DAY + timedelta(days=9)
    firm = OrganisationFactory(grid=family.home.grid)
    shop = life.begin_tenancy(actor=family.worker, dwelling=family.next, organisation=firm, since=DAY)
    assert Dwelling.objects.get(pk=family.next.pk).use == "business"
    with pytest.raises(Invalid):
        life.end_tenancy(actor=family.worker, tenancy=shop, on=BEFORE)
    life.end_tenancy(actor=family.worker, tenancy=shop, on=DAY)
    assert Dwelling.objects.get(pk=family.next.pk).use == "empty"
    assert actions(family.next) == ["let", "tenancy_ended", "let", "tenancy_ended", "changed"]


def test_a_tenancy_has_one_tenant(family):
    firm = OrganisationFactory(grid=family.home.grid)
    call = {"actor": family.worker, "dwelling": family.next, "since": DAY}
    assert wrong(lambda: life.begin_tenancy(**call)) == {"tenant"}
    assert wrong(lambda: life.begin_tenancy(tenant=family.son, organisation=firm, **call)) == {"tenant"}
    assert wrong(lambda: life.begin_tenancy(tenant=family.son, until=BEFORE, **call)) == {"until"}


def test_registered_in_one_place_living_in_another(family):
    call = {"actor": family.worker, "resident": family.son, "hukou_address": "长沙市岳麓区"}
    person = life.set_registration(hukou_here=False, population="permanent", **call)
    assert (person.hukou_address, person.hukou_here, person.population) == (
        "长沙市岳麓区",
        False,
        "permanent",
    )
    with pytest.raises(Invalid):
        life.set_registration(hukou_here=True, population="floating", **call)


# ---- reading


def test_who_lived_here_on_a_day(family):
    life.move_within(actor=family.worker, resident=family.son, dwelling=family.next, on=DAY)

    def names(user, dwelling, day):
        return {stay.resident.name for stay in life.who_lived_here(user=user, dwelling=dwelling, day=day)}

    eve = DAY - timedelta(days=1)
    assert (
        "刘小力" in names(family.worker, family.door, eve)
        and len(names(family.worker, family.door, eve)) == 5
    )
    assert "刘小力" not in names(family.worker, family.door, DAY)
    assert names(family.worker, family.next, DAY) == {"刘小力"}
    assert names(family.worker, family.next, eve) == set()
    assert names(family.county.worker_east, family.door, eve) == set()
    rows = life.lived_at(user=family.worker, resident=family.son)
    assert [(stay.since, stay.until) for stay in rows] == [(DAY, None), (BEFORE, DAY)]


# ---- who may


@pytest.mark.parametrize("who", ["worker_east", "worker_next", "staff", "stranger", "operator_east"])
def test_people_from_outside_record_nothing(family, who):
    actor = getattr(family.county, who)
    tenancy = Tenancy.objects.create(
        dwelling=family.next, tenant=family.son, grid=family.home.grid, since=BEFORE
    )
    rows = [
        list(model.objects.order_by("pk").values()) for model in (Resident, Household, Stay, Tenancy, Change)
    ]
    calls = [
        lambda: life.record_birth(
            actor=actor, household=family.home, on=DAY, name="x", sex="1", relation="20"
        ),
        lambda: life.record_death(actor=actor, resident=family.son, on=DAY),
        lambda: life.move_out(actor=actor, resident=family.son, on=DAY),
        lambda: life.move_in(actor=actor, dwelling=family.next, on=DAY, name="x"),
        lambda: life.move_in(actor=actor, household=family.home, on=DAY, name="x"),
        lambda: life.move_within(actor=actor, resident=family.son, dwelling=family.next, on=DAY),
        lambda: life.move_within(actor=actor, household=family.home, dwelling=family.next, on=DAY),
        lambda: life.split_household(
            actor=actor, household=family.home, members=[family.son.pk], head=family.son, on=DAY
        ),
        lambda: life.merge_households(actor=actor, source=family.home, target=family.home, on=DAY),
        lambda: life.set_head(actor=actor, household=family.home, resident=family.wife),
        lambda: life.begin_tenancy(actor=actor, dwelling=family.next, tenant=family.son, since=DAY),
        lambda: life.end_tenancy(actor=actor, tenancy=tenancy, on=DAY),
        lambda: life.set_registration(
            actor=actor, resident=family.son, hukou_address="x", hukou_here=True, population="registered"
        ),
    ]
    for call in calls:
        with pytest.raises((NotFound, Refused, Invalid)), transaction.atomic():
            call()
    assert rows == [
        list(model.objects.order_by("pk").values()) for model in (Resident, Household, Stay, Tenancy, Change)
    ]


# ---- registers follow


@pytest.fixture
def cared_for(family):
    """The mother is in a care register, the son in a statutory one."""
    solitary = CareClassFactory(code="l-solitary", roles=["worker_full", "operator"])
    statutory = CareClassFactory(code="l-correction", group="statutory", roles=["operator"])
    care.begin(actor=family.worker, resident=family.mother, care_class=solitary, since=BEFORE)
    support.begin(actor=family.operator, resident=family.son, care_class=statutory, since=BEFORE)
    return family


def test_who_dies_or_leaves_is_in_no_register_any_more(cared_for):
    life.record_death(actor=cared_for.worker, resident=cared_for.mother, on=DAY, reason="病故")
    record = CareRecord.objects.get()
    assert (record.until, record.end_reason, record.next_visit) == (DAY, "病故", None)
    life.move_out(actor=cared_for.worker, resident=cared_for.son, on=DAY)  # who need not know of it
    assert not SupportRecord.objects.get().open
    told = Change.objects.filter(kind="support").latest("id")
    assert (told.action, told.changes, told.grid) == ("ended", {}, cared_for.home.grid)


def test_files_move_with_their_people_and_buildings(cared_for):
    life.move_within(actor=cared_for.operator, household=cared_for.home, dwelling=cared_for.far, on=DAY)
    assert SupportRecord.objects.get().grid == CareRecord.objects.get().grid == cared_for.far.grid
    target = cared_for.county.east.grids[1]
    records.change(cared_for.far.building, actor=cared_for.operator, grid=target)
    assert SupportRecord.objects.get().grid == CareRecord.objects.get().grid == target
