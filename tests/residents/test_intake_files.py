"""Files as people really send them: encodings, headings in two storeys, numbers as text, dates, and what is no table."""

import io
import zipfile
from datetime import date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from core.errors import Invalid
from residents import derived
from residents.intake import crew, service, sheets
from residents.models import Building, Dwelling, Household, ImportBatch, KeyPlace, Organisation, Resident
from tests.residents.factories import BuildingFactory, DwellingFactory, OrganisationFactory, id_number
from tests.residents.intake_scene import PEOPLE, applied, csv_file, faults, read, xlsx_bytes, xlsx_file
from tests.residents.test_intake import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def grid(county):
    return county.west.grids[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_encodings_of_csv(county, grid, encoding):
    batch = applied(county.operator, "people", csv_file([PEOPLE, person(grid, "刘珍珍")], encoding=encoding))
    assert batch.status == "applied" and Resident.objects.get().name == "刘珍珍"


@pytest.mark.parametrize("sign", [";", "\t", "，"])
def test_other_separators(county, grid, sign):
    lines = [PEOPLE, person(grid)]
    file = SimpleUploadedFile("p.csv", "\r\n".join(sign.join(map(str, row)) for row in lines).encode())
    assert applied(county.operator, "people", file).status == "applied"


def test_headings_in_two_storeys_in_another_order_with_other_words(county, grid):
    number = id_number(date(1980, 5, 6), male=False)
    rows = [
        ["阳光社区人口信息采集表"],
        ["序号", "居民身份", None, None, "房屋", None, None, None, "备注"],
        [None, "公民身份号码*", "姓 名", "手机号码", "所属网格", "小区名称", "幢号", "室号", None],
        [1, number, "刘 珍珍", "12011112222", grid.name, "阳光花园", 3, 501, "无"],
    ]
    batch = applied(county.operator, "people", xlsx_file(rows, merge=("A1:I1", "B2:D2", "E2:H2")))
    found = Resident.objects.select_related("dwelling__building").get()
    assert batch.headings["resident_id_number"] == ["公民身份号码*", "B"]
    assert (found.name, found.id_number, found.phone, found.grid) == ("刘珍珍", number, "12011112222", grid)
    assert (found.dwelling.building.address, found.dwelling.door, found.dwelling.storey) == ("阳光花园3栋", "501", 5)


def test_what_spreadsheets_do_to_cells(county, grid):
    number = id_number(date(1980, 5, 6), male=False)
    born, _sex = derived.from_id_number(number)
    wide = number.translate({ord(sign): ord(sign) + 0xFEE0 for sign in "0123456789"})
    other = id_number(date(1990, 1, 1))
    year, month, day = derived.from_id_number(other)[0].split("-")
    heading = [*PEOPLE, "出生日期", "人口类别", "居住证有效期", "建筑面积", "人户一致", "文化程度"]
    texts = person(grid, "刘珍珍 ", number=f" {wide} ", phone=12011112222.0, door="５０１")
    rows = [
        heading,
        [*texts, datetime.fromisoformat(born), "流动人口", 46388, 98.5, "否", "大学本科"],
        [*person(grid, "陈丽", number=int(number) if number.isdigit() else 430281198503040020, door="502")],
        [*person(grid, "王强", sex="男", number=other, door="503"), f"{year}年{int(month)}月{int(day)}日", "", "2027/3/1"],
        [None] * 18,
    ]
    batch = applied(county.operator, "people", xlsx_file(rows), without_wrong=True)
    found = Resident.objects.select_related("dwelling").get(name="刘珍珍")
    assert (found.id_number, found.phone, found.birth_date) == (number, "12011112222", born)
    assert (found.population, found.permit_expires, found.hukou_here) == ("floating", date(2027, 1, 1), False)
    assert (found.dwelling.door, float(found.dwelling.area)) == ("501", 98.5)
    assert Resident.objects.get(name="王强").permit_expires == date(2027, 3, 1)
    assert batch.counts["wrong"] == 1 and not Resident.objects.filter(name="陈丽").exists()


def test_digits_that_a_spreadsheet_has_lost_are_named(county, grid):
    rows = [PEOPLE, person(grid, number=430281198503040020), person(grid, number="4.30281E+17")]
    assert faults(read(county.operator, "people", xlsx_file(rows))) == [
        (2, "resident_id_number", "digits_lost"),
        (3, "resident_id_number", "digits_lost"),
    ]


def packed(**parts) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return out.getvalue()


def workbook_with(name, content) -> bytes:
    source, out = zipfile.ZipFile(io.BytesIO(xlsx_bytes([PEOPLE]))), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in source.namelist():
            if part != name:
                archive.writestr(part, source.read(part))
        archive.writestr(name, content)
    return out.getvalue()


def locked() -> bytes:
    """A zip archive whose parts are marked as encrypted."""
    content = bytearray(xlsx_bytes([PEOPLE]))
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = content.find(signature)
        while at >= 0:
            content[at + offset] |= 1
            at = content.find(signature, at + 4)
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda: b"", "空"),
        (lambda: b"PK\x03\x04" + b"nonsense" * 50, "不是 Excel"),
        (lambda: xlsx_bytes([PEOPLE])[:900], "不是 Excel"),
        (lambda: packed(readme_dot_txt="hello"), "不是 Excel"),
        (lambda: workbook_with("xl/vbaProject.bin", b"\0" * 50), "宏"),
        (lambda: workbook_with("xl/worksheets/sheet1.xml", b"<!DOCTYPE lolz [<!ENTITY lol 'lol'>]><worksheet/>"), "不是"),
        (lambda: workbook_with("xl/media/zeros.bin", b"\0" * 60_000_000), "异常庞大"),
        (lambda: sheets.OLE + b"\0" * 4000, "旧版"),
        (lambda: sheets.OLE + b"\0" * 900 + sheets.ENCRYPTED_PACKAGE, "密码"),
        (locked, "密码"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_before_anything_is_kept(county, content, words):
    with pytest.raises(Invalid) as caught:
        service.upload(actor=county.operator, kind="people", file=SimpleUploadedFile("a.xlsx", content()))
    assert words in caught.value.fields["file"][0]
    assert not ImportBatch.objects.exists()


def test_a_file_over_the_limit_is_not_even_read(county, monkeypatch):
    monkeypatch.setattr(sheets, "MAX_BYTES", 100)
    with pytest.raises(Invalid) as told:
        service.upload(actor=county.operator, kind="people", file=csv_file([PEOPLE, ["x" * 200]]))
    assert list(told.value.fields) == ["file"]
    assert not ImportBatch.objects.exists()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0", {"code": "not_a_table"}),
        ("姓名,身份证号\n刘珍珍,1\n".encode(), {"code": "headings", "columns": "网格编码"}),
        ("网格编码,姓名\n".encode(), {"code": "no_rows"}),
        ('网格编码,姓名\n"x,y\n'.encode() + b"a" * 200_000, {"code": "bad_csv"}),
        (b"\n\n\n", {"code": "empty"}),
    ],
)
def test_what_only_reading_shows_refuses_the_import(county, content, problem):
    batch = read(county.operator, "people", SimpleUploadedFile("p.csv", content))
    assert (batch.status, batch.problem, bool(batch.file)) == ("refused", problem, False)


