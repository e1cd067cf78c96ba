"""Files about records that are there: entries of registers, tenancies, building heads."""

import io
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from core import ciphers
from core.errors import Invalid, NotFound
from grids.models import Grid
from residents import classes, tasks
from residents.intake import preview, rolls, service
from residents.intake.stage import PREFIX, Stage
from residents.models import (
    Access,
    Building,
    CareClass,
    CareRecord,
    Change,
    Dwelling,
    GridCount,
    ImportBatch,
    SupportRecord,
    Tenancy,
)
from residents.services import care as registers
from residents.services import rotation, subject, support
from tests.residents.factories import (
    BuildingFactory,
    DwellingFactory,
    HouseholdFactory,
    OrganisationFactory,
    ResidentFactory,
    id_number,
)
from tests.residents.intake_scene import applied, csv_file, faults, read, unchanged

pytestmark = pytest.mark.django_db
HEAD = ("姓名", "身份证号", "出生日期", "网格编码", "关注等级", "走访周期", "责任人")
DISABLED = (*HEAD, "残疾证号", "残疾人证号", "残疾类别", "残疾等级", "辅具或改造需求")
ILL = (*HEAD, "监护人", "监护人电话", "治疗情况", "享受监护补助")


@pytest.fixture
def grid(county):
    classes.load(CareClass)
    return county.west.grids[0]


@pytest.fixture
def person(grid):
    return ResidentFactory(household__dwelling__building__grid=grid, id_number=id_number(date(1950, 3, 4), male=False))


@pytest.fixture
def head(county):
    return county.person("centre_head", unit=county.west.station)


def disabled(person, **more):
    row = {
        "name": person.name, "number": person.id_number, "born": "", "grid": "", "attention": "高", "days": "15天",
        "worker": "", "other": "", "card": "", "type": "肢体", "grade": "二级", "aid": "轮椅",
    }  # fmt: skip
    return list((row | more).values())


def ill(person, **more):
    row = {
        "name": person.name, "number": person.id_number, "born": "", "grid": "", "attention": "", "days": "", "worker": "",
        "guardian": "机密监护人", "phone": "13800001111", "treatment": "规律服药", "subsidy": "是",
    }  # fmt: skip
    return list((row | more).values())


def undone(actor, batch):
    service.ask_undo(actor=actor, batch_id=batch.pk)
    return service.undo(batch.pk)


def staged(batch) -> str:
    """Everything that the tables of an import hold, and its own row."""
    with connection.cursor() as cursor:
        names = [n for n in connection.introspection.table_names(cursor) if n.startswith(f"{PREFIX}_{batch.pk}_")]
        held = []
        for name in names:
            cursor.execute(f"SELECT * FROM {name}")
            held.append(str(cursor.fetchall()))
        cursor.execute("SELECT * FROM residents_importbatch WHERE id = %s", [batch.pk])
        return "\n".join([*held, str(cursor.fetchall())])


def test_a_care_register_comes_in_as_by_the_form_and_goes_back(county, grid, person):
    other = ResidentFactory(household__dwelling__building__grid=grid, name="王小明")
    known = CareClass.objects.get(code="disabled")
    registers.begin(
        actor=county.operator, resident=other, care_class=known, data={"type": "视力", "grade": "一级", "aid": "盲杖"}
    )
    file = csv_file([
        DISABLED, disabled(person, worker=county.worker.name),
        disabled(other, attention="", days="", type="", grade="三级", aid=""),
    ])  # fmt: skip
    batch = read(county.operator, "care-disabled", file)
    assert (batch.status, batch.name, batch.counts["wrong"]) == ("ready", "", 0)
    assert batch.counts["sections"] == {"care": {"n": 1, "c": 1}}
    assert person.id_number not in (text := staged(batch)) and "轮椅" not in text and "disabled" not in text
    service.confirm(actor=county.operator, batch_id=batch.pk)
    assert service.apply(batch.pk) == "applied"
    made = CareRecord.objects.get(resident=person)
    today = timezone.localdate()
    assert (made.attention, made.visit_days, made.responsible, made.since) == (1, 15, county.worker, today)
    assert made.next_visit == today + timedelta(days=15) and made.grid == grid
    assert made.values == {"type": "肢体", "grade": "二级", "aid": "轮椅"} and "轮椅" not in str(made.data)
    changed = CareRecord.objects.get(resident=other)
    assert changed.values == {"type": "视力", "grade": "三级", "aid": "盲杖"} and changed.attention == 2
    told = Change.objects.filter(kind="care", batch=batch.uid).order_by("pk").values_list("record_id", "action")
    assert list(told) == [(made.pk, "begun"), (changed.pk, "changed")]
    count = GridCount.objects.get(grid=grid, measure=f"care.{known.pk}")
    assert count.amount == 2
    assert undone(county.operator, batch) == "undone"
    changed.refresh_from_db()
    assert changed.values == {"type": "视力", "grade": "一级", "aid": "盲杖"}
    assert not CareRecord.objects.filter(resident=person).exists()
    assert not Change.objects.filter(kind="care", record_id=made.pk).exclude(sealed="").exists()
    count.refresh_from_db()
    assert count.amount == 1


