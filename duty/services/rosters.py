"""Writes of rosters: shifts one by one, a week copied, the duty of a unit. Each leaves a row in the trail."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import services as accounts
from core.ciphers import mask_phone
from core.errors import Conflict, Invalid, NotFound, Refused
from duty import selectors
from duty.models import RosterChange, Shift, UnitDuty
from grids.models import Unit

LONGEST = timedelta(hours=48)
YEARS = range(2000, 2200)  # of a day that can stand on a roster: beyond lie slips of the hand, and the end of the calendar
Action = RosterChange.Action


def writable(actor, unit: Unit) -> Unit:
    """The unit; raises Refused unless this person keeps its roster."""
    if not selectors.may_edit(actor, unit.grid.path):
        raise Refused(_("Rosters are kept by heads of centres and by district administrators."))
    return unit


def hold(unit_ids: Iterable[int]):
    """One writer of a roster at a time, until the end of the transaction: two who copy a week, bring in the same file or
    write the same line would else meet in the database's constraint. Steps of events do not wait for it."""
    rows = Unit.objects.select_for_update(no_key=True, of=["self"]).filter(pk__in=list(unit_ids)).order_by("pk")
    list(rows.values_list("pk"))


@transaction.atomic
def add_shift(*, actor, unit: Unit, user=None, name="", role, starts_at, ends_at, phone="", note="") -> Shift:
    """Put somebody on the roster: `user`, or a `name` without an account. Raises Invalid by field, Refused."""
    writable(actor, unit)
    hold([unit.pk])
    shift = Shift(unit=unit, role=role, starts_at=starts_at, ends_at=ends_at, note=note)
    _fill(shift, user, name, phone)
    _save(shift)
    note_change(unit.pk, actor, Action.ADD, after=snapshot(shift))
    return shift


@transaction.atomic
def change_shift(*, actor, shift_id: int, user=None, name="", role, starts_at, ends_at, phone="", note="") -> Shift:
    """Change one shift; nothing is written where nothing differs."""
    shift = _locked(actor, shift_id)
    before = snapshot(shift)
    shift.role, shift.starts_at, shift.ends_at, shift.note = role, starts_at, ends_at, note
    _fill(shift, user, name, phone)
    if snapshot(shift) != before or shift.phone != shift.phone_before:
        _save(shift)
        note_change(shift.unit_id, actor, Action.CHANGE, before=before, after=snapshot(shift))
    return shift


@transaction.atomic
def remove_shift(*, actor, shift_id: int) -> int:
    """Take a shift off the roster; the trail keeps what it said. Returns the unit's id."""
    shift = _locked(actor, shift_id)
    note_change(shift.unit_id, actor, Action.REMOVE, before=snapshot(shift))
    shift.delete()
    return shift.unit_id


@transaction.atomic
def copy_week(*, actor, unit: Unit, day: date) -> int:
    """The shifts of the week before into the week of `day`, one week later each. Twice is once.

    A shift is left out where the same person stands on that desk at that time already. Returns how many were made.
    """
    writable(actor, unit)
    start = selectors.monday(day)
    begin, step = selectors.midnight(start), timedelta(days=7)
    hold([unit.pk])
    old = Shift.objects.filter(unit=unit, starts_at__gte=begin - step, starts_at__lt=begin).order_by("pk")
    there = list(Shift.objects.filter(unit=unit).between(begin, begin + step + LONGEST))
    made = [
        Shift(
            unit=unit, user_id=s.user_id, name=s.name, role=s.role, phone=s.phone, note=s.note,
            starts_at=s.starts_at + step, ends_at=s.ends_at + step,
        )
        for s in old
    ]  # fmt: skip
    made = [s for s in made if not any(o.name == s.name and selectors.overlap(o, s) for o in there)]
    Shift.objects.bulk_create(made)
    if made:
        facts = {"week": start.isoformat(), "shifts": len(made), "names": sorted({s.name for s in made})}
        note_change(unit.pk, actor, Action.COPY, after=facts)
    return len(made)


