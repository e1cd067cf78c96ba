"""Patrols over the API: a worker's phone begins, ends and sends them; everybody lists what is theirs to see."""

import random
from datetime import timedelta

import pytest

from fieldwork.models import Patrol
from tests.api.test_fuzz import ODD, unthrottled  # noqa: F401
from tests.fieldwork.conftest import walk

URL = "/api/v1/patrols/"
HOUR = timedelta(hours=1)


def test_begin_end_and_send_again(county, noon, time_machine, api):
    client, grid = api(county.worker), county.west.grids[0]
    given = {"grid": grid.pk, "key": "p-1", "start": {"lon": 113.405, "lat": 27.605}}
    first = client.post(URL, given)
    assert first.status_code == 201
    assert first.json() == {
        "id": Patrol.objects.get().pk, "grid": {"id": grid.pk, "name": grid.name},
        "worker": {"id": county.worker.pk, "name": county.worker.name}, "day": "2026-11-18",
        "started_at": "2026-11-18T04:00:00Z", "ended_at": None, "state": "under_way", "counts": False,
        "start": {"lon": 113.405, "lat": 27.605}, "end": None, "note": "",
    }  # fmt: skip
    second = client.post(URL, {"grid": grid.pk}, headers={"Idempotency-Key": "p-1"})
    assert (second.status_code, second.json()) == (200, first.json())
    assert client.post(URL, {"grid": grid.pk, "key": "p-2"}).json()["code"] == "conflict"
    time_machine.move_to(noon + HOUR, tick=False)
    finish = f"{URL}{first.json()['id']}/finish/"
    ended = client.post(finish, {"note": "平安", "end": [113.406, 27.606]})
    assert (ended.status_code, ended.json()["state"], ended.json()["counts"]) == (200, "finished", True)
    assert (ended.json()["end"], client.post(finish, {}).json()) == ({"lon": 113.406, "lat": 27.606}, ended.json())


def test_a_phone_without_signal_sends_it_later(county, noon, api):
    client, grid = api(county.worker), {"grid": county.west.grids[0].pk}
    given = {**grid, "key": "p-1", "started_at": "2026-11-17T08:00:00+08:00", "ended_at": "2026-11-17T08:45:00+08:00"}
    sent = client.post(URL, given)
    assert (sent.status_code, sent.json()["day"], sent.json()["counts"]) == (201, "2026-11-17", True)
    assert (client.post(URL, given).status_code, Patrol.objects.count()) == (200, 1)
    overlapping = client.post(URL, given | {"key": "p-2"})
    assert (overlapping.status_code, overlapping.json()["patrol"]) == (409, sent.json()["id"])
    assert overlapping["Content-Type"] == "application/problem+json"
    old = {"started_at": "2026-11-10T08:00:00+08:00", "ended_at": "2026-11-10T08:45:00+08:00"}
    assert client.post(URL, grid | old).json()["errors"] == {"started_at": ["开始时间已超过7天，不能再补报。"]}
    for wrong, fields in (
        ({"ended_at": "2026-11-17T08:45:00+08:00"}, {"started_at"}), ({"end": [113, 27]}, {"ended_at"}),
        ({"grid": "x", "colour": 1}, {"grid", "colour"}), ({"note": "很" * 201}, {"note"}), ({"start": [1]}, {"start"}),
        ({"started_at": "2027-01-01T08:00:00Z"}, {"started_at"}),
    ):  # fmt: skip
        refused = client.post(URL, grid | wrong)
        assert (refused.status_code, set(refused.json()["errors"])) == (400, fields)
    assert client.post(URL, {}).json()["errors"].keys() == {"grid"}


def test_outsiders_are_refused_and_find_nothing(county, noon, api):
    patrol = walk(county.worker, county.west.grids[0], noon - HOUR, ended_at=None, state="under_way")
    finish = f"{URL}{patrol.pk}/finish/"
    for person in (county.worker_east, county.operator_east, county.staff, county.stranger):
        client = api(person)
        assert client.get(URL).json()["results"] == []
        assert client.get(URL, {"grid": county.west.town.pk}).json()["results"] == []
        assert client.post(finish, {}).status_code == 404
        assert client.post(URL, {"grid": county.west.grids[0].pk}).status_code == 403
    assert api(county.operator).post(finish, {}).json()["code"] == "refused"
    assert api().get(URL).status_code == 401
    patrol.refresh_from_db()
    assert (patrol.ended_at, Patrol.objects.count()) == (None, 1)


def test_the_list_is_scoped_filtered_and_comes_in_pages(county, noon, api):
    one, two = county.west.grids
    rows = [walk(county.worker, one, noon - n * timedelta(days=1), 40 if n else 5) for n in range(3)]
    rows.append(walk(county.worker_next, two, noon - HOUR))
    walk(county.worker_east, county.east.grids[0], noon - HOUR)
    client = api(county.operator)
    ids = lambda **query: [row["id"] for row in client.get(URL, query).json()["results"]]  # noqa: E731
    assert ids() == [row.pk for row in reversed(rows)]
    assert ids(grid=two.pk) == [rows[3].pk]
    assert ids(grid=county.west.town.pk, state="short") == [rows[0].pk]
    assert ids(grid=county.east.town.pk) == ids(worker="me") == []
    assert ids(day_from="2026-11-17", day_to="2026-11-17") == [rows[1].pk]
    page = client.get(URL, {"page_size": 3}).json()
    assert [row["id"] for row in client.get(page["next"]).json()["results"]] == [rows[0].pk]
    for query in ({"colour": "red"}, {"state": "odd"}, {"worker": "you"}, {"day_from": "x"}, {"cursor": "x"}):
        assert client.get(URL, query).status_code == 400
    mine = api(county.worker).get(URL, {"worker": "me", "page_size": 1}).json()
    assert [row["id"] for row in mine["results"]] == [rows[2].pk]


def test_the_list_costs_the_same_for_one_and_for_many(county, noon, api, django_assert_max_num_queries):
    client = api(county.operator)
    walk(county.worker, county.west.grids[0], noon - HOUR)
    client.get(URL)
    with django_assert_max_num_queries(5) as one:  # session, person, posts, page, versions
        client.get(URL)
    for n in range(1, 16):
        walk(county.worker, county.west.grids[0], noon - n * timedelta(days=1))
    with django_assert_max_num_queries(5) as many:
        assert len(client.get(URL).json()["results"]) == 16
    assert len(one) == len(many)


@pytest.mark.parametrize("seed", range(3))
def test_odd_input_is_taken_or_refused(county, api, unthrottled, seed):  # noqa: F811
    chance, client = random.Random(seed), api(county.worker)
    names = ("grid", "key", "started_at", "ended_at", "start", "end", "note", "state", "worker")
    for _n in range(60):
        made = {name: chance.choice(ODD) for name in chance.sample(names, chance.randint(0, 4))}
        url = chance.choice((URL, f"{URL}1/finish/", f"{URL}{2**70}/finish/"))
        answer = client.post(url, chance.choice((made, made, ODD[0], [made])))
        assert answer.status_code < 500, (url, made)
