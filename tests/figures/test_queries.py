"""What the figures cost in statements: the same for one event and for many, folded or not."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events import figures
from events.figures import folding
from tests.scenes import Scene

# One for the state, one for the tail, one for the place, one to see that nobody has folded meanwhile: four each.
MOST = {
    "overview": 9,  # days, pieces of days, what stands, what fell due since, stages that ended late
    "flow": 5,
    "trend": 6,  # days, the running one
    "kinds": 7,  # reported, open, names of standards and their versions
    "children": 7,  # days, today, what stands
    "departments": 7,  # days, today, what lies with them
    "period": 11,
    "late_list": 1,
    "newest": 1,
}


def counted(scene):
    now = timezone.now()
    today = timezone.localdate(now)
    tomorrow, path = today + timedelta(days=1), scene.root.path
    calls = {
        "overview": (path, now), "flow": (path, now), "trend": (path, now, "day"), "kinds": (path, today, tomorrow),
        "children": (path, now, today, tomorrow), "departments": (path, today, tomorrow, now),
        "period": (path, today, tomorrow, now), "late_list": (path, now), "newest": (path,),
    }  # fmt: skip
    found = {}
    for name, given in calls.items():
        getattr(figures, name)(*given)
        with CaptureQueriesContext(connection) as queries:
            getattr(figures, name)(*given)
        found[name] = len(queries)
    return found


@pytest.fixture
def scene(db):
    return Scene()


def test_figures_cost_the_same_for_one_event_and_for_many(scene):
    scene.report()
    folding.fold()
    few = counted(scene)
    assert all(count <= MOST[name] for name, count in few.items()), few
    for status in ("handling", "closed", "evaluated", "rejected"):
        scene.in_status(status)
    assert counted(scene) == few
    folding.fold()
    assert counted(scene) == few


def test_several_read_together_share_the_state_and_the_tail(scene):
    scene.handling()
    now, path = timezone.now(), scene.root.path

    def look(reading):
        return figures.overview(path, now, reading), figures.flow(path, now, reading)

    figures.together(now, look)
    with CaptureQueriesContext(connection) as queries:
        overview, steps = figures.together(now, look)
    assert len(queries) <= MOST["overview"] + 1
    assert overview.open.value == sum(step.count for step in steps) == 1


def test_a_wall_reads_all_of_its_panels_with_one_statement(scene):
    scene.handling()
    now, path, today = timezone.now(), scene.root.path, timezone.localdate()
    wall = figures.Wall(path, today - timedelta(days=29), today + timedelta(days=1), 2)
    for _folded in range(2):
        with CaptureQueriesContext(connection) as queries:
            figures.together(now, wall.read, path)
        assert len(queries) == 3  # the state with the place, the tail, the sums with the fold they are of
        folding.fold()


def test_a_fold_costs_the_same_for_one_event_and_for_many(scene):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            folding.fold()
        return len(queries)

    scene.report()
    folding.fold()
    scene.report()
    one = cost()
    for _n in range(5):
        scene.report()
    assert cost() == one <= 30
    scene.closed()
    assert cost() == one
