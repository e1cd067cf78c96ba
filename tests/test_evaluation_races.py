"""Two at once: scoring twice and publishing meanwhile, with real threads and real row locks."""

from threading import Barrier, Thread

import pytest
from django.db import connection

from core.errors import Conflict
from evaluation import services
from evaluation.models import Period, Scorecard, ScoreLine
from tests.factories import County
from tests.scores import LATER, MONTH, OCTOBER, busy_october, snapshot

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def county(transactional_db):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time: there is no race to be had")
    made = County()
    busy_october(made)
    return made


def at_once(*jobs):
    """Run the jobs in threads that begin together; their results or errors in order."""
    results, start = [None] * len(jobs), Barrier(len(jobs))

    def run(number, job):
        start.wait()
        try:
            results[number] = job()
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=pair) for pair in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=240)
    return results


def score():
    return services.score(MONTH, OCTOBER, LATER)


def test_six_workers_scoring_one_period_at_once_leave_it_scored_once(county):
    results = at_once(*[score] * 6)
    assert {getattr(result, "pk", result) for result in results} == {Period.objects.get().pk}
    assert (Scorecard.objects.count(), ScoreLine.objects.count()) == (3, 15)


def test_publishing_while_others_score_freezes_a_whole_result(county):
    period = score()
    before = snapshot(period)
    results = at_once(score, lambda: services.publish(period_id=period.pk, actor=None), score)
    assert results[1].is_published
    for result in (results[0], results[2]):
        assert isinstance(result, Conflict) or result.pk == period.pk
    assert Period.objects.get().is_published
    assert snapshot(period) == before
