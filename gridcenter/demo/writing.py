"""Lives to rows: COPY in portions, in the order of the foreign keys."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from uuid import UUID

import shapely
from django.db import DEFAULT_DB_ALIAS, connection, connections

from accounts.roles import WORKER_ROLES
from core import ciphers
from core.bulk import Json, copy_rows, reset_sequence
from events.clocks import BEIJING

from .life import Life
from .pictures import Picture

PORTION = 6000
_EVENT = (
    "id", "uid", "number", "status", "source", "urgency", "description", "place", "location", "grid_id", "path",
    "placed", "standard_id", "reporter_id", "contact_name", "contact_phone", "holder_id", "centre_id", "lead_id",
    "stage_since", "stage_seconds", "stage_unit", "due_at", "yellow_at", "warned", "handle_since", "handle_seconds",
    "handle_unit", "handle_due_at", "handle_yellow_at", "resume_status", "resume_holder_id", "suspended_until",
    "stage_left", "handle_left", "late", "returns", "reworks", "grants", "reopens", "supervised", "settled_on_spot",
    "spot_check", "spot_state", "spot_due_at", "merged_into_id", "stars", "rating_words", "reported_at", "registered_at",
    "dispatched_at",
    "signed_at", "fed_back_at", "closed_at", "evaluated_at", "head_seq", "head_hash",
)  # fmt: skip
_STEP = (
    "id", "event_id", "seq", "action", "source", "target", "actor_id", "unit_id", "at", "words", "lon", "lat",
    "photos", "facts", "key", "prev_hash", "hash",
)  # fmt: skip
_TURN = (
    "id", "event_id", "unit_id", "lead", "outcome", "dispatched_at", "signed_at", "due_at", "ended_at", "late",
    "exempt", "used_share", "words",
)  # fmt: skip
_STAGE = (
    "id", "event_id", "stage", "unit_id", "actor_id", "started_at", "ended_at", "due_at", "late", "exempt",
    "used_share",
)  # fmt: skip
_REQUEST = ("id", "event_id", "unit_id", "asked_at", "amount", "amount_unit", "words", "granted", "decided_at")
_SUPERVISION = (
    "id", "event_id", "by_id", "unit_id", "asked_unit_id", "asked_at", "words", "answer_by", "answered_at", "answer",
    "noted",
)  # fmt: skip
_WHISTLE = ("id", "event_id", "unit_id", "by_id", "called_at", "place", "location", "come_by", "words")
_CALL = (
    "id", "whistle_id", "unit_id", "called_at", "come_by", "arrived_at", "arrived_by_id", "location", "distance",
    "stars", "stars_words", "noted",
)  # fmt: skip
_PHOTO = (
    "id", "public_id", "event_id", "seq", "kind", "file", "thumbnail", "name", "extension", "content_type", "size",
    "sha256", "taken_at", "taken_where", "uploader_id", "uploaded_at",
)  # fmt: skip
TABLES = {
    "events_event": _EVENT,
    "events_transition": _STEP,
    "events_assignment": _TURN,
    "events_stagerecord": _STAGE,
    "events_timerequest": _REQUEST,
    "events_supervision": _SUPERVISION,
    "events_whistle": _WHISTLE,
    "events_whistlecall": _CALL,
    "events_attachment": _PHOTO,
}


class Writer:
    """Takes lives in the order they are reported, numbers the registered ones without gaps, writes portions.

    A context manager: inside it the database connection belongs to the writing thread.
    """

    def __init__(self, territory: str, pictures: list[Picture], seed: int):
        self.territory, self.pictures = territory, pictures
        self.r = Random(f"{seed} attachments")
        self.counters: dict[int, int] = {}
        self.numbers: dict[int, tuple] = {}  # event id → (registered_at, number)
        self.rows: dict[str, list[tuple]] = {table: [] for table in TABLES}
        self.ids = dict.fromkeys(TABLES, 0)
        self._unnumbered: list[Life] = []
        self._waiting: list[Life] = []
        self._taken: set[int] = set()

    def add(self, life: Life):
        """Lives come in the order of `reported_at`."""
        self._waiting.append(life)
        if life.registered_at is not None:
            self._unnumbered.append(life)

    def settle(self, before=None):
        """Number everything registered before `before` and write what has come to rest."""
        ripe = [life for life in self._unnumbered if before is None or life.registered_at < before]
        ripe.sort(key=lambda life: (life.registered_at, life.id))
        for life in ripe:
            self._number(life)
        self._unnumbered = [life for life in self._unnumbered if life.number is None]
        # Mergers last: a row that points to one not yet written makes SQLite search all tables at every later event.
        waiting, self._waiting = sorted(self._waiting, key=lambda life: life.status == "merged"), []
        for life in waiting:
            # A merger names the other's number: it is known once everything before the merger is numbered.
            known = life.status != "merged" or before is None or life.now < before
            known = known and (life.merged_into is None or life.merged_into in self._taken)
            if known and (life.registered_at is None or life.number is not None):
                self._take(life)
            else:
                self._waiting.append(life)
        if before is None or len(self.rows["events_event"]) >= PORTION:
            self._flush()

    def __enter__(self):
        # While the database takes one portion, the next stories are told: both cores have work. The thread
        # borrows this thread's connection, and with it the transaction; nobody else uses it meanwhile.
        borrowed = connections[DEFAULT_DB_ALIAS]
        borrowed.inc_thread_sharing()
        self._thread = ThreadPoolExecutor(1, initializer=_borrow, initargs=(borrowed,))
        self._writing = None
        return self

    def __exit__(self, *failure):
        self._thread.shutdown()
        connections[DEFAULT_DB_ALIAS].dec_thread_sharing()

    def finish(self):
        """Write the rest, the counters, and let the database's sequences go on behind the ids."""
        self.settle()
        if self._waiting:
            raise RuntimeError(f"{len(self._waiting)} events repeat one that was never written.")
        if self._writing is not None:
            self._writing.result()
        counters = ((self.territory, year, last) for year, last in sorted(self.counters.items()))
        copy_rows("events_casecounter", ("territory", "year", "last"), counters)
        reset_sequence(*TABLES)

    def _number(self, life):
        year = life.registered_at.astimezone(BEIJING).year
        self.counters[year] = serial = self.counters.get(year, 0) + 1
        life.number = f"{self.territory}-{year}-{serial:06d}"
        self.numbers[life.id] = (life.registered_at, life.number)

    def _number_at(self, event_id, at):
        """The case number another event had at that time, for the facts of a merger."""
        registered_at, number = self.numbers.get(event_id, (None, None))
        return number if registered_at is not None and registered_at <= at else None

    def _flush(self):
        """Hand the portion to the thread that writes, once it is done with the one before."""
        if self._writing is not None:
            self._writing.result()
        if connection.vendor == "postgresql":
            self._writing = self._thread.submit(_write, self.rows)
        else:
            # sqlite3 gives the interpreter away at every row and waits for it: two threads only hinder each other.
            _write(self.rows)
        self.rows = {table: [] for table in TABLES}

    def _next(self, table):
        self.ids[table] += 1
        return self.ids[table]

    def _take(self, life):
        add = self.rows
        head_seq, head_hash = 0, ""
        for row in life.chained(self._number_at):
            seq, name, source, target, actor, unit, at, words, lon, lat, photos, facts, before, value = row
            add["events_transition"].append(
                (self._next("events_transition"), life.id, seq, name, source, target, actor, unit, at, words, lon,
                 lat, Json(photos), Json(facts), None, before, value)
            )  # fmt: skip
            head_seq, head_hash = seq, value
        self._taken.add(life.id)
        add["events_event"].append(_event_row(life, head_seq, head_hash))
        for turn in life.turns:
            add["events_assignment"].append(
                (self._next("events_assignment"), life.id, turn.unit_id, turn.lead, turn.outcome, turn.dispatched_at,
                 turn.signed_at, turn.due_at, turn.ended_at, turn.late, False, turn.used_share, turn.words)
            )  # fmt: skip
        for stage, unit, actor, since, until, due_at, late, share in life.stages:
            add["events_stagerecord"].append(
                (self._next("events_stagerecord"), life.id, stage, unit, actor, since, until, due_at, late, False,
                 share)
            )  # fmt: skip
        self._take_photos(life)
        self._take_rare(life)

    def _take_photos(self, life):
        for seq, actor, at, kind, sha256, index in life.photos:
            picture = self.pictures[index]
            public_id = UUID(int=self.r.getrandbits(128), version=4).hex
            uploaded = at - timedelta(seconds=self.r.randint(5, 240))
            self.rows["events_attachment"].append(
                (self._next("events_attachment"), public_id, life.id, seq, kind, picture.file, picture.thumbnail,
                 picture.name, ".jpg", "image/jpeg", picture.size, sha256, None, None, actor, uploaded)
            )  # fmt: skip

    def _take_rare(self, life):
        add = self.rows
        for row in life.requests:
            add["events_timerequest"].append((self._next("events_timerequest"), life.id, *row.values()))
        for row in life.supervisions:
            pk, *rest = row.values()
            add["events_supervision"].append((pk, life.id, *rest))
        for row in life.whistles:
            add["events_whistle"].append(
                (row["id"], life.id, row["unit"], row["by"], row["called_at"], row["place"],
                 shapely.Point(row["location"]), row["come_by"], row["words"])
            )  # fmt: skip
            for unit, call in row["calls"].items():
                where = shapely.Point(call["location"]) if call["location"] else None
                add["events_whistlecall"].append(
                    (self._next("events_whistlecall"), row["id"], unit, row["called_at"], row["come_by"],
                     call["arrived_at"], call["arrived_by"], where, call["distance"], call["stars"],
                     call["stars_words"], call["noted"])
                )  # fmt: skip


