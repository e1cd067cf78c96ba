"""What the schedule and the command run in a worker. Each task is harmless when run twice."""

import logging
from datetime import date

from celery import shared_task
from celery.signals import worker_ready

from core.errors import DomainError
from evaluation import periods, services

logger = logging.getLogger(__name__)


@shared_task(acks_late=True)
def score_due(kind):
    """Score every month or quarter that is over and was not scored, those missed in a downtime included.

    Returns their names. What is due is asked of the database, so a task that was lost is made good by the next. A
    period that cannot be scored (a scheme that does not add up) does not keep the others waiting; the task fails at
    the end with its reason, and the period stays due.
    """
    kind, done, failed = periods.kind_of(kind), [], []
    for start in services.due_periods(kind):
        try:
            done.append(services.score(kind, start).name)
        except DomainError as error:
            logger.error("%s from %s was not scored: %s", kind, start, error.message)
            failed.append(error)
    if failed:
        raise failed[0]
    return done


@shared_task(acks_late=True)
def score_period(kind, start):
    """Score the period of `kind` (month, quarter) that begins on `start` (2026-10-01), again if it is a draft.

    Returns {"period": name, "cards": how many}.
    """
    period = services.score(periods.kind_of(kind), date.fromisoformat(start))
    return {"period": period.name, "cards": period.cards.count()}


@worker_ready.connect
def catch_up(sender, **kwargs):
    """A worker that starts asks for what was missed: the embedded broker forgets the task of a killed worker, and
    the schedule would come back to it a month later only."""
    for kind in periods.SHORT:
        sender.app.send_task("evaluation.tasks.score_due", [kind])
