from datetime import timedelta

import pytest
from django.utils import timezone

from fieldwork.models import Patrol
from tests.scenes import beijing

NOON = beijing("2026-11-18 12:00")  # a Wednesday


@pytest.fixture
def noon(time_machine):
    """It is noon in Beijing, and stays so."""
    time_machine.move_to(NOON, tick=False)
    return NOON


def walk(worker, grid, began, minutes=40, **more):
    """A patrol as it stands in the table after `minutes`."""
    state = Patrol.State.FINISHED if minutes >= 10 else Patrol.State.SHORT
    given = {"ended_at": began + timedelta(minutes=minutes), "state": state, "key": f"{began:%m%d%H%M}", **more}
    return Patrol.objects.create(worker=worker, grid=grid, day=timezone.localdate(began), started_at=began, **given)
