"""What must be shown beside words; and what the clock writes does not overtake a person."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.errors import Conflict, Invalid
from events import services
from events.models import Event, Standard
from events.services.sweep import sweep
from tests.scenes import photo


@pytest.fixture
def handling(county):
    event = services.report(actor=county.worker, description="井盖缺失", location=county.west.point).event
    steps = [
        (county.operator, "register", {"standard": county.standard.pk, "urgency": "normal"}),
        (county.operator, "dispatch", {"lead": county.urban.pk}),
        (county.staff, "sign", {}),
    ]
    for actor, action, supplied in steps:
        services.advance(event_id=event.pk, action=action, actor=actor, **supplied)
    return event


def take(event, actor, action, **supplied):
    return services.advance(event_id=event.pk, action=action, actor=actor, **supplied).event


def test_feedback_needs_a_photo_where_the_standard_asks_for_photos(county, handling):
    Standard.objects.filter(pk=county.standard.pk).update(photos_required=True)
    with pytest.raises(Invalid) as refused:
        take(handling, county.staff, "feed_back", words="已更换")
    assert list(refused.value.fields) == ["photos"]
    assert Event.objects.get(pk=handling.pk).status == "handling"
    assert take(handling, county.staff, "feed_back", words="已更换", photos=[photo(county.staff)]).status == "verifying"


def test_feedback_needs_no_photo_otherwise(county, handling):
    assert take(handling, county.staff, "feed_back", words="已更换").status == "verifying"


@pytest.mark.parametrize("evidence", ["photos", "location"])
def test_a_worker_verifies_with_a_photo_or_a_position(county, handling, evidence):
    take(handling, county.staff, "feed_back", words="已更换")
    with pytest.raises(Invalid) as refused:
        take(handling, county.worker, "verify_pass", words="已恢复")
    assert list(refused.value.fields) == ["photos"]
    shown = {"photos": [photo(county.worker)], "location": county.west.point}[evidence]
    assert take(handling, county.worker, "verify_pass", words="已恢复", **{evidence: shown}).status == "closed"


def test_the_centre_verifies_by_words(county, handling):
    take(handling, county.staff, "feed_back", words="已更换")
    assert take(handling, county.operator, "verify_pass", words="电话回访，已恢复").status == "closed"


def test_what_the_clock_noted_meanwhile_overtakes_nobody(county):
    event = services.report(actor=county.worker, description="井盖缺失", location=county.west.point).event
    assert sweep(now=timezone.now() + timedelta(days=3)).counts["overdue"] == 1
    supplied = {"standard": county.standard.pk, "urgency": "normal"}
    assert take(event, county.operator, "register", seen=1, **supplied).status == "registered"


def test_what_a_person_did_meanwhile_does(county):
    event = services.report(actor=county.worker, description="井盖缺失", location=county.west.point).event
    take(event, county.operator, "escalate", words="请上级受理")
    with pytest.raises(Conflict):
        take(event, county.operator, "cancel", words="重复", seen=1)
