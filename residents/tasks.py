"""What jobs of the registry run. Each calls one service and is harmless when run twice."""

from celery import shared_task

from residents.intake import service
from residents.services import quality


@shared_task(acks_late=True)
def read_import(batch_id: int):
    """Read an uploaded file and compare it with the registry."""
    return service.read(batch_id)


@shared_task(acks_late=True)
def apply_import(batch_id: int):
    """Write a confirmed import, all or nothing."""
    return service.apply(batch_id)


@shared_task(acks_late=True)
def undo_import(batch_id: int):
    """Take an applied import back."""
    return service.undo(batch_id)


@shared_task(acks_late=True)
def purge_imports():
    """Every night: previews that nobody decided on, what undoings that are over had needed."""
    return service.purge()


@shared_task(acks_late=True, ignore_result=True)
def count_quality():
    """Every hour: what the data-quality boards of the county and its areas show."""
    return quality.recount()
