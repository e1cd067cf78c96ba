"""The history: append-only in the database, chained per event, sealed daily, and a proof that names the first fault."""

import hashlib
import io
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from events import history_triggers
from events.models import Event, Notice, Seal, SealedHead, Transition
from events.services import history, history_files, record
from events.services.history_files import Files
from tests.scenes import Scene, beijing, photo


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def scene(db, time_machine):
    time_machine.move_to(beijing("2026-03-02 09:00"), tick=False)
    return Scene()


def execute(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


@contextmanager
def without_triggers():
    """What somebody with the database's password could do."""
    if connection.vendor == "postgresql":
        execute("SET CONSTRAINTS ALL IMMEDIATE")
        execute("SET CONSTRAINTS ALL DEFERRED")
    for statement in history_triggers.removal(connection.vendor):
        execute(statement)
    yield
    if connection.vendor == "postgresql":
        execute("SET CONSTRAINTS ALL IMMEDIATE")
    for statement in history_triggers.statements(connection.vendor):
        with connection.cursor() as cursor:
            cursor.execute(statement, None)


# ---- the triggers


@pytest.mark.parametrize("table", history_triggers.TABLES)
@pytest.mark.parametrize("statement", ["UPDATE {} SET hash = 'x'", "DELETE FROM {}"])
def test_the_database_refuses_to_change_the_history(scene, table, statement):
    scene.evaluated()
    history.seal(until=beijing("2026-03-03 00:00"))
    before = [list(model.objects.values()) for model in (Transition, Seal, SealedHead)]
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        execute(statement.format(table))
    assert [list(model.objects.values()) for model in (Transition, Seal, SealedHead)] == before


def test_truncating_is_refused_too(scene):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    scene.reported()
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        execute("TRUNCATE events_transition CASCADE")


def test_the_orm_meets_the_same_refusal(scene):
    row = scene.reported().transitions.first()
    for change in (
        lambda: Transition.objects.filter(pk=row.pk).update(words="别的话"),
        lambda: Transition.objects.bulk_update([row], ["words"]),
        lambda: setattr(row, "words", "别的话") or row.save(),
        lambda: Transition.objects.filter(pk=row.pk)._raw_delete("default"),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()


# ---- the proof


def test_an_untouched_history_has_no_fault(scene):
    for status in ("evaluated", "suspended", "merged", "rejected"):
        scene.in_status(status)
    assert list(history.faults()) == []
    out = io.StringIO()
    call_command("verify_history", stdout=out)
    assert out.getvalue() == f"History untouched: {Transition.objects.count()} steps verified.\n"


def test_what_was_hashed_is_what_the_database_gives_back(scene):
    """Whole numbers as a position, zero with a minus, a tenth of a metre, quotes, line breaks, rare characters."""
    scene.report(location=(113, 27), description="井盖\r\n缺失")
    scene.report(location=(-0.0, 0), description="手机没有定位")
    event = scene.dispatched()
    scene.take(event, "report_in", "staff_called", location=(113.40500000000001, 27), words='"到"\\ \t𠮷\u2028 ')
    scene.take(event, "co_report", "staff_co", words="一\n二\r\n三")
    scene.supervise(event, "leader", words="'; DROP TABLE events_transition; --")
    assert list(history.faults()) == []


@pytest.mark.parametrize(
    "column",
    ["action = 'reject'", "target = 'closed'", "source = 'closed'", "words = '假话'", "actor_id = NULL", "unit_id = NULL",
     "at = '2026-03-01 00:00:00'", "lon = 1.5", "lat = 1.5", "photos = '[\"ab\"]'", "facts = '{}'"],
)  # fmt: skip
def test_every_column_of_a_step_is_covered_by_its_hash(scene, column):
    event = scene.closed()
    row = event.transitions.get(action="report_in")
    with without_triggers():
        execute(f"UPDATE events_transition SET {column} WHERE id = %s", row.pk)
    action = event.transitions.get(pk=row.pk).action
    number = Event.objects.get(pk=event.pk).number
    assert list(history.faults()) == [f"event {number}: step {row.seq} ({action}) was changed"]


def test_changed_words_with_a_new_hash_are_found_by_the_next_step(scene):
    event = scene.registered()
    row = event.transitions.get(action="escalate")
    row.words = "另有说法"
    with without_triggers():
        value = record.hash_of(row, event.uid)
        execute("UPDATE events_transition SET words = %s, hash = %s WHERE id = %s", row.words, value, row.pk)
    assert list(history.faults()) == [
        f"event {event}: step 3 does not follow step 2 (one of them was changed or added)".replace(
            f"#{event.pk}", Event.objects.get(pk=event.pk).number
        )
    ]


def remove(row):
    with without_triggers():
        execute("DELETE FROM events_notice WHERE transition_id = %s", row.pk)
        execute("DELETE FROM events_transition WHERE id = %s", row.pk)


def test_a_step_deleted_in_the_middle_is_named(scene):
    event = Event.objects.get(pk=scene.registered().pk)
    remove(event.transitions.get(seq=3))
    assert list(history.faults()) == [f"event {event}: step 3 is missing"]


def test_a_deleted_end_is_named(scene):
    event = Event.objects.get(pk=scene.registered().pk)
    remove(event.transitions.get(seq=event.head_seq))
    assert list(history.faults()) == [f"event {event}: step {event.head_seq} is missing"]


def cut(event, seq):
    """Delete the steps from `seq` on and let the event believe that there never were any."""
    for row in event.transitions.filter(seq__gte=seq).order_by("-seq"):
        remove(row)
    last = event.transitions.get(seq=seq - 1)
    Event.objects.filter(pk=event.pk).update(head_seq=last.seq, head_hash=last.hash, status=last.target)


def test_a_deleted_end_that_was_covered_up_is_found_by_the_seal(scene):
    event = Event.objects.get(pk=scene.registered().pk)
    history.seal(until=beijing("2026-03-03 00:00"))
    cut(event, event.head_seq)
    assert list(history.faults()) == [f"event id {event.pk}: sealed step {event.head_seq} is missing"]


def test_an_added_step_is_named(scene):
    event = Event.objects.get(pk=scene.reported().pk)
    last = event.transitions.last()
    Transition.objects.create(
        event=event, seq=last.seq + 1, action="cancel", source="reported", target="cancelled", at=last.at,
        prev_hash=last.hash, hash="0" * 64,
    )  # fmt: skip
    assert list(history.faults()) == [
        f"event {event}: step {last.seq + 1} (cancel) was changed", f"event {event}: step {last.seq + 1} was added"
    ]  # fmt: skip


def test_an_added_step_with_a_right_hash_is_named(scene):
    event = Event.objects.get(pk=scene.reported().pk)
    last = event.transitions.last()
    row = Transition(
        event=event, seq=last.seq + 1, action="cancel", source="reported", target="cancelled", at=last.at,
        prev_hash=last.hash,
    )  # fmt: skip
    row.hash = record.hash_of(row, event.uid)
    row.save(force_insert=True)
    assert list(history.faults()) == [f"event {event}: step {row.seq} was added"]


def test_a_step_that_changed_sides_is_named_at_both_events(scene):
    event, other = scene.reported(), scene.report("worker_full")
    row = event.transitions.last()
    with without_triggers():
        execute("UPDATE events_transition SET event_id = %s, seq = 2 WHERE id = %s", other.pk, row.pk)
        execute("UPDATE events_notice SET event_id = %s WHERE transition_id = %s", other.pk, row.pk)
    assert list(history.faults()) == [
        f"event #{event.pk}: step {row.seq} is missing",
        f"event #{other.pk}: step 2 does not follow step 1 (one of them was changed or added)",
        f"event #{other.pk}: step 2 ({row.action}) was changed",
        f"event #{other.pk}: step 2 was added",
    ]


def test_a_status_that_no_step_led_to_is_named(scene):
    event = scene.handling()
    Event.objects.filter(pk=event.pk).update(status="verifying")
    number = Event.objects.get(pk=event.pk).number
    assert list(history.faults()) == [f"event {number}: its status is verifying, its last step led to handling"]


def test_a_chain_that_was_taken_away_whole_is_named(scene):
    event = scene.reported()
    for row in event.transitions.order_by("-seq"):
        remove(row)
    assert list(history.faults()) == [f"event #{event.pk}: all steps are missing"]


def test_an_event_deleted_with_all_its_steps_is_named_by_the_seal(scene):
    event, kept = scene.report("worker_full"), scene.report("worker_full")
    history.seal(until=beijing("2026-03-03 00:00"))
    remove(event.transitions.get())
    Notice.objects.filter(event=event).delete()
    execute("DELETE FROM events_event WHERE id = %s", event.pk)
    assert Event.objects.get() == kept
    assert list(history.faults()) == [f"event id {event.pk}: sealed step 1 is missing"]


def test_a_registered_event_deleted_before_its_day_was_sealed_leaves_a_gap_in_the_numbers(scene):
    events = [scene.report("worker_full") for _ in range(3)]
    for event in events:
        scene.take(event, "register", "op_station", standard=scene.standard.pk, urgency="normal")
    gone = events[1]
    for row in gone.transitions.order_by("-seq"):
        remove(row)
    for table in ("events_notice", "events_stagerecord"):
        execute(f"DELETE FROM {table} WHERE event_id = %s", gone.pk)
    execute("DELETE FROM events_event WHERE id = %s", gone.pk)
    assert list(history.faults()) == ["event 430281-2026-000002: the number was given, the event is missing"]


def test_steps_without_their_event_are_named(scene):
    event = scene.report("worker_full")
    Notice.objects.filter(event=event).delete()
    if connection.vendor == "sqlite":
        execute("PRAGMA defer_foreign_keys = ON")
    execute("DELETE FROM events_event WHERE id = %s", event.pk)
    assert list(history.faults()) == [f"event id {event.pk}: the event is missing, its steps are there"]
    transaction.set_rollback(True)  # the foreign key would refuse this at the commit


# ---- seals


@pytest.fixture
def three_days(scene, time_machine):
    """Seven steps on Monday, two on Tuesday, none on Wednesday; it is Thursday morning."""
    time_machine.move_to(beijing("2026-03-02 09:00"), tick=False)
    first, second = scene.reported(), scene.report("worker_full")
    time_machine.move_to(beijing("2026-03-03 23:59:59"), tick=False)
    scene.take(second, "register", "op_station", standard=scene.standard.pk, urgency="normal")
    time_machine.move_to(beijing("2026-03-05 08:00"), tick=False)
    return first, second


def test_the_days_that_were_missed_are_sealed_once_each(scene, three_days):
    first, second = three_days
    made = history.seal_due()
    assert [(str(s), s.chains) for s in made] == [("2026-03-02", 2), ("2026-03-03", 1), ("2026-03-04", 0)]
    assert [s.until for s in made] == [beijing(f"2026-03-0{day} 00:00") for day in (3, 4, 5)]
    assert [s.prev_hash for s in made] == ["", made[0].hash, made[1].hash]
    heads = list(SealedHead.objects.order_by("pk").values_list("event_id", "seq"))
    assert heads == [(first.pk, 3), (second.pk, 1), (second.pk, 2)]
    assert history.seal_due() == []
    assert list(history.faults()) == []


def test_a_day_is_sealed_from_midnight_on(scene, three_days):
    assert [str(s) for s in history.seal_due(beijing("2026-03-02 23:59:59"))] == []
    assert [str(s) for s in history.seal_due(beijing("2026-03-03 00:00"))] == ["2026-03-02"]


def test_an_empty_history_needs_no_seal(db):
    assert history.seal_due() == []


def test_a_step_that_was_committed_late_is_sealed_the_next_day(scene, three_days, time_machine):
    history.seal_due(beijing("2026-03-04 00:20"))
    time_machine.move_to(beijing("2026-03-03 23:59:59"), tick=False)  # begun before midnight, committed after the seal
    late = scene.report("worker_full")
    time_machine.move_to(beijing("2026-03-05 00:20"), tick=False)
    (made,) = history.seal_due()
    assert list(made.heads.values_list("event_id", "seq")) == [(late.pk, 1)]


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ("UPDATE events_seal SET hash = 'x' WHERE until = %s",
         ["seal of 2026-03-02: it was changed, or a chain was taken from it or added",
          "seal of 2026-03-03: the seal before it is missing or was changed"]),
        ("UPDATE events_seal SET chains = 7 WHERE until = %s",
         ["seal of 2026-03-02: it was changed, or a chain was taken from it or added"]),
        ("DELETE FROM events_sealedhead WHERE seal_id = (SELECT id FROM events_seal WHERE until = %s) AND seq = 1",
         ["seal of 2026-03-02: it was changed, or a chain was taken from it or added"]),
    ],
)  # fmt: skip
def test_a_changed_seal_is_named(scene, three_days, change, faults):
    history.seal_due()
    with without_triggers():
        execute(change, connection.ops.adapt_datetimefield_value(beijing("2026-03-03 00:00")))
    assert list(history.faults()) == faults


