"""The worker's row on "my work", the line of a grid's page, and what an answer says without a script."""

from datetime import timedelta

import pytest

from fieldwork.models import Patrol
from tests.factories import PostFactory
from tests.fieldwork.conftest import walk
from tests.pages import text_of, visit

HOUR = timedelta(hours=1)
HTMX = {"HX-Request": "true"}


def test_the_row_of_a_worker_starts_and_finishes(county, noon, time_machine):
    client, grid = visit(county.worker), county.west.grids[0]
    walk(county.worker, grid, noon - 3 * HOUR)
    walk(county.worker, grid, noon - 2 * HOUR, 5)
    page = client.get("/")
    assert "Patrol: today 1 of 2 Start" in text_of(page)
    row = client.post("/fieldwork/patrols/start/", {"grid": grid.pk, "key": "a" * 32}, headers=HTMX)
    assert "today 1 of 2 · under way since 12:00, counts from 12:10 on Finish" in text_of(row)
    assert "<html" not in row.content.decode()
    again = client.post("/fieldwork/patrols/start/", {"grid": grid.pk, "key": "a" * 32})
    assert (again.status_code, again["Location"], Patrol.objects.under_way().count()) == (302, "/", 1)
    lost = client.post("/fieldwork/patrols/start/", {"grid": grid.pk, "key": "b" * 32}, headers=HTMX)
    assert lost.status_code == 409
    assert "A patrol of yours is under way since 11-18 12:00: finish it first." in text_of(lost)
    time_machine.move_to(noon + HOUR, tick=False)
    finish = f"/fieldwork/patrols/{Patrol.objects.under_way().get().pk}/finish/"
    assert "today 2 of 2 Start" in text_of(client.post(finish, headers=HTMX))
    assert client.post(finish).status_code == 302


def test_a_short_one_says_that_it_does_not_count(county, noon):
    client = visit(county.worker)
    client.post("/fieldwork/patrols/start/", {"grid": county.west.grids[0].pk})
    finish = f"/fieldwork/patrols/{Patrol.objects.get().pk}/finish/"
    assert client.post(finish, headers=HTMX).status_code == 400  # in the very second: it must end after it begins
    Patrol.objects.update(started_at=noon - timedelta(minutes=9))
    page = client.post(finish, follow=True)
    assert "It was shorter than 10 minutes and does not count." in text_of(page)
    assert "today 0 of 2" in text_of(page)


def test_two_grids_have_a_line_each_and_one_patrol_at_a_time(county, noon):
    PostFactory(user=county.worker, role="worker_part", grid=county.west.grids[1])
    client = visit(county.worker)
    assert text_of(client.get("/")).count("today 0 of 2 Start") == 2
    said = text_of(client.post("/fieldwork/patrols/start/", {"grid": county.west.grids[1].pk}, headers=HTMX))
    assert (said.count("Start"), said.count("Finish")) == (0, 1)
    assert f"{county.west.grids[1].name} · Patrol: today 0 of 2 · under way" in said


def test_others_have_no_row_and_no_way_in(county, noon):
    patrol = walk(county.worker, county.west.grids[0], noon, ended_at=None, state="under_way")
    for person in (county.operator, county.staff, county.stranger, county.worker_east):
        client = visit(person)
        assert ('id="patrols"' in client.get("/").content.decode()) is (person == county.worker_east)
        assert client.post("/fieldwork/patrols/start/", {"grid": county.west.grids[0].pk}).status_code == 403
        expected = 403 if person == county.operator else 404  # who sees it may not finish it either
        assert client.post(f"/fieldwork/patrols/{patrol.pk}/finish/").status_code == expected
        assert client.post("/fieldwork/patrols/start/", {"grid": "x"}).status_code == 404
    assert (Patrol.objects.count(), Patrol.objects.get().ended_at) == (1, None)
    assert 'id="patrols"' not in visit(county.worker).get("/events/").content.decode()


@pytest.mark.parametrize("place", ["grid", "town"])
def test_the_line_on_a_grids_page(county, noon, place):
    grid = county.west.grids[0]
    for n in range(1, 12):
        walk(county.worker, grid, noon - timedelta(days=(n + 1) // 2) + (n % 2) * HOUR)
    shown, owed = (grid, 14) if place == "grid" else (county.west.town, 28)
    assert f"Patrols in the last 7 days: 11 of {owed}" in text_of(visit(county.operator_top).get(f"/grids/{shown.pk}/"))
    assert "Patrols" not in text_of(visit(county.staff).get(f"/grids/{shown.pk}/"))


def test_the_row_costs_one_query_and_none_for_others(county, noon, django_assert_num_queries):
    from fieldwork import selectors

    worker, operator = (type(p).objects.get(pk=p.pk) for p in (county.worker, county.operator))
    with django_assert_num_queries(2):  # posts, patrols
        (row,) = selectors.today_of(worker)
    assert (row.grid_id, row.done, row.patrol) == (county.west.grids[0].pk, 0, None)
    with django_assert_num_queries(1):  # posts
        assert selectors.today_of(operator) == []