def test_too_many_rows(county, grid, monkeypatch):
    monkeypatch.setattr(sheets, "MAX_ROWS", 3)
    batch = read(county.operator, "people", csv_file([PEOPLE, *(person(grid) for _n in range(5))]))
    assert (batch.status, batch.problem) == ("refused", {"code": "too_many_rows", "limit": 3})


def test_processes_side_by_side_clean_like_this_one(county, grid, monkeypatch):
    rows = [PEOPLE, *(person(grid, f"王{n}", household="", phone="1" if n % 7 == 0 else "") for n in range(60))]
    alone = read(county.operator, "people", csv_file(rows))
    monkeypatch.setattr(crew, "FEW", 10)
    monkeypatch.setattr(crew, "CHUNK", 9)
    together = read(county.operator, "people", csv_file(rows))
    assert together.counts == alone.counts and together.counts["wrong"] == 9
    assert faults(together) == faults(alone)
    assert together.done == 61


def test_a_process_that_dies_is_said(county, grid, monkeypatch):
    monkeypatch.setattr(crew, "FEW", 2)
    monkeypatch.setattr(crew._Hand, "take", lambda hand, rows: hand.process.kill() or hand.process.wait())
    batch = read(county.operator, "people", csv_file([PEOPLE, *(person(grid) for _n in range(9))]))
    assert (batch.status, batch.problem) == ("refused", {"code": "fault"})


