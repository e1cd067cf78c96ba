"""The REST API of events: lists, filters, pages, one whole, report, steps, points, counts, CSV."""

import csv
import io
from datetime import UTC, timedelta
from itertools import chain

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from events import selectors, services
from events.models import Event, Transition
from events.workflow import Status
from tests.factories import StandardFactory, UserFactory

URL = "/api/v1/events/"


@pytest.fixture
def phone():
    """`phone(user)`: a client with a token, as a worker's phone or a script has."""

    def client(user):
        made = APIClient()
        made.credentials(HTTP_AUTHORIZATION=f"Token {AuthToken.objects.create(user=user)[1]}")
        return made

    return client


def report(county, actor=None, at=None, **supplied):
    actor = actor or county.worker
    supplied.setdefault("location", county.west.point)
    return services.report(actor=actor, description="井盖缺失", **supplied).event


def walked(county, *actions):
    """An event taken through these steps."""
    event = report(county)
    people = {
        "register": (county.operator, {"standard": county.standard.pk, "urgency": "normal"}),
        "dispatch": (county.operator, {"lead": county.urban.pk, "co_units": [county.police.pk]}),
        "sign": (county.staff, {}),
        "feed_back": (county.staff, {"words": "已更换"}),
        "verify_pass": (county.worker, {"words": "已恢复", "location": county.west.point}),
    }
    for action in actions:
        actor, supplied = people[action]
        event = services.advance(event_id=event.pk, action=action, actor=actor, **supplied).event
    return event


# ---- the list


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


def pages_of(client, **query):
    """All pages forwards and all pages backwards, as lists of ids."""
    forward, backward = [], []
    answer = client.get(URL, query).json()
    while True:
        forward.append([row["id"] for row in answer["results"]])
        if answer["next"] is None:
            break
        answer = client.get(answer["next"]).json()
    while True:
        backward.insert(0, [row["id"] for row in answer["results"]])
        if answer["previous"] is None:
            break
        answer = client.get(answer["previous"]).json()
    return forward, backward


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


# ---- one event


def test_one_event_whole(county, api):
    event = walked(county, "register", "dispatch", "sign")
    client = api(county.staff)
    body = client.get(f"{URL}{event.pk}/").json()
    assert [step["action"] for step in body["transitions"]] == ["report", "register", "dispatch", "sign"]
    assert body["transitions"][1]["actor"] == {"id": county.operator.pk, "name": county.operator.name}
    assert body["transitions"][1]["unit"]["name"] == "阳三街道一社区工作站"
    assert [(turn["unit"]["name"], turn["lead"]) for turn in body["assignments"]] == [
        ("市城管局", True), ("市公安局", False),
    ]  # fmt: skip
    assert [stage["stage"] for stage in body["stages"]] == ["register", "dispatch", "sign"]
    assert [grid["name"] for grid in body["ancestors"]] == ["醴陵市", "城区片区", "阳三街道", "阳三街道一社区"]
    assert body["clock"]["stage"] == "handle"
    assert body["handling"]["due_at"] == body["due_at"]
    assert {move["action"] for move in body["moves"]} == {"return", "ask_time", "feed_back"}
    (feed_back,) = [move for move in body["moves"] if move["action"] == "feed_back"]
    assert (feed_back["must"], feed_back["may"]) == (["words"], ["photos"])
    assert feed_back["fields"]["words"] == {"type": "text", "most": 2000}
    assert feed_back["strong"] is True


def test_the_phone_of_a_contact_is_whole_for_those_at_work_only(county, api):
    event = report(county, contact_name="李四", contact_phone="13812348000")
    at_work = api(county.operator).get(f"{URL}{event.pk}/")
    assert at_work.json()["contact"] == {"name": "李四", "phone": "13812348000"}
    looking_on = api(county.operator_area).get(f"{URL}{event.pk}/")
    assert looking_on.json()["contact"] == {"name": "李四", "phone": "138****8000"}
    assert b"13812348000" not in looking_on.content


