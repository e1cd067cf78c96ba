"""Keys change while the system runs; a dump of the database holds no private value in clear."""

import base64
import os
import shutil
import subprocess
from io import StringIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from core import ciphers
from core.errors import Conflict, Invalid
from gridcenter.settings import required
from residents.intake import service
from residents.intake.stage import Stage
from residents.models import CareRecord, Change, Resident, SupportRecord
from residents.selectors.search import search
from residents.services import care as registers
from residents.services import records, rehash, rotation, subject, support
from tests.residents.factories import KeyPlaceFactory, OrganisationFactory
from tests.residents.intake_scene import PEOPLE, applied, csv_file, read
from tests.residents.scene import GUARDIAN, People, stored
from tests.residents.test_intake import person as roll_of

AES = "new-aes:" + base64.b64encode(b"a" * 32).decode()
SM4 = "new-sm4:" + base64.b64encode(b"s" * 16).decode()


def filled(county):
    people = People(county)
    people.file()
    support.visit(actor=people.leader, pk=SupportRecord.objects.get().pk)
    data = {"contact": "机密联系人", "contact_phone": "13766667777"}
    registers.begin(actor=people.leader, resident=people.old, care_class=people.solitary, data=data)
    dwelling = people.old.dwelling
    records.change(dwelling, actor=people.leader, owner_name="房东", owner_phone="13700001111")
    OrganisationFactory(grid=people.home, phone="13700002222")
    KeyPlaceFactory(grid=people.home, responsible_phone="13700003333")
    return people


def clear_values(people):
    """What must stand nowhere in clear."""
    found = {
        "13766667777",
        "13700001111",
        "13700002222",
        "13700003333",
        "机密监护人",
        "13955556666",
        "机密联系人",
    }
    for person in (people.ill, people.old, people.neighbour, people.far):
        found |= {person.id_number, person.phone, person.birth_date, person.id_number[6:14]}
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("new", [AES, SM4])
def test_all_values_move_to_the_new_key_and_the_old_one_can_go(county, settings, new):
    people = filled(county)
    count = sum(rotation.waiting(column) for column in rotation.columns())
    assert count == 0
    old = settings.FIELD_KEYS
    settings.FIELD_KEYS = f"{new},{old}"
    waiting = sum(rotation.waiting(column) for column in rotation.columns())
    assert waiting > 15
    out = StringIO()
    call_command("rotate_keys", dry_run=True, stdout=out)
    assert sum(rotation.waiting(column) for column in rotation.columns()) == waiting
    call_command("rotate_keys", batch=2, stdout=out)
    assert "residents_resident.id_number: 4 / 4" in out.getvalue()
    settings.FIELD_KEYS = new
    assert Resident.objects.get(pk=people.ill.pk).id_number == people.ill.id_number
    assert support.files(actor=people.leader)[0].own == GUARDIAN
    assert CareRecord.objects.get().values["contact_phone"] == "13766667777"
    assert [one["action"] for one in support.history(actor=people.leader, pk=SupportRecord.objects.get().pk)] == [
        "visited", "begun",
    ]  # fmt: skip
    assert not Change.objects.exclude(sealed="").exclude(sealed__startswith=new.split(":")[0]).exists()


@pytest.mark.django_db
def test_what_imports_keep_moves_too_and_can_still_be_undone(county, settings):
    people = People(county)
    roll = [PEOPLE, roll_of(people.home, "钱老人", number=people.old.id_number, phone="13712344321")]
    batch = applied(county.operator, "people", csv_file(roll))
    fresh = roll_of(people.home, "新来的", building="9", household="H9")
    looked_at = read(county.operator, "people", csv_file([PEOPLE, fresh]))
    old = settings.FIELD_KEYS
    settings.FIELD_KEYS = f"{AES},{old}"
    tables = {column.table for column in rotation.columns() if rotation.waiting(column)}
    assert {Stage(batch)("before_resident"), Stage(looked_at)("raw"), Stage(looked_at)("resident")} <= tables
    call_command("rotate_keys", batch=1, stdout=StringIO())
    settings.FIELD_KEYS = AES
    assert sum(rotation.waiting(column) for column in rotation.columns()) == 0
    service.confirm(actor=county.operator, batch_id=looked_at.pk)
    assert service.apply(looked_at.pk) == "applied"
    assert Resident.objects.get(name="新来的").phone == "12011112222"
    service.ask_undo(actor=county.operator, batch_id=batch.pk)
    assert service.undo(batch.pk) == "undone"
    assert Resident.objects.get(pk=people.old.pk).phone == people.old.phone


