"""The REST API of many events at once: points, counts, CSV."""

import csv
import io

import pytest

from events import selectors, services
from tests.api.scene import URL, report, walked


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
