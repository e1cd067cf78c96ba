"""A person's own rights and retention: what is held about me; deletion; nothing is kept longer than its time."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.utils import timezone, translation

from core.errors import Conflict, Invalid, NotFound, Refused
from events.models import Event
from events.services import retention
from residents.intake import service
from residents.intake.stage import Stage
from residents.intake.stage import rows as rows_of
from residents.models import Access, CareRecord, Change, Erasure, Resident, SupportRecord
from residents.services import access, life, records, subject, support, tenancies
from residents.services import care as registers
from tests.residents.factories import BuildingFactory, id_number
from tests.residents.intake_scene import PEOPLE, applied, csv_file
from tests.residents.scene import stored
from tests.residents.test_intake import person as roll_of

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
WHY = "本人持身份证申请查询"


def depart(people, person, days=0):
    life.move_out(actor=people.head, resident=person, on=TODAY, reason="外迁")
    Resident.objects.filter(pk=person.pk).update(ended_on=TODAY - timedelta(days=days))
    person.refresh_from_db()


def test_a_statement_holds_all_that_is_held_and_is_logged(people):
    people.care()
    building = BuildingFactory(grid=people.old.grid, head=people.old)
    records.change(people.old, actor=people.leader, occupation="退休教师")
    told = subject.statement(actor=people.leader, resident=people.old, reason=WHY, address="10.0.0.1")
    values = dict(told.rows)
    assert people.old.id_number in values.values() and people.old.phone in values.values()
    assert "退休教师" in values.values() and "钱老人" in values.values() and building.address in values.values()
    assert len(told.care) == 1 and len(told.changes) == 1 and told.files == []
    (row,) = told.accesses
    assert (row.act, row.user, row.resident) == ("statement", people.leader, people.old)


def test_a_statement_tells_of_each_register_how_closely_by_whom_and_why(people):
    more = {"attention": 1, "responsible": people.leader, "reason": "子女在外地", "since": date(2026, 1, 1)}
    entry = registers.begin(actor=people.leader, resident=people.ill, care_class=people.solitary, **more)
    registers.end(entry, actor=people.leader, on=date(2026, 2, 1), reason="子女接回")
    file = people.file(attention=3, responsible=people.head)
    with translation.override("en"):
        told = subject.statement(actor=people.leader, resident=people.ill, reason=WHY)
        closed, sealed = (dict(one["facts"]) for one in told.registers)
    assert closed == {
        "Attention": "high", "Responsible": str(people.leader), "visit interval (days)": str(entry.visit_days),
        "reason of the beginning": "子女在外地", "reason of the end": "子女接回",
    }  # fmt: skip
    assert sealed == {
        "Attention": "low", "Responsible": str(people.head), "visit interval (days)": str(file.visit_days),
        "Next visit": str(file.next_visit), "reason of the beginning": "评估纳入",
        "Guardian": "机密监护人", "Guardian's phone": "139****6666", "Treatment": "medication taken regularly",
    }  # fmt: skip


def test_a_statement_tells_the_whole_history_masked(people):
    for number in range(60):
        records.change(people.old, actor=people.leader, occupation=f"退休教师{number}")
    records.change(people.old, actor=people.leader, phone="13712344321")
    told = subject.statement(actor=people.leader, resident=people.old, reason=WHY)
    assert len(told.changes) == 61
    newest, oldest = told.changes[0], told.changes[-1]
    assert [field[2] for field in newest["fields"]] == ["137****4321"] and newest["who"] == str(people.leader)
    assert [field[2] for field in oldest["fields"]] == ["退休教师0"]


def test_a_statement_tells_the_clerk_nothing_of_registers_beyond_their_role(people):
    people.file()
    told = subject.statement(actor=people.county.worker, resident=people.ill, reason=WHY)
    assert told.files == [] and "精神" not in str(told)
    assert len(subject.statement(actor=people.leader, resident=people.ill, reason=WHY).files) == 1


def test_who_looked_is_shown_with_statutory_files_only_to_those_who_may_know(people):
    file = people.file()
    support.open_file(actor=people.leader, pk=file.pk, reason="季度随访前查阅")
    assert [row.act for row in subject.looks_at(people.head, people.ill)] == ["open"]
    assert list(subject.looks_at(people.inspector, people.ill)) == []
    assert subject.may_see_looks(people.inspector, people.ill)
    assert not subject.may_see_looks(people.county.worker, people.ill)


def test_outsiders_get_no_statement(people):
    for outsider in (people.county.worker_east, people.inspector, people.county.stranger):
        with pytest.raises(NotFound):
            subject.statement(actor=outsider, resident=people.old, reason=WHY)
    with pytest.raises(Invalid):
        subject.statement(actor=people.leader, resident=people.old, reason="")
    assert Access.objects.count() == 0


def test_erasing_leaves_nothing_that_says_who_it_was(people):
    person = people.person("褚一清", people.home, phone="13712344321", hukou_address="醴陵市褚家湾9号")
    records.change(person, actor=people.leader, name="褚一青", occupation="陶瓷画工")
    people.file(person)
    registers.begin(
        actor=people.leader,
        resident=person,
        care_class=people.solitary,
        reason="褚家独居",
        data={"contact": "褚二"},
    )
    depart(people, person)
    kept = Change.objects.filter(kind="resident", record_id=person.pk).count()
    access.unmask(actor=people.leader, record=person, fields=["phone"], reason="褚家电话核对")
    support.open_file(actor=people.leader, pk=SupportRecord.objects.get().pk, reason="褚家季度随访")
    access.unmask(actor=people.leader, record=people.old, fields=["phone"], reason="核对老人电话")
    looks = list(Access.objects.order_by("pk").values_list("user", "at", "act", "record_id"))
    subject.erase(actor=people.head, resident=person, reason="本人申请，目的已终止")
    told = stored()
    assert list(Access.objects.order_by("pk").values_list("user", "at", "act", "record_id")) == looks
    assert list(Access.objects.order_by("pk").values_list("reason", flat=True)) == ["", "", "核对老人电话"]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Access.objects.filter(resident=people.old).update(reason="")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Access.objects.filter(resident=person).update(user=people.head)
    for word in ("褚", "chuyi", "13712344321", "陶瓷画工"):
        assert word not in told, word
    person.refresh_from_db()
    assert (person.name, person.id_number, person.status) == (subject.NOBODY, "", "departed")
    assert person.stays.count() == Resident.objects.get(pk=person.pk).stays.filter(dwelling=None).count()
    assert (CareRecord.objects.count(), SupportRecord.objects.count()) == (0, 0)
    # Who changed what when stays on record, and the erasure itself.
    rows = Change.objects.filter(kind="resident", record_id=person.pk).order_by("pk")
    assert rows.count() == kept + 1
    assert [row.changes for row in rows] == [{}] * (kept + 1)
    assert set(Erasure.objects.values_list("kind", flat=True)) == {"resident", "care", "support"}


def test_an_erased_row_is_the_same_for_everybody(people):
    given = [
        {"sex": "1", "id_kind": "414", "population": "floating", "hukou_here": False, "ethnicity": "02"},
        {"sex": "2", "id_kind": "111", "population": "registered", "hukou_here": True, "ethnicity": "01"},
    ]
    left = []
    for number, more in enumerate(given):
        person = people.person(f"褚{number}", people.home, **more)
        depart(people, person, days=number)
        subject.erase(actor=people.head, resident=person, reason="本人申请，目的已终止")
        left.append(Resident.objects.filter(pk=person.pk).values(*subject.EMPTY).get())
        with pytest.raises(Invalid):
            tenancies.begin_tenancy(actor=people.head, dwelling=people.old.dwelling, tenant=person, since=TODAY)
    assert left[0] == left[1]
    assert [left[0][name] for name in ("sex", "id_kind", "population", "hukou_here", "ended_on")] == [
        "9", "", "", True, None,
    ]  # fmt: skip


def test_what_an_import_keeps_for_its_undoing_is_erased_too(people):
    person = people.person("褚一清", people.home, id_number=id_number(male=False), sex="2")
    row = roll_of(people.home, "褚一清", number=person.id_number, phone="13712344321")
    batch = applied(people.county.operator, "people", csv_file([PEOPLE, row]))
    table = Stage(batch)("before_resident")
    assert rows_of(f"SELECT count(*) FROM {table}") == [(1,)]
    person.refresh_from_db()
    depart(people, person)
    subject.erase(actor=people.head, resident=person, reason="本人申请，目的已终止")
    assert rows_of(f"SELECT count(*) FROM {table}") == [(0,)]
    service.ask_undo(actor=people.county.operator, batch_id=batch.pk)
    assert service.undo(batch.pk) == "applied"  # built on since: the erasure stands
    assert Resident.objects.get(pk=person.pk).name == subject.NOBODY


def test_whom_a_service_still_needs_is_not_erased(people):
    with pytest.raises(Conflict):
        subject.erase(actor=people.head, resident=people.old, reason="本人申请删除")
    depart(people, people.old)
    with pytest.raises(Refused):
        subject.erase(actor=people.leader, resident=people.old, reason="本人申请删除")
    with pytest.raises(NotFound):
        subject.erase(actor=people.leader_east, resident=people.old, reason="本人申请删除")
    assert Resident.objects.get(pk=people.old.pk).name == "钱老人"


def test_history_is_emptied_by_an_erasure_on_file_only(people):
    records.change(people.old, actor=people.leader, occupation="退休")
    rows = Change.objects.filter(record_id=people.old.pk, kind="resident")
    for values in ({"changes": {}}, {"changes": {}, "sealed": ""}, {"user": None}, {"action": "x"}):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            rows.update(**values)
    with transaction.atomic():
        Erasure.objects.create(kind="resident", record_id=people.old.pk, grid=people.home, reason="x")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            rows.update(changes={"name": ["", "伪造"]})
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            rows.update(changes={}, sealed="", user=None)
        rows.update(changes={}, sealed="")
    for change in (Erasure.objects.all().delete, lambda: Erasure.objects.update(reason="y"), rows.delete):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


# ---- retention


def test_the_dead_and_departed_are_archived_and_later_erased(people, settings):
    settings.ARCHIVE_DAYS, settings.ERASE_DAYS = 100, 200
    recent, gone, long_gone = (people.person(name, people.home) for name in ("吴近", "郑远", "王久"))
    for person, days in ((recent, 99), (gone, 100), (long_gone, 200)):
        depart(people, person, days)
    assert retention.run(dry_run=True) == retention.Kept(2, 1, 0, 0, 0, 0)
    assert not Resident.objects.exclude(archived_at=None).exists()
    assert retention.run() == retention.Kept(2, 1, 0, 0, 0, 0)
    assert retention.run() == retention.Kept(0, 0, 0, 0, 0, 0)
    for person in (recent, gone, long_gone):
        person.refresh_from_db()
    assert recent.archived_at is None and recent.phone
    assert gone.archived_at and (gone.phone, gone.phone_tag, gone.tail_tag) == ("", "", "") and gone.id_tag
    assert (long_gone.name, long_gone.id_tag) == (subject.NOBODY, "")
    assert Resident.objects.get(pk=people.old.pk).archived_at is None


def test_never_is_never(people, settings):
    settings.ARCHIVE_DAYS = settings.ERASE_DAYS = settings.CONTACT_DAYS = 0
    depart(people, people.old, 9999)
    assert retention.run() == retention.Kept(0, 0, 0, 0, 0, 0)


def test_entries_of_registers_go_after_the_time_of_their_class(people):
    entry, file = people.care(), people.file()
    registers.end(entry, actor=people.leader, on=date(2026, 2, 1), reason="已入住养老院")
    support.end(actor=people.leader, pk=file.pk, on=date(2026, 2, 1), reason="退出管理")
    keep = timedelta(days=people.solitary.keep_days)
    assert retention.run(today=date(2026, 2, 1) + keep - timedelta(days=1)).care == 0
    assert retention.run(today=date(2026, 2, 1) + keep).care == 1
    keep = timedelta(days=people.disorder.keep_days)
    assert retention.run(today=date(2026, 2, 1) + keep, dry_run=True).support == 1
    assert retention.run(today=date(2026, 2, 1) + keep).support == 1
    assert (CareRecord.objects.count(), SupportRecord.objects.count()) == (0, 0)
    assert not Change.objects.filter(kind__in=["care", "support"]).exclude(changes={}, sealed="").exists()


def test_who_reported_an_ended_case_is_forgotten_after_its_time(county, settings):
    settings.CONTACT_DAYS = 30
    place = {"grid": county.west.grids[0], "path": county.west.grids[0].path, "description": "路灯不亮"}
    unit = {"holder": county.west.station, "centre": county.west.station}
    then = timezone.now() - timedelta(days=31)
    told = {"contact_name": "冯女士", "contact_phone": "13612345678"}
    old = Event.objects.create(
        status="closed", number="430281-2026-000001", closed_at=then, **place, **unit, **told
    )
    rejected = Event.objects.create(status="rejected", stage_since=then, **place, **unit, **told)
    running = Event.objects.create(
        status="registered", number="430281-2026-000002", stage_since=then, **place, **unit, **told
    )
    fresh = {"number": "430281-2026-000003", "closed_at": timezone.now()}
    new = Event.objects.create(status="closed", **fresh, **place, **unit, **told)
    out = StringIO()
    call_command("retention", dry_run=True, stdout=out)
    assert Event.objects.get(pk=old.pk).contact_name == "冯女士"
    assert retention.run().contacts == 2
    assert retention.run().contacts == 0
    kept = dict(Event.objects.values_list("pk", "contact_name"))
    assert kept == {old.pk: "", rejected.pk: "", running.pk: "冯女士", new.pk: "冯女士"}
    assert Event.objects.get(pk=old.pk).contact_phone == "" and Event.objects.get(pk=new.pk).contact_phone
