"""Who sees which cards, and what reading them costs."""

from datetime import date
from decimal import Decimal

import pytest

from core.errors import NotFound
from evaluation import selectors, services
from evaluation.models import Period, Scheme, Scorecard, ScoreLine
from events.models import StageRecord
from tests.factories import DepartmentKindFactory, PostFactory, UnitFactory
from tests.scores import (
    DEPARTMENTS,
    LATER,
    MONTH,
    OCTOBER,
    QUARTER,
    busy_october,
    local,
    make_event,
    make_turn,
)


@pytest.fixture
def october(county):
    busy_october(county)
    return county


@pytest.fixture
def draft(october):
    return services.score(MONTH, OCTOBER, LATER)


@pytest.fixture
def published(county):
    UnitFactory(name="阳三城管中队", kind="department", department_kind=county.kind, grid=county.west.town)
    for kind, start in ((MONTH, OCTOBER), (DEPARTMENTS, QUARTER)):
        services.publish(period_id=services.score(kind, start, LATER).pk, actor=None)
    return county


def seen(user):
    return {card.subject for card in Scorecard.objects.visible_to(user).select_related("user", "unit")}


def test_a_worker_sees_the_own_card_only(published):
    assert seen(published.worker) == {published.worker}
    colleague = Scorecard.objects.get(user=published.worker_next)
    with pytest.raises(NotFound):
        selectors.card(published.worker, colleague.pk)
    assert set(ScoreLine.objects.visible_to(published.worker).values_list("scorecard__user", flat=True)) == {
        published.worker.pk
    }


def test_department_staff_see_their_units_card_only(published):
    assert seen(published.staff) == {published.urban}
    assert seen(published.police_staff) == {published.police}


def test_centres_and_leaders_see_their_territory(published):
    west = {published.worker, published.worker_next}
    squad = Scorecard.objects.get(unit__name="阳三城管中队").unit
    assert seen(published.operator) == west
    assert seen(published.person("leader", grid=published.west.town)) == {*west, squad}
    assert seen(published.person("grid_leader", grid=published.west.grids[1])) == {published.worker_next}
    assert seen(published.operator_top) == {
        *west,
        published.worker_east,
        squad,
        published.urban,
        published.police,
    }


def test_no_post_or_a_post_without_the_permission_sees_nothing(published):
    for person in (published.stranger, published.person("mediator", grid=published.west.village)):
        assert seen(person) == set()
        assert not Period.objects.visible_to(person).exists()
        assert not ScoreLine.objects.visible_to(person).exists()
        assert not Scheme.objects.visible_to(person).exists()


def test_drafts_are_for_those_who_look_over_the_work_of_others(county):
    services.score(MONTH, OCTOBER, LATER)
    services.score(DEPARTMENTS, QUARTER, LATER)
    for person in (county.worker, county.staff):
        assert seen(person) == set()
        assert not Period.objects.visible_to(person).exists()
    assert seen(county.operator) == {county.worker, county.worker_next}
    assert Period.objects.visible_to(county.operator).count() == 2


def test_the_list_of_periods_counts_what_one_sees(published, django_assert_num_queries):
    user = published.operator
    Scorecard.objects.visible_to(user)  # the posts are read once
    with django_assert_num_queries(1):  # periods with the figures of each
        rows = list(selectors.periods(user))
    assert [(row.name, row.seen, row.best, row.least) for row in rows] == [
        ("2026-10", 2, Decimal("0.00"), Decimal("0.00")),
        ("2026Q3", 0, None, None),
    ]


@pytest.mark.parametrize("more", [0, 20])
def test_a_ranking_costs_the_same_for_three_workers_and_twenty_three(county, more, django_assert_num_queries):
    for _n in range(more):
        PostFactory(role="worker_full", grid=county.west.grids[0])
    period = services.score(MONTH, OCTOBER, LATER)
    with django_assert_num_queries(4):  # posts, cards with their subjects, their lines, the grids
        rows = list(selectors.with_lines(selectors.ranking(county.operator_top, period)))
        places = selectors.places(rows)
        shown = [(str(row.subject), places[row.path].parent.name, len(row.lines.all())) for row in rows]
    assert len(shown) == 3 + more


