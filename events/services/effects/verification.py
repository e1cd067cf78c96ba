"""Moves that judge the work: verify, rework, rate, check what was settled on the spot, reopen."""

from datetime import timedelta

from django.utils.translation import gettext as _

from core.prepared import PreparedUpdate
from events.models import Assignment
from events.services.clockwork import clear_handling
from events.services.effects.desk import assign
from events.workflow import SPOT_WAITING, SpotCheck
from grids.models import Grid

REOPEN_DAYS = 30  # for the reporter; the centre may always
Outcome = Assignment.Outcome


def verify_pass(step):
    """核查通过: closed."""
    event = step.event
    _passed(event.pk)
    event.closed_at = step.now
    clear_handling(event)


_passed = PreparedUpdate(
    lambda event: (
        Assignment.objects.filter(event=event, outcome=Outcome.FED_BACK),
        {"outcome": Outcome.PASSED},
    ),
    int,
)


def rework(step):
    """返工: to the same lead unit again, with a fresh limit; the finished turn is marked as sent back."""
    event = step.event
    event.reworks += 1
    event.assignments.filter(lead=True, outcome=Outcome.FED_BACK).update(outcome=Outcome.REWORK)
    event.fed_back_at = event.signed_at = None
    assign(step, event.lead_id, [])


def evaluate(step):
    """评价: 1–5 stars and words."""
    event = step.event
    stars = step.supplied["stars"]
    if stars not in range(1, 6):
        raise step.wrong("stars", _("Expected 1 to 5 stars."))
    event.stars, event.rating_words = stars, step.words[:500]
    event.evaluated_at = step.now
    step.facts.update(stars=stars)


def lapse(step):
    """No rating came: evaluated by the clock, without stars, so that silence counts for nobody."""
    step.event.evaluated_at = step.now


def archive(step):
    """Nobody was asked to rate: evaluated by the clock, at no instant, so that no figure takes it for silence."""


def spot_pass(step):
    """抽查合格: it stays closed, or evaluated, as it is."""
    step.event.spot_state, step.event.spot_due_at = SpotCheck.PASSED, None


def spot_fail(step):
    """抽查不合格: it was not settled after all, and goes to the centre for a dispatch."""
    step.event.spot_state, step.event.spot_due_at = SpotCheck.FAILED, None
    _back_to_the_centre(step.event)


def reopen(step):
    """重新办理: back to the centre for a new dispatch; number and history stay."""
    event = step.event
    if step.seat is True and step.now > event.closed_at + timedelta(days=REOPEN_DAYS):
        raise step.wrong(
            "words", _("A reporter can reopen within %(days)s days after closing.") % {"days": REOPEN_DAYS}
        )
    event.reopens += 1
    if event.spot_state in SPOT_WAITING:  # there is nothing left to be checked
        event.spot_state = event.spot_due_at = None
    _back_to_the_centre(event)


def _back_to_the_centre(event):
    event.stars, event.rating_words = None, ""
    event.lead_id = event.fed_back_at = event.signed_at = event.closed_at = event.evaluated_at = None
    event.settled_on_spot = False
    event.holder_id = event.centre_id
    event.path = Grid.objects.values_list("path", flat=True).get(pk=event.grid_id)  # it may have been moved since
    clear_handling(event)
