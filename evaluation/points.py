"""From figures to points, totals and ranks: pure arithmetic in decimals, so that the same figures give the same score."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

NOTHING = Decimal(0)
FINE, CENT = Decimal("0.0001"), Decimal("0.01")  # of lines, of totals


@dataclass(frozen=True)
class Rule:
    """One item of a scheme, ready to be applied. `empty`: skip, full or zero, when there were no cases."""

    indicator: str
    weight: Decimal
    target: Decimal
    worst: Decimal
    empty: str
    sort: int = 0


@dataclass(frozen=True)
class Line:
    """One rule applied to one subject: `points` of `most`; None if it was left out."""

    rule: Rule
    numerator: Decimal
    denominator: Decimal | None
    value: Decimal | None
    most: Decimal
    points: Decimal | None


def value_of(numerator: Decimal, denominator: Decimal | None) -> Decimal | None:
    """The count, or the ratio to six decimals; None without cases."""
    if denominator is None:
        return numerator
    if denominator == 0:
        return None
    return (numerator / denominator).quantize(Decimal("0.000001"), ROUND_HALF_UP)


def reached(value: Decimal, target: Decimal, worst: Decimal) -> Decimal:
    """How far `value` has come from `worst` (0) to `target` (1)."""
    return min(Decimal(1), max(NOTHING, (value - worst) / (target - worst)))


def score(rules: list[Rule], figures: dict[str, tuple[Decimal, Decimal | None]]) -> list[Line]:
    """The lines of one card. Weights of rules left out go to the others in proportion.

    `figures`: {indicator: (numerator, denominator)} of this subject.
    """
    values = {rule.indicator: value_of(*figures[rule.indicator]) for rule in rules}
    kept = [rule for rule in rules if values[rule.indicator] is not None or rule.empty != "skip"]
    whole = sum((rule.weight for rule in rules), NOTHING)
    share = sum((rule.weight for rule in kept), NOTHING)
    lines = []
    for rule in rules:
        value, most, points = values[rule.indicator], NOTHING, None
        if rule in kept:
            most = (rule.weight * whole / share).quantize(FINE, ROUND_HALF_UP)
            if value is not None:
                part = reached(value, rule.target, rule.worst)
            else:
                part = Decimal(1) if rule.empty == "full" else NOTHING
            points = (most * part).quantize(FINE, ROUND_HALF_UP)
        lines.append(Line(rule, *figures[rule.indicator], value, most, points))
    return lines


def total(lines: list[Line]) -> Decimal | None:
    """The sum of the points to two decimals; None if every rule was left out.

    Summed before rounding: somebody who reached every target has 100.00, however the weights were spread.
    """
    given = [line.points for line in lines if line.points is not None]
    return sum(given, NOTHING).quantize(CENT, ROUND_HALF_UP) if given else None


def ranks(totals: Iterable[Decimal | None]) -> dict[Decimal, int]:
    """{total: rank}; equal totals share a rank and the next one is skipped (1, 1, 3)."""
    made: dict[Decimal, int] = {}
    for place, value in enumerate(sorted((t for t in totals if t is not None), reverse=True), start=1):
        made.setdefault(value, place)
    return made
