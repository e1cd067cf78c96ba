"""Statutory registers (特殊人群): the same steps as care registers, with nothing in clear in the database.

A row holds a grid and keyed hashes; who, which class and everything else is sealed. A file is read here alone, by
people one of whose roles the class names; for everybody else it does not exist, nor does the class.
"""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from datetime import date, timedelta
from os.path import commonpath

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core import ciphers
from core.errors import Conflict, Invalid, NotFound
from grids.scope import Scope
from residents import care, schema
from residents.models import CareClass, Change, Erasure, Resident, SupportRecord
from residents.models.base import VIEW
from residents.models.care import Attention
from residents.models.trail import Kind
from residents.services import access, rights
from residents.services import care as registers

UNSEEN = (
    "id_number", "phone", "birth_date", "grid__boundary", "dwelling__owner_phone", "dwelling__building__location",
)  # fmt: skip
DAYS = ("since", "until", "visited_on", "next_visit")


@dataclass
class File:
    """What is sealed in one row. `own` are the class's own fields."""

    resident_id: int
    code: str
    since: date
    visit_days: int
    attention: int = Attention.MIDDLE
    responsible_id: int | None = None
    until: date | None = None
    visited_on: date | None = None
    next_visit: date | None = None
    begin_reason: str = ""
    end_reason: str = ""
    own: dict = field(default_factory=dict)
    visits: list = field(default_factory=list)  # [day as text, user id, words], the newest first

    # From the row and the registry, not sealed; filled in by `_read` and `with_people`.
    pk = grid = care_class = resident = responsible = None

    @property
    def shown(self):
        """(label, words) of the own fields."""
        return schema.shown(self.care_class.fields, self.own)

    @property
    def visited(self) -> list[tuple[date, str, str]]:
        """(day, who, words), the newest first; a file from before visits were kept has its last one."""
        kept = self.visits or ([[self.visited_on.isoformat(), None, ""]] if self.visited_on else [])
        names = registers.User.objects.in_bulk({who for _day, who, _words in kept if who})
        return [(date.fromisoformat(day), str(names.get(who, "")), words) for day, who, words in kept]

    @property
    def attention_words(self):
        return Attention(self.attention).label


MOST_VISITS = 400  # a visit a week for eight years
NAMES = [one.name for one in fields(File) if one.name != "visits"]


def _seal(file) -> str:
    values = {k: v.isoformat() if isinstance(v, date) else v for k, v in asdict(file).items()}
    return ciphers.encrypt(json.dumps(values, ensure_ascii=False, sort_keys=True))


def _read(row, classes) -> File | None:
    """The file of a row; None if its class is not among those the reader may know."""
    values = json.loads(ciphers.decrypt(row.sealed))
    if row.resident_tag not in care.resident_tags(values["resident_id"]):
        raise ValueError(f"File {row.pk} holds what was sealed for another one.")
    known = classes.get(values["code"])
    if known is None:
        return None
    days = {k: date.fromisoformat(values[k]) for k in DAYS if values[k]}
    file = File(**values | days)
    file.pk, file.grid, file.care_class = row.pk, row.grid, known
    return file


def _classes(actor) -> dict[str, CareClass]:
    return {one.code: one for one in care.classes_for(actor, group=CareClass.Group.STATUTORY)}


def _rows(actor):
    scope = Scope.of(actor)
    rows = SupportRecord.objects.filter(scope.permission_q(VIEW, "grid__path"), care.support_q(actor))
    return rows.select_related("grid").order_by("pk")


def with_people(actor, files) -> list[File]:
    """Files with their residents; whoever has moved out of the reader's grids is left out."""
    files = [file for file in files if file]
    people = Resident.objects.visible_to(actor).select_related("grid", "dwelling__building").defer(*UNSEEN)
    found = people.in_bulk({file.resident_id for file in files})
    workers = registers.User.objects.in_bulk({file.responsible_id for file in files if file.responsible_id})
    for file in files:
        file.resident = found.get(file.resident_id)
        file.responsible = workers.get(file.responsible_id)
    return [file for file in files if file.resident and _may_know(actor, file, file.resident.grid.path)]


