"""What the REST API answers when it cannot: problem details, limits, closed accounts."""



from tests.api.scene import URL, report
from tests.factories import UserFactory


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