# ---- the other kinds


def test_buildings(county, grid):
    rows = [
        ["网格编码", "小区", "楼栋号", "楼栋类型", "总层数", "单元数", "建成年份", "经度", "纬度"],
        [grid.code, "阳光花园", "3", "住宅楼", "6层", 2, "2008年", 113.495, 27.652],
        [grid.code, "阳光花园", "3栋", "", "", "", "", "", ""],
        [grid.code, "阳光花园", "4", "宫殿", 200, "", "", 113.5, ""],
    ]
    batch = applied(county.operator, "building", xlsx_file(rows), without_wrong=True)
    found = Building.objects.get()
    assert (found.kind, found.storeys, found.units, found.built) == ("residential", 6, 2, 2008)
    assert (round(found.location.x, 3), round(found.location.y, 3)) == (113.495, 27.652)
    assert batch.counts["wrong"] == 2
    again = read(county.operator, "building", xlsx_file([rows[0], [*rows[1][:4], 7, *rows[1][5:7], 113.5, 27.652]]))
    assert again.counts["sections"] == {"building": {"c": 1}}
    service.confirm(actor=county.operator, batch_id=again.pk)
    service.apply(again.pk)
    found.refresh_from_db()
    assert (found.storeys, round(found.location.x, 3)) == (7, 113.5)


def test_dwellings_stand_in_buildings_that_are_there(county, grid):
    building = BuildingFactory(grid=grid, address="阳光花园3栋")
    heading = ["网格编码", "楼栋地址", "单元", "房号", "房屋用途", "房主电话", "安全隐患"]
    rows = [
        heading,
        [grid.code, "阳光花园3栋", "2", "501", "出租", "12011112222", "群租、燃气隐患"],
        [grid.code, "阳光花园9栋", "2", "501", "", "", ""],
    ]
    batch = applied(county.operator, "dwelling", csv_file(rows), without_wrong=True)
    found = Dwelling.objects.get()
    assert (found.building, found.use, found.owner_phone, found.dangers) == (
        building, "rented", "12011112222", ["gas", "group_rent"],
    )  # fmt: skip
    assert batch.counts["wrong"] == 1
    again = read(county.operator, "dwelling", csv_file([heading, [*rows[1][:5], "12011113333", "群租"]]))
    assert again.counts["sections"] == {"dwelling": {"c": 1}}
    service.confirm(actor=county.operator, batch_id=again.pk)
    service.apply(again.pk)
    found.refresh_from_db()
    assert (found.owner_phone, found.dangers) == ("12011113333", ["group_rent"])


