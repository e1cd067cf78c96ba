"""A dirty workbook by clicking: uploaded, mistakes read, duplicates decided, applied, undone."""

from datetime import date

from playwright.sync_api import expect

from residents import derived, tasks
from residents.models import Building, ImportBatch, Resident
from tests.residents.factories import ResidentFactory, id_number
from tests.residents.intake_scene import xlsx_bytes

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def dirty(county):
    """A roll as it comes from a community: title over merged cells, its own words, full-width digits, mistakes."""
    grid = county.west.grids[0]
    twin = id_number(date(1980, 5, 6), male=False)
    ResidentFactory(
        grid=grid, household=None, dwelling=None, name="刘珍珍", id_number="", phone="12099990000",
        birth_date=f"{derived.from_id_number(twin)[0][:8]}20",
    )  # fmt: skip
    wide = id_number(date(1975, 1, 2)).translate({ord(sign): ord(sign) + 0xFEE0 for sign in "0123456789"})
    rows = [
        ["阳三街道一社区实有人口信息表（2026年）"],
        ["序号", "房屋", None, None, None, "人员", None, None, None, None, None],
        [None, "所属网格", "小区名称", "幢号", "室号", "姓 名", "性别", "公民身份号码*", "手机号码", "文化程度",
         "与户主的关系"],
        [1, grid.code, "阳光花园", 3, 501, "刘 珍珍", "女", twin, "12011112222", "大专", "妻子"],
        [2, grid.code, "阳光花园", 3, "501室", "王建国 ", "男性", f" {wide}", 12033334444.0, "本科", "户主"],
        [3, grid.code, "阳光花园", "3栋", "502", "陈丽", "女", 430281198503040020, "12055556666", "", ""],
        [4, grid.code, "阳光花园", "3栋", "503", "李强", "男", "430281198503041234", "1205", "博士后", ""],
        [5, county.east.grids[0].code, "阳光花园", "3栋", "504", "外网格", "男", "", "", "", ""],
        [None] * 11,
    ]
    return {"name": "人口信息表.xlsx", "mimeType": XLSX, "buffer": xlsx_bytes(rows, ("A1:K1", "B2:E2", "F2:K2"))}


def waits_for(page, status):
    page.wait_for_selector(f"#import-status[data-status={status}]")


def test_a_dirty_workbook_is_imported_and_taken_back(desk, county, shots, monkeypatch):
    for task in (tasks.read_import, tasks.apply_import, tasks.undo_import):
        monkeypatch.setattr(task, "delay", task)  # the worker of this test
    page = desk.sit_down(county.operator)
    page.goto("/registry/imports/")
    page.screenshot(path=shots / "import-1-upload.png", full_page=True)
    old = {"name": "old.xls", "mimeType": XLSX, "buffer": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 99}
    page.set_input_files("[name=file]", old)
    page.click("#content form[enctype] button")
    expect(page.locator("#id_file_errors")).to_contain_text("旧版 Excel")
    page.set_input_files("[name=file]", dirty(county))
    page.click("#content form[enctype] button")

    waits_for(page, "ready")
    page.screenshot(path=shots / "import-2-mistakes.png", full_page=True)
    wrong = page.locator("#content .import-table")
    for words in ("校验码", "已丢失", "11 位手机号", "末级网格"):
        expect(wrong).to_contain_text(words)
    expect(page.locator("#confirm-form button")).to_be_disabled()

    page.click(".tabs a[href='?tab=doubt']")
    expect(page.locator("#row-4")).to_contain_text("120****0000")
    page.wait_for_load_state()
    assert "12099990000" not in page.content()
    page.screenshot(path=shots / "import-3-duplicates.png", full_page=True)
    page.click("#row-4 [name=choice][value=same]")
    page.wait_for_selector("#row-4[data-decided]")
    page.click(".tabs a[href='?tab=new']")
    expect(page.locator("#content .import-table")).to_contain_text("王建国")
    page.wait_for_load_state()
    page.screenshot(path=shots / "import-4-new.png", full_page=True)

    page.check("#confirm-form [name=without_wrong]")
    page.click("#confirm-form button")
    waits_for(page, "applied")
    page.screenshot(path=shots / "import-5-applied.png", full_page=True)
    assert set(Resident.objects.values_list("name", flat=True)) == {"刘珍珍", "王建国"}
    liu = Resident.objects.select_related("dwelling__building", "household__head").get(name="刘珍珍")
    assert (liu.dwelling.building.address, liu.dwelling.door, liu.relation) == ("阳光花园3栋", "501", "10")
    assert liu.household.head.name == "王建国" and liu.education == "30"

    page.click("#undo-form button")
    waits_for(page, "undone")
    assert list(Resident.objects.values_list("name", "dwelling")) == [("刘珍珍", None)]
    assert not Building.objects.exists()
    assert desk.troubles == []


def test_progress_is_shown_and_a_dead_job_is_told(desk, county, monkeypatch):
    monkeypatch.setattr(tasks.read_import, "delay", lambda _pk: None)  # nobody takes the job
    page = desk.sit_down(county.operator, "phone")
    page.goto("/registry/imports/")
    page.set_input_files("[name=file]", dirty(county))
    page.click("#content form[enctype] button")
    waits_for(page, "waiting")
    batch = ImportBatch.objects.get()
    from django.utils import timezone

    from residents.intake import hold

    with hold.held(batch.pk):
        ImportBatch.objects.update(status="reading", started_at=timezone.now(), done=30, total=120)
        page.wait_for_selector("#import-progress[value='25']")
    page.wait_for_selector("#import-state .conflict button")
    monkeypatch.setattr(tasks.read_import, "delay", tasks.read_import)
    page.click("#import-state .conflict button")
    waits_for(page, "ready")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert desk.troubles == []
