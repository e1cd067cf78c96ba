"""What was recorded wrongly is put right: a death or departure that was none, the day of a stay."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse

from core.errors import Invalid, NotFound
from residents.models import Building, CareRecord, Change, Household, Stay, SupportRecord, Tenancy
from residents.services import care, life, records, subject, support
from tests.pages import text_of, visit
from tests.residents.factories import CareClassFactory, ResidentFactory
from tests.residents.family import BEFORE, DAY

pytestmark = pytest.mark.django_db
WHY = "同名误登"


def state(family):
    """All that a death touches, but for times of day."""
    people = family.home.members.model.objects.order_by("pk")
    left = {"updated_at", "xact"}
    tables = [people, Household.objects.order_by("pk"), Stay.objects.order_by("pk"), Tenancy.objects.order_by("pk"),
              Building.objects.order_by("pk"), CareRecord.objects.order_by("pk")]  # fmt: skip
    return [[{k: v for k, v in row.items() if k not in left} for row in table.values()] for table in tables]


@pytest.fixture
def busy(family):
    """The head looks after the building, rents the next door for a term and is in two registers."""
    Building.objects.filter(pk=family.door.building_id).update(head=family.head)
    life.begin_tenancy(actor=family.worker, dwelling=family.next, tenant=family.head, since=DAY)
    solitary = CareClassFactory(code="c-solitary", roles=["worker_full", "operator"])
    statutory = CareClassFactory(code="c-correction", group="statutory", roles=["operator"])
    care.begin(actor=family.worker, resident=family.head, care_class=solitary, since=BEFORE)
    support.begin(actor=family.operator, resident=family.head, care_class=statutory, since=BEFORE)
    return family


@pytest.mark.parametrize("leave", [life.record_death, life.move_out])
def test_a_death_that_was_none_leaves_everything_as_it_was(busy, leave):
    before, files = state(busy), support.of_resident(actor=busy.operator, resident=busy.head)
    leave(actor=busy.worker, resident=busy.head, on=DAY)
    busy.again()
    assert state(busy) != before and not SupportRecord.objects.get().open
    person, by_hand = life.take_back(actor=busy.worker, resident=busy.head, reason=WHY)
    assert (state(busy), by_hand, person.status) == (before, [], "living")
    assert support.of_resident(actor=busy.operator, resident=busy.head) == files
    assert SupportRecord.objects.get().open
    told = Change.objects.filter(kind="resident", record_id=person.pk, action="taken_back").first()
    assert (told.user, told.changes["reason"]) == (busy.worker, ["", WHY])
    assert told.changes["status"] in (["dead", "living"], ["departed", "living"])


def test_the_last_of_a_household_opens_it_again(family):
    for person in (family.wife, family.son, family.girl, family.mother):
        life.move_out(actor=family.worker, resident=person, on=DAY)
    life.record_death(actor=family.worker, resident=family.head, on=DAY)
    family.again()
    assert family.home.ended_on == DAY
    assert life.take_back(actor=family.worker, resident=family.head, reason=WHY)[1] == []
    family.again()
    assert (family.home.ended_on, family.home.head, family.relations()) == (None, family.head, {"刘大力": "02"})


def test_what_was_built_on_it_stays_and_is_said(busy):
    life.record_death(actor=busy.worker, resident=busy.head, on=DAY)
    life.set_head(actor=busy.worker, household=busy.home, resident=busy.mother)
    Building.objects.filter(pk=busy.door.building_id).update(head=busy.wife)
    busy.next.refresh_from_db()
    records.change(busy.next, actor=busy.worker, use="empty")
    person, by_hand = life.take_back(actor=busy.worker, resident=busy.head, reason=WHY)
    busy.again()
    assert (person.household, person.relation, busy.home.head) == (busy.home, "", busy.mother)
    assert len(by_hand) == 3 and Tenancy.objects.get().until == DAY
    assert Stay.objects.get(resident=person).until is None


def test_who_joined_the_new_head_keeps_the_relation(family):
    life.record_death(actor=family.worker, resident=family.head, on=DAY)
    life.move_in(actor=family.worker, household=family.home, on=DAY, name="新人", relation="20")
    person, by_hand = life.take_back(actor=family.worker, resident=family.head, reason=WHY)
    family.again()
    assert (len(by_hand), person.relation, family.home.head) == (1, "", family.wife)


def test_a_household_that_moved_on_is_left_where_it_is(family):
    life.record_death(actor=family.worker, resident=family.head, on=DAY)
    life.move_within(actor=family.operator, household=family.home, dwelling=family.far, on=DAY)
    person, by_hand = life.take_back(actor=family.worker, resident=family.head, reason=WHY)
    assert (person.household, person.dwelling, len(by_hand)) == (None, family.door, 1)
    rows = Stay.objects.filter(resident=person).order_by("pk")
    assert [(one.household, one.dwelling, one.until, one.ended) for one in rows] == [
        (family.home, family.door, DAY, "within"), (None, family.door, None, ""),
    ]  # fmt: skip


def refused(call):
    count = Change.objects.count()
    with pytest.raises((Invalid, NotFound)) as error, transaction.atomic():
        call()
    assert Change.objects.count() == count
    return set(error.value.fields)


def test_only_what_was_recorded_can_be_taken_back(family):
    call = {"actor": family.worker, "resident": family.head}
    assert refused(lambda: life.take_back(reason=WHY, **call)) == set()  # lives
    life.record_death(on=DAY, **call)
    assert refused(lambda: life.take_back(reason=" ", **call)) == {"reason"}
    east = family.county.worker_east
    assert refused(lambda: life.take_back(actor=east, resident=family.head, reason=WHY)) == set()
    family.head.refresh_from_db()
    subject.erase_now(family.head, actor=None, reason="x")
    assert refused(lambda: life.take_back(reason=WHY, **call)) == set()


def test_the_page_of_a_dead_person_offers_it(family):
    life.record_death(actor=family.worker, resident=family.head, on=DAY)
    link = reverse("residents:happen", args=["resident", family.head.pk, "take-back"])
    page = reverse("residents:resident", args=[family.head.pk])
    assert link in visit(family.worker).get(page).content.decode()
    assert link not in visit(family.county.worker_east).get(page).content.decode()
    asked = visit(family.worker).post(link, {"reason": ""})
    assert asked.status_code == 422
    assert "Take back the death" in text_of(asked) and f" {DAY} · It was recorded by mistake" in text_of(asked)
    assert visit(family.worker).post(link, {"reason": WHY}).status_code == 302
    family.again()
    assert family.head.status == "living"
    assert WHY in text_of(visit(family.worker).get(reverse("residents:history", args=["resident", family.head.pk])))


# ---- the day of a stay


def days(person):
    return list(Stay.objects.filter(resident=person).order_by("since", "pk").values_list("since", "until"))


def test_the_day_of_a_move_is_corrected_on_both_sides(family):
    life.move_within(actor=family.worker, resident=family.son, dwelling=family.next, on=DAY)
    stay = Stay.objects.get(resident=family.son, until=None)
    right = DAY - timedelta(days=40)
    call = {"actor": family.worker, "resident": family.son, "stay": stay, "reason": WHY}
    life.correct_day(on=right, **call)
    assert days(family.son) == [(BEFORE, right), (right, None)]
    told = Change.objects.filter(action="day_corrected").get()
    assert told.changes == {"since": [str(DAY), str(right)], "reason": ["", WHY]}
    assert (told.kind, told.record_id, told.user) == ("resident", family.son.pk, family.worker)
    assert refused(lambda: life.correct_day(on=BEFORE - timedelta(days=1), **call)) == {"on"}
    first = {**call, "stay": Stay.objects.get(resident=family.son, since=BEFORE)}
    assert refused(lambda: life.correct_day(on=DAY, **first)) == {"on"}  # after its end
    assert refused(lambda: life.correct_day(on="1999-01-01", **first)) == {"on"}  # born in 2008
    other = Stay.objects.get(resident=family.wife)
    assert refused(lambda: life.correct_day(on=DAY, **{**call, "stay": other})) == {"stay"}
    assert days(family.son) == [(BEFORE, right), (right, None)]


def test_the_form_corrects_the_present_stay(family):
    url = reverse("residents:happen", args=["resident", family.son.pk, "correct-day"])
    assert url in visit(family.worker).get(reverse("residents:resident", args=[family.son.pk])).content.decode()
    stay = Stay.objects.get(resident=family.son)
    assert f'name="on" value="{stay.since}"' in visit(family.worker).get(url).content.decode()  # not today's
    sent = visit(family.worker).post(url, {"stay": stay.pk, "on": "2019-05-01", "reason": WHY})
    assert sent.status_code == 302 and str(days(family.son)[0][0]) == "2019-05-01"
    words = text_of(visit(family.worker).get(reverse("residents:history", args=["resident", family.son.pk])))
    assert "2019-05-01" in words and "2020-01-01" in words
    foreign = Stay.objects.create(resident=ResidentFactory(), grid=family.far.grid, since=DAY)
    assert visit(family.worker).post(url, {"stay": foreign.pk, "on": "2019-05-01", "reason": "x"}).status_code == 422


# ---- who lived there on a day


def lived(family, day, user=None):
    """The card of the dwelling's page."""
    answer = visit(user or family.worker).get(reverse("residents:dwelling", args=[family.door.pk]), {"day": day})
    return answer.content.decode().split('id="lived"')[1].split("</section>")[0]