def test_what_was_visited_keeps_its_import(county, grid, person):
    batch = applied(county.operator, "care-disabled", csv_file([DISABLED, disabled(person)]))
    registers.visit(CareRecord.objects.get(), actor=county.operator, on=timezone.localdate())
    assert undone(county.operator, batch) == "applied" and CareRecord.objects.count() == 1


def test_mistakes_are_named_by_row_and_column(county, grid, person):
    away = ResidentFactory(household__dwelling__building__grid=county.east.grids[0], name="陈远")
    plain, another = (
        ResidentFactory(household__dwelling__building__grid=grid, name=name, id_number="") for name in ("李一", "李二")
    )
    for _n in range(2):
        ResidentFactory(household__dwelling__building__grid=grid, name="双名", id_number="")
    with unchanged(CareRecord, Change):
        batch = read(county.operator, "care-disabled", csv_file([
            DISABLED,
            disabled(person, type="隐形"),  # 2
            disabled(person, name="别人"),  # 3
            disabled(away),  # 4: as if there were nobody
            disabled(person, type="", grade=""),  # 5
            disabled(person, worker="没有这个人"),  # 6: 5 has spoken of the person already
            disabled(person, name="", attention="特高", days="900"),  # 7
            disabled(person, number="430281198503041234"),  # 8
            disabled(person, name="双名", number=""),  # 9
            disabled(person, name="查无此人", number=""),  # 10
            disabled(plain, number=""),  # 11 and 12: by the name alone
            disabled(another, number=""),
            disabled(person, card="4.30281E+19"),  # 13: 20 digits that a spreadsheet has shortened
        ]))  # fmt: skip
    assert faults(batch) == [
        (2, "care_own_1", "not_in_table"), (3, "care_name", "other_name"), (4, "care_id_number", "no_person"),
        (5, "care_own_1", "needed_new"), (5, "care_own_2", "needed_new"), (6, "care_name", "repeated"),
        (7, "care_attention", "not_in_table"), (7, "care_name", "needed"), (7, "care_visit_days", "number"),
        (8, "care_id_number", "id_check"), (9, "care_id_number", "several"), (10, "care_name", "no_person"),
        (13, "care_own_0", "digits_lost"),
    ]  # fmt: skip
    assert batch.counts["sections"] == {"care": {"d": 2}}
    with pytest.raises(Invalid):
        service.confirm(actor=county.operator, batch_id=batch.pk, without_wrong=True)
    with pytest.raises(Invalid):
        service.decide(actor=county.operator, batch_id=batch.pk, choice="new")
    service.decide(actor=county.operator, batch_id=batch.pk, choice="same")
    service.confirm(actor=county.operator, batch_id=batch.pk, without_wrong=True)
    assert service.apply(batch.pk) == "applied"
    assert {one.resident for one in CareRecord.objects.all()} == {plain, another}


