"""Care registers (关爱对象): somebody is taken in, looked after at intervals, and leaves with a reason."""

import json
from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core import ciphers
from core.errors import Conflict, Invalid, NotFound
from grids.models import Post
from residents import care, schema
from residents.models import CareClass, CareRecord, Change, Resident, Visit
from residents.models.care import Attention
from residents.models.trail import Kind
from residents.services import rights, trail

MOST_REASON = 200
MOST_WORDS = 300  # about a visit


@transaction.atomic
def begin(*, actor, resident, care_class, since=None, attention=Attention.MIDDLE, responsible=None,
          visit_days=None, reason: str = "", data=None) -> CareRecord:  # fmt: skip
    """Take somebody into a care register. Raises NotFound, Refused, Invalid, or Conflict if they are in it."""
    person = rights.locked(resident, actor)
    known = _known_class(actor, care_class, person.grid.path, CareClass.Group.CARE)
    if person.status != Resident.Status.LIVING:
        raise Invalid(_("This person no longer lives here."))
    record = CareRecord(resident=person, care_class=known, grid=person.grid, begin_reason=said(reason))
    record.since = rights.a_day(since or timezone.localdate(), "since")
    settle(record, known, actor, person.grid.path, attention, responsible, visit_days)
    values = schema.cleaned(known.fields, data, prefix="own_")
    record.seal(values)
    record.next_visit = timezone.localdate() + timedelta(days=record.visit_days)
    try:
        with transaction.atomic():
            record.save()
    except IntegrityError as error:
        raise Conflict(_("This person is in this register already.")) from error
    _note(record, {}, {}, actor, "begun")
    return record


@transaction.atomic
def change(record, *, actor, attention=None, responsible=..., visit_days=None, data=None) -> CareRecord:
    """Another attention, worker, interval or own fields; what is left out stays."""
    row = locked(record, actor)
    before, own = trail.snapshot(row), row.values
    keep = {"attention": row.attention, "visit_days": row.visit_days}
    given = {
        "attention": keep["attention"] if attention is None else attention,
        "responsible": responsible,
        "visit_days": keep["visit_days"] if visit_days is None else visit_days,
    }
    settle(row, row.care_class, actor, row.grid.path, **given)
    if row.visit_days != keep["visit_days"]:
        row.next_visit = (row.visited_on or timezone.localdate()) + timedelta(days=row.visit_days)
    if data is not None:
        row.seal(schema.cleaned(row.care_class.fields, data, prefix="own_", kept=own))
    row.save()
    _note(row, before, own, actor, "changed")
    return row


@transaction.atomic
def visit(record, *, actor, on=None, words: str = "") -> CareRecord:
    """Somebody was there: a row of its own, and the next visit is due one interval later. One that is older than the
    last is kept and moves nothing; the same day by the same person without a new word is the same visit."""
    row = locked(record, actor)
    day, words = rights.a_day(on or timezone.localdate(), "on", earliest=row.since), said_of_visit(words)
    same = Visit.objects.filter(record=row, day=day, user=actor)
    if words or not same.exists():
        Visit.objects.create(record=row, day=day, user=actor, words=words)
    if row.visited_on is not None and day <= row.visited_on:
        return row
    before = trail.snapshot(row)
    row.visited_on, row.next_visit = day, day + timedelta(days=row.visit_days)
    row.save(update_fields=["visited_on", "next_visit"])
    _note(row, before, row.values, actor, "visited")
    return row


@transaction.atomic
def end(record, *, actor, on=None, reason: str) -> CareRecord:
    """Somebody needs this care no longer, and why. The entry is removed after the class's time."""
    row = locked(record, actor)
    reason = said(reason)
    if not reason:
        raise Invalid(fields={"reason": [_("Say why it ends.")]})
    _end(row, rights.a_day(on or timezone.localdate(), "on", earliest=row.since), reason, actor)
    return row


def end_all(person, day: date, reason: str, actor):
    """What `end` does for every open entry of somebody who died or left; whoever records that need not know of any."""
    rows = (
        CareRecord.objects.filter(resident=person, until=None).select_for_update(of=("self",)).order_by("pk")
    )
    for row in rows:
        _end(row, max(day, row.since), reason, actor)


def reopen_all(person, after: int, actor):
    """Takes back what `end_all` did to this person's entries: ends that stand in the history after the row `after`."""
    rows = CareRecord.objects.filter(resident=person).exclude(until=None)
    for row in rows.select_for_update(of=("self",)).order_by("pk"):
        told = Change.objects.filter(kind=Kind.CARE, record_id=row.pk, pk__gt=after, action="ended")
        if (ended := told.order_by("pk").first()) is not None:
            before, due = trail.snapshot(row), (ended.changes.get("next_visit") or [""])[0]
            row.until, row.end_reason, row.next_visit = None, "", date.fromisoformat(due) if due else None
            row.save(update_fields=["until", "end_reason", "next_visit"])
            _note(row, before, row.values, actor, "taken_back")


