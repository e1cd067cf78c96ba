"""Vector tiles: what is in them, whose rows, and what browsers and servers may keep. Both databases give the same."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
import shapely
from django.contrib.gis.geos import Point
from django.utils import timezone

from core import tiles, versions
from events.models import Event
from gridcenter.map import tiles as tile_views
from grids.models import Anchor, Grid, Outline
from grids.services import outlines
from residents.models import Building, KeyPlace
from tests.factories import square
from tests.map.conftest import tile_of

LON, LAT = 113.405, 27.605  # in the first grid of the west


def spread(scene, **changes):
    """Three events in the first grid of the west: late, soon late, in time; one in the east, late."""
    now = timezone.now()
    made = []
    for lon, lat, due in ((LON, LAT, -1), (LON + 0.001, LAT, 1), (LON + 0.002, LAT - 0.001, 30), (113.505, LAT, -2)):
        event = scene.report(location=(lon, lat))
        yellow = now - timedelta(hours=1) if due == 1 else now + timedelta(hours=due - 0.5)
        Event.objects.filter(pk=event.pk).update(due_at=now + timedelta(hours=due), yellow_at=yellow, **changes)
        made.append(event.pk)
    return made


def sums(found, name="n"):
    return sum(feature["properties"].get(name, 0) for feature in found)


def test_near_by_each_event_stands_for_itself_with_its_light(scene, features):
    late, soon, in_time, east = spread(scene)
    Event.objects.filter(pk=in_time).update(due_at=None, yellow_at=None)
    found = {f["id"]: f for f in features(scene.operator, "events", *tile_of(LON, LAT, 15))["events"]}
    assert {pk: set(f["properties"]) for pk, f in found.items()} == {
        late: {"n", "red"}, soon: {"n", "yellow"}, in_time: {"n", "paused"}
    }  # fmt: skip
    z, x, y = tile_of(LON, LAT, 15)
    west, _south, east_edge, _north = tiles.Tile(z, x, y).degrees
    px, _py = found[late]["geometry"]["coordinates"]
    assert px == int((LON - west) / (east_edge - west) * 4096)
    assert east not in found


@pytest.mark.parametrize("zoom", [0, 6, 10, 11, 12, 14])
def test_far_off_events_are_summed_up_and_none_is_lost(scene, features, zoom):
    spread(scene)
    found = features(scene.operator_top, "events", *tile_of(LON, LAT, zoom))["events"]
    if zoom <= 11:  # both streets in one tile
        assert (sums(found), sums(found, "red"), sums(found, "yellow"), sums(found, "green")) == (4, 2, 1, 1)
    else:
        assert sums(found) == 3
    assert sums(features(scene.operator_top, "heat", *tile_of(LON, LAT, zoom))["heat"]) == sums(found)


def test_an_event_on_a_tiles_edge_is_in_exactly_one_tile(scene, features):
    z, x, y = tile_of(LON, LAT, 15)
    west, _south, _east, north = tiles.Tile(z, x, y).degrees
    Event.objects.filter(pk=scene.report().pk).update(location=Point(west, north, srid=4326))
    around = [features(scene.operator_top, "events", z, x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    assert sum(sums(found.get("events", [])) for found in around) == 1


def test_the_slider_shows_what_was_reported_in_its_days(scene, features):
    first, second, _third, _east = spread(scene)
    today = timezone.localdate()
    Event.objects.filter(pk=first).update(reported_at=timezone.now() - timedelta(days=3))
    Event.objects.filter(pk=second).update(status="cancelled", due_at=None, yellow_at=None)
    tile = tile_of(LON, LAT, 15)

    def ids(**query):
        found = features(scene.operator, "events", *tile, **query).get("events", [])
        return {f["id"]: set(f["properties"]) - {"n"} for f in found}

    assert ids(day=(today - timedelta(days=3)).isoformat()) == {first: {"red"}}
    assert ids(day=(today - timedelta(days=4)).isoformat()) == {}
    week = ids(day=today.isoformat(), span="week")
    assert week[first] == {"red"}
    assert week[second] == {"done"}
    assert len(week) == 3


@pytest.mark.parametrize("query", ["day=yesterday", "day=2020-01-01", "day=2026-11-21&span=year"])
def test_days_that_are_none_are_refused_in_words(scene, browse, query):
    answer = browse(scene.operator).get(f"/map/tiles/events/8/208/108.mvt?{query}")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["day"])


@pytest.mark.parametrize("path", ["17/0/0", "3/8/0", "3/0/8", "-1/0/0", "1/x/0"])
def test_squares_that_are_none_are_not_found(scene, browse, path):
    assert browse(scene.operator).get(f"/map/tiles/events/{path}.mvt").status_code == 404
    assert browse(scene.operator).get("/map/tiles/nothing/0/0/0.mvt").status_code == 404


def test_outlines_come_with_their_level_and_neighbours_still_fit(scene, features):
    found = features(scene.operator, "grids", *tile_of(LON, LAT, 14))
    west = scene.west
    shapes = {f["id"]: shapely.geometry.shape(f["geometry"]) for f in found["grids"]}
    assert set(shapes) == {west.village.pk, west.grids[0].pk, west.grids[1].pk}
    assert {f["id"]: (f["properties"]["name"], f["properties"]["parent"]) for f in found["names"]}[west.grids[0].pk] == (
        west.grids[0].name, west.village.pk
    )  # fmt: skip
    first, second = (shapes[grid.pk] for grid in west.grids)
    assert first.intersection(second).area == 0
    assert first.union(second).area == pytest.approx(shapes[west.village.pk].area, rel=0.001)


def made() -> list[int]:
    """The numbers of the outlines that are there: others, when they were made anew."""
    return list(Outline.objects.order_by("pk").values_list("pk", flat=True))


def test_outlines_are_made_anew_when_a_boundary_changes_and_not_for_a_name(scene, django_assert_num_queries):
    outlines.ensure(versions.read())
    grid, known = scene.west.grids[0], made()
    Grid.objects.filter(pk=grid.pk).update(name="新名", colour="#112233", boundary=grid.boundary)
    kept = versions.read()
    with django_assert_num_queries(0):
        outlines.ensure(kept)
    before = Outline.objects.get(grid=grid, band=4).shape
    Grid.objects.filter(pk=grid.pk).update(boundary=square(113.40, 27.60, 0.008))
    outlines.ensure(versions.read())
    assert Outline.objects.get(grid=grid, band=4).shape.area < 0.7 * before.area
    assert Anchor.objects.count() == Grid.objects.count()
    assert len(made()) == len(known) and not set(made()) & set(known)


def test_a_new_day_makes_outlines_anew_only_when_a_redrawing_comes_into_force(scene, monkeypatch):
    grid, today = scene.west.grids[0], timezone.localdate()
    Grid.objects.filter(pk=grid.pk).update(valid_until=today + timedelta(days=2))
    outlines.ensure(versions.read())
    known = made()
    monkeypatch.setattr(outlines.timezone, "localdate", lambda *args: today + timedelta(days=1))
    outlines.ensure(versions.read())
    assert made() == known and Outline.objects.filter(grid=grid).exists()
    monkeypatch.setattr(outlines.timezone, "localdate", lambda *args: today + timedelta(days=2))
    outlines.ensure(versions.read())
    assert not Outline.objects.filter(grid=grid).exists()


def test_a_former_grids_events_still_have_a_place(scene, features):
    spread(scene)
    grid = scene.west.grids[0]
    Grid.objects.filter(pk=grid.pk).update(valid_until=timezone.localdate(), boundary=None)
    assert sums(features(scene.operator_top, "events", 0, 0, 0)["events"]) == 4


def test_units_stand_where_their_territory_is(scene, features):
    found = features(scene.operator, "units", *tile_of(LON, LAT, 10))["units"]
    assert {f["properties"]["title"] for f in found} == {scene.west.station.name}


def test_the_registry_shows_only_where_it_may_be_read(scene, features):
    place = Point(LON, LAT, srid=4326)
    house = Building.objects.create(grid=scene.west.grids[0], address="阳光花园3栋", location=place)
    shop = KeyPlace.objects.create(grid=scene.west.grids[0], name="便民超市", kind="market", location=place)
    tile = tile_of(LON, LAT, 16)
    (found,) = features(scene.operator, "buildings", *tile)["buildings"]
    assert (found["id"], found["properties"]) == (house.pk, {"kind": "residential", "name": "阳光花园3栋"})
    (found,) = features(scene.operator, "places", *tile)["places"]
    assert (found["id"], found["properties"]["name"]) == (shop.pk, "便民超市")
    for who in ("operator_east", "leader", "stranger"):
        person = getattr(scene, who, None) or scene.people[who]
        assert features(person, "buildings", *tile) == features(person, "places", *tile) == {}


def test_workers_are_seen_by_their_centres_and_only_where_they_took_a_step_today(scene, features):
    event = scene.dispatched()
    scene.take(event, "sign", "staff_lead")
    scene.take(event, "feed_back", "staff_lead", words="好了")
    scene.take(event, "verify_pass", "worker_full", words="已恢复", location=(LON, LAT))
    tile = tile_of(LON, LAT, 14)
    found = features(scene.operator, "workers", *tile)["workers"]
    now = timezone.localtime()
    assert {f["id"]: f["properties"]["name"] for f in found}[scene.worker.pk] == scene.worker.name
    assert all(abs(f["properties"]["minute"] - now.hour * 60 - now.minute) <= 2 for f in found)
    for who in (scene.operator_east, scene.people["leader"], scene.worker_next, scene.stranger):
        assert features(who, "workers", *tile) == {}
    assert features(scene.operator, "workers", 5, 26, 13) == {}  # not from afar


def test_nobody_gets_what_is_not_theirs(scene, features, browse):
    spread(scene)
    tile = tile_of(LON, LAT, 12)
    for layer in ("grids", "units", "events", "heat", "workers", "buildings", "places"):
        assert features(scene.operator_east, layer, *tile) == {}
        assert features(scene.stranger, layer, 0, 0, 0) == {}
        answer = browse().get(f"/map/tiles/{layer}/0/0/0.mvt")
        assert (answer.status_code, answer.headers["Location"][:7]) == (302, "/login/")


def test_a_department_sees_its_own_events_among_its_land(scene, features):
    event = scene.dispatched()
    spread(scene)
    found = features(scene.staff, "events", *tile_of(LON, LAT, 15))["events"]
    assert [f["id"] for f in found] == [event.pk]


def test_a_browser_keeps_a_tile_until_something_changes(scene, browse):
    spread(scene)
    url = "/map/tiles/events/8/208/108.mvt"
    client = browse(scene.operator_top)
    first = client.get(url)
    assert first.headers["Cache-Control"] == "private, max-age=30"
    assert {"Cookie", "Accept-Encoding"} <= set(first.headers["Vary"].split(", "))
    again = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    scene.report()
    changed = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]
    grids = client.get("/map/tiles/grids/8/208/108.mvt")
    assert client.get("/map/tiles/grids/8/208/108.mvt", headers={"If-None-Match": grids.headers["ETag"]}).status_code == 304
    Grid.objects.filter(pk=scene.west.grids[0].pk).update(colour="#112233")
    fresh = client.get("/map/tiles/grids/8/208/108.mvt", headers={"If-None-Match": grids.headers["ETag"]})
    assert fresh.status_code == 200


@pytest.mark.parametrize("layer", ["grids", "units"])
def test_a_tile_is_another_one_after_midnight_in_beijing(scene, browse, monkeypatch, layer):
    """A redrawing comes into force then, without any write; UTC's day, by which tiles are kept, ends at eight."""
    client, url = browse(scene.operator_top), f"/map/tiles/{layer}/8/208/108.mvt"
    monkeypatch.setattr(tile_views, "time", SimpleNamespace(time=lambda: 1_800_000_000.0))
    before = client.get(url).headers["ETag"]
    assert client.get(url, headers={"If-None-Match": before}).status_code == 304
    tomorrow = timezone.localdate() + timedelta(days=1)
    monkeypatch.setattr(tile_views.timezone, "localdate", lambda *args: tomorrow)
    after = client.get(url, headers={"If-None-Match": before})
    assert after.status_code == 200 and after.headers["ETag"] != before


def test_bytes_are_shared_by_equal_scopes_only(scene, browse):
    url = "/map/tiles/events/8/208/108.mvt"
    who = ("op_top", "leader", "op_town", "op_east", "stranger")
    tags = {name: browse(scene.people[name]).get(url).headers["ETag"] for name in who}
    assert tags["op_top"] == tags["leader"]  # both see the whole county's events
    assert len(set(tags.values())) == 4


def test_a_tile_costs_as_many_queries_as_it_must(scene, browse, django_assert_num_queries):
    spread(scene)
    client = browse(scene.operator)
    z, x, y = tile_of(LON, LAT, 15)
    client.get(f"/map/tiles/grids/{z}/{x}/{y}.mvt")
    with django_assert_num_queries(5):  # session, person, posts; versions; the tile
        client.get(f"/map/tiles/events/{z}/{x}/{y}.mvt")
    with django_assert_num_queries(4):  # the same without the tile
        client.get(f"/map/tiles/events/{z}/{x}/{y}.mvt")
