"""Statutory registers: nothing in clear in the database, and nothing to be learned without the class's role."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from core.errors import Conflict, Invalid, NotFound, Refused
from residents.models import Access, CareRecord, Change, GridCount, SupportRecord
from residents.services import life, support
from tests.residents.scene import GUARDIAN, stored

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
WHY = "季度随访前查阅档案"


def test_the_database_says_neither_who_nor_what(people):
    file = people.file()
    support.visit(actor=people.leader, pk=file.pk)
    for table in ("residents_supportrecord", "residents_change"):
        told = stored(table)
        for word in ("赵病人", "mental", "精神", "机密监护人", "13955556666", "评估纳入", "2026-01-01"):
            assert word not in told, (table, word)
    assert not Change.objects.exclude(changes={}).exists()
    assert not GridCount.objects.filter(measure__startswith="care").exclude(amount=0).exists()


def test_a_file_from_beginning_to_end(people):
    leader = people.leader
    file = people.file(responsible=leader, attention=1, visit_days=10)
    assert (file.next_visit, file.own) == (TODAY + timedelta(days=10), GUARDIAN)
    assert support.due(actor=leader, before=TODAY) == []
    assert [one.pk for one in support.due(actor=leader, before=TODAY + timedelta(days=10))] == [file.pk]
    file = support.visit(actor=leader, pk=file.pk)
    assert (file.visited_on, file.next_visit) == (TODAY, TODAY + timedelta(days=10))
    file = support.change(actor=leader, pk=file.pk, visit_days=5, data=GUARDIAN | {"risk": "1级"})
    assert (file.next_visit, file.own["risk"], file.responsible_id) == (
        TODAY + timedelta(days=5),
        "1级",
        leader.pk,
    )
    support.end(actor=leader, pk=file.pk, reason="评估后退出管理")
    assert support.files(actor=leader) == []
    (closed,) = support.files(actor=leader, running=False)
    assert (closed.until, closed.end_reason, closed.next_visit) == (TODAY, "评估后退出管理", None)
    with pytest.raises(Conflict):
        support.visit(actor=leader, pk=file.pk)
    told = support.history(actor=leader, pk=file.pk)
    assert [one["action"] for one in told] == ["ended", "changed", "visited", "begun"]
    assert told[1]["changes"]["visit_days"] == [10, 5]


def test_opening_a_file_is_written_down_without_naming_the_person(people):
    file = people.file()
    opened = support.open_file(actor=people.leader, pk=file.pk, reason=WHY, address="10.0.0.9")
    assert opened.own == GUARDIAN
    row = Access.objects.get()
    assert (row.act, row.kind, row.record_id, row.resident_id) == ("open", "support", file.pk, None)
    assert (row.reason, row.address, row.user) == (WHY, "10.0.0.9", people.leader)
    with pytest.raises(Invalid):
        support.open_file(actor=people.leader, pk=file.pk, reason="")
    assert Access.objects.count() == 1


def outsiders(people):
    county = people.county
    return {
        "worker": county.worker, "next": county.worker_next, "operator": county.operator, "east": people.leader_east,
        "inspector": people.inspector, "admin": county.person("district_admin", grid=county.root),
        "leader": county.person("leader", grid=county.root), "stranger": county.stranger, "staff": county.staff,
    }  # fmt: skip


def test_for_everybody_else_the_register_does_not_exist(people):
    file = people.file()
    support.open_file(actor=people.leader, pk=file.pk, reason=WHY)
    for name, outsider in outsiders(people).items():
        assert support.files(actor=outsider) == [], name
        assert support.due(actor=outsider, before=date(2099, 1, 1)) == [], name
        assert support.of_resident(actor=outsider, resident=people.ill) == [], name
        assert not Change.objects.visible_to(outsider).filter(kind="support").exists(), name
        assert not Access.objects.visible_to(outsider).filter(kind="support").exists(), name
        for attempt in (
            lambda who=outsider: support.open_file(actor=who, pk=file.pk, reason=WHY),
            lambda who=outsider: support.visit(actor=who, pk=file.pk),
            lambda who=outsider: support.end(actor=who, pk=file.pk, reason="结束"),
            lambda who=outsider: support.history(actor=who, pk=file.pk),
        ):
            with pytest.raises(NotFound):
                attempt()
    assert not CareRecord.objects.exists()


def test_a_wrong_class_and_a_class_one_may_not_know_are_the_same_error(people):
    given = {"resident": people.ill, "data": GUARDIAN}
    for care_class in (people.disorder, 999_999):
        with pytest.raises(NotFound) as caught:
            support.begin(actor=people.county.worker, care_class=care_class, **given)
        assert str(caught.value.message) == str(NotFound().message)
    with pytest.raises((Refused, NotFound)):
        support.begin(
            actor=people.county.person("police_officer", grid=people.home),
            care_class=people.disorder,
            **given,
        )
    assert SupportRecord.objects.count() == 0


def test_the_heads_of_the_centre_see_who_opened_what(people):
    file = people.file()
    support.open_file(actor=people.leader, pk=file.pk, reason=WHY)
    assert [row.user for row in Access.objects.visible_to(people.head)] == [people.leader]
    assert not Access.objects.visible_to(people.inspector).exists()


def test_a_file_follows_its_person_and_is_closed_to_those_left_behind(people):
    file = people.file()
    people.ill.dwelling.building.grid = people.far_home
    people.ill.dwelling.building.save()  # the building is given to another grid: the trigger moves the person
    assert support.files(actor=people.leader) == []  # at once, before the nightly run
    assert support.settle_grids() == 1
    assert support.settle_grids() == 0
    assert [one.pk for one in support.files(actor=people.leader_east)] == [file.pk]


def test_moving_within_the_county_takes_the_file_along(people):
    file = people.file()
    mover = people.county.person("operator", unit=people.county.area_centre)
    life.move_within(actor=mover, resident=people.ill, on=TODAY, dwelling=people.far.dwelling)
    assert SupportRecord.objects.get(pk=file.pk).grid == people.far_home
    assert [one.pk for one in support.files(actor=people.leader_east)] == [file.pk]
    assert support.files(actor=people.leader) == []


def test_departure_recorded_by_somebody_who_may_not_know_closes_the_file(people):
    file = people.file()
    life.move_out(actor=people.county.worker, resident=people.ill, on=TODAY, reason="外迁")
    assert not SupportRecord.objects.get(pk=file.pk).open
    assert "外迁" not in stored("residents_supportrecord")


def test_the_same_register_twice_is_a_conflict(people):
    people.file()
    with pytest.raises(Conflict):
        people.file()
    assert SupportRecord.objects.count() == 1


def test_own_fields_are_checked(people):
    with pytest.raises(Invalid) as caught:
        people.file(data={"guardian_phone": "12"})
    assert set(caught.value.fields) == {"own_guardian", "own_guardian_phone", "own_treatment"}


@pytest.mark.parametrize("count", [1, 12])
def test_a_list_costs_the_same_for_one_file_and_twelve(people, count, django_assert_max_num_queries):
    for number in range(count):
        people.file(people.person(f"病人{number}", people.home))
    leader = type(people.leader).objects.get(pk=people.leader.pk)
    with django_assert_max_num_queries(5):  # posts, classes, files, people, workers
        assert len(support.files(actor=leader)) == count


def test_a_changed_or_exchanged_file_is_not_read(people):
    file, other = people.file(), people.file(people.person("周病人", people.home))
    stored = SupportRecord.objects.get(pk=other.pk).sealed
    SupportRecord.objects.filter(pk=file.pk).update(sealed=stored)
    with pytest.raises(ValueError, match="sealed for another"):
        support.files(actor=people.leader)
    broken = f"{stored[:-6]}{'AAAA' if stored[-6:-2] != 'AAAA' else 'BBBB'}{stored[-2:]}"
    SupportRecord.objects.filter(pk=file.pk).update(sealed=broken)
    with pytest.raises(ValueError, match="does not match"):
        support.files(actor=people.leader)