def _end(row, day, reason, actor):
    before = trail.snapshot(row)
    row.until, row.end_reason, row.next_visit = day, reason, None
    row.save(update_fields=["until", "end_reason", "next_visit"])
    _note(row, before, row.values, actor, "ended")


def locked(record, actor) -> CareRecord:
    """The open entry as it is now, locked. Raises NotFound, Refused, or Conflict where it has ended."""
    rows = CareRecord.objects.visible_to(actor).select_related("grid", "care_class", "responsible")
    row = rows.select_for_update(of=("self",)).filter(pk=record.pk).first()
    if row is None:
        raise NotFound
    rights.must_edit(actor, row.grid.path, CareRecord)
    if row.until is not None:
        raise Conflict(_("This entry has ended already."))
    return row


def _known_class(actor, care_class, path, group) -> CareClass:
    """The class if this person may know of it there; else it does not exist."""
    pk = getattr(care_class, "pk", care_class)
    found = next((one for one in care.classes_for(actor, path, group) if one.pk == pk), None)
    if found is None:
        raise NotFound
    return found


def settle(record, care_class, actor, path, attention, responsible, visit_days):
    """Attention, worker (... leaves the present one) and interval onto an entry. Raises Invalid naming the field."""
    errors = {}
    if attention not in Attention.values:
        errors["attention"] = [_("Choose one of the levels.")]
    days = care_class.visit_days if visit_days is None else visit_days
    if not isinstance(days, int) or not 1 <= days <= 730:
        errors["visit_days"] = [_("Expected 1 to 730 days.")]
    worker = record.responsible if responsible is ... else _worker(responsible, path, care_class, errors)
    if errors:
        raise Invalid(fields=errors)
    record.attention, record.visit_days, record.responsible = attention, days, worker


def _worker(responsible, path, care_class, errors):
    if responsible is None:
        return None
    pk = getattr(responsible, "pk", responsible)
    found = workers_at(path, care_class).filter(pk=pk).first()
    if found is None:
        errors["responsible"] = [_("Choose somebody who holds a post here that may know of this register.")]
    return found


def workers_at(path, care_class):
    """People with a post of today at this grid or one above it, in a grid or centre, that may know of the class."""
    above = ["/" + "/".join(path.strip("/").split("/")[: n + 1]) + "/" for n in range(path.count("/") - 1)]
    posts = _posts(care_class)
    return _holders(
        posts.filter(grid__path__in=above) | posts.filter(unit__kind="centre", unit__grid__path__in=above)
    )


def workers_of(care_class):
    """People with a post of today, wherever it is, that may know of the class: before it is known where."""
    return _holders(_posts(care_class))


def _posts(care_class):
    posts = Post.objects.on(timezone.localdate()).filter(role__in=care_class.roles)
    return posts.exclude(role="district_admin")


def _holders(posts):
    return User.objects.filter(pk__in=posts.values("user_id"), is_active=True).order_by("name", "pk")


def said(reason: str) -> str:
    words = " ".join(str(reason or "").split())
    if len(words) > MOST_REASON:
        raise Invalid(fields={"reason": [_("At most %(most)s characters.") % {"most": MOST_REASON}]})
    return words


def said_of_visit(words: str) -> str:
    words = str(words or "").replace("\0", "").strip()
    if len(words) > MOST_WORDS:
        raise Invalid(fields={"words": [_("At most %(most)s characters.") % {"most": MOST_WORDS}]})
    return words


def _note(row, before, own, actor, action):
    if line := noted(row, before, own, actor, action):
        line.save()


def noted(row, before, own, actor, action, batch=None) -> Change | None:
    """A row of history, not saved: own fields sealed, what changed is named, from and to can be read by whoever sees
    the entry. None if nothing differs."""
    told = trail.differences(before, trail.snapshot(row))
    told.pop("data", None)
    values = row.values
    if values == own and not told:
        return None
    changed = {k: [own.get(k, ""), values.get(k, "")] for k in {*own, *values} if own.get(k) != values.get(k)}
    return Change(
        kind=Kind.CARE, record_id=row.pk, grid_id=row.grid_id, user=actor, action=action, changes=told, batch=batch,
        sealed=ciphers.encrypt(json.dumps(changed, ensure_ascii=False, sort_keys=True)) if changed else "",
    )  # fmt: skip
