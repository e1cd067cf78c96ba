"""Hand-overs (交接班): written by who goes off, accepted by who comes on; append-only from then."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import Conflict, Invalid, NotFound, Refused
from duty import snapshot
from duty.models import HandOver, Matter, Remark
from events.models import Event
from grids.models import Unit
from grids.scope import Scope

MOST_MATTERS = 30


def may_write(user, unit_id: int) -> bool:
    """The unit's own people: operators and the head."""
    return any(s.unit_id == unit_id and s.may("duty.add_handover") for s in Scope.of(user).seats)


@transaction.atomic
def write(*, actor, unit: Unit, words: str, things: str = "", matters: list[tuple[str, int | None]] = ()) -> HandOver:
    """A hand-over of the unit, with what is open at this moment. `matters`: (words, event id or None).

    Raises Refused, Invalid by field, Conflict while another one waits to be accepted.
    """
    if not may_write(actor, unit.pk):
        raise Refused(_("Hand-overs are written by the people of the unit."))
    _check(words, matters)
    try:
        with transaction.atomic():
            made = HandOver.objects.create(
                unit=unit, by=actor, written_at=timezone.now(), words=words.strip(), things=things.strip()[:1000],
                snapshot=snapshot.take(unit),
            )  # fmt: skip
    except IntegrityError as error:
        raise Conflict(_("A hand-over of this unit still waits to be accepted.")) from error
    _keep_matters(made, actor, matters)
    return made


@transaction.atomic
def change(*, actor, hand_over_id: int, words: str, things: str = "", matters=()) -> HandOver:
    """Until it is accepted, whoever wrote it may mend it; what was open is looked up anew."""
    row = _locked(actor, hand_over_id)
    if row.by_id != actor.pk:
        raise Refused(_("Only whoever wrote a hand-over may change it."))
    _refuse_accepted(row)
    _check(words, matters)
    row.words, row.things, row.changed_at = words.strip(), things.strip()[:1000], timezone.now()
    row.snapshot = snapshot.take(row.unit)
    row.save(update_fields=["words", "things", "changed_at", "snapshot"])
    row.matters.all().delete()
    _keep_matters(row, actor, matters)
    return row


@transaction.atomic
def accept(*, actor, hand_over_id: int) -> HandOver:
    """接班: somebody else of the unit signs, at this moment. Twice is once for the same person."""
    row = _locked(actor, hand_over_id)
    if not may_write(actor, row.unit_id):
        raise Refused(_("Hand-overs are accepted by the people of the unit."))
    if row.accepted_by_id == actor.pk:
        return row
    _refuse_accepted(row)
    if row.by_id == actor.pk:
        raise Refused(_("Your own hand-over is accepted by whoever comes on after you."))
    row.accepted_by, row.accepted_at = actor, timezone.now()
    row.save(update_fields=["accepted_by", "accepted_at"])
    return row


@transaction.atomic
def remark(*, actor, hand_over_id: int, words: str) -> Remark:
    """Said to it afterwards, by people of the unit."""
    row = _locked(actor, hand_over_id)
    if not may_write(actor, row.unit_id):
        raise Refused(_("Remarks are made by the people of the unit."))
    if not words.strip():
        raise Invalid(fields={"words": [_("must not be empty.")]})
    return Remark.objects.create(hand_over=row, by=actor, at=timezone.now(), words=words.strip()[:1000])


def _check(words, matters):
    if not words.strip():
        raise Invalid(fields={"words": [_("Say what happened, or that nothing did.")]})
    if len(matters) > MOST_MATTERS:
        raise Invalid(fields={"matters": [_("At most %(n)s open matters.") % {"n": MOST_MATTERS}]})


def _keep_matters(row, actor, matters):
    """Events that are not this person's to see are left out of the links, not of the words."""
    ids = {event for _words, event in matters if event}
    seen = set(Event.objects.visible_to(actor).filter(pk__in=ids).order_by().values_list("pk", flat=True)) if ids else set()
    Matter.objects.bulk_create(
        Matter(hand_over=row, position=n, words=words[:500], event_id=event if event in seen else None)
        for n, (words, event) in enumerate(matters)
    )


def _locked(actor, pk) -> HandOver:
    row = HandOver.objects.select_for_update().filter(pk=pk).first()
    if row is None or not HandOver.objects.visible_to(actor).filter(pk=pk).exists():
        raise NotFound
    return row


def _refuse_accepted(row):
    if row.accepted_at is not None:
        when = timezone.localtime(row.accepted_at).strftime("%m-%d %H:%M")
        raise Conflict(
            _("%(who)s accepted this hand-over at %(when)s.") % {"who": row.accepted_by, "when": when},
            who=str(row.accepted_by), at=row.accepted_at.isoformat(),
        )  # fmt: skip
