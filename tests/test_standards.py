"""Case standards: the lists shipped, loading them in versions, the words for a wrong row."""

import csv
import hashlib
from collections import Counter
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from core.errors import Conflict, Invalid
from events import standards
from events.models import Event, StageLimit, Standard, StandardLead
from events.models.standard import LimitUnit
from events.standard_rows import COLUMNS
from events.workflow import Stage, Urgency
from grids.models import DepartmentKind, Grid, Unit

CASES, GOVERNANCE = standards.FILES
FIRST, SECOND, THIRD = date(2026, 1, 1), date(2026, 7, 1), date(2027, 1, 1)
# SHA-256 of "code,major,minor,limit,unit,closing term" of the 519 published rows, one a line, in their order.
PUBLISHED = "01ff4c63773cedac2eff83c6e708c04bdc19108bb0344cd632db2d3eb6abe9bb"


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def kinds(db):
    Standard.objects.all().delete()
    DepartmentKind.objects.all().delete()
    standards.load_department_kinds()


@pytest.fixture
def loaded(kinds):
    """The lists shipped, in force from FIRST."""
    standards.load_files(standards.FILES, FIRST)


@pytest.fixture
def lamp():
    return {
        "kind": "component", "major_code": "01", "major_name": "公用设施", "minor_code": "37",
        "minor_name": "路灯", "variant": "2", "condition": "路灯夜间不亮", "limit": "1",
        "limit_unit": "work_day", "closing_term": "更换或修复", "lead_0": "municipal", "lead_2": "",
        "photos": "yes", "rating": "yes",
    }  # fmt: skip


def snapshot():
    """Everything stored, ids included: equal before and after means that nothing was written."""
    return (
        list(Standard.objects.order_by("pk").values()),
        list(StandardLead.objects.order_by("pk").values()),
        list(StageLimit.objects.order_by("pk").values()),
        list(DepartmentKind.objects.order_by("pk").values()),
    )


def versions_of(code):
    versions = Standard.objects.filter(code=code).order_by("valid_from")
    return list(versions.values_list("limit", "valid_from", "valid_until"))


# ---- the lists shipped


def test_the_519_published_rows_keep_their_codes_limits_units_and_closing_terms():
    rows = rows_of(CASES)
    prefix = {"component": "C", "event": "E"}
    facts = [
        f"{prefix[row['kind']]}{row['major_code']}{row['minor_code']}-{row['variant']},{row['major_name']},"
        f"{row['minor_name']},{row['limit']},{row['limit_unit']},{row['closing_term']}"
        for row in rows
    ]
    assert len(facts) == 519
    assert Counter(row["limit_unit"] for row in rows) == {
        "work_day": 412, "work_hour": 61, "urgent_hour": 42, "urgent_day": 4,
    }  # fmt: skip
    assert hashlib.sha256("\n".join(facts).encode()).hexdigest() == PUBLISHED


def test_no_two_conditions_read_the_same_and_each_fits_on_a_line():
    rows = rows_of(CASES) + rows_of(GOVERNANCE)
    conditions = Counter((row["kind"], row["minor_name"], row["condition"]) for row in rows)
    assert [key for key, count in conditions.items() if count > 1] == []
    assert [row["condition"] for row in rows if not 8 <= len(row["condition"]) <= 40] == []


def test_the_governance_list_has_ten_classes_and_all_five_units():
    rows = rows_of(GOVERNANCE)
    assert {row["kind"] for row in rows} == {"governance"}
    assert sorted({(row["major_code"], row["major_name"]) for row in rows}) == [
        ("11", "矛盾纠纷"), ("12", "社会治安"), ("13", "消防与安全隐患"), ("14", "特殊人群与关爱服务"),
        ("15", "违法建设与用地"), ("16", "河湖管护"), ("17", "民生事项"), ("18", "疫情与公共卫生"),
        ("19", "服务代办"), ("20", "意见建议与社情民意"),
    ]  # fmt: skip
    assert {row["limit_unit"] for row in rows} == set(LimitUnit.values)


def test_no_photo_is_asked_of_care_for_people():
    care = [row for row in rows_of(GOVERNANCE) if row["major_code"] == "14"]
    assert {row["photos"] for row in care} == {"no"}


def test_variants_count_from_one_without_gaps():
    by_class = {}
    for row in rows_of(CASES) + rows_of(GOVERNANCE):
        key = (row["kind"], row["major_code"], row["minor_code"])
        by_class.setdefault(key, []).append(int(row["variant"]))
    assert [key for key, seen in by_class.items() if seen != list(range(1, len(seen) + 1))] == []