@pytest.mark.django_db
def test_a_batch_is_one_statement_however_many_values_it_holds(county, settings, django_assert_num_queries):
    filled(county)
    settings.FIELD_KEYS = f"{SM4},{settings.FIELD_KEYS}"
    column = next(one for one in rotation.columns() if one.table == "residents_resident" and one.name == "phone")
    with django_assert_num_queries(5):  # a page, a savepoint and its end, the update; a page to see that there is no more
        assert list(rotation.rotate(column)) == [4]


@pytest.mark.django_db
def test_a_stopped_rotation_goes_on_with_what_is_left(county, settings):
    filled(county)
    settings.FIELD_KEYS = f"{SM4},{settings.FIELD_KEYS}"
    column = next(
        one for one in rotation.columns() if one.table == "residents_resident" and one.name == "phone"
    )
    steps = rotation.rotate(column, batch=3)
    assert next(steps) == 3
    steps.close()
    assert rotation.waiting(column) == 1
    assert list(rotation.rotate(column, batch=3)) == [1]
    assert rotation.waiting(column) == 0


@pytest.mark.django_db
def test_what_somebody_writes_meanwhile_is_not_overwritten(county, settings, monkeypatch):
    people = filled(county)
    settings.FIELD_KEYS = f"{SM4},{settings.FIELD_KEYS}"
    column = next(
        one for one in rotation.columns() if one.table == "residents_resident" and one.name == "phone"
    )
    write = rotation._write

    def late(column, rows):
        Resident.objects.filter(pk=people.old.pk).update(phone="13999998888")
        write(column, rows)

    monkeypatch.setattr(rotation, "_write", late)
    list(rotation.rotate(column))
    assert Resident.objects.get(pk=people.old.pk).phone == "13999998888"
    assert Resident.objects.get(pk=people.ill.pk).phone == people.ill.phone


@pytest.mark.django_db
def test_a_missing_key_is_said_and_nothing_is_lost(county, settings):
    people = filled(county)
    old = settings.FIELD_KEYS
    settings.FIELD_KEYS = AES
    with pytest.raises(CommandError, match="No key"):
        call_command("rotate_keys", stdout=StringIO())
    settings.FIELD_KEYS = old
    assert Resident.objects.get(pk=people.old.pk).id_number == people.old.id_number


@pytest.mark.django_db
def test_every_sealed_text_is_known_to_the_rotation():
    """A column whose name says that it is sealed, or that is an EncryptedField, is rotated."""
    known = {(column.table, column.name) for column in rotation.columns()}
    for model in (SupportRecord, Change):
        assert (model._meta.db_table, "sealed") in known
    assert ("residents_carerecord", "data") in known
    assert ("events_event", "contact_phone") in known and ("accounts_user", "phone") in known


def dump():
    """The whole database as a backup holds it."""
    if connection.vendor == "sqlite":
        return stored(*connection.introspection.django_table_names(only_existing=True))
    settings = connection.settings_dict
    command = [
        "pg_dump",
        "-U",
        settings["USER"],
        "-h",
        settings["HOST"] or "127.0.0.1",
        "-p",
        str(settings["PORT"] or 5432),
    ]
    env = {"PATH": os.environ["PATH"], "PGPASSWORD": settings["PASSWORD"] or ""}
    done = subprocess.run([*command, settings["NAME"]], capture_output=True, text=True, env=env, check=True)
    return done.stdout


@pytest.mark.django_db(transaction=True)
def test_a_dump_holds_no_private_value_in_clear(county):
    if connection.vendor == "postgresql" and shutil.which("pg_dump") is None:
        pytest.fail("pg_dump is needed for this test")
    people = filled(county)
    told = dump()
    assert "钱老人" in told and ciphers.writing_key() in told  # it is the dump, with people in it
    assert [value for value in clear_values(people) if value in told] == []


