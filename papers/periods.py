"""The time a report is about, the one before, and the same of last year."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from events.figures import spans


@dataclass(frozen=True)
class Span:
    """Local days from `start` until before `end`. `kind`: day, week (from Monday), month."""

    kind: str
    start: date
    end: date

    @classmethod
    def holding(cls, kind: str, day: date) -> "Span":
        """The day, week or month that holds `day`."""
        if kind == "week":
            start = day - timedelta(days=day.weekday())
            return cls(kind, start, start + timedelta(days=7))
        if kind == "month":
            start = day.replace(day=1)
            return cls(kind, start, _next_month(start))
        return cls("day", day, day + timedelta(days=1))

    def before(self) -> "Span":
        """The one right before it."""
        return Span.holding(self.kind, self.start - timedelta(days=1))

    def year_before(self) -> "Span":
        """The same of last year: the same date or month; the week 52 weeks back, which has the same weekdays."""
        if self.kind == "week":
            return Span.holding("week", self.start - timedelta(weeks=52))
        day = 28 if (self.start.month, self.start.day) == (2, 29) else self.start.day
        return Span.holding(self.kind, self.start.replace(year=self.start.year - 1, day=day))

    def runs(self, now: datetime) -> bool:
        """Whether it is not over yet."""
        return now < spans.midnight(self.end)

    def until(self, now: datetime, of: "Span") -> datetime:
        """How far this span is counted to be compared with `of` at `now`: as far as that one has come."""
        if not of.runs(now):
            return spans.midnight(self.end)
        return min(spans.midnight(self.start) + (now - spans.midnight(of.start)), spans.midnight(self.end))

    @property
    def name(self) -> str:
        """ "2026年11月28日", "2026年11月23日至29日", "2026年11月" """
        first, last = self.start, self.end - timedelta(days=1)
        facts = {"y": first.year, "m": first.month, "d": first.day, "y2": last.year, "m2": last.month, "d2": last.day}
        if self.kind == "month":
            return _("%(y)s-%(m)s") % facts
        if self.kind == "day":
            return _("%(y)s-%(m)s-%(d)s") % facts
        return _("%(y)s-%(m)s-%(d)s to %(y2)s-%(m2)s-%(d2)s") % facts

    @property
    def issue(self) -> int:
        """Its number within the year: day of the year, ISO week, month."""
        if self.kind == "month":
            return self.start.month
        return self.start.isocalendar().week if self.kind == "week" else self.start.timetuple().tm_yday

    @property
    def year(self) -> int:
        return self.start.isocalendar().year if self.kind == "week" else self.start.year


def _next_month(start: date) -> date:
    return (start.replace(day=28) + timedelta(days=4)).replace(day=1)