def test_the_page_of_a_door_says_who_lived_there_on_a_day(family, django_assert_max_num_queries):
    life.move_within(actor=family.operator, resident=family.son, dwelling=family.far, on=DAY)
    life.move_out(actor=family.worker, resident=family.wife, on=DAY)
    eve, url = DAY - timedelta(days=1), reverse("residents:dwelling", args=[family.door.pk])
    names = ["刘大力", "陈芳", "刘小力", "刘小芳", "王秀英"]
    assert [name in lived(family, eve) for name in names] == [True] * 5
    assert [name in lived(family, DAY) for name in names] == [True, False, False, True, True]
    assert "刘大力" not in lived(family, BEFORE - timedelta(days=1))
    shown = lived(family, eve)
    assert family.wife.masked_id_number in shown and family.wife.id_number not in shown
    # Who lives in the east now is named, as among former members, and nothing leads there.
    assert family.son.masked_id_number not in shown
    assert reverse("residents:resident", args=[family.son.pk]) not in shown
    assert visit(family.county.worker_east).get(url, {"day": eve}).status_code == 404
    for wrong in ("soon", "", (DAY + timedelta(days=9999)).isoformat(), "0001"):
        assert 'aria-invalid="true"' in lived(family, wrong)
    client = visit(family.worker)
    with django_assert_max_num_queries(11):
        client.get(url, {"day": eve})


# ---- a household without a door


def test_a_household_without_a_door_is_told_what_to_do(family):
    Household.objects.filter(pk=family.home.pk).update(dwelling=None)
    person = {"on": DAY, "name": "周新", "id_kind": "990", "sex": "1", "population": "registered", "relation": "99"}
    split = {"on": DAY, "members": [family.son.pk], "head": family.son.pk}
    for step, form in (("join", person), ("split", split)):
        url = reverse("residents:happen", args=["household", family.home.pk, step])
        answer = visit(family.worker).post(url, form)
        assert answer.status_code == 422 and "no dwelling yet" in text_of(answer)
        assert "This field is required" not in text_of(answer)
    move = reverse("residents:happen", args=["household", family.home.pk, "relocate"])
    assert visit(family.worker).post(move, {"on": DAY, "dwelling": family.door.pk}).status_code == 302
    join = reverse("residents:happen", args=["household", family.home.pk, "join"])
    assert visit(family.worker).post(join, person).status_code == 302
