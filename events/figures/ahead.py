"""What a wall asks of one territory, read ahead with one statement: its panels ask for the same days and pieces of days.

Nothing is counted here: the figures (events.figures.reads) find their answers read, and whatever is not among them
they read themselves.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from events.figures import reads, spans, sums
from events.figures.sums import Piece
from events.figures.tail import Reading

DUE = ("due_at",)  # all that the rates of a territory's parts are made of


@dataclass(frozen=True)
class Wall:
    """The panels of a territory: `start`, `end` of kinds, parts and departments; the parts are the children of
    `generation` (0: there are none)."""

    path: str
    start: date
    end: date
    generation: int

    def read(self, reading: Reading) -> None:
        """For `overview`, `flow`, `trend` of hours, days and months, `kinds`, `departments`, and `children` by DUE."""
        now, path = reading.now, self.path
        yesterday, until = now - timedelta(days=1), min(spans.midnight(self.end), now)
        last = spans.local(now).date()
        first = min(spans.month_before(now)[0].date(), spans.bucket_starts(now, "day", spans.BUCKETS["day"])[0].date())
        year = spans.bucket_starts(now, "month", spans.BUCKETS["month"])[0].date()
        grouped = [
            *sums.flows_asks(reading, path, self.start, until, "unit"),
            *self._children(reading, until),
            *_pieces(reading, path, [Piece("rest", spans.bucket_starts(now, "hour", 24)[0], now, reads.TREND)], "hour"),
        ]
        reading.ahead([
            *grouped,
            *_broken(reading, path, now, {ask.key for ask in grouped}),
            sums.days_ask(reading, path, first, last, reads.DAYS),
            sums.months_ask(reading, path, year, last, reads.OF_BUCKET),
            sums.standing_ask(reading, path),
            sums.due_ask(reading, path, yesterday, now),
            sums.ended_ask(path, yesterday, now),
            sums.reported_ask(reading, path, self.start, self.end),
            sums.open_ask(reading, path),
            sums.lying_ask(reading, path),
        ])  # fmt: skip
        sums.keep_days(reading, path, first, last, reads.DAYS)

    def _children(self, reading, until):
        if not self.generation:
            return []
        return [
            *sums.flows_asks(reading, self.path, self.start, until, "child", self.generation, DUE),
            sums.standing_ask(reading, self.path, self.generation),
        ]


def _pieces(reading, path, pieces, key=None):
    return [ask for _label, _name, ask in sums.kept_asks(reading, path, pieces, key)]


def _broken(reading, path, now, known):
    """Of the pieces of days at the ends of the overview's times and the trends' last days, but for those that are read
    in groups."""
    _whole, pieces = reads.cut(reads.overview_times(now))
    _last, rest = sums.broken(spans.local(now).date(), now, reads.TREND)
    for _label, name, ask in sums.kept_asks(reading, path, [*pieces, *rest]):
        if not sums.grouped(name, ask, lambda other: other.key in known):
            yield ask
