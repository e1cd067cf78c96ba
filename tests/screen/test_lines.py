"""The line of a wall screen under the server in service: every step in the territory, for whoever stands before it."""

import http.client
import json

from gridcenter.screen import tickets, views
from tests.duty.test_warnings import raise_one
from tests.lines import Line
from tests.processes import until
from tests.scenes import Scene, session_of


def wall(port, place, session):
    """The line of a territory's screen, once it has said hello."""
    line = Line(port, f"/screen/{place.pk}/live/", session)
    until(lambda: line.heard, what="hello")
    return line


def figures(port, place, **headers):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    link.request("GET", f"/screen/{place.pk}/figures/", headers=headers)
    answer = link.getresponse()
    body = answer.read()
    link.close()
    return answer.status, json.loads(body) if answer.status == 200 else None


def test_a_warning_is_told_to_the_walls_it_stands_on_and_the_figures_have_it(house):
    scene = Scene()
    port = house.web().port
    town = wall(port, scene.west.town, session_of(scene.people["op_town"]))
    east = wall(port, scene.east.village, session_of(scene.people["op_east"]))
    hello = town.said("hello")[0]
    raise_one(scene, title="山火")
    until(town.changed, what="the warning")
    told = town.changed()[0]
    assert told["at"] > hello["at"]
    asked = f"{scene.west.town.pk}/figures/?after={told['at']}"
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    link.request("GET", f"/screen/{asked}", headers={"X-Screen-Ticket": hello["ticket"]})
    rows = json.loads(link.getresponse().read())["alerts"]["rows"]
    link.close()
    assert [row["title"] for row in rows] == ["山火"]
    assert east.changed() == []
    town.close()
    east.close()


def test_every_step_in_the_territory_is_told_and_a_ticket_brings_the_figures(house):
    scene = Scene()
    event, port = scene.registered(), house.web().port
    town = wall(port, scene.west.town, session_of(scene.people["op_town"]))
    east = wall(port, scene.east.village, session_of(scene.people["op_east"]))
    hello = town.said("hello")[0]
    assert set(hello) == {"at", "within", "ticket"} and hello["within"] == 0
    scene.take(
        event, "dispatch", "op_town", lead=scene.urban.pk
    )  # their own step: it is on the wall all the same
    until(town.changed, what="the change")
    (told,) = town.changed()
    assert set(told) == {"at", "within"} and told["at"] > hello["at"]
    assert east.changed() == []
    ticket = {"X-Screen-Ticket": hello["ticket"]}
    status, made = figures(port, scene.west.town, **ticket)
    assert status == 200 and made["flow"][2]["count"] == 1
    assert figures(port, scene.root, **ticket)[0] == 401
    assert figures(port, scene.west.village, **ticket)[0] == 401
    town.close()
    east.close()


def test_an_event_that_moves_out_is_told_where_it_was(house):
    scene = Scene()
    event, port = scene.report(), house.web().port
    west = wall(port, scene.west.town, session_of(scene.people["op_town"]))
    scene.take(event, "escalate", "op_station", words="涉及整个片区")
    scene.take(event, "escalate", "op_town", words="涉及整个片区")
    until(lambda: west.changed(), what="the steps")
    seen = len(west.changed())
    scene.take(event, "place", "op_area", grid=scene.east.grids[0].pk)
    until(lambda: len(west.changed()) > seen, what="the move")
    west.close()


def test_many_screens_spread_their_asking(monkeypatch):
    class Shared:
        listeners = range(20)

    assert views._within(Shared) == 0
    Shared.listeners = range(400)
    assert views._within(Shared) == 400
    Shared.listeners = range(5000)
    assert views._within(Shared) == views.MOST_SPREAD_MS
    assert tickets.LIFE_SECONDS == 300
