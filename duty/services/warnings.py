"""Warnings: raised, taken by one person, ended with words. Every step is a row of the trail."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import Conflict, Invalid, NotFound, Refused
from duty import reach, selectors
from duty.models import Response, Warning, WarningCall, WarningStep
from duty.models.warning import BY_HAND, Level
from grids import directory
from grids.models import Grid
from grids.scope import Scope

LONGEST = timedelta(days=30)
Action = WarningStep.Action
Why = WarningCall.Why


@dataclass
class Found:
    """A warning to be written, and the units to be called besides those in its reach: [(unit id, why)]."""

    warning: Warning
    calls: list[tuple[int, str]]


@transaction.atomic
def raise_warning(
    *, actor, level: str, cause: str, title: str, grid_id: int, words: str = "", until: datetime | None = None
) -> Warning:
    """A warning by hand. Raises Invalid by field, Refused outside the person's territory."""
    now = timezone.now()
    grid = Grid.objects.valid_on().filter(pk=grid_id).defer("boundary").first()
    if grid is None or not Grid.objects.visible_to(actor).filter(pk=grid_id).exists():
        raise Invalid(fields={"grid": [_("There is no such grid in your territory.")]})
    if not Scope.of(actor).may_at("duty.raise_warning", grid.path):
        raise Refused(_("Warnings are raised by the centres that cover the place."))
    _check(level, cause, title, until, now)
    warning = Warning(
        level=level, cause=cause, title=title.strip()[:120], words=words.strip()[:1000], grid=grid, path=grid.path,
        reach=reach_of(grid.path), made_by=actor, made_at=now, asked_at=now,
        until=until or now + timedelta(hours=valid_hours(level)),
    )  # fmt: skip
    centre = directory.current().centre_for(grid.path)
    write([Found(warning, [(centre.pk, Why.HOLDER)] if centre else [])], now, actor=actor)
    return warning


def _check(level, cause, title, until, now):
    wrong = {}
    if level not in Level.values:
        wrong["level"] = [_("Expected one of: %(names)s.") % {"names": ", ".join(Level.values)}]
    if cause not in BY_HAND:
        wrong["cause"] = [_("Expected one of: %(names)s.") % {"names": ", ".join(BY_HAND)}]
    if not title.strip():
        wrong["title"] = [_("must not be empty.")]
    if until is not None and not now < until <= now + LONGEST:
        wrong["until"] = [_("Expected a time in the future, at most 30 days away.")]
    if wrong:
        raise Invalid(fields=wrong)


def reach_of(path: str) -> str:
    """The territory whose desks are warned first."""
    centre = directory.current().centre_for(path)
    return reach.territory(path, centre.path if centre else None)


def valid_hours(level: str) -> int:
    found = Response.objects.filter(level=level).values_list("valid_hours", flat=True).first()
    return found or 24


def write(found: list[Found], now, *, actor=None):
    """Warnings, their calls and first steps: three statements for any number of them."""
    for one in found:
        one.warning.seq = 1
    Warning.objects.bulk_create(one.warning for one in found)
    called = {unit for one in found for unit, _why in one.calls}
    lines = selectors.on_duty_at(called, now) if called else {}
    WarningCall.objects.bulk_create(
        call_of(one.warning, unit, why, lines.get(unit, ()), now) for one in found for unit, why in one.calls
    )
    unit_id = _unit_of(actor) if actor is not None else None
    WarningStep.objects.bulk_create(
        WarningStep(
            warning=one.warning, seq=1, action=Action.RAISE, at=now, by=actor, unit_id=unit_id,
            words=one.warning.words[:500],
        )
        for one in found
    )  # fmt: skip


def call_of(warning, unit_id, why, lines, now) -> WarningCall:
    """The call to a unit, with whom its roster names at this moment."""
    line = selectors.to_call(list(lines))
    if line is None:
        return WarningCall(warning=warning, unit_id=unit_id, why=why, at=now)
    return WarningCall(
        warning=warning, unit_id=unit_id, why=why, at=now, user_id=line.user_id, name=line.name, phone=line.phone
    )


