"""Indicators by code. An indicator says which rows count for whom; figures and the rows behind them follow from it.

An indicator is a function of a period that returns a `Figure`: the rows of the period, the field that leads from
a row to its subject, and what of a row goes into the numerator. From that one statement come the figures of all
subjects (`Indicator.figures`, one GROUP BY) and the rows behind one figure (`Indicator.rows`): they cannot differ.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Expression,
    ExpressionWrapper,
    F,
    FloatField,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast

USER, UNIT = "user", "unit"
SHARE, COUNT, MEAN = "share", "count", "mean"
HUNDREDTH_OF_PERCENT = Decimal("0.0001")


@dataclass(frozen=True)
class Figure:
    """`rows` of the period; `by` is the field or annotation that gives a row's subject.

    `counted`: the rows of the numerator (all if not given). `amount`: what a counted row adds, 1 if not given.
    `event`: the lookup from a row to its event, for links. `repeats`: a row may reach one subject by several ways
    (two posts in one grid) and must count once.
    """

    rows: QuerySet
    by: str
    counted: Q | None = None
    amount: Expression | None = None
    event: str = "event"
    repeats: bool = False


@dataclass(frozen=True)
class Indicator:
    """`unit`: share (numerator / denominator), mean (the same, but of an amount per row), or count.

    `inverse`: the less the better. `target` earns all points and `worst` none, unless a scheme says otherwise.
    """

    code: str
    subject: str
    label: Any
    unit: str
    inverse: bool
    target: Decimal
    worst: Decimal
    meaning: str
    figure: Callable[..., Figure]

    def figures(self, period) -> dict[int, tuple[Decimal, Decimal | None]]:
        """{subject id: (numerator, denominator)} in one query; the denominator of a count is None."""
        figure = self.figure(period)
        if figure.amount is not None:
            numerator = Sum(Cast(figure.amount, FloatField()), filter=figure.counted, default=0.0)
        else:
            numerator = Count("pk", filter=figure.counted, distinct=figure.repeats)
        rows = (
            figure.rows.order_by()
            .annotate(subject=F(figure.by))
            .exclude(subject=None)
            .values_list("subject")
            .annotate(numerator=numerator, denominator=Count("pk", distinct=figure.repeats))
        )
        return {
            subject: (_exact(top), None if self.unit == COUNT else _exact(bottom))
            for subject, top, bottom in rows
        }

    def rows(self, period, subject_id) -> QuerySet:
        """The rows behind one subject's figure, the newest first.

        On each row `counted` says whether it is in the numerator and `amount` what it adds there.
        """
        figure = self.figure(period)
        counted = Value(True, output_field=BooleanField())
        if figure.counted is not None:
            counted = Case(
                When(figure.counted, then=counted), default=Value(False), output_field=BooleanField()
            )
        amount = Value(1.0) if figure.amount is None else figure.amount
        keys = figure.rows.order_by().annotate(subject=F(figure.by)).filter(subject=subject_id).values("pk")
        return (
            figure.rows.model._default_manager.filter(pk__in=keys)
            .annotate(counted=counted, amount=ExpressionWrapper(amount, output_field=FloatField()))
            .order_by("-pk")
        )

    @property
    def none(self) -> tuple[Decimal, Decimal | None]:
        """The figure of a subject without any row."""
        return Decimal(0), None if self.unit == COUNT else Decimal(0)

    def event_lookup(self, period) -> str:
        """From a row to its event; empty if the rows are events."""
        return self.figure(period).event


def _exact(number) -> Decimal:
    """Four decimals: sums of shares come as floats whose last digits depend on the order of the rows."""
    return Decimal(str(number)).quantize(HUNDREDTH_OF_PERCENT, ROUND_HALF_UP)


INDICATORS: dict[str, Indicator] = {}


def indicator(code, *, subject, label, unit=SHARE, inverse=False, target=None, worst=None):
    """Registers a function of a period that returns a `Figure`; its docstring is the definition people read."""

    def register(figure):
        best, least = (0, 1) if inverse else (1, 0)
        INDICATORS[code] = Indicator(
            code=code,
            subject=subject,
            label=label,
            unit=unit,
            inverse=inverse,
            target=Decimal(best if target is None else target),
            worst=Decimal(least if worst is None else worst),
            meaning=(figure.__doc__ or "").strip(),
            figure=figure,
        )
        return figure

    return register


def choices() -> list[tuple[str, Any]]:
    """For the field of a scheme's item."""
    return [(entry.code, entry.label) for entry in INDICATORS.values()]


def label_of(code: str):
    """The name people use; the bare code of an indicator that no longer exists."""
    entry = INDICATORS.get(code)
    return entry.label if entry else code
