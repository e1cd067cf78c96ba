"""Who is on duty and which warnings stand: what a wall of a territory reads of the duty desk, and how it hears of it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.roles import ROLES
from core import versions
from duty.live import Watcher
from duty.models import Shift, UnitDuty, Warning
from duty.services import warnings
from gridcenter.screen import duty, snapshots, views
from tests.duty.test_warnings import raise_one
from tests.scenes import Scene
from tests.screen.test_screen import enter, figures


@pytest.fixture
def scene(db, monkeypatch):
    monkeypatch.setattr(snapshots, "MOST_AGE_SECONDS", 3600)
    views.figures_of.forget()
    return Scene()


def shift(unit, name, role, **more):
    now = timezone.now()
    span = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=7)} | more
    return Shift.objects.create(unit=unit, name=name, role=role, phone="13877776666", **span)


def told(scene, place):
    return duty.alerts(place.path, timezone.now())


def titles(scene, place):
    return [row["title"] for row in told(scene, place)["rows"]]


def test_the_shift_of_the_territorys_own_desk_leader_first(scene):
    unit, now = scene.west.town_centre, timezone.now()
    shift(unit, "王值班", Shift.Role.WATCH)
    leader = shift(unit, "李带班", Shift.Role.LEADER)
    shift(unit, "张昨夜", Shift.Role.CHIEF, ends_at=now - timedelta(minutes=1))
    shift(scene.centre, "县里人", Shift.Role.CHIEF)
    found = duty.on_duty(scene.west.town.path, now)
    assert (found["unit"], found["gap"]) == (unit.name, False)
    assert [(one["role"], one["name"]) for one in found["people"]] == [("leader", "李带班"), ("watch", "王值班")]
    assert found["people"][0]["until"] == leader.ends_at.timestamp()
    assert [one["name"] for one in duty.on_duty(scene.root.path, now)["people"]] == ["县里人"]


def test_an_empty_desk_is_a_gap_only_where_it_must_be_staffed(scene):
    unit, now = scene.west.town_centre, timezone.now()
    assert duty.on_duty(scene.west.town.path, now) == {"unit": unit.name, "gap": False, "people": []}
    UnitDuty.objects.create(unit=unit, staffed=True)
    assert duty.on_duty(scene.west.town.path, now)["gap"] is True
    shift(unit, "李带班", Shift.Role.LEADER)  # may be at home: the desk is still empty
    assert duty.on_duty(scene.west.town.path, now)["gap"] is True
    shift(unit, "王值班", Shift.Role.WATCH)
    assert duty.on_duty(scene.west.town.path, now)["gap"] is False


def test_a_warning_stands_on_the_walls_of_its_place_and_of_what_it_warns(scene):
    raise_one(scene, title="镇上山火")
    assert titles(scene, scene.west.town) == ["镇上山火"]
    assert titles(scene, scene.root) == ["镇上山火"]  # it lies in the county
    assert titles(scene, scene.west.village) == ["镇上山火"]  # the village is warned
    assert titles(scene, scene.east.town) == []
    raise_one(scene, "op_top", scene.root, title="全县暴雨")
    assert titles(scene, scene.east.village) == ["全县暴雨"]
    assert titles(scene, scene.west.town) == ["全县暴雨", "镇上山火"]


def test_what_waits_comes_first_and_a_notice_waits_for_nobody(scene):
    raise_one(scene, level="notice", title="提示")
    taken = raise_one(scene, level="major", title="重大已接")
    raise_one(scene, level="serious", title="较大未接")
    warnings.take(actor=User.objects.get(pk=scene.people["op_town"].pk), warning_id=taken.pk)
    found = told(scene, scene.west.town)
    assert [(row["title"], row["waits"], row["unit"]) for row in found["rows"]] == [
        ("较大未接", True, ""), ("重大已接", False, scene.west.town_centre.name), ("提示", False, ""),
    ]  # fmt: skip
    assert (found["count"], found["waiting"]) == (3, 1)
    Warning.objects.filter(pk=taken.pk).update(ended_at=timezone.now())
    assert titles(scene, scene.west.town) == ["较大未接", "提示"]


def test_phones_stay_behind(client, scene):
    shift(scene.west.town_centre, "王值班", Shift.Role.WATCH)
    raise_one(scene, words="拨打 13911112222")
    answer = figures(enter(client, scene.people["op_town"]), scene.west.town)
    text, found = answer.content.decode(), answer.json()
    assert found["on_duty"]["people"][0]["name"] == "王值班" and found["alerts"]["count"] == 1
    assert "13877776666" not in text and "13911112222" not in text


def test_whoever_opens_a_screen_may_also_read_rosters_and_warnings(scene):
    openers = [role for role in ROLES.values() if "screen.view_screen" in role.permissions]
    assert len(openers) >= 4
    assert all({"duty.view_shift", "duty.view_warning"} <= role.permissions for role in openers)
    raise_one(scene)
    raise_one(scene, "op_top", scene.root)
    person = User.objects.get(pk=scene.people["op_town"].pk)
    shown = {row["id"] for row in told(scene, scene.west.town)["rows"]}
    assert shown == set(Warning.objects.visible_to(person).values_list("pk", flat=True)) and len(shown) == 2


def test_a_wall_hears_of_its_own_warnings(scene):
    watcher = Watcher(versions.read())
    raise_one(scene)
    changed = watcher.changed(versions.read())
    heard = {place.name for place in (scene.root, scene.west.town, scene.west.village, scene.east.town)
             if duty.Ear(place.path).hears(changed)}  # fmt: skip
    assert heard == {scene.root.name, scene.west.town.name, scene.west.village.name}


def test_the_cost_does_not_grow_with_shifts_and_warnings(scene):
    costs = []
    for n in (1, 6):
        for turn in range(n):
            shift(scene.west.town_centre, f"值班{n}{turn}", Shift.Role.WATCH)
            raise_one(scene, title=f"预警{n}{turn}")
        told(scene, scene.west.town)  # another process's first look
        with CaptureQueriesContext(connection) as queries:
            now = timezone.now()
            duty.on_duty(scene.west.town.path, now)
            duty.alerts(scene.west.town.path, now)
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 5, costs
