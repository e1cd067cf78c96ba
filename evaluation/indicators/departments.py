"""What a department's quarter is measured by. A turn (Assignment) runs from dispatch to feedback or return."""

from django.db.models import Case, F, FloatField, Q, Value, When
from django.utils.translation import gettext_lazy as _

from evaluation.indicators.workers import SATISFIED
from evaluation.registry import MEAN, UNIT, Figure, indicator
from events.models import Assignment, Event, WhistleCall
from events.workflow import Status

Outcome = Assignment.Outcome
DONE = (Outcome.FED_BACK, Outcome.PASSED, Outcome.REWORK)


def _due(period):
    """Turns that should have been handled in the period: due in it, neither withdrawn nor given back before the deadline.

    The turn of a suspended event keeps its old deadline until the suspension ends, but its clock stands still.
    """
    return (
        Assignment.objects.filter(period.holds("due_at"))
        .exclude(outcome=Outcome.WITHDRAWN)
        .exclude(outcome=Outcome.RETURNED, late=False)
        .exclude(outcome=Outcome.OPEN, event__status=Status.SUSPENDED)
    )


@indicator("handled_on_time", subject=UNIT, label=_("On-time handling rate 按期处置率"))
def handled_on_time(period):
    """Turns due in the period, led or co-handled: handled in time / should be handled. Exempted ones count as in time."""
    in_time = Q(outcome__in=DONE, late=False) | Q(exempt=True)
    return Figure(_due(period), by="unit_id", counted=in_time)


@indicator("closed", subject=UNIT, label=_("Closing rate 结案率"))
def closed(period):
    """Turns led and due in the period: closed / should be closed. A turn sent back gives way to its successor."""
    rows = _due(period).filter(lead=True).exclude(outcome__in=[Outcome.REWORK, Outcome.RETURNED])
    return Figure(rows, by="unit_id", counted=Q(outcome=Outcome.PASSED))


@indicator("returned", subject=UNIT, inverse=True, label=_("Return rate 退回率"))
def returned(period):
    """Events dispatched to the unit as lead in the period: returned by it / dispatched."""
    rows = Assignment.objects.filter(period.holds("dispatched_at"), lead=True)
    return Figure(rows.exclude(outcome=Outcome.WITHDRAWN), by="unit_id", counted=Q(outcome=Outcome.RETURNED))


def _handled(period):
    """Turns led that ended with a feedback in the period."""
    return Assignment.objects.filter(period.holds("ended_at"), lead=True, outcome__in=DONE)


@indicator("reworked", subject=UNIT, inverse=True, label=_("Rework rate 返工率"))
def reworked(period):
    """Turns led that were fed back in the period: sent back for rework / handled."""
    return Figure(_handled(period), by="unit_id", counted=Q(outcome=Outcome.REWORK))


@indicator("came_when_called", subject=UNIT, label=_("Whistle report-in rate 吹哨报到率"))
def came_when_called(period):
    """Whistles by which the unit had to come in the period: reported in by then / called.

    Where the event was closed before that, nobody had to come any more.
    """
    rows = WhistleCall.objects.filter(period.holds("come_by")).exclude(
        arrived_at=None, whistle__event__closed_at__lt=F("come_by")
    )
    return Figure(rows, by="unit_id", counted=Q(arrived_at__lte=F("come_by")), event="whistle__event")


@indicator(
    "used_share", subject=UNIT, unit=MEAN, inverse=True, label=_("Mean used share of the limit 时限使用率")
)
def used_share(period):
    """Turns led that were fed back in the period: sum of the used shares of their limits, each 1 at most / turns.

    Exempted ones are left out: their time was not the unit's.
    """
    capped = Case(When(used_share__gt=1, then=Value(1.0)), default=F("used_share"), output_field=FloatField())
    rows = _handled(period).filter(used_share__isnull=False, exempt=False)
    return Figure(rows, by="unit_id", amount=capped)


@indicator("satisfaction", subject=UNIT, label=_("Satisfaction 满意率"))
def satisfaction(period):
    """Events led by the unit and rated in the period: 4 or 5 stars / rated. Silence counts for nobody."""
    rows = Event.objects.filter(period.holds("evaluated_at"), stars__isnull=False, lead__isnull=False)
    return Figure(rows, by="lead_id", counted=Q(stars__gte=SATISFIED), event="")
