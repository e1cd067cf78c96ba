"""What the schedule runs. Harmless when run twice."""

from celery import shared_task

from duty.services import watch


@shared_task(acks_late=True)
def watch_over():
    """Every minute: warnings by rule, warnings nobody takes, warnings whose time is over."""
    return watch.watch()
