"""Who gets in: tokens, the lock after wrong passwords, department keys; and what one learns of oneself."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.request import Request
from rest_framework.test import APIClient, APIRequestFactory

from accounts.models import User
from core import versions
from events import services
from events.models import Notice
from exchange.models import UnitKey
from exchange.services import issue_key
from grids.api.authentication import TokenAuthentication
from grids.models import Post
from grids.scope import Scope
from tests.factories import PASSWORD, UnitFactory

TOKEN = "/api/v1/auth/token/"
ME = "/api/v1/me/"


def log_in(user, password=PASSWORD):
    return APIClient().post(TOKEN, {"username": user.username, "password": password})


def client_with(**headers):
    made = APIClient()
    made.credentials(**headers)
    return made


# ---- tokens


def test_a_token_opens_the_api_until_it_is_ended(county):
    answer = log_in(county.worker)
    assert answer.status_code == 200
    client = client_with(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
    assert client.get(ME).json()["username"] == county.worker.username
    assert client.post("/api/v1/auth/token/logout/").status_code == 204
    assert client.get(ME).status_code == 401


def test_a_lost_phone_is_logged_out_from_another(county):
    lost, kept = (log_in(county.worker).json()["token"] for _n in range(2))
    client_with(HTTP_AUTHORIZATION=f"Token {kept}").post("/api/v1/auth/token/logoutall/")
    assert client_with(HTTP_AUTHORIZATION=f"Token {lost}").get(ME).status_code == 401
    assert not AuthToken.objects.filter(user=county.worker).exists()


def test_a_token_brings_the_posts_and_versions_that_are_read_without_one(county):
    today = timezone.localdate()
    for since, until in ((-9, 0), (1, None), (-8, 1)):  # over, not yet, until tomorrow
        Post.objects.create(
            user=county.worker, role="worker_part", grid=county.east.grids[1], since=today + timedelta(since),
            until=None if until is None else today + timedelta(until),
        )  # fmt: skip
    newer = Post(user=county.staff, role="staff", unit=county.police, since=today)
    older = Post(user=county.staff, role="staff", unit=county.area_centre, since=today - timedelta(900))
    newer.save()
    older.save()
    closed = UnitFactory(name="旧站", grid=county.east.village, active=False)
    Post.objects.create(user=county.operator, role="operator", unit=closed, since=today)
    found = {}
    for user in (county.worker, county.operator, county.staff, county.operator_top, county.stranger):
        header = f"Token {AuthToken.objects.create(user=user)[1]}"
        request = Request(APIRequestFactory().get(ME, HTTP_AUTHORIZATION=header))
        who, _token = TokenAuthentication().authenticate(request)
        asked = Scope.of(User.objects.get(pk=user.pk))
        assert (who.pk, Scope.of(who).user_id) == (user.pk, user.pk)
        assert Scope.of(who).seats == asked.seats  # the order, too: of two posts alike, the first one acts
        assert request.versions == versions.read()
        found[user.pk] = len(asked.seats)
    assert list(found.values()) == [2, 1, 3, 1, 0]


def test_the_versions_of_a_token_are_todays(county):
    client = client_with(HTTP_AUTHORIZATION=f"Token {AuthToken.objects.create(user=county.operator)[1]}")
    event = services.report(actor=county.worker, description="井盖缺失", location=county.west.point).event
    assert client.get("/api/v1/events/").json()["results"][0]["grid"]["name"] == "阳三街道第1网格"
    county.west.grids[0].name = "新名网格"
    county.west.grids[0].save()
    row = client.get("/api/v1/events/").json()["results"][0]
    assert (row["id"], row["grid"]["name"]) == (event.pk, "新名网格")
    Post.objects.filter(user=county.operator).delete()
    assert client.get("/api/v1/events/").json()["results"] == []


def test_a_new_password_logs_out_the_phones(county):
    token = log_in(county.worker).json()["token"]
    client = client_with(HTTP_AUTHORIZATION=f"Token {token}")
    county.worker.save()
    assert client.get(ME).status_code == 200
    county.worker.set_password("another-good-password")
    county.worker.save()
    assert client.get(ME).status_code == 401


def test_the_eleventh_phone_takes_the_place_of_the_oldest(county):
    tokens = [log_in(county.worker).json().get("token") for _n in range(9)]
    AuthToken.objects.create(user=county.worker)
    newest = log_in(county.worker).json()["token"]
    assert AuthToken.objects.filter(user=county.worker).count() == 10
    assert client_with(HTTP_AUTHORIZATION=f"Token {tokens[0]}").get(ME).status_code == 401
    assert client_with(HTTP_AUTHORIZATION=f"Token {newest}").get(ME).status_code == 200


def test_an_outdated_token_is_refused(county):
    _row, token = AuthToken.objects.create(user=county.worker, expiry=timedelta(seconds=-1))
    assert client_with(HTTP_AUTHORIZATION=f"Token {token}").get(ME).status_code == 401


@pytest.mark.parametrize("header", ["Token", "Token a b", "Token \xff\xfe", "Token " + "x" * 500, "Bearer x", "Basic eDp5"])
def test_a_header_that_is_no_token_is_refused(county, header):
    assert client_with(HTTP_AUTHORIZATION=header).get(ME).status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"username": "nobody", "password": "x"}, 400),
        ({"username": "nobody"}, 400),
        ({"username": ["a"], "password": "x"}, 400),
        ({"username": "a\0", "password": "x"}, 400),
        ({"username": "nobody", "password": "x", "admin": True}, 400),
    ],
)
def test_a_wrong_login_says_no_more_than_that(db, body, status):
    assert APIClient().post(TOKEN, body).status_code == status


def test_too_many_wrong_passwords_lock_the_name(county, settings):
    settings.AXES_FAILURE_LIMIT = 3
    answers = [log_in(county.worker, "wrong").status_code for _n in range(3)]
    assert answers[:2] == [400, 400]
    locked = log_in(county.worker)  # the right password, too late
    assert (locked.status_code, locked["Content-Type"]) == (429, "application/problem+json")
    assert "token" not in locked.json()
    assert log_in(county.operator).status_code == 200


def test_logging_in_is_throttled(county, monkeypatch):
    monkeypatch.setattr("core.api.throttling.LoginThrottle.THROTTLE_RATES", {"login": "2/min"})
    answers = [log_in(county.worker).status_code for _n in range(3)]
    assert answers == [200, 200, 429]


def test_an_address_is_not_what_a_header_claims(county, monkeypatch):
    monkeypatch.setattr("core.api.throttling.LoginThrottle.THROTTLE_RATES", {"login": "2/min"})
    body = {"username": county.worker.username, "password": PASSWORD}
    forged = [{"X-Forwarded-For": f"192.0.2.{n}"} for n in range(3)]
    answers = [APIClient().post(TOKEN, body, headers=claim).status_code for claim in forged]
    assert answers == [200, 200, 429]
    assert APIClient().post(TOKEN, body, REMOTE_ADDR="198.51.100.7").status_code == 200


def test_the_lock_is_for_a_name_at_an_address_and_is_lifted_by_a_command(county, settings):
    settings.AXES_FAILURE_LIMIT = 2
    for _n in range(2):
        log_in(county.worker, "wrong")
    body = {"username": county.worker.username, "password": PASSWORD}
    assert log_in(county.worker).status_code == 429
    assert APIClient().post(TOKEN, body, REMOTE_ADDR="198.51.100.7").status_code == 200
    call_command("axes_reset_username", county.worker.username, stdout=StringIO())
    assert log_in(county.worker).status_code == 200


def test_a_session_may_use_the_api_but_not_without_its_csrf_token(county):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(county.worker)
    assert client.get(ME).status_code == 200
    answer = client.post("/api/v1/notices/read/", {"until": 1})
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


# ---- keys of departments


def test_a_department_works_with_its_key(county):
    event = services.report(actor=county.worker, description="井盖缺失", location=county.west.point).event
    for action, supplied in (
        ("register", {"standard": county.standard.pk, "urgency": "normal"}),
        ("dispatch", {"lead": county.urban.pk}),
    ):
        services.advance(event_id=event.pk, action=action, actor=county.operator, **supplied)
    _row, key = issue_key(unit=county.urban)
    client = client_with(HTTP_X_API_KEY=key)
    assert [row["id"] for row in client.get("/api/v1/events/", {"worklist": "mine"}).json()["results"]] == [event.pk]
    answer = client.post(f"/api/v1/events/{event.pk}/steps/", {"action": "sign"})
    assert answer.json()["event"]["status"] == "handling"
    machine = User.objects.get(username=f"api-{county.urban.code}")
    assert event.transitions.get(action="sign").actor == machine


def test_a_second_key_uses_the_same_account_and_post(county):
    issue_key(unit=county.urban)
    _row, key = issue_key(unit=county.urban, name="备用")
    assert UnitKey.objects.values_list("user", flat=True).distinct().count() == 1
    assert Post.objects.filter(user__kind="machine").count() == 1
    assert client_with(HTTP_X_API_KEY=key).get(ME).json()["kind"] == "machine"


def test_keys_that_are_wrong_revoked_or_expired_open_nothing(county):
    row, key = issue_key(unit=county.urban)
    assert client_with(HTTP_X_API_KEY=key + "x").get(ME).status_code == 401
    assert client_with(HTTP_X_API_KEY="nonsense").get(ME).status_code == 401
    UnitKey.objects.filter(pk=row.pk).update(revoked=True)
    assert client_with(HTTP_X_API_KEY=key).get(ME).status_code == 401
    row, key = issue_key(unit=county.urban, expiry_date=timezone.now() + timedelta(days=1))
    UnitKey.objects.filter(pk=row.pk).update(expiry_date=timezone.now() - timedelta(seconds=1))
    assert client_with(HTTP_X_API_KEY=key).get(ME).status_code == 401


def test_a_machine_has_no_password_login(county):
    issue_key(unit=county.urban)
    machine = User.objects.get(kind="machine")
    assert log_in(machine, "").status_code == 400
    machine.set_password(PASSWORD)
    machine.save()
    assert log_in(machine).status_code == 403


def test_the_command_prints_a_key_that_works(county):
    out = StringIO()
    call_command("make_unit_key", county.urban.code, stdout=out)
    key = out.getvalue().strip()
    assert client_with(HTTP_X_API_KEY=key).get(ME).json()["posts"][0]["unit"]["name"] == "市城管局"


@pytest.mark.parametrize("code", ["none-such", "centre"])
def test_the_command_makes_keys_for_departments_only(county, code):
    with pytest.raises(CommandError):
        call_command("make_unit_key", county.centre.code if code == "centre" else code)
    assert not UnitKey.objects.exists()


# ---- oneself


def test_me(county, api, django_assert_num_queries):
    services.report(actor=county.worker, description="井盖缺失", location=county.west.point)
    client = api(county.operator)
    body = client.get(ME).json()
    assert (body["name"], body["unread"]) == (county.operator.name, 1)
    (post,) = body["posts"]
    assert (post["role"], post["unit"]["name"], post["grid"]) == ("operator", "阳三街道一社区工作站", None)
    assert "events.register_event" in body["permissions"]
    with django_assert_num_queries(6):  # session, person, versions, posts in full, posts of today, unread
        client.get(ME)
    assert api(county.stranger).get(ME).json()["permissions"] == []


def test_the_inbox_is_ones_own_and_is_read_step_by_step(county, api):
    events = [
        services.report(actor=county.worker, description=f"事件{n}", location=county.west.point).event for n in range(3)
    ]
    client = api(county.operator)
    rows = client.get("/api/v1/notices/").json()["results"]
    assert [row["event"]["description"] for row in rows] == ["事件2", "事件1", "事件0"]
    assert rows[0]["by"] == {"id": county.worker.pk, "name": county.worker.name}
    assert rows[0]["event"]["id"] == events[2].pk
    assert client.post("/api/v1/notices/read/", {"ids": [rows[1]["id"]]}).json() == {"unread": 2}
    assert client.post("/api/v1/notices/read/", {"until": rows[0]["id"]}).json() == {"unread": 0}
    assert client.get("/api/v1/notices/", {"unread": 1}).json()["results"] == []
    assert api(county.worker_east).get("/api/v1/notices/").json()["results"] == []


def test_nobody_reads_the_notices_of_others(county, api):
    services.report(actor=county.worker, description="井盖缺失", location=county.west.point)
    notice = Notice.objects.get(user=county.operator)
    api(county.operator_east).post("/api/v1/notices/read/", {"ids": [notice.pk]})
    notice.refresh_from_db()
    assert notice.read_at is None


@pytest.mark.parametrize("body", [{}, {"ids": []}, {"ids": ["x"]}, {"ids": [1], "until": 2}, {"until": 2**64}, {"all": 1}])
def test_reading_notices_says_what_is_wrong(county, api, body):
    expected = 200 if body == {"ids": []} else 400
    assert api(county.operator).post("/api/v1/notices/read/", body).status_code == expected


@pytest.mark.parametrize("count", [1, 50])
def test_the_inbox_costs_the_same_for_one_notice_and_fifty(county, api, count, django_assert_num_queries):
    for _n in range(count):
        services.report(actor=county.worker, description="井盖缺失", location=county.west.point)
    client = api(county.operator)
    with django_assert_num_queries(4):  # session, person, posts of today, page
        assert len(client.get("/api/v1/notices/", {"page_size": 100}).json()["results"]) == count
