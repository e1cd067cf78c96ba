"""`python -m tests.slow_worker [GATE]`: the Celery worker. With a GATE it sweeps five events at a time, and stops in its
third batch while that file exists, so that a test can kill it in mid-task."""

import sys
import time
from pathlib import Path

import django

from gridcenter.celery import app

OPTIONS = ["worker", "--concurrency", "1", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
BATCH, BEFORE_THE_GATE = 5, 2


def main(gate: str):
    django.setup()
    from events.services import sweep

    if gate:
        note, sweep.BATCH, turns = sweep._note, BATCH, []

        def note_and_stop(*given):
            note(*given)
            turns.append(given)
            while len(turns) > BEFORE_THE_GATE and Path(gate).exists():
                time.sleep(0.05)

        sweep._note = note_and_stop
    # Redis looks for what a killed worker held every hundred seconds, each tenth time that it is asked; here every second.
    app.conf.broker_transport_options |= {"unacked_restore_interval": 1, "unacked_restore_throttle": 1}
    app.worker_main(OPTIONS)


if __name__ == "__main__":
    main(*(sys.argv[1:] or [""]))