def test_each_class_code_has_one_name():
    names = {}
    for row in rows_of(CASES) + rows_of(GOVERNANCE):
        names.setdefault((row["kind"], row["major_code"]), set()).add(row["major_name"])
        names.setdefault((row["kind"], row["major_code"], row["minor_code"]), set()).add(row["minor_name"])
    assert {key: seen for key, seen in names.items() if len(seen) > 1} == {}


def test_every_stage_but_handling_has_a_limit_for_every_urgency(db):
    standards.load_stage_limits()
    stages = set(Stage.values) - {Stage.HANDLE}  # handling has the limit of the standard
    expected = {(stage, urgency) for stage in stages for urgency in Urgency.values}
    assert set(StageLimit.objects.values_list("stage", "urgency")) == expected
    urgent = StageLimit.objects.get(stage=Stage.REGISTER, urgency=Urgency.URGENT)
    assert (urgent.limit, urgent.limit_unit) == (Decimal("0.5"), LimitUnit.URGENT_HOUR)


# ---- loading


def test_loading_all_gives_every_row_its_code_lead_and_flags(loaded):
    assert Counter(Standard.objects.values_list("kind", flat=True)) == {
        "component": 375, "event": 144, "governance": 172,
    }  # fmt: skip
    cover = Standard.objects.get(code="C0101-1")
    assert (cover.minor_name, cover.limit, cover.limit_unit) == ("上水井盖", 2, "urgent_hour")
    assert (cover.photos_required, cover.rating_asked, cover.valid_from) == (True, True, FIRST)
    dispute = Standard.objects.get(code="G1101-2")
    assert dispute.limit_unit == "natural_day"
    vendors = Standard.objects.get(code="E0401-1")
    assert list(vendors.leads.values_list("level", "department_kind__code")) == [
        (0, "urban_management"), (2, "urban_management"),
    ]  # fmt: skip
    assert list(cover.leads.values_list("level", "department_kind__code")) == [(0, "water_supply")]


def test_every_standard_has_a_county_lead(loaded):
    assert Standard.objects.exclude(leads__level=0).count() == 0


def test_loading_twice_changes_nothing(kinds):
    first = standards.load_defaults(FIRST)
    before = snapshot()
    again = standards.load_defaults(SECOND)
    assert first == standards.Loaded(added=691)
    assert again == standards.Loaded(unchanged=691)
    assert snapshot() == before


def test_loading_costs_the_same_for_one_row_and_for_519(kinds):
    one, many = rows_of(CASES)[:1], rows_of(CASES)
    with CaptureQueriesContext(connection) as single:
        standards.load(one, FIRST)
    Standard.objects.all().delete()
    with CaptureQueriesContext(connection) as batch:
        standards.load(many, FIRST)
    # kinds, versions in force, their leads, versions ended later, both inserts (SQLite splits long ones)
    inserts = [query for query in batch if query["sql"].startswith("INSERT")]
    assert len(single) - 2 == len(batch) - len(inserts)
    assert len(inserts) <= 20


def test_a_changed_row_ends_the_old_version_and_opens_a_new_one(kinds, lamp):
    standards.load([lamp], FIRST)
    old = Standard.objects.get()
    result = standards.load([{**lamp, "limit": "3"}], SECOND)
    assert result == standards.Loaded(changed=1)
    assert versions_of("C0137-2") == [(1, FIRST, SECOND), (3, SECOND, None)]
    assert Standard.objects.valid_on(date(2026, 6, 30)).get().pk == old.pk
    assert Standard.objects.valid_on(SECOND).get().limit == 3


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("condition", "路灯长明"), ("closing_term", "修复"), ("limit_unit", "work_hour"), ("photos", "no"),
        ("rating", "no"), ("lead_0", "power"), ("lead_2", "urban_management"), ("minor_name", "道路照明"),
    ],
)  # fmt: skip
def test_whatever_differs_makes_a_new_version(kinds, lamp, column, value):
    standards.load([lamp], FIRST)
    assert standards.load([{**lamp, column: value}], SECOND) == standards.Loaded(changed=1)
    assert standards.load([{**lamp, column: value}], THIRD) == standards.Loaded(unchanged=1)


def test_the_leads_of_an_old_version_stay_with_it(kinds, lamp):
    standards.load([lamp], FIRST)
    standards.load([{**lamp, "lead_0": "power"}], SECOND)
    leads = StandardLead.objects.order_by("standard__valid_from")
    assert list(leads.values_list("department_kind__code", flat=True)) == ["municipal", "power"]


def test_a_mistake_mended_on_the_same_day_leaves_one_version(kinds, lamp):
    standards.load([lamp], FIRST)
    standards.load([{**lamp, "limit": "4"}], FIRST)
    assert versions_of("C0137-2") == [(4, FIRST, None)]


