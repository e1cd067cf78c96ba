"""Limits in this process: the standards in force and the stage limits, as steps need them."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from core.versions import Kept
from events.models import StageLimit, Standard, StandardLead
from events.workflow import Stage, Urgency

# Used where the table has no row; the shipped table (events/data/stage_limits.csv) has all of them.
FALLBACK = (Decimal(4), "work_hour")


@dataclass(frozen=True)
class StandardEntry:
    pk: int
    code: str
    minor_name: str
    condition: str
    limit: Decimal
    limit_unit: str
    photos_required: bool
    rating_asked: bool
    valid_from: object
    valid_until: object
    leads: dict[int, int]  # level of jurisdiction → department kind id

    def valid_on(self, day) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


@dataclass(frozen=True)
class Limits:
    standards: dict[int, StandardEntry]
    stages: dict[tuple[str, str], tuple[Decimal, str]]

    def stage(self, stage: Stage, urgency: Urgency) -> tuple[Decimal, str]:
        """(amount, unit) of a stage at an urgency."""
        return self.stages.get((stage, urgency), FALLBACK)

    def versions_of(self, standard_id: int) -> list[int]:
        """The ids of all versions of this standard."""
        return self._by_code[self.standards[standard_id].code]

    @cached_property
    def _by_code(self):
        found: dict[str, list[int]] = {}
        for pk, entry in self.standards.items():
            found.setdefault(entry.code, []).append(pk)
        return found


def _load() -> Limits:
    leads: dict[int, dict[int, int]] = {}
    for standard, level, kind in StandardLead.objects.values_list(
        "standard_id", "level", "department_kind_id"
    ):
        leads.setdefault(standard, {})[level] = kind
    fields = (
        "pk",
        "code",
        "minor_name",
        "condition",
        "limit",
        "limit_unit",
        "photos_required",
        "rating_asked",
        "valid_from",
        "valid_until",
    )
    return Limits(
        standards={
            r[0]: StandardEntry(*r, leads.get(r[0], {})) for r in Standard.objects.values_list(*fields)
        },
        stages={
            (s, u): (a, unit)
            for s, u, a, unit in StageLimit.objects.values_list("stage", "urgency", "limit", "limit_unit")
        },
    )


_limits = Kept(_load, "standards")


def current(versions=None) -> Limits:
    return _limits.get(versions)
