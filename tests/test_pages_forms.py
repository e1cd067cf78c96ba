"""Every move of the workflow's table by its form: shown to whom it is open, taken by pressing its button."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from events.models import Event, Transition
from events.workflow import MOVES, SYSTEM_ACTIONS
from tests.pages import visit
from tests.scenes import Scene

pytestmark = pytest.mark.django_db

# action → (status of the event, who presses)
CASES = {
    "register": ("reported", "op_town"),
    "reject": ("reported", "op_town"),
    "merge": ("reported", "op_town"),
    "cancel": ("reported", "reporter"),
    "place": ("reported", "op_town"),
    "escalate": ("reported", "op_town"),
    "hand_down": ("reported", "op_town"),
    "dispatch": ("registered", "op_town"),
    "sign": ("dispatched", "staff_lead"),
    "return": ("dispatched", "staff_lead"),
    "co_report": ("handling", "staff_co"),
    "ask_time": ("dispatched", "staff_lead"),
    "grant_time": ("handling", "op_town"),
    "refuse_time": ("handling", "op_town"),
    "suspend": ("handling", "op_town"),
    "resume": ("suspended", "op_town"),
    "feed_back": ("handling", "staff_lead"),
    "verify_pass": ("verifying", "worker_full"),
    "rework": ("verifying", "worker_part"),
    "evaluate": ("closed", "reporter"),
    "spot_pass": ("drawn", "op_station"),
    "spot_fail": ("drawn", "op_station"),
    "reopen": ("evaluated", "op_town"),
    "supervise": ("registered", "op_area"),
    "answer": ("reported", "op_town"),
    "remind": ("reported", "op_area"),
    "whistle": ("dispatched", "op_station"),
    "report_in": ("registered", "staff_called"),
    "rate_call": ("registered", "op_station"),
}


def as_typed(supplied) -> dict:
    """What a person types for what a service takes."""
    typed = {}
    for name, value in supplied.items():
        if name == "location":
            typed["lng"], typed["lat"] = (str(number) for number in value)
        elif isinstance(value, datetime):
            typed[name] = timezone.localtime(value).strftime("%Y-%m-%dT%H:%M")
        elif isinstance(value, date):
            typed[name] = value.isoformat()
        else:
            typed[name] = str(value) if isinstance(value, Decimal) else value
    return typed


@pytest.fixture
def scene(db):
    return Scene()


def prepared(scene, action):
    status, who = CASES[action]
    event = scene.in_status(status)
    if action == "ask_time":
        scene.take(event, "sign", "staff_lead")
    return Event.objects.get(pk=event.pk), visit(scene.people[who]), scene.people[who]


def test_there_is_a_case_for_every_move():
    assert set(CASES) == set(MOVES) - SYSTEM_ACTIONS


@pytest.mark.parametrize("action", CASES)
def test_a_move_by_its_form(scene, action):
    event, client, who = prepared(scene, action)
    supplied = as_typed(scene.supplies(action))
    shown = client.get(f"/events/{event.pk}/").context["moves"]
    form = next(move["form"] for move in shown if move["name"] == action)
    known = ",".join(str(row["event"].pk) for row in form.near)  # what the page holds beside the fields
    typed = {"key": form.initial["key"], "seen": event.head_seq, "known": known, **supplied}
    response = client.post(f"/events/{event.pk}/{action}/", typed)
    assert response.status_code == 302, response.context and response.context["moves"]
    row = Transition.objects.filter(event=event).order_by("-seq").first()
    assert (row.action, row.actor, row.source) == (action, who, event.status)


@pytest.mark.parametrize("action", [name for name in CASES if MOVES[name].must])
def test_an_empty_form_says_what_is_missing_and_changes_nothing(scene, action):
    event, client, _who = prepared(scene, action)
    before = Transition.objects.count()
    response = client.post(f"/events/{event.pk}/{action}/", {"key": "k", "seen": event.head_seq})
    assert response.status_code == 422
    form = next(move["form"] for move in response.context["moves"] if move["name"] == action)
    assert set(MOVES[action].must) <= set(form.errors)
    assert Transition.objects.count() == before


def test_the_clocks_own_moves_have_no_address(scene):
    event, client, _who = prepared(scene, "register")
    for action in (*SYSTEM_ACTIONS, "nonsense"):
        assert client.post(f"/events/{event.pk}/{action}/", {"key": "k"}).status_code == 404
