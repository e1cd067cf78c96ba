"""Folding, reading and stepping at once, with real threads and connections: nothing is lost, nothing counted twice."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Event as Signal

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from core.errors import DomainError
from events import figures, services
from events.figures import checking, counted, folding, sums
from events.models import Event, FigureState, Transition
from tests.scenes import Scene

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's writers stand in line"),
]


@pytest.fixture
def scene(transactional_db):
    return Scene()


def in_thread(call):
    def run():
        try:
            return call()
        finally:
            connection.close()

    return run


def reported(scene) -> tuple[int, int]:
    now = timezone.now()
    path = scene.root.path
    return figures.overview(path, now).reported.value, counted.overview(path, now).reported.value


def test_a_step_that_commits_late_is_neither_lost_nor_counted_twice(scene):
    scene.report()
    folding.fold()
    taken, go_on = Signal(), Signal()
    reporter = scene.people["reporter"].pk

    def slow():
        with transaction.atomic():
            scene.report(User.objects.get(pk=reporter))
            taken.set()
            assert go_on.wait(60)

    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(in_thread(slow))
        assert taken.wait(60)
        for _n in range(3):
            scene.report()  # these get higher numbers and are committed first
            folding.fold()
        assert reported(scene) == (4, 4)
        assert FigureState.objects.get().done_id < Transition.objects.latest("pk").pk - 3
        go_on.set()
        late.result()
    assert reported(scene) == (5, 5)  # not folded yet
    assert folding.fold().events == 1
    assert reported(scene) == (5, 5)
    folding.fold()
    folding.fold()
    assert FigureState.objects.get().done_id == Transition.objects.latest("pk").pk
    assert checking.check() == checking.Checked([], [], 5)


def test_two_who_fold_at_once_do_it_once(scene):
    folding.fold()  # makes the row that is locked, which a flush has taken away
    for _n in range(4):
        scene.report()
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        folding.locked()
        assert pool.submit(in_thread(folding.fold)).result() == folding.Folded(0, busy=True)
        assert reported(scene) == (4, 4)  # a reader waits for nobody
    assert folding.fold().events == 4
    assert folding.fold().events == 0


def test_what_is_read_while_others_step_and_fold_is_of_one_instant(scene):
    """Reported less ended is what is open, in every single read; and at the end all agree.

    PostgreSQL has just been told that there are no events: a plan that is kept from now on would be the wrong one soon.
    """
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    stop = time.monotonic() + 6
    path, long_ago, soon = scene.root.path, date(2020, 1, 1), timezone.localdate() + timedelta(days=2)

    def steps(who):
        actor, count = User.objects.get(pk=scene.people[who].pk), 0
        while time.monotonic() < stop:
            try:
                event = scene.report(actor)
                count += 1
                if count % 2:
                    services.advance(event_id=event.pk, action="cancel", actor=actor, words="误报")
            except DomainError:
                continue
        return count

    def folds():
        count = 0
        while time.monotonic() < stop:
            count += folding.fold(batch=5).events
            time.sleep(0.02)
        return count

    def reads():
        count = 0
        while time.monotonic() < stop:
            count += 1
            now = timezone.now() + timedelta(minutes=5)

            def look(reading, now=now):
                c = sums.flows(reading, path, long_ago, now)[None]
                stands = sums.standing(reading, path)
                return c["reported"] - c["ended"], sum(part["standing"] for part in stands.values())

            difference, standing = figures.together(now, look)
            assert difference == standing
        return count

    scene.report()
    people = ("reporter", "worker_full", "worker_east")
    with ThreadPoolExecutor(5) as pool:
        jobs = [pool.submit(in_thread(lambda who=who: steps(who))) for who in people]
        jobs += [pool.submit(in_thread(folds)), pool.submit(in_thread(reads))]
        *_stepped, folded, read = [job.result() for job in jobs]
    assert folded > 10 and read > 3
    now = timezone.now()
    first = figures.period(path, long_ago, soon, now)
    assert first == counted.period(path, long_ago, soon, now)
    assert checking.check() == checking.Checked([], [], Event.objects.count())