def test_a_version_that_an_event_uses_is_not_replaced_on_its_first_day(kinds, lamp):
    standards.load([lamp], FIRST)
    root = Grid.objects.create(code="430281000000", name="醴陵市", level=0)
    centre = Unit.objects.create(kind=Unit.Kind.CENTRE, name="指挥中心", code="centre", grid=root)
    Event.objects.create(
        description="路灯不亮",
        grid=root,
        path=root.path,
        holder=centre,
        centre=centre,
        standard=Standard.objects.get(),
    )
    before = snapshot()
    with pytest.raises(Conflict, match="C0137-2: events use the version of 2026-01-01 already"):
        standards.load([{**lamp, "limit": "4"}], FIRST)
    assert snapshot() == before
    standards.load([{**lamp, "limit": "4"}], SECOND)
    assert Event.objects.get().standard.limit == 1


def test_history_is_not_rewritten_from_an_earlier_day(kinds, lamp):
    standards.load([lamp], SECOND)
    with pytest.raises(Conflict, match="a version that begins after 2026-01-01"):
        standards.load([{**lamp, "limit": "4"}], FIRST)
    assert versions_of("C0137-2") == [(1, SECOND, None)]


def test_an_ended_standard_begins_again_only_after_its_end(kinds, lamp):
    standards.load([lamp], FIRST)
    Standard.objects.update(valid_until=THIRD)
    with pytest.raises(Conflict, match="in force beyond 2026-07-01"):
        standards.load([lamp], SECOND)
    assert standards.load([lamp], THIRD) == standards.Loaded(added=1)
    assert versions_of("C0137-2") == [(1, FIRST, THIRD), (1, THIRD, None)]


def test_only_missing_leaves_what_a_county_has_edited(kinds, lamp):
    standards.load([{**lamp, "limit": "9"}], FIRST)
    result = standards.load_files([CASES], SECOND, only_missing=True)
    assert result == standards.Loaded(added=518, unchanged=1)
    assert versions_of("C0137-2") == [(9, FIRST, None)]


def test_department_kinds_and_stage_limits_edited_here_stay(kinds):
    standards.load_stage_limits()
    StageLimit.objects.filter(stage="verify").update(limit=9)
    DepartmentKind.objects.filter(code="urban_management").update(name="综合执法")
    assert (standards.load_department_kinds(), standards.load_stage_limits()) == (0, 0)
    assert set(StageLimit.objects.filter(stage="verify").values_list("limit", flat=True)) == {9}
    assert DepartmentKind.objects.get(code="urban_management").name == "综合执法"


def test_revising_one_column_keeps_the_others(loaded):
    old = Standard.objects.get(code="E0401-1")
    new = standards.revise(code="E0401-1", valid_from=SECOND, limit="4")
    assert (new.limit, new.condition, new.rating_asked) == (4, old.condition, old.rating_asked)
    assert list(new.leads.values_list("level", "department_kind")) == list(
        old.leads.values_list("level", "department_kind")
    )
    assert standards.revise(code="E0401-1", valid_from=THIRD).pk == new.pk


def test_revising_what_is_not_in_force_says_so(kinds):
    with pytest.raises(Invalid, match="no standard X0000-1 in force"):
        standards.revise(code="X0000-1", valid_from=FIRST)


# ---- wrong rows


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("kind", "thing", "Row 8, kind: expected one of component, event, governance, got “thing”."),
        ("major_code", "1", "Row 8, major_code: expected two to four digits such as 01, got “1”."),
        ("minor_code", "", "Row 8, minor_code: expected two to four digits such as 01, got “”."),
        ("minor_name", " ", "Row 8, minor_name: must not be empty."),
        ("variant", "0", "Row 8, variant: expected a whole number from 1, got “0”."),
        ("condition", "长" * 201, "Row 8, condition: is longer than 200 characters."),
        ("limit", "two", "Row 8, limit: expected a number above 0 with at most two decimals, got “two”."),
        ("limit", "0", "Row 8, limit: expected a number above 0 with at most two decimals, got “0”."),
        ("limit", "NaN", "Row 8, limit: expected a number above 0 with at most two decimals, got “NaN”."),
        ("limit", "0.125", "Row 8, limit: expected a number above 0 with at most two decimals, got “0.125”."),
        ("limit", "1e9", "Row 8, limit: expected a number above 0 with at most two decimals, got “1e9”."),
        (
            "limit_unit",
            "week",
            "Row 8, limit_unit: expected one of urgent_hour, urgent_day, work_hour, work_day, natural_day, "
            "got “week”.",
        ),
        ("lead_0", "", "Row 8, lead_0: must not be empty."),
        ("lead_2", "navy", "Row 8, lead_2: there is no department kind “navy”."),
        ("photos", "maybe", "Row 8, photos: expected yes or no, got “maybe”."),
        ("rating", None, "Row 8, rating: the column is missing."),
        ("price", "3", "Row 8, price: there is no such column."),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_loaded(kinds, lamp, column, value, words):
    with pytest.raises(Invalid) as caught:
        standards.load([{**lamp, "variant": "1"}, {**lamp, column: value}], FIRST, first_row=7)
    assert caught.value.fields == {f"8.{column}": [words]}
    assert Standard.objects.count() == 0


