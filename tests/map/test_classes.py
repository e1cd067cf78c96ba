"""Classes of the legend: readable limits, zero apart, none empty."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gridcenter.map import classes
from gridcenter.map.classes import Class


@pytest.mark.parametrize(
    ("values", "limits"),
    [
        ([], []),
        ([0, 0], [(0, 0)]),
        ([0, 3, 1, 3], [(0, 0), (1, 3), (3, None)]),
        ([48, 87, 94, 95, 95], [(40, 90), (90, None)]),
        (list(range(101)), [(0, 0), (1, 20), (20, 40), (40, 60), (60, 80), (80, None)]),
        ([1200, 3400, 5100, 8800, 20400, None], [(1200, 3000), (3000, 5000), (5000, 20000), (20000, None)]),
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


def test_rates_come_in_the_bands_of_an_assessment():
    assert classes.of_rates([0.97, None, 0.85]) == [Class(0.8, 0.9), Class(0.9, 0.95), Class(0.95, None)]
    assert classes.of_rates([None]) == []
    assert classes.number(classes.of_rates([1.0, 0.2]), 1.0) == 4
    assert classes.number([], None) is None
