"""What the schedule runs. Harmless when run twice."""

from celery import shared_task

from duty.services import retention, watch


@shared_task(acks_late=True)
def watch_over():
    """Every minute: warnings by rule, warnings nobody takes, warnings whose time is over."""
    return watch.watch()


@shared_task(acks_late=True)
def forget_phones():
    """Every night: phones of shifts and calls that are long over."""
    return retention.forget_phones()