def test_all_mistakes_of_a_file_are_named_at_once(kinds, lamp):
    with pytest.raises(Invalid) as caught:
        standards.load([{**lamp, "limit": "", "photos": ""}, lamp, {**lamp, "condition": ""}], FIRST)
    assert sorted(caught.value.fields) == ["1.limit", "1.photos", "2.variant", "3.condition", "3.variant"]
    assert caught.value.fields["2.variant"] == ["Row 2, variant: C0137-2 is in row 1 already."]
    assert str(caught.value.message) == "Nothing was loaded; fields that are wrong: 5."


# ---- the command


def run(*args):
    out = StringIO()
    call_command("load_standards", *args, stdout=out)
    return out.getvalue()


def write(path, *rows):
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # as Excel saves "CSV UTF-8"
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def test_the_command_loads_everything_shipped_and_says_how_much(db):
    Standard.objects.all().delete()
    StageLimit.objects.all().delete()
    DepartmentKind.objects.all().delete()
    assert run("--from", "2026-01-01") == "Standards from 2026-01-01: 691 new, 0 changed, 0 unchanged.\n"
    assert (DepartmentKind.objects.count(), StageLimit.objects.count()) == (36, 12)
    assert run("--from", "2026-07-01") == "Standards from 2026-07-01: 0 new, 0 changed, 691 unchanged.\n"


def test_the_command_loads_a_list_of_ones_own(loaded, lamp, tmp_path):
    new = {**lamp, "variant": "7", "condition": "路灯光色不一"}
    file = write(tmp_path / "own.csv", {**lamp, "limit": "2"}, new)
    said = run("--file", file, "--from", "2026-07-01")
    assert said == "Standards from 2026-07-01: 1 new, 1 changed, 0 unchanged.\n"


def test_the_command_names_file_row_and_field_and_loads_no_file(kinds, lamp, tmp_path):
    good = write(tmp_path / "good.csv", lamp)
    bad = write(tmp_path / "bad.csv", {**lamp, "variant": "3"}, {**lamp, "variant": "4", "limit": "soon"})
    with pytest.raises(CommandError) as caught:
        run("--file", good, "--file", bad)
    assert str(caught.value) == (
        "bad.csv: Nothing was loaded; fields that are wrong: 1.\n"
        "Row 3, limit: expected a number above 0 with at most two decimals, got “soon”."
    )
    assert Standard.objects.count() == 0


def test_the_command_says_when_a_file_is_missing_or_no_text(kinds, tmp_path):
    with pytest.raises(CommandError, match=r"none\.csv: The file cannot be read: No such file or directory"):
        run("--file", str(tmp_path / "none.csv"))
    (tmp_path / "gbk.csv").write_bytes("路灯".encode("gbk"))
    with pytest.raises(CommandError, match=r"gbk\.csv: This is not a CSV file in UTF-8\."):
        run("--file", str(tmp_path / "gbk.csv"))


# ---- finding one


def codes(query, **options):
    return [standard.code for standard in standards.search(query, **options)]


def test_a_search_text_out_of_date_is_mended_without_a_new_version(kinds, lamp):
    standards.load([lamp], FIRST)
    fresh = Standard.objects.get().search_text
    Standard.objects.update(search_text="")
    assert standards.load([lamp], SECOND) == standards.Loaded(unchanged=1)
    assert Standard.objects.get().search_text == fresh
    assert versions_of("C0137-2") == [(1, FIRST, None)]


def test_a_search_looks_at_one_day_and_takes_one_query(kinds, lamp, django_assert_num_queries):
    standards.load([lamp], FIRST)
    standards.load([{**lamp, "condition": "路灯熄灭"}], SECOND)
    with django_assert_num_queries(1):
        found = standards.search("路灯", day=date(2026, 3, 1))
    assert [standard.condition for standard in found] == ["路灯夜间不亮"]
    assert codes("熄灭", day=date(2026, 3, 1)) == []
    assert codes("熄灭", day=SECOND) == ["C0137-2"]
