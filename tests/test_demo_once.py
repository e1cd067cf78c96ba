"""bin/demo --once from within: five people over a real socket, and sentences instead of tracebacks."""

import socket

import pytest
from django.core.management import CommandError, call_command

from events.models import Event, Transition
from gridcenter.demo import once
from tests.factories import PASSWORD, County


@pytest.fixture
def staffed(transactional_db, monkeypatch):
    """The small county with an operator in the town's centre and a leader of the village's grid."""
    county = County()
    county.dispatcher = county.person("operator", unit=county.west.town_centre)
    county.verifier = county.person("grid_leader", grid=county.west.village)
    county.standard.search_text = "损坏的井盖"
    county.standard.save()
    monkeypatch.setattr(once, "PASSWORD", PASSWORD)
    return county


def test_five_people_take_one_event_through_all_six_steps(staffed, live_server):
    said = []
    once.Walk(live_server.url, said.append).go()
    event = Event.objects.get()
    assert (event.status, event.stars, event.number[-6:]) == ("evaluated", 5, "000001")
    actors = list(Transition.objects.order_by("seq").values_list("action", "actor__name"))
    worker, operator, dispatcher, verifier, staff = (
        person.name
        for person in (staffed.worker, staffed.operator, staffed.dispatcher, staffed.verifier, staffed.staff)
    )
    assert actors == [
        ("report", worker), ("register", operator), ("escalate", operator), ("dispatch", dispatcher),
        ("sign", staff), ("feed_back", staff), ("verify_pass", verifier), ("evaluate", worker),
    ]  # fmt: skip
    assert [line[0] for line in said if line[0].isdigit()] == list("123456")
    assert said[-1] == "   history: 8 rows, every chain and seal verified"


def test_a_department_that_is_missing_is_named(staffed, live_server):
    staffed.urban.active = False
    staffed.urban.save()
    with pytest.raises(once.Failed, match=r"No department of the kinds \['urban_management'\] covers 阳三街道第1网格\."):
        once.Walk(live_server.url, lambda line: None).go()
    assert Event.objects.get().status == "registered"


def test_a_wrong_answer_is_told_with_the_servers_words(staffed, live_server, monkeypatch):
    monkeypatch.setattr(once, "PASSWORD", "not it")
    with pytest.raises(once.Failed, match=r"POST auth/token/ as .+ was answered with 400: .+"):
        once.Walk(live_server.url, lambda line: None).go()


def test_without_a_server_the_command_says_so(staffed):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with pytest.raises(CommandError, match=f"The server at http://127.0.0.1:{port} does not answer: .+refused"):
        call_command("demo_once", url=f"http://127.0.0.1:{port}")


@pytest.mark.django_db
def test_without_a_county_the_command_says_so():
    with pytest.raises(CommandError, match="is a demo county loaded"):
        call_command("demo_once", url="http://127.0.0.1:1")


def test_never_in_service_mode(settings):
    settings.GRIDCENTER_MODE = "service"
    with pytest.raises(CommandError, match="GRIDCENTER_MODE=demo only"):
        call_command("demo_once", url="http://127.0.0.1:1")
