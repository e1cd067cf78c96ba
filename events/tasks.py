"""What the schedule runs. Each task calls one service and is harmless when run twice."""

from dataclasses import asdict

from celery import shared_task

from events.figures import folding
from events.services import attachments, habits, history, presence, reckoning, retention, sweep
from residents.services import support


@shared_task(acks_late=True)
def sweep_clocks():
    """Every minute: deadlines that passed or are near, suspensions over, ratings that never came.

    Before that the deadlines over calendar days that have changed: none may be noted that holds no longer.
    """
    return {"reckoned": reckoning.redo().moved, **sweep.sweep().counts}


@shared_task(acks_late=True)
def reckon_deadlines():
    """After a change of the calendar that touches many events; lost, it is done by the next minute's sweep."""
    return reckoning.redo().moved


@shared_task(acks_late=True, ignore_result=True)
def fold_figures():
    """Every ten seconds: what has happened goes into the sums of the figures. Reads are right without it, and slower."""
    return folding.fold().events


@shared_task(acks_late=True)
def seal_history():
    """Every night: seal the days that are over."""
    return [seal.hash for seal in history.seal_due()]


@shared_task(acks_late=True)
def drop_uploads():
    """Every night: uploads that no step has claimed."""
    return attachments.drop_unclaimed()


@shared_task(acks_late=True)
def keep_no_longer():
    """Every night: archive, erase, remove and pseudonymise what is due."""
    return asdict(retention.run())


@shared_task(acks_late=True)
def settle_support():
    """Every night: files of statutory registers lie in the grid where their people live."""
    return support.settle_grids()


@shared_task(acks_late=True)
def learn_habits():
    """Every night: count anew what similar events got, and forget who had a page open."""
    presence.sweep()
    return asdict(habits.learn())