def test_households_and_residents_of_their_own_files(county, grid):
    home = DwellingFactory(building__grid=grid, building__address="阳光花园3栋", unit="", door="501")
    rows = [["网格编码", "楼栋地址", "房号", "户号", "户别"], [grid.code, "阳光花园3栋", "501", "H7", "集体户"]]
    applied(county.operator, "household", csv_file(rows))
    household = Household.objects.get()
    assert (household.number, household.kind, household.dwelling) == ("H7", "collective", home)
    people = [["网格编码", "户号", "姓名", "楼栋地址", "房号"], [grid.code, "H7", "刘珍珍", "阳光花园3栋", "501"],
              [grid.code, "H8", "陈丽", "", ""]]  # fmt: skip
    batch = read(county.operator, "resident", csv_file(people))
    assert faults(batch) == [(3, "household_number", "no_household")]
    service.confirm(actor=county.operator, batch_id=batch.pk, without_wrong=True)
    service.apply(batch.pk)
    assert Resident.objects.get().household == household and Resident.objects.get().dwelling == home


def test_organisations_and_places(county, grid):
    there = OrganisationFactory(grid=grid, name="老厂", credit_code="")
    heading = ["网格编码", "单位名称", "统一社会信用代码", "单位类别", "联系电话", "从业人数"]
    rows = [
        heading,
        [grid.code, "瓷谷商贸", "91110000600037341L", "企业", "0733-23334444", "12人"],
        [grid.code, "老厂", "", "", "", 30],
        [grid.code, "坏码厂", "91110000600037341X", "企业", "", ""],
    ]
    batch = applied(county.operator, "organisation", csv_file(rows), without_wrong=True)
    assert faults_were(batch) == 1
    found = Organisation.objects.get(name="瓷谷商贸")
    assert (found.credit_code, found.phone, found.staff, found.initials) == (
        "91110000600037341L", "0733-23334444", 12, "cgsm",
    )  # fmt: skip
    there.refresh_from_db()
    assert there.staff == 30
    rows = [
        ["网格编码", "场所名称", "场所类别", "所属单位", "责任人电话", "检查周期", "上次检查日期"],
        [grid.code, "老厂食堂", "小餐饮", "老厂", "12011112222", 15, "2026-11-01"],
        [grid.code, "无名", "小餐饮", "没有的厂", "", "", ""],
    ]
    batch = applied(county.operator, "place", csv_file(rows), without_wrong=True)
    place = KeyPlace.objects.get()
    assert (place.kind, place.organisation, place.responsible_phone) == ("small_restaurant", there, "12011112222")
    assert (place.inspected_on, place.next_inspection) == (date(2026, 11, 1), date(2026, 11, 16))
    assert faults_were(batch) == 1


def faults_were(batch):
    return batch.counts["wrong"]


def test_a_house_without_doors_is_one_dwelling_and_a_block_of_flats_is_not(county, grid):
    batch = read(county.operator, "people", csv_file([
        ("网格编码", "小区", "楼栋号", "房号", "姓名", "与户主关系"),
        [grid.code, "石桥村", "12号", "", "刘大力", "户主"], [grid.code, "石桥村", "12号", "", "陈芳", "配偶"],
        [grid.code, "阳光花园", "3栋", "501", "王一", "户主"], [grid.code, "阳光花园", "3栋", "", "王二", "户主"],
    ]))  # fmt: skip
    assert faults(batch) == [(5, "dwelling_door", "no_door")]
    service.confirm(actor=county.operator, batch_id=batch.pk, without_wrong=True)
    assert service.apply(batch.pk) == "applied"
    house = Dwelling.objects.get(building__address="石桥村12号")
    assert (house.unit, house.door, house.full, house.storey) == ("", "整栋", "石桥村12号 整栋", 1)
    assert house.residents.count() == 2 and house.households.count() == 1
    more = read(county.operator, "people", csv_file([
        ("网格编码", "小区", "楼栋号", "姓名"), [grid.code, "阳光花园", "3栋", "王三"],
        [grid.code, "石桥村", "12号", "刘小力"],
    ]))  # fmt: skip
    assert faults(more) == [(2, "dwelling_door", "no_door")]
    assert more.counts["sections"]["dwelling"] == {"u": 1}
