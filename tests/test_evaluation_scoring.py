"""Scoring: the same again, ties, late data, what is due, the command, and an event through all six steps."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from celery.schedules import maybe_schedule
from django.core.management import CommandError, call_command

from core.errors import Invalid
from evaluation import periods, schemes, services
from evaluation.models import Kind, Period, Scheme, Scorecard
from evaluation.registry import INDICATORS, USER
from evaluation.tasks import score_due, score_period
from events import services as event_services
from events.workflow import Status
from gridcenter import celery_app
from tests.factories import PostFactory
from tests.scores import (
    CHINA,
    DEPARTMENTS,
    LATER,
    MONTH,
    OCTOBER,
    QUARTER,
    busy_october,
    local,
    make_event,
    make_turn,
    pair,
    rated,
    snapshot,
)


@pytest.fixture
def october(county):
    busy_october(county)
    return county


def test_scoring_twice_leaves_the_same_rows(october):
    first = services.score(MONTH, OCTOBER, LATER)
    before = snapshot(first)
    second = services.score(MONTH, OCTOBER, LATER + timedelta(days=3))
    assert first.pk == second.pk
    assert snapshot(second) == before
    assert len(before) == 3 * 5
    assert Scorecard.objects.count() == 3


def test_late_data_are_counted_when_a_draft_is_scored_again(october):
    period = services.score(MONTH, OCTOBER, LATER)
    before = period.cards.get(user=october.worker).total
    make_event(october, local(10, 20), reporter=october.worker)  # came in from a phone that was offline
    services.score(MONTH, OCTOBER, LATER)
    after = period.cards.get(user=october.worker)
    assert after.lines.get(indicator="valid_reports").value == Decimal("0.666667")
    assert after.total > before


def test_equal_totals_share_a_rank_and_the_next_is_skipped(county):
    fourth = PostFactory(role="worker_full", grid=county.east.grids[1]).user
    for worker in (county.worker, county.worker_next):
        make_event(county, local(10, 5), reporter=worker)
    make_event(county, local(10, 5), reporter=county.worker_east, status=Status.REJECTED)
    make_event(county, local(10, 5), reporter=county.worker_east)
    period = services.score(MONTH, OCTOBER, LATER)
    ranks = dict(period.cards.values_list("user", "rank"))
    assert ranks == {county.worker.pk: 1, county.worker_next.pk: 1, county.worker_east.pk: 3, fourth.pk: 4}
    assert set(period.cards.values_list("of", flat=True)) == {4}


def test_a_period_is_scored_when_it_is_over(county):
    with pytest.raises(Invalid):
        services.score(MONTH, OCTOBER, datetime(2026, 10, 31, 23, 59, tzinfo=CHINA))
    with pytest.raises(Invalid):
        services.score(MONTH, date(2026, 10, 2), LATER)
    assert not Period.objects.exists()
    assert services.score(MONTH, OCTOBER, datetime(2026, 11, 1, 0, 0, tzinfo=CHINA)).scored_at is not None


def test_what_a_card_shows_follows_from_its_rows(october):
    """For every figure: as many rows as the denominator says, and as much counted as the numerator."""
    for outcome in ("passed", "rework", "returned", "open"):
        make_turn(october, local(10, 10), outcome, used_share=0.5)
    rated(october, 5, lead=october.urban, reporter=october.operator)
    cards = [
        services.score(MONTH, OCTOBER, LATER).cards.get(user=october.worker),
        services.score(DEPARTMENTS, OCTOBER, datetime(2027, 1, 1, 2, tzinfo=CHINA)).cards.get(
            unit=october.urban
        ),
    ]
    looked_at = 0
    for card in cards:
        for line in card.lines.exclude(denominator=0):
            rows = list(line.definition.rows(card.period, card.subject_id))
            assert len(rows) == (line.numerator if line.denominator is None else line.denominator), (
                line.indicator
            )
            assert sum(Decimal(str(row.amount)) for row in rows if row.counted) == line.numerator, (
                line.indicator
            )
            looked_at += bool(rows)
    assert looked_at == 11


def test_what_was_missed_in_a_downtime_is_due_and_then_done_once(county):
    make_event(county, local(7, 20), reporter=county.worker)
    months = [date(2026, 7, 1), date(2026, 8, 1), date(2026, 9, 1)]
    services.score(MONTH, months[1], LATER)
    assert services.due_periods(MONTH, local(10, 1, 1, 59)) == [months[0]]
    assert services.due_periods(MONTH, local(10, 1, 2)) == [months[0], months[2]]
    assert services.due_periods(DEPARTMENTS, local(10, 1, 2)) == [QUARTER]
    assert services.due_periods(DEPARTMENTS, local(9, 30, 23)) == []


def test_the_schedules_task_scores_what_is_due_and_nothing_twice(county, time_machine):
    time_machine.move_to(local(10, 1, 2), tick=False)
    make_event(county, local(8, 20), reporter=county.worker)
    assert score_due("month") == ["2026-08", "2026-09"]
    assert score_due("month") == []
    assert score_due("quarter") == ["2026Q3"]
    assert Scorecard.objects.filter(period__kind=MONTH).count() == 2 * 3
    assert score_period("month", "2026-08-01") == {"period": "2026-08", "cards": 3}


def test_a_period_that_cannot_be_scored_does_not_keep_the_others_waiting(county, time_machine):
    time_machine.move_to(local(10, 1, 2), tick=False)
    make_event(county, local(8, 20), reporter=county.worker)
    bad = Scheme.objects.create(
        kind=MONTH, name="无指标", valid_from=date(2026, 8, 1), valid_until=date(2026, 9, 1)
    )
    good = Scheme.objects.create(kind=MONTH, name="新方案", valid_from=date(2026, 9, 1), total=10)
    good.items.create(indicator="reports", weight=10)
    with pytest.raises(Invalid) as failed:
        score_due("month")
    assert bad.name in str(failed.value.message)
    assert list(Period.objects.filter(kind=MONTH).values_list("start", flat=True)) == [date(2026, 9, 1)]
    assert services.due_periods(MONTH) == [date(2026, 8, 1)]


def test_without_events_nothing_is_due_and_without_a_scheme_then_it_is_left_alone(county):
    assert services.due_periods(MONTH, LATER) == []
    make_event(county, local(8, 20))
    Scheme.objects.create(kind=MONTH, name="从十月起", valid_from=OCTOBER)
    assert services.due_periods(MONTH, LATER) == [OCTOBER]
    with pytest.raises(Invalid):
        services.score(MONTH, date(2026, 8, 1), LATER)


def test_an_event_taken_through_all_steps_reaches_both_scores(county, time_machine):
    time_machine.move_to(local(9, 14, 10), tick=True)
    event = event_services.report(
        actor=county.worker, description="井盖缺失", location=county.west.point, standard=county.standard.pk
    ).event
    for actor, action, supplied in (
        (county.operator, "register", {"standard": county.standard.pk, "urgency": "normal"}),
        (county.operator, "dispatch", {"lead": county.urban.pk}),
        (county.staff, "sign", {}),
        (county.staff, "feed_back", {"words": "已更换"}),
        (county.worker, "rework", {"words": "没有盖好"}),
        (county.staff, "sign", {}),
        (county.staff, "feed_back", {"words": "已重新更换"}),
        (county.worker, "verify_pass", {"words": "已恢复", "location": county.west.point}),
        (county.worker, "evaluate", {"stars": 5}),
    ):
        event_services.advance(event_id=event.pk, action=action, actor=actor, **supplied)
    # The deadline is two working days away; the quarter is scored when both are over.
    quarter = services.score(DEPARTMENTS, QUARTER, LATER)
    lines = quarter.cards.get(unit=county.urban).lines
    assert {line.indicator: (line.numerator, line.denominator) for line in lines.all()} == {
        "handled_on_time": pair(2, 2),
        "closed": pair(1, 1),
        "returned": pair(0, 2),
        "reworked": pair(1, 2),
        "came_when_called": pair(0, 0),
        "used_share": pair(0, 2),
        "satisfaction": pair(1, 1),
    }
    month = services.score(MONTH, date(2026, 9, 1), LATER)
    lines = month.cards.get(user=county.worker).lines
    assert {line.indicator: (line.numerator, line.denominator) for line in lines.all()} == {
        "valid_reports": pair(1, 1),
        "reports": pair(1, None),
        "settled_on_spot": pair(0, 1),
        "verified_on_time": pair(2, 2),
        "resident_satisfaction": pair(0, 0),
    }


def run(*args, **options):
    out = StringIO()
    call_command(*args, stdout=out, **options)
    return out.getvalue()


def test_the_command_scores_and_publishes_any_period(october, time_machine):
    time_machine.move_to(local(11, 3), tick=False)
    assert "2026-10" in run("score", "month", "2026-10")
    assert october.worker.name in run("score", "month", "last")
    assert not Period.objects.get(kind=MONTH).is_published
    assert "2026Q3" in run("score", "quarter", "2026Q3", publish=True)
    run("score", "month", "2026-10", publish=True)
    assert set(Period.objects.values_list("status", flat=True)) == {"published"}
    run("score", "month", "2026-10", publish=True)  # again: says so, changes nothing
    assert "2026-09" in run("score", "month", "due")
    for wrong in ("2026-11", "2026-13", "soon"):
        with pytest.raises(CommandError):
            run("score", "month", wrong)
    with pytest.raises(CommandError):
        run("score", "month", "2026-10")


def test_every_indicator_is_explained(settings):
    page = (settings.BASE_DIR / "docs/scores.md").read_text(encoding="utf-8")
    for code, entry in INDICATORS.items():
        assert entry.meaning, code
        assert f"`{code}`" in page, code
        assert entry.subject == USER or code in {i.indicator for i in schemes.DEFAULTS[DEPARTMENTS]}


@pytest.mark.parametrize(
    ("name", "last", "wakes", "due"),
    [
        ("score-months", (9, 1, 2, 0), (10, 1, 1, 59), False),
        ("score-months", (9, 1, 2, 0), (10, 1, 2, 0), True),
        ("score-months", (9, 1, 2, 0), (10, 4, 15, 0), True),  # the machine was off on the 1st
        ("score-months", (10, 1, 2, 0), (10, 31, 23, 0), False),
        ("score-quarters", (7, 1, 2, 30), (9, 1, 2, 30), False),
        ("score-quarters", (7, 1, 2, 30), (10, 1, 2, 30), True),
        ("score-quarters", (7, 1, 2, 30), (10, 9, 8, 0), True),
        ("score-missed-months", (10, 1, 4, 10), (10, 2, 4, 10), True),  # the database was away on the 1st
        ("score-missed-quarters", (10, 1, 4, 30), (10, 2, 4, 30), True),
    ],
)
def test_the_schedule_comes_on_its_day_and_after_a_downtime(time_machine, name, last, wakes, due):
    entry = celery_app.conf.beat_schedule[name]
    time_machine.move_to(local(*wakes), tick=False)
    schedule = maybe_schedule(entry["schedule"], app=celery_app)
    assert schedule.is_due(local(*last)).is_due is due
    assert entry["task"] == score_due.name
    assert periods.kind_of(*entry["args"]) in Kind.values
