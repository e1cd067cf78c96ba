"""Sums over time from the rollups, the broken days at the ends from the kept rows, and the tail: one answer."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple

from events.figures import rows, spans
from events.figures.tail import Reading

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


def add(*parts: dict[Any, Counter]) -> dict[Any, Counter]:
    """Counters by key, added up (subtractions included)."""
    total: dict[Any, Counter] = {}
    for part in parts:
        for key, counts in part.items():
            total.setdefault(key, Counter()).update(counts)
    return total


def kept(reading: Reading, path: str, pieces: Iterable[Piece], key: str | None = None) -> dict[str, dict[Any, Counter]]:
    """{label: {key: counts}} of the kept rows below `path`, by index on each instant: one statement."""
    place, _level = reading.place(path)
    given: dict[str, Any] = {"place": place}
    selects = []
    for n, piece in enumerate(pieces):
        given |= {f"start{n}": piece.start, f"end{n}": piece.end}
        selects += [_kept(name, n, piece.label, key) for name in piece.instants]
    found: dict[str, dict[Any, Counter]] = {}
    if place < 0 or not selects:
        return found
    for label, name, value, *numbers in reading.sql(" UNION ALL ".join(selects), **given):
        _kind, count, more = rows.INSTANTS[name]
        sums = dict(zip((count, *more), (number or 0 for number in numbers), strict=False))
        found.setdefault(label, {}).setdefault(value, Counter()).update(sums)
    return found


def _kept(name: str, n: int, label: str, key: str | None) -> str:
    kind, _count, more = rows.INSTANTS[name]
    columns = [f"SUM(f.{column})" for column in more.values()]
    columns += ["0"] * (3 - len(columns))
    value = "NULL"
    if key:
        unit = "unit_id" if kind == rows.TURN else "lead_id"
        value = KEYS[key][0].format(unit=unit, hour=f"{rows.seconds(f'f.{name}')} / 3600")
    group = f" GROUP BY {value}" if key else ""
    joined = "JOIN events_figureplace p ON p.id = f.place_id " if key == "path" else ""
    return (
        f"SELECT '{label}', '{name}', {value}, COUNT(*), {', '.join(columns)} FROM {rows.TABLE[kind]} f {joined}"
        f"JOIN events_figurebelow b ON b.place_id = f.place_id AND b.ancestor_id = %(place)s "
        f"WHERE f.{name} >= %(start{n})s AND f.{name} < %(end{n})s{group}"
    )


def days(reading: Reading, path: str, first: date, last: date, names=rows.SUMS) -> dict[date, Counter]:
    """{day: counts} from the rollup, the days from `first` until before `last`; without the tail."""
    found = reading.sql(
        f"SELECT day, {', '.join(names)} FROM events_dayfigure "
        "WHERE place_id = %(place)s AND day >= %(first)s AND day < %(last)s",
        place=reading.place(path)[0], first=first, last=last,
    )  # fmt: skip
    return {_day(row[0]): Counter(dict(zip(names, row[1:], strict=True))) for row in found}


def _day(value) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def broken(first: date, until: datetime, instants=EVERY) -> tuple[date, list[Piece]]:
    """The days from `first` until an instant: (the day before which they are whole, the piece of the last one)."""
    last = spans.local(until).date()
    if until == spans.midnight(last) or last < first:
        return last, []
    return last, [Piece("rest", spans.midnight(last), until, instants)]


def flows(
    reading: Reading, path: str, first: date, until: datetime, key: str | None = None, generation: int = 1
) -> dict[Any, Counter]:
    """{key: counts} by all instants from the beginning of `first` until before `until`.

    `key`: None (everything together), "child" (by path, children of that generation from the rollup) or "unit".
    """
    start = spans.midnight(first)
    if until <= start:
        return {}
    grouped = "path" if key == "child" else key
    instants = rows.OF_UNIT if key == "unit" else EVERY
    moved = reading.moved(path, instants, start, until, KEYS[grouped][1] if grouped else None)
    if key == "unit" and reading.place(path)[1] > rows.DEEPEST:
        whole, pieces = {}, [Piece("rest", start, until, instants)]
    else:
        last, pieces = broken(first, until, instants)
        whole = _whole(reading, path, first, last, key, generation)
    return add(whole, kept(reading, path, pieces, grouped).get("rest", {}), moved)


def _born(generation: int) -> str:
    """SQL: the place p is a child (grandchild, …) of the one that is asked for."""
    above = "%(place)s"
    for _n in range(generation - 1):
        above = f"(SELECT id FROM events_figureplace WHERE parent_id IN ({above}))"
    return f"p.parent_id IN ({above})"


def _whole(reading, path, first, last, key, generation=1) -> dict[Any, Counter]:
    """Whole days from the rollups."""
    if last <= first:
        return {}
    names = rows.ROLLUPS[2].sums if key == "unit" else rows.SUMS
    sums = ", ".join(f"SUM(d.{name})" for name in names)
    where = "d.day >= %(first)s AND d.day < %(last)s"
    select = {
        None: f"SELECT NULL, {sums} FROM events_dayfigure d WHERE d.place_id = %(place)s AND {where}",
        "child": f"SELECT p.path, {sums} FROM events_dayfigure d JOIN events_figureplace p ON p.id = d.place_id "
        f"WHERE {_born(generation)} AND {where} GROUP BY p.path",
        "unit": f"SELECT d.unit_id, {sums} FROM events_dayunit d WHERE d.place_id = %(place)s AND {where} "
        "GROUP BY d.unit_id",
    }[key]  # fmt: skip
    found = reading.sql(select, place=reading.place(path)[0], first=first, last=last)
    return {value: Counter(dict(zip(names, (n or 0 for n in counts), strict=True))) for value, *counts in found}


# ---- what stands


def standing(reading: Reading, path: str, *, children: int = 0) -> dict[tuple, Counter]:
    """{(path or None, status): {standing, late, soon, since}} of what stands now; `children`: by the paths of those of
    that generation."""
    place = reading.place(path)[0]
    if children:
        select = (
            "SELECT p.path, o.status, o.standing, o.late, o.soon, o.since FROM events_openfigure o "
            f"JOIN events_figureplace p ON p.id = o.place_id WHERE {_born(children)}"
        )
    else:
        select = (
            "SELECT NULL, status, standing, late, soon, since FROM events_openfigure WHERE place_id = %(place)s"
        )
    found: dict[tuple, Counter] = {}
    for below, status, count, late, soon, since in reading.sql(select, place=place):
        found[below, status] = Counter(standing=count, late=late, soon=soon, since=since)
    for row in reading.events_below(path):
        if row.status in rows.STANDING:
            found.setdefault((row.path if children else None, row.status), Counter()).update(
                standing=row.sign, late=row.sign * (row.light == 2), soon=row.sign * (row.light == 1),
                since=row.sign * int(row.since.timestamp()),
            )  # fmt: skip
    return found


def kinds_open(reading: Reading, path: str) -> Counter:
    """{standard: open ones}."""
    place, level = reading.place(path)
    if level <= rows.DEEPEST:
        select = "SELECT standard_id, standing FROM events_openkind WHERE place_id = %(place)s"
    else:
        select = (
            "SELECT f.standard_id, COUNT(*) FROM events_foldedevent f JOIN events_figurebelow b "
            "ON b.place_id = f.place_id AND b.ancestor_id = %(place)s WHERE f.is_open = 1 GROUP BY f.standard_id"
        )
    found = Counter(dict(reading.sql(select, place=place)))
    for row in reading.events_below(path):
        found[row.standard_id] += row.sign * row.is_open
    return found


def kinds_reported(reading: Reading, path: str, first: date, last: date) -> Counter:
    """{(standard, source): reported ones} of whole days: what was reported today was reported before now."""
    place, level = reading.place(path)
    if level <= rows.DEEPEST:
        select = (
            "SELECT standard_id, source, SUM(reported) FROM events_daykind WHERE place_id = %(place)s "
            "AND day >= %(first)s AND day < %(last)s GROUP BY standard_id, source"
        )
        given = {"first": first, "last": last}
    else:
        select = (
            "SELECT f.standard_id, f.source, COUNT(*) FROM events_foldedevent f JOIN events_figurebelow b "
            "ON b.place_id = f.place_id AND b.ancestor_id = %(place)s "
            "WHERE f.reported_at >= %(first)s AND f.reported_at < %(last)s GROUP BY f.standard_id, f.source"
        )
        given = {"first": spans.midnight(first), "last": spans.midnight(last)}
    found = Counter({(pk, source): n for pk, source, n in reading.sql(select, place=place, **given)})
    start, end = spans.midnight(first), spans.midnight(last)
    for row in reading.events_below(path):
        if start <= row.reported_at < end:
            found[row.standard_id, row.source] += row.sign
    return found


def lying(reading: Reading, path: str) -> dict[int, Counter]:
    """{unit: {open, late}} of the turns that lie with it now."""
    found = {
        unit: Counter(open=count, late=late)
        for unit, count, late in reading.sql(
            "SELECT f.unit_id, COUNT(*), SUM(CASE WHEN f.lies_until < %(now)s THEN 1 ELSE 0 END) FROM events_foldedturn f "
            "JOIN events_figurebelow b ON b.place_id = f.place_id AND b.ancestor_id = %(place)s "
            "WHERE f.lying = 1 GROUP BY f.unit_id",
            place=reading.place(path)[0], now=reading.now,
        )
    }  # fmt: skip
    for row in reading.turns_below(path):
        if row.lying:
            late = row.lies_until is not None and row.lies_until < reading.now
            found.setdefault(row.unit_id, Counter()).update(open=row.sign, late=row.sign * late)
    return found


def fell_due(reading: Reading, path: str, start: datetime, end: datetime) -> int:
    """Open events whose running clock ran out from `start` until before `end`."""
    found = reading.sql(
        "SELECT COUNT(*) FROM events_foldedevent f JOIN events_figurebelow b ON b.place_id = f.place_id "
        "AND b.ancestor_id = %(place)s WHERE f.is_open = 1 AND f.clock_due >= %(start)s AND f.clock_due < %(end)s",
        place=reading.place(path)[0], start=start, end=end,
    )[0][0]  # fmt: skip
    for row in reading.events_below(path):
        found += row.sign * (row.is_open and row.clock_due is not None and start <= row.clock_due < end)
    return found

