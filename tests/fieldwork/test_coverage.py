"""Coverage of grid, village, town and county: counted patrols, at most two a day, of two that each grid's day is owed."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fieldwork import selectors
from fieldwork.models import Patrol
from fieldwork.selectors import Coverage
from gridcenter.map import measures
from gridcenter.map.classes import Class
from grids.models import Grid
from tests.factories import GridFactory
from tests.fieldwork.conftest import walk
from tests.scenes import beijing

DAY = timedelta(days=1)
FIRST = beijing("2026-11-11 08:00")  # of the seven full days before noon of the 18th


@pytest.fixture
def walked(county, noon):
    """West 1: all 14. West 2: 10, of which 9 count. East 1: 1. East 2: nothing."""
    one, two = county.west.grids
    for n in range(7):
        morning = FIRST + n * DAY
        walk(county.worker, one, morning)
        walk(county.worker, one, morning + timedelta(hours=7))
        walk(county.worker, one, morning + timedelta(hours=9))  # a third one of a day adds nothing
        if n < 5:
            walk(county.worker_next, two, morning)
            walk(county.worker_next, two, morning + timedelta(hours=7), 9 if n == 0 else 10)
    walk(county.worker_east, county.east.grids[0], FIRST)
    # Neither before the seven days, nor today, nor what was left open or is under way.
    walk(county.worker_east, county.east.grids[0], FIRST - timedelta(hours=9))
    walk(county.worker_east, county.east.grids[0], FIRST + 7 * DAY)
    walk(county.worker_east, county.east.grids[0], FIRST + DAY, 720, state=Patrol.State.LEFT_OPEN)
    walk(county.worker_east, county.east.grids[0], FIRST + 2 * DAY, ended_at=None, state=Patrol.State.UNDER_WAY)
    return county


def test_the_days_are_the_last_seven_full_ones_of_beijing(time_machine):
    time_machine.move_to(beijing("2026-11-18 00:00"), tick=False)
    assert selectors.window() == (date(2026, 11, 11), date(2026, 11, 18))
    time_machine.move_to(beijing("2026-11-17 23:59"), tick=False)
    assert selectors.window() == (date(2026, 11, 10), date(2026, 11, 17))


def test_exact_numbers_at_every_level(walked):
    west, east = walked.west, walked.east
    one, two = west.grids
    assert selectors.coverage(one) == {one.pk: Coverage(14, 14)}
    assert selectors.coverage(west.village) == {one.pk: Coverage(14, 14), two.pk: Coverage(9, 14)}
    assert selectors.coverage(west.town) == {west.village.pk: Coverage(23, 28)}
    assert selectors.coverage(walked.area) == {west.town.pk: Coverage(23, 28), east.town.pk: Coverage(1, 28)}
    assert selectors.coverage(walked.root) == {walked.area.pk: Coverage(24, 56)}
    assert selectors.coverage_of(walked.root) == Coverage(24, 56)
    assert selectors.coverage_of(east.grids[1]) == Coverage(0, 14)
    assert (selectors.coverage_of(west.town).share, Coverage(0, 0).share) == (23 / 28, None)


def test_a_grid_is_owed_patrols_for_the_days_of_its_validity(walked):
    west = walked.west
    Grid.objects.filter(pk=west.grids[1].pk).update(valid_until="2026-11-13")  # in force on the 11th and 12th
    young = GridFactory(parent=west.village, code="430281001001009", valid_from=date(2026, 11, 17))
    GridFactory(parent=west.village, code="430281001001010", valid_from=date(2026, 11, 18))
    assert selectors.coverage(west.village) == {
        west.grids[0].pk: Coverage(14, 14), west.grids[1].pk: Coverage(3, 4), young.pk: Coverage(0, 2)
    }  # fmt: skip
    Grid.objects.filter(pk=west.grids[1].pk).update(valid_until="2026-11-11")
    assert selectors.coverage(west.village) == {west.grids[0].pk: Coverage(14, 14), young.pk: Coverage(0, 2)}


@pytest.mark.parametrize("level", ["root", "area", "town", "village"])
def test_one_query_for_all_children(walked, level, django_assert_num_queries):
    grid = getattr(walked, level, None) or getattr(walked.west, level)
    with django_assert_num_queries(1):
        selectors.coverage(grid)


def test_the_map_is_coloured_by_it(walked):
    view = measures.view(walked.operator_top, walked.area, "patrols")
    assert [(c.pk, c.words, c.number) for c in view.children] == [
        (walked.west.town.pk, "82.1%", 2), (walked.east.town.pk, "3.5%", 0)
    ]  # fmt: skip
    assert view.classes == [Class(0.0, 0.5), Class(0.5, 0.8), Class(0.8, 0.95)]
    assert [str(words) for words in view.legend] == ["低于50%", "50%至80%", "80%至95%"]
    assert view.gaps is False
    village = measures.view(walked.operator, walked.west.village, "patrols")
    assert [(c.words, c.number) for c in village.children] == [("100.0%", 2), ("64.2%", 0)]
    GridFactory(parent=walked.west.town, code="430281001002")  # a village without grids is owed nothing
    bare = measures.view(walked.operator_area, walked.west.town, "patrols")
    assert [(c.words, c.number) for c in bare.children] == [("82.1%", 0), ("—", None)]
    assert bare.gaps is True


def test_what_is_walked_shows_with_the_next_answer(walked):
    coloured = lambda: [c.words for c in measures.view(walked.operator_top, walked.area, "patrols").children]  # noqa: E731
    assert coloured() == ["82.1%", "3.5%"]
    walk(walked.worker_east, walked.east.grids[1], FIRST + timedelta(hours=3))
    assert coloured() == ["82.1%", "7.1%"]


def test_the_measure_is_for_those_who_may_read_patrols(walked):
    for person, grid in ((walked.operator_top, walked.root), (walked.operator, walked.west.village)):
        assert "patrols" in measures.available(person, grid)
    for person, grid in ((walked.staff, walked.root), (walked.person("assistant", grid=walked.west.village), walked.root)):
        assert "patrols" not in measures.available(person, grid)


def test_the_page_asks_once_more_than_that_of_another_rate(walked, client):
    client.force_login(walked.operator_top)

    def queries(measure):
        client.get(f"/map/{walked.area.pk}/?measure={measure}")
        with CaptureQueriesContext(connection) as made:
            assert client.get(f"/map/{walked.area.pk}/?measure={measure}").status_code == 200
        return len(made)

    assert queries("patrols") == queries("closing") + 1
