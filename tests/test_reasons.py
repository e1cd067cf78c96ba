"""Lists that somebody sees for several reasons: looked for reason by reason, every event is in them once and in order."""

from datetime import timedelta
from itertools import chain

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from core import reasons
from events import paging
from events.models import Event
from events.orders import ORDERS
from events.services import report
from tests.api.scene import pages_of
from tests.factories import GridFactory, PostFactory
from tests.scenes import Scene

NEWEST = [F("id").desc()]


@pytest.fixture
def scene(db):
    return Scene()


@pytest.fixture
def seen(scene):
    """(person, ids of what they see, ids of the rest): held by their department, once held, called to, in their own grid,
    told by themselves, and for two of these reasons at once."""
    staff = scene.people["staff_lead"]
    PostFactory(user=staff, role="grid_leader", grid=scene.east.village)
    handling, dispatched, verifying = (scene.in_status(s).pk for s in ("handling", "dispatched", "verifying"))
    called = scene.reported()
    scene.take(called, "register", "op_town", standard=scene.standard.pk, urgency="normal")
    come_by = timezone.now() + timedelta(hours=1)
    scene.take(called, "whistle", "op_town", units=[scene.urban.pk], place="桥头", come_by=come_by)
    here, east = (
        report(actor=actor, description="井盖缺失", location=point).event.pk
        for actor, point in ((scene.worker, scene.west.point), (scene.worker_east, scene.east.point))
    )
    own = report(actor=staff, description="路灯不亮", location=scene.west.point).event.pk
    both = report(actor=staff, description="路灯不亮", location=scene.east.point).event.pk
    ids = [handling, dispatched, verifying, called.pk, east, own, both]
    Event.objects.filter(pk__in=[called.pk, own]).update(due_at=None)  # as while it is suspended
    return User.objects.get(pk=staff.pk), ids, [here, scene.registered().pk]


def test_each_event_is_listed_once_in_every_order_forward_and_back(scene, api, seen):
    staff, ids, others = seen
    assert Event.objects.filter(pk__in=others).count() == 2
    due = dict(Event.objects.filter(pk__in=ids).values_list("pk", "due_at"))
    by_due = sorted((pk for pk in ids if due[pk]), key=lambda pk: (due[pk], pk))
    expected = {
        "-id": sorted(ids, reverse=True),
        "due": by_due + sorted(pk for pk in ids if not due[pk]),
    }
    for ordering, wanted in expected.items():
        for size in (1, 2, 3, 20):
            forward, backward = pages_of(api(staff), page_size=size, ordering=ordering)
            assert list(chain(*forward)) == wanted
            assert list(chain(*backward)) == wanted


def test_filters_hold_for_every_reason(scene, api, seen):
    staff, ids, _others = seen
    rows = api(staff).get("/api/v1/events/", {"q": "路灯"}).json()["results"]
    assert [row["id"] for row in rows] == [ids[6], ids[5]]
    rows = api(staff).get("/api/v1/events/", {"status": ["handling", "verifying"]}).json()["results"]
    assert [row["id"] for row in rows] == [ids[2], ids[0]]
    rows = api(staff).get("/api/v1/events/", {"kind": "component", "grid": scene.east.town.pk}).json()["results"]
    assert rows == []


def test_the_desk_walks_the_same_pages(scene, seen):
    staff, ids, _others = seen
    rows = Event.objects.visible_to(staff).select_related("grid", "holder")
    found, cursor = [], ""
    for _n in range(4):
        page = paging.page(rows, ORDERS["newest"], cursor, 2)
        found += [(event.pk, event.grid.name != "", event.holder.name != "") for event in page.rows]
        cursor = page.next
    assert found == [(pk, True, True) for pk in sorted(ids, reverse=True)]
    assert cursor == ""


def test_reasons_are_looked_for_one_by_one_where_the_database_can(scene, seen):
    staff, ids, _others = seen
    rows = reasons.first(Event.objects.visible_to(staff).open(), NEWEST, 3)
    apart = connection.vendor == "postgresql"  # SQLite cuts no parts of a UNION
    assert str(rows.query).count("UNION ALL") == (4 if apart else 0)
    assert [event.pk for event in rows] == sorted(ids, reverse=True)[:3]


def test_one_reason_is_one_walk(scene):
    rows = reasons.first(Event.objects.visible_to(scene.operator_top), NEWEST, 3)
    assert "UNION" not in str(rows.query)
    assert " OR " not in str(rows.query)


def test_so_many_places_that_planning_them_costs_more_are_one_condition(scene):
    person = scene.person("grid_leader", grid=scene.west.village)
    for number in range(reasons.MOST_PARTS):
        village = GridFactory(code=f"430281003{number:03d}", name=f"第{number}村", parent=scene.east.town)
        PostFactory(user=person, role="grid_leader", grid=village)
    west, _east = (
        report(actor=actor, description="井盖缺失", location=point).event.pk
        for actor, point in ((scene.worker, scene.west.point), (scene.worker_east, scene.east.point))
    )
    rows = reasons.first(Event.objects.visible_to(person), NEWEST, 3)
    assert "UNION" not in str(rows.query)
    assert [event.pk for event in rows] == [west]


def test_without_a_reason_there_is_nothing(scene):
    scene.reported()
    assert list(reasons.any_of(Event.objects.all(), [])) == []
    assert list(reasons.first(Event.objects.visible_to(scene.stranger), NEWEST, 3)) == []
