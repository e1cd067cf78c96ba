"""The registry as files: scope, masks, the watermark, the log, constant cost per piece."""

import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from core import admin_export
from residents import care
from residents.models import Access, CareRecord, Resident
from tests.residents.factories import (
    DwellingFactory,
    KeyPlaceFactory,
    OrganisationFactory,
    ResidentFactory,
)
from tests.residents.scene import People

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def people(county):
    """Two of the west, one departed, one of the east."""
    west, east = county.west.grids[0], county.east.grids[0]
    home = DwellingFactory(building__grid=west, building__estate="阳光花园", building__number="3栋", unit="2", door="501")
    first = ResidentFactory(household__dwelling=home, name="刘珍珍", phone="12011112222", population="floating")
    second = ResidentFactory(household=first.household, name="=HYPERLINK()", phone="", id_number="")
    ResidentFactory(household=first.household, name="已迁出", status="departed")
    ResidentFactory(household__dwelling__building__grid=east, name="东岸")
    return first, second


def export(client, kind="resident", query="", **body):
    return client.post(reverse("residents:export", args=[kind]) + query, {"form": "csv"} | body)


def lines(answer):
    assert answer.status_code == 200, answer.content.decode()[:500]
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def told(rows):
    """Records as {heading: value}."""
    return [dict(zip(rows[1], row, strict=True)) for row in rows[2:]]


def test_masked_with_a_watermark_and_a_line_in_the_log(client, county, people):
    client.force_login(county.operator)
    rows = lines(export(client))
    assert len(rows[0]) == 1 and county.operator.username in rows[0][0] and "共 2 条" in rows[0][0]
    first, second = told(rows)
    number = people[0].id_number
    assert (first["姓名"], first["楼栋地址"]) == ("刘珍珍", "阳光花园3栋")
    assert (first["单元"], first["房号"]) == ("2", "501")
    assert first["身份证号"] == f"{number[:6]}********{number[-4:]}"
    assert first["联系电话"] == "120****2222" and first["出生日期"] == f"{people[0].birth_date[:4]}-**-**"
    assert (first["人口类别"], first["性别"], first["人户一致"]) == ("流动人口", "女", "是")
    assert second["姓名"] == "'=HYPERLINK()" and second["身份证号"] == ""
    log = Access.objects.get()
    assert (log.user, log.act, log.kind, log.rows, log.fields) == (county.operator, "export", "resident", 2, [])


def test_in_clear_needs_the_permission_and_a_reason(client, county, people):
    client.force_login(county.operator)
    assert export(client, unmasked="1", reason="人口普查核对").status_code == 403
    head = county.person("centre_head", unit=county.west.town_centre)
    client.force_login(head)
    assert export(client, unmasked="1", reason="").status_code == 422
    assert not Access.objects.exists()
    rows = lines(export(client, unmasked="1", reason="人口普查核对"))
    assert told(rows)[0]["身份证号"] == people[0].id_number and told(rows)[0]["联系电话"] == "12011112222"
    assert "人口普查核对" in rows[0][0]
    log = Access.objects.get()
    assert (log.rows, log.reason) == (2, "人口普查核对")
    assert set(log.fields) == {"id_number", "phone", "birth_date"}


def test_filters_and_scope(client, county, people):
    client.force_login(county.operator)
    other = county.west.grids[1]
    assert [row["姓名"] for row in told(lines(export(client, query="?population=floating")))] == ["刘珍珍"]
    assert len(told(lines(export(client, query=f"?grid={county.west.village.pk}")))) == 2
    assert export(client, query=f"?grid={other.pk}").status_code == 422
    assert export(client, query=f"?grid={county.east.grids[0].pk}").status_code == 404
    assert len(told(lines(export(client, query="?ethnicity=02")))) == 2  # ethnicity is no filter
    assert export(client, query="?population=%00").status_code == 422
    for who in (county.worker, county.staff, county.stranger):
        client.force_login(who)
        assert export(client).status_code == 403
    client.force_login(county.operator_east)
    assert [row["姓名"] for row in told(lines(export(client)))] == ["东岸"]


@pytest.mark.parametrize("kind", ["building", "dwelling", "household", "organisation", "place"])
def test_every_kind_leaves(client, county, people, kind):
    OrganisationFactory(grid=county.west.grids[0], phone="12011112222")
    KeyPlaceFactory(grid=county.west.grids[0], responsible_phone="12011112222")
    client.force_login(county.operator)
    rows = lines(export(client, kind))
    assert len(rows) == 3 and "12011112222" not in str(rows)


def test_a_workbook(client, county, people):
    client.force_login(county.operator)
    answer = export(client, form="xlsx")
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    rows = list(sheet.iter_rows(values_only=True))
    assert len(rows) == 4 and county.operator.username in rows[0][0]


