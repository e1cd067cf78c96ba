"""Lists of the admin as files: scoped, masked, safe for spreadsheets, in pieces, and written down in the log."""

import csv
import io
import json
import logging
from datetime import date, timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.gis.geos import GEOSGeometry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from openpyxl import load_workbook

from accounts.models import User
from core import admin_export
from duty.models import UnitDuty
from evaluation.models import Scheme
from events import export as desk
from events.models import CalendarDay, Event, StageLimit, Standard, Transition
from grids.models import DepartmentKind, Grid, LevelName, Post, Unit
from residents.models import DataGrant
from tests.admin.scene import HAN_EAST, bring, browser, export, upload, url
from tests.admin.test_scope import SCOPED, more_of
from tests.factories import PostFactory

pytestmark = pytest.mark.django_db

BOTH_WAYS = {Standard, StageLimit, CalendarDay, DepartmentKind, LevelName}  # django-import-export's pages
WITHOUT = {Group}  # the table of roles is code: accounts/roles.py
# The registry leaves by its own export alone (residents.outgoing): a first row that names who took it, and a line in
# the access log.
REGISTRY = {
    model for model in admin.site._registry if model._meta.app_label == "residents" and model is not DataGrant
}


def bytes_of(answer):
    assert answer.status_code == 200, answer.status_code
    return b"".join(answer.streaming_content)


def file(client, model, kind="csv", query=""):
    """The rows of an export, heading first."""
    content = bytes_of(client.get(url(model, f"export_{kind}") + query))
    if kind == "csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    return [list(row) for row in load_workbook(io.BytesIO(content)).active.values]


def test_every_list_leaves_as_a_file_or_there_is_a_reason():
    without = {
        model for model, page in admin.site._registry.items() if not getattr(page, "export_columns", ())
    }
    assert without == BOTH_WAYS | WITHOUT | REGISTRY


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(
    "model", [model for model in SCOPED if model not in REGISTRY], ids=lambda model: model._meta.label
)
def test_a_file_holds_the_own_street_only(county, west, whole, rows, model, kind):
    own = browser(west).get(url(model))
    found = file(browser(west), model, kind)
    assert len(found) == own.context["cl"].result_count + 1
    assert HAN_EAST not in str(found)
    if HAN_EAST in str(file(browser(whole), model, kind)):
        return  # the name would be there if the row were
    assert len(file(browser(whole), model, kind)) > len(found)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_strangers_and_people_without_an_administrators_post_get_nothing(county, rows, kind):
    for person in (county.worker, county.operator_top):
        assert browser(person).get(url(Grid, f"export_{kind}")).status_code == 302
    assert browser(county.worker).get(url(User, f"export_{kind}"), follow=True).status_code == 403


def test_phones_and_id_numbers_leave_masked(county, west):
    county.worker.phone, county.worker.id_number = "13812348000", "11010519491231002X"
    county.worker.save()
    for kind in ("csv", "xlsx"):
        found = file(browser(west), User, kind)
        row = next(row for row in found if row[0] == county.worker.username)
        assert row[3:5] == ["138****8000", "110105********002X"]
        assert "13812348000" not in str(found)
        assert "19491231" not in str(found)
        assert str(found).count("md5$") == str(found).count("pbkdf2") == 0


def test_no_file_names_an_encrypted_field_bare_or_a_secret(county):
    """Encrypted fields need a mask; hashes of passwords and keys are in no file at all."""
    for model, page in admin.site._registry.items():
        for column in getattr(page, "export_columns", ()):
            name = column if isinstance(column, str) else column.name
            assert not name.endswith(("password", "hashed_key", "id_number_hash")), (model, name)
            if name.rpartition("__")[2] in ("id_number", "contact_phone") or name in ("phone", "user__phone"):
                assert model in (Unit, UnitDuty) or column.show is not None, (model, name)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_begins_like_a_formula(county, west, sign):
    evil = f"{sign}HYPERLINK(1)"
    Grid.objects.filter(pk=county.west.grids[0].pk).update(name=evil)
    for kind in ("csv", "xlsx"):
        names = [row[1] for row in file(browser(west), Grid, kind)]
        assert evil not in names
        assert f"'{evil}" in names or (
            kind == "xlsx" and sign == "\r"
        )  # XML turns a carriage return into a line feed
    sheet = load_workbook(io.BytesIO(bytes_of(browser(west).get(url(Grid, "export_xlsx"))))).active
    assert "f" not in {cell.data_type for row in sheet for cell in row}


