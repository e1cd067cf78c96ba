"""Classes of a measure on the map: few, with readable limits, nothing ("0") apart from little."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST = 5
# What readable limits are made of, with as many zeros as the figures have.
STEPS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9, 10)
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
    """Zero, if there is one, then up to MOST classes of about as many grids each (quantiles, limits made readable)."""
    known = sorted(value for value in values if value is not None)
    positive = [value for value in known if value > 0]
    made = [Class(0, 0)] if known and known[0] <= 0 else []
    if not positive:
        return made
    limits = _limits(positive, whole)
    return made + [Class(low, high) for low, high in zip(limits, [*limits[1:], None], strict=True)]


def of_rates(values: Iterable[float | None], limits: Sequence[float] = RATE_LIMITS) -> list[Class]:
    """Shares of one in bands, those of assessments unless said (60, 80, 90, 95 %), from the lowest to the highest found."""
    known = [value for value in values if value is not None]
    if not known:
        return []
    limits = [0.0, *limits]
    bands = [Class(low, high) for low, high in zip(limits, [*limits[1:], None], strict=True)]
    used = [at for at, band in enumerate(bands) if any(band.holds(value) for value in known)]
    return bands[used[0] : used[-1] + 1]


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
    limits = [min(_readable(positive[0], whole, math.floor), positive[0])]  # a hair below a readable number is itself
    for part in range(1, MOST):
        limit = _readable(positive[len(positive) * part // MOST], whole, round)
        if limit > limits[-1] and bisect_right(positive, limit) < len(positive) + (limit == positive[-1]):
            limits.append(limit)
    return _used(limits, positive)


def _used(limits, positive):
    """Without limits that leave a class empty."""
    kept = []
    for low, high in zip(limits, [*limits[1:], math.inf], strict=True):
        if any(low <= value < high for value in positive):
            kept.append(low)
    return kept


def _readable(value, whole, towards):
    """The readable number at or near `value`."""
    size = 10.0 ** math.floor(math.log10(value))
    if towards is math.floor:
        step = max(s for s in STEPS if s * size <= value * (1 + 1e-9))
    else:
        step = min(STEPS, key=lambda s: abs(s * size - value))
    made = step * size
    return max(1, math.floor(made)) if whole else round(made, 6)
