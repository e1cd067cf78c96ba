"""Deadlines beside the stages: supervisions to answer, whistles to come to."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from events import services
from events.models import Notice, Transition
from events.services.sweep import sweep


@pytest.fixture
def registered(county):
    event = services.report(actor=county.worker, description="占道经营", location=county.west.point).event
    services.advance(
        event_id=event.pk, action="register", actor=county.operator, standard=county.standard.pk, urgency="normal"
    )
    return event


def noted(action):
    return list(Transition.objects.filter(action=action).values_list("facts", flat=True))


def test_a_supervision_that_is_not_answered_in_time_is_noted_once(county, registered):
    by = timezone.now() + timedelta(hours=1)
    services.advance(
        event_id=registered.pk, action="supervise", actor=county.operator_area, words="请尽快", answer_by=by
    )
    assert sweep(now=by).counts["unanswered"] == 0
    assert sweep(now=by + timedelta(days=3)).counts["unanswered"] == 1
    assert sweep(now=by + timedelta(days=4)).counts["unanswered"] == 0
    assert [facts["asked"] for facts in noted("unanswered")] == [[county.west.station.pk]]
    told = set(Notice.objects.filter(action="unanswered").values_list("user", flat=True))
    assert told == {county.operator_area.pk, county.operator.pk}


def test_an_answered_supervision_is_not_noted(county, registered):
    by = timezone.now() + timedelta(hours=1)
    services.advance(
        event_id=registered.pk, action="supervise", actor=county.operator_area, words="请尽快", answer_by=by
    )
    services.advance(event_id=registered.pk, action="answer", actor=county.operator, words="已安排")
    assert sweep(now=by + timedelta(days=3)).counts["unanswered"] == 0


def test_only_the_called_unit_that_did_not_come_is_noted(county, registered):
    by = timezone.now() + timedelta(minutes=30)
    services.advance(
        event_id=registered.pk,
        action="whistle",
        actor=county.operator,
        units=[county.urban.pk, county.police.pk],
        place="社区门口",
        come_by=by,
    )
    services.advance(event_id=registered.pk, action="report_in", actor=county.staff, location=county.west.point)
    with time_machine.travel(by + timedelta(minutes=1), tick=False):
        assert sweep().counts["no_show"] == 1
        assert sweep().counts["no_show"] == 0
    assert [facts["units"] for facts in noted("no_show")] == [[county.police.pk]]
    told = set(Notice.objects.filter(action="no_show").values_list("user", flat=True))
    assert told == {county.police_staff.pk, county.operator.pk}