def test_a_deleted_seal_is_named(scene, three_days):
    made = history.seal_due()
    with without_triggers():
        execute("DELETE FROM events_sealedhead WHERE seal_id = %s", made[0].pk)
        execute("DELETE FROM events_seal WHERE id = %s", made[0].pk)
    assert list(history.faults()) == ["seal of 2026-03-03: the seal before it is missing or was changed"]


def test_a_chain_rewritten_from_the_first_step_on_is_found_by_the_seal(scene, three_days):
    history.seal_due()
    event = Event.objects.get(pk=three_days[0].pk)
    before = ""
    with without_triggers():
        for row in event.transitions.order_by("seq"):
            row.words, row.prev_hash = "全部改写", before
            before = row.hash = record.hash_of(row, event.uid)
            row.save()
    Event.objects.filter(pk=event.pk).update(head_hash=before)
    assert list(history.faults()) == [f"event id {event.pk}: sealed step 3 is not the one that was sealed"]


# ---- the commands


def test_verify_history_names_the_faults_and_fails(scene):
    for _ in range(3):
        Event.objects.filter(pk=scene.report("worker_full").pk).update(
            status="closed", number=f"n{_}", due_at=None
        )
    words = io.StringIO()
    with pytest.raises(CommandError, match="not untouched") as error:
        call_command("verify_history", stderr=words, most=2)
    assert error.value.returncode == 1
    assert words.getvalue().splitlines() == [
        f"event n{number}: its status is closed, its last step led to reported" for number in (0, 1)
    ]


