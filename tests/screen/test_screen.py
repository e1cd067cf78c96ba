"""Who may open a screen, what it tells and what it never tells, and what it costs."""

import gzip
import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core import versions
from events.figures import folding
from events.models import Event
from gridcenter.screen import compose, snapshots, territory, views
from gridcenter.screen.models import ScreenLayout
from grids.models import Grid
from tests.scenes import Scene

ALLOWED = {
    "op_station", "op_town", "head_town", "op_area", "op_top", "op_east", "inspector", "leader",
}  # fmt: skip


@pytest.fixture
def scene(db, monkeypatch):
    monkeypatch.setattr(snapshots, "MOST_AGE_SECONDS", 3600)  # however busy the machine is
    views.figures_of.forget()
    return Scene()


def enter(client, person):
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def figures(client, place, **more):
    return client.get(reverse("screen:figures", args=[place.pk]), **more)


def test_the_posts_that_open_a_screen(client, scene):
    opened = {
        name
        for name, person in scene.people.items()
        if enter(client, person).get("/screen/").status_code == 200
    }
    assert opened == ALLOWED
    assert client.get("/screen/").status_code in (200, 403)
    client.logout()
    assert client.get("/screen/").status_code == 302


@pytest.mark.parametrize("name", ["detail", "figures", "drawing", "live"])
def test_a_screen_shows_only_what_its_viewer_may_see(client, scene, name):
    address = reverse(f"screen:{name}", args=[scene.west.town.pk])
    answers = {
        who: enter(client, scene.people[who]).get(address).status_code
        for who in (
            "op_top",
            "leader",
            "op_town",
            "op_station",
            "op_east",
            "staff_lead",
            "worker_full",
            "stranger",
            "former",
        )
    }
    fine = 204 if name == "live" else 200  # WSGI holds no line
    assert answers == {
        "op_top": fine, "leader": fine, "op_town": fine, "op_station": 404, "op_east": 404, "staff_lead": 404,
        "worker_full": 404, "stranger": 404, "former": 404,
    }  # fmt: skip
    client.logout()
    assert client.get(address).status_code == (302 if name == "detail" else 401)


def test_figures_of_one_territory_never_reach_another(client, scene):
    """The same process keeps both; each viewer gets the own one, whoever asked before."""
    scene.handling()
    top = figures(enter(client, scene.people["op_top"]), scene.root).json()
    east = figures(enter(client, scene.people["op_east"]), scene.east.village).json()
    assert (top["overview"]["open"]["value"], east["overview"]["open"]["value"]) == (1, 0)
    assert "阳三" in json.dumps(top, ensure_ascii=False)
    assert "阳三" not in json.dumps(east, ensure_ascii=False) and east["newest"] == []
    assert figures(client, scene.root).status_code == 404


def test_nothing_private_is_told(client, scene):
    """Neither who reported nor what was typed, nor exactly where."""
    secret = {"description": "李某某家中争吵", "place": "解放路12号3栋"}
    secret |= {"contact_name": "赵秘密", "contact_phone": "13811112222"}
    event = scene.report(**secret, location=(scene.west.point[0] + 0.00123, scene.west.point[1]))
    Event.objects.filter(pk=event.pk).update(due_at=timezone.now() - timedelta(hours=2))
    enter(client, scene.people["op_top"])
    told = figures(client, scene.root).content.decode() + client.get("/screen/").content.decode()
    for word in (*secret.values(), scene.people["reporter"].name, scene.people["op_station"].name):
        assert word not in told
    made = json.loads(figures(client, scene.root).content)
    assert [list(row) for row in (made["late"]["rows"][0], made["newest"][0])] == [
        ["id", "what", "where", "unit", "status", "due", "at"]
    ] * 2
    assert made["marks"] == [[round(scene.west.point[0] + 0.00123, 3), round(scene.west.point[1], 3)]]