def test_keys_are_read_from_a_file(tmp_path):
    """One key on each line; a file that cannot be read is said, and the environment's own value comes first."""
    keys = tmp_path / "keys"
    keys.write_text(f"{AES}\n{SM4}\n")
    assert required("P_TEST_NO_SUCH_NAME", demo="", file=str(keys)) == f"{AES},{SM4}"
    assert list(ciphers._keys(f"{AES},{SM4}")) == ["new-aes", "new-sm4"]
    with pytest.raises(ImproperlyConfigured, match="P_TEST_NO_SUCH_NAME_FILE cannot be read"):
        required("P_TEST_NO_SUCH_NAME", demo="", file=str(tmp_path / "missing"))


# ---- HASH_KEY


@pytest.mark.django_db
def test_a_phone_that_somebody_writes_while_hashes_are_renewed_keeps_its_own(county, settings, monkeypatch):
    people = filled(county)
    settings.HASH_KEY, settings.HASH_KEY_OLD = "another-hash-key", settings.HASH_KEY
    write = rehash._write

    def late(hashed, rows):
        monkeypatch.setattr(rehash, "_write", write)
        Resident.objects.filter(pk=people.old.pk).update(phone="13999998888", phone_tag=ciphers.tag("phone", "13999998888"))
        write(hashed, rows)

    monkeypatch.setattr(rehash, "_write", late)
    (residents,) = [one for one in rehash.tables() if one.table == "residents_resident"]
    list(rehash.rehash(residents))
    assert Resident.objects.get(pk=people.old.pk).phone_tag == ciphers.tag("phone", "13999998888")
    assert Resident.objects.get(pk=people.ill.pk).phone_tag == ciphers.tag("phone", people.ill.phone)


@pytest.mark.django_db
def test_hashes_move_to_a_new_key_while_both_find(county, settings):
    people = filled(county)
    batch = applied(county.operator, "people", csv_file([
        PEOPLE, roll_of(people.home, "钱老人", number=people.old.id_number, phone="13712344321"),
    ]))  # fmt: skip
    support.open_file(actor=people.leader, pk=SupportRecord.objects.get().pk, reason="季度随访前查阅")
    old = settings.HASH_KEY
    before = Resident.objects.get(pk=people.old.pk).id_tag, SupportRecord.objects.get().resident_tag
    with pytest.raises(CommandError, match="HASH_KEY_OLD"):
        call_command("rotate_hashes", stdout=StringIO())
    settings.HASH_KEY, settings.HASH_KEY_OLD = "another-hash-key", old

    def all_is_found():
        fresh = User.objects.get(pk=people.leader.pk)
        for text in (people.old.id_number, "13712344321", f"钱老人 {people.old.id_number[-4:]}"):
            (group,) = [one for one in search(fresh, text).groups if one.kind == "resident"]
            assert [hit.pk for hit in group.hits] == [people.old.pk], text
        assert [file.resident.pk for file in support.files(actor=fresh)] == [people.ill.pk]
        assert [row.act for row in subject.looks_at(people.head, people.ill)] == ["open"]
        for known, error in ((people.old, Invalid), (people.far, Invalid)):
            with pytest.raises(error):
                records.add("resident", actor=fresh, household=people.old.household, name="某", id_number=known.id_number)
        with pytest.raises(Conflict):
            people.file()

    all_is_found()
    with pytest.raises(Conflict):
        read(county.operator, "people", csv_file([PEOPLE]))
    out = StringIO()
    call_command("rotate_hashes", batch=2, stdout=out)
    assert "HASH_KEY_OLD" in out.getvalue() and "residents_resident: 4, 4" in out.getvalue()
    all_is_found()
    settings.HASH_KEY_OLD = ""
    all_is_found()
    after = Resident.objects.get(pk=people.old.pk).id_tag, SupportRecord.objects.get().resident_tag
    assert not {*before} & {*after}
    # What an import keeps for its undoing has moved, too.
    service.ask_undo(actor=county.operator, batch_id=batch.pk)
    assert service.undo(batch.pk) == "undone"
    assert Resident.objects.get(pk=people.old.pk).id_tag == ciphers.tag("id", people.old.id_number)


@pytest.mark.django_db
def test_a_renewal_that_was_stopped_writes_what_is_left(county, settings):
    filled(county)
    settings.HASH_KEY, settings.HASH_KEY_OLD = "another-hash-key", settings.HASH_KEY
    (people, *_rest) = rehash.tables()
    steps = rehash.rehash(people, batch=3)
    assert next(steps) == (3, 3)
    steps.close()
    assert list(rehash.rehash(people, batch=3)) == [(3, 0), (1, 1)]
