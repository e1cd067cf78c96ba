"""Divisions of real counties: every mistake by name, all or nothing, twice is once."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from core.errors import Conflict, Invalid
from grids.models import Grid, LevelName, Unit
from grids.services import divisions
from tests.imports.scene import LILING, TODAY, said, table, workbook

pytestmark = pytest.mark.django_db


def levels():
    found = {}
    for level in Grid.objects.values_list("level", flat=True):
        found[level] = found.get(level, 0) + 1
    return found


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


DIVISIONS = ("code", "name", "level", "parent_code")
SMALL = [
    ("430281000000", "醴陵市", "county", ""),
    ("430281001000", "阳三街道", "town", "430281000000"),
    ("430281001001", "一社区", "village", "430281001000"),
]


def small(*more, instead=None):
    """A divisions file of one county, one town, one village; `instead`: {row as a spreadsheet counts: row}."""
    rows = [(instead or {}).get(number, row) for number, row in enumerate(SMALL, 2)]
    return table(DIVISIONS, *rows, *more)


def test_every_mistake_of_a_divisions_file_names_row_and_column_and_what_was_expected():
    long = "长" * 81
    source = small(
        ("43028100200", "短", "town", "430281000000"),
        ("abc", "字母", "town", "430281000000"),
        ("430281003000", "", "twon", "430281000000"),
        ("430281004000", long, "town", "430281000000"),
        ("430281005000", "没有上级", "town", ""),
        ("430281006000", "错的上级", "town", "430281900000"),
        ("430281001002", "二社区", "vilage", "430281001000"),
        ("430281001003", "三社区", "village", "430281000000"),
        ("430281001001", "又是一社区", "village", "430281001000"),
        ("430281003001", "错镇的社区", "village", "430281003000"),
        ("430282000000", "别市", "county", "430281000000"),
        ("4.30281E+11", "丢了", "town", "4.30281E+11"),
    )
    with pytest.raises(Invalid, match=r"Nothing was imported\. Mistakes found: 13"):
        divisions.import_divisions(code=LILING, source=source)
    source.seek(0)
    text = said(
        lambda: divisions.import_divisions(code=LILING, source=source),
        *("5.code", "6.code", "7.name", "7.level", "8.name", "9.parent_code", "10.parent_code", "11.level"),
        *("12.parent_code", "13.code", "15.parent_code", "16.code", "16.parent_code"),
    )
    lost = "“4.30281E+11” was stored as a number and has lost digits: format the column as text."
    assert sorted(text.splitlines()) == sorted(
        [
            "Row 5, code: expected 12 digits, got “43028100200”.",
            "Row 6, code: expected 12 digits, got “abc”.",
            "Row 7, name: expected 1 to 80 characters, got “”.",
            "Row 7, level: expected one of county, town, village, got “twon”.",
            f"Row 8, name: expected 1 to 80 characters, got “{long}”.",
            "Row 9, parent_code: expected the code of a county of this file, got “”.",
            "Row 10, parent_code: expected the code of a county of this file, got “430281900000”.",
            "Row 11, level: expected one of county, town, village, got “vilage”.",
            "Row 12, parent_code: expected the code of a town, got 430281000000, which is a county.",
            "Row 13, code: 430281001001 is in the file twice.",
            "Row 15, parent_code: expected nothing, or the city's code 430200000000, above a county, "
            "got “430281000000”.",
            f"Row 16, code: {lost}",
            f"Row 16, parent_code: {lost}",
        ]
    )
    assert not Grid.objects.exists()
    assert not LevelName.objects.exists()


def test_a_name_that_just_fits_is_taken_and_the_second_run_changes_nothing():
    name = "长" * 80
    source = small(instead={2: (LILING, name, "county", "430200000000"), 4: (*SMALL[2][:1], name, *SMALL[2][2:])})
    done = divisions.import_divisions(code=LILING, source=source, with_centres=True)
    assert dict(done.added) == {0: 1, 1: 1, 2: 1, 3: 1, 4: 0}
    assert Grid.objects.get(level=1).name == "长" * 79 + "片"
    before = list(Grid.objects.values()), list(Unit.objects.values())
    source.seek(0)
    again = divisions.import_divisions(code=LILING, source=source, with_centres=True)
    assert (sum(again.added.values()), again.renamed, again.moved, again.unchanged, again.centres) == (0, 0, 0, 4, 0)
    assert (list(Grid.objects.values()), list(Unit.objects.values())) == before


def test_names_and_codes_of_the_other_tables_fit_too():
    long, area = "长" * 81, ("town_code", "area_code", "area_name")
    text = said(
        lambda: divisions.import_divisions(
            code=LILING, source=small(), areas=table(area, ("430281001000", "430281001001", long))
        ),
        "2.code",
        "2.name",
    )
    assert text.splitlines() == [
        "Row 2, area_code: 430281001001 is the code of a division already.",
        f"Row 2, area_name: expected 1 to 80 characters, got “{long}”.",
    ]
    text = said(
        lambda: divisions.import_divisions(
            code=LILING,
            source=small(),
            areas=table(area, ("430281001000", "430281001001001", "片区")),
            grids=table(("code", "name"), ("430281001001001", "第一网格"), ("430281001001002", long)),
        ),
        "2.code",
        "3.name",
    )
    assert text.splitlines() == [
        "Row 2, code: 430281001001001 is the code of an area already.",
        f"Row 3, name: expected 1 to 80 characters, got “{long}”.",
    ]
    with pytest.raises(Invalid, match="The city's name: expected 1 to 80 characters"):
        divisions.import_divisions(code="4302", name=long, source=small())
    with pytest.raises(Invalid, match=r"A level's name: expected 1 to 20 characters, got “长{21}”"):
        divisions.import_divisions(code=LILING, source=small(), level_names=["长" * 21, "a", "b", "c", "d"])
    assert not Grid.objects.exists()


def test_the_divisions_command_lists_the_mistakes_of_a_file(tmp_path):
    file, err = tmp_path / "d.csv", io.StringIO()
    file.write_bytes(small(("430281001002", "二社区", "vilage", "430281001000")).read())
    for options in ({"code": LILING}, {"list": True}):
        with pytest.raises(CommandError, match=r"Nothing was imported. Mistakes found: 1\."):
            call_command("import_divisions", file=str(file), stderr=err, **options)
    words = "Row 5, level: expected one of county, town, village, got “vilage”."
    assert err.getvalue().splitlines() == [words, words]


def test_a_code_is_taken_until_its_grid_has_ended():
    first, end = TODAY - timedelta(days=30), TODAY + timedelta(days=7)
    divisions.import_divisions(code=LILING, source=small(), valid_from=first)
    Grid.objects.filter(level=3).update(valid_until=end)
    words = f"430281001001 一社区 is in force until {end}: expected a first day of validity not before that."

    def again(**more):
        return divisions.import_divisions(code=LILING, source=small(), **more)

    assert said(again, "430281001001") == words
    done = again(valid_from=end)
    assert (dict(done.added), done.unchanged) == ({0: 0, 1: 0, 2: 0, 3: 1, 4: 0}, 3)
    assert (sum(again().added.values()), Grid.objects.filter(code="430281001001").count()) == (0, 2)


def test_the_whole_territory_is_taken_until_it_has_ended():
    first, end = TODAY - timedelta(days=30), TODAY + timedelta(days=7)
    divisions.import_divisions(code=LILING, source=small(), valid_from=first)
    Grid.objects.update(valid_until=end)
    other = "430211000000"
    words = f"The whole territory is {LILING} 醴陵市 until {end}: expected a first day of validity not before that."
    assert said(lambda: divisions.import_divisions(code=other), LILING) == words
    divisions.import_divisions(code=other, valid_from=end)
    assert Grid.objects.get(level=0, valid_until=None).code == other


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
