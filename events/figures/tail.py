"""What the sums do not hold yet, and how a read is sure of it.

A reader takes the state, then in one statement (so, of one instant) the rows that are kept of every event that is not
folded, and what these events are now: the tail. The sums plus the new rows less the old ones are right as of that
instant, as long as nobody folds in between: `turn` tells, and the reader begins again.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

import orjson
from django.db import connection

from core.prepared import execute
from events.figures import rows
from events.figures.counts import Counts, under
from events.figures.folding import UNFOLDED, stamp, unfolded
from events.models import FigureState

T = TypeVar("T")
TRIES = 20


class EventRow(NamedTuple):
    """An event as it counts; `sign` -1: as it is in the sums, +1: as it is now."""

    sign: int
    path: str
    event_id: int
    seq: int
    status: str
    is_open: int
    light: int
    since: datetime
    clock_due: datetime | None
    clock_yellow: datetime | None
    reported_at: datetime
    registered: int
    ended_at: datetime | None
    closed: int
    settled: int
    rated_at: datetime | None
    satisfied: int
    stars: int
    standard_id: int
    source: str
    lead_id: int | None


class TurnRow(NamedTuple):
    """A turn as it counts."""

    sign: int
    path: str
    turn_id: int
    event_id: int
    unit_id: int
    due_at: datetime | None
    in_time: int
    to_close: int
    passed: int
    sent_at: datetime | None
    returned: int
    handled_at: datetime | None
    reworked: int
    lying: int
    lies_until: datetime | None
    lies_late: int


_MAKE = {rows.EVENT: EventRow, rows.TURN: TurnRow}
_CLOCKS = {"since", "clock_due", "clock_yellow", "lies_until"}
_INSTANT = {
    kind: [n for n, name in enumerate(make._fields) if name.endswith("_at") or name in _CLOCKS]
    for kind, make in _MAKE.items()
}


@cache
def _statement(vendor: str) -> str:
    """Kept and live rows of everything unfolded: kind, sign, path, the event's columns, the turn's columns.

    An array is ten to PostgreSQL's planner, whose guess at a set of rows would be a good part of all events.
    """
    ids = "SELECT event_id FROM unfolded"
    among = f"= ANY(ARRAY({ids}))" if vendor == "postgresql" else f"IN ({ids})"
    parts = []
    for sign, source in ((-1, rows.KEPT), (1, rows.LIVE)):
        for kind in (rows.EVENT, rows.TURN):
            select, event_id = source[kind]
            mine = ", ".join(f"x.{name}" for name in rows.COLUMNS[kind])
            other = ", ".join(["NULL"] * len(rows.COLUMNS[rows.TURN if kind == rows.EVENT else rows.EVENT]))
            columns = f"{mine}, {other}" if kind == rows.EVENT else f"{other}, {mine}"
            parts.append(
                f"SELECT '{kind}', {sign}, x.path, {columns} FROM ({select} "
                f"WHERE {event_id} {among}) x"
            )
    return f"WITH unfolded AS ({UNFOLDED}) {' UNION ALL '.join(parts)}"


def instant(value) -> datetime | None:
    """What SQLite's cursor gives for an instant, as one: text, or without a zone, in UTC."""
    value = datetime.fromisoformat(value) if isinstance(value, str) else value
    return value and value.replace(tzinfo=UTC)


def _utc(value) -> datetime | None:
    return value if connection.vendor == "postgresql" else instant(value)


_TURN_FROM = 2 + len(rows.EVENT_COLUMNS)  # behind sign, path and the event's columns


def _rows_of(found) -> Iterator[EventRow | TurnRow]:
    typed = connection.vendor == "postgresql"
    for kind, *values in found:
        mine = values[:_TURN_FROM] if kind == rows.EVENT else values[:2] + values[_TURN_FROM:]
        if not typed:
            for n in _INSTANT[kind]:
                mine[n] = instant(mine[n])
        yield _MAKE[kind](*mine)


def _stamped(given: dict[str, Any]) -> dict[str, Any]:
    """Instants among the parameters as the database stores them."""
    return {name: stamp(value) if isinstance(value, datetime) else value for name, value in given.items()}


