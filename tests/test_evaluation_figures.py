"""Figures of the indicators on a hand-built set of records: each is counted by hand beside it."""

from datetime import date
from decimal import Decimal

import pytest

from evaluation import selectors, services
from events.models import Assignment, Whistle, WhistleCall
from events.workflow import Status
from tests.factories import PostFactory, UnitFactory
from tests.scores import (
    DEPARTMENTS,
    LATER,
    MONTH,
    OCTOBER,
    QUARTER,
    busy_october,
    figures,
    local,
    make_event,
    make_turn,
    pair,
    rated,
)


@pytest.fixture
def october(county):
    busy_october(county)
    return county


def test_worker_figures_are_counted_by_the_local_month(october):
    me, east = october.worker.pk, october.worker_east.pk
    assert figures("reports") == {me: pair(3, None), east: pair(1, None)}
    assert figures("valid_reports") == {me: pair(3, 5), east: pair(1, 1)}
    assert figures("settled_on_spot") == {me: pair(1, 3), east: pair(0, 1)}
    assert figures("verified_on_time") == {me: pair(2, 3), october.operator.pk: pair(0, 1)}


def test_ratings_by_others_count_for_the_workers_of_the_grid_and_silence_for_nobody(county):
    rated(county, 5, reporter=county.operator)
    rated(county, 4)  # nobody with an account
    rated(county, 3, reporter=county.worker_next)
    rated(county, None)  # silent
    rated(county, 5, reporter=county.worker)  # one's own praise
    rated(county, 1, at=local(11, 2))
    rated(county, 1, grid=county.east.grids[1])  # a grid without workers
    PostFactory(
        user=county.worker, role="worker_part", grid=county.west.grids[0]
    )  # twice in the grid: counts once
    helper = PostFactory(role="worker_part", grid=county.west.grids[0]).user
    PostFactory(role="grid_leader", grid=county.west.grids[0])  # no worker
    gone = PostFactory(role="worker_part", grid=county.west.grids[0], until=date(2026, 10, 20)).user
    assert gone.pk not in figures("resident_satisfaction")
    assert figures("resident_satisfaction") == {county.worker.pk: pair(2, 3), helper.pk: pair(3, 4)}


def test_a_workers_card_adds_up(october):
    period = services.score(MONTH, OCTOBER, LATER)
    card = selectors.card(october.operator, period.cards.get(user=october.worker).pk)
    lines = {line.indicator: line for line in card.lines.all()}
    # 15 of satisfaction are left out: the other weights grow by 100/85.
    assert [(code, line.value, line.most, line.points) for code, line in lines.items()] == [
        ("valid_reports", Decimal("0.600000"), Decimal("35.2941"), Decimal("21.1765")),
        ("reports", Decimal("3.000000"), Decimal("17.6471"), Decimal("6.6177")),
        ("settled_on_spot", Decimal("0.333333"), Decimal("17.6471"), Decimal("17.6471")),
        ("verified_on_time", Decimal("0.666667"), Decimal("29.4118"), Decimal("19.6079")),
        ("resident_satisfaction", None, Decimal("0.0000"), None),
    ]
    assert card.total == Decimal("65.05")
    assert (card.rank, card.of, card.path) == (1, 3, october.west.grids[0].path)


def test_whoever_held_a_workers_post_on_a_day_of_the_month_is_scored_once(county):
    grid = county.west.grids[1]
    left = PostFactory(role="worker_full", grid=grid, until=date(2026, 10, 2)).user
    came = PostFactory(role="worker_part", grid=grid, since=date(2026, 10, 31)).user
    PostFactory(role="worker_full", grid=grid, until=date(2026, 10, 1))
    PostFactory(role="worker_full", grid=grid, since=date(2026, 11, 1))
    PostFactory(user=county.worker, role="worker_part", grid=county.east.grids[1], since=date(2026, 10, 15))
    period = services.score(MONTH, OCTOBER, LATER)
    expected = {county.worker, county.worker_next, county.worker_east, left, came}
    assert {card.user for card in period.cards.select_related("user")} == expected
    assert period.cards.count() == len(expected)
    assert period.cards.get(user=county.worker).path == county.east.grids[1].path


def test_an_idle_worker_has_no_points_for_reports_and_loses_none_for_want_of_ratings(county):
    period = services.score(MONTH, OCTOBER, LATER)
    card = period.cards.get(user=county.worker)
    assert card.total == Decimal("0.00")
    assert list(card.lines.order_by("sort").values_list("points", flat=True)) == [0, 0, 0, None, None]


def test_on_time_handling_counts_what_was_due(county):
    due = local(8, 10)
    make_turn(county, due, "passed")
    make_turn(county, due, "fed_back", late=True)
    make_turn(county, due, "rework", late=True, exempt=True)  # late stays, the score forgives
    make_turn(county, due, "open")  # never answered
    make_turn(county, due, "returned")  # given back in time: not to be handled by it
    make_turn(county, due, "returned", late=True)  # given back too late
    make_turn(county, due, "withdrawn")
    suspended = make_event(county, local(8, 1), status=Status.SUSPENDED, lead=county.urban)
    make_turn(county, due, "open", event=suspended)  # its clock stands still
    make_turn(county, local(10, 1, 0, 0), "passed")  # due in the next quarter
    make_turn(county, due, "fed_back", unit=county.police, lead=False)
    assert figures("handled_on_time", DEPARTMENTS, QUARTER) == {
        county.urban.pk: pair(2, 5),
        county.police.pk: pair(1, 1),
    }
    assert Assignment.objects.filter(exempt=True, late=True).count() == 1