@transaction.atomic
def take(*, actor, warning_id: int) -> Warning:
    """接警: this person sees to it. Raises NotFound, Refused, and Conflict (who was faster, when) for the second one.

    Whoever has taken it already and presses again gets it as it is.
    """
    warning = _locked(actor, warning_id)
    seat = _seat(actor, warning)
    if warning.taken_by_id == actor.pk:
        return warning
    refuse_if_over(warning)
    if warning.taken_at is not None:
        raise Conflict(
            _("%(who)s took this warning at %(when)s.")
            % {"who": warning.taken_by, "when": timezone.localtime(warning.taken_at).strftime("%H:%M")},
            who=str(warning.taken_by),
            unit=warning.taken_unit.name if warning.taken_unit else "",
            at=warning.taken_at.isoformat(),
        )
    now = timezone.now()
    warning.taken_by, warning.taken_unit_id, warning.taken_at = actor, seat.unit_id, now
    step(warning, Action.TAKE, now, actor=actor, unit_id=seat.unit_id)
    warning.save(update_fields=["taken_by", "taken_unit", "taken_at", "seq"])
    return warning


@transaction.atomic
def end(*, actor, warning_id: int, words: str) -> Warning:
    """解除: it is over, and `words` say how. By whoever took or made it, their unit, or a centre above the place."""
    warning = _locked(actor, warning_id)
    seat = _may_end(actor, warning)
    if not words.strip():
        raise Invalid(fields={"words": [_("Say how it ended.")]})
    refuse_if_over(warning)
    now = timezone.now()
    close(warning, Action.END, now, words.strip()[:500], actor=actor, unit_id=seat.unit_id if seat else None)
    warning.save(update_fields=["ended_by", "ended_at", "end_words", "seq"])
    return warning


def refuse_if_over(warning):
    if warning.ended_at is not None:
        who = warning.ended_by or _("the system")
        raise Conflict(
            _("This warning was ended by %(who)s.") % {"who": who}, who=str(who), at=warning.ended_at.isoformat()
        )


def close(warning, action, now, words, *, actor=None, unit_id=None):
    """Mark an open warning as over (in memory) and write the step."""
    warning.ended_at, warning.ended_by, warning.end_words = now, actor, words
    step(warning, action, now, actor=actor, unit_id=unit_id, words=words)


def step(warning, action, now, *, actor=None, unit_id=None, words=""):
    """One more row of the trail; the caller saves `seq` with the rest."""
    warning.seq += 1
    WarningStep.objects.create(
        warning=warning, seq=warning.seq, action=action, at=now, by=actor, unit_id=unit_id, words=words[:500]
    )


@transaction.atomic
def seen(*, actor, warning_id: int):
    """The calls to it that name this person have been read."""
    WarningCall.objects.filter(warning=warning_id, user=actor.pk, seen_at=None).update(seen_at=timezone.now())


def _locked(actor, warning_id) -> Warning:
    """The row, locked, and nothing joined to it: the loser of a race must see what the winner wrote."""
    warning = Warning.objects.select_for_update().filter(pk=warning_id).first()
    if warning is None or not Warning.objects.visible_to(actor).filter(pk=warning_id).exists():
        raise NotFound
    return warning


def called_by(warning) -> dict[int, str]:
    """Unit id → path of the units called to it."""
    return dict(warning.calls.values_list("unit_id", "unit__grid__path"))


def seat_to_take(user, warning, called=None):
    """The post by which this person may take it, a unit's before a grid's; None if none."""
    called = called_by(warning) if called is None else called
    seats = [s for s in Scope.of(user).seats if reach.may_take(s, warning.reach, warning.path, called)]
    return min(seats, key=lambda seat: seat.unit_id is None, default=None)


def _seat(actor, warning):
    seat = seat_to_take(actor, warning)
    if seat is None:
        raise Refused(_("This warning is taken by the desks of its territory."))
    return seat


def may_end(user, warning) -> bool:
    try:
        _may_end(user, warning)
    except Refused:
        return False
    return True


def _may_end(actor, warning):
    scope = Scope.of(actor)
    if warning.taken_unit_id in scope.unit_ids and warning.taken_unit_id:
        return next(s for s in scope.seats if s.unit_id == warning.taken_unit_id)
    if actor.pk in (warning.taken_by_id, warning.made_by_id):
        return next((s for s in scope.seats if s.may(reach.TAKE)), None)
    above = [s for s in scope.seats if s.may("duty.raise_warning") and s.covers(warning.path)]
    if not above:
        raise Refused(_("A warning is ended by whoever took or made it, or by a centre above the place."))
    return above[0]


def _unit_of(actor) -> int | None:
    return min(Scope.of(actor).unit_ids, default=None)
