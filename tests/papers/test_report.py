"""Reports: figures on paper and in the workbook equal an independent count of the events."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import User
from core.errors import Invalid, NotFound, Refused
from duty.models import Shift
from duty.services import handovers, warnings
from events.models import Assignment, Event
from papers import services
from papers.makers import report
from papers.makers.report import Gathered, Report
from papers.recipes import Order
from tests.papers.scene import Village, read, size_of, text_of
from tests.scenes import Scene


@pytest.fixture
def scene(db):
    made = Scene()
    for status in ("reported", "registered", "handling", "closed", "evaluated"):
        made.in_status(status)
    made.report("worker_east", location=made.east.point)
    return made


def make(scene, span="day", actor=None, grid=None, day=None):
    actor = actor or scene.person("centre_head", unit=scene.centre)
    day = (day or timezone.localdate()).isoformat()
    return Village.make(None, "report", actor, grid=(grid or scene.root).pk, span=span, day=day)


def rows(paper, name):
    book = load_workbook(paper.sheet.open("rb"))
    return list(book[name].iter_rows(values_only=True))


def test_a_daily_report_counts_what_was_counted_independently(scene):
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    Event.objects.filter(status="handling").update(due_at=timezone.now() - timedelta(hours=2))
    closed = Event.objects.filter(closed_at__gte=today)
    reported = Event.objects.filter(reported_at__gte=today).count()
    paper = make(scene)
    assert {size_of(page) for page in read(paper).pages} == {(210, 297)}
    words = text_of(paper)
    open_ = Event.objects.exclude(closed_at__isnull=False).count()
    for each in ("醴陵市网格化服务管理值班日报", f"{today:%Y}年第{today.timetuple().tm_yday}期",
                 f"当日受理事件{reported}件；办结{closed.count()}件。", f"目前在办{open_}件，其中已超时1件",
                 "报告期尚未结束",
                 "走势", "市城管局", "城区片区", "内部资料"):  # fmt: skip
        assert each in words, (each, words)
    late = Event.objects.get(status="handling")
    assert late.number in words and late.description not in words  # free text may name people

    measures = {row[0]: row[1:] for row in rows(paper, "指标")}
    assert measures["受理"][0] == str(reported) and measures["办结"][0] == str(closed.count())
    kinds = rows(paper, "类别")
    assert kinds[0][:3] == ("编码", "类别", "上报") or kinds[0][2]
    assert sum(row[2] for row in kinds[1:]) == reported
    places = {row[0]: row[1:] for row in rows(paper, "区域")}
    assert places["城区片区"][0] == reported and places["城区片区"][8] == 1  # late now
    units = {row[0]: row[1:] for row in rows(paper, "责任单位")}
    led = Assignment.objects.filter(unit=scene.urban, lead=True, dispatched_at__gte=today)
    assert units["市城管局"][0] == led.count()
    assert rows(paper, "综述")[4][0].startswith("当日受理事件")
    trend = rows(paper, "趋势")[1:]
    assert sum(row[1] for row in trend) == reported and sum(row[2] for row in trend) == closed.count()


def test_a_daily_report_tells_who_was_on_duty_what_was_warned_of_and_who_took_it(scene):
    now, unit, desk = timezone.now(), scene.west.town_centre, scene.people["op_town"]
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    for name, role, since in (("莫莲", "leader", 8), ("黄诗平", "watch", 8), ("宋然", "watch", 8), ("石子然", "chief", -4)):
        start = midnight + timedelta(hours=since)
        Shift.objects.create(unit=unit, name=name, role=role, starts_at=start, ends_at=start + timedelta(hours=12))
    Shift.objects.create(unit=scene.east.town_centre, name="旁人", starts_at=midnight, ends_at=now + timedelta(days=1))
    for level, title in (("major", "南山林区发生山火"), ("serious", "渌江水位上涨"), ("notice", "周末集市")):
        actor = User.objects.get(pk=desk.pk)
        raised = warnings.raise_warning(actor=actor, level=level, cause="fire", title=title, grid_id=scene.west.town.pk)
        if level == "major":
            warnings.take(actor=actor, warning_id=raised.pk)
    handovers.write(actor=scene.people["head_town"], unit=unit, words="张某来电反映", matters=[("跟进", None)])

    paper = make(scene, grid=scene.west.town)
    words = text_of(paper)
    for each in ("带班领导：莫莲值班员：黄诗平、宋然", "值班长石子然", "南山林区发生山火", f"{desk}", "无人接警",
                 "发布预警2条，其中重大1条，已接警1条，平均用时0分钟，1条无人接警。", "当日交班1次，已接班0次"):  # fmt: skip
        assert each in words, (each, words)
    assert "旁人" not in words and "张某" not in words  # another centre's; free text may name people
    told = [row[1:4] + row[6:] for row in rows(paper, "预警")[1:]]
    place = scene.west.town.name
    assert told == [
        ("重大", "南山林区发生山火", place, 0), ("较大", "渌江水位上涨", place, None), ("提示", "周末集市", place, None)
    ]  # fmt: skip

    elsewhere = text_of(make(scene, grid=scene.east.town))
    assert "旁人" in elsewhere and "南山林区" not in elsewhere
    week = text_of(make(scene, "week", grid=scene.west.town))
    assert "八、预警" in week and "南山林区发生山火" in week and "莫莲" not in week


@pytest.mark.parametrize(("span", "title"), [("week", "分析周报"), ("month", "分析月报")])
def test_a_report_of_one_street_counts_that_street(scene, span, title):
    paper = make(scene, span, grid=scene.east.town)
    words = text_of(paper)
    assert f"来龙门街道网格化服务管理{title}" in words and "受理事件1件" in words
    assert "来龙门街道一社区" in words and "阳三街道" not in words


def test_a_period_that_is_over_is_counted_whole(scene):
    yesterday = timezone.localdate() - timedelta(days=1)
    Event.objects.filter(status="reported").update(reported_at=timezone.now() - timedelta(days=1))
    reported = Event.objects.filter(status="reported").count()
    words = text_of(make(scene, day=yesterday))
    assert f"当日受理事件{reported}件" in words and "报告期尚未结束" not in words


def test_what_is_late_in_a_report_of_the_past_is_late_now(scene):
    """Of a day that is over too few were late: what fell due after its end was left out, and the summary said otherwise."""
    yesterday = timezone.localdate() - timedelta(days=1)
    Event.objects.filter(status="handling").update(due_at=timezone.now() - timedelta(seconds=1))
    places = {row[0]: row[1:] for row in rows(make(scene, day=yesterday), "区域")}
    assert places["城区片区"][8] == 1


def test_reports_are_for_those_whose_territory_it_is(scene):
    day = timezone.localdate().isoformat()
    options = {"grid": scene.root.pk, "span": "day", "day": day}
    for actor, error in ((scene.operator, NotFound), (scene.staff, Refused), (scene.stranger, NotFound)):
        with pytest.raises(error):
            services.ask(actor=actor, kind="report", options=options)
    assert Report().plan(scene.people["leader"], options).grid == scene.root


def test_limits_are_told(scene, monkeypatch):
    monkeypatch.setattr(report, "MOST_PLACES", 0)
    with pytest.raises(Invalid) as told:
        make(scene)
    assert list(told.value.fields) == ["grid"]


def test_a_report_costs_as_many_queries_for_many_events_as_for_few(scene):
    def queries():
        options = {"grid": scene.root.pk, "span": "week", "day": "2026-01-07"}
        actor = scene.people["leader"]
        plan = Report().plan(actor, options)
        with CaptureQueriesContext(connection) as seen:
            found = Gathered(Order(actor, plan, options, timezone.now()))
            found.page()
            found.sheets()
        return len(seen)

    few = queries()
    for _ in range(5):
        scene.report()
    assert queries() <= few
