"""The staff roll as people make it: what is read, what is refused and in which words."""

import io
from datetime import date, datetime

import pytest

from accounts.models import User
from core import ciphers
from core.errors import Invalid
from grids.models import Post
from grids.services import staff, tables
from tests.factories import UserFactory
from tests.imports.scene import GOOD_ID, TODAY, WEST, one, roll, said, table, workbook

pytestmark = pytest.mark.django_db


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


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr(tables, "MAX_ROWS", 2)
    with pytest.raises(Invalid, match="more than 2 rows"):
        tables.read(table(("a",), ("1",), ("2",)), {"a": ("a",)}, ["a"])


def test_cells_are_read_as_they_are_meant():
    assert tables.text(" 阳　三（东） ") == "阳三（东）"  # full-width brackets belong to the name
    assert tables.text("Ａ１ b") == "A1 b"
    assert tables.text(12.0) == "12"
    assert tables.code("４３０２８１－Ａ１") == "430281-A1"
    assert tables.day(" ２０２６年1月5日 ") == date(2026, 1, 5)
    with pytest.raises(tables.Unreadable, match="has lost digits"):
        tables.code(110105194912310020)
