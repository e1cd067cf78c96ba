"""The arithmetic of points, ranks and periods, and the schemes that hold the weights."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from core.errors import Invalid
from evaluation import periods, points, schemes, services
from evaluation.models import Period, Scheme, SchemeItem
from tests.scores import (
    CHINA,
    DEPARTMENTS,
    LATER,
    MONTH,
    OCTOBER,
    QUARTER,
    local,
    make_event,
)


def rule(code, weight, *, target="1", worst="0", empty="skip"):
    return points.Rule(code, Decimal(weight), Decimal(target), Decimal(worst), empty)


@pytest.mark.parametrize(
    ("value", "target", "worst", "part"),
    [
        ("0.5", "1", "0", "0.5"),
        ("0.95", "0.9", "0", "1"),
        ("0.85", "0.95", "0.85", "0"),
        ("0.90", "0.95", "0.85", "0.5"),
        ("0", "0", "0.2", "1"),
        ("0.05", "0", "0.2", "0.75"),
        ("0.9", "0", "0.2", "0"),
    ],
)
def test_points_grow_in_a_line_from_worst_to_target(value, target, worst, part):
    assert points.reached(Decimal(value), Decimal(target), Decimal(worst)) == Decimal(part)


@pytest.mark.parametrize(
    ("empty", "given", "total"), [("skip", None, 100), ("full", 40, 100), ("zero", 0, 60)]
)
def test_what_a_subject_without_cases_gets(empty, given, total):
    rules = [rule("a", 40, empty=empty), rule("b", 30), rule("c", 30)]
    one = (Decimal(7), Decimal(7))
    lines = points.score(rules, {"a": (Decimal(0), Decimal(0)), "b": one, "c": one})
    assert lines[0].points == given
    assert points.total(lines) == total


def test_all_targets_reached_is_the_whole_total_however_weights_are_spread():
    rules = [rule("a", 10), rule("b", 15), rule("c", 25), rule("d", 50)]
    one = (Decimal(3), Decimal(3))
    lines = points.score(rules, {"a": one, "b": one, "c": one, "d": (Decimal(0), Decimal(0))})
    assert points.total(lines) == Decimal("100.00")


def test_ranks_share_and_skip():
    assert points.ranks([Decimal(5), None, Decimal(9), Decimal(9), Decimal(5), Decimal(1)]) == {
        9: 1,
        5: 3,
        1: 5,
    }


def test_periods_are_whole_local_months_and_quarters():
    assert periods.end_of(MONTH, date(2026, 12, 1)) == date(2027, 1, 1)
    assert periods.end_of(DEPARTMENTS, date(2026, 10, 1)) == date(2027, 1, 1)
    assert periods.before(MONTH, date(2027, 1, 15)) == date(2026, 12, 1)
    assert periods.before(DEPARTMENTS, date(2027, 1, 15)) == date(2026, 10, 1)
    assert list(periods.between(MONTH, date(2026, 8, 20), OCTOBER)) == [date(2026, 8, 1), date(2026, 9, 1)]
    assert list(periods.between(DEPARTMENTS, date(2026, 3, 1), date(2026, 9, 30))) == [
        date(2026, 1, 1),
        date(2026, 4, 1),
    ]
    period = Period(kind=MONTH, start=OCTOBER, end=date(2026, 11, 1))
    assert (period.since.isoformat(), period.name) == ("2026-10-01T00:00:00+08:00", "2026-10")


@pytest.mark.parametrize(
    ("kind", "name", "start"),
    [(MONTH, "2026-10", OCTOBER), (DEPARTMENTS, "2026Q3", QUARTER), (DEPARTMENTS, "2026-q4", OCTOBER)],
)
def test_names_of_periods(kind, name, start):
    assert periods.parse(kind, name) == start


@pytest.mark.parametrize(
    ("kind", "name"),
    [(MONTH, "2026-13"), (MONTH, "2026Q3"), (MONTH, "0000-01"), (DEPARTMENTS, "2026Q5"), (MONTH, "")],
)
def test_wrong_names_of_periods(kind, name):
    with pytest.raises(Invalid):
        periods.parse(kind, name)


def test_shipped_schemes_come_once_and_are_usable(county):
    assert len(schemes.load_defaults()) == 2
    assert schemes.load_defaults() == []
    for scheme in Scheme.objects.all():
        items = schemes.usable(scheme)
        assert sum(item.weight for item in items) == scheme.total == 100
        for item in items:
            item.full_clean()


def test_a_county_without_a_scheme_gets_the_shipped_one_when_it_is_scored(county):
    period = services.score(MONTH, OCTOBER, LATER)
    assert period.scheme == Scheme.objects.get(kind=MONTH)
    assert not Scheme.objects.filter(kind=DEPARTMENTS).exists()


def test_each_period_is_scored_by_the_scheme_of_its_first_day(county):
    old = schemes.load_default(MONTH)
    Scheme.objects.filter(pk=old.pk).update(valid_until=OCTOBER)
    new = Scheme.objects.create(kind=MONTH, name="新方案", valid_from=OCTOBER, total=10)
    SchemeItem.objects.create(scheme=new, indicator="reports", weight=10, target=4, worst=2)
    for _n in range(3):
        make_event(county, local(10, 5), reporter=county.worker)
    assert services.score(MONTH, date(2026, 9, 1), LATER).scheme == old
    period = services.score(MONTH, OCTOBER, LATER)
    assert period.scheme == new
    assert period.cards.get(user=county.worker).total == Decimal("5.00")  # half-way from 2 to 4
    assert period.cards.get(user=county.worker_next).total == Decimal("0.00")


def test_weights_that_do_not_add_up_are_refused_and_nothing_is_written(county):
    scheme = schemes.load_default(MONTH)
    scheme.items.filter(indicator="reports").update(weight=14)
    with pytest.raises(Invalid) as refused:
        services.score(MONTH, OCTOBER, LATER)
    assert "99" in str(refused.value.message)
    assert not Period.objects.exists()


def test_two_schemes_of_a_kind_are_never_in_force_at_once(county):
    schemes.load_default(MONTH)
    other = Scheme(kind=MONTH, name="重复", valid_from=date(2026, 1, 1))
    with pytest.raises(ValidationError):
        other.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        other.save()
    Scheme.objects.create(kind=DEPARTMENTS, name="另一类", valid_from=date(2026, 1, 1))
    Scheme.objects.filter(kind=MONTH).update(valid_until=date(2026, 1, 1))
    other.full_clean()
    other.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        Scheme.objects.filter(name="网格员月度考核方案").update(valid_until=None)


@pytest.mark.parametrize(
    ("kind", "fields", "wrong"),
    [
        (MONTH, {"indicator": "returned"}, "indicator"),
        (DEPARTMENTS, {"indicator": "returned", "target": Decimal("0.5"), "worst": Decimal("0.1")}, "target"),
        (DEPARTMENTS, {"indicator": "closed", "target": Decimal("0.5"), "worst": Decimal("0.9")}, "target"),
        (DEPARTMENTS, {"indicator": "closed", "weight": 0}, "weight"),
    ],
)
def test_an_item_that_makes_no_sense_is_refused(db, kind, fields, wrong):
    scheme = Scheme.objects.create(kind=kind, name="试行", valid_from=OCTOBER, total=10)
    item = SchemeItem(**{"scheme": scheme, "weight": 10, **fields})
    with pytest.raises(ValidationError) as refused:
        item.full_clean()
    assert wrong in refused.value.message_dict
    if wrong != "weight":  # written past the form, it is still not scored by
        item.save()
        with pytest.raises(Invalid):
            services.score(kind, date(2026, 10, 1), datetime(2027, 1, 2, tzinfo=CHINA))
        assert not Period.objects.exists()


def test_items_of_a_scheme_that_is_not_saved_yet_are_checked_too():
    with pytest.raises(ValidationError) as refused:
        SchemeItem(scheme=Scheme(kind=MONTH), indicator="returned", weight=10).clean()
    assert "indicator" in refused.value.message_dict
    SchemeItem(scheme=Scheme(kind=DEPARTMENTS), indicator="returned", weight=10).clean()
    SchemeItem(indicator="returned", weight=10).clean()
