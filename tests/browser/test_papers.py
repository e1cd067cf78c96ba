"""One paper of each kind by clicking: asked for, watched, fetched, read back."""

import io
import re
from pathlib import Path
from threading import Thread

import pytest
from django.db import connections
from openpyxl import load_workbook
from playwright.sync_api import expect
from pypdf import PdfReader

from papers import tasks
from papers.models import Paper
from tests.papers.scene import Village
from tests.scenes import Scene


@pytest.fixture
def county(own_connections, settings):
    from events import calendars

    settings.PUBLIC_URL = "https://wg.example.cn"
    made = Scene()
    calendars.fill(2026)
    return made


@pytest.fixture
def worker(monkeypatch):
    """A worker beside the browser: the paper is made in a thread while the page watches it."""
    threads = []

    def run(args, **_more):
        def job():
            tasks.make_paper(*args)
            connections.close_all()

        threads.append(Thread(target=job))
        threads[-1].start()

    monkeypatch.setattr(tasks.make_paper, "apply_async", run)
    yield
    for thread in threads:
        thread.join(60)


def fetched(page, selector):
    with page.expect_download() as waiting:
        page.click(selector)
    return io.BytesIO(Path(waiting.value.path()).read_bytes()), waiting.value.suggested_filename


def made(page, kind, fill=None):
    """The words of a paper of this kind, made by clicking through its form."""
    page.goto("/papers/")
    page.click(f"a[href='/papers/new/{kind}/']")
    page.wait_for_url(f"**/papers/new/{kind}/")
    if fill is not None:
        fill(page)
    page.click(".paper-form button[type=submit]")
    expect(page.locator("#paper-status[data-status=ready]")).to_be_visible(timeout=60_000)
    file, name = fetched(page, "#paper-pdf")
    reader = PdfReader(file)
    return re.sub(r"\s+", "", "".join(one.extract_text() for one in reader.pages)), name


def choose(name):
    def fill(page):
        page.fill("[name=grid_q]", name)
        page.locator("[data-picker] label", has_text=name).first.click()

    return fill


def test_each_paper_is_made_by_clicking_and_read_back(desk, county, worker, shots):
    village = Village(county)
    event = county.in_status("closed")
    page = desk.sit_down(village.top)
    page.goto("/grids/")
    page.goto(f"/grids/{village.grid.pk}/")
    page.click("a[href*='/papers/new/sign/']")
    page.wait_for_url("**/papers/new/sign/**")
    page.screenshot(path=shots / "papers-1-form.png", full_page=True)
    page.click(".paper-form button[type=submit]")
    expect(page.locator("#paper-status[data-status=ready]")).to_be_visible(timeout=60_000)
    file, name = fetched(page, "#paper-pdf")
    assert "阳三街道第1网格" in PdfReader(file).pages[0].extract_text() and name.endswith(".pdf")
    page.screenshot(path=shots / "papers-2-ready.png", full_page=True)

    words, _name = made(page, "cards", choose("阳三街道一社区"))
    assert "民情联系卡" in words and "李兴飞" in words
    words, _name = made(page, "wall", choose("阳三街道一社区"))
    assert "阳三街道一社区网格划分图" in words and "陈文莲" in words

    page.goto(f"/events/{event.pk}/")
    page.click("a[href*='/papers/new/case/']")
    page.wait_for_url("**/papers/new/case/**")
    page.click(".paper-form button[type=submit]")
    expect(page.locator("#paper-status[data-status=ready]")).to_be_visible(timeout=60_000)
    file, _name = fetched(page, "#paper-pdf")
    assert "校验通过" in "".join(one.extract_text() for one in PdfReader(file).pages)

    words, _name = made(page, "report")
    assert "值班日报" in words and "当日受理事件" in words
    file, name = fetched(page, "#paper-xlsx")
    assert name.endswith(".xlsx") and "指标" in load_workbook(file).sheetnames

    page.goto("/papers/")
    expect(page.locator("tbody tr")).to_have_count(5)
    page.screenshot(path=shots / "papers-3-list.png", full_page=True)
    assert desk.troubles == [] and Paper.objects.filter(status="ready").count() == 5


def test_progress_is_shown_and_a_dead_job_can_be_begun_again(desk, county, monkeypatch):
    from core import holds
    from papers import services

    village = Village(county)
    monkeypatch.setattr(tasks.make_paper, "apply_async", lambda args, **more: None)  # nobody takes it
    page = desk.sit_down(village.top, "phone")
    page.goto(f"/papers/new/sign/?grid={village.grid.pk}")
    page.click(".paper-form button[type=submit]")
    expect(page.locator("#paper-status[data-status=waiting]")).to_be_visible()
    paper = Paper.objects.get()
    with holds.held(services.FOLDER, paper.pk):
        Paper.objects.update(status="making", phase="layout", done=1, total=4)
        expect(page.locator("#paper-progress[value='25']")).to_be_visible(timeout=10_000)
    expect(page.locator("#paper-state .conflict")).to_be_visible(timeout=10_000)
    monkeypatch.setattr(tasks.make_paper, "apply_async", lambda args, **more: tasks.make_paper(*args))
    page.click("#paper-state form[action$='/again/'] button")
    expect(page.locator("#paper-status[data-status=ready]")).to_be_visible(timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert desk.troubles == []
