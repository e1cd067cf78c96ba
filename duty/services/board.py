"""The supervision board: answers accepted (销号). What is asked, answered and reminded are steps of the event itself."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import DEPARTMENT
from core.errors import Conflict, Invalid, NotFound, Refused
from duty.models import Struck
from events.models import Event, Supervision
from grids import directory
from grids.scope import Scope


def may_strike(user, supervision, units=None) -> bool:
    """Whoever asked, the people of the asking unit who may supervise, and those who stand above the asked unit.

    `units` of the directory, for those who ask of many rows.
    """
    scope = Scope.of(user)
    if supervision.by_id == user.pk:
        return True
    seats = [s for s in scope.seats if s.may("events.supervise_event") and s.role.place != DEPARTMENT]
    below = _level(supervision, units or directory.current().units)
    return any(
        (s.unit_id is not None and s.unit_id == supervision.unit_id)
        or (s.covers(supervision.event.path) and s.level < below)
        for s in seats
    )


def _level(supervision, units) -> int:
    """The level above which somebody must stand, as in the workflow: a department is below the centre that sent it there."""
    asked, centre = units.get(supervision.asked_unit_id), units.get(supervision.event.centre_id)
    if asked is not None and asked.kind == "centre":
        return asked.level
    return (centre.level if centre else 0) + 1


@transaction.atomic
def strike(*, actor, supervision_id: int, words: str = "") -> Struck:
    """Take an answered supervision off the board. Raises NotFound, Refused, Invalid without an answer, Conflict."""
    row = Supervision.objects.select_related("event").filter(pk=supervision_id).first()
    if row is None or not Event.objects.visible_to(actor).filter(pk=row.event_id).exists():
        raise NotFound
    if not may_strike(actor, row):
        raise Refused(_("An answer is accepted by whoever asked, or by a centre above."))
    if row.answered_at is None:
        raise Invalid(fields={"words": [_("There is no answer to accept yet.")]})
    try:
        with transaction.atomic():
            return Struck.objects.create(supervision=row, by=actor, at=timezone.now(), words=words.strip()[:500])
    except IntegrityError as error:
        raise Conflict(_("This answer has been accepted already.")) from error
