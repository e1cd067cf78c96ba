"""Units as offices list them: what is read, what is refused and in which words, and the admin's own file again."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from events.models import Event
from grids.models import Grid, Unit
from grids.services import units
from tests.admin.scene import administrator, browser, url
from tests.factories import DepartmentKindFactory, GridFactory, UnitFactory
from tests.imports.scene import TODAY, said, table, workbook

pytestmark = pytest.mark.django_db
HEADING = ("单位编码", "单位名称", "类型", "部门类别", "网格编码", "办公电话", "启用")
TOWN, ROOT, VILLAGE = "430281001000", "430281000000", "430281001001"


def one(**more):
    """One good row, with `more` in place of its cells."""
    cells = {"code": "D-1", "name": "阳三城管中队", "kind": "部门", "department_kind": "城市管理", "grid": TOWN}
    return tuple({**cells, "phone": "0731-23456789", "active": "是", **more}.values())


def units_table(*rows, **more):
    return table(HEADING, *rows, **more)


def imported(*rows, **more):
    done = units.import_units(source=units_table(*rows), **more)
    return done.added, done.changed, done.unchanged


def told(unit):
    unit = Unit.objects.get(code=unit if isinstance(unit, str) else unit.code)
    kind = unit.department_kind and unit.department_kind.code
    return unit.name, unit.kind, kind, unit.grid.code, unit.phone, unit.active


def row_of(unit, **more):
    """The row of a unit that is there."""
    kind = unit.department_kind.code if unit.department_kind else ""
    cells = {"code": unit.code, "name": unit.name, "kind": unit.kind, "department_kind": kind}
    return tuple({**cells, "grid": unit.grid.code, "phone": "", "active": "", **more}.values())


def test_departments_and_centres_are_made_and_the_second_run_changes_nothing(county):
    county.west.town_centre.delete()
    rows = [
        one(),
        one(code="D-2", department_kind="police", kind="department", name="派出所", phone=8812345, active=""),
        one(code="C-1", kind="中心", department_kind="", name="分中心", active="启用"),
        one(code="C-2", kind="Centre 中心", department_kind="", name="旧分中心", active="No"),
    ]
    done = units.import_units(source=workbook(HEADING, *rows))
    assert (done.added, done.changed, done.unchanged, done.unused) == (4, 0, 0, [])
    assert told("D-1") == ("阳三城管中队", "department", "urban_management", TOWN, "0731-23456789", True)
    assert told("D-2") == ("派出所", "department", "police", TOWN, "8812345", True)
    assert told("C-1") == ("分中心", "centre", None, TOWN, "0731-23456789", True)
    assert told("C-2") == ("旧分中心", "centre", None, TOWN, "0731-23456789", False)
    before = list(Unit.objects.order_by("pk").values())
    assert imported(*rows) == (0, 0, 4)
    assert list(Unit.objects.order_by("pk").values()) == before


def test_a_unit_follows_the_file_and_empty_cells_change_nothing(county):
    imported(one())
    assert imported(one(name="新中队", phone="", active="", department_kind="")) == (0, 1, 0)
    assert told("D-1") == ("新中队", "department", "urban_management", TOWN, "0731-23456789", True)
    assert imported(one(name="新中队", grid="430281002000", department_kind="公安", active="否")) == (0, 1, 0)
    assert told("D-1") == ("新中队", "department", "police", "430281002000", "0731-23456789", False)


def test_only_code_name_kind_and_grid_must_be_columns(county):
    county.west.town_centre.delete()
    source = table(("code", "name", "kind", "grid code", "remark"), ("C-1", "分中心", "centre", TOWN, "x"))
    done = units.import_units(source=source)
    assert (done.added, done.unused) == (1, ["remark"])
    assert told("C-1") == ("分中心", "centre", None, TOWN, "", True)
    source = table(("code", "name", "kind", "grid code"), ("D-1", "中队", "department", TOWN))
    words = "Row 2, 部门类别: expected one of 公安、城市管理, got “”."
    assert said(lambda: units.import_units(source=source), "2.department_kind") == words


def test_each_mistake_names_row_and_column_and_nothing_is_written(county):
    DepartmentKindFactory(code="police_two", name="公安")
    other, before = county.urban, list(Unit.objects.order_by("pk").values())
    long = "长" * 81
    rows = [
        one(code="", name="", kind="", grid=""),
        one(code="D" * 41, name=long, phone="1" * 33),
        one(code="D-2", kind="局", active="也许"),
        one(code="D-3", department_kind="无此"),
        one(code="D-4", department_kind="公安"),
        one(code="D-5", department_kind=""),
        one(code="C-1", kind="中心"),
        one(code="D-6", grid="430281009000"),
        one(code="D-7", grid="4.30281E+11"),
        one(code="D-8", grid=VILLAGE),
        one(code="C-2", kind="中心", department_kind="", grid="430281001001001"),
        row_of(other, kind="中心", department_kind=""),
        one(code="C-3", kind="中心", department_kind="", grid=ROOT),
        one(code="D-9", grid=ROOT),
        one(code="D-10"),
        one(code="D-11"),
        one(code="D-10"),
    ]
    source = units_table(*rows)
    text = said(
        lambda: units.import_units(source=source),
        *("2.code", "2.name", "2.kind", "2.grid", "3.code", "3.name", "3.phone", "4.kind", "4.active"),
        *("5.department_kind", "6.department_kind", "7.department_kind", "8.department_kind", "9.grid", "10.grid"),
        *("11.grid", "12.grid", "13.kind", "14.grid", "15.grid", "17.grid", "18.code"),
    )
    assert sorted(text.splitlines()) == sorted(
        [
            *(f"Row 2, {name}: must not be empty." for name in ("单位编码", "单位名称", "类型", "网格编码")),
            "Row 3, 单位编码: is longer than 40 characters.",
            "Row 3, 单位名称: is longer than 80 characters.",
            "Row 3, 办公电话: is longer than 32 characters.",
            "Row 4, 类型: expected one of 中心、责任单位, got “局”.",
            "Row 4, 启用: expected one of Yes, No, got “也许”.",
            "Row 5, 部门类别: expected one of 公安、城市管理, got “无此”.",
            "Row 6, 部门类别: “公安” is more than one department kind: expected one of the codes police, police_two.",
            "Row 7, 部门类别: expected one of 公安、城市管理, got “”.",
            "Row 8, 部门类别: A centre has no department kind: leave it empty.",
            "Row 9, 网格编码: there is no grid “430281009000” in force.",
            "Row 10, 网格编码: “4.30281E+11” was stored as a number and has lost digits: format the column as text.",
            "Row 11, 网格编码: Expected a grid of level 0 to 2.",
            "Row 12, 网格编码: Expected a grid of level 0 to 3.",
            f"Row 13, 类型: {other.code} is of the kind Department, which stays: "
            "close it and give the new unit its own code.",
            f"Row 14, 网格编码: this grid has a centre already: {county.centre.code} 市指挥中心.",
            "Row 15, 网格编码: this jurisdiction has a department of this kind already: "
            f"{county.urban.code} 市城管局.",
            "Row 17, 网格编码: this jurisdiction has a department of this kind already: D-10 阳三城管中队.",
            "Row 18, 单位编码: D-10 is in the file twice.",
        ]
    )
    assert list(Unit.objects.order_by("pk").values()) == before


def test_two_units_change_places_and_a_closed_one_makes_room(county):
    west, east = county.west.town_centre, county.east.town_centre
    rows = [row_of(west, grid=east.grid.code), row_of(east, grid=west.grid.code)]
    assert imported(*rows) == (0, 2, 0)
    assert (told(west)[3], told(east)[3]) == (east.grid.code, west.grid.code)
    new = one(code="C-1", kind="中心", department_kind="", grid=ROOT, name="新中心")
    assert imported(new, row_of(county.centre, active="否")) == (1, 1, 0)
    assert (told("C-1")[5], told(county.centre)[5]) == (True, False)


def test_a_unit_for_which_open_events_wait_is_not_closed(county):
    place = {"grid": county.west.grids[0], "path": county.west.grids[0].path, "description": "占道经营"}
    ended = Event.objects.create(**place, holder=county.west.town_centre, centre=county.west.town_centre, status="cancelled")
    for status in ("handling", "verifying"):
        Event.objects.create(
            **place, status=status, number=f"430281-2026-{status}", lead=county.urban, centre=county.west.station,
            holder=county.urban if status == "handling" else county.west.station,
        )  # fmt: skip
    rows = [row_of(unit, active="否") for unit in (county.west.town_centre, county.urban, county.west.station)]
    words = "Row {}, 启用: 2 open events lie with this unit or come back to it; once the unit is closed nobody could go on"
    assert said(lambda: imported(rows[1]), "2.active").startswith(words.format(2))
    assert said(lambda: imported(*rows), "3.active", "4.active").startswith(words.format(3))
    assert told(county.urban)[5] is True
    assert imported(rows[0]) == (0, 1, 0)
    Event.objects.exclude(pk=ended.pk).update(status="cancelled")
    assert imported(*rows[1:]) == (0, 2, 0)


def test_a_unit_of_a_grid_that_has_ended_stays_there_and_is_not_opened(county):
    old = county.west.town_centre
    Grid.objects.filter(pk=old.grid_id).update(valid_until=TODAY)
    new = GridFactory(code=old.grid.code, parent=county.area, valid_from=TODAY)
    assert imported(row_of(old)) == (0, 0, 1)
    assert imported(row_of(old, active="否")) == (0, 1, 0)
    words = f"Row 2, 网格编码: there is no grid “{TOWN}” in force."
    assert said(lambda: imported(row_of(old, active="是")), "2.grid") == words
    assert imported(one()) == (1, 0, 0)
    assert Unit.objects.get(code="D-1").grid == new


def test_the_scope_is_the_administrators_subtree(county):
    roots = [county.west.town.path]
    squad = UnitFactory(kind="department", department_kind=county.kind, grid=county.west.town, code="W", name="中队")
    rows = [
        one(grid="430281002000"),
        row_of(county.east.station, name="改名"),
        row_of(squad, grid=ROOT),
        row_of(county.west.town_centre, grid=VILLAGE),
        row_of(county.police),
    ]
    before = list(Unit.objects.order_by("pk").values())
    text = said(lambda: imported(*rows, actor_roots=roots), "2.grid", "3.code", "4.grid", "5.grid", "6.code")
    assert text.splitlines() == [
        "Row 2, 网格编码: there is no grid “430281002000” in force.",
        "Row 3, 单位编码: this unit lies outside your grids: not yours to change.",
        "Row 4, 网格编码: there is no grid “430281000000” in force.",
        "Row 5, 网格编码: the units of your own grid stay there: it is administered from above.",
        "Row 6, 单位编码: this unit lies outside your grids: not yours to change.",
    ]
    assert list(Unit.objects.order_by("pk").values()) == before
    assert imported(row_of(county.west.station, name="改名"), row_of(squad, name="改名"), actor_roots=roots) == (0, 2, 0)


def test_the_number_of_queries_does_not_grow_with_the_rows(county, django_assert_num_queries):
    kinds = [DepartmentKindFactory() for _number in range(40)]
    rows = [one(code=f"D-{n}", department_kind=kind.code) for n, kind in enumerate(kinds)]
    # savepoint and its release; units, grids, department kinds, active units of the grids; create
    with django_assert_num_queries(7):
        imported(*rows)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_admins_file_can_be_imported_again(county, settings, kind, language):
    settings.LANGUAGE_CODE = language
    whole = administrator(county.root)
    UnitFactory(grid=county.west.town, active=False, code="-旧 A", name="旧 中心", phone="+86 731 2345")
    DepartmentKindFactory(code="police_two", name="公安")  # named like another
    client, before = browser(whole), list(Unit.objects.order_by("pk").values())
    answer = client.get(url(Unit, f"export_{kind}"))
    content = io.BytesIO(b"".join(answer.streaming_content))
    content.name = f"units.{kind}"
    if kind == "csv":
        assert {"en": "office phone", "zh-hans": "办公电话"}[language] in content.getvalue().decode()
    with translation.override(language):
        done = units.import_units(source=content, actor_roots=[county.root.path])
    assert (done.added, done.changed, done.unchanged) == (0, 0, len(before))
    assert list(Unit.objects.order_by("pk").values()) == before


def test_the_units_command_lists_the_mistakes_and_can_only_check(county, tmp_path):
    file, out, err = tmp_path / "units.csv", io.StringIO(), io.StringIO()
    file.write_bytes(units_table(one(), one(code="D-2", kind="局")).read())
    with pytest.raises(CommandError, match=r"Nothing was imported\. Mistakes found: 1\."):
        call_command("import_units", file, stderr=err)
    assert err.getvalue().splitlines() == ["Row 3, 类型: expected one of 中心、责任单位, got “局”."]
    file.write_bytes(units_table(one()).read())
    call_command("import_units", file, dry_run=True, stdout=out)
    assert not Unit.objects.filter(code="D-1").exists()
    call_command("import_units", file, stdout=out)
    assert out.getvalue().splitlines() == [
        "Units: 1 added, 0 changed, 0 unchanged.",
        "Only checked: nothing was written.",
        "Units: 1 added, 0 changed, 0 unchanged.",
    ]
    assert Unit.objects.filter(code="D-1").exists()
