"""The life of an import: upload, read, decide, apply, undo. Each step is one service; jobs and pages call them.

`read`, `apply` and `undo` are run by jobs and are harmless when run twice or when killed: one process at a time holds
an import (residents.intake.hold), what they write becomes true in one transaction together with the new status.
"""

import hashlib
import logging
from datetime import timedelta
from functools import reduce
from operator import or_
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import Conflict, Invalid, NotFound, Refused
from core.quiet import without_values
from grids.models import Grid
from grids.scope import NOTHING, Scope
from residents.intake import crew, hold, progress, rolls, sheets, words
from residents.intake.cleaner import Order
from residents.intake.columns import ROLLS, layout
from residents.intake.compare import Comparer
from residents.intake.match import CONTRADICTS, Matcher
from residents.intake.rolls.base import later_changes
from residents.intake.stage import Stage, roomy, rows, run, value
from residents.intake.undo import Undoer, tables_of
from residents.intake.write import Writer
from residents.models import Change, ImportBatch
from residents.models.intake import ImportKind, ImportStatus

log = logging.getLogger(__name__)
MAY = "residents.import_registry"
PROGRESS_ROWS = 6000  # between two words about how far it is
UNDO_DAYS = 14
LOOK_DAYS = 7  # a preview that nobody decides on is dropped after so long
ONE_AT_A_TIME = 0x67720301  # PostgreSQL advisory lock: imports are applied one after another
CHOICES = ("same", "new", "skip")
S = ImportStatus


# ---- upload


