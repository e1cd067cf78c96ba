"""What a grid worker's month is measured by."""

from django.db.models import F, Q
from django.db.models.functions import TruncDate
from django.utils.translation import gettext_lazy as _

from accounts.roles import WORKER_ROLES
from evaluation.registry import COUNT, USER, Figure, indicator
from events.models import Event, StageRecord
from events.workflow import Stage

SATISFIED = 4  # stars and more: satisfied 满意


def _reported(period):
    """Events that somebody with an account reported in the period; the reporter is the subject."""
    return Event.objects.filter(period.holds("reported_at"), reporter__isnull=False)


@indicator("reports", subject=USER, unit=COUNT, target=8, label=_("Reports registered 上报立案数"))
def reports(period):
    """Number of events reported in the period that were registered, those settled on the spot included."""
    rows = _reported(period).filter(registered_at__isnull=False)
    return Figure(rows, by="reporter_id", event="")


@indicator("valid_reports", subject=USER, label=_("Valid report rate 有效上报率"))
def valid_reports(period):
    """Events reported in the period: registered / all. Rejected, merged and cancelled ones were not registered."""
    counted = Q(registered_at__isnull=False)
    return Figure(_reported(period), by="reporter_id", counted=counted, event="")


@indicator("settled_on_spot", subject=USER, label=_("Share settled on the spot 自办自结率"))
def settled_on_spot(period):
    """Events reported in the period and registered: settled by the worker on the spot / all.

    One that was reopened, or that a spot check found undone, was not.
    """
    rows = _reported(period).filter(registered_at__isnull=False)
    return Figure(rows, by="reporter_id", counted=Q(settled_on_spot=True), event="")


@indicator("verified_on_time", subject=USER, label=_("On-time verification rate 按时核查率"))
def verified_on_time(period):
    """Verifications that the worker ended in the period: within their limit / all. Exempted ones count as in time."""
    rows = StageRecord.objects.filter(period.holds("ended_at"), stage=Stage.VERIFY, actor__isnull=False)
    return Figure(rows, by="actor_id", counted=Q(late=False) | Q(exempt=True))


@indicator("resident_satisfaction", subject=USER, label=_("Satisfaction in the worker's grid 群众满意率"))
def resident_satisfaction(period):
    """Events of the worker's grid rated in the period by somebody else: 4 or 5 stars / rated. Silence counts for nobody.

    Whose grid it is, is asked for the day of the rating; two workers of one grid are both answerable for it.
    """
    rows = (
        Event.objects.filter(period.holds("evaluated_at"), stars__isnull=False)
        .annotate(rated_on=TruncDate("evaluated_at"))
        .filter(
            Q(grid__posts__until=None) | Q(grid__posts__until__gt=F("rated_on")),
            grid__posts__since__lte=F("rated_on"),
            grid__posts__role__in=sorted(WORKER_ROLES),
        )
        .annotate(worker=F("grid__posts__user_id"))
        .filter(Q(reporter=None) | ~Q(reporter_id=F("worker")))
    )
    return Figure(rows, by="worker", counted=Q(stars__gte=SATISFIED), event="", repeats=True)