def _borrow(connection):
    connections[DEFAULT_DB_ALIAS] = connection


def _write(rows):
    for table, columns in TABLES.items():
        copy_rows(table, columns, rows[table])


def _event_row(life, head_seq, head_hash):
    return (
        life.id, life.uid.hex, life.number, str(life.status),
        life.source, life.urgency, life.description, life.place, shapely.Point(life.lon, life.lat), life.grid_id,
        life.path, life.placed, life.standard_id, life.reporter_id, life.contact_name,
        ciphers.encrypt(life.contact_phone), life.holder_id, life.centre_id, life.lead_id, life.stage_since,
        life.stage_seconds, life.stage_unit, life.due_at, life.yellow_at, life.warned, life.handle_since,
        life.handle_seconds, life.handle_unit, life.handle_due_at, life.handle_yellow_at, str(life.resume_status),
        life.resume_holder_id, life.suspended_until, life.stage_left, life.handle_left, life.late, life.returns,
        life.reworks, life.grants, life.reopens, life.supervised, life.settled_on_spot, life.spot_check,
        life.spot_state and str(life.spot_state), life.spot_due_at,
        life.merged_into, life.stars, life.rating_words, life.reported_at, life.registered_at, life.dispatched_at,
        life.signed_at, life.fed_back_at, life.closed_at, life.evaluated_at, head_seq, head_hash,
    )  # fmt: skip