def test_a_piece_is_one_query_whatever_it_holds(client, county, people, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(admin_export, "PIECE", 2)
    ResidentFactory.create_batch(4, household=people[0].household)
    client.force_login(county.operator)
    answer = export(client)
    with django_assert_num_queries(4):  # 6 records, 2 at a time, and one to see that there are no more
        assert len(told(lines(answer))) == 6


def test_the_form_counts(client, county, people):
    client.force_login(county.operator)
    page = client.get(reverse("residents:export", args=["resident"]))
    assert "共有您可见的 2 条记录" in page.content.decode() and 'name="unmasked"' not in page.content.decode()
    assert client.get(reverse("residents:export", args=["support"])).status_code == 404


# ---- what a list shows


def test_a_due_list_the_rows_of_a_check_and_what_a_search_found(client, county, people):
    first, _second = people
    Resident.objects.filter(pk=first.pk).update(permit_expires=TODAY - timedelta(days=3))
    KeyPlaceFactory(grid=county.west.grids[0], name="城东小学", next_inspection=TODAY)
    KeyPlaceFactory(grid=county.west.grids[0], name="城西小学", next_inspection=TODAY + timedelta(days=90))
    client.force_login(county.operator)
    grid = f"grid={county.west.village.pk}"
    for kind, query, shown in (
        ("resident", f"?{grid}&due=permits", [first.name]),
        ("resident", f"?{grid}&due=id_missing", ["'=HYPERLINK()"]),
        ("place", f"?{grid}&due=inspections", ["城东小学"]),
        ("resident", "?fault=id_missing", ["'=HYPERLINK()"]),
        ("resident", "?q=lzz", ["刘珍珍"]),
    ):
        heading = "场所名称" if kind == "place" else "姓名"
        assert [row[heading] for row in told(lines(export(client, kind, query)))] == shown, query
        assert "共有您可见的 1 条记录" in client.get(reverse("residents:export", args=[kind]) + query).content.decode()
    for kind, query in (("resident", "?due=inspections"), ("dwelling", "?fault=id_missing"), ("resident", "?due=x")):
        assert export(client, kind, query).status_code == 404
    client.force_login(county.operator_east)
    assert export(client, query="?q=lzz").status_code == 422
    assert export(client, query="?due=permits").status_code == 422


def test_pages_lead_to_their_files(client, county, people):
    Resident.objects.update(permit_expires=TODAY)
    client.force_login(county.operator)
    grid = county.west.village.pk
    for page, link in (
        (f"{reverse('residents:due')}?list=permits&grid={grid}", f"/resident/?due=permits&amp;grid={grid}"),
        (
            f"{reverse('residents:faults', args=['id_missing'])}?grid={grid}",
            f"/resident/?fault=id_missing&amp;grid={grid}",
        ),
        (f"{reverse('residents:home')}?q=lzz", "/resident/?q=lzz"),
    ):
        assert link in client.get(page).content.decode(), page
        client.force_login(county.worker)  # may read, may not export
        assert "/registry/export/" not in client.get(reverse("residents:home") + "?q=lzz").content.decode()
        client.force_login(county.operator)


def test_a_register_leaves_masked_and_a_statutory_one_with_a_reason_and_its_class_sealed(client, people_of_registers):
    scene = people_of_registers
    record, file = scene.care(), scene.file()
    CareRecord.objects.update(next_visit=TODAY)
    client.force_login(scene.exporter)
    rows = told(lines(export(client, "care", "?class=solitary_elderly")))
    number = record.resident.id_number
    assert [(row["姓名"], row["身份证号"]) for row in rows] == [("钱老人", f"{number[:6]}********{number[-4:]}")]
    assert [row["姓名"] for row in told(lines(export(client, "care", "?list=visits")))] == ["钱老人"]
    assert export(client, "care", "?class=mental_disorder").status_code == 404
    assert export(client, "support", "?class=mental_disorder").status_code == 422
    assert export(client, "support", "?class=mental_disorder", unmasked="1").status_code == 403
    rows = told(lines(export(client, "support", "?class=mental_disorder", reason="季度随访安排")))
    assert [(row["姓名"], row["身份证号"], row["联系电话"]) for row in rows] == [("赵病人", "", "")]
    log = Access.objects.get(kind="support")
    assert (log.act, log.rows, log.reason, log.resident) == ("export", 1, "季度随访安排", None)
    assert log.class_tag == care.class_tag(scene.disorder) and file.pk
    client.force_login(scene.county.operator)  # exports, and may know of no statutory class
    for query in ("?class=mental_disorder", "?list=statutory", ""):
        assert export(client, "support", query, reason="季度随访安排").status_code == 404
        assert client.get(reverse("residents:export", args=["support"]) + query).status_code == 404


@pytest.fixture
def people_of_registers(county):
    """People of two streets, and a centre's head who may know of both registers and take them out."""
    scene = People(county)
    scene.exporter = scene.head
    return scene


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_ethnicity_leaves_in_no_file(client, county, people, form):
    Resident.objects.update(ethnicity="02")
    client.force_login(county.person("centre_head", unit=county.west.station))
    for clear in ({}, {"unmasked": "1", "reason": "协助公安机关核查人员信息"}):
        answer = export(client, form=form, **clear)
        if form == "csv":
            rows = lines(answer)
        else:
            book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)), read_only=True)
            rows = list(book.active.values)
        assert "姓名" in rows[1] and "民族" not in rows[1]
        assert "蒙古族" not in str(rows) and len(rows) == 4