def test_everything_beside_the_road_is_in_the_whole(county, api):
    event = walked(county, "register", "dispatch", "sign")
    soon = timezone.now() + timedelta(hours=3)
    steps = [
        (county.staff, "ask_time", {"amount": 1, "words": "等材料"}),
        (county.operator_area, "supervise", {"words": "抓紧", "answer_by": soon}),
        (county.operator, "whistle", {"units": [county.police.pk], "place": "路口", "come_by": soon}),
        (county.police_staff, "report_in", {"location": county.west.point}),
        (county.operator, "rate_call", {"unit": county.police.pk, "stars": 4, "words": "及时"}),
        (county.staff, "answer", {"words": "今天完成"}),
    ]
    for actor, action, supplied in steps:
        services.advance(event_id=event.pk, action=action, actor=actor, **supplied)
    body = api(county.operator).get(f"{URL}{event.pk}/").json()
    (asked,) = body["time_requests"]
    assert (asked["amount"], asked["amount_unit"], asked["granted"], asked["words"]) == (1.0, "work_day", None, "等材料")
    (supervision,) = body["supervisions"]
    assert (supervision["words"], supervision["answer"], supervision["by"]["name"]) == ("抓紧", "今天完成", "城区分中心")
    (whistle,) = body["whistles"]
    assert (whistle["place"], whistle["unit"]["name"]) == ("路口", "阳三街道一社区工作站")
    (call,) = whistle["calls"]
    assert (call["unit"]["name"], call["metres"], call["stars"], call["stars_words"]) == ("市公安局", 0.0, 4, "及时")
    actions = [move["action"] for move in body["moves"]]
    assert "grant_time" in actions and "rate_call" not in actions


def test_one_event_costs_at_most_ten_queries(county, api, phone, django_assert_num_queries):
    event = walked(county, "register", "dispatch", "sign")
    soon = timezone.now() + timedelta(hours=3)
    services.advance(
        event_id=event.pk, action="whistle", actor=county.operator, units=[county.police.pk], place="路口", come_by=soon
    )
    client = phone(county.operator)
    client.get(f"{URL}{event.pk}/")
    # token with posts and versions, event with reporter, turns, whistles with supervisions and requests, steps, stages,
    # photos
    with django_assert_num_queries(7):
        client.get(f"{URL}{event.pk}/")
    session = api(county.operator)
    with django_assert_num_queries(10):  # a session is three queries more
        session.get(f"{URL}{event.pk}/")


def test_what_is_not_yours_does_not_exist(county, api):
    event = report(county)
    for user in (county.worker_east, county.stranger, county.staff):
        answer = api(user).get(f"{URL}{event.pk}/")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert api(county.worker).get(f"{URL}{2**70}/").status_code == 404


# ---- report


def test_a_report_by_json(county, api):
    body = {
        "description": "井盖缺失", "location": {"lon": county.west.point[0], "lat": county.west.point[1]},
        "standard": "E0101-1", "contact_phone": "13812348000",
    }  # fmt: skip
    answer = api(county.worker).post(URL, body)
    assert answer.status_code == 201
    made = Event.objects.get()
    assert (made.standard, made.grid, made.contact_phone) == (county.standard, county.west.grids[0], "13812348000")
    assert answer.json()["event"]["id"] == made.pk
    assert answer.json()["transition"]["action"] == "report"
    assert answer.json()["repeats"] == []


@pytest.mark.parametrize("by", ["header", "body"])
def test_a_report_with_the_same_key_happens_once(county, api, by):
    body = {"description": "井盖缺失", "location": list(county.west.point)}
    extra = {"headers": {"Idempotency-Key": "k-1"}} if by == "header" else {}
    if by == "body":
        body["key"] = "k-1"
    client = api(county.worker)
    first, second = client.post(URL, body, **extra), client.post(URL, body, **extra)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert Event.objects.count() == 1


def test_a_likely_repeat_is_offered_when_reporting_and_before(county, api):
    known = report(county, standard=county.standard.pk)
    lon, lat = county.west.point
    client = api(county.worker)
    query = {"standard": "e0101-1", "lon": lon, "lat": lat + 0.0002}
    (offered,) = client.get(f"{URL}repeats/", query).json()
    assert (offered["id"], offered["metres"]) == (known.pk, 22.2)
    assert client.get(f"{URL}repeats/", query | {"lat": lat + 0.002}).json() == []
    body = {"description": "同一处", "location": [lon, lat + 0.0002], "standard": "E0101-1"}
    assert [row["id"] for row in client.post(URL, body).json()["repeats"]] == [known.pk]


def test_of_an_event_its_repeats_are_found_around_its_own_report_without_itself(county, api):
    first, second = (report(county, standard=county.standard.pk) for _n in range(2))
    other = report(county)
    Event.objects.filter(pk__in=[first.pk, second.pk]).update(reported_at=timezone.now() - timedelta(days=9))
    client = api(county.operator)
    assert [row["id"] for row in client.get(f"{URL}repeats/", {"event": first.pk}).json()] == [second.pk]
    answer = client.get(f"{URL}repeats/", {"event": other.pk})  # without a standard: which one?
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["standard"])
    assert client.get(f"{URL}repeats/", {"event": other.pk, "standard": "E0101-1"}).json() == []
    assert api(county.operator_east).get(f"{URL}repeats/", {"event": first.pk}).status_code == 404


