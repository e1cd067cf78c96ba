"""What lies with a unit now, as a sum: right when the clock alone changes it, and filled when it came to be."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from events import figures
from events.figures import checking, counted, folding
from events.models import Assignment, FoldedTurn, OpenUnit
from tests.scenes import Scene

HOUR = timedelta(hours=1)


@pytest.fixture
def scene(db):
    return Scene()


def lying(path, now):
    """{unit: (open, late)}, which must be those counted."""
    today = timezone.localdate(now)
    given = path, today, today + timedelta(days=1), now
    found = {row.unit_id: (row.open, row.late) for row in figures.departments(*given)}
    assert found == {row.unit_id: (row.open, row.late) for row in counted.departments(*given)}
    return found


def sums():
    """{(place, unit): (standing, late)} of what is kept, without rows that say nothing."""
    rows = OpenUnit.objects.exclude(standing=0, late=0).values_list("place_id", "unit_id", "standing", "late")
    return {(place, unit): (standing, late) for place, unit, standing, late in rows}


def test_a_deadline_that_passes_makes_it_late_without_any_step(scene):
    now = timezone.now()
    for n in range(3):
        event = scene.handling()
        Assignment.objects.filter(event=event).update(due_at=now + (n + 1) * HOUR)
    units = set(Assignment.objects.values_list("unit", flat=True))
    assert len(units) == 2  # who leads and who helps
    for folded in (False, True):
        if folded:
            folding.fold(now)
            assert len(sums()) == 3 * len(units)  # of the county, the area, the town
        for path in (scene.root.path, scene.west.town.path, scene.west.village.path):
            for hours, late in ((0, 0), (1.5, 1), (3.5, 3), (0.5, 0)):
                assert lying(path, now + hours * HOUR) == dict.fromkeys(units, (3, late))
    assert folding.fold(now + 1.5 * HOUR).events == 1  # only the one whose deadline has passed
    assert set(sums().values()) == {(3, 1)}
    assert lying(scene.root.path, now + 2.5 * HOUR) == dict.fromkeys(units, (3, 2))
    assert lying(scene.root.path, now) == dict.fromkeys(units, (3, 0))  # the clock goes back
    assert folding.fold(now).events == 1
    assert set(sums().values()) == {(3, 0)}


def test_a_suspended_event_lies_there_and_is_not_late(scene):
    now = timezone.now()
    event = scene.in_status("suspended")
    turns = Assignment.objects.filter(event=event, outcome="open")
    assert turns.update(due_at=now - HOUR) == 2
    there = dict.fromkeys(turns.values_list("unit", flat=True), (1, 0))
    figures.touch([event.pk])
    assert lying(scene.root.path, now) == there
    folding.fold(now)
    assert lying(scene.root.path, now) == there
    assert checking.check(now=now).wrong == []


def test_a_wrong_sum_of_a_unit_is_named_and_repaired(scene):
    now = timezone.now()
    scene.handling()
    folding.fold(now)
    row = OpenUnit.objects.filter(unit_id=scene.urban.pk).first()
    OpenUnit.objects.filter(place_id=row.place_id, unit_id=row.unit_id).update(late=4, standing=9)
    wrong = {(one.figure, one.key, one.kept, one.counted) for one in checking.check(repair=True, now=now).wrong}
    assert wrong == {("openunit.standing", str(row.unit_id), 9, 1), ("openunit.late", str(row.unit_id), 4, 0)}
    assert checking.check(now=now).wrong == []
    assert set(sums().values()) == {(1, 0)}


def test_the_sums_are_filled_when_they_come_to_be(scene):
    """What stands in the migration gives what a fold of everything gives."""
    now = timezone.now()
    late, other = scene.handling(), scene.handling()
    scene.closed()
    Assignment.objects.filter(event=late).update(due_at=now - HOUR)
    Assignment.objects.filter(event=other).update(due_at=now + HOUR)
    folding.rebuild(now)
    made = sums()
    assert set(made.values()) == {(2, 1)} and len(made) == 6  # two units, three levels
    OpenUnit.objects.all().delete()
    FoldedTurn.objects.update(lies_late=0)
    with connection.schema_editor() if connection.vendor == "postgresql" else _plain() as editor:
        import_module("events.migrations.0020_open_units").fill(None, editor)
    assert sums() == made
    assert checking.check(now=now) == checking.Checked([], [], 3)


class _plain:
    """SQLite's own schema editor wants no transaction around it; here it only executes."""

    connection = connection

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def execute(self, sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)
