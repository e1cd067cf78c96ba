"""The REST API of events: the list, its pages and filters."""

from datetime import UTC, timedelta
from itertools import chain

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events.models import Event
from tests.api.scene import URL, pages_of, report, walked
from tests.factories import StandardFactory


def test_a_list_shows_an_event_in_full(county, api):
    event = report(county, standard=county.standard.pk, place="解放路 12 号")
    (row,) = api(county.operator).get(URL).json()["results"]
    assert row["description"] == "井盖缺失"
    assert row["location"] == {"lon": county.west.point[0], "lat": county.west.point[1]}
    assert row["grid"] == {
        "id": county.west.grids[0].pk, "code": county.west.grids[0].code, "name": "阳三街道第1网格", "level": 4,
    }  # fmt: skip
    assert row["holder"] == {"id": county.west.station.pk, "name": "阳三街道一社区工作站", "kind": "centre"}
    assert row["standard"]["code"] == "E0101-1"
    assert (row["status"], row["light"], row["open"], row["seq"], row["place"]) == (
        "reported", "green", True, 1, "解放路 12 号",
    )  # fmt: skip
    assert row["due_at"] == event.due_at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def test_everybody_sees_their_own_part(county, api):
    west = report(county)
    east = report(county, county.worker_east, location=county.east.point)
    seen = {
        county.worker: [west.pk],
        county.worker_next: [],
        county.worker_east: [east.pk],
        county.operator: [west.pk],
        county.operator_area: [east.pk, west.pk],
        county.staff: [],
        county.stranger: [],
    }
    for user, expected in seen.items():
        assert [row["id"] for row in api(user).get(URL).json()["results"]] == expected


def test_strangers_are_asked_who_they_are(db, api):
    answer = api().get(URL)
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert answer.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("count", [1, 50])
@pytest.mark.parametrize("size", [20, 100])
def test_a_list_costs_the_same_for_one_event_and_fifty(county, phone, count, size, django_assert_num_queries):
    for _n in range(count):
        report(county)
    client = phone(county.operator)
    client.get(URL)  # fills the process's copies of names
    query = {"page_size": size, "status": ["reported", "handling"], "grid": county.west.town.pk}
    with django_assert_num_queries(2):  # token with its person, posts of today and versions; page
        rows = client.get(URL, query).json()["results"]
    assert len(rows) == min(count, size)


def test_a_session_costs_three_queries_more_than_a_token(county, api, django_assert_num_queries):
    client = api(county.operator)
    client.get(URL)
    with django_assert_num_queries(5):  # session, person, posts of today, versions of names, page
        client.get(URL)


def test_pages_by_cursor_give_every_row_once_and_lead_back(county, api):
    ids = [report(county).pk for _n in range(7)]
    forward, backward = pages_of(api(county.operator), page_size=3)
    expected = ids[::-1]
    assert forward == [expected[0:3], expected[3:6], expected[6:]]
    assert backward == forward


def test_most_urgent_first_puts_those_without_a_clock_last(county, api):
    events = [report(county) for _n in range(6)]
    now = timezone.now()
    for event, hours in zip(events, (5, -2, None, 1, None, 1), strict=True):
        due = now + timedelta(hours=hours) if hours is not None else None
        Event.objects.filter(pk=event.pk).update(due_at=due)
    ids = [event.pk for event in events]
    expected = [ids[1], ids[3], ids[5], ids[0], ids[2], ids[4]]
    for size in (1, 2, 4, 5, 20):
        forward, backward = pages_of(api(county.operator), page_size=size, ordering="due")
        assert list(chain(*forward)) == expected
        assert list(chain(*backward)) == expected


def test_open_ones_by_deadline_are_walked_by_the_index_of_deadlines_alone(county, api):
    ids = [report(county).pk for _n in range(5)]
    Event.objects.filter(pk=ids[3]).update(due_at=None)  # as while it is suspended
    Event.objects.filter(pk=ids[1]).update(due_at=None, status="cancelled")
    query = {"ordering": "due", "open": "yes"}
    client = api(county.operator)
    first = client.get(URL, {"page_size": 2, **query}).json()
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(first["next"]).json()
    assert [row["id"] for row in first["results"] + answer["results"]] == [ids[0], ids[2], ids[4], ids[3]]
    assert answer["next"] is None
    timed, timeless = [one["sql"].split(" WHERE ", 1)[1] for one in seen if "yellow_at" in one["sql"]]
    assert "status" not in timed.split(" ORDER BY ")[0]
    assert "status" in timeless.split(" ORDER BY ")[0]
    with transaction.atomic(), pytest.raises(IntegrityError, match="events_event_clock_runs"):
        Event.objects.filter(pk=ids[0]).update(status="cancelled")