def test_values_stay_with_their_fields_when_an_administrator_puts_these_into_another_order(county, grid, person):
    batch = read(county.operator, "care-disabled", csv_file([DISABLED, disabled(person)]))
    known = CareClass.objects.get(code="disabled")
    known.fields = [known.fields[3], known.fields[1], known.fields[0], known.fields[2]]
    known.save()
    service._match(batch, Stage(batch))
    service.confirm(actor=county.operator, batch_id=batch.pk)
    assert service.apply(batch.pk) == "applied"
    assert CareRecord.objects.get().values == {"type": "肢体", "grade": "二级", "aid": "轮椅"}
    known.fields[1] |= {"choices": ["视力"], "choices_en": []}
    known.save()
    again = read(county.operator, "care-disabled", csv_file([DISABLED, disabled(person, type="视力")]))
    known.fields[1]["choices"] = ["肢体"]
    known.save()
    service._match(again, Stage(again))
    assert faults(again) == [(2, "care_own_1", "no_choice_now")]


def test_a_statutory_register_leaves_no_word_in_clear_and_its_looks_are_logged(client, county, grid, person, head):
    wrong = ill(person, name="王五", number="", treatment="乱吃", attention="病重")
    file = csv_file([ILL, ill(person), wrong], name="严重精神障碍.csv")
    batch = read(head, "care-mental_disorder", file)
    assert batch.counts["sections"] == {"care": {"n": 1}}
    assert faults(batch) == [(3, "care_attention", "not_in_table"), (3, "care_own_2", "not_in_table")]
    kept = ("机密监护人", "规律服药", "mental_disorder", "精神", "治疗", person.id_number, "13800001111", "乱吃", "病重")
    for word in kept:
        assert word not in staged(batch), word
    client.force_login(head)
    page = reverse("residents:import", args=[batch.pk])
    text = client.get(page).content.decode()
    assert "严重精神障碍患者" in text and "规律服药、间断服药" in text and "治疗情况" in text
    assert list(Access.objects.values_list("act", "rows")) == [("list", 1)], "that the one is new says who is not in it"
    assert person.name in client.get(page, {"tab": "new"}).content.decode()
    assert list(Access.objects.values_list("user", "act", "rows", "record_id")) == [(head.pk, "list", 1, None)]
    held = {(column.table, column.name, column.key) for column in rotation.columns()}
    table = f"{PREFIX}_{batch.pk}"
    assert {(f"{table}_raw", "sealed", "line"), (f"{table}_care", "sealed", "ref")} <= held  # keys can be renewed
    service.confirm(actor=head, batch_id=batch.pk, without_wrong=True)
    assert service.apply(batch.pk) == "applied"
    opened = support.of_resident(actor=head, resident=person)[0]
    own = {"guardian": "机密监护人", "guardian_phone": "13800001111", "treatment": "规律服药", "subsidy": "yes"}
    assert opened.own == own
    told = Change.objects.get(kind="support")
    assert (told.action, told.batch, told.changes) == ("begun", batch.uid, {}) and "机密" in ciphers.decrypt(told.sealed)
    for word in ("机密监护人", "规律服药", "mental_disorder", "精神"):
        assert word not in staged(batch), word

    again = read(head, "care-mental_disorder", csv_file([ILL, ill(person, treatment="住院治疗", guardian="")]))
    assert again.counts["sections"] == {"care": {"c": 1}}
    text = client.get(reverse("residents:import", args=[again.pk]), {"tab": "changed"}).content.decode()
    assert "住院治疗" in text and "••••" in text and "规律服药" not in text
    service.confirm(actor=head, batch_id=again.pk)
    assert service.apply(again.pk) == "applied"
    assert support.of_resident(actor=head, resident=person)[0].own["treatment"] == "住院治疗"
    same = read(head, "care-mental_disorder", csv_file([ILL, ill(person, treatment="住院治疗", guardian="")]))
    assert same.counts["sections"] == {"care": {"c": 1}}, "what is in the file is not found out by trying values"
    service.confirm(actor=head, batch_id=same.pk)
    assert service.apply(same.pk) == "applied" and not Change.objects.filter(batch=same.uid).exists()
    assert undone(head, again) == "undone"
    assert support.of_resident(actor=head, resident=person)[0].own["treatment"] == "规律服药"
    assert undone(head, batch) == "applied", "changed since"


