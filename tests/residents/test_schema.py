"""Own fields of a class: definitions and values are checked, typed, and shown in words."""

import pytest

from core.errors import Invalid
from residents import classes, schema
from residents.models import CareClass

GUARDIAN = {"name": "guardian", "label": "监护人", "kind": "text", "required": True, "choices": []}
PHONE = {"name": "guardian_phone", "label": "监护人电话", "kind": "phone", "required": False, "choices": []}
DAY = {"name": "day", "label": "日期", "kind": "date", "required": False, "choices": []}
SUM = {"name": "sum", "label": "金额", "kind": "number", "required": False, "choices": []}
RISK = {"name": "risk", "label": "等级", "kind": "choice", "required": False, "choices": ["一级", "二级"]}
BELL = {"name": "bell", "label": "呼叫设备", "kind": "yes_no", "required": False, "choices": []}
ALL = [GUARDIAN, PHONE, DAY, SUM, RISK, BELL]


def test_values_are_typed_and_unknown_ones_dropped():
    given = {
        "guardian": " 李四 ", "guardian_phone": "138 1234 5678", "day": "2026-05-01", "sum": "450.50", "risk": "一级",
        "bell": "yes", "religion": "无",
    }  # fmt: skip
    assert schema.cleaned(ALL, given) == {
        "guardian": "李四", "guardian_phone": "13812345678", "day": "2026-05-01", "sum": 450.5, "risk": "一级",
        "bell": "yes",
    }  # fmt: skip


def test_cleaning_twice_changes_nothing():
    once = schema.cleaned(ALL, {"guardian": "李四", "sum": 450.0, "day": "2026-05-01", "bell": True})
    assert once == {"guardian": "李四", "sum": 450, "day": "2026-05-01", "bell": "yes"}
    assert schema.cleaned(ALL, once) == once


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("guardian", ""), ("guardian", "长" * 201), ("guardian_phone", "12"), ("day", "2026-13-01"), ("sum", "很多"),
        ("sum", "NaN"), ("risk", "九级"), ("bell", "maybe"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_by_its_field(name, value):
    with pytest.raises(Invalid) as caught:
        schema.cleaned(ALL, {"guardian": "李四", name: value})
    assert list(caught.value.fields) == [name]


@pytest.mark.parametrize("data", [None, [], "x", {"guardian": ["李四"]}, {"guardian": {"a": 1}}])
def test_garbage_is_refused_and_never_breaks(data):
    with pytest.raises(Invalid):
        schema.cleaned(ALL, data)


@pytest.mark.parametrize(
    "definition",
    [
        {}, ["x"], [GUARDIAN, GUARDIAN], [GUARDIAN | {"name": "Ärger"}], [GUARDIAN | {"label": ""}],
        [GUARDIAN | {"kind": "religion"}], [RISK | {"choices": []}], [GUARDIAN | {"choices": ["a"]}],
        [GUARDIAN | {"name": f"g{n}"} for n in range(13)],
    ],
)  # fmt: skip
def test_a_wrong_definition_is_refused(definition):
    with pytest.raises(Invalid) as caught:
        schema.checked(definition)
    assert list(caught.value.fields) == ["fields"]


def test_values_are_shown_in_words_with_phones_masked():
    values = {"guardian": "李四", "guardian_phone": "13812345678", "bell": "yes", "sum": 3}
    assert schema.shown(ALL, values)[:2] == [("监护人", "李四"), ("监护人电话", "138****5678")]
    assert [words for _label, words in schema.shown(ALL, values)][2:] in (["3", "是"], ["3", "Yes"])


@pytest.mark.django_db
def test_the_shipped_classes_are_loaded_and_well_defined():
    classes.load(CareClass)  # already there by the migration, unless a test has emptied the tables
    assert classes.load(CareClass) == 0
    shipped = {row["code"]: row for row in (*classes.CARE, *classes.STATUTORY)}
    loaded = {row.code: row for row in CareClass.objects.filter(code__in=shipped)}
    assert set(loaded) == set(shipped)
    statutory = {row.code for row in loaded.values() if row.statutory}
    assert statutory == {"community_correction", "resettlement", "mental_disorder", "drug_rehabilitation"}
    for row in loaded.values():
        assert schema.checked(row.fields) == row.fields
        assert "《" in row.legal_basis
        assert len(row.role_names) == len(row.roles) > 0
        row.full_clean()


def test_no_statutory_register_is_open_to_whoever_only_administers_or_counts():
    for row in classes.STATUTORY:
        assert not {"district_admin", "leader", "inspector", "staff", "worker_full"} & set(row["roles"])