def test_closing_return_and_rework_rates(county):
    due = local(8, 10)
    for outcome in ("passed", "passed", "fed_back", "open", "rework", "returned", "withdrawn"):
        make_turn(county, due, outcome)
    make_turn(county, due, "passed", lead=False)
    urban = county.urban.pk
    assert figures("closed", DEPARTMENTS, QUARTER) == {urban: pair(2, 4)}
    assert figures("returned", DEPARTMENTS, QUARTER) == {urban: pair(1, 6)}
    assert figures("reworked", DEPARTMENTS, QUARTER) == {urban: pair(1, 4)}


def test_a_turn_counts_in_the_quarter_of_its_own_instant(county):
    make_turn(county, local(7, 1, 8), "passed", days=2, ended_at=local(6, 30))
    urban, empty = county.urban.pk, {}
    assert figures("handled_on_time", DEPARTMENTS, QUARTER) == {urban: pair(1, 1)}
    assert figures("returned", DEPARTMENTS, QUARTER) == empty  # dispatched on 29 June
    assert figures("reworked", DEPARTMENTS, QUARTER) == empty  # handled on 30 June
    assert figures("reworked", DEPARTMENTS, date(2026, 4, 1)) == {urban: pair(0, 1)}


def test_mean_used_share_is_capped_at_the_limit_and_leaves_exempted_turns_out(county):
    due = local(8, 10)
    for share in (0.1, 0.2, 7.5):
        make_turn(county, due, "passed", used_share=share)
    make_turn(county, due, "passed", used_share=9.0, exempt=True)
    make_turn(county, due, "passed", used_share=None)
    make_turn(county, due, "returned", used_share=0.9)
    assert figures("used_share", DEPARTMENTS, QUARTER) == {county.urban.pk: pair("1.3", 3)}


def test_whistles_count_those_who_came_in_time(county):
    event = make_event(county, local(8, 1))
    closed = make_event(county, local(8, 1), status=Status.CLOSED, closed_at=local(8, 2, 9, 30))
    for called, arrived in (
        (event, local(8, 2, 10, 0)),  # on the minute
        (event, local(8, 2, 10, 1)),
        (event, None),
        (closed, None),  # over before anybody had to come
        (closed, local(8, 2, 9, 20)),
    ):
        whistle = Whistle.objects.create(
            event=called, unit=county.west.station, by=county.operator, called_at=local(8, 2), place="路口",
            come_by=local(8, 2, 10),
        )  # fmt: skip
        WhistleCall.objects.create(
            whistle=whistle,
            unit=county.police,
            called_at=local(8, 2),
            come_by=local(8, 2, 10),
            arrived_at=arrived,
        )
    assert figures("came_when_called", DEPARTMENTS, QUARTER) == {county.police.pk: pair(2, 4)}


def test_department_satisfaction(county):
    for stars in (5, 4, 3, None):
        rated(county, stars, at=local(8, 3), lead=county.urban)
    rated(county, 1, at=local(8, 3))  # settled without a department
    assert figures("satisfaction", DEPARTMENTS, QUARTER) == {county.urban.pk: pair(2, 3)}


def test_a_departments_quarter_and_one_without_cases(county):
    due = local(8, 10)
    make_turn(county, due, "passed", used_share=0.25)
    make_turn(county, due, "passed", used_share=1.0, late=True)
    make_turn(county, due, "rework", used_share=0.5)
    UnitFactory(kind="department", department_kind=county.kind, grid=county.west.town, active=False)
    period = services.score(DEPARTMENTS, QUARTER, LATER)
    assert (period.start, period.end, period.name) == (QUARTER, date(2026, 10, 1), "2026Q3")
    urban, police = period.cards.get(unit=county.urban), period.cards.get(unit=county.police)
    # 2/3 of 35, 2/2 of 15, none returned: 10, a third sent back: 0 of 10, 0.583 used: 0.8333 of 10; 80 of 100 apply.
    expected = (
        (Decimal(35) * 2 / 3 + 15 + 10 + Decimal(10) * (1 - Decimal("0.583333")) / Decimal("0.5")) / 80 * 100
    )
    assert urban.total == expected.quantize(Decimal("0.01")) == Decimal("70.83")
    assert (urban.rank, urban.of) == (1, 1)
    assert (police.total, police.rank, police.of) == (None, None, 1)
    assert period.cards.count() == 2


def test_a_department_that_was_closed_since_is_scored_for_what_it_did(county):
    closed = UnitFactory(kind="department", department_kind=county.kind, grid=county.west.town, active=False)
    make_turn(county, local(8, 10), "passed", unit=closed, used_share=0.25)
    assert services.score(DEPARTMENTS, QUARTER, LATER).cards.filter(unit=closed, rank=1).count() == 1
    before = services.score(DEPARTMENTS, date(2026, 4, 1), LATER)
    assert set(before.cards.values_list("unit", flat=True)) == {county.urban.pk, county.police.pk}
