"""The schemes a county begins with, and what makes a scheme usable."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from core.errors import Invalid
from evaluation.models import Kind, Scheme, SchemeItem

ALWAYS = date(2000, 1, 1)  # earlier than any record
NAMES = {Kind.WORKER_MONTH: "网格员月度考核方案", Kind.DEPARTMENT_QUARTER: "责任单位季度考核方案"}


@dataclass(frozen=True)
class Default:
    """An item as it is shipped; empty bounds are the indicator's own."""

    indicator: str
    weight: int
    empty: str = SchemeItem.Empty.SKIP
    bounds: dict[str, Decimal] = field(default_factory=dict)


def _item(indicator, weight, empty=SchemeItem.Empty.SKIP, **bounds):
    return Default(indicator, weight, empty, {name: Decimal(value) for name, value in bounds.items()})


# A worker who reports nothing has earned nothing by reporting; one whom nobody rated has lost nothing.
DEFAULTS = {
    Kind.WORKER_MONTH: (
        _item("valid_reports", 30, SchemeItem.Empty.ZERO),
        _item("reports", 15, target="8"),
        _item("settled_on_spot", 15, SchemeItem.Empty.ZERO, target="0.3"),
        _item("verified_on_time", 25),
        _item("resident_satisfaction", 15),
    ),
    Kind.DEPARTMENT_QUARTER: (
        _item("handled_on_time", 35),
        _item("closed", 15),
        _item("returned", 10, worst="0.2"),
        _item("reworked", 10, worst="0.2"),
        _item("came_when_called", 10),
        _item("used_share", 10, target="0.5"),
        _item("satisfaction", 10),
    ),
}


@transaction.atomic
def load_default(kind) -> Scheme | None:
    """The shipped scheme, in force for all time, if there is none of this kind yet; None if there is one."""
    if Scheme.objects.filter(kind=kind).exists():
        return None
    scheme = Scheme.objects.create(kind=kind, name=NAMES[kind], valid_from=ALWAYS)
    SchemeItem.objects.bulk_create(
        SchemeItem(
            scheme=scheme,
            indicator=item.indicator,
            weight=item.weight,
            empty=item.empty,
            sort=10 * number,
            **item.bounds,
        )
        for number, item in enumerate(DEFAULTS[kind], start=1)
    )
    return scheme


def load_defaults() -> list[Scheme]:
    """The shipped schemes of all kinds that have none; running it twice changes nothing."""
    return [scheme for kind in Kind if (scheme := load_default(kind))]


def usable(scheme) -> list[SchemeItem]:
    """The scheme's items. Raises Invalid if one makes no sense or the weights do not add up to the total."""
    items = list(scheme.items.order_by("sort", "pk"))
    for item in items:
        for words in item.problem(scheme.kind).values():
            raise Invalid(
                _("“%(name)s”, %(item)s: %(words)s") % {"name": scheme.name, "item": item, "words": words}
            )
    weights = sum((item.weight for item in items), Decimal(0))
    if weights != scheme.total:
        raise Invalid(
            _("The weights of “%(name)s” add up to %(weights)s, expected %(total)s.")
            % {"name": scheme.name, "weights": weights, "total": scheme.total}
        )
    return items


def in_force(kind, start) -> Scheme:
    """The scheme by which the period from `start` is scored.

    A county without any scheme of the kind gets the shipped one here, so that no month goes unscored for want of
    configuration. Raises Invalid if there are schemes but none was in force.
    """
    load_default(kind)
    scheme = Scheme.objects.for_period(kind, start).first()
    if scheme is None:
        raise Invalid(_("No scoring scheme was in force on %(day)s.") % {"day": start})
    return scheme
