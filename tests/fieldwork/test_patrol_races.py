"""Two presses at once: one patrol begins, it ends once, and what overlaps is told so."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from core.errors import Conflict
from fieldwork.models import Patrol
from fieldwork.services import patrols
from tests.factories import County
from tests.test_races import at_once

ROUNDS = 4


@pytest.fixture
def county(shared_database):
    return County()


def press(person, service, **given):
    return lambda: service(actor=User.objects.get(pk=person.pk), **given)


def test_two_at_once_begin_one_and_end_it_once(county):
    grid = county.west.grids[0].pk
    for n in range(ROUNDS):
        same = at_once(*[press(county.worker, patrols.start, grid_id=grid, key=f"k-{n}")] * 3)
        assert len({patrol.pk for patrol in same}) == 1, same
        ended = at_once(*[press(county.worker, patrols.finish, patrol_id=same[0].pk)] * 2)
        assert len({patrol.ended_at for patrol in ended}) == 1, ended
    results = at_once(*(press(county.worker, patrols.start, grid_id=grid, key=key) for key in ("a", "b", "c")))
    assert sorted(isinstance(result, Conflict) for result in results) == [False, True, True], results
    assert (Patrol.objects.count(), Patrol.objects.under_way().count()) == (ROUNDS + 1, 1)


def test_two_overlapping_ones_sent_at_once_are_one(county):
    now, grid = timezone.now(), county.west.grids[0].pk
    for n in range(ROUNDS):
        began = now - timedelta(hours=2 * n + 2)
        calls = [
            press(county.worker, patrols.record, grid_id=grid, key=f"{n}-{shift}",
                  started_at=began + shift * timedelta(minutes=5), ended_at=began + timedelta(minutes=40))
            for shift in range(3)
        ]  # fmt: skip
        results = at_once(*calls)
        assert sorted(isinstance(result, Conflict) for result in results) == [False, True, True], results
    assert Patrol.objects.count() == ROUNDS


def test_the_clock_and_the_worker_at_once(county):
    began = timezone.now() - timedelta(hours=12, minutes=1)
    for n in range(ROUNDS):
        patrol = Patrol.objects.create(
            worker=county.worker, grid=county.west.grids[0], day=timezone.localdate(began), started_at=began, key=f"k-{n}"
        )
        end = {"patrol_id": patrol.pk, "ended_at": began + timedelta(hours=n, minutes=20)}
        results = at_once(press(county.worker, patrols.finish, **end), patrols.close_left_open)
        assert results[0].state == "finished", results
        patrol.refresh_from_db()
        assert (patrol.state, patrol.ended_at) == ("finished", end["ended_at"])
        Patrol.objects.filter(pk=patrol.pk).delete()