@pytest.mark.parametrize("path", ["map/", "export.csv"])
def test_a_mistyped_filter_does_not_show_everything(county, api, path):
    answer = api(county.operator).get(f"{URL}{path}", {"stauts": "closed", "open": "yes"})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["stauts"])


@pytest.mark.parametrize(
    ("who", "given", "source"),
    [
        ("worker", {}, "worker"), ("worker", {"source": "resident"}, "resident"), ("worker", {"source": "hotline"}, None),
        ("staff", {}, "department"), ("staff", {"source": "sensor"}, "sensor"), ("staff", {"source": "worker"}, None),
        ("operator", {}, "operator"), ("operator", {"source": "hotline"}, "hotline"),
    ],
)  # fmt: skip
def test_who_reports_says_for_whom_within_their_post(county, api, who, given, source):
    body = {"description": "井盖缺失", "location": list(county.west.point), **given}
    answer = api(getattr(county, who)).post(URL, body)
    if source is None:
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["source"])
        assert not Event.objects.exists()
    else:
        assert (answer.status_code, answer.json()["event"]["source"]) == (201, source)


@pytest.mark.parametrize(
    "query",
    [{}, {"standard": "E0101-1", "lon": "nan", "lat": "1"}, {"standard": "none-1", "lon": 1, "lat": 1}],
)
def test_repeats_say_what_is_wrong(county, api, query):
    answer = api(county.worker).get(f"{URL}repeats/", query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"description": ""}, "description"),
        ({"description": "x" * 4001}, "description"),
        ({"description": "a\u0000b"}, "description"),
        ({"location": {"lon": 200, "lat": 0}}, "location"),
        ({"location": "113,27"}, "location"),
        ({"location": [True, 1]}, "location"),
        ({"standard": "X9"}, "standard"),
        ({"standard": 10**30}, "standard"),
        ({"grid": "abc"}, "grid"),
        ({"urgency": "mad"}, "urgency"),
        ({"photos": ["not-a-uuid"]}, "photos"),
        ({"photos": ["00000000-0000-4000-8000-000000000000"]}, "photos"),
        ({"contact_phone": "call me"}, "contact_phone"),
        ({"status": "closed"}, "status"),
        ({"key": "k" * 65}, "key"),
    ],
)
def test_a_report_that_is_wrong_names_the_field_and_writes_nothing(county, api, change, field):
    body = {"description": "井盖缺失", "location": list(county.west.point)} | change
    answer = api(county.worker).post(URL, body)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not Event.objects.exists()


def test_people_without_a_post_cannot_report(county, api):
    answer = api(county.stranger).post(URL, {"description": "x", "location": list(county.west.point)})
    assert (answer.status_code, answer.json()["code"]) == (403, "refused")


def test_a_report_costs_at_most_twelve_queries(county, phone, django_assert_max_num_queries):
    body = {"description": "井盖缺失", "location": list(county.west.point), "standard": "E0101-1", "key": "q"}
    client = phone(county.worker)
    client.get(URL)
    assert client.post(URL, body | {"key": "first"}).status_code == 201  # fills the process's copies
    # token with posts and versions, (savepoint), event, step, notices, (release), what lies near, and as the first
    # report does: that one whole
    with django_assert_max_num_queries(8):
        assert client.post(URL, body).status_code == 201


# ---- steps


def test_six_steps_over_the_api(county, api):
    body = {"description": "井盖缺失", "location": list(county.west.point)}
    event = api(county.worker).post(URL, body).json()["event"]
    steps = [
        (county.operator, {"action": "register", "standard": "E0101-1", "urgency": "normal"}, "registered"),
        (county.operator, {"action": "dispatch", "lead": county.urban.pk, "co_units": [county.police.pk]}, "dispatched"),
        (county.staff, {"action": "sign"}, "handling"),
        (county.staff, {"action": "feed_back", "words": "已更换井盖"}, "verifying"),
        (county.worker, {"action": "verify_pass", "words": "已恢复", "location": list(county.west.point)}, "closed"),
        (county.worker, {"action": "evaluate", "stars": 5}, "evaluated"),
    ]
    for seq, (actor, step, status) in enumerate(steps, start=2):
        answer = api(actor).post(f"{URL}{event['id']}/steps/", step | {"seen": seq - 1})
        assert answer.status_code == 200, answer.content
        assert (answer.json()["event"]["status"], answer.json()["transition"]["seq"]) == (status, seq)