def test_the_figures_say_what_is_late_where_and_whose(client, scene):
    event = scene.dispatched()
    scene.report()
    long_ago = timezone.now() - timedelta(hours=30)
    Event.objects.filter(pk=event.pk).update(due_at=long_ago)
    event.assignments.filter(unit=scene.urban).update(due_at=long_ago)
    made = figures(enter(client, scene.people["op_top"]), scene.root).json()
    assert made["grid"]["name"] == "醴陵市"
    assert made["overview"]["open"]["value"] == 2 and made["overview"]["late"]["value"] == 1
    (late,) = made["late"]["rows"]
    assert (late["what"], late["where"], late["unit"], late["status"]) == (
        "暴露垃圾", "阳三街道第1网格", "市城管局", "dispatched",
    )  # fmt: skip
    assert {step["status"]: (step["count"], step["late"], step["jams"]) for step in made["flow"]} == {
        "reported": (1, 0, False), "registered": (0, 0, False), "dispatched": (1, 1, True), "handling": (0, 0, False),
        "verifying": (0, 0, False), "closed": (0, 0, False),
    }  # fmt: skip
    assert [(row["name"], row["late"], row["open"]) for row in made["children"]] == [
        ("阳三街道", 1, 2), ("来龙门街道", 0, 0),
    ]  # fmt: skip
    assert (made["departments"][0]["name"], made["departments"][0]["late"]) == ("市城管局", 1)
    assert {row["kind"]: row["count"] for row in made["warnings"]} == {
        "critical": 0,
        "supervised": 1,
        "called": 1,
    }
    assert {row["role"]: (row["active"], row["posts"]) for row in made["workers"]}["worker_part"] == (1, 2)


@pytest.mark.parametrize("folded", [True, False], ids=["folded", "unfolded"])
def test_the_parts_of_every_territory_have_what_lies_in_them(client, scene, folded):
    late = scene.dispatched()
    Event.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(hours=30))
    scene.report()
    scene.report("worker_east", location=scene.east.point)
    if folded:
        folding.fold()
    enter(client, scene.people["op_top"])
    grid = late.grid
    for place, expected in (
        (scene.root, [("阳三街道", 1, 2), ("来龙门街道", 0, 1)]),
        (scene.area, [("阳三街道", 1, 2), ("来龙门街道", 0, 1)]),
        (scene.west.town, [(grid.name, 1, 2)]),
        (grid.parent, [(grid.name, 1, 2)]),
        (grid, [(grid.name, 1, 2)]),
    ):
        shown = [(row["name"], row["late"], row["open"]) for row in figures(client, place).json()["children"]]
        assert [row for row in shown if row[2]] == expected, place.name


def test_a_county_without_anything_is_shown_empty(client, scene):
    made = figures(enter(client, scene.people["op_top"]), scene.root).json()
    assert made["overview"]["late"] == {"value": 0, "before": 0}
    assert made["overview"]["closing"] == {"value": None, "before": None}
    assert (
        made["late"]["rows"] == made["newest"] == made["kinds"] == made["departments"] == made["marks"] == []
    )
    Grid.objects.update(boundary=None)
    assert client.get(reverse("screen:drawing", args=[scene.root.pk])).json()["parts"] == []


def test_figures_are_read_once_and_answered_from_memory(client, scene, django_assert_num_queries):
    enter(client, scene.people["op_top"])
    first = figures(client, scene.root)
    made = views.figures_of.made
    with django_assert_num_queries(4):  # session, user, posts, territory
        again = figures(client, scene.root)
    assert views.figures_of.made == made and again.content == first.content
    with django_assert_num_queries(4):
        same = figures(client, scene.root, headers={"If-None-Match": first["ETag"]})
    assert (same.status_code, same.content, same["X-Figures-At"]) == (304, b"", first["X-Figures-At"])
    packed = figures(client, scene.root, headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.content) == first.content


def test_what_was_told_to_have_changed_is_in_the_figures(client, scene):
    enter(client, scene.people["op_top"])
    before = figures(client, scene.root)
    scene.report()
    assert figures(client, scene.root).json()["overview"]["open"]["value"] == 0  # kept for a moment …
    at = float(before["X-Figures-At"]) + 0.001
    after = client.get(reverse("screen:figures", args=[scene.root.pk]), {"after": at})
    assert after.json()["overview"]["open"]["value"] == 1  # … unless one knows of something newer
    assert after["ETag"] != before["ETag"]
    made = views.figures_of.made
    for asked in ("", "x", "nan", "inf", "-1", "9e99", "1e12"):
        assert (
            client.get(reverse("screen:figures", args=[scene.root.pk]), {"after": asked}).status_code == 200
        )
    assert views.figures_of.made == made