def test_tables_that_come_back_are_safe_too_and_come_back_unchanged(county, whole):
    CalendarDay.objects.create(date=date(2030, 1, 1), working=False, name="=1+1", note="-2")
    client, before = browser(whole), list(CalendarDay.objects.values())
    for number in (0, 1):
        found = export(client, CalendarDay, number)
        assert [row[column] for row in found[1:2] for column in (2, 4)] == ["'=1+1", "'-2"]
        assert bring(client, CalendarDay, found, number)[1]
        assert list(CalendarDay.objects.values()) == before


def test_the_files_of_a_list_follow_its_filters_and_its_search(county, west):
    client, (first, second) = browser(west), county.west.grids
    Grid.objects.filter(pk=second.pk).update(valid_until=timezone.localdate())
    assert {row[0] for row in file(client, Grid)[1:]} == {
        county.west.town.code,
        county.west.village.code,
        first.code,
    }
    assert [row[0] for row in file(client, Grid, query="?force=past")[1:]] == [second.code]
    assert [row[0] for row in file(client, Grid, query=f"?q={first.code}")[1:]] == [first.code]
    assert client.get(url(Grid, "export_csv") + "?nonsense=1").status_code == 400
    assert client.post(url(Grid, "export_csv")).status_code == 405
    html = client.get(url(Grid) + "?force=past").content.decode()
    assert f"{url(Grid, 'export_csv')}?force=past" in html
    assert f"{url(Grid, 'export_geojson')}?force=past" in html


def test_boundaries_leave_as_they_come_in(county, west):
    content = bytes_of(browser(west).get(url(Grid, "export_geojson")))
    found = json.loads(content)
    assert found["type"] == "FeatureCollection"
    assert {feature["properties"]["code"] for feature in found["features"]} == {
        g.code for g in county.west.grids
    }
    first = next(f for f in found["features"] if f["properties"]["code"] == county.west.grids[0].code)
    assert first["properties"]["parent_code"] == county.west.village.code
    shape = GEOSGeometry(json.dumps(first["geometry"]), srid=4326)
    assert shape.equals_exact(Grid.objects.get(pk=county.west.grids[0].pk).boundary, 1e-7)
    back = io.BytesIO(content)
    back.name = "back.geojson"
    Grid.objects.filter(pk=county.west.grids[0].pk).update(boundary=None)
    answer = browser(west).post(url(Grid, "import-boundaries"), {"file": back, "tolerance": "1"})
    assert answer.status_code == 302
    assert Grid.objects.get(pk=county.west.grids[0].pk).boundary.equals_exact(shape, 1e-7)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_file_of_posts_is_a_staff_roll(county, west, settings, kind, language):
    settings.LANGUAGE_CODE = language
    for number, user in enumerate(User.objects.all()):
        user.staff_number = f"W{number:03d}"
        user.save()
    ending = PostFactory(
        user=county.worker,
        role="mediator",
        grid=county.west.village,
        until=timezone.localdate() + timedelta(days=9),
    )
    before = list(Post.objects.order_by("pk").values())
    with translation.override(language):
        client = browser(west)
        client.cookies["django_language"] = language
        found = file(client, Post, kind, "?force=all")
        assert any((timezone.localdate() + timedelta(days=8)).isoformat() == row[7] for row in found), ending
        answer = client.post(url(Post, "import-staff"), {"file": upload(f"roll.{kind}", found)}, follow=True)
    assert answer.status_code == 200, answer.context["wrong"]
    assert list(Post.objects.order_by("pk").values()) == before


