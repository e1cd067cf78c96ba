"""`python -m tests.slow_worker SECONDS`: the Celery worker; above 0 it sweeps five events at a time and rests after each
five, so that a test can kill it in mid-task."""

import sys
import time

import django

from gridcenter.celery import app

OPTIONS = ["worker", "--concurrency", "1", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]


def main(seconds: float):
    django.setup()
    from events.services import sweep

    if seconds:
        note, sweep.BATCH = sweep._note, 5

        def note_and_rest(*given):
            note(*given)
            time.sleep(seconds)

        sweep._note = note_and_rest
    app.worker_main(OPTIONS)


if __name__ == "__main__":
    main(float(sys.argv[1]))