def test_the_slower_one_is_told_who_was_faster(county, api):
    event = report(county)
    step = {"action": "register", "standard": county.standard.pk, "urgency": "normal"}
    assert api(county.operator).post(f"{URL}{event.pk}/steps/", step).status_code == 200
    answer = api(county.operator).post(f"{URL}{event.pk}/steps/", step)
    assert answer.status_code == 409
    told = answer.json()
    assert (told["code"], told["by"], told["action"], told["event_status"], told["seq"]) == (
        "conflict", county.operator.name, "register", "registered", 2,
    )  # fmt: skip


def test_a_decision_on_an_old_state_changes_nothing(county, api):
    event = report(county)
    answer = api(county.operator).post(
        f"{URL}{event.pk}/steps/", {"action": "register", "standard": "E0101-1", "urgency": "normal", "seen": 0}
    )
    assert answer.status_code == 409
    assert Transition.objects.count() == 1


def test_a_step_with_the_same_key_happens_once(county, api):
    event = report(county)
    step = {"action": "register", "standard": "E0101-1", "urgency": "normal", "key": "s-1"}
    client = api(county.operator)
    first, second = (client.post(f"{URL}{event.pk}/steps/", step) for _n in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert Transition.objects.count() == 2


@pytest.mark.parametrize(
    ("step", "fields"),
    [
        ({}, {"action"}),
        ({"action": "explode"}, {"action"}),
        ({"action": "overdue"}, {"action"}),
        ({"action": ["register"]}, {"action"}),
        ({"action": "register"}, {"standard", "urgency"}),
        ({"action": "register", "standard": "E0101-1", "urgency": "normal", "lead": 1, "colour": 2}, {"lead", "colour"}),
        ({"action": "register", "standard": 999999, "urgency": "normal"}, {"standard"}),
        ({"action": "register", "standard": "E0101-1", "urgency": "normal", "seen": "two"}, {"seen"}),
        ({"action": "reject", "words": "   "}, {"words"}),
        ({"action": "reject", "words": {"a": 1}}, {"words"}),
        ({"action": "merge", "repeats": 2**63}, {"repeats"}),
        ({"action": "hand_down", "words": "x", "unit": -1}, {"unit"}),
    ],
)
def test_a_step_that_is_wrong_names_the_fields_and_changes_nothing(county, api, step, fields):
    event = report(county)
    answer = api(county.operator).post(f"{URL}{event.pk}/steps/", step)
    assert (answer.status_code, set(answer.json()["errors"])) == (400, fields)
    assert Transition.objects.count() == 1


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"{", b"\xff\xfe", b"null"])
def test_a_body_that_is_no_object_is_a_400(county, api, body):
    event = report(county)
    answer = api(county.operator).post(f"{URL}{event.pk}/steps/", body, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


def test_a_step_by_somebody_without_the_right_post(county, api):
    event = report(county)
    step = {"action": "register", "standard": "E0101-1", "urgency": "normal"}
    refused = api(county.worker).post(f"{URL}{event.pk}/steps/", step)
    unseen = api(county.operator_east).post(f"{URL}{event.pk}/steps/", step)
    assert (refused.status_code, unseen.status_code) == (403, 404)
    assert Event.objects.get().status == Status.REPORTED


def test_steps_cost_at_most_twelve_queries(county, phone, django_assert_max_num_queries):
    event = report(county)
    bodies = {
        "register": (county.operator, {"standard": "E0101-1", "urgency": "normal"}),
        "dispatch": (county.operator, {"lead": county.urban.pk, "co_units": [county.police.pk]}),
        "sign": (county.staff, {}),
        "feed_back": (county.staff, {"words": "已更换"}),
        "verify_pass": (county.worker, {"words": "已恢复", "location": list(county.west.point)}),
    }
    for action, (actor, body) in bodies.items():
        client = phone(actor)
        client.get(URL)
        # token with posts and versions, (savepoint), event, key, stage, what the step writes, event, step, notices,
        # (release): the two in brackets are not sent on their own outside of tests
        with django_assert_max_num_queries(11):
            answer = client.post(f"{URL}{event.pk}/steps/", {"action": action, "key": action, **body})
        assert answer.status_code == 200, answer.content


# ---- points, counts, CSV


def test_open_events_as_points(county, api):
    event = report(county)
    walked(county, "register", "dispatch", "sign", "feed_back", "verify_pass")
    report(county, county.worker_east, location=county.east.point)
    body = api(county.operator).get(f"{URL}map/").json()
    assert body["columns"] == ["id", "lon", "lat", "status", "urgency", "light", "standard"]
    assert body["points"] == [[event.pk, *county.west.point, "reported", "normal", "green", None]]


@pytest.mark.parametrize("count", [1, 50])
def test_points_cost_the_same_for_one_event_and_fifty(county, phone, count, django_assert_num_queries):
    for _n in range(count):
        report(county)
    client = phone(county.operator)
    with django_assert_num_queries(2):  # token with its person and posts of today, points
        assert len(client.get(f"{URL}map/").json()["points"]) == count


@pytest.mark.parametrize(
    ("query", "found", "more"),
    [
        ("", "all", False),  # open events have no bound: none may be missing on the map
        ("open=yes", "all", False),
        ("status=reported&status=registered", "all", False),
        ("open=no", "none", False),
        ("status=reported&status=closed", "newest", True),
        ("open=yes&status=closed", "none", False),
    ],
)
def test_points_with_closed_events_are_the_newest_and_say_that_there_are_more(
    county, api, monkeypatch, query, found, more
):
    monkeypatch.setattr(selectors, "MOST_POINTS", 2)
    events = [report(county).pk for _n in range(3)]
    body = api(county.operator).get(f"{URL}map/?{query}").json()
    expected = {"all": sorted(events), "none": [], "newest": events[1:]}[found]
    assert (sorted(row[0] for row in body["points"]), body["more"]) == (expected, more)


def test_exactly_as_many_points_as_are_given_are_all(county, api, monkeypatch):
    monkeypatch.setattr(selectors, "MOST_POINTS", 2)
    for _n in range(2):
        report(county)
    body = api(county.operator).get(f"{URL}map/?status=reported&status=closed").json()
    assert (len(body["points"]), body["more"]) == (2, False)


def test_counts_beside_the_worklists(county, api, phone, django_assert_num_queries):
    report(county)
    walked(county, "register")
    walked(county, "register", "dispatch")
    rows = api(county.operator).get(f"{URL}counts/").json()
    assert {row["name"]: row["count"] for row in rows if row["count"]} == {
        "mine": 2, "register": 1, "dispatch": 1, "sign": 1, "unit": 3,
    }  # fmt: skip
    client = phone(county.operator)
    with django_assert_num_queries(2):  # token with its person and posts of today, one aggregate
        client.get(f"{URL}counts/")


def test_csv_is_read_by_a_spreadsheet_and_runs_nothing(county, api):
    services.report(actor=county.worker, description="=1+1", location=county.west.point)
    answer = api(county.operator).get(f"{URL}export.csv")
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content)
    assert text.startswith("\ufeff".encode())
    assert b",'=1+1," in text
    assert answer["Content-Disposition"].startswith("attachment; filename=")