def _may_know(actor, file, path):
    return care.may_know(actor, file.care_class, path)


# ---- reading


def files(*, actor, care_class=None, running=True, after: int = 0, limit: int = 50) -> list[File]:
    """Files in the order they were begun, without own fields in mind: a list says who, which class, what is due."""
    classes = _classes(actor)
    rows = _rows(actor).filter(open=running, pk__gt=after)
    if care_class is not None:
        rows = rows.filter(class_tag__in=care.class_tags(care_class))
    return with_people(actor, [_read(row, classes) for row in rows[:limit]])


def listing(*, actor, care_class) -> list[File]:
    """All open files of one class without their people, the longest overdue first: a page of them goes through
    `with_people`. Registers of a county have hundreds of files, not more."""
    classes = _classes(actor)
    rows = _rows(actor).filter(open=True, class_tag__in=care.class_tags(care_class))
    found = [file for file in (_read(row, classes) for row in rows) if file]
    return sorted(found, key=lambda file: (file.next_visit or date.max, file.attention, file.pk))


def log_list(*, actor, files, care_class=None, address: str = ""):
    """That lists of files were shown, in a row for each class (of one class also if it is empty), where the reader's
    posts that may know of it lie."""
    counted = Counter(file.care_class for file in files)
    for known in [care_class] if care_class else sorted(counted, key=lambda one: one.pk):
        access.log_list(
            actor=actor, path=_common(care.paths_of(actor, known)), tags=care.class_tags(known), rows=counted[known],
            address=address,
        )  # fmt: skip


def _common(paths) -> str:
    """The path of the smallest grid that holds all of these: the tree has one root."""
    return f"{commonpath(paths)}/"


def counts(*, actor, today: date) -> dict[int, tuple[int, int]]:
    """{class id: (open files, visits overdue)} of the classes that this person may know of. One query."""
    classes, found = _classes(actor), {}
    for row in _rows(actor).filter(open=True):
        if file := _read(row, classes):
            n, late = found.get(file.care_class.pk, (0, 0))
            found[file.care_class.pk] = (n + 1, late + bool(file.next_visit and file.next_visit < today))
    return found


def due(*, actor, before: date | None = None) -> list[File]:
    """Open files whose visit is due on or before the day (today if not given), the longest overdue first."""
    before, classes = before or timezone.localdate(), _classes(actor)
    read = (_read(row, classes) for row in _rows(actor).filter(open=True))
    found = [file for file in read if file and file.next_visit and file.next_visit <= before]
    return sorted(with_people(actor, found), key=lambda file: (file.next_visit, file.pk))


def of_resident(*, actor, resident) -> list[File]:
    """A person's files that this reader may know of; for a resident's page. At most three queries."""
    classes = _classes(actor)
    if not classes:
        return []
    rows = _rows(actor).filter(resident_tag__in=care.resident_tags(resident.pk))
    return with_people(actor, [_read(row, classes) for row in rows])


def of_anybody(resident) -> list[File]:
    """All files of a person, for the person's own statement and for erasing: never for a page of somebody else."""
    classes = {one.code: one for one in CareClass.objects.filter(group=CareClass.Group.STATUTORY)}
    rows = SupportRecord.objects.filter(resident_tag__in=care.resident_tags(resident.pk)).select_related("grid")
    return [_read(row, classes) for row in rows.order_by("pk")]


def brief(*, actor, pk) -> File:
    """Whose file it is and of which class, for a page that asks for the reason. Raises NotFound."""
    return _visible(actor, pk)


@transaction.atomic
def open_file(*, actor, pk, reason: str, address: str = "") -> File:
    """The whole file; the look is written down first. Raises NotFound, Invalid, TooMany."""
    file = _visible(actor, pk)
    access.log_open(
        actor=actor, file_id=file.pk, grid=file.resident.grid, class_tag=care.class_tag(file.care_class),
        reason=reason, address=address,
    )  # fmt: skip
    return file


def _visible(actor, pk, rows=None) -> File:
    row = (_rows(actor) if rows is None else rows).filter(pk=pk).first()
    found = with_people(actor, [_read(row, _classes(actor))]) if row else []
    if not found:
        raise NotFound
    return found[0]