def test_figures_cost_the_same_for_one_event_and_twelve(scene):
    compose.figures(scene.root.path)  # names and standards are kept from now on
    costs = []
    for events in (1, 11):
        for _n in range(events):
            scene.report()
        with CaptureQueriesContext(connection) as queries:
            compose.figures(scene.root.path)
        costs.append(len(queries))
    # Versions twice, the desk's shift and whether it must be staffed, posts, warnings, late ones, newest ones, and the
    # sums in three (tests.figures.test_queries).
    assert costs == [11, 11]


def test_outlines_come_from_the_grids_below_where_a_part_has_none(client, scene, django_assert_num_queries):
    enter(client, scene.people["op_top"])
    address = reverse("screen:drawing", args=[scene.root.pk])
    drawn = client.get(address).json()
    assert [part["name"] for part in drawn["parts"]] == ["阳三街道", "来龙门街道"]
    assert drawn["width"] == 10_000 and all(part["d"].startswith("M") for part in drawn["parts"])
    with django_assert_num_queries(5):  # session, user, posts, territory, versions
        client.get(address)
    scene.west.grids[0].boundary = None
    scene.west.grids[0].save()
    assert client.get(address).json()["parts"][0]["d"] != drawn["parts"][0]["d"]


def test_the_drawing_of_a_tree_that_is_gone_is_never_taken_for_the_next_ones(scene, monkeypatch):
    """Addresses of objects are given again: two trees may have the same `id` one after the other."""
    monkeypatch.setattr(territory, "id", lambda _tree: 1, raising=False)
    place = territory.tree().by_id[scene.west.village.pk]
    before = territory.drawing(place, versions.read())
    Grid.objects.filter(pk=scene.west.grids[0].pk).update(name="改了名的网格")
    names = [part["name"] for part in territory.drawing(place, versions.read())["parts"]]
    assert "改了名的网格" in names and names != [part["name"] for part in before["parts"]]


def test_what_a_screen_compares(scene):
    tree = territory.tree()
    place = tree.by_id
    names = {
        one.pk: [part.name for part in tree.parts(place[one.pk])]
        for one in (scene.root, scene.area, scene.west.town)
    }
    assert names[scene.root.pk] == ["阳三街道", "来龙门街道"]  # level 2
    assert names[scene.area.pk] == ["阳三街道", "来龙门街道"]
    assert names[scene.west.town.pk] == [
        "阳三街道第1网格",
        "阳三街道第2网格",
    ]  # one village alone says nothing
    assert [one.name for one in tree.ancestors(place[scene.west.village.pk])] == [
        "醴陵市", "城区片区", "阳三街道", "阳三街道一社区",
    ]  # fmt: skip


def test_the_page_has_the_chosen_composition(client, scene):
    enter(client, scene.people["leader"])
    page = client.get("/screen/?layout=emergency").content.decode()
    assert 'data-layout="emergency"' in page and 'data-panel="kinds"' not in page
    assert 'data-layout="leader"' in client.get("/screen/?layout=nonsense").content.decode()


def test_compositions_are_changed_by_an_administrator_of_the_whole(client, scene):
    admin = scene.people["district_admin"]
    admin.is_staff = True
    admin.save()
    row = ScreenLayout.objects.get(code="leader")
    address = reverse("admin:screen_screenlayout_change", args=[row.pk])
    form = {"name": "领导版", "name_en": "", "code": "leader", "active": "on", "sort": 1}
    form |= {"measure": "open", "round_seconds": 30}
    enter(client, admin)
    wrong = client.post(
        address, {**form, "places": json.dumps([{"panel": "late", "x": 1, "y": 1, "w": 2, "h": 9}])}
    )
    assert wrong.status_code == 200 and "late 至少需要 5 列" in wrong.content.decode()
    assert client.post(address, {**form, "places": json.dumps(row.places[:2])}).status_code == 302
    assert len(ScreenLayout.objects.get(code="leader").places) == 2
    below = scene.person("district_admin", grid=scene.west.town)
    below.is_staff = True
    below.save()
    assert enter(client, below).post(address, {**form, "places": "[]"}).status_code == 403
