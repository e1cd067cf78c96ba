"""The imports of divisions, boundaries and staff: real rows, every mistake by name, all or nothing, twice is once."""

import csv
import io
import json
import stat
from datetime import date, datetime

import pytest
import shapely
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.utils import timezone, translation
from openpyxl import Workbook

from accounts import services as people
from accounts.models import User
from core import ciphers
from core.errors import Conflict, Invalid
from grids.models import Grid, LevelName, Post, Unit
from grids.services import boundaries, divisions, fit, staff, tables
from tests.factories import PASSWORD, UserFactory, square

pytestmark = pytest.mark.django_db
LILING = "430281000000"
TODAY = timezone.localdate()


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def table(*rows, name="table.csv", encoding="utf-8"):
    """An open CSV file of these rows."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    file = io.BytesIO(text.getvalue().encode(encoding))
    file.name = name
    return file


def workbook(*rows, name="table.xlsx"):
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    file.seek(0)
    file.name = name
    return file


def said(do, *keys):
    """`do()` is refused as Invalid, about exactly these places; all its sentences."""
    with pytest.raises(Invalid) as caught:
        do()
    assert sorted(caught.value.fields) == sorted(keys)
    return "\n".join(sentence for said in caught.value.fields.values() for sentence in said)


def levels():
    found = {}
    for level in Grid.objects.values_list("level", flat=True):
        found[level] = found.get(level, 0) + 1
    return found


# ---- divisions


def test_liling_is_made_from_the_real_divisions_with_a_centre_each():
    done = divisions.import_divisions(code=LILING, with_centres=True)
    assert dict(done.added) == {0: 1, 1: 1, 2: 25, 3: 272, 4: 0}
    assert levels() == {0: 1, 1: 1, 2: 25, 3: 272}
    assert done.centres == 299
    village = Grid.objects.get(code="430281002007")
    assert [Grid.objects.get(pk=pk).name for pk in village.ancestor_ids[:3]] == [
        "醴陵市",
        "醴陵片区",
        "阳三石街道",
    ]
    unit = Unit.objects.get(grid__code=LILING)
    assert (unit.kind, unit.name, unit.code) == ("centre", "醴陵市网格化服务管理指挥中心", f"C-{LILING}")
    assert list(LevelName.objects.values_list("name", flat=True)) == [
        "县市区",
        "片区",
        "镇街",
        "村社区",
        "网格",
    ]


def test_a_second_import_changes_nothing_and_costs_few_queries(django_assert_max_num_queries):
    divisions.import_divisions(code=LILING, with_centres=True)
    before = list(Grid.objects.values()), list(Unit.objects.values())
    with django_assert_max_num_queries(12):
        done = divisions.import_divisions(code=LILING, with_centres=True)
    assert (sum(done.added.values()), done.renamed, done.moved, done.unchanged, done.centres) == (
        0,
        0,
        0,
        299,
        0,
    )
    assert (list(Grid.objects.values()), list(Unit.objects.values())) == before


def test_a_whole_city_with_its_seven_counties():
    divisions.import_divisions(code="3705", name="东营市")
    root = Grid.objects.get(level=0)
    assert (root.code, root.name) == ("370500000000", "东营市")
    assert levels()[1] == 7
    rows = [row for row in divisions._shipped().values() if row["code"].startswith("3705")]
    assert Grid.objects.count() == len(rows) + 1 == 1981
    assert LevelName.objects.get(level=1).name == "县区"
    assert not Unit.objects.exists()


@pytest.mark.parametrize("code", [code for code, _name in divisions.counties()])
def test_every_county_of_the_file_can_be_imported(code):
    divisions.import_divisions(code=code)
    rows = [row for row in divisions._shipped().values() if row["code"].startswith(code[:6])]
    assert Grid.objects.count() == len(rows) + 1  # and the area everything passes through
    for grid in Grid.objects.exclude(parent=None).select_related("parent"):
        assert grid.path == f"{grid.parent.path}{grid.pk}/"


def areas_of_liling():
    towns = [row["code"] for row in divisions._shipped().values() if row["parent_code"] == LILING]
    return [
        (town, "430281-A1" if n < 10 else "430281-A2", "城区片区" if n < 10 else "乡镇片区")
        for n, town in enumerate(towns)
    ]


def test_areas_come_from_a_table_and_towns_follow_a_new_one():
    rows = areas_of_liling()
    heading = ("镇街编码", "片区编码", "片区名称")
    divisions.import_divisions(code=LILING, areas=table(heading, *rows, encoding="gbk"))
    assert levels()[1] == 2
    assert Grid.objects.filter(parent__code="430281-A1").count() == 10
    moved = [(rows[0][0], "430281-A2", "乡镇片区"), *rows[1:]]
    done = divisions.import_divisions(code=LILING, areas=workbook(heading, *moved))
    assert (done.moved, done.renamed, sum(done.added.values())) == (1, 0, 0)
    town = Grid.objects.get(code=rows[0][0])
    assert town.parent.code == "430281-A2"
    for grid in Grid.objects.filter(parent=town):
        assert grid.path == f"{town.path}{grid.pk}/"


def test_mistakes_of_an_areas_table_name_row_and_town_and_write_nothing():
    rows = areas_of_liling()
    wrong = [("370502001000", "A", "外面"), rows[0], rows[0], (rows[1][0], rows[0][1], "另名"), *rows[3:]]
    heading = ("town code", "area code", "area name")
    text = said(
        lambda: divisions.import_divisions(code=LILING, areas=table(heading, *wrong)),
        "2.town",
        "4.town",
        "5.name",
        rows[2][0],
    )
    assert "Row 2, town code: “370502001000” is no town of this county." in text
    assert f"Row 4, town code: {rows[0][0]} is in the file twice." in text
    assert "Row 5, area name: expected the name of area 430281-A1: “城区片区”, got “另名”." in text
    assert f"{rows[2][0]} 国瓷街道 is in no area." in text
    assert not Grid.objects.exists()


def test_grids_of_level_4_follow_their_village():
    rows = [("430281002007001", "阳三石社区第一网格"), ("430281002007002", "阳三石社区第二网格")]
    done = divisions.import_divisions(code=LILING, grids=workbook(("网格编码", "网格名称"), *rows))
    assert done.added[4] == 2
    assert Grid.objects.get(code="430281002007002").parent.code == "430281002007"
    # As numbers, as Excel likes to store them.
    numbers = [(int(code), name) for code, name in rows]
    again = divisions.import_divisions(code=LILING, grids=workbook(("编码", "名称"), *numbers))
    assert (again.added[4], again.unchanged) == (0, 301)


def test_mistakes_of_a_grids_table():
    rows = [
        ("43028100200700", "短"),
        ("430281999999001", "无村"),
        ("430281002007001", ""),
        ("4.30281E+14", "短了"),
    ]
    text = said(
        lambda: divisions.import_divisions(code=LILING, grids=table(("code", "name"), *rows)),
        "2.code",
        "3.code",
        "4.name",
        "5.code",
    )
    assert "Row 2, code: expected 15 digits, got “43028100200700”." in text
    assert "Row 3, code: there is no village 430281999999 here." in text
    assert (
        "Row 5, code: “4.30281E+14” was stored as a number and has lost digits: format the column as text."
        in text
    )
    assert not Grid.objects.exists()


def test_there_is_only_one_territory_and_levels_stay():
    divisions.import_divisions(code=LILING)
    with pytest.raises(Conflict, match="The whole territory is 430281000000 醴陵市 already"):
        divisions.import_divisions(code="430211000000")
    with pytest.raises(Invalid, match="There is no county 430282000000"):
        divisions.import_divisions(code="430282000000")
    with pytest.raises(Invalid, match="no county that begins with 9999"):
        divisions.import_divisions(code="9999", name="无")


def test_a_renamed_village_is_renamed_and_one_missing_is_said():
    divisions.import_divisions(code=LILING)
    rows = [dict(row) for row in divisions._shipped().values() if row["code"].startswith("430281")]
    rows = [row for row in rows if row["code"] != "430281002008"]
    next(row for row in rows if row["code"] == "430281002007")["name"] = "新名社区"
    heading = ("code", "name", "level", "parent_code")
    source = table(heading, *([row[name] for name in heading] for row in rows))
    done = divisions.import_divisions(code=LILING, source=source)
    assert (done.renamed, done.missing) == (1, ["430281002008"])
    assert Grid.objects.get(code="430281002007").name == "新名社区"
    assert Grid.objects.filter(code="430281002008", valid_until=None).exists()


def test_a_dry_run_writes_nothing():
    done = divisions.import_divisions(code=LILING, with_centres=True, dry_run=True)
    assert (done.added[3], done.centres) == (272, 299)
    assert not Grid.objects.exists()
    assert not LevelName.objects.exists()


def test_the_divisions_command_says_what_it_did_and_what_is_wrong(tmp_path):
    out = io.StringIO()
    call_command("import_divisions", code=LILING, with_centres=True, stdout=out)
    assert "Level 3: 272 grids added." in out.getvalue()
    out = io.StringIO()
    call_command("import_divisions", "--list", stdout=out)
    assert f"{LILING} 醴陵市" in out.getvalue()
    with pytest.raises(CommandError, match="The file cannot be read"):
        call_command("import_divisions", code=LILING, areas=tmp_path / "none.csv")
    with pytest.raises(CommandError, match="expected five names"):
        call_command("import_divisions", code=LILING, level_names="a,b")


# ---- boundaries


def collection(*features, **more):
    return {"type": "FeatureCollection", "features": list(features), **more}


def feature(code, lon, lat, size, **properties):
    return {
        "type": "Feature",
        "properties": {"code": code, **properties},
        "geometry": json.loads(square(lon, lat, size).geojson),
    }


def polygon(code, *corners, kind="Polygon"):
    ring = [list(corner) for corner in (*corners, corners[0])]
    return {
        "type": "Feature",
        "properties": {"code": code},
        "geometry": {"type": kind, "coordinates": [ring]},
    }


WEST = "430281001001001", "430281001001002"


def test_boundaries_are_written_and_the_same_again_is_unchanged(county, tmp_path):
    village = county.west.village.code
    data = collection(
        feature(village, 113.40, 27.60, 0.02),
        feature(WEST[0], 113.40, 27.60, 0.01),
        feature(WEST[1], 113.41, 27.61, 0.01),
    )
    file = tmp_path / "grids.geojson"
    file.write_text(json.dumps(data))
    done = boundaries.import_boundaries(source=file)
    assert (done.added, done.replaced, done.unchanged) == (1, 1, 1)
    assert Grid.objects.get(code=WEST[1]).boundary.equals(square(113.41, 27.61, 0.01))
    again = boundaries.import_boundaries(source=io.BytesIO(file.read_bytes()))
    assert (again.added, again.replaced, again.unchanged) == (0, 0, 3)
    turned = collection(polygon(WEST[0], (113.41, 27.61), (113.41, 27.60), (113.40, 27.60), (113.40, 27.61)))
    assert boundaries.import_boundaries(source=turned).unchanged == 1  # the same ring from another corner


def test_each_mistake_is_named_and_nothing_is_written(county):
    before = {grid.pk: grid.boundary.wkt for grid in Grid.objects.exclude(boundary=None)}
    bow = [(113.40, 27.60), (113.41, 27.61), (113.41, 27.60), (113.40, 27.61)]
    east = county.east.grids
    data = collection(
        polygon(WEST[0], *bow),
        feature(WEST[1], 113.41, 27.60, 0.005),
        feature(WEST[1], 113.41, 27.60, 0.005),
        feature("430281009001001", 113.5, 27.6, 0.01),
        {"type": "Feature", "properties": {}, "geometry": None},
        {
            "type": "Feature",
            "properties": {"code": east[0].code},
            "geometry": {"type": "Point", "coordinates": [113, 27]},
        },
        feature(county.east.village.code, 500000, 3050000, 1000),
        {"type": "Feature", "properties": {"code": east[1].code}, "geometry": None},
    )
    text = said(
        lambda: boundaries.import_boundaries(source=data),
        WEST[1],
        "#5",
        east[1].code,
        WEST[0],
        "430281009001001",
        east[0].code,
        county.east.village.code,
    )
    assert f"{WEST[1]} is in the file twice." in text
    assert "Feature 5 has no property “code”." in text
    assert f"{east[1].code} has no readable geometry." in text
    assert f"{WEST[0]} 阳三街道第1网格: the shape is not valid: Self-intersection[113.405 27.605]." in text
    assert "430281009001001: there is no such grid in force." in text
    assert f"{east[0].code} 来龙门街道第1网格: expected a polygon, got Point." in text
    assert "来龙门街道一社区: the positions are no degrees (500000, 3050000)." in text
    assert {grid.pk: grid.boundary.wkt for grid in Grid.objects.exclude(boundary=None)} == before


def test_a_grid_that_leaves_its_parent_is_named_with_how_far(county):
    Grid.objects.filter(pk=county.west.village.pk).update(boundary=square(113.40, 27.60, 0.02))
    # 0.001° of latitude are 111 m; the strip is 0.01° wide.
    data = collection(feature(WEST[0], 113.40, 27.599, 0.01))
    text = said(lambda: boundaries.import_boundaries(source=data), WEST[0])
    assert "430281001001001 阳三街道第1网格 leaves 430281001001 阳三街道一社区 by up to 111 m (109" in text
    assert boundaries.import_boundaries(source=data, tolerance=112).replaced == 1


def test_a_new_parent_must_hold_the_children_that_are_there(county):
    data = collection(feature(county.west.village.code, 113.40, 27.60, 0.01))
    text = said(lambda: boundaries.import_boundaries(source=data), WEST[1])
    assert "阳三街道第2网格 leaves 430281001001 阳三街道一社区 by up to 98" in text


def test_levels_without_a_shape_are_passed_through(county):
    # The village, town and area have none: the county's outline is the fence.
    text = said(
        lambda: boundaries.import_boundaries(source=collection(feature(WEST[0], 113.29, 27.60, 0.02))),
        WEST[0],
    )
    assert "leaves 430281000000 醴陵市" in text


def test_siblings_may_not_overlap_but_by_the_tolerance(county):
    ten_metres = 0.0001
    data = collection(feature(WEST[0], 113.40, 27.60, 0.01 + ten_metres))
    text = said(lambda: boundaries.import_boundaries(source=data), WEST[0])
    assert f"{WEST[0]} 阳三街道第1网格 overlaps {WEST[1]} 阳三街道第2网格 by up to 1" in text
    assert boundaries.import_boundaries(source=data, tolerance=12).replaced == 1


def test_a_border_that_only_differs_by_a_hair_is_no_overlap(county):
    done = boundaries.import_boundaries(source=collection(feature(WEST[0], 113.40, 27.60, 0.010_01)))
    assert done.replaced == 1


def test_width_is_that_of_the_widest_place():
    strip = shapely.box(0, 0, 1000, 8)
    assert fit.width(strip, 5) == pytest.approx(8, abs=1)
    assert fit.width(shapely.box(0, 0, 1000, 4), 5) == 0


def test_what_is_no_geojson(county, tmp_path):
    file = tmp_path / "a.geojson"
    for content, words in (
        (b"\xff\xfe", "not a GeoJSON file"),
        (b"{}", "not a GeoJSON FeatureCollection"),
        (b'{"features": [1]}', "not a GeoJSON FeatureCollection"),
        (b'{"features": [], "crs": {"properties": {"name": "EPSG:3857"}}}', "must be WGS 84"),
    ):
        file.write_bytes(content)
        with pytest.raises(Invalid, match=words):
            boundaries.import_boundaries(source=file)
    with pytest.raises(Invalid, match="cannot be read"):
        boundaries.import_boundaries(source=tmp_path / "none")


def test_the_boundaries_command_lists_the_mistakes_and_can_only_check(county, tmp_path):
    file, err, out = tmp_path / "a.geojson", io.StringIO(), io.StringIO()
    file.write_text(json.dumps(collection(feature("nowhere", 113, 27, 1))))
    with pytest.raises(CommandError, match=r"Nothing was imported. Mistakes found: 1\."):
        call_command("import_boundaries", file, stderr=err)
    assert "nowhere: there is no such grid in force." in err.getvalue()
    file.write_text(json.dumps(collection(feature(WEST[0], 113.40, 27.60, 0.005))))
    call_command("import_boundaries", file, dry_run=True, stdout=out)
    assert out.getvalue().splitlines()[0] == "0 boundaries added, 1 replaced, 0 unchanged."
    assert Grid.objects.get(code=WEST[0]).boundary.equals(square(113.40, 27.60, 0.01))


# ---- staff

HEADING = ("工号", "姓名", "用户名", "手机", "身份证号", "角色", "网格/单位编码", "起", "止")
GOOD_ID = "11010519491231002X"


def roll(*rows, **more):
    return table(HEADING, *rows, **more)


def one(**more):
    """One good row, with `more` in place of its cells."""
    cells = {
        "number": "G001",
        "name": "张三",
        "username": "zhangsan",
        "phone": "13812348000",
        "id": GOOD_ID,
        "role": "专职网格员",
        "place": WEST[0],
        "since": "2026-01-01",
        "until": "",
    }
    return tuple({**cells, **more}.values())


def test_a_roll_creates_people_and_posts(county):
    done = staff.import_staff(
        source=roll(
            one(),
            one(role="网格长", place=county.west.village.code),
            one(number="G002", name="李四", username="", phone="0731-23456789", id="", role="operator",
                place=county.east.village.code, since="", until="2099-06-30"),
            one(number="D1", name="王五", username="", phone="", id="", role="责任单位人员", place=county.urban.code),
        )
    )  # fmt: skip
    assert (done.people_added, done.posts_added) == (3, 4)
    zhang = User.objects.get(staff_number="G001")
    assert (zhang.username, zhang.name, zhang.phone, zhang.id_number) == (
        "zhangsan",
        "张三",
        "13812348000",
        GOOD_ID,
    )
    assert zhang.id_number_hash == ciphers.keyed_hash(GOOD_ID)
    assert not zhang.has_usable_password()
    posts = zhang.posts.order_by("pk").values_list("role", "grid__code", "since", "until")
    assert list(posts) == [
        ("worker_full", WEST[0], date(2026, 1, 1), None),
        ("grid_leader", county.west.village.code, date(2026, 1, 1), None),
    ]
    li = Post.objects.get(user__username="G002")
    # The roll names the last day; a post ends on the day after.
    assert (li.unit, li.since, li.until) == (county.east.station, TODAY, date(2099, 7, 1))
    assert Post.objects.get(user__username="D1").unit == county.urban


def test_the_same_file_twice_changes_nothing(county, django_assert_max_num_queries):
    rows = [
        one(),
        one(role="网格长", place=county.west.village.code),
        one(number="7", name="李四", username="", id=""),
    ]
    staff.import_staff(source=roll(*rows))
    before = list(User.objects.values_list("pk", "name", "id_number_hash")), list(Post.objects.values())
    with django_assert_max_num_queries(8):
        done = staff.import_staff(source=roll(*rows))
    assert vars(done) == {**vars(staff.StaffImported()), "posts_unchanged": 3}
    assert (
        list(User.objects.values_list("pk", "name", "id_number_hash")),
        list(Post.objects.values()),
    ) == before


def test_without_a_first_day_a_post_held_today_is_the_same_one(county):
    staff.import_staff(source=roll(one(since="2025-03-01")))
    done = staff.import_staff(source=roll(one(since="")))
    assert (done.posts_added, done.posts_unchanged) == (0, 1)


def test_a_later_roll_changes_data_and_ends_posts_and_leaves_what_is_empty(county):
    staff.import_staff(source=roll(one()))
    done = staff.import_staff(source=roll(one(name="张叁", phone="", id="", until="2026-06-30")))
    assert (done.people_changed, done.posts_changed, done.people_added, done.posts_added) == (1, 1, 0, 0)
    user = User.objects.get(staff_number="G001")
    assert (user.name, user.phone, user.id_number) == ("张叁", "13812348000", GOOD_ID)
    assert user.posts.get().until == date(2026, 7, 1)
    done = staff.import_staff(source=roll(one(name="张叁", since="2026-07-01")))
    assert (done.posts_added, user.posts.count()) == (1, 2)


def test_a_file_as_people_make_them(county):
    """A title above the heading, English and other headings, GBK, dates, numbers, full-width signs, spaces."""
    rows = [
        ["醴陵市网格员花名册"],
        [],
        ["序号", "人员编号", "姓 名", "联系电话", "身份证号码", "岗位", "网格编码", "任职日期", "备注"],
        [
            1,
            1001,
            "张　三",
            13812348000,
            "１１０１０５１９４９１２３１００２ｘ",
            "专职 网格员",
            int(WEST[0]),
            datetime(2026, 1, 5),
            "无",
        ],
        [2, 1002, " 李四 ", "138 1234-8001", None, "WORKER_PART", " " + WEST[1], 46027, None],
        [None] * 9,
        [3, "１００３", "王五", "", "", "Part-time grid worker", WEST[1], "2026年1月5日", ""],
    ]
    done = staff.import_staff(source=workbook(*rows))
    assert (done.people_added, done.posts_added, done.unused) == (3, 3, ["序号", "备注"])
    first, second, third = User.objects.filter(staff_number__startswith="100").order_by("staff_number")
    assert (first.name, first.phone, first.id_number) == ("张三", "13812348000", GOOD_ID)
    assert (second.name, second.phone, second.username) == ("李四", "13812348001", "1002")
    assert {user.posts.get().since for user in (first, second, third)} == {date(2026, 1, 5)}
    gbk = [[str(cell or "") for cell in row] for row in rows]
    gbk[3][7] = "2026/1/5"
    again = staff.import_staff(source=table(*gbk, encoding="gb18030"))
    assert (again.people_added, again.people_changed, again.posts_added, again.posts_unchanged) == (
        0,
        0,
        0,
        3,
    )


@pytest.mark.parametrize(
    ("cells", "key", "words"),
    [
        ({"number": ""}, "2.staff_number", "Row 2, 工号: must not be empty."),
        ({"name": " "}, "2.name", "Row 2, 姓名: must not be empty."),
        ({"phone": "1381234800"}, "2.phone", "Row 2, 手机: expected a mobile number of 11 digits"),
        ({"id": "110105194912310021"}, "2.id_number", "Row 2, 身份证号: the check digit"),
        ({"id": "430281209902300004"}, "2.id_number", "the birth date in it"),
        ({"id": "11010519491231"}, "2.id_number", "expected 18 characters, digits or a final X, got 14."),
        ({"id": "1.10105E+17"}, "2.id_number", "has lost digits: format the column as text"),
        ({"role": "皇帝"}, "2.role", "there is no role “皇帝”; expected one of 专职网格员、兼职网格员"),
        ({"place": "430281009001001"}, "2.place", "there is no grid “430281009001001” in force."),
        (
            {"role": "坐席", "place": "x"},
            "2.place",
            "there is no centre “x”: expected its code or that of its grid.",
        ),
        ({"role": "staff", "place": "x"}, "2.place", "there is no department “x”: expected the unit's code."),
        ({"role": "专职网格员", "place": "430281001001"}, "2.role", "This role does not exist at level 3."),
        ({"since": "2026-02-30"}, "2.since", "there is no such day: “2026-02-30”."),
        ({"since": "soon"}, "2.since", "expected a date such as 2026-01-05, got “soon”."),
        ({"until": "2025-12-31"}, "2.last_day", "Row 2, 止: expected a day not before 2026-01-01."),
        ({"username": "a b/c"}, "2.username", "expected letters, digits and @ . + - _ only"),
        ({"number": "a/b", "username": ""}, "2.staff_number", "cannot be a login name"),
        ({"name": "长" * 61}, "2.name", "is longer than 60 characters."),
    ],
)
def test_a_mistake_names_the_row_the_column_and_what_was_expected(county, cells, key, words):
    before = User.objects.count(), Post.objects.count()
    good = one(number="G9", username="", id="")
    text = said(lambda: staff.import_staff(source=roll(one(**cells), good)), key)
    assert words in text
    assert GOOD_ID[:17] not in text
    assert (User.objects.count(), Post.objects.count()) == before  # nor the good row


def test_one_staff_number_is_one_person(county):
    other = UserFactory(username="taken", staff_number="T1", id_number="430281198001010004")
    text = said(
        lambda: staff.import_staff(
            source=roll(
                one(),
                one(name="张四", phone="13812348001"),
                one(number="G2", username="zhangsan", id=""),
                one(number="G3", username="taken", id=other.id_number),
            )
        ),
        "3.name",
        "3.phone",
        "4.username",
        "5.username",
        "5.id_number",
    )
    assert "Row 3, 姓名: differs from row 2, which has the same staff number." in text
    assert "Row 4, 用户名: row 2 has the same, with another staff number." in text
    assert "Row 5, 用户名: “taken” is somebody else's login name." in text
    assert "Row 5, 身份证号: somebody with another staff number has this ID number." in text


def test_a_post_is_not_held_twice_at_once(county):
    staff.import_staff(source=roll(one()))
    text = said(lambda: staff.import_staff(source=roll(one(since="2026-03-01"))), "2.since")
    assert "this person holds this post from 2026-01-01 already" in text


def test_a_roll_lacking_a_column_says_which():
    with pytest.raises(Invalid, match="The heading lacks: 角色, 网格/单位编码"):
        staff.import_staff(source=table(("工号", "姓名"), ("1", "张")))
    with pytest.raises(Invalid, match="not an Excel file"):
        staff.import_staff(source=io.BytesIO(b"PK no"), name="a.xlsx")
    with pytest.raises(Invalid, match="neither an Excel file"):
        staff.import_staff(source=io.BytesIO(b"\xff\xff\x00"), name="a.csv")


def test_an_actor_places_people_in_the_own_subtree_only(county):
    west = {county.west.town.path}
    done = staff.import_staff(source=roll(one()), actor_roots=west)
    assert done.posts_added == 1
    text = said(
        lambda: staff.import_staff(
            source=roll(one(number="G2", username="", id="", place="430281002001001")), actor_roots=west
        ),
        "2.place",
    )
    assert "there is no grid “430281002001001” in force." in text


def test_an_actor_does_not_change_people_of_others(county):
    worker = county.worker_east
    User.objects.filter(pk=worker.pk).update(staff_number="E1", name="王东")
    idle = UserFactory(staff_number="E2")
    rows = roll(one(number="E1", name="改名"), one(number="E2", name="改名", username="", id=""))
    text = said(
        lambda: staff.import_staff(source=rows, actor_roots={county.west.town.path}),
        "2.staff_number",
        "3.staff_number",
    )
    assert "this person has posts outside your grids: not yours to change." in text
    assert User.objects.get(pk=worker.pk).name == "王东"
    rows.seek(0)
    staff.import_staff(source=rows, actor_roots={county.root.path})
    assert set(User.objects.filter(pk__in=[worker.pk, idle.pk]).values_list("name", flat=True)) == {"改名"}


def test_a_new_district_administrator_may_enter_the_admin(county):
    staff.import_staff(source=roll(one(role="区域管理员", place=county.west.town.code)))
    assert User.objects.get(staff_number="G001").is_staff is True


def test_passwords_go_into_a_file_for_its_owner_only_and_work_once_logged_in(county, tmp_path):
    source, secret = tmp_path / "roll.csv", tmp_path / "passwords.csv"
    source.write_bytes(roll(one(), one(number="G2", name='李"四', username="", id="")).getvalue())
    out = io.StringIO()
    call_command("import_staff", source, passwords_out=secret, stdout=out)
    assert out.getvalue().startswith("People: 2 added, 0 changed. Posts: 2 added, 0 changed, 0 unchanged.")
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO(secret.read_text("utf-8-sig"))))
    assert [(row["username"], row["name"]) for row in rows] == [("zhangsan", "张三"), ("G2", '李"四')]
    assert len({row["password"] for row in rows}) == 2
    assert User.objects.get(username="G2").check_password(rows[1]["password"])
    with pytest.raises(CommandError, match="it is not overwritten"):
        call_command("import_staff", source, passwords_out=secret)


def test_initial_hashes_are_replaced_by_full_ones_at_the_first_log_in(settings, rf):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    password = people.initial_password()
    user = UserFactory(username="new", password=None)
    User.objects.filter(pk=user.pk).update(password=people.initial_hash(password))
    assert f"${people.INITIAL_ITERATIONS}$" in User.objects.get(pk=user.pk).password
    assert authenticate(rf.post("/"), username="new", password=password) == user
    assert f"${people.INITIAL_ITERATIONS}$" not in User.objects.get(pk=user.pk).password


def test_no_passwords_file_no_people(county, tmp_path):
    source = tmp_path / "roll.csv"
    source.write_bytes(roll(one()).getvalue())
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("import_staff", source, passwords_out=tmp_path / "no" / "folder.csv")
    assert not User.objects.filter(staff_number="G001").exists()


def test_the_staff_command_prints_every_mistake(county, tmp_path):
    source, err = tmp_path / "roll.csv", io.StringIO()
    source.write_bytes(roll(one(phone="1"), one(role="x")).getvalue())
    with pytest.raises(CommandError, match=r"Nothing was imported. Mistakes found: 2\."):
        call_command("import_staff", source, stderr=err)
    assert len(err.getvalue().splitlines()) == 2


def test_a_thousand_people_cost_no_more_queries(county, django_assert_max_num_queries):
    rows = [one(number=f"N{n}", username="", id="", phone="") for n in range(1000)]
    with django_assert_max_num_queries(30):  # SQLite takes 999 values a statement
        done = staff.import_staff(source=roll(*rows))
    assert (done.people_added, done.posts_added) == (1000, 1000)


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr(tables, "MAX_ROWS", 2)
    with pytest.raises(Invalid, match="more than 2 rows"):
        tables.read(table(("a",), ("1",), ("2",)), {"a": ("a",)}, ["a"])


# ---- the first administrator


def test_make_admin_lets_the_first_person_in(county, monkeypatch):
    monkeypatch.setenv("GRIDCENTER_PASSWORD", PASSWORD)
    out = io.StringIO()
    call_command("make_admin", "boss", grid=county.root.code, name="周主任", stdout=out)
    assert out.getvalue().strip() == "boss administers 430281000000 醴陵市 and everything below it."
    user = User.objects.get(username="boss")
    assert (user.name, user.is_staff, user.is_superuser) == ("周主任", True, False)
    assert user.check_password(PASSWORD)
    assert user.posts.get().role == "district_admin"
    with pytest.raises(CommandError, match="There is a user “boss” already"):
        call_command("make_admin", "boss", grid=county.root.code)


@pytest.mark.parametrize(
    ("grid", "password", "words"),
    [
        ("nowhere", PASSWORD, "no grid nowhere"),
        (LILING, "short", "too short"),
        (WEST[0], PASSWORD, "level 4"),
    ],
)
def test_make_admin_refuses_in_words_and_makes_nobody(county, monkeypatch, grid, password, words):
    monkeypatch.setenv("GRIDCENTER_PASSWORD", password)
    with pytest.raises(CommandError, match=words):
        call_command("make_admin", "boss", grid=grid)
    assert not User.objects.filter(username="boss").exists()


def test_cells_are_read_as_they_are_meant():
    assert tables.text(" 阳　三（东） ") == "阳三（东）"  # full-width brackets belong to the name
    assert tables.text("Ａ１ b") == "A1 b"
    assert tables.text(12.0) == "12"
    assert tables.code("４３０２８１－Ａ１") == "430281-A1"
    assert tables.day(" ２０２６年1月5日 ") == date(2026, 1, 5)
    with pytest.raises(tables.Unreadable, match="has lost digits"):
        tables.code(110105194912310020)