def history(*, actor, pk) -> list[dict]:
    """What was changed in a file: {at, user, action, changes}, newest first. For an opened file."""
    _visible(actor, pk)
    rows = Change.objects.filter(kind=Kind.SUPPORT, record_id=pk).select_related("user").order_by("-pk")
    return [
        {
            "at": row.at,
            "user": row.user,
            "action": row.action,
            "changes": json.loads(ciphers.decrypt(row.sealed)),
        }
        for row in rows
        if row.sealed
    ]


# ---- steps


@transaction.atomic
def begin(*, actor, resident, care_class, since=None, attention=Attention.MIDDLE, responsible=None,
          visit_days=None, reason: str = "", data=None) -> File:  # fmt: skip
    """Open a file. Raises NotFound (also for a class that this person may not know), Refused, Invalid, Conflict."""
    person = rights.locked(resident, actor)
    known = registers._known_class(actor, care_class, person.grid.path, CareClass.Group.STATUTORY)
    if person.status != Resident.Status.LIVING:
        raise Invalid(_("This person no longer lives here."))
    day = rights.a_day(since or timezone.localdate(), "since")
    file = File(person.pk, known.code, day, known.visit_days, begin_reason=registers.said(reason))
    file.care_class, file.grid, file.resident = known, person.grid, person
    _settle(file, actor, attention, responsible, visit_days)
    file.own = schema.cleaned(known.fields, data, prefix="own_")
    file.next_visit = timezone.localdate() + timedelta(days=file.visit_days)
    row = SupportRecord(
        grid=person.grid, class_tag=care.class_tag(known), resident_tag=care.resident_tag(person.pk),
        sealed=_seal(file),
    )  # fmt: skip
    twin = SupportRecord.objects.filter(
        open=True, resident_tag__in=care.resident_tags(person.pk), class_tag__in=care.class_tags(known)
    )
    if twin.exists():  # the constraint sees one of two tags only while HASH_KEY is renewed
        raise Conflict(_("This person is in this register already."))
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Conflict(_("This person is in this register already.")) from error
    file.pk = row.pk
    _note(file, {}, actor, "begun")
    return file


@transaction.atomic
def change(*, actor, pk, attention=None, responsible=..., visit_days=None, data=None) -> File:
    """Another attention, worker, interval or own fields; what is left out stays."""
    file = _locked(actor, pk)
    before = asdict(file)
    days = file.visit_days
    _settle(
        file, actor, file.attention if attention is None else attention, responsible,
        days if visit_days is None else visit_days,
    )  # fmt: skip
    if file.visit_days != days:
        file.next_visit = (file.visited_on or timezone.localdate()) + timedelta(days=file.visit_days)
    if data is not None:
        file.own = schema.cleaned(file.care_class.fields, data, prefix="own_", kept=file.own)
    _store(file, before, actor, "changed")
    return file


@transaction.atomic
def visit(*, actor, pk, on=None, words: str = "") -> File:
    """Somebody was there: it is kept in the file, and the next visit is due one interval later."""
    file = _locked(actor, pk)
    day, before = rights.a_day(on or timezone.localdate(), "on", earliest=file.since), asdict(file)
    noted = [day.isoformat(), actor.pk, registers.said_of_visit(words)]
    if noted[2] or noted[:2] not in [one[:2] for one in file.visits]:
        file.visits = sorted([noted, *file.visits], key=lambda one: one[0], reverse=True)[:MOST_VISITS]
    if file.visited_on is None or day > file.visited_on:
        file.visited_on, file.next_visit = day, day + timedelta(days=file.visit_days)
    _store(file, before, actor, "visited")
    return file


@transaction.atomic
def end(*, actor, pk, on=None, reason: str) -> File:
    """Close a file, with its reason. It is removed after the class's time."""
    file, reason = _locked(actor, pk), registers.said(reason)
    if not reason:
        raise Invalid(fields={"reason": [_("Say why it ends.")]})
    _end(file, rights.a_day(on or timezone.localdate(), "on", earliest=file.since), reason, actor)
    return file


