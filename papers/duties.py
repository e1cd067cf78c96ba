"""The duty in a report: who stood on the roster, what was warned of and who took it, what one shift left to the next.

Warnings are quoted: they were written to be announced. What a hand-over says in words is left out, for it may name people.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import Count, Q
from django.utils import timezone

from duty import reach
from duty.models import HandOver, Level, Shift, Warning
from duty.selectors import ORDER
from events.models import Supervision, WhistleCall
from grids import names

MOST = 40  # warnings, hand-overs on paper


@dataclass(frozen=True)
class Warned:
    """Warnings that call somebody (no notices): how many were raised, how many of them major, how many were taken, and
    after how many minutes each."""

    raised: int = 0
    major: int = 0
    minutes: tuple[int, ...] = ()

    @property
    def taken(self):
        return len(self.minutes)


@dataclass
class Duty:
    """As this person sees it, of the centre `unit` and the land at `path`, in [start, end)."""

    user: object
    unit: object
    path: str
    start: datetime
    end: datetime
    stood: list[dict] = field(init=False)

    def __post_init__(self):
        self.stood = self._shifts() if self.unit else []

    def _shifts(self) -> list[dict]:
        """[{since, until, role, names, begins}] by time, the leader first; one row for those of one role."""
        rows = Shift.objects.visible_to(self.user).filter(unit=self.unit.pk).between(self.start, self.end)
        rows = sorted(rows.defer("phone"), key=lambda shift: (shift.starts_at, ORDER[shift.role], shift.pk))
        together = defaultdict(list)
        for shift in rows:
            together[shift.starts_at, shift.ends_at, shift.get_role_display()].append(shift.name)
        return [
            {"since": since, "until": until, "role": role, "names": people, "begins": since >= self.start}
            for (since, until, role), people in together.items()
        ]

    def heads(self) -> list[tuple[str, list[str]]]:
        """[(role, names)] of the shifts that begin in the period: the line below the title."""
        found = defaultdict(dict)
        for row in self.stood:
            if row["begins"]:
                found[row["role"]].update(dict.fromkeys(row["names"]))
        return [(role, list(people)) for role, people in found.items()]

    @cached_property
    def warnings(self) -> list[dict]:
        """[{at, level, title, place, taken, who, unit, minutes, ended}], in order."""
        here = Q(path__startswith=self.path) | Q(reach__in=reach.above([self.path]))
        rows = Warning.objects.visible_to(self.user).filter(here, made_at__gte=self.start, made_at__lt=self.end)
        known = names.current().grids
        return [
            {
                "at": row.made_at, "level": row.level, "level_name": row.get_level_display(), "title": row.title,
                "place": known.get(row.grid_id, {}).get("name", ""), "taken": row.taken_at, "who": row.taken_by,
                "unit": row.taken_unit, "minutes": _minutes(row.taken_at - row.made_at) if row.taken_at else None,
                "ended": row.ended_at,
            }
            for row in rows.select_related("taken_by", "taken_unit").order_by("made_at", "pk")
        ]  # fmt: skip

    def warned(self) -> Warned:
        calling = [row for row in self.warnings if row["level"] != Level.NOTICE]
        taken = tuple(row["minutes"] for row in calling if row["minutes"] is not None)
        return Warned(len(calling), sum(row["level"] == Level.MAJOR for row in calling), taken)

    def _handed(self):
        rows = HandOver.objects.visible_to(self.user).filter(unit__grid__path__startswith=self.path)
        return rows.filter(written_at__gte=self.start, written_at__lt=self.end).order_by()

    def hand_overs(self) -> list[HandOver]:
        """The centre's, and of those below it what nobody has accepted; `open_matters` of each."""
        told = Q(accepted_at=None) | Q(unit=self.unit.pk) if self.unit else Q(accepted_at=None)
        rows = self._handed().filter(told).annotate(open_matters=Count("matters"))
        rows = rows.select_related("unit", "by", "accepted_by").defer("words", "snapshot")
        return list(rows.order_by("unit__grid__path", "written_at")[:MOST])

    def asked(self) -> dict:
        """{supervised, answered, called, came, handed, accepted} in the period: three queries."""
        span = {"gte": self.start, "lt": self.end}
        supervised = Supervision.objects.filter(
            event__path__startswith=self.path, **{f"asked_at__{name}": value for name, value in span.items()}
        ).aggregate(supervised=Count("pk"), answered=Count("pk", filter=Q(answered_at__isnull=False)))
        called = WhistleCall.objects.filter(
            whistle__event__path__startswith=self.path, **{f"called_at__{name}": value for name, value in span.items()}
        ).aggregate(called=Count("pk"), came=Count("pk", filter=Q(arrived_at__isnull=False)))
        handed = self._handed().aggregate(handed=Count("pk"), accepted=Count("pk", filter=Q(accepted_at__isnull=False)))
        return supervised | called | handed


def _minutes(span: timedelta) -> int:
    return round(span.total_seconds() / 60)


def clock(moment: datetime | None) -> str:
    return timezone.localtime(moment).strftime("%m-%d %H:%M") if moment else ""