def test_seal_history_says_what_it_sealed(scene, three_days):
    out = io.StringIO()
    call_command("seal_history", stdout=out)
    lines = out.getvalue().splitlines()
    assert [line.split(",")[0] for line in lines] == [
        "2026-03-02: 2 chains", "2026-03-03: 1 chains", "2026-03-04: 0 chains"
    ]  # fmt: skip
    out = io.StringIO()
    call_command("seal_history", stdout=out)
    assert out.getvalue() == "Nothing to seal.\n"


def test_the_proof_reads_the_history_as_a_stream(scene, django_assert_num_queries):
    for _ in range(5):
        scene.report("worker_full")
    history.seal(until=beijing("2026-03-03 00:00") + timedelta(days=1))
    # steps with their events; events without steps; steps without events; counters of numbers; seals; heads of the
    # one seal; sealed steps
    with django_assert_num_queries(7):
        assert list(history.faults()) == []


# ---- photos and files


@pytest.fixture
def photographed(scene):
    """An event with two photos by its report and one by its feedback; another one with a photo."""
    event = scene.report("worker_full", photos=[photo(scene.people["worker_full"]) for _ in range(2)])
    other = scene.report("worker_full", photos=[photo(scene.people["worker_full"])])
    return event, other


def file_faults():
    return list(Files().faults())


