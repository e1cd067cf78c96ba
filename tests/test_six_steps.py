"""One event through the six steps, by the five people concerned, at the level of the services."""

import pytest

from core.errors import Conflict, Refused
from events import services
from events.models import Assignment, Event, Notice, StageRecord, Transition
from events.services import history
from events.workflow import Status


@pytest.fixture
def reported(county):
    row = services.report(
        actor=county.worker, description="井盖缺失", location=county.west.point, standard=county.standard.pk, key="r1"
    )
    return row.event


def test_one_event_goes_through_all_six_steps(county, reported):
    assert (reported.status, reported.holder, reported.grid) == (Status.REPORTED, county.west.station, county.west.grids[0])
    steps = [
        (county.operator, "register", {"standard": county.standard.pk, "urgency": "normal"}, Status.REGISTERED),
        (county.operator, "dispatch", {"lead": county.urban.pk, "co_units": [county.police.pk]}, Status.DISPATCHED),
        (county.staff, "sign", {}, Status.HANDLING),
        (county.staff, "feed_back", {"words": "已更换井盖"}, Status.VERIFYING),
        (county.worker, "verify_pass", {"words": "现场已恢复", "location": county.west.point}, Status.CLOSED),
        (county.worker, "evaluate", {"stars": 5, "words": "很快"}, Status.EVALUATED),
    ]
    for actor, action, supplied, status in steps:
        row = services.advance(event_id=reported.pk, action=action, actor=actor, **supplied)
        assert (row.target, row.event.status) == (status, status)
    event = Event.objects.get(pk=reported.pk)
    assert event.number.startswith("430281-") and event.number.endswith("-000001")
    assert (event.stars, event.head_seq, event.late) == (5, 7, False)
    assert list(StageRecord.objects.order_by("pk").values_list("stage", "late")) == [
        ("register", False), ("dispatch", False), ("sign", False), ("handle", False), ("verify", False)
    ]
    assert list(Assignment.objects.order_by("pk").values_list("unit__name", "lead", "outcome")) == [
        ("市城管局", True, "passed"), ("市公安局", False, "passed")
    ]
    assert Notice.objects.filter(user=county.staff).values_list("action", flat=True).first() is not None
    assert list(history.faults()) == []


def test_the_second_of_two_operators_is_told_who_was_faster(county, reported):
    services.advance(
        event_id=reported.pk, action="register", actor=county.operator, standard=county.standard.pk, urgency="normal"
    )
    with pytest.raises(Conflict) as conflict:
        services.advance(
            event_id=reported.pk, action="register", actor=county.operator, standard=county.standard.pk, urgency="normal"
        )
    assert conflict.value.facts["by"] == county.operator.name
    assert conflict.value.facts["action"] == "register"


def test_the_same_key_happens_once(county, reported):
    again = services.report(actor=county.worker, description="井盖缺失", location=county.west.point, key="r1")
    assert again.event_id == reported.pk
    assert Transition.objects.count() == 1


def test_a_worker_cannot_register(county, reported):
    with pytest.raises(Refused):
        services.advance(
            event_id=reported.pk, action="register", actor=county.worker, standard=county.standard.pk, urgency="normal"
        )
    assert Transition.objects.count() == 1