@pytest.mark.parametrize(("kind", "start", "indicators"), [(MONTH, OCTOBER, 5), (DEPARTMENTS, QUARTER, 7)])
def test_scoring_costs_the_same_for_a_few_subjects_and_for_sixty(
    county, kind, start, indicators, django_assert_num_queries
):
    services.score(kind, start, LATER)
    # savepoint and release; period found and locked; is there a scheme (in a savepoint: 3), which, its items;
    # subjects, one per indicator; two deletes; the new cards' ids; the period's update
    expected = 2 + 2 + 5 + 1 + indicators + 2 + 1 + 1
    expected += 2  # the bulk writes
    with django_assert_num_queries(expected):
        services.score(kind, start, LATER)
    for n in range(60):
        worker = PostFactory(role="worker_full", grid=county.west.grids[0]).user
        make_event(county, local(10, 5), reporter=worker)
        unit = UnitFactory(kind="department", grid=county.root, department_kind=DepartmentKindFactory())
        make_turn(county, local(8, 10), "passed", unit=unit, used_share=n / 60)
    with django_assert_num_queries(expected):
        period = services.score(kind, start, LATER)
    assert period.cards.count() > 60


def test_the_rows_behind_a_figure_lead_to_their_events(draft, october, django_assert_num_queries):
    card = selectors.card(october.operator, draft.cards.get(user=october.worker).pk)
    behind = selectors.behind(october.operator, card, "valid_reports")
    with django_assert_num_queries(1):  # rows with event, standard and grid
        rows = [(row.counted, behind.event_of(row).status, row.grid.name) for row in behind.rows]
    assert len(rows) == 5
    assert [status for counted, status, _grid in rows if not counted] == ["reported", "rejected"]
    behind = selectors.behind(october.operator, card, "verified_on_time")
    with django_assert_num_queries(1):
        assert {behind.event_of(row).grid.name for row in behind.rows} == {october.west.grids[0].name}
    assert behind.hidden == 0
    with pytest.raises(NotFound):
        selectors.behind(october.operator, card, "nonsense")


def test_rows_of_events_that_are_not_ones_to_see_are_only_counted(draft, october):
    StageRecord.objects.create(
        event=make_event(october, local(10, 3), grid=october.east.grids[0]), stage="verify", unit=october.east.station,
        actor=october.worker, started_at=local(10, 3), ended_at=local(10, 4),
    )  # fmt: skip
    period = services.score(MONTH, OCTOBER, LATER)
    services.publish(period_id=period.pk, actor=None)
    card = selectors.card(october.worker, period.cards.get(user=october.worker).pk)
    behind = selectors.behind(october.worker, card, "verified_on_time")
    assert (behind.rows.count(), behind.hidden, behind.line.denominator) == (3, 1, 4)


def test_the_development_of_one_subject(county):
    for month in (8, 9, 10):
        period = services.score(MONTH, date(2026, month, 1), LATER)
        services.publish(period_id=period.pk, actor=None)
    card = period.cards.get(user=county.worker)
    assert [c.period.name for c in selectors.history(county.worker, card)] == [
        "2026-08",
        "2026-09",
        "2026-10",
    ]
    assert [c.period.name for c in selectors.own_cards(county.worker)] == ["2026-10", "2026-09", "2026-08"]
    assert [c.period.name for c in selectors.history(county.worker, card, most=2)] == ["2026-09", "2026-10"]


def test_search_in_a_ranking(published):
    period = Period.objects.get(kind=MONTH)
    found = selectors.ranking(published.operator_top, period, published.worker_east.name)
    assert [card.user for card in found] == [published.worker_east]