_NOTICES = """
INSERT INTO events_notice (user_id, event_id, transition_id, action, created_at)
SELECT DISTINCT p.user_id, e.id, t.id, t.action, t.at
FROM events_event e
JOIN events_transition t ON t.event_id = e.id AND t.seq = e.head_seq
JOIN grids_post p ON p.unit_id = e.holder_id
  OR (e.status = 'verifying' AND p.grid_id = e.grid_id AND p.role IN ({roles}))
WHERE e.status IN ('reported', 'registered', 'dispatched', 'handling', 'verifying', 'suspended')
  AND p.user_id <> COALESCE(t.actor_id, 0)
"""
_ASKED_TO_RATE = """
INSERT INTO events_notice (user_id, event_id, transition_id, action, created_at)
SELECT e.reporter_id, e.id, t.id, t.action, t.at
FROM events_event e JOIN events_transition t ON t.event_id = e.id AND t.seq = e.head_seq
WHERE e.status = 'closed' AND t.action = 'verify_pass' AND e.reporter_id <> COALESCE(t.actor_id, 0)
"""


def write_notices() -> int:
    """Notices of open events to those with whom they lie, and of closed ones to those who may rate."""
    roles = sorted(WORKER_ROLES)
    with connection.cursor() as cursor:
        cursor.execute(_NOTICES.format(roles=", ".join(["%s"] * len(roles))), roles)
        found = cursor.rowcount
        cursor.execute(_ASKED_TO_RATE)
        return found + cursor.rowcount
