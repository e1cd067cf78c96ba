"""Who finds what in their inbox: literally, for every move."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events import worklists
from events.models import Notice
from events.services.notices import TOLD
from events.workflow import BEGINNINGS, MOVES
from tests.scenes import Scene, again

TOWN = {"op_town", "head_town"}
# action: (status it is made in, by whom, who is told beside the actor)
INBOXES = {
    "escalate": ("reported", "op_town", {"op_area"}),
    "hand_down": ("registered", "op_town", {"op_station"}),
    "place": ("reported", "op_town", {"op_station"}),
    "register": ("reported", "op_town", {"reporter"}),
    "reject": ("reported", "op_town", {"reporter"}),
    "cancel": ("reported", "op_town", {"reporter"}),
    "dispatch": ("registered", "op_town", {"staff_lead", "staff_co"}),
    "sign": ("dispatched", "staff_lead", TOWN),
    "return": ("handling", "staff_lead", TOWN),
    "co_report": ("handling", "staff_co", {"staff_lead"}),
    "grant_time": ("handling", "op_town", {"staff_lead"}),
    "refuse_time": ("handling", "op_town", {"staff_lead"}),
    "suspend": ("handling", "op_town", {"staff_lead", "reporter", "head_town"}),
    "resume": ("suspended", "op_town", {"staff_lead"}),
    "feed_back": ("handling", "staff_lead", TOWN | {"worker_full", "worker_part"}),
    "verify_pass": ("verifying", "worker_full", {"staff_lead", "reporter"}),
    "rework": ("verifying", "op_town", {"staff_lead", "head_town"}),
    "evaluate": ("closed", "reporter", TOWN | {"staff_lead"}),
    "spot_pass": ("drawn", "op_station", {"worker_full"}),
    "spot_fail": ("drawn", "op_station", {"worker_full"}),
    "reopen": ("closed", "reporter", TOWN),
    "supervise": ("handling", "op_top", {"staff_lead"}),
    "answer": ("handling", "staff_lead", {"op_area"}),
    "remind": ("handling", "op_area", TOWN | {"staff_lead"}),
    "whistle": ("registered", "op_area", {"staff_called", "staff_other"}),
    "report_in": ("registered", "staff_called", {"op_station"}),
    "rate_call": ("registered", "op_station", {"staff_came"}),
}
# Tests of their own: here, in test_sweep and in test_sweep_calls.
ELSEWHERE = {"merge", "ask_time", "lapse", "archive", "spot_late", "due_soon", "overdue", "unanswered", "no_show"}


@pytest.fixture
def scene(db):
    return Scene()


def told(scene, row):
    names = {user.pk: name for name, user in scene.people.items()}
    return {names[pk] for pk in Notice.objects.filter(transition=row).values_list("user", flat=True)}


def test_every_move_says_whom_it_tells():
    assert set(TOLD) == set(MOVES) | set(BEGINNINGS)
    assert set(INBOXES) | ELSEWHERE == set(MOVES)


@pytest.mark.parametrize("action", INBOXES)
def test_a_step_is_told_to_those_concerned_and_to_nobody_else(scene, action):
    status, who, wanted = INBOXES[action]
    event = scene.in_status(status)
    row = scene.take(event, action, who, **scene.supplies(action))
    assert told(scene, row) == wanted
    notice = Notice.objects.filter(transition=row).first()
    assert (notice.event, notice.action, notice.created_at, notice.read_at) == (event, action, row.at, None)


def test_a_report_is_told_to_its_station_and_a_settled_one_to_nobody(scene):
    row = scene.report().transitions.get()
    assert told(scene, row) == {"op_station"}


def test_a_request_for_more_time_is_told_to_the_centre(scene):
    event = scene.handling()
    assert told(scene, event.transitions.get(action="ask_time")) == TOWN


def test_merging_tells_both_reporters_each_of_their_own_event(scene):
    event, other = scene.reported(), scene.report("worker_part")
    row = scene.take(event, "merge", "op_town", repeats=other.pk)
    found = set(Notice.objects.filter(transition=row).values_list("user", "event"))
    assert found == {(scene.people["reporter"].pk, event.pk), (scene.people["worker_part"].pk, other.pk)}


def test_merging_two_reports_of_one_person_tells_them_once(scene):
    event, other = scene.reported(), scene.report()
    row = scene.take(event, "merge", "op_town", repeats=other.pk)
    assert list(Notice.objects.filter(transition=row).values_list("user", "event")) == [
        (scene.people["reporter"].pk, event.pk)
    ]


def test_the_inbox_is_ones_own_and_counts_what_is_unread(scene):
    event = scene.dispatched()
    lead, stranger = scene.people["staff_lead"], scene.people["stranger"]
    assert Notice.objects.visible_to(lead).unread().count() == 1
    assert Notice.objects.visible_to(stranger).count() == 0
    Notice.objects.visible_to(lead).update(read_at=event.reported_at)
    assert Notice.objects.visible_to(lead).unread().count() == 0


def test_of_an_event_that_is_no_longer_ones_own_the_inbox_shows_the_number_only(scene, api, client):
    event = again(scene.dispatched())
    lead = scene.people["staff_lead"]
    assert "井盖缺失" in api(lead).get("/api/v1/notices/").content.decode()
    lead.posts.update(until=timezone.localdate())
    lead = type(lead).objects.get(pk=lead.pk)
    line = api(lead).get("/api/v1/notices/").json()["results"][0]
    assert (line["event"], line["by"]) == ({"id": event.pk, "number": event.number, "description": ""}, None)
    client.force_login(lead)
    page = client.get("/inbox/").content.decode()
    assert event.number in page
    assert "井盖缺失" not in page


def test_a_called_centre_finds_the_event_among_its_work(scene):
    event, top = scene.registered(), scene.people["op_top"]
    mine = worklists.select("mine", top)
    assert list(mine) == []
    units = [top.posts.get().unit_id]
    come_by = timezone.now() + timedelta(hours=1)
    scene.take(event, "whistle", "op_station", units=units, place="路口", come_by=come_by)
    assert list(worklists.select("mine", top)) == [event]