def test_people_are_exported_with_the_posts_that_are_ones_own_to_see(county, west):
    PostFactory(user=county.worker, role="mediator", grid=county.east.village)
    row = next(row for row in file(browser(west), User) if row[0] == county.worker.username)
    assert row[-1] == "Full-time grid worker 阳三街道第1网格"


def test_a_scheme_is_exported_with_its_indicators(county, whole, rows):
    heading, *found = file(browser(whole), Scheme)
    assert heading[:4] == ["kind", "scoring scheme", "valid from", "valid until"]
    assert [row[1:8] for row in found] == [["方案", "2024-01-01", "", "100.00", "100", found[0][6], "100.00"]]


def test_events_leave_with_the_columns_of_the_desks_own_file(county, west, rows):
    heading, *found = file(browser(west), Event)
    assert heading == [str(label) for _name, label in desk.COLUMNS]
    assert [row[6] for row in found] == ["西街的事"]


def test_every_export_is_written_down(county, west, whole, rows, caplog):
    with caplog.at_level(logging.INFO, "core"):
        bytes_of(browser(west).get(url(Grid, "export_csv")))
        bytes_of(browser(west).get(url(Grid, "export_geojson")))
        export(browser(whole), DepartmentKind, 1)
    told = [(r.user_id, r.model, r.rows) for r in caplog.records if r.msg.startswith("export: ")]
    assert told == [
        (west.pk, "grids.Grid", 4),
        (west.pk, "grids.Grid", 2),
        (whole.pk, "grids.DepartmentKind", 2),
    ]


def test_a_reader_who_leaves_is_written_down_with_what_was_read(county, west, caplog, monkeypatch):
    monkeypatch.setattr(admin_export, "PIECE", 2)
    with caplog.at_level(logging.INFO, "core"):
        answer = browser(west).get(url(Grid, "export_csv"))
        pieces = iter(answer.streaming_content)
        assert [next(pieces).count(b"\r\n") for _piece in range(2)] == [
            1,
            2,
        ]  # the heading, two of four grids
        answer.close()
    assert [record.rows for record in caplog.records if record.msg.startswith("export: ")] == [2]


def cost(client, page):
    bytes_of(client.get(page))
    with CaptureQueriesContext(connection) as queries:
        bytes_of(client.get(page))
    return len(queries)


@pytest.mark.parametrize(
    "model", [Grid, Unit, Post, User, Event, Transition], ids=lambda model: model.__name__
)
def test_a_file_costs_the_same_for_twenty_more_rows(county, west, rows, model):
    client = browser(west)
    before = cost(client, url(model, "export_csv"))
    more_of(model, county, rows[0][model])
    assert cost(client, url(model, "export_csv")) == before
    # Session, user, posts of today, count, rows; for some filters their choices, for some what hangs on a row.
    assert before <= 8


def test_many_rows_come_in_pieces_and_none_is_lost(county, west, monkeypatch):
    whole_file = file(browser(west), Grid)
    monkeypatch.setattr(admin_export, "PIECE", 1)
    answer = browser(west).get(url(Grid, "export_csv"))
    pieces = list(answer.streaming_content)
    assert len(pieces) == 5  # the heading and a piece for each row
    assert list(csv.reader(io.StringIO(b"".join(pieces).decode("utf-8-sig"), newline=""))) == whole_file


def test_too_many_rows_for_a_workbook_are_said(county, west, monkeypatch):
    few = {**admin_export.ExportsAdmin.file_formats}
    few["xlsx"] = admin_export.Format(few["xlsx"].title, few["xlsx"].content_type, few["xlsx"].make, most=1)
    monkeypatch.setattr(type(admin.site._registry[Unit]), "file_formats", few)
    answer = browser(west).get(url(Unit, "export_xlsx"), follow=True)
    assert [str(message) for message in answer.context["messages"]] == [
        "More than 1 rows: choose fewer by the filters, or take the CSV file."
    ]
    assert len(file(browser(west), Unit)) == 3