@transaction.atomic
def set_duty(*, actor, unit: Unit, staffed: bool, phone: str) -> UnitDuty:
    """Whether the desk must be staffed around the clock, and its duty phone."""
    writable(actor, unit)
    duty, _made = UnitDuty.objects.select_for_update().get_or_create(unit=unit)
    before = {"staffed": duty.staffed, "phone": duty.phone}
    duty.staffed, duty.phone = staffed, clean_phone(phone)
    after = {"staffed": duty.staffed, "phone": duty.phone}
    if after != before:
        duty.save()
        note_change(unit.pk, actor, Action.DUTY, before=before, after=after)
    return duty


def clean_day(day: date, name: str = "day") -> date:
    """Raises Invalid for a day that no roster is kept for."""
    if day.year not in YEARS:
        raise Invalid(fields={name: [_("Expected a day between %(first)s and %(last)s.") % {
            "first": YEARS[0], "last": YEARS[-1],
        }]})  # fmt: skip
    return day


def clean_phone(text: str, name: str = "phone") -> str:
    """A mobile or a landline with digits and hyphens; raises Invalid for `name`."""
    line = text.strip()
    if not line:
        return ""
    if line.replace("-", "").isdigit() and line.isascii() and 3 <= len(line.replace("-", "")) <= 16:
        return line  # 110, an extension, 0731-23232345: all of them ring
    try:
        return accounts.clean_phone(line)
    except ValueError as error:
        raise Invalid(fields={name: [str(error)]}) from error


def snapshot(shift: Shift) -> dict:
    """What the trail keeps of a shift; the phone masked."""
    return {
        "id": shift.pk, "name": shift.name, "user": shift.user_id, "role": shift.role,
        "from": timezone.localtime(shift.starts_at).isoformat("T", "minutes"),
        "until": timezone.localtime(shift.ends_at).isoformat("T", "minutes"),
        "phone": mask_phone(shift.phone) if shift.phone else "", "note": shift.note,
    }  # fmt: skip


def note_change(unit_id, actor, action, before=None, after=None):
    by = actor if actor is not None and actor.pk else None
    RosterChange.objects.create(
        unit_id=unit_id, at=timezone.now(), by=by, action=action, before=before or {}, after=after or {}
    )


def check(shift: Shift):
    """Raises Invalid for a span that cannot be."""
    if shift.ends_at <= shift.starts_at:
        raise Invalid(fields={"end": [_("A shift must end after it begins.")]})
    if shift.ends_at - shift.starts_at > LONGEST:
        words = _("A shift is at most %(hours)s hours long.") % {"hours": int(LONGEST.total_seconds() // 3600)}
        raise Invalid(fields={"end": [words]})


def _locked(actor, shift_id):
    hold(Shift.objects.filter(pk=shift_id).values_list("unit", flat=True))
    shift = Shift.objects.select_for_update(of=["self"]).filter(pk=shift_id).first()
    if shift is None or not Shift.objects.visible_to(actor).filter(pk=shift_id).exists():
        raise NotFound
    writable(actor, Unit.objects.select_related("grid").get(pk=shift.unit_id))
    shift.phone_before = shift.phone
    return shift


def _fill(shift, user, name, phone):
    if user is None and not name.strip():
        raise Invalid(fields={"name": [_("Choose a person or write a name.")]})
    if user is not None and user.pk != shift.user_id and not selectors.people_of(shift.unit).filter(pk=user.pk).exists():
        raise Invalid(fields={"person": [_("This person has no post in this unit or its territory.")]})
    shift.user = user
    shift.name = (user.name or user.username) if user is not None else name.strip()[:60]
    shift.phone = clean_phone(phone)
    check(shift)


def _save(shift):
    try:
        with transaction.atomic():
            shift.save()
    except IntegrityError as error:
        raise Conflict(_("This person stands on this shift already.")) from error
