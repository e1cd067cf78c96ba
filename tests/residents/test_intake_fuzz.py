"""Garbage for the importers and validators: it is refused or named, never an exception, never half a record."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stdnum.cn import ric

from accounts.services import clean_id_number, clean_phone
from core.errors import Invalid
from residents.classes import CARE, STATUTORY
from residents.intake import cells, service
from residents.intake.cells import Bad
from residents.intake.cleaner import Cleaner, Order
from residents.intake.columns import COLUMNS, SECTIONS, columns
from residents.intake.rolls.heads import Heads
from residents.intake.rolls.leases import Leases
from residents.intake.rolls.registers import layout_of
from residents.intake.stage import Stage
from residents.models import Building, CareClass, Change, Dwelling, Household, Resident, Stay
from tests.residents.factories import id_number
from tests.residents.intake_scene import PEOPLE, csv_file, xlsx_file
from tests.residents.test_intake import person

TODAY = "2026-11-22"
CALM = settings(
    max_examples=150, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
FEW = settings(CALM, max_examples=12)
# What a cell may hold: words of the trade, mangled numbers, anything a spreadsheet has.
TRADE = st.sampled_from(
    [
        "", " ", "男", "女", "汉族", "501室", "2单元", "3栋", "是", "否", "E", "1E5", "4.30281E+17", "示例", "1985-03-04",
        "1985/13/41", "20260230", "44000", "１３８", "=1+1", "'=1+1", "-5", "NaN", "inf", "1e309", "\u200b", "\ufeff",
        "\x00", "\ud800", "㍿", "𠮷" * 70, "430281198503041234", "11010519491231002X", "91110000600037341L",
        "12011112222", "0733-23334444",
    ]
)  # fmt: skip
CELL = st.one_of(
    TRADE, st.text(max_size=40), st.none(), st.integers(), st.floats(), st.booleans(), st.datetimes(), st.dates(),
    st.text(alphabet="0123456789X-./ ", max_size=22),
)  # fmt: skip
MIXED = ("minimum_living", "mental_disorder")
# Of files about records that are there; of two classes, which have every kind of own field between them.
ROLLED = [
    column
    for layout in (
        Leases.layout, Heads.layout,
        *(layout_of(CareClass(**row)) for row in (*CARE, *STATUTORY) if row["code"] in MIXED),
    )
    for column in layout.columns
]  # fmt: skip
TEXT_CELL = st.one_of(TRADE, st.text(max_size=40)).filter(lambda cell: "\x00" not in cell and "\ud800" not in cell)


@CALM
@given(cell=CELL)
def test_no_cell_raises_anything_but_what_was_expected(cell):
    for column in (*COLUMNS, *ROLLED):
        try:
            value = column.read(cell)
        except Bad as bad:
            assert bad.code
        else:
            assert value is None or isinstance(value, str | int | float)
            assert not isinstance(value, str) or not cells.CONTROL.search(value)


@CALM
@given(cell=st.one_of(st.text(max_size=30), st.text(alphabet="0123456789Xx １２-", max_size=20)))
def test_phones_are_judged_as_everywhere(cell):
    line = cells.digits(cell) if not cells.SHORTENED.fullmatch(cells.text(cell).replace(" ", "")) else ""
    if not line:
        return
    try:
        expected = clean_phone(line)
    except ValueError:
        with pytest.raises(Bad):
            cells.phone(cell)
    else:
        assert cells.phone(cell) == expected


@CALM
@given(
    area=st.from_regex(r"[1-9][0-9]{5}", fullmatch=True), born=st.dates(date(1850, 1, 1), date(2050, 1, 1)),
    order=st.integers(0, 999), slip=st.integers(0, 40), sign=st.sampled_from("0123456789X"),
)  # fmt: skip
def test_id_numbers_are_judged_as_everywhere(area, born, order, slip, sign):
    head = f"{area}{born:%Y%m%d}{order:03d}"
    number = head + ric.calc_check_digit(head + "0")
    if slip < 18:
        number = number[:slip] + sign + number[slip + 1 :]
    try:
        clean_id_number(number)
    except ValueError:
        with pytest.raises(Bad):
            cells.id_card(number, date.today().isoformat())
    else:
        assert cells.id_card(number, date.today().isoformat()) == (
            f"{number[6:10]}-{number[10:12]}-{number[12:14]}", "1" if int(number[16]) % 2 else "2",
        )  # fmt: skip


@CALM
@given(data=st.data(), kind=st.sampled_from(list(SECTIONS)))
def test_a_row_is_staged_whole_or_named(data, kind):
    listed = columns(kind)
    row = data.draw(st.lists(CELL, min_size=0, max_size=len(listed) + 2))
    row = ["G1", *row[1:]] if row and data.draw(st.booleans()) else row
    cleaner = Cleaner(Order(kind, {place: c.name for place, c in enumerate(listed)}, {"G1": 1}, TODAY))
    staged, faults = cleaner.clean([(7, row)])
    assert len(staged) + bool(faults) <= 1
    for fault in faults:
        assert fault[0] == 7 and fault[1] and fault[2]
    for values in staged:
        assert values[:2] == [7, 1] and len(values) == 2 + len(cleaner.names)


@pytest.mark.django_db
@FEW
@given(content=st.one_of(st.binary(max_size=600), st.binary(max_size=300).map(lambda tail: b"PK\x03\x04" + tail)))
def test_bytes_are_no_import(county, content):
    with Everything():
        try:
            batch = service.upload(
                actor=county.operator, kind="people", file=SimpleUploadedFile("a.xlsx", content)
            )
        except Invalid as refused:
            assert refused.fields["file"]
            return
        assert service.read(batch.pk) == "refused"
        batch.refresh_from_db()
        assert batch.problem["code"] != "fault"


@pytest.mark.django_db
@FEW
@given(data=st.data())
def test_rows_of_garbage_among_good_ones(county, data):
    """Whatever stands in a file: the good rows come in, the others are named, or nothing at all happens."""
    grid = county.west.grids[0]
    garbage = data.draw(st.lists(st.lists(TEXT_CELL, max_size=14), max_size=6))
    half = [[grid.code, *row] for row in garbage]
    good = person(grid, "甲乙丙", number=id_number(male=False), phone="12098765432", household="Z-1", door="9901")
    make = data.draw(st.sampled_from([csv_file, xlsx_file])) if _fits_xlsx(garbage) else csv_file
    batch = service.upload(actor=county.operator, kind="people", file=make([PEOPLE, *half, good, *garbage]))
    assert service.read(batch.pk) == "ready"
    batch.refresh_from_db()
    undecided = service.undecided(Stage(batch))
    assert not undecided or service.decide(actor=county.operator, batch_id=batch.pk, choice="new") == undecided
    service.confirm(actor=county.operator, batch_id=batch.pk, without_wrong=True)
    assert service.apply(batch.pk) == "applied"
    assert Resident.objects.filter(name="甲乙丙").count() == 1
    told = batch.counts["sections"]["resident"]
    assert batch.counts["rows"] == batch.counts["wrong"] + sum(told.values())
    for person_ in Resident.objects.all():
        assert person_.name and person_.grid_id == grid.pk
    service.ask_undo(actor=county.operator, batch_id=batch.pk)
    assert service.undo(batch.pk) == "undone"
    assert not any(model.objects.exists() for model in (Resident, Building, Dwelling, Household, Stay))


def _fits_xlsx(garbage):
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    return not any(ILLEGAL_CHARACTERS_RE.search(cell) or cell.startswith("=") for row in garbage for cell in row)


class Everything:
    """Nothing of the registry changes inside."""

    def __enter__(self):
        self.before = self._all()

    def __exit__(self, kind, *_rest):
        assert kind is not None or self._all() == self.before

    def _all(self):
        return [list(m.objects.order_by("pk").values()) for m in (Resident, Building, Dwelling, Household, Change)]