def test_between_days_the_newest_are_those_reported_last(county, api):
    events = [report(county) for _n in range(5)]
    now = timezone.now()
    for event, hours in zip(events, (1, 5, 3, 3, 100), strict=True):
        Event.objects.filter(pk=event.pk).update(reported_at=now - timedelta(hours=hours))
    ids = [event.pk for event in events]
    day = timezone.localdate() - timedelta(days=2)
    expected = [ids[0], ids[3], ids[2], ids[1]]
    for size in (1, 2, 20):
        forward, backward = pages_of(api(county.operator), page_size=size, reported_from=day)
        assert list(chain(*forward)) == list(chain(*backward)) == expected


def test_words_of_one_two_and_more_characters_are_found(county, api):
    lamp = report(county, place="解放路 12 号院")
    lamp.description = "路灯不亮，杆体倾斜 50%_斜"
    lamp.save(update_fields=["description"])
    other = report(county, place="人民路")
    client = api(county.operator)
    for words in ("灯", "路灯", "灯不亮", "倾斜", "解放 路灯", "12", "50%", "%_斜"):
        assert found(client, q=words) == [lamp.pk], words
    assert found(client, q="路") == [other.pk, lamp.pk]
    for words in ("灯灯", "路不", "解放路12", "放解", "5_%", "\\", "'"):
        assert found(client, q=words) == [], words


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "nonsense"},
        {"cursor": "WyItaWQiLCJuIiwiYSJd"},
        {"cursor": "x" * 5000},
        {"page_size": "0"},
        {"page_size": "201"},
        {"page_size": "²"},
        {"ordering": "number"},
        {"status": "gone"},
        {"statsu": "closed"},
        {"grid": "abc"},
        {"grid": "1e400"},
        {"late": "perhaps"},
        {"reported_from": "31.12.2026"},
        {"q": "a\0b"},
    ],
)
def test_a_list_refuses_what_it_does_not_understand(county, api, query):
    report(county)
    answer = api(county.operator).get(URL, query)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == list(query)


def test_a_cursor_of_one_order_is_refused_in_the_other(county, api):
    for _n in range(3):
        report(county)
    cursor = api(county.operator).get(URL, {"page_size": 1}).json()["next"].split("cursor=")[1].split("&")[0]
    assert api(county.operator).get(URL, {"cursor": cursor, "ordering": "due"}).status_code == 400


def found(client, **query):
    answer = client.get(URL, query)
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def test_filters_narrow_the_list(county, api):
    StandardFactory(code="G1101-1", kind="governance", minor_name="邻里纠纷", condition="邻里因噪声争吵")
    plain = report(county, place="解放路")
    closed = walked(county, "register", "dispatch", "sign", "feed_back", "verify_pass")
    handling = walked(county, "register", "dispatch", "sign")
    east = report(county, county.worker_east, location=county.east.point)
    client = api(county.operator_area)
    everything = [east.pk, handling.pk, closed.pk, plain.pk]
    assert found(client) == everything
    assert found(client, status=["closed", "handling"]) == [handling.pk, closed.pk]
    assert found(client, open="yes") == [east.pk, handling.pk, plain.pk]
    assert found(client, open="no") == [closed.pk]
    assert found(client, light="green") == [east.pk, handling.pk, plain.pk]
    assert found(client, light="red") == []
    assert found(client, standard="E0101") == [handling.pk, closed.pk]
    assert found(client, standard="G1") == []
    assert found(client, standard="暴露") == [handling.pk, closed.pk]
    assert found(client, standard="邻里") == []
    assert found(client, source="worker") == everything
    assert found(client, source="hotline") == []
    assert found(client, urgency="critical") == []
    assert found(client, grid=county.west.town.pk) == [handling.pk, closed.pk, plain.pk]
    assert found(client, grid=county.east.village.pk) == [east.pk]
    assert found(client, grid=10**9) == []
    assert found(client, unit=county.urban.pk) == [handling.pk, closed.pk]
    assert found(client, holder=county.urban.pk) == [handling.pk]
    assert found(client, lead=county.urban.pk) == [handling.pk, closed.pk]
    assert found(client, late="true") == []
    assert found(client, placed="true") == everything
    assert found(client, supervised="true") == []
    assert found(client, reporter="me") == []
    assert found(api(county.worker), reporter="me") == [handling.pk, closed.pk, plain.pk]
    assert found(client, worklist="handle") == [handling.pk]
    assert found(client, q="解放路") == [plain.pk]
    assert found(client, q=closed.number) == [closed.pk]
    assert found(client, q=closed.number[:11]) == [handling.pk, closed.pk]
    assert found(client, q=f"#{plain.pk}") == [plain.pk]
    today = timezone.localdate()
    assert found(client, reported_from=today, reported_to=today) == everything
    assert found(client, reported_to=today - timedelta(days=1)) == []


def test_a_grid_of_others_filters_to_nothing(county, api):
    report(county, county.worker_east, location=county.east.point)
    assert found(api(county.operator), grid=county.east.town.pk) == []


def test_a_departments_inbox_is_a_worklist(county, api):
    walked(county, "register")
    mine = walked(county, "register", "dispatch")
    client = api(county.staff)
    assert found(client, worklist="mine", ordering="due") == [mine.pk]
    assert found(api(county.police_staff), worklist="mine") == [mine.pk]  # it co-handles
