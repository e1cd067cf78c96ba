"""Sums over time from the rollups, the broken days at the ends from the kept rows, and the tail: one answer."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from events.figures import rows, spans
from events.figures.counts import Counts, under
from events.figures.tail import BELOW, Ask, Calendar, Reading
from events.workflow import Stage

EVERY = tuple(rows.INSTANTS)


class Piece(NamedTuple):
    """Part of a day to be summed up from kept rows, by some of the instants."""

    label: str
    start: datetime
    end: datetime
    instants: tuple[str, ...] = EVERY


# What kept rows can be grouped by: SQL over f (the row), p (its place), and the same of a row of the tail.
KEYS = {
    "path": ("p.path", lambda row, at: row.path),
    "unit": ("f.{unit}", lambda row, at: getattr(row, "unit_id", None) or getattr(row, "lead_id", None)),
    "standard": ("f.standard_id", lambda row, at: row.standard_id),
    "source": ("f.source", lambda row, at: row.source),
    "hour": ("{hour}", lambda row, at: int(at.timestamp()) // 3600),
}
# What lies at none of them has no group here: these do not add up to everything.
CHILD = "JOIN events_figurebelow k ON k.place_id = f.place_id AND k.depth = %(depth)s "


def add(*parts: dict[Any, Counts]) -> dict[Any, Counts]:
    """Counts by key, added up (subtractions included)."""
    total: dict[Any, Counts] = {}
    for part in parts:
        for key, counts in part.items():
            under(total, key).add(counts)
    return total


def kept_asks(
    reading: Reading, path: str, pieces: Iterable[Piece], key: str | None = None, generation: int = 1
) -> list[tuple]:
    """[(label, instant, question)] about the kept rows below `path`, by index on each instant.

    `key`: one of KEYS, or "child": the path of the child of that generation that the row lies at or below.
    """
    place, level = reading.place(path)
    if place < 0:
        return []
    more = {"depth": level + generation} if key == "child" else {}
    below = reading.below(path)
    return [
        (piece.label, name, _kept(name, key, place, below, piece, more)) for piece in pieces for name in piece.instants
    ]


def kept(
    reading: Reading, path: str, pieces: Iterable[Piece], key: str | None = None, generation: int = 1
) -> dict[str, dict[Any, Counts]]:
    """{label: {key: counts}} of the kept rows below `path` (`kept_asks`): one statement, or what was read ahead."""
    pieces = list(pieces)
    asks = kept_asks(reading, path, pieces, key, generation)
    if key is None:
        asks = [(label, name, grouped(name, ask, reading.knows) or ask) for label, name, ask in asks]
    reading.ahead(ask for _label, _name, ask in asks)
    found: dict[str, dict[Any, Counts]] = {}
    for label, name, ask in asks:
        _kind, count, more = rows.INSTANTS[name]
        for value, *numbers in reading.of(ask):
            counts = under(found.setdefault(label, {}), value if key else None)
            for total, number in zip((count, *more), numbers, strict=True):
                counts[total] = counts.get(total, 0) + (number or 0)
    return found


def _kept(name: str, key: str | None, place: int, below: str, piece: Piece, more: dict[str, int]) -> Ask:
    width = 2 + len(rows.INSTANTS[name][2])
    return Ask(_kept_sql(name, key, below), {"place": place, "start": piece.start, "end": piece.end, **more}, width)


@cache
def _kept_sql(name: str, key: str | None, below: str) -> str:
    kind, _count, more = rows.INSTANTS[name]
    sums = "".join(f", SUM(f.{column})" for column in more.values())
    value = "NULL"
    if key:
        unit = "unit_id" if kind == rows.TURN else "lead_id"
        value = KEYS["path" if key == "child" else key][0].format(unit=unit, hour=f"{rows.seconds(f'f.{name}')} / 3600")
    group = f" GROUP BY {value}" if key else ""
    joined = {
        "path": "JOIN events_figureplace p ON p.id = f.place_id ",
        "child": f"{CHILD}JOIN events_figureplace p ON p.id = k.ancestor_id ",
    }.get(key or "", "")
    return (
        f"SELECT {value}, COUNT(*){sums} FROM {rows.TABLE[kind]} f {joined}{below}"
        f"WHERE f.{name} >= %(start)s AND f.{name} < %(end)s{group}"
    )


def grouped(name: str, ask: Ask, knows: Callable[[Ask], bool]) -> Ask | None:
    """The same question by some key, if that is known: its groups add up to everything."""
    below = BELOW if BELOW in ask.statement else ""
    others = (ask._replace(statement=_kept_sql(name, key, below)) for key in KEYS)
    return next((other for other in others if knows(other)), None)


def days_ask(reading: Reading, path: str, first: date, last: date, names=rows.SUMS) -> Ask:
    statement = (
        f"SELECT day, {', '.join(names)} FROM events_dayfigure "
        "WHERE place_id = %(place)s AND day >= %(first)s AND day < %(last)s"
    )
    return Ask(statement, {"place": reading.place(path)[0], "first": first, "last": last}, 1 + len(names))


def days(reading: Reading, path: str, first: date, last: date, names=rows.SUMS) -> dict[date, dict[str, int]]:
    """{day: counts} from the rollup, the days from `first` until before `last`; without the tail."""
    known = reading.calendar.get(path)
    if known is None or not known.holds(first, last, names):
        found = reading.of(days_ask(reading, path, first, last, names))
        return {_day(row[0]): dict(zip(names, row[1:], strict=True)) for row in found}
    return {day: counts for day, counts in known.days.items() if first <= day < last}


def months_ask(reading: Reading, path: str, first: date, last: date, names: tuple[str, ...]) -> Ask:
    month = rows.month("day")
    statement = (
        f"SELECT {month}, {', '.join(f'SUM({name})' for name in names)} FROM events_dayfigure "
        f"WHERE place_id = %(place)s AND day >= %(first)s AND day < %(last)s GROUP BY {month}"
    )
    return Ask(statement, {"place": reading.place(path)[0], "first": first, "last": last}, 1 + len(names))


def months(reading: Reading, path: str, first: date, last: date, names: tuple[str, ...]) -> dict[date, dict[str, int]]:
    """The same by {first day of the month: counts}: a year is a dozen rows, not 365."""
    found = reading.of(months_ask(reading, path, first, last, names))
    return {_day(row[0]): dict(zip(names, row[1:], strict=True)) for row in found}


def keep_days(reading: Reading, path: str, first: date, last: date, names: tuple[str, ...]) -> None:
    """`days` of any part of these days need no statement of their own."""
    found = days(reading, path, first, last, names)
    reading.calendar[path] = Calendar(first, last, names, found)


def _day(value) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def broken(first: date, until: datetime, instants=EVERY) -> tuple[date, list[Piece]]:
    """The days from `first` until an instant: (the day before which they are whole, the piece of the last one)."""
    last = spans.local(until).date()
    if until == spans.midnight(last) or last < first:
        return last, []
    return last, [Piece("rest", spans.midnight(last), until, instants)]


def flows(
    reading: Reading, path: str, first: date, until: datetime, key: str | None = None, generation: int = 1,
    instants: tuple[str, ...] = EVERY,
) -> dict[Any, Counts]:  # fmt: skip
    """{key: counts} by `instants` from the beginning of `first` until before `until`.

    `key`: None (everything together), "child" (by paths at or below the children of that generation) or "unit".
    """
    start = spans.midnight(first)
    if until <= start:
        return {}
    instants = rows.OF_UNIT if key == "unit" else instants
    moved = reading.moved(path, instants, start, until, KEYS["path" if key == "child" else key][1] if key else None)
    last, pieces, ask = _flows_plan(reading, path, first, until, key, generation, instants)
    whole = _whole(reading, ask, _names(key, instants)) if last > first else {}
    return add(whole, kept(reading, path, pieces, key, generation).get("rest", {}), moved)


def flows_asks(
    reading: Reading, path: str, first: date, until: datetime, key: str, generation: int = 1, instants=EVERY
) -> list[Ask]:
    """The questions of `flows`."""
    if until <= spans.midnight(first):
        return []
    instants = rows.OF_UNIT if key == "unit" else instants
    last, pieces, ask = _flows_plan(reading, path, first, until, key, generation, instants)
    asks = [ask for _label, _name, ask in kept_asks(reading, path, pieces, key, generation)]
    return [*asks, ask] if last > first else asks


def _flows_plan(reading, path, first, until, key, generation, instants):
    """(the day before which days are whole, the pieces that are not, the question about the whole ones)."""
    if key == "unit" and reading.place(path)[1] > rows.DEEPEST:
        return first, [Piece("rest", spans.midnight(first), until, instants)], None
    last, pieces = broken(first, until, instants)
    return last, pieces, _whole_ask(reading, path, first, last, key, generation, instants)


def _born(generation: int) -> str:
    """SQL: the place p is a child (grandchild, …) of the one that is asked for.

    Not one bracket too many: IN ((SELECT …)) is all rows to PostgreSQL, but the first one to SQLite.
    """
    above = "%(place)s"
    for _n in range(generation - 1):
        above = f"SELECT id FROM events_figureplace WHERE parent_id IN ({above})"
    return f"p.parent_id IN ({above})"


def _names(key, instants) -> tuple[str, ...]:
    if key == "unit":
        return rows.ROLLUPS[2].sums
    return tuple(name for instant in instants for name in (rows.INSTANTS[instant][1], *rows.INSTANTS[instant][2]))


def _whole_ask(reading, path, first, last, key, generation, instants) -> Ask:
    names = _names(key, instants)
    sums = ", ".join(f"SUM(d.{name})" for name in names)
    where = "d.day >= %(first)s AND d.day < %(last)s"
    select = {
        None: f"SELECT NULL, {sums} FROM events_dayfigure d WHERE d.place_id = %(place)s AND {where}",
        "child": f"SELECT p.path, {sums} FROM events_dayfigure d JOIN events_figureplace p ON p.id = d.place_id "
        f"WHERE {_born(generation)} AND {where} GROUP BY p.path",
        "unit": f"SELECT d.unit_id, {sums} FROM events_dayunit d WHERE d.place_id = %(place)s AND {where} "
        "GROUP BY d.unit_id",
    }[key]  # fmt: skip
    return Ask(select, {"place": reading.place(path)[0], "first": first, "last": last}, 1 + len(names))


def _whole(reading, ask, names) -> dict[Any, Counts]:
    """Whole days from the rollups."""
    return {
        value: Counts(zip(names, (n or 0 for n in counts), strict=True)) for value, *counts in reading.of(ask)
    }


# ---- what stands


def standing_ask(reading: Reading, path: str, children: int = 0) -> Ask:
    if children:
        select = (
            "SELECT p.path, o.status, o.standing, o.late, o.soon, o.since FROM events_openfigure o "
            f"JOIN events_figureplace p ON p.id = o.place_id WHERE {_born(children)}"
        )
    else:
        select = (
            "SELECT NULL, status, standing, late, soon, since FROM events_openfigure WHERE place_id = %(place)s"
        )
    return Ask(select, {"place": reading.place(path)[0]}, 6)


def standing(reading: Reading, path: str, *, children: int = 0) -> dict[tuple, Counts]:
    """{(path or None, status): {standing, late, soon, since}} of what stands now; `children`: by the paths of those of
    that generation."""
    key = ("standing", path, children)
    if key not in reading.made:
        reading.made[key] = _standing(reading, path, children)
    return reading.made[key]


def _standing(reading: Reading, path: str, children: int) -> dict[tuple, Counts]:
    found: dict[tuple, Counts] = {}
    for below, status, count, late, soon, since in reading.of(standing_ask(reading, path, children)):
        found[below, status] = Counts(standing=count, late=late, soon=soon, since=since)
    for row in reading.events_below(path):
        if row.status in rows.STANDING:
            counts = under(found, (row.path if children else None, row.status))
            counts["standing"] += row.sign
            counts["late"] += row.sign * (row.light == 2)
            counts["soon"] += row.sign * (row.light == 1)
            counts["since"] += row.sign * int(row.since.timestamp())
    return found


def open_ask(reading: Reading, path: str) -> Ask:
    place, level = reading.place(path)
    if level <= rows.DEEPEST:
        select = "SELECT standard_id, standing FROM events_openkind WHERE place_id = %(place)s"
    else:
        select = (
            "SELECT f.standard_id, COUNT(*) FROM events_foldedevent f JOIN events_figurebelow b "
            "ON b.place_id = f.place_id AND b.ancestor_id = %(place)s WHERE f.is_open = 1 GROUP BY f.standard_id"
        )
    return Ask(select, {"place": place}, 2)


def kinds_open(reading: Reading, path: str) -> dict[int, int]:
    """{standard: open ones}."""
    found = dict(reading.of(open_ask(reading, path)))
    for row in reading.events_below(path):
        found[row.standard_id] = found.get(row.standard_id, 0) + row.sign * row.is_open
    return found


def reported_ask(reading: Reading, path: str, first: date, last: date) -> Ask:
    place, level = reading.place(path)
    given = {"place": place, "first": first, "last": last}
    if level <= rows.DEEPEST:
        select = (
            "SELECT standard_id, source, SUM(reported) FROM events_daykind WHERE place_id = %(place)s "
            "AND day >= %(first)s AND day < %(last)s GROUP BY standard_id, source"
        )
    else:
        select = (
            "SELECT f.standard_id, f.source, COUNT(*) FROM events_foldedevent f JOIN events_figurebelow b "
            "ON b.place_id = f.place_id AND b.ancestor_id = %(place)s "
            "WHERE f.reported_at >= %(first)s AND f.reported_at < %(last)s GROUP BY f.standard_id, f.source"
        )
        given |= {"first": spans.midnight(first), "last": spans.midnight(last)}
    return Ask(select, given, 3)


def kinds_reported(reading: Reading, path: str, first: date, last: date) -> dict[tuple[int, str], int]:
    """{(standard, source): reported ones} of whole days: what was reported today was reported before now."""
    found = {(pk, source): n for pk, source, n in reading.of(reported_ask(reading, path, first, last))}
    start, end = spans.midnight(first), spans.midnight(last)
    for row in reading.events_below(path):
        if start <= row.reported_at < end:
            key = row.standard_id, row.source
            found[key] = found.get(key, 0) + row.sign
    return found


def lying_ask(reading: Reading, path: str) -> Ask:
    place, level = reading.place(path)
    if level <= rows.DEEPEST:
        select = "SELECT unit_id, standing, late FROM events_openunit WHERE place_id = %(place)s"
    else:
        select = (
            "SELECT f.unit_id, COUNT(*), SUM(f.lies_late) FROM events_foldedturn f JOIN events_figurebelow b "
            "ON b.place_id = f.place_id AND b.ancestor_id = %(place)s WHERE f.lying = 1 GROUP BY f.unit_id"
        )
    return Ask(select, {"place": place}, 3)


def lying(reading: Reading, path: str) -> dict[int, Counts]:
    """{unit: {open, late}} of the turns that lie with it now."""
    found = {unit: Counts(open=count, late=late) for unit, count, late in reading.of(lying_ask(reading, path))}
    for row in reading.turns_below(path):
        if row.lying:
            counts = under(found, row.unit_id)
            counts["open"] += row.sign
            counts["late"] += row.sign * row.lies_late
    return found


def due_ask(reading: Reading, path: str, start: datetime, end: datetime) -> Ask:
    return Ask(
        f"SELECT COUNT(*) FROM events_foldedevent f {reading.below(path)}"
        "WHERE f.is_open = 1 AND f.clock_due >= %(start)s AND f.clock_due < %(end)s",
        {"place": reading.place(path)[0], "start": start, "end": end}, 1,
    )  # fmt: skip


def fell_due(reading: Reading, path: str, start: datetime, end: datetime) -> int:
    """Open events whose running clock ran out from `start` until before `end`."""
    found = reading.of(due_ask(reading, path, start, end))[0][0]
    for row in reading.events_below(path):
        found += row.sign * (row.is_open and row.clock_due is not None and start <= row.clock_due < end)
    return found


_STAGES = ", ".join(f"'{stage}'" for stage in Stage.values)


def ended_ask(path: str, then: datetime, now: datetime) -> Ask:
    return Ask(
        "SELECT COUNT(*) FROM events_stagerecord s JOIN events_event e ON e.id = s.event_id "
        f"WHERE s.stage IN ({_STAGES}) AND s.ended_at > %(then)s AND s.ended_at <= %(now)s AND s.due_at < %(then)s "
        "AND s.started_at <= %(then)s AND e.path LIKE %(below)s",
        {"then": then, "now": now, "below": f"{path}%"}, 1,
    )  # fmt: skip


def ended_late(reading: Reading, path: str, then: datetime, now: datetime) -> int:
    """Stages that were late at `then` and have ended since: from the stages themselves, no step changes an ended one."""
    return reading.of(ended_ask(path, then, now))[0][0]