def ask(statement: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Rows of a statement that any values have the same good plan for: planned once per connection. Planning two dozen
    questions takes longer than answering them for a village."""
    sql, names = _in_order(statement)
    values = _stamped(given)
    with connection.cursor() as cursor:
        execute(cursor, sql, [values[name] for name in names], once=True)
        return cursor.fetchall()


class Ask(NamedTuple):
    """A question to the sums: a statement of `width` columns (numbers, texts, days) and its parameters."""

    statement: str
    given: dict[str, Any]
    width: int

    @property
    def key(self) -> tuple:
        return self.statement, *self.given.items()


class Calendar(NamedTuple):
    """Days of a place that were read ahead, from `first` until before `last`: {day: {sum: number}}."""

    first: date
    last: date
    names: tuple[str, ...]
    days: dict[date, dict[str, int]]

    def holds(self, first: date, last: date, names: Iterable[str]) -> bool:
        return self.first <= first and last <= self.last and set(names) <= set(self.names)


BELOW = "JOIN events_figurebelow b ON b.place_id = f.place_id AND b.ancestor_id = %(place)s "
_TURN = "SELECT turn FROM events_figurestate ORDER BY id LIMIT 1"
_STATE = (
    "SELECT s.turn, s.at, s.done_id, p.id, p.depth, "
    "(SELECT COUNT(*) FROM events_figureplace WHERE parent_id IS NULL) FROM events_figurestate s "
    "LEFT JOIN events_figureplace p ON p.path = %(path)s ORDER BY s.id LIMIT 1"
)


class Reading:
    """One look at the figures: the state of the sums and the tail, both of one instant, with the clock at `now`.

    `path`: the place most of it is about; its number comes with the state.
    """

    def __init__(self, now: datetime, path: str = ""):
        self.now = now
        self.state = FigureState()
        self.places: dict[str, tuple[int, int]] = {}
        self.calendar: dict[str, Calendar] = {}
        self.made: dict[tuple, Any] = {}  # what several panels show and one has put together (events.figures.sums)
        self._answers: dict[tuple, list] = {}
        self._tails: dict[tuple[str, str], tuple[list, dict]] = {}
        self._whole: str | None = None  # the path below which everything lies
        self._turn: int | None = None  # as of the last reading of sums, where that is known
        for turn, at, done, pk, depth, roots in ask(_STATE, {"path": path}):
            self.state = FigureState(turn=turn, at=_utc(at), done_id=done)
            if path:
                self.places[path] = (-1, path.count("/") - 2) if pk is None else (pk, depth)
            self._whole = path if depth == 0 and roots == 1 else None
        # Planned each time: a plan made while the tables were all but empty reads them whole, row by row of the tail, until
        # somebody analyses them; under a storm nobody could then read faster than the sums are folded.
        with connection.cursor() as cursor:
            cursor.execute(_statement(connection.vendor), _stamped(unfolded(self.state, now)))
            tail = list(_rows_of(cursor.fetchall()))
        self.events = [row for row in tail if isinstance(row, EventRow)]
        self.turns = [row for row in tail if isinstance(row, TurnRow)]

    def holds(self) -> bool:
        """Whether nobody has folded since."""
        if self._turn is None:
            found = ask(_TURN, {})
            self._turn = found[0][0] if found else 0
        return self._turn == self.state.turn

    def place(self, path: str) -> tuple[int, int]:
        """(number, level) of a path; number -1 where nothing was ever folded."""
        if path not in self.places:
            found = self._rows("SELECT id, depth FROM events_figureplace WHERE path = %(path)s", {"path": path})
            self.places[path] = found[0] if found else (-1, path.count("/") - 2)
        return self.places[path]

    def below(self, path: str) -> str:
        """SQL: f lies below the place `%(place)s` at this path. Nothing to look up where everything does."""
        return "" if path == self._whole else BELOW

    def ahead(self, asks: Iterable[Ask]) -> None:
        """Reads the answers to all of these with one statement; `of` finds them."""
        wanted = list({one.key: one for one in asks if one.key not in self._answers}.values())
        if not wanted:
            return
        given: dict[str, Any] = {}
        for n, one in enumerate(wanted):
            given |= {f"{name}_{n}": value for name, value in one.given.items()}
        statement = f"SELECT {', '.join(_packed(n, one) for n, one in enumerate(wanted))}, COALESCE(({_TURN}), 0)"
        ((*found, self._turn),) = ask(statement, given)
        for one, rows_ in zip(wanted, found, strict=True):
            self._answers[one.key] = orjson.loads(rows_) if rows_ else []

    def knows(self, ask: Ask) -> bool:
        return ask.key in self._answers

    def of(self, ask: Ask) -> list:
        """Rows; from what was read ahead, or by a statement of its own."""
        found = self._answers.get(ask.key)
        return self._rows(ask.statement, ask.given) if found is None else found

    def _rows(self, statement, given) -> list[tuple[Any, ...]]:
        """Of sums that were not read ahead: planned for its values."""
        self._turn = None
        with connection.cursor() as cursor:
            cursor.execute(statement, _stamped(given))
            return cursor.fetchall()

    def events_below(self, path: str) -> list[EventRow]:
        return self._below(rows.EVENT, path)[0]

    def turns_below(self, path: str) -> list[TurnRow]:
        return self._below(rows.TURN, path)[0]

    def _below(self, kind: str, path: str) -> tuple[list, dict]:
        """(the tail's rows below `path`, what is kept of them by instant); looked for once."""
        known = self._tails.get((kind, path))
        if known is None:
            of = self.events if kind == rows.EVENT else self.turns
            known = self._tails[kind, path] = [row for row in of if row.path.startswith(path)], {}
        return known

    def moved(self, path: str, instants, start: datetime, end: datetime, key=None) -> dict[Any, Counts]:
        """What the tail adds to the sums by these instants from `start` until before `end`: {key(row, instant): counts}."""
        found: dict[Any, Counts] = {}
        for name in instants:
            _kind, count, more = rows.INSTANTS[name]
            moments, mine = self._by(path, name)
            adds = [(total, attrgetter(column)) for total, column in more.items()]
            for n in range(bisect_left(moments, start), bisect_left(moments, end)):
                row = mine[n]
                counts = under(found, key(row, moments[n]) if key else None)
                counts[count] = counts.get(count, 0) + row.sign
                for total, value in adds:
                    counts[total] = counts.get(total, 0) + row.sign * value(row)
        return found

    def _by(self, path: str, instant: str) -> tuple[list[datetime], list]:
        """(moments, their rows) of the tail's rows below `path` that count by this instant, in their order: a wall asks
        for a dozen times."""
        of, known = self._below(rows.INSTANTS[instant][0], path)
        if instant not in known:
            mine = [row for row in of if getattr(row, instant) is not None]
            mine.sort(key=attrgetter(instant))
            known[instant] = [getattr(row, instant) for row in mine], mine
        return known[instant]


_PARAMETER = re.compile(r"%\((\w+)\)s")


@lru_cache(256)
def _in_order(statement: str) -> tuple[str, list[str]]:
    """The statement with parameters by order, and their names in that order."""
    return _PARAMETER.sub("%s", statement), _PARAMETER.findall(statement)


def _packed(n: int, ask: Ask) -> str:
    """The ask number n as one value: all its rows as JSON. Numbers become whole ones, days the text of their date."""
    columns = ", ".join(f"c{column}" for column in range(ask.width))
    statement = _PARAMETER.sub(lambda found: f"%({found[1]}_{n})s", ask.statement)
    if connection.vendor == "postgresql":
        packed = f"json_agg(json_build_array({columns}))::text"
    else:
        packed = f"json_group_array(json_array({columns}))"
    return f"(WITH q ({columns}) AS ({statement}) SELECT {packed} FROM q)"


def together(now: datetime, make: Callable[[Reading], T], path: str = "") -> T:
    """What `make` reads, all of it of one instant. It may be called more than once: while somebody folds.

    `path`: the place that most of it is about.
    """
    for _turn in range(TRIES):
        reading = Reading(now, path)
        result = make(reading)
        if reading.holds():
            return result
    raise RuntimeError("The figures are folded faster than they can be read.")
