"""The feed of steps: in order, scoped, and nothing is missed however late it is committed."""

import threading

import pytest
from django.db import connection, transaction

from core import feeds
from core.errors import Invalid
from events import selectors, services
from events.models import Event, Transition
from tests.factories import County

URL = "/api/v1/transitions/"


def report(county, actor=None, words="井盖缺失"):
    actor = actor or county.worker
    street = county.east if actor == county.worker_east else county.west
    return services.report(actor=actor, description=words, location=street.point).event


def read(client, cursor=None, **query):
    answer = client.get(URL, {**query, **({"cursor": cursor} if cursor else {})})
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.fixture
def committed(transactional_db):
    """The feed of PostgreSQL shows what is committed: these tests need real transactions."""
    return County()


def test_steps_come_in_order_and_once(committed, api):
    county = committed
    event = report(county)
    services.advance(
        event_id=event.pk, action="register", actor=county.operator, standard=county.standard.pk, urgency="normal"
    )
    client = api(county.operator)
    page = read(client)
    assert [(row["event"]["id"], row["seq"], row["action"]) for row in page["results"]] == [
        (event.pk, 1, "report"), (event.pk, 2, "register"),
    ]  # fmt: skip
    assert page["more"] is False
    assert page["results"][1]["actor"] == {"id": county.operator.pk, "name": county.operator.name}
    assert page["results"][1]["unit"]["name"] == "阳三街道一社区工作站"
    assert page["results"][1]["facts"]["standard"] == "E0101-1"
    assert read(client, page["cursor"])["results"] == []
    newer = report(county, words="新的")
    again = read(client, page["cursor"])
    assert [row["event"]["id"] for row in again["results"]] == [newer.pk]


def test_pages_of_the_feed_lead_through_all_of_it(committed, api):
    ids = [report(committed).pk for _n in range(7)]
    client, cursor, seen = api(committed.operator), None, []
    while True:
        page = read(client, cursor, page_size=3)
        seen += [row["event"]["id"] for row in page["results"]]
        cursor = page["cursor"]
        if not page["more"]:
            break
    assert seen == ids


def test_from_now_on(committed, api):
    report(committed)
    client = api(committed.operator)
    start = read(client, "now")
    assert start["results"] == []
    new = report(committed)
    assert [row["event"]["id"] for row in read(client, start["cursor"])["results"]] == [new.pk]


def test_a_reader_who_sees_little_goes_on_past_what_is_not_theirs(committed, api, monkeypatch):
    monkeypatch.setattr(feeds, "WINDOW", 4)
    for _n in range(9):
        report(committed)
    mine = report(committed, committed.worker_east)
    client, cursor, seen, asked = api(committed.operator_east), None, [], 0
    while True:
        page, asked = read(client, cursor), asked + 1
        seen += [row["event"]["id"] for row in page["results"]]
        cursor = page["cursor"]
        if not page["more"]:
            break
    assert (seen, asked) == ([mine.pk], 3)


def test_the_feed_is_scoped(committed, api):
    west, east = report(committed), report(committed, committed.worker_east)
    seen = {
        committed.operator: [west.pk],
        committed.operator_east: [east.pk],
        committed.operator_area: [west.pk, east.pk],
        committed.stranger: [],
        committed.staff: [],
    }
    for user, expected in seen.items():
        assert [row["event"]["id"] for row in read(api(user))["results"]] == expected


@pytest.mark.parametrize("cursor", ["abc", "WzFd", "WyJhIiwgMV0", "W251bGwsMV0", "x" * 900])
def test_a_cursor_made_elsewhere_is_refused(county, api, cursor):
    assert api(county.operator).get(URL, {"cursor": cursor}).status_code == 400


@pytest.mark.parametrize("count", [1, 50])
def test_the_feed_costs_the_same_for_one_step_and_fifty(committed, api, count, django_assert_num_queries):
    for _n in range(count):
        report(committed)
    client = api(committed.operator)
    read(client)  # fills the process's copies of names
    # session, person, what is settled, posts of today, page, end of the window, newest row, versions
    with django_assert_num_queries(8):
        assert len(read(client)["results"]) == count


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's writers stand in line")
def test_a_step_committed_late_is_not_missed(committed, api):
    """Two connections: the slow one takes its ids first and commits last; a reader in between must not pass it."""
    county = committed
    written, go_on = threading.Event(), threading.Event()

    def slow():
        try:
            with transaction.atomic():
                report(county, words="慢")
                written.set()
                assert go_on.wait(120)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(120)
    report(county, words="快")  # committed at once, with a higher id
    client = api(county.operator)
    between = read(client)
    go_on.set()
    thread.join(120)
    after = read(client, between["cursor"])
    words = [Event.objects.get(pk=row["event"]["id"]).description for row in between["results"] + after["results"]]
    assert sorted(words) == sorted(["慢", "快"])
    assert Transition.objects.count() == 2


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite counts no transactions")
@pytest.mark.django_db
def test_a_cursor_from_before_a_restore_is_refused_in_words(county):
    with pytest.raises(Invalid) as refused:
        selectors.feed(county.operator, (2**60, 1), 10)
    assert list(refused.value.fields) == ["cursor"]