def test_stored_files_that_are_as_their_steps_say_have_no_fault(photographed):
    out = io.StringIO()
    call_command("verify_history", files=True, stdout=out)
    assert out.getvalue() == (
        "History untouched: 2 steps verified.\nFiles untouched: 3 compared with their steps.\n"
    )


def test_a_file_with_one_other_byte_and_a_deleted_one_are_named(photographed):
    event, _other = photographed
    first, second = event.attachments.order_by("pk")
    path = Path(first.file.path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    second.file.storage.delete(second.file.name)
    expected = [
        f"event #{event.pk}: file “photo.jpg” of step 1 was changed ({first.file.name})",
        f"event #{event.pk}: file “photo.jpg” of step 1 is missing ({second.file.name})",
    ]
    assert file_faults() == expected
    words = io.StringIO()
    with pytest.raises(CommandError, match="not untouched"):
        call_command("verify_history", files=True, stderr=words)
    assert words.getvalue().splitlines() == expected
    call_command("verify_history", stdout=io.StringIO())  # the steps themselves are as they were


def test_a_changed_file_whose_record_was_changed_too_is_found_by_its_step(photographed):
    event = photographed[1]
    (row,) = event.attachments.all()
    Path(row.file.path).write_bytes(b"something else")
    known, row.sha256 = row.sha256, hashlib.sha256(b"something else").hexdigest()
    row.save(update_fields=["sha256"])
    assert file_faults() == [
        f"event #{event.pk}: file “photo.jpg” of step 1 was changed ({row.file.name})",
        f"event #{event.pk}: step 1 names a file that nobody knows any more (SHA-256 {known})",
    ]


def test_a_file_whose_record_was_deleted_is_named_by_its_hash(photographed):
    event = photographed[1]
    row = event.attachments.get()
    row.delete()
    assert file_faults() == [
        f"event #{event.pk}: step 1 names a file that nobody knows any more (SHA-256 {row.sha256})"
    ]


def test_files_are_compared_in_pieces_and_uploads_of_no_step_are_left_alone(scene, photographed, monkeypatch):
    photo(scene.people["worker_full"])
    monkeypatch.setattr(history_files, "PIECE", 1)
    files = Files()
    assert (list(files.faults()), files.count) == ([], 3)


def test_the_proof_speaks_chinese(photographed):
    event = photographed[1]
    row = event.attachments.get()
    row.file.storage.delete(row.file.name)
    with translation.override("zh-hans"):
        (words,) = file_faults()
    assert words == f"事件 #{event.pk}：第 1 步的附件“photo.jpg”缺失（{row.file.name}）"