def test_an_undone_statutory_import_leaves_nothing(county, grid, person, head):
    batch = applied(head, "care-mental_disorder", csv_file([ILL, ill(person)]))
    assert SupportRecord.objects.count() == 1
    assert undone(head, batch) == "undone"
    assert not SupportRecord.objects.exists() and Change.objects.get(kind="support").sealed == ""


def test_a_class_one_may_not_know_is_no_kind_of_file(client, county, grid, person, head):
    """Not in the list, no template, the same refusal as for a word that means nothing; nor what one has brought
    before one's post ended."""
    batch = read(head, "care-mental_disorder", csv_file([ILL, ill(person)]))
    client.force_login(county.operator)
    text = client.get(reverse("residents:imports")).content.decode()
    assert "care-disabled" in text and "care-mental_disorder" not in text and "精神障碍" not in text
    for kind, status in (("care-disabled", 200), ("care-mental_disorder", 404), ("care-nonsense", 404), ("care", 404)):
        assert client.get(reverse("residents:import-template", args=[kind])).status_code == status
    said = []
    for kind in ("care-mental_disorder", "care-nonsense"):
        with pytest.raises(Invalid) as error:
            service.upload(actor=county.operator, kind=kind, file=csv_file([ILL]))
        said.append(error.value.fields)
    assert said[0] == said[1]
    CareClass.objects.filter(code="mental_disorder").update(roles=["police_officer"])
    client.force_login(head)
    assert client.get(reverse("residents:import", args=[batch.pk])).status_code == 404
    assert "精神障碍" not in client.get(reverse("residents:imports")).content.decode()
    fresh = type(head).objects.get(pk=head.pk)
    with pytest.raises(NotFound):
        service.confirm(actor=fresh, batch_id=batch.pk)
    ImportBatch.objects.filter(pk=batch.pk).update(status="queued")
    assert service.apply(batch.pk) == "ready"
    assert not SupportRecord.objects.exists()


def test_who_is_erased_is_forgotten_by_the_import_too(county, grid, person):
    batch = applied(county.operator, "care-disabled", csv_file([DISABLED, disabled(person)]))
    subject.erase_now(person, actor=None, reason="test")
    assert staged(batch).count("\n") == 1 and "[]" in staged(batch)


def test_a_grid_that_is_no_longer_ones_own_is_left_out(county, grid, person):
    """Else the import could never be applied; what lies there is not found any more."""
    building = BuildingFactory(grid=grid)
    names = ("网格编码", "楼栋地址", "楼栋长", "身份证号")
    row = [grid.code, building.address, person.name, person.id_number]
    batch = read(county.operator, "head", csv_file([names, row]))
    assert batch.counts["sections"] == {"head": {"n": 1}}
    Grid.objects.filter(pk=grid.pk).update(valid_until=timezone.localdate())
    service.confirm(actor=county.operator, batch_id=batch.pk)
    assert service.apply(batch.pk) == "ready"
    batch.refresh_from_db()
    assert (batch.problem["code"], batch.counts["sections"]) == ("changed_meanwhile", {"head": {}})
    assert faults(batch) == [(2, "building_number", "no_building"), (2, "head_id_number", "no_person")]


LEASE = (
    "网格编码", "楼栋地址", "单元", "房号", "承租人", "身份证号", "承租单位", "起租日期", "到期日期", "合同编号",
    "统一社会信用代码",
)  # fmt: skip


