"""What the schedule runs. Harmless when run twice."""

from celery import shared_task

from fieldwork.services import patrols, retention


@shared_task(acks_late=True)
def close_patrols():
    """Every ten minutes: patrols that nobody has finished."""
    return patrols.close_left_open()


@shared_task(acks_late=True)
def forget_patrols():
    """Every night: patrols that are kept no longer."""
    return retention.forget_patrols()
