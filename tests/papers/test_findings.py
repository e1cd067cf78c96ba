"""Each rule of the findings: where it speaks, what it says, where it is silent."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from django.utils import timezone

from events.clocks import BEIJING
from events.figures import Department, Figure, Flows, Kind, Overview, Rate
from papers import findings
from papers.drawing import charts
from papers.duties import Warned
from papers.periods import Span

NOTHING = Figure(0)


def stands(open_=0, late=0, soon=0):
    none = Figure(Rate())
    return Overview(timezone.now(), NOTHING, NOTHING, Figure(open_), Figure(late), Figure(soon), NOTHING, none, none, none)


def told(**given):
    base = findings.Told("本周", Flows(), Flows(), Flows(), stands())
    return replace(base, **given)


def flows(reported=0, closed=0, **more):
    return Flows(reported=reported, closed=closed, **more)


def due(late, of):
    return flows(on_time=Rate(of - late, of))


def _unit(in_time, of):
    return Department(1, on_time=Rate(in_time, of))


CASES = [
    # rule, figures, the sentence (None: silent)
    (findings.volume, {}, "本周没有受理和办结事件。"),
    (findings.volume, {"now": flows(312, 298)}, "本周受理事件 312 件；办结 298 件。"),
    (findings.volume, {"now": flows(315, 298), "before": flows(280, 9), "year": flows(350, 298)},
     "本周受理事件 315 件，环比上升 12.5%，同比下降 10.0%；办结 298 件，同比持平。"),
    (findings.volume, {"now": flows(20), "before": flows(9)}, "本周受理事件 20 件；办结 0 件。"),  # base too small
    (findings.on_time, {}, None),
    (findings.on_time, {"now": due(1, 4)}, "按期处置率 75.0%（3/4）。"),
    (findings.on_time, {"now": due(10, 250), "before": due(12, 250)},
     "按期处置率 96.0%（240/250），较上期提高 0.8 个百分点。"),
    (findings.on_time, {"now": due(12, 250), "before": due(10, 250)},
     "按期处置率 95.2%（238/250），较上期下降 0.8 个百分点。"),
    (findings.on_time, {"now": due(10, 250), "before": due(11, 250)}, "按期处置率 96.0%（240/250），与上期基本持平。"),
    (findings.closing, {"now": flows(closing=Rate(9, 10))}, "结案率 90.0%（9/10）。"),
    (findings.late, {}, None),
    (findings.late, {"now": due(0, 5)}, "到期事件均按期处置。"),
    (findings.late, {"now": due(9, 50), "places": [("甲镇", due(4, 9)), ("乙镇", due(1, 9)), ("丙镇", due(3, 9))]},
     "到期超时 9 件，主要集中在甲镇（4 件）、丙镇（3 件）。"),
    (findings.late, {"now": due(3, 50), "places": [("甲镇", due(1, 9)), ("乙镇", due(1, 9)), ("丙镇", due(1, 9))]},
     "到期超时 3 件。"),
    (findings.late, {"now": due(20, 50), "places": [("甲镇", due(3, 9))]}, "到期超时 20 件。"),
    (findings.standing, {}, None),
    (findings.standing, {"stands": stands(120, 9, 4)}, "目前在办 120 件，其中已超时 9 件、即将超时 4 件。"),
    (findings.top_kinds, {"now": flows(9), "kinds": [Kind("E1", "暴露垃圾", 9)]}, None),
    (findings.top_kinds, {"now": flows(100), "kinds": [Kind("", "", 40), Kind("E1", "暴露垃圾", 30), Kind("E2", "供水", 9)]},
     "上报较多的类别：暴露垃圾 30 件（占 30.0%）。"),
    (findings.rising, {"kinds": [Kind("E1", "供水", 21)], "kinds_before": {"E1": 8}},
     "较上期明显上升的有：供水（由 8 件增至 21 件）。"),
    (findings.rising, {"kinds": [Kind("E1", "供水", 9)], "kinds_before": {"E1": 4}}, None),  # base too small
    (findings.rising, {"kinds": [Kind("E1", "供水", 29)], "kinds_before": {"E1": 20}}, None),  # less than half more
    (findings.rising, {"kinds": [Kind("E1", "供水", 9)], "kinds_before": {"E1": 5}}, None),  # fewer than five more
    (findings.busiest, {"now": flows(100), "places": [("甲", flows(50)), ("乙", flows(15)), ("丙", flows(35))]},
     "受理量较大的是甲（50 件）、丙（35 件）。"),
    (findings.busiest, {"now": flows(100), "places": [("甲", flows(50)), ("乙", flows(50))]}, None),
    (findings.silent, {"now": flows(100), "places": [("甲", flows(50)), ("乙", flows())]}, "乙本期零上报。"),
    (findings.silent, {"now": flows(100), "places": [("甲", flows(50)), ("乙", flows())], "whole": False}, None),
    (findings.silent, {"now": flows(100), "places": [("甲", flows(9)), *((name, flows()) for name in "乙丙丁戊")]},
     "乙、丙、丁等 4 处本期零上报。"),
    (findings.slow_units,
     {"units": [("城管局", _unit(3, 5)), ("民政局", _unit(9, 10)), ("水务局", _unit(0, 4))]},
     "按期处置率偏低的单位：城管局 60.0%（3/5）。"),
    (findings.slow_units, {"units": [("民政局", _unit(9, 10))]}, None),
    (findings.rework, {"now": flows(handled=20, reworked=1)}, "处置 20 件中返工 1 件，返工率 5.0%。"),
    (findings.rework, {"now": flows(handled=19, reworked=9)}, None),
    (findings.rework, {"now": flows(handled=100, reworked=4)}, None),
    (findings.satisfaction, {"now": flows(satisfaction=Rate(9, 9))}, None),
    (findings.satisfaction, {"now": flows(satisfaction=Rate(49, 50)), "before": flows(satisfaction=Rate(9, 9))},
     "满意率 98.0%（49/50）。"),
    (findings.on_the_spot, {"now": flows(closed=100, settled=26)}, "网格员自办自结 26 件，占办结总数的 26.0%。"),
    (findings.on_the_spot, {"now": flows(closed=9, settled=9)}, None),
    (findings.on_the_spot, {"now": flows(closed=100, settled=9)}, None),
    (findings.warned, {}, None),
    (findings.warned, {"warned": Warned(3, 1, (2, 6))},
     "发布预警 3 条，其中重大 1 条，已接警 2 条，平均用时 4 分钟，1 条无人接警。"),
    (findings.warned, {"warned": Warned(1, 0, (0,))}, "发布预警 1 条，已接警 1 条，平均用时 0 分钟。"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "given", "words"), CASES)
def test_a_rule_says_what_the_data_carries_and_nothing_else(rule, given, words):
    assert rule(told(**given)) == words


def test_every_rule_is_tried_and_all_of_them_speak_in_their_order():
    assert {case[0] for case in CASES} == set(findings.RULES)
    said = list(findings.sentences(told(now=flows(20, 12, on_time=Rate(1, 1)), stands=stands(5))))
    assert said == [
        "本周受理事件 20 件；办结 12 件。", "按期处置率 100.0%（1/1）。", "到期事件均按期处置。",
        "目前在办 5 件，其中已超时 0 件、即将超时 0 件。",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "day", "start", "end", "before", "year", "issue"),
    [
        ("day", date(2024, 2, 29), date(2024, 2, 29), date(2024, 3, 1), date(2024, 2, 28), date(2023, 2, 28), 60),
        ("week", date(2026, 11, 29), date(2026, 11, 23), date(2026, 11, 30), date(2026, 11, 16), date(2025, 11, 24), 48),
        ("month", date(2026, 1, 15), date(2026, 1, 1), date(2026, 2, 1), date(2025, 12, 1), date(2025, 1, 1), 1),
    ],
)
def test_periods_and_what_they_are_compared_with(kind, day, start, end, before, year, issue):
    span = Span.holding(kind, day)
    assert (span.start, span.end, span.before().start, span.year_before().start, span.issue) == (
        start, end, before, year, issue,
    )  # fmt: skip


def test_a_running_period_is_compared_with_as_much_of_the_one_before():
    span, now = Span.holding("month", date(2026, 3, 31)), datetime(2026, 3, 31, 12, tzinfo=BEIJING)
    assert span.runs(now) and span.before().until(now, span) == datetime(2026, 3, 1, tzinfo=BEIJING)  # no 31 February
    early = datetime(2026, 3, 5, 12, tzinfo=BEIJING)
    assert span.before().until(early, span) == datetime(2026, 2, 5, 12, tzinfo=BEIJING)
    over = datetime(2026, 4, 2, tzinfo=BEIJING)
    assert not span.runs(over) and span.before().until(over, span) == datetime(2026, 3, 1, tzinfo=BEIJING)


def test_charts_are_true_to_the_numbers_and_escape_words():
    drawn = charts.bars([("<b>供水", 10, 5), ("供电", 20, None)], width=100)
    assert "&lt;b&gt;供水" in drawn and "<b>" not in drawn
    import re

    ten, five, twenty = (float(x) for x in re.findall(r"h(\d+\.\d+)v(?:2\.9|1\.1)", drawn))
    assert abs(twenty - 2 * ten) < 0.02 and abs(ten - 2 * five) < 0.02
    assert charts.bars([]) == ""
    assert charts.ticks(0) == [0, 1] and charts.ticks(7)[-1] >= 7 and charts.ticks(4980) == [0, 2000, 4000, 6000]
    line = charts.lines(["1", "2"], [("受理", [0, 10], "#000", False), ("上期", [], "#999", True)])
    assert "受理" in line and "上期" in line