def end_all(person, day: date, reason: str, actor):
    """Close every open file of somebody who died or left; whoever records that does not learn of any."""
    for file in of_anybody(person):
        if file.until is None:
            _end(file, max(day, file.since), reason, actor)


def reopen_all(person, after: int, actor):
    """Takes back what `end_all` did: ends that stand in the history after the row `after`."""
    for file in of_anybody(person):
        told = Change.objects.filter(kind=Kind.SUPPORT, record_id=file.pk, pk__gt=after, action="ended")
        ended = told.order_by("pk").first()
        if file.until is not None and ended is not None and ended.sealed:
            before, due = asdict(file), json.loads(ciphers.decrypt(ended.sealed)).get("next_visit", [None])[0]
            file.until, file.end_reason, file.next_visit = None, "", date.fromisoformat(due) if due else None
            _store(file, before, actor, "taken_back")


def follow(person):
    """A person's files lie in the grid where the person lives."""
    SupportRecord.objects.filter(resident_tag__in=care.resident_tags(person.pk)).exclude(
        grid_id=person.grid_id
    ).update(grid_id=person.grid_id)


def follow_building(building):
    """The files of all who live in a building lie in its grid."""
    people = Resident.objects.filter(dwelling__building=building).values_list("pk", flat=True)
    tags = [tag for pk in people for tag in care.resident_tags(pk)]
    SupportRecord.objects.filter(resident_tag__in=tags).update(grid_id=building.grid_id)


def follow_all(people):
    """The same for many at once, as (id, grid id): an import moves whole rolls, and files are few."""
    grids = {tag: grid_id for pk, grid_id in people for tag in care.resident_tags(pk)}
    if not grids:
        return
    moved: dict[int, list[int]] = {}
    for pk, tag, grid_id in SupportRecord.objects.values_list("pk", "resident_tag", "grid_id").iterator():
        if grids.get(tag, grid_id) != grid_id:
            moved.setdefault(grids[tag], []).append(pk)
    for grid_id, files in moved.items():
        SupportRecord.objects.filter(pk__in=files).update(grid_id=grid_id)


def any_of(people) -> bool:
    """Whether one of these people (ids) has a file: for an import that is to be taken back, and for nobody to read."""
    tags = set(SupportRecord.objects.values_list("resident_tag", flat=True))
    return bool(tags) and any(tags.intersection(care.resident_tags(pk)) for pk in people)


def _end(file, day, reason, actor):
    before = asdict(file)
    file.until, file.end_reason, file.next_visit = day, reason, None
    _store(file, before, actor, "ended")


def _locked(actor, pk) -> File:
    file = _visible(actor, pk, _rows(actor).select_for_update(of=("self",)))
    rights.must_edit(actor, file.resident.grid.path, SupportRecord)
    if file.until is not None:
        raise Conflict(_("This entry has ended already."))
    return file


def _settle(file, actor, attention, responsible, visit_days):
    path = (file.resident or file).grid.path
    registers.settle(file, file.care_class, actor, path, attention, responsible, visit_days)
    file.responsible_id = file.responsible.pk if file.responsible else None


def _store(file, before, actor, action, batch=None):
    if asdict(file) != before:
        SupportRecord.objects.filter(pk=file.pk).update(sealed=_seal(file), open=file.until is None)
        _note(file, before, actor, action, batch)


def _note(file, before, actor, action, batch=None):
    _noted(file, file.grid.pk, before, actor, action, batch).save()


def _noted(file, grid_id, before, actor, action, batch=None) -> Change:
    """One row of history, all of it sealed; visits stand in the file itself."""
    after = asdict(file)
    told = {name: [before.get(name), after[name]] for name in NAMES if before.get(name) != after[name]}
    return Change(
        kind=Kind.SUPPORT, record_id=file.pk, grid_id=grid_id, user=actor, action=action, changes={}, batch=batch,
        sealed=ciphers.encrypt(json.dumps(told, ensure_ascii=False, sort_keys=True, default=str)),
    )  # fmt: skip


# ---- many at once, for imports by somebody who may know of the class


