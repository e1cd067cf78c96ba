"""Classes of the legend: readable limits, zero apart, none empty."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gridcenter.map import classes


@pytest.mark.parametrize(
    ("values", "limits"),
    [
        ([], []),
        ([0, 0], [(0, 0)]),
        ([0, 3, 1, 3], [(0, 0), (1, 3), (3, None)]),
        ([48, 87, 94, 95, 95], [(40, 50), (50, 90), (90, None)]),
        ([48, 87, 107, 119, 120], [(40, 50), (50, 100), (100, 110), (110, None)]),
        (list(range(101)), [(0, 0), (1, 15), (15, 25), (25, 40), (40, 70), (70, None)]),
        ([6, 55, 385, 1274, 1298, 1648, 2006], [(6, 10), (10, 100), (100, 1000), (1000, 1500), (1500, None)]),
        ([1200, 3400, 5100, 8800, 20400, None], [(1200, 2000), (2000, 5000), (5000, 6000), (6000, 10000), (10000, None)]),
    ],
)
def test_limits_are_readable(values, limits):
    assert [(one.low, one.high) for one in classes.of_amounts(values)] == limits


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=60))
def test_every_value_has_one_class_and_no_class_is_empty(values):
    made = classes.of_amounts(values)
    numbers = [classes.number(made, value) for value in values]
    assert None not in numbers
    assert set(numbers) == set(range(len(made)))
    assert len(made) <= classes.MOST + 1
    assert all(sum(one.holds(value) for one in made) == 1 for value in values)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.floats(0.001, 900), min_size=1, max_size=40))
@example([1.9999999999998863])
def test_figures_for_a_thousand_people_have_classes_too(values):
    made = classes.of_amounts(values, whole=False)
    assert {classes.number(made, value) for value in values} == set(range(len(made)))


def bands(values):
    return [(one.low, one.high) for one in classes.of_rates(values)]


def test_rates_come_in_the_bands_of_an_assessment():
    assert bands([0.97, None, 0.85]) == [(0.8, 0.9), (0.9, 0.95), (0.95, None)]
    assert bands([0.3, 0.7, 0.83, 0.92, 0.99]) == [(0, 0.6), (0.6, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, None)]
    assert bands([None]) == []
    assert classes.number(classes.of_rates([1.0, 0.2]), 1.0) == 4
    assert classes.number([], None) is None


def test_rates_that_all_are_good_are_told_apart():
    assert bands([0.9946, 0.9955, 0.997, 1.0]) == [(0.95, 0.995), (0.995, 1), (1, None)]
    assert bands([0.9041, 0.9512, 0.9552, 0.9657]) == [(0.9, 0.95), (0.95, 0.96), (0.96, None)]
    assert bands([1.0, 1.0]) == [(0.95, None)]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_every_rate_has_one_class(values):
    made = classes.of_rates(values)
    assert len(made) <= classes.MOST
    assert all(sum(one.holds(value) for one in made) == 1 for value in values)
    assert made[0].holds(min(values)) and made[-1].holds(max(values))