def test_tenancies(county, grid, person):
    building = BuildingFactory(grid=grid)
    one, two, three = (DwellingFactory(building=building, use="own") for _n in range(3))
    house = BuildingFactory(grid=grid)
    whole = DwellingFactory(building=house, use="own", unit="", door="整栋")
    firm = OrganisationFactory(grid=grid, name="瓷谷商贸有限公司", credit_code="91430281MA0000000J")
    running = Tenancy.objects.create(dwelling=three, grid=grid, tenant=person, since=date(2025, 1, 1))

    def row(door, tenant="", number="", firm="", since="2026-01-05", until="", contract=""):
        return [grid.code, building.address, door.unit, door.door, tenant, number, firm, since, until, contract]

    mine = {"tenant": person.name, "number": person.id_number}
    batch = read(county.operator, "tenancy", csv_file([
        LEASE, row(one, **mine, contract="A1"), row(two, firm=firm.name), row(three, **mine, until="2099-01-01"),
        row(one), row(one, **mine, since="2026-02-01", until="2026-01-01"), row(one, **mine, since="2099-01-01"),
        [*row(one, **mine)[:3], "9999", *row(one, **mine)[4:]], row(two, firm="没有"), row(one, **mine),
        row(one, **mine, since="2026-02-01"), row(three, **mine, since="2026-02-01", until="2099-01-01"),  # they run
        [*row(one, **mine)[:2], "", "", *row(one, **mine)[4:]], [grid.code, house.address, "", "", *row(one, **mine)[4:]],
        [*row(two, firm="另一家"), firm.credit_code],
    ]))  # fmt: skip
    assert faults(batch) == [
        (5, "tenancy_name", "one_tenant"), (6, "tenancy_until", "ends_first"), (7, "tenancy_since", "future"),
        (8, "dwelling_door", "no_dwelling"), (9, "tenancy_firm", "no_organisation"), (10, "dwelling_door", "repeated"),
        (11, "dwelling_door", "repeated"), (12, "dwelling_door", "repeated"), (13, "dwelling_door", "no_dwelling"),
        (15, "tenancy_firm", "other_firm"),
    ]  # fmt: skip
    assert batch.counts["sections"] == {"tenancy": {"n": 3, "c": 1}}
    service.confirm(actor=county.operator, batch_id=batch.pk, without_wrong=True)
    assert service.apply(batch.pk) == "applied"
    names = ("dwelling", "tenant", "organisation", "since", "until", "contract")
    let = list(Tenancy.objects.order_by("pk").values_list(*names))
    since = date(2026, 1, 5)
    assert let == [
        (three.pk, person.pk, None, date(2025, 1, 1), date(2099, 1, 1), ""),
        (one.pk, person.pk, None, since, None, "A1"), (two.pk, None, firm.pk, since, None, ""),
        (whole.pk, person.pk, None, since, None, ""),
    ]  # fmt: skip
    uses = Dwelling.objects.order_by("pk").filter(building=building).values_list("use", flat=True)
    assert list(uses) == ["rented", "business", "own"]
    told = Change.objects.filter(batch=batch.uid).order_by("pk").values_list("kind", "record_id", "action")
    let = [("dwelling", door.pk, "let") for door in (one, two, whole)]
    assert list(told) == [*let, ("dwelling", three.pk, "changed")]
    assert Change.objects.filter(record_id=one.pk, batch=batch.uid).get().changes["use"] == ["own", "rented"]
    assert undone(county.operator, batch) == "undone"
    assert list(Tenancy.objects.values_list("pk", "until")) == [(running.pk, None)]
    assert list(uses.all()) == ["own", "own", "own"]
    back = Change.objects.get(kind="dwelling", record_id=one.pk, action="import_undone").changes
    assert (back["use"], back["since"]) == (["rented", "own"], ["2026-01-05", ""])


def test_building_heads(county, grid, person):
    taken, free, same = (BuildingFactory(grid=grid, estate="北苑", number=f"{n}栋") for n in (1, 2, 3))
    before = ResidentFactory(household__dwelling__building__grid=grid, name="老楼长")
    child = ResidentFactory(household=HouseholdFactory(), grid=grid, name="小孩", id_number=id_number(date(2020, 1, 2)))
    Building.objects.filter(pk=taken.pk).update(head=before)
    Building.objects.filter(pk=same.pk).update(head=person)
    names = ("所属网格", "小区", "楼栋号", "楼栋长", "身份证号")
    rows = [
        [grid.code, taken.estate, number, name, who]
        for number, name, who in (
            ("1", person.name, person.id_number), ("2栋", person.name, person.id_number),
            ("3栋", person.name, person.id_number), ("4栋", person.name, person.id_number),
            ("2栋", child.name, child.id_number),
        )
    ]  # fmt: skip
    batch = read(county.operator, "head", csv_file([names, *rows]))
    assert faults(batch) == [(5, "building_number", "no_building"), (6, "head_name", "minor")]
    assert batch.counts["sections"] == {"head": {"n": 1, "c": 1, "u": 1}}
    service.confirm(actor=county.operator, batch_id=batch.pk, without_wrong=True)
    assert service.apply(batch.pk) == "applied"
    heads = Building.objects.filter(grid=grid, pk__in=[taken.pk, free.pk, same.pk]).order_by("pk")
    assert set(heads.values_list("head", flat=True)) == {person.pk}
    told = Change.objects.filter(batch=batch.uid, kind="building").order_by("pk").values_list("record_id", "changes")
    assert list(told) == [(taken.pk, {"head_id": [before.pk, person.pk]}), (free.pk, {"head_id": ["", person.pk]})]
    assert undone(county.operator, batch) == "undone"
    assert list(heads.values_list("head", flat=True)) == [before.pk, None, person.pk]


