"""Moves of the units that do the work: sign, return, ask for time, feed back."""

from datetime import datetime
from functools import partial

from django.db.models import Case, F, Value, When
from django.utils.translation import gettext as _

from core.prepared import PreparedUpdate
from events.models import Assignment, TimeRequest
from events.models.standard import LimitUnit
from events.services.clockwork import clear_handling, extend_handling, share
from events.workflow import Status

MOST_GRANTS = 2
Outcome = Assignment.Outcome


def sign(step):
    """签收."""
    step.event.signed_at = step.now
    _signed(step.event.pk, step.now)


_signed = PreparedUpdate(
    lambda event, now: (
        Assignment.objects.filter(event=event, lead=True, outcome=Outcome.OPEN),
        {"signed_at": now},
    ),
    int,
    datetime,
)


def give_back(step):
    """退回: the event goes back to the centre; the turn counts as returned, the co-units' as withdrawn."""
    event = step.event
    event.returns += 1
    end_turns(step, lead=Outcome.RETURNED, others=Outcome.WITHDRAWN)
    if step.source == Status.HANDLING:
        drop_request(step)
    event.lead_id = event.signed_at = None
    event.holder_id = event.centre_id
    clear_handling(event)


def end_turns(step, *, lead, others):
    """Close the open turns with an outcome for the lead's and one for the co-units': one UPDATE.

    The words are the lead's; a co-unit's turn that ends with the lead's keeps its own.
    """
    event = step.event
    late = event.handle_due_at is not None and step.now > event.handle_due_at
    used = share(step, event.handle_due_at, event.handle_seconds, event.handle_unit)
    _ended[late](event.pk, lead.value, others.value, step.now, used, step.words[:2000])


def _ending(late, event, lead, others, now, used, words):
    turns = Assignment.objects.filter(event=event, outcome=Outcome.OPEN)
    return turns, {
        "outcome": Case(When(lead=True, then=Value(lead)), default=Value(others)),
        "ended_at": now,
        "late": late,
        "used_share": used,
        "words": Case(When(lead=True, then=Value(words)), default=F("words")),
    }


_ended = {late: PreparedUpdate(partial(_ending, late), int, str, str, datetime, float, str) for late in (False, True)}


def drop_request(step):
    """A request for more time that nobody answered ends with the turn it was made in."""
    _dropped(step.event.pk, step.now)


_dropped = PreparedUpdate(
    lambda event, now: (
        TimeRequest.objects.filter(event=event, granted=None),
        {"granted": False, "decided_at": now},
    ),
    int,
    datetime,
)


def co_report(step):
    """协办反馈: a co-handling unit says what it did; the event goes on lying with the lead."""
    event = step.event
    done = event.assignments.filter(unit=step.unit_id, lead=False, outcome=Outcome.OPEN).update(
        outcome=Outcome.FED_BACK,
        ended_at=step.now,
        late=step.now > event.handle_due_at,
        used_share=share(step, event.handle_due_at, event.handle_seconds, event.handle_unit),
        words=step.words[:2000],
    )
    if not done:
        raise step.wrong("words", _("Your unit has fed back already."))


def ask_time(step):
    """申请延期: before the deadline only, one request at a time, at most two grants."""
    event = step.event
    amount, unit = _amount(step)
    if step.now > event.handle_due_at:
        raise step.wrong("amount", _("The deadline has passed: more time can be asked for before it only."))
    if event.grants >= MOST_GRANTS:
        raise step.wrong("amount", _("More time has been granted twice already."))
    if event.time_requests.filter(granted=None).exists():
        raise step.wrong("amount", _("A request of yours is waiting for an answer."))
    event.time_requests.create(
        unit_id=event.lead_id, asked_at=step.now, amount=amount, amount_unit=unit, words=step.words[:2000]
    )
    step.facts.update(amount=str(amount), amount_unit=unit)


def _amount(step):
    """(Decimal, unit) from `amount` and `amount_unit`; the unit of the limit if none is given."""
    amount = step.supplied["amount"]
    unit = step.supplied.get("amount_unit") or step.event.handle_unit
    if unit not in LimitUnit.values:
        raise step.wrong(
            "amount_unit", _("Expected one of: %(names)s.") % {"names": ", ".join(LimitUnit.values)}
        )
    if amount <= 0 or amount > 365:
        raise step.wrong("amount", _("Expected a number above 0 and at most 365."))
    return amount, unit


def _open_request(step) -> TimeRequest:
    request = step.event.time_requests.filter(granted=None).first()
    if request is None:
        raise step.wrong("amount", _("Nobody is asking for more time."))
    return request


def grant_time(step):
    """同意延期: as asked, or another amount; counted from the old deadline."""
    event = step.event
    request = _open_request(step)
    if step.now > event.handle_due_at:
        raise step.wrong("amount", _("The deadline has passed: more time can be granted before it only."))
    if step.supplied.get("amount") is not None:
        request.amount, request.amount_unit = _amount(step)
    event.grants += 1
    due_at = extend_handling(step, request.amount, request.amount_unit)
    event.assignments.filter(outcome=Outcome.OPEN).update(due_at=due_at)
    request.granted, request.decided_at = True, step.now
    request.save(update_fields=["granted", "decided_at", "amount", "amount_unit"])
    step.facts.update(amount=str(request.amount), amount_unit=request.amount_unit, due_at=due_at.isoformat())


def refuse_time(step):
    """不同意延期."""
    request = _open_request(step)
    request.granted, request.decided_at = False, step.now
    request.save(update_fields=["granted", "decided_at"])


def feed_back(step):
    """处置反馈: back to the centre and the grid's worker for verification. The handling clock stops for all units."""
    event = step.event
    end_turns(step, lead=Outcome.FED_BACK, others=Outcome.FED_BACK)
    drop_request(step)
    event.fed_back_at = step.now
    event.holder_id = event.centre_id
