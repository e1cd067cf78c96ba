"""Scores over the API: periods, ranking, one card, the rows behind a figure, publishing."""

import pytest

from evaluation import services
from evaluation.models import Scorecard
from tests.scores import DEPARTMENTS, LATER, MONTH, OCTOBER, QUARTER, busy_october

URL = "/api/v1/scorecards/"


@pytest.fixture
def scored(county):
    busy_october(county)
    county.month = services.score(MONTH, OCTOBER, LATER)
    county.quarter = services.score(DEPARTMENTS, QUARTER, LATER)
    county.admin = county.person("district_admin", grid=county.root)
    return county


def publish(county):
    for period in (county.month, county.quarter):
        services.publish(period_id=period.pk, actor=None)


def names(client, period, **query):
    answer = client.get(URL, {"period": period.pk, **query})
    assert answer.status_code == 200, answer.content
    return [row["subject"]["name"] for row in answer.json()["results"]]


def test_periods_and_their_cards(scored, api):
    client = api(scored.operator_top)
    rows = client.get(f"{URL}periods/").json()["results"]
    assert [(row["name"], row["kind"], row["status"]) for row in rows] == [
        ("2026-10", "worker_month", "draft"), ("2026Q3", "department_quarter", "draft"),
    ]  # fmt: skip
    assert rows[0]["cards"] == Scorecard.objects.filter(period=scored.month).count()
    (month,) = client.get(f"{URL}periods/", {"kind": "worker_month"}).json()["results"]
    assert month["id"] == scored.month.pk
    first = client.get(f"{URL}periods/", {"page_size": 1}).json()
    assert [row["name"] for row in client.get(first["next"]).json()["results"]] == ["2026Q3"]


def test_the_ranking_by_cursor_is_the_whole_ranking(scored, api):
    client = api(scored.operator_top)
    expected = [
        str(card.subject) for card in Scorecard.objects.filter(period=scored.month).select_related("user").ranked()
    ]
    assert names(client, scored.month) == expected
    page, seen = client.get(URL, {"period": scored.month.pk, "page_size": 1}).json(), []
    while True:
        seen += [row["subject"]["name"] for row in page["results"]]
        if page["next"] is None:
            break
        page = client.get(page["next"]).json()
    assert seen == expected
    assert names(client, scored.month, q=scored.worker.name) == [scored.worker.name]


def test_drafts_are_for_those_who_oversee_and_cards_are_ones_own(scored, api):
    client = api(scored.worker)
    assert client.get(f"{URL}periods/").json()["results"] == []
    assert client.get(URL, {"period": scored.month.pk}).status_code == 404
    publish(scored)
    assert names(client, scored.month) == [scored.worker.name]
    colleague = Scorecard.objects.get(user=scored.worker_next)
    assert client.get(f"{URL}{colleague.pk}/").status_code == 404
    assert api(scored.stranger).get(URL, {"period": scored.month.pk}).status_code == 404
    assert names(api(scored.staff), scored.quarter) == ["市城管局"]


def test_one_card_says_every_fraction_and_leads_to_its_rows(scored, api):
    publish(scored)
    client = api(scored.worker)
    card = Scorecard.objects.get(user=scored.worker)
    body = client.get(f"{URL}{card.pk}/").json()
    lines = {line["indicator"]: line for line in body["lines"]}
    valid = lines["valid_reports"]
    assert (valid["numerator"], valid["denominator"]) == ("3.0000", "5.0000")
    assert valid["meaning"]
    rows = client.get(valid["rows"]).json()
    assert (len(rows["results"]), sum(row["counted"] for row in rows["results"]), rows["hidden"]) == (5, 3, 0)
    assert rows["results"][0]["event"]["description"] == "井盖缺失"
    assert client.get(f"{URL}{card.pk}/none-such/").status_code == 404


def test_only_the_administrator_of_all_publishes(scored, api):
    url = f"{URL}periods/{scored.month.pk}/publish/"
    assert api(scored.operator_top).post(url).status_code == 403
    assert api(scored.worker).post(url).status_code == 404
    assert api(scored.admin).post(url).json()["status"] == "published"
    assert api(scored.admin).post(url).status_code == 409


@pytest.mark.parametrize("query", [{}, {"period": "x"}, {"period": 2**70}, {"period": 1, "order": "name"}])
def test_a_ranking_is_asked_for_by_its_period(scored, api, query):
    assert api(scored.operator_top).get(URL, query).status_code == 400


@pytest.mark.parametrize("more", [0, 50])
def test_a_ranking_costs_the_same_for_few_and_many(county, api, more, django_assert_num_queries):
    for _n in range(more):
        county.person("worker_full", grid=county.west.grids[0])
    busy_october(county)
    month = services.score(MONTH, OCTOBER, LATER)
    client = api(county.operator_top)
    with django_assert_num_queries(6):  # session, person, posts of today, period, ranked cards, then those without
        assert len(names(client, month, page_size=100)) == 3 + more
