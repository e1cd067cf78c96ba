"""The REST API of one event: the whole of it, its report, its steps."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events import services
from events.models import Event, Transition
from events.workflow import Status
from tests.api.scene import URL, report, walked


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


def test_errors_of_a_list_are_sentences_like_all_others_and_say_at_which_place(county, api):
    free = "00000000-0000-4000-8000-000000000000"
    body = {"description": "x", "location": list(county.west.point)}
    client = api(county.worker)
    found = [
        client.post(URL, body | {"photos": photos}, headers={"accept-language": "en"}).json()["errors"]["photos"]
        for photos in ([free, "not-a-uuid", "x"], "not-a-list", [free])
    ]
    assert [sentence.partition(":")[0] for sentence in found[0]] == ["No. 2", "No. 3"]
    assert found[1] == ['Expected a list of items but got type "str".']
    assert [free in sentence for sentence in found[2]] == [True]


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