@pytest.mark.parametrize("kind", ["tenancy", "head", "care-disabled", "care-mental_disorder"])
def test_each_template_is_read_back_and_its_example_is_right(client, county, grid, head, monkeypatch, kind):
    monkeypatch.setattr(tasks.read_import, "delay", tasks.read_import)
    client.force_login(head)
    content = b"".join(client.get(reverse("residents:import-template", args=[kind])).streaming_content)
    book = load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["数据", "代码表"]
    sent = {"kind": kind, "file": SimpleUploadedFile("t.xlsx", content)}
    client.post(reverse("residents:imports"), sent)
    assert ImportBatch.objects.latest("pk").problem == {"code": "no_rows"}  # the example is not read
    book.active.cell(3, 1, grid.code)
    out = io.BytesIO()
    book.save(out)
    client.post(reverse("residents:imports"), sent | {"file": SimpleUploadedFile("t.xlsx", out.getvalue())})
    batch = ImportBatch.objects.latest("pk")
    expected = {"no_building", "no_person"}
    assert batch.status == "ready" and {code for _line, _col, code in faults(batch)} <= expected and batch.counts["wrong"]


@pytest.mark.parametrize("count", [1, 5])
def test_a_page_of_changes_costs_the_same_for_one_row_and_many(
    county, grid, person, count, django_assert_max_num_queries
):
    rows = []
    for _n in range(count):
        building = BuildingFactory(grid=grid, head=ResidentFactory(household__dwelling__building__grid=grid))
        rows.append([grid.code, building.address, person.name, person.id_number])
    heads = read(county.operator, "head", csv_file([("网格编码", "楼栋地址", "楼栋长", "身份证号"), *rows]))
    people = [ResidentFactory(household__dwelling__building__grid=grid) for _n in range(count)]
    known = CareClass.objects.get(code="disabled")
    for one in people:
        data = {"type": "肢体", "grade": "一级"}
        registers.begin(actor=county.operator, resident=one, care_class=known, responsible=county.operator, data=data)
    file = csv_file([DISABLED, *(disabled(one, worker=county.worker.name) for one in people)])
    entries = read(county.operator, "care-disabled", file)
    for batch, names in ((heads, [person.name]), (entries, [str(county.worker)])):
        roll = rolls.of(batch)
        with django_assert_max_num_queries(4):  # rows, grids, names, perhaps the posts of who asks
            page = preview.of_roll(roll, "changed", county.operator)
        told = [after for row in page.rows for _name, _before, after in row["changes"]]
        assert len(page.rows) == count and told.count(names[0]) == count


@pytest.mark.parametrize("count", [1, 30])
def test_reading_and_writing_a_register_cost_the_same_for_one_row_and_many(
    county, grid, count, django_assert_max_num_queries
):
    people = [ResidentFactory(household__dwelling__building__grid=grid, name=f"人{n}") for n in range(count)]
    batch = service.upload(
        actor=county.operator, kind="care-disabled", file=csv_file([DISABLED, *(disabled(one) for one in people)])
    )
    with django_assert_max_num_queries(75):
        assert service.read(batch.pk) == "ready"
    service.confirm(actor=county.operator, batch_id=batch.pk)
    with django_assert_max_num_queries(65):
        assert service.apply(batch.pk) == "applied"
    assert CareRecord.objects.count() == count
