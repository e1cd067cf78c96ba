"""What the whole territory shares: standards in versions, small tables out and in, the calendar."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from evaluation.models import Scheme
from events import standards
from events.models import (
    CalendarDay,
    Event,
    StageLimit,
    Standard,
)
from grids.models import DepartmentKind, LevelName
from tests.admin.scene import bring, browser, errors, export, upload, url
from tests.factories import (
    StandardFactory,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", [Standard, StageLimit, CalendarDay, DepartmentKind, LevelName, Scheme])
def test_a_street_looks_at_what_the_whole_territory_changes(county, west, whole, rows, model):
    LevelName.objects.create(level=0, name="市")
    CalendarDay.objects.create(date=date(2030, 1, 1), working=False)
    row = model.objects.first()
    client = browser(west)
    assert client.get(url(model)).status_code == 200
    assert client.get(url(model, "change", row.pk)).status_code == 200
    assert client.get(url(model, "add")).status_code == 403
    assert client.post(url(model, "change", row.pk), {"name": "x"}).status_code == 403
    assert browser(whole).get(url(model, "add")).status_code == 200


def standard_data(standard, county, **more):
    given = {
        "major_name": standard.major_name,
        "minor_name": standard.minor_name,
        "condition": standard.condition,
        "limit": "2",
        "limit_unit": "work_day",
        "closing_term": "",
        "rating_asked": "on",
        "lead_0": county.kind.pk,
        "lead_1": "",
        "lead_2": "",
        "in_force_from": timezone.localdate().isoformat(),
    }
    return {**given, **more}


def test_changing_a_standard_opens_a_new_version_and_events_keep_theirs(county, whole):
    client = browser(whole)
    code = {"kind": "event", "major_code": "01", "minor_code": "77", "variant": "1"}
    first = standard_data(county.standard, county, in_force_from="2026-01-01", **code)
    assert client.post(url(Standard, "add"), first).status_code == 302
    old = Standard.objects.get(code="E0177-1")
    grid = county.west.grids[0]
    event = Event.objects.create(
        description="x", grid=grid, path=grid.path, holder=county.centre, centre=county.centre, standard=old
    )
    data = standard_data(old, county, limit="5", lead_2=county.police_kind.pk)
    assert client.post(url(Standard, "change", old.pk), data).status_code == 302
    new = Standard.objects.get(code="E0177-1", valid_until=None)
    old.refresh_from_db()
    event.refresh_from_db()
    assert (old.limit, old.valid_until) == (2, timezone.localdate())
    assert (new.limit, new.valid_from) == (5, timezone.localdate())
    assert dict(new.leads.values_list("level", "department_kind__code")) == {
        0: "urban_management",
        2: "police",
    }
    assert event.standard_id == old.pk
    assert client.post(url(Standard, "change", old.pk), data).status_code == 403  # an ended version stays
    again = errors(client.post(url(Standard, "add"), first))
    assert again["__all__"] == ["There is this standard already: change it instead of adding it."]


def test_a_wrong_standard_is_refused_at_its_field_and_nothing_is_written(county, whole):
    standard = StandardFactory(code="E0188-1", minor_code="88")
    before = list(Standard.objects.values())
    client, page = browser(whole), url(Standard, "change", standard.pk)
    found = errors(client.post(page, standard_data(standard, county, limit="0")))
    assert found["limit"] == ["expected a number above 0 with at most two decimals, got “0”."]
    found = errors(
        client.post(page, standard_data(standard, county, limit="1", lead_0="", closing_term="x" * 121))
    )
    assert set(found) == {"lead_0", "closing_term"}
    found = errors(client.post(page, standard_data(standard, county, limit="9", in_force_from="2020-01-01")))
    assert found["__all__"] == [
        "E0188-1: there is a version that begins after 2020-01-01. Choose a later day."
    ]
    assert list(Standard.objects.values()) == before


def test_standards_end_by_an_action(county, whole, west):
    data = {"action": "end_them", "_selected_action": county.standard.pk}
    browser(west).post(url(Standard), data)
    assert Standard.objects.get(pk=county.standard.pk).valid_until is None
    browser(whole).post(url(Standard), data)
    assert Standard.objects.get(pk=county.standard.pk).valid_until == timezone.localdate() + timedelta(days=1)


@pytest.mark.parametrize("number", [0, 1])
def test_small_tables_go_out_and_come_back_unchanged(county, whole, number):
    client = browser(whole)
    CalendarDay.objects.create(date=date(2030, 10, 1), working=False, name="国庆节")
    LevelName.objects.create(level=0, name="市")
    for model in (DepartmentKind, LevelName, StageLimit, CalendarDay):
        before = list(model.objects.values())
        _preview, confirmed = bring(client, model, export(client, model, number), number)
        assert confirmed
        assert list(model.objects.values()) == before


def test_an_edited_table_changes_what_it_names(county, whole):
    client = browser(whole)
    rows = export(client, DepartmentKind, 0)
    heading, *kinds = rows
    name = heading.index("name")
    next(row for row in kinds if row[0] == "police")[name] = "公安分局"
    kinds.append(["fire", "消防", "Fire", 220])
    assert bring(client, DepartmentKind, [heading, *kinds])[1]
    assert set(DepartmentKind.objects.values_list("code", "name")) == {
        ("police", "公安分局"),
        ("urban_management", "城市管理"),
        ("fire", "消防"),
    }


def test_a_wrong_row_is_shown_and_nothing_is_written(county, whole):
    client = browser(whole)
    rows = [
        ["stage", "urgency", "limit", "limit_unit"],
        ["register", "normal", 9, "work_hour"],
        ["sign", "normal", -1, "week"],
    ]
    preview, confirmed = bring(client, StageLimit, rows)
    assert not confirmed
    html = preview.content.decode()
    assert "is not a valid choice" in html
    assert "Traceback" not in html
    assert StageLimit.objects.get(stage="register", urgency="normal").limit == 4
    preview, confirmed = bring(client, StageLimit, [["nonsense"], ["1"]])
    assert not confirmed
    assert "Traceback" not in preview.content.decode()
    assert "site-packages" not in preview.content.decode()


def test_constraints_of_small_tables_speak_in_words(county, whole):
    client = browser(whole)
    limit = {"stage": "handle", "urgency": "normal", "limit": "0", "limit_unit": "work_hour"}
    assert errors(client.post(url(StageLimit, "add"), limit))["__all__"] == [
        "The limit must be more than zero."
    ]
    found = errors(client.post(url(LevelName, "add"), {"level": 9, "name": "x"}))
    assert found["__all__"] == ["A grid's level is 0 to 4."]
    preview, _confirmed = bring(client, LevelName, [["level", "name"], [9, "x"]])
    assert "A grid&#x27;s level is 0 to 4." in preview.content.decode()


def test_a_street_exports_but_imports_nothing_shared(county, west):
    client = browser(west)
    assert len(export(client, DepartmentKind, 1)) == 3
    assert client.get(url(DepartmentKind, "import")).status_code == 403
    assert client.post(url(DepartmentKind, "process_import"), {}).status_code == 403
    assert client.get(url(Standard, "import-standards")).status_code == 403


@pytest.mark.parametrize("number", [0, 1])
def test_standards_go_out_and_come_back_unchanged_and_edited_as_new_versions(county, whole, number):
    standards.load_defaults(date(2025, 1, 1))
    client, name = browser(whole), ("table.xlsx", "table.csv")[number]
    rows = export(client, Standard, number)
    assert len(rows) == Standard.objects.valid_on().count() + 1
    before = list(Standard.objects.values())
    page, day = url(Standard, "import-standards"), {"valid_from": timezone.localdate().isoformat()}
    answer = client.post(page, {"file": upload(name, rows), **day}, follow=True)
    words = " ".join(str(message) for message in answer.context["messages"])
    assert answer.status_code == 200, answer.context["wrong"][:3]
    assert words == f"Standards: 0 added, 0 changed, {len(rows) - 1} unchanged."
    assert list(Standard.objects.values()) == before
    limit = rows[0].index("limit")
    rows[1][limit] = "8.5"
    client.post(page, {"file": upload(name, rows), **day, "check": "1"})
    assert list(Standard.objects.values()) == before
    client.post(page, {"file": upload(name, rows), **day})
    assert Standard.objects.filter(valid_from=timezone.localdate()).get().limit == 8.5
    rows[1][limit] = "soon"
    answer = client.post(page, {"file": upload(name, rows), **day})
    assert answer.status_code == 400
    assert "Row 2, limit: expected a number above 0" in answer.content.decode()


def test_a_calendar_without_the_years_needed_is_said_on_the_first_page(county, west, monkeypatch):
    CalendarDay.objects.all().delete()
    html = browser(west).get(reverse("admin:index")).content.decode()
    assert "The working calendar has no public holidays for" in html
    for year in (timezone.localdate().year, timezone.localdate().year + 1):
        CalendarDay.objects.create(date=date(year, 10, 1), working=False)
    assert "no public holidays" not in browser(west).get(reverse("admin:index")).content.decode()
