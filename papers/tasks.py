"""What jobs of the papers run. Each is harmless when run twice."""

from celery import shared_task

from papers import services

MOST_SECONDS = 900


# The library that lays out pages is imported in the worker only: it costs half a second and 60 MB.
@shared_task(acks_late=True, soft_time_limit=MOST_SECONDS, time_limit=MOST_SECONDS + 60)
def make_paper(paper_id: int):
    """Make one paper."""
    from papers import job

    return job.make(paper_id)


@shared_task(acks_late=True)
def sweep_papers():
    """Every minute: what waits without a message, and what a dead job has left. Expired ones are removed."""
    found = services.due()
    for paper_id in found:
        make_paper.apply_async([paper_id], expires=55)
    services.purge()
    return len(found)
