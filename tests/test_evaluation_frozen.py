"""Publishing freezes: in the service and in the database."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from core.errors import Conflict, Invalid, NotFound, Refused
from evaluation import services
from evaluation.models import Period, Scorecard, ScoreLine
from tests.factories import UserFactory
from tests.scores import (
    LATER,
    MONTH,
    OCTOBER,
    busy_october,
    local,
    make_event,
    snapshot,
)


@pytest.fixture
def october(county):
    busy_october(county)
    return county


@pytest.fixture
def draft(october):
    return services.score(MONTH, OCTOBER, LATER)


@pytest.fixture
def admin(county):
    return county.person("district_admin", grid=county.root)


def test_publishing_freezes(draft, admin, county):
    period = services.publish(period_id=draft.pk, actor=admin)
    assert (period.status, period.published_by) == ("published", admin)
    before = snapshot(period)
    make_event(county, local(10, 20), reporter=county.worker)
    with pytest.raises(Conflict):
        services.score(MONTH, OCTOBER, LATER)
    with pytest.raises(Conflict) as again:
        services.publish(period_id=draft.pk, actor=admin)
    assert again.value.facts["by"] == admin.name
    assert snapshot(period) == before


FORBIDDEN = {
    "card changed": lambda period: period.cards.update(total=100),
    "cards removed": lambda period: period.cards.all().delete(),
    "card added": lambda period: Scorecard.objects.create(period=period, user=UserFactory(), path="/1/"),
    "line changed": lambda period: ScoreLine.objects.filter(scorecard__period=period).update(points=1),
    "line removed": lambda period: ScoreLine.objects.filter(scorecard__period=period).delete(),
    "line added": lambda period: ScoreLine.objects.create(
        scorecard=period.cards.first(), indicator="more", numerator=1, weight=1, target=1, worst=0, most=1
    ),
    "back to draft": lambda period: Period.objects.filter(pk=period.pk).update(status="draft"),
    "period removed": lambda period: Period.objects.filter(pk=period.pk).delete(),
}


@pytest.mark.parametrize("change", FORBIDDEN.values(), ids=FORBIDDEN)
def test_the_database_refuses_changes_of_what_is_published(draft, change):
    services.publish(period_id=draft.pk, actor=None)
    before = snapshot(draft)
    with pytest.raises(IntegrityError), transaction.atomic():
        change(draft)
    assert snapshot(draft) == before
    assert Period.objects.get(pk=draft.pk).is_published


def test_a_card_cannot_be_moved_into_a_published_period(draft, county):
    services.publish(period_id=draft.pk, actor=None)
    september = services.score(MONTH, date(2026, 9, 1), LATER)
    moved = september.cards.exclude(user=None).first()
    line = draft.cards.first().lines.first()
    with pytest.raises(IntegrityError), transaction.atomic():
        Scorecard.objects.filter(pk=moved.pk).update(period=draft)
    with pytest.raises(IntegrityError), transaction.atomic():
        ScoreLine.objects.filter(pk=line.pk).update(scorecard=moved)
    assert september.cards.update(total=1) == 3  # a draft is free


def test_only_an_administrator_of_the_whole_territory_publishes(draft, county):
    town = county.person("district_admin", grid=county.west.town)
    for person in (town, county.operator_top):
        with pytest.raises(Refused):
            services.publish(period_id=draft.pk, actor=person)
    for person in (county.worker, county.staff, county.stranger):  # a draft is not theirs to see
        with pytest.raises(NotFound):
            services.publish(period_id=draft.pk, actor=person)
    assert not Period.objects.get(pk=draft.pk).is_published


def test_a_period_that_was_not_scored_is_not_published(county):
    period = Period.objects.create(kind=MONTH, start=OCTOBER, end=date(2026, 11, 1))
    with pytest.raises(Invalid):
        services.publish(period_id=period.pk, actor=None)