def test_csv_leaves_an_empty_text_empty(county, api):
    report(county, place="")
    answer = api(county.operator).get(f"{URL}export.csv")
    row = next(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert list(row.values())[7:9] == ["", county.west.grids[0].code]


def test_csv_needs_its_permission(county, api):
    assert api(county.worker).get(f"{URL}export.csv").status_code == 403


def test_problems_everywhere(county, api):
    client = api(county.operator)
    event = report(county)
    answers = {
        404: client.get("/api/v1/nothing/here/"),
        405: client.delete(URL),
        415: client.post(f"{URL}{event.pk}/steps/", "a=b", content_type="application/x-www-form-urlencoded"),
        413: client.post(URL, b'{"description": "' + b"x" * 6_000_000 + b'"}', content_type="application/json"),
    }
    for status, answer in answers.items():
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
        assert answer.json()["status"] == status


def test_a_fault_of_ours_shows_nothing_of_our_insides(county, api, monkeypatch, caplog):
    def broken(*args, **kwargs):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("events.selectors.counts", broken)
    client = api(county.operator)
    client.raise_request_exception = False
    answer = client.get(f"{URL}counts/")
    assert (answer.status_code, answer.json()["code"]) == (500, "fault")
    assert b"secret detail" not in answer.content
    assert "secret detail" in caplog.text


def test_too_many_requests_are_told_to_wait(county, api, settings, monkeypatch):
    monkeypatch.setattr("core.api.throttling.UserThrottle.THROTTLE_RATES", {"user": "2/min", "anon": "60/min"})
    client = api(county.operator)
    answers = [client.get(f"{URL}counts/") for _n in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2]["Retry-After"]) > 0
    assert answers[2].json()["code"] == "throttled"


def test_an_account_that_was_closed_is_shut_out(county, phone):
    client = phone(county.operator)
    assert client.get(URL).status_code == 200
    county.operator.is_active = False
    county.operator.save()
    assert client.get(URL).status_code == 401
    assert UserFactory().is_active
