"""Classes of a measure on the map: few, with readable limits, nothing ("0") apart from little."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

MOST = 5
# What readable limits are made of, with as many zeros as the figures have, and in percent; the roundest first.
STEPS = (1, 5, 2, 3, 4, 6, 8, 7, 9, 1.5, 2.5, 1.2, 1.1)
WORTH = 0.005  # of all that lies between the values: a limit that parts less is none (119 from 120)
PERCENTS = (50, 100, *range(90, 0, -10), *range(95, 0, -10), *range(99, 90, -1), 99.5, 99.8)
RATE_LIMITS = (0.6, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class Class:
    """Values from `low` up to, not including, `high`; the last class is open above (None), that of zero has both 0."""

    low: float
    high: float | None

    def holds(self, value: float) -> bool:
        if self.low == self.high:
            return value == self.low
        return value >= self.low and (self.high is None or value < self.high)


def of_amounts(values: Iterable[float | None], whole: bool = True) -> list[Class]:
    """Zero, if there is one, then up to MOST classes of grids that are alike, with readable limits."""
    known = sorted(value for value in values if value is not None)
    positive = [value for value in known if value > 0]
    made = [Class(0, 0)] if known and known[0] <= 0 else []
    if not positive:
        return made
    limits = _limits(positive, whole)
    return made + [Class(low, high) for low, high in zip(limits, [*limits[1:], None], strict=True)]


def of_rates(values: Iterable[float | None], limits: Sequence[float] = RATE_LIMITS) -> list[Class]:
    """Shares of one in bands, those of assessments unless said (60, 80, 90, 95 %), from the lowest to the highest found;
    where these are few, the widest are divided once more, so that districts that all do well still differ."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return []
    limits = [0.0, *limits, math.inf]
    parting = [limit for limit in limits if known[0] < limit <= known[-1]]
    cuts = _cuts(known, [percent / 100 for percent in PERCENTS], parting)
    lowest = max(limit for limit in limits if limit <= known[0])
    highest = min(limit for limit in limits if limit > known[-1])
    edges = [lowest, *cuts, highest if highest < 1 else None]
    return [Class(low, high) for low, high in pairwise(edges)]


def number(classes: list[Class], value: float | None) -> int | None:
    """Which class holds the value; None for a value that is not known."""
    if value is None:
        return None
    return next((at for at, one in enumerate(classes) if one.holds(value)), None)


def _limits(positive, whole):
    """Lower limits, the first at or below the smallest value."""
    distinct = sorted(set(positive))
    if whole and len(distinct) <= MOST and distinct[-1] <= 2 * MOST:
        return distinct
    sizes = [10.0**power for power in range(_power(positive[0]), _power(positive[-1]) + 1)]
    readable = [round(step * size, 6) for step in STEPS for size in reversed(sizes)]
    if whole:
        readable = [int(limit) for limit in readable if limit >= 1 and limit == int(limit)]
    first = max((limit for limit in readable if limit <= positive[0]), default=positive[0])
    # Amounts are skewed: by their roots, a few large ones do not take all the classes.
    return [first, *_cuts(positive, readable, scale=math.sqrt)]


def _power(value):
    return math.floor(math.log10(value))


def _cuts(ordered, readable, cuts=(), scale=float):
    """`cuts` and those of the `readable` limits that leave values of one class most alike, chosen one after another;
    of limits that part the same values the one named first. Each of them has values on both its sides."""
    chosen = sorted(cuts)
    places = {limit: bisect_left(ordered, limit) for limit in [*readable, *chosen]}
    points = [scale(value) for value in ordered]
    middle = sum(points) / len(points)
    worth = WORTH * sum((point - middle) ** 2 for point in points)
    while len(chosen) < MOST - 1:
        taken = sorted({0, len(ordered), *(places[limit] for limit in chosen)})
        gains = {limit: _gain(points, taken, places[limit]) for limit in readable}
        best = max(readable, key=gains.__getitem__)
        if gains[best] <= worth:
            break
        chosen = sorted([*chosen, best])
    return chosen


def _gain(points, taken, at):
    """By how much the squares of the distances to the mean shrink when the class around place `at` is parted there."""
    if at in taken:
        return 0
    after = bisect_left(taken, at)
    low, high = points[taken[after - 1] : at], points[at : taken[after]]
    apart = sum(high) / len(high) - sum(low) / len(low)
    return apart**2 * len(low) * len(high) / (len(low) + len(high))