def upload(*, actor, kind: str, file) -> ImportBatch:
    """Keep a file (a Django upload) to be read by the job. Raises Refused without the permission, Invalid in plain words
    for what is no table, too large, locked by a password …"""
    if not Scope.of(actor).may(MAY):
        raise Refused
    _keys_stand_still()
    register, kind = _register(actor, kind)
    if kind not in ImportKind.values or (kind == ImportKind.CARE) != bool(register):
        raise Invalid(fields={"kind": [_("Choose what the file holds.")]})
    if file.size > sheets.MAX_BYTES:
        raise _refused(sheets.Refusal("too_big", limit=sheets.MAX_BYTES // 1024**2))
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    # A file of a register is called after it, and holds few enough rows to be told by its hash.
    named = {} if register else {"name": (file.name or "")[-120:], "sha256": digest.hexdigest()}
    batch = ImportBatch(user=actor, kind=kind, register=register, size=file.size, **named)
    file.seek(0)
    batch.file.save(batch.uid.hex, file, save=False)
    try:
        sheets.inspect(Path(batch.file.path))
        batch.save()
    except sheets.Refusal as refusal:
        batch.file.delete(save=False)
        raise _refused(refusal) from refusal
    except DatabaseError:
        batch.file.delete(save=False)
        raise
    return batch


def _register(actor, kind: str) -> tuple[str, str]:
    """(code of the class, kind): "care-veteran" is a file of that register, if this person may know of it."""
    if not kind.startswith(rolls.PREFIX):
        return "", kind
    try:
        return rolls.class_of(actor, kind).code, ImportKind.CARE
    except NotFound:
        return "", kind


def _keys_stand_still():
    """An import finds known people by their tags in SQL, under one key: none begins while HASH_KEY is renewed."""
    if settings.HASH_KEY_OLD:
        raise Conflict(_("The keys of the registry are being renewed: imports wait until that is done."))


def _refused(refusal) -> Invalid:
    return Invalid(fields={"file": [words.refusal(refusal.code, refusal.facts)]})


# ---- read


def read(batch_id: int) -> str:
    """Read and compare a file: the job behind the preview. Returns the status it leaves."""
    with hold.held(batch_id) as mine:
        batch = ImportBatch.objects.filter(pk=batch_id, status__in=[S.WAITING, S.READING]).first()
        if batch is None or not mine:
            return ""
        stage = Stage(batch)
        try:
            _keep(batch, status=S.READING, started_at=timezone.now(), done=0, problem={})
            _read(batch, stage)
            with roomy():
                _compare(batch, stage)
                _keep(batch, status=S.READY)
        except sheets.Refusal as refusal:
            _give_up(batch, stage, {"code": refusal.code, **refusal.facts})
        except NotFound:
            _give_up(batch, stage, {"code": "not_yours"})
        except Exception as error:
            log.error("import %s could not be read: %s", batch_id, without_values(error))
            _give_up(batch, stage, {"code": "fault"})
        batch.file.delete(save=True)
        return batch.status


def _give_up(batch, stage, problem):
    stage.drop()
    _keep(batch, status=S.REFUSED, problem=problem)


def _keep(batch, **values):
    for name, given in values.items():
        setattr(batch, name, given)
    batch.save(update_fields=list(values))


def _read(batch, stage):
    roll = rolls.of(batch, stage)
    known = _grids_of(batch.user, roll)
    with sheets.opened(Path(batch.file.path), roll.layout if roll else layout(batch.kind)) as sheet:
        # Headings of a class's own fields name the class.
        told = {name: ["" if "_own_" in name else words, letter] for name, (words, letter) in sheet.headings.items()}
        _keep(batch, total=sheet.total, headings=told)
        read_rows = roll.read if roll else _read_rows
        staged, faulty, last = read_rows(*(() if roll else (batch, stage)), sheet, known, _teller(batch))
    if not staged + faulty:
        raise sheets.Refusal("no_rows")
    _keep(batch, done=last, total=last, counts={"rows": staged + faulty, "staged": staged})
    if connection.vendor == "postgresql":
        run(f"ANALYZE {stage('raw')}")


def _teller(batch):
    """Says now and then how many rows are read."""

    def told(last):
        if last - batch.done >= PROGRESS_ROWS:
            _keep(batch, done=last, total=max(batch.total, last))

    return told


def _read_rows(batch, stage, sheet, known, told):
    stage.make(sorted(set(known.values())))
    places = {place: column.name for place, column in sheet.places.items()}
    order = Order(batch.kind, places, known, timezone.localdate().isoformat())
    staged, faulty, last = 0, 0, 0
    for last, lines, count, faults in crew.cleaned(order, sheet.rows):
        stage.load(lines)
        stage.note(faults)
        staged, faulty = staged + count, faulty + len({fault[0] for fault in faults})
        told(last)
    return staged, faulty, last


def _grids_of(user, roll=None) -> dict[str, int]:
    """Code or name → id, of the smallest grids into which this person may import. A name that two have is none."""
    parents = Grid.objects.valid_on().exclude(parent=None).values("parent")
    mine = Grid.objects.filter(Scope.of(user).permission_q(MAY, "path")).valid_on().exclude(pk__in=parents)
    if roll is not None and (paths := roll.paths()) is not None:
        mine = mine.filter(reduce(or_, (Q(path__startswith=path) for path in sorted(paths)), NOTHING))
    found: dict[str, int] = {}
    twice = set()
    for pk, code, name in mine.values_list("pk", "code", "name"):
        found[code] = pk
        if found.setdefault(name, pk) != pk:
            twice.add(name)
    return {key: pk for key, pk in found.items() if key not in twice}


def _compare(batch, stage):
    _keep(batch, seen_change=_newest_change())
    _match(batch, stage)
    _keep(batch, counts=batch.counts | counted(stage))


def _match(batch, stage):
    if roll := rolls.of(batch, stage):
        roll.compare(_grids_of(batch.user, roll).values())
        return
    Matcher(stage).run()
    Comparer(stage).run()


def _newest_change() -> int:
    return Change.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def counted(stage: Stage) -> dict:
    """{"wrong": lines, "sections": {"resident": {"n": 3, "c": 1, "u": 0, "d": 2}}}"""
    found = {}
    for section in stage.sections:
        if section.makes:
            found[section.name] = dict(
                rows(
                    f"SELECT verdict, count(*) FROM {stage(section.name)} WHERE verdict <> 'w' GROUP BY verdict"
                )
            )
    wrong = value(f"SELECT count(DISTINCT line) FROM {stage('fault')}")
    return {"wrong": wrong, "sections": found}


# ---- decide


@transaction.atomic
def decide(*, actor, batch_id: int, choice: str, refs: list[int] | None = None) -> int:
    """Likely duplicates: the "same" person, a "new" one, or "skip" the row. `refs` None: all that are not decided yet."""
    batch = _mine(actor, batch_id)
    _must_be(batch, S.READY)
    if choice not in (("same", "skip") if batch.kind in ROLLS else CHOICES):
        raise Invalid(fields={"choice": [_("Choose what to do with the row.")]})
    stage = Stage(batch)
    open_rows = f"SELECT ref, %s FROM {stage(stage.sections[-1].name)} WHERE verdict = 'd'"
    params: list = [choice]
    if refs is None:
        open_rows += f" AND ref NOT IN (SELECT ref FROM {stage('decision')})"
    else:
        wanted = [int(ref) for ref in refs][:1000] or [0]
        open_rows += f" AND ref IN ({', '.join(['%s'] * len(wanted))})"
        params += wanted
        run(f"DELETE FROM {stage('decision')} WHERE ref IN ({', '.join(['%s'] * len(wanted))})", wanted)
    return run(f"INSERT INTO {stage('decision')} (ref, choice) {open_rows}", params)


def undecided(stage: Stage) -> int:
    primary = stage(stage.sections[-1].name)
    return value(
        f"SELECT count(*) FROM {primary} WHERE verdict = 'd' AND ref NOT IN (SELECT ref FROM {stage('decision')})"
    )


# ---- apply


@transaction.atomic
def confirm(*, actor, batch_id: int, without_wrong: bool = False) -> ImportBatch:
    """Ask for the import to be applied; the job does it. Once: a second press finds it asked for."""
    _keys_stand_still()
    batch = _mine(actor, batch_id)
    _must_be(batch, S.READY, S.QUEUED, S.APPLYING)
    if batch.status == S.APPLYING and hold.at_work(batch.pk):
        raise _wrong_state(batch)
    stage = Stage(batch)
    if batch.status == S.READY:
        rolls.of(batch, stage)
        _may_be_applied(batch, stage, without_wrong)
        batch.without_wrong = without_wrong
    _keep(batch, status=S.QUEUED, without_wrong=batch.without_wrong, started_at=None, problem={})
    return batch


def _may_be_applied(batch, stage, without_wrong):
    if batch.counts.get("wrong") and not without_wrong:
        raise Invalid(_("Mend the rows with mistakes in the file, or say that they are to be left out."))
    if left := undecided(stage):
        raise Invalid(_("Likely duplicates that nobody has decided on: %(count)s.") % {"count": left})
    primary = stage(stage.sections[-1].name)
    twice = value(
        f"SELECT count(*) FROM (SELECT s.twin_id FROM {primary} s JOIN {stage('decision')} d ON d.ref = s.ref "
        "WHERE d.choice = 'same' AND s.verdict = 'd' AND s.twin_id IS NOT NULL GROUP BY s.twin_id HAVING count(*) > 1) q"
    )
    if stage.sections[-1].name == "resident" and (line := _contradicting(stage)):
        words_ = _("Row %(line)s, %(column)s: %(words)s")
        column = words.place("resident_hukou_here", batch.headings)[0]
        raise Invalid(words_ % {"line": line, "column": column, "words": words.fault("local_known", "")})
    if twice:
        raise Invalid(_("Two rows cannot both be the same person in the registry: decide again."))


def _contradicting(stage) -> int | None:
    """The first row that was decided to be somebody of whom it says what cannot be."""
    return value(
        f"SELECT min(s.ref) FROM {stage('resident')} s JOIN {stage('decision')} d ON d.ref = s.ref AND d.choice = 'same' "
        f"{CONTRADICTS} AND x.id = s.twin_id AND s.verdict = 'd'"
    )


def apply(batch_id: int) -> str:
    """Write a confirmed import, all or nothing. Returns the status it leaves."""
    with hold.held(batch_id) as mine:
        if not mine:
            return ""
        taken = ImportBatch.objects.filter(pk=batch_id, status__in=[S.QUEUED, S.APPLYING])
        if not taken.update(status=S.APPLYING, started_at=timezone.now()):
            return ""
        batch = ImportBatch.objects.select_related("user").get(pk=batch_id)
        stage = Stage(batch)
        progress.forget(batch_id)  # what an attempt that was killed has said
        try:
            with roomy():
                done = _apply(batch, stage)
        except IntegrityError as error:
            log.warning("import %s met rows that came meanwhile: %s", batch_id, without_values(error))
            done = False
        except NotFound:
            _keep(batch, status=S.READY, problem={"code": "not_yours"})
            return batch.status
        except Exception as error:
            log.error("import %s could not be applied: %s", batch_id, without_values(error))
            _keep(batch, status=S.READY, problem={"code": "fault"})
            return batch.status
        if not done:
            with roomy():
                _compare(batch, stage)
                _keep(batch, status=S.READY, problem={"code": "changed_meanwhile"})
            return batch.status
        _tidy(batch, stage)
        progress.forget(batch_id)
        return batch.status


def _apply(batch, stage) -> bool:
    """Whether it was written: not if the registry has changed so that the person has not seen what would happen."""
    ImportBatch.objects.select_for_update().get(pk=batch.pk)
    if connection.vendor == "postgresql":
        run("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    if value(f"SELECT count(*) FROM {stage('raw')}") != batch.counts["staged"]:
        raise RuntimeError("staged rows are missing: the database was restarted after a crash")
    roll = rolls.of(batch, stage)
    allowed = set(_grids_of(batch.user, roll).values())
    where = stage("grid") if roll else stage("raw")
    if any(grid not in allowed for (grid,) in rows(f"SELECT DISTINCT {'id' if roll else 'grid_id'} FROM {where}")):
        return False
    if _newest_change() != batch.seen_change:
        before = {key: batch.counts[key] for key in ("wrong", "sections")}
        _match(batch, stage)
        if counted(stage) != before:
            return False
    done = roll.apply() if roll else Writer(stage).run()
    _keep(
        batch, status=S.APPLIED, applied_at=timezone.now(), problem={}, counts=batch.counts | {"done": done}
    )
    return True


def _tidy(batch, stage):
    """What was read is not needed any more: only what an undoing needs stays."""
    kept = {*tables_of(batch)}
    stage.drop(*(name for name in stage.all_names() if name not in kept))


# ---- undo, discard, purge


@transaction.atomic
def ask_undo(*, actor, batch_id: int) -> ImportBatch:
    """Ask for an applied import to be taken back; the job does it."""
    batch = _mine(actor, batch_id)
    _must_be(batch, S.APPLIED, S.UNDOING)
    if batch.applied_at < timezone.now() - timedelta(days=UNDO_DAYS):
        raise Conflict(_("An import can be undone for %(days)s days.") % {"days": UNDO_DAYS})
    if batch.status == S.UNDOING and hold.at_work(batch.pk):
        raise _wrong_state(batch)
    _keep(batch, status=S.UNDOING, started_at=None, problem={})
    return batch


def undo(batch_id: int) -> str:
    """Take an import back, all of it, unless something has been built on it. Returns the status it leaves."""
    with hold.held(batch_id) as mine:
        batch = ImportBatch.objects.filter(pk=batch_id, status=S.UNDOING).first()
        if batch is None or not mine:
            return ""
        ImportBatch.objects.filter(pk=batch_id).update(started_at=timezone.now())
        stage = Stage(batch)
        try:
            with roomy():
                _undo(batch, stage)
        except IntegrityError:
            _keep(batch, status=S.APPLIED, problem={"code": "built_on", "what": {"changes": 1}})
        except NotFound:
            _keep(batch, status=S.APPLIED, problem={"code": "not_yours"})
        except Exception as error:
            log.error("import %s could not be undone: %s", batch_id, without_values(error))
            _keep(batch, status=S.APPLIED, problem={"code": "fault"})
        return batch.status


def _undo(batch, stage):
    ImportBatch.objects.select_for_update().get(pk=batch.pk)
    if connection.vendor == "postgresql":
        run("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    roll = rolls.of(batch, stage)
    undoer = Undoer(stage)
    if what := roll.built_on(later_changes(batch)) if roll else undoer.built_on():
        _keep(batch, status=S.APPLIED, problem={"code": "built_on", "what": what})
        return
    (roll.undo if roll else undoer.run)()
    stage.drop()
    _keep(batch, status=S.UNDONE, undone_at=timezone.now(), problem={})


@transaction.atomic
def discard(*, actor, batch_id: int) -> ImportBatch:
    """Drop what was read: nothing of it comes into the registry."""
    batch = _mine(actor, batch_id)
    _must_be(batch, S.READY, S.WAITING, S.REFUSED)
    _drop(batch)
    return batch


def _drop(batch):
    Stage(batch).drop()
    if batch.file:
        batch.file.delete(save=False)
    _keep(batch, status=S.DROPPED, file=batch.file.name or "")
    hold.forget(batch.pk)


def purge(now=None) -> int:
    """Every night: previews that nobody decided on, and what is kept for undoings that are not possible any more."""
    now = now or timezone.now()
    old = ImportBatch.objects.filter(
        status__in=[S.READY, S.WAITING, S.READING], created_at__lt=now - timedelta(days=LOOK_DAYS)
    )
    done = 0
    for batch in old:
        if not hold.at_work(batch.pk):
            _drop(batch)
            done += 1
    for batch in ImportBatch.objects.filter(status=S.APPLIED, applied_at__lt=now - timedelta(days=UNDO_DAYS)):
        Stage(batch).drop()
        hold.forget(batch.pk)
    return done


def _mine(actor, batch_id) -> ImportBatch:
    """One's own import, locked. Raises Refused without the permission, NotFound for somebody else's."""
    if not Scope.of(actor).may(MAY):
        raise Refused
    batch = ImportBatch.objects.visible_to(actor).select_for_update().filter(pk=batch_id).first()
    if batch is None:
        raise NotFound
    rolls.of(batch)  # a register that one may not know of (any more) is not there
    return batch


def _must_be(batch, *states):
    if batch.status not in states:
        raise _wrong_state(batch)


def _wrong_state(batch) -> Conflict:
    return Conflict(
        _("This import is: %(status)s.") % {"status": batch.get_status_display()}, status_now=batch.status
    )


def restart(*, actor, batch_id: int) -> ImportBatch:
    """A reading that was interrupted, to be done again."""
    batch = (
        ImportBatch.objects.visible_to(actor).filter(pk=batch_id, status__in=[S.WAITING, S.READING]).first()
    )
    if batch is None or not Scope.of(actor).may(MAY):
        raise NotFound
    rolls.of(batch)
    if hold.at_work(batch.pk):
        raise _wrong_state(batch)
    return batch