def open_files(care_class, people, *, lock=False) -> list[File]:
    """The open files of these people (ids) in one class."""
    rows = SupportRecord.objects.filter(
        open=True, class_tag__in=care.class_tags(care_class),
        resident_tag__in=[tag for pk in people for tag in care.resident_tags(pk)],
    ).select_related("grid").order_by("pk")  # fmt: skip
    rows = rows.select_for_update(of=("self",)) if lock else rows
    return [_read(row, {care_class.code: care_class}) for row in rows]


def begin_all(files: list[File], grids: list[int], care_class, *, actor, batch) -> list[File]:
    """New files of one class, each in its grid; they get their ids. Raises IntegrityError if somebody has one."""
    made = [
        SupportRecord(
            grid_id=grid, class_tag=care.class_tag(care_class), resident_tag=care.resident_tag(file.resident_id),
            sealed=_seal(file),
        )
        for file, grid in zip(files, grids, strict=True)
    ]  # fmt: skip
    for file, row in zip(files, SupportRecord.objects.bulk_create(made, batch_size=1000), strict=True):
        file.pk, file.care_class = row.pk, care_class
    told = [_noted(file, grid, {}, actor, "begun", batch) for file, grid in zip(files, grids, strict=True)]
    Change.objects.bulk_create(told, batch_size=1000)
    return files


def change_all(files: list[tuple[File, dict]], *, actor, batch, action="changed"):
    """Files that were changed, each with what `asdict` said of it before."""
    for file, before in files:
        _store(file, before, actor, action, batch)


def of_ids(pks, care_class) -> list[File]:
    """Files by id, locked: of one class."""
    rows = SupportRecord.objects.filter(pk__in=pks).select_related("grid").select_for_update(of=("self",))
    return [file for row in rows.order_by("pk") if (file := _read(row, {care_class.code: care_class}))]


def remove_all(files: list[File], *, actor, reason: str):
    """What `remove` does, for many."""
    pks = [file.pk for file in files]
    Erasure.objects.bulk_create(
        Erasure(kind=Kind.SUPPORT, record_id=file.pk, grid=file.grid, user=actor, reason=reason) for file in files
    )
    Change.objects.filter(kind=Kind.SUPPORT, record_id__in=pks).update(changes={}, sealed="")
    SupportRecord.objects.filter(pk__in=pks).delete()


def log_names(*, actor, care_class, rows: int, address: str = ""):
    """That so many people of one statutory register were named to this reader, as its list is written down."""
    access.log_list(
        actor=actor, path=_common(care.paths_of(actor, care_class)), tags=care.class_tags(care_class), rows=rows,
        address=address,
    )  # fmt: skip


# ---- keeping


def settle_grids() -> int:
    """Put every file into the grid its person lives in: buildings move between grids without knowing of files.
    Returns how many were put right."""
    moved, known = 0, {}
    for row in SupportRecord.objects.order_by("pk").iterator(chunk_size=2000):
        known[row.pk] = (json.loads(ciphers.decrypt(row.sealed))["resident_id"], row.grid_id)
    grids = dict(
        Resident.objects.filter(pk__in={one for one, _grid in known.values()}).values_list("pk", "grid_id")
    )
    for pk, (resident_id, grid_id) in known.items():
        if grids.get(resident_id, grid_id) != grid_id:
            moved += SupportRecord.objects.filter(pk=pk).update(grid_id=grids[resident_id])
    return moved


def remove(file, *, actor, reason: str):
    """Delete a file and empty its history; that it was erased stays on record."""
    Erasure.objects.create(kind=Kind.SUPPORT, record_id=file.pk, grid=file.grid, user=actor, reason=reason)
    Change.objects.filter(kind=Kind.SUPPORT, record_id=file.pk).update(changes={}, sealed="")
    SupportRecord.objects.filter(pk=file.pk).delete()


def ended() -> list[File]:
    """All closed files, for the job that removes them after their time."""
    classes = {one.code: one for one in CareClass.objects.filter(group=CareClass.Group.STATUTORY)}
    rows = SupportRecord.objects.filter(open=False).select_related("grid").order_by("pk")
    return [file for file in (_read(row, classes) for row in rows.iterator(chunk_size=2000)) if file]
