"""The timeline of a person: in order, and with the events of the doors where they lived while they lived there."""

from datetime import datetime, timedelta

import pytest
from django.contrib.gis.geos import Point
from django.urls import reverse

from events.clocks import BEIJING
from events.models import Event
from residents.models import Building
from residents.selectors import person as persons
from residents.services import life
from tests.pages import visit
from tests.residents.factories import DwellingFactory
from tests.residents.family import BEFORE, DAY, Family
from tests.scenes import Scene

pytestmark = pytest.mark.django_db


def titles(family, person):
    """(day, what, where), oldest first, of what happened from DAY on."""
    lines = persons.timeline(family.worker, person)[::-1]
    return [(line["title"], line["door"]) for line in lines if line["day"] >= DAY]


def test_a_move_says_out_and_in_in_this_order(family):
    life.move_within(actor=family.worker, resident=family.son, dwelling=family.next, on=DAY)
    out, into = titles(family, family.son)
    assert (out[1], into[1]) == (family.door, family.next)
    assert (out[0], into[0]) == ("本地迁居（迁出）", "本地迁居（迁入）")


def test_another_household_behind_the_same_door_is_one_line(family):
    life.split_household(
        actor=family.worker, household=family.home, members=[family.son.pk], head=family.son, on=DAY
    )
    life.record_death(actor=family.worker, resident=family.son, on=DAY)
    assert titles(family, family.son) == [("分户", family.door), ("死亡", family.door)]


@pytest.fixture
def told():
    """{person's name: the events that their timeline names} of one event a year, at the old door and at the new one."""
    scene = Scene()
    family = Family(scene)
    east, west = scene.west.point, scene.west.point
    here, there = Point(*west, srid=4326), Point(west[0] + 0.002, east[1], srid=4326)
    Building.objects.filter(pk=family.door.building_id).update(location=here)
    family.away = DwellingFactory(building__grid=family.home.grid, building__location=there)
    family.events = {}
    for place, point in (("old", here), ("new", there)):
        for day in (BEFORE, DAY):
            for side, when in (("before", day - timedelta(days=1)), ("from", day)):
                event = scene.report(location=(west[0], west[1]))
                at = datetime(when.year, when.month, when.day, 12, tzinfo=BEIJING)
                Event.objects.filter(pk=event.pk).update(location=point, reported_at=at)
                family.events[event.pk] = f"{place} {side} {day}"

    def read(person):
        url = reverse("residents:timeline", args=[person.pk])
        html = visit(scene.person("grid_leader", grid=scene.west.village)).get(url).content.decode()
        found = {pk: reverse("events:detail", args=[pk]) for pk in family.events}
        return {family.events[pk] for pk, link in found.items() if f'href="{link}"' in html}

    family.told = read
    return family


def test_events_are_those_of_the_doors_while_somebody_lived_there(told):
    life.move_within(actor=told.worker, resident=told.son, dwelling=told.away, on=DAY)
    assert told.told(told.son) == {f"old from {BEFORE}", f"old before {DAY}", f"new from {DAY}"}
    assert told.told(told.wife) == {f"old from {BEFORE}", f"old before {DAY}", f"old from {DAY}"}
    life.record_death(actor=told.worker, resident=told.son, on=DAY)
    assert told.told(told.son) == {f"old from {BEFORE}", f"old before {DAY}"}
    life.move_out(actor=told.worker, resident=told.wife, on=DAY)
    assert told.told(told.wife) == {f"old from {BEFORE}", f"old before {DAY}"}
