"""One event and one turn as the figures see them, and the sums made of such rows: the SQL that all of it is built from.

`LIVE` reads the rows from the events themselves, `KEPT` from where the fold has put them; both give the same columns.
A row counts by its instants (`INSTANTS`): on the day of each one, it adds 1 and what else is named there.
"""

from dataclasses import dataclass

from django.db import connection

from events.workflow import OPEN, RUNNING, Status

SATISFIED = 4  # stars and more (evaluation.indicators)
STEPS = (*RUNNING, Status.CLOSED)  # where events stand in the six steps
EVENT, TURN = "event", "turn"
DEEPEST = 2  # of the sums by kind and by unit


def _words(values) -> str:
    return ", ".join(f"'{value}'" for value in values)


_OPEN = _words(str(status) for status in OPEN)
STANDING = tuple(str(status) for status in (*OPEN, Status.CLOSED))
_STANDING = _words(STANDING)
_DONE = _words(("fed_back", "passed", "rework"))

EVENT_COLUMNS = (
    "event_id", "seq", "status", "is_open", "light", "since", "clock_due", "clock_yellow", "reported_at", "registered",
    "ended_at", "closed", "settled", "rated_at", "satisfied", "stars", "standard_id", "source", "lead_id",
)  # fmt: skip
TURN_COLUMNS = (
    "turn_id", "event_id", "unit_id", "due_at", "in_time", "to_close", "passed", "sent_at", "returned", "handled_at",
    "reworked", "lying", "lies_until", "lies_late",
)  # fmt: skip


def _flag(condition: str) -> str:
    return f"CASE WHEN {condition} THEN 1 ELSE 0 END"


# One parameter: the instant that lights are compared with.
_EVENT_LIVE = f"""
SELECT e.path, e.id AS event_id, e.head_seq AS seq, e.status, {_flag(f"e.status IN ({_OPEN})")} AS is_open,
  CASE WHEN e.due_at < %(now)s THEN 2 WHEN e.due_at IS NOT NULL AND e.yellow_at < %(now)s THEN 1 ELSE 0 END AS light,
  e.stage_since AS since, e.due_at AS clock_due, e.yellow_at AS clock_yellow,
  e.reported_at, {_flag("e.registered_at IS NOT NULL")} AS registered,
  CASE WHEN e.status IN ('rejected', 'merged', 'cancelled') THEN e.stage_since ELSE e.closed_at END AS ended_at,
  {_flag("e.closed_at IS NOT NULL")} AS closed, {_flag("e.closed_at IS NOT NULL AND e.settled_on_spot")} AS settled,
  CASE WHEN e.stars IS NOT NULL AND e.lead_id IS NOT NULL THEN e.evaluated_at END AS rated_at,
  {_flag(f"e.stars >= {SATISFIED}")} AS satisfied, COALESCE(e.stars, 0) AS stars,
  COALESCE(e.standard_id, 0) AS standard_id, e.source, e.lead_id
FROM events_event e
"""
_TURN_LIVE = f"""
SELECT e.path, a.id AS turn_id, a.event_id, a.unit_id,
  CASE WHEN a.outcome = 'withdrawn' OR (a.outcome = 'returned' AND NOT a.late)
         OR (a.outcome = 'open' AND e.status = 'suspended') THEN NULL ELSE a.due_at END AS due_at,
  {_flag(f"(a.outcome IN ({_DONE}) AND NOT a.late) OR a.exempt")} AS in_time,
  {_flag("a.lead AND a.outcome NOT IN ('rework', 'returned')")} AS to_close,
  {_flag("a.lead AND a.outcome = 'passed'")} AS passed,
  CASE WHEN a.lead AND a.outcome <> 'withdrawn' THEN a.dispatched_at END AS sent_at,
  {_flag("a.outcome = 'returned'")} AS returned,
  CASE WHEN a.lead AND a.outcome IN ({_DONE}) THEN a.ended_at END AS handled_at,
  {_flag("a.outcome = 'rework'")} AS reworked,
  {_flag("a.outcome = 'open'")} AS lying,
  CASE WHEN a.outcome = 'open' AND e.status <> 'suspended' THEN a.due_at END AS lies_until,
  {_flag("a.outcome = 'open' AND e.status <> 'suspended' AND a.due_at < %(now)s")} AS lies_late
FROM events_assignment a JOIN events_event e ON e.id = a.event_id
"""
LIVE = {EVENT: (_EVENT_LIVE, "e.id"), TURN: (_TURN_LIVE, "a.event_id")}
KEPT = {
    kind: (f"SELECT p.path, {', '.join(f'f.{c}' for c in columns)} FROM {table} f "
           "JOIN events_figureplace p ON p.id = f.place_id", "f.event_id")
    for kind, table, columns in (
        (EVENT, "events_foldedevent", EVENT_COLUMNS), (TURN, "events_foldedturn", TURN_COLUMNS)
    )
}  # fmt: skip
TABLE = {EVENT: "events_foldedevent", TURN: "events_foldedturn"}
COLUMNS = {EVENT: EVENT_COLUMNS, TURN: TURN_COLUMNS}

# instant: (whose, what it counts, {sum: column whose value it adds})
INSTANTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "reported_at": (EVENT, "reported", {"registered": "registered"}),
    "ended_at": (EVENT, "ended", {"closed": "closed", "settled": "settled"}),
    "rated_at": (EVENT, "rated", {"satisfied": "satisfied", "stars": "stars"}),
    "due_at": (TURN, "due", {"in_time": "in_time", "to_close": "to_close", "passed": "passed"}),
    "sent_at": (TURN, "dispatched", {"returned": "returned"}),
    "handled_at": (TURN, "handled", {"reworked": "reworked"}),
}
SUMS = tuple(name for _kind, count, more in INSTANTS.values() for name in (count, *more))
OF_UNIT = ("rated_at", "due_at", "sent_at", "handled_at")


def ids(column: str) -> str:
    """A condition on one parameter, `ids_value(ids)`."""
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%(ids)s)"
    return f"{column} IN (SELECT value FROM json_each(%(ids)s))"


def ids_value(values):
    return list(values) if connection.vendor == "postgresql" else str(list(values))


def day(column: str) -> str:
    """The local day of an instant: Beijing, UTC+8 without summer time (events.clocks)."""
    if connection.vendor == "postgresql":
        return f"({column} AT TIME ZONE 'Asia/Shanghai')::date"
    return f"date({column}, '+8 hours')"


def month(column: str) -> str:
    """The first day of a local day's month."""
    if connection.vendor == "postgresql":
        return f"date_trunc('month', {column})::date"
    return f"date({column}, 'start of month')"


def seconds(column: str) -> str:
    """Whole seconds since 1970."""
    if connection.vendor == "postgresql":
        return f"floor(date_part('epoch', {column}))::bigint"
    return f"CAST(strftime('%%s', {column}) AS INTEGER)"


def adds(instant: str, wanted=SUMS) -> dict[str, str]:
    """{sum: what a row adds to it by this instant}, of the sums wanted, 0 where it is another instant's."""
    _kind, count, more = INSTANTS[instant]
    own = {count: "1"} | more
    return {name: own.get(name, "0") for name in wanted}


_UPPER = """JOIN (
  SELECT b.place_id, b.ancestor_id AS upper_id FROM events_figurebelow b JOIN events_figureplace p ON p.id = b.place_id
  WHERE b.depth = CASE WHEN p.depth < {deepest} THEN p.depth ELSE {deepest} END
) u ON u.place_id = f.place_id"""


@dataclass(frozen=True)
class Rollup:
    """A table of sums. `parts`: SELECTs of place, key and what is added, grouped, from kept rows that fulfil `{where}`.
    `deepest`: the deepest level that has rows."""

    table: str
    key: tuple[str, ...]
    sums: tuple[str, ...]
    parts: tuple[str, ...]
    deepest: int | None = None

    def change(self, sign: int, where: str = "") -> str:
        """Adds (or takes off) what the kept rows that fulfil `where` sum up to; parameters are those of `where`."""
        return self.adding(self.select(sign, where))

    def adding(self, select: str) -> str:
        """Adds what a SELECT of place, key and sums gives."""
        sums = ", ".join(f"{name} = {self.table}.{name} + EXCLUDED.{name}" for name in self.sums)
        columns = ", ".join(("place_id", *self.key, *self.sums))
        return (
            f"INSERT INTO {self.table} ({columns}) SELECT {columns} FROM ({select}) added WHERE 1 = 1 "
            f"ON CONFLICT ({', '.join(('place_id', *self.key))}) DO UPDATE SET {sums}"
        )

    def select(self, sign: int = 1, where: str = "") -> str:
        """SELECT place, key and sums of the kept rows that fulfil `where`, at every level that has rows."""
        rows = " UNION ALL ".join(part.format(where=f"AND {where}" if where else "") for part in self._parts())
        keys = "".join(f", x.{name}" for name in self.key)
        sums = ", ".join(f"{sign} * SUM(x.{name}) AS {name}" for name in self.sums)
        level = "1 = 1" if self.deepest is None else f"b.depth <= {self.deepest}"
        return (
            f"SELECT b.ancestor_id AS place_id{keys}, {sums} FROM ({rows}) x "
            f"JOIN events_figurebelow b ON b.place_id = x.place_id WHERE {level} GROUP BY b.ancestor_id{keys}"
        )

    def _parts(self):
        marks = {"{since}": seconds("since"), "{place}": "f.place_id", "{upper}": ""}
        if self.deepest is not None:  # what lies deeper is summed up at the deepest level first
            marks |= {"{place}": "u.upper_id", "{upper}": _UPPER.format(deepest=self.deepest)}
        for instant in INSTANTS:
            marks[f"{{day {instant}}}"] = day(instant)
        for part in self.parts:
            for mark, sql in marks.items():
                part = part.replace(mark, sql)
            yield part


def _by_day(instant: str, key: dict[str, str], wanted) -> str:
    table = TABLE[INSTANTS[instant][0]]
    given = "".join(f", {column} AS {name}" for name, column in key.items())
    # Whole numbers of four bytes, as the tables have them: PostgreSQL adds up its own sums in numeric otherwise.
    sums = ", ".join(f"CAST(SUM({value}) AS INTEGER) AS {name}" for name, value in adds(instant, wanted).items())
    groups = ", ".join(("{place}", f"{{day {instant}}}", *key.values()))
    return (
        f"SELECT {{place}} AS place_id, {{day {instant}}} AS day{given}, {sums} FROM {table} f {{upper}} "
        f"WHERE {instant} IS NOT NULL {{where}} GROUP BY {groups}"
    )


_UNIT_SUMS = tuple(name for instant in OF_UNIT for name in (INSTANTS[instant][1], *INSTANTS[instant][2]) if name != "stars")
ROLLUPS = (
    Rollup("events_dayfigure", ("day",), SUMS, tuple(_by_day(instant, {}, SUMS) for instant in INSTANTS)),
    Rollup(
        "events_daykind", ("day", "standard_id", "source"), ("reported",),
        (_by_day("reported_at", {"standard_id": "standard_id", "source": "source"}, ("reported",)),), DEEPEST,
    ),
    Rollup(
        "events_dayunit", ("day", "unit_id"), _UNIT_SUMS,
        tuple(_by_day(i, {"unit_id": "lead_id" if i == "rated_at" else "unit_id"}, _UNIT_SUMS) for i in OF_UNIT), DEEPEST,
    ),
    Rollup(
        "events_openfigure", ("status",), ("standing", "late", "soon", "since"),
        (f"SELECT {{place}} AS place_id, status, COUNT(*) AS standing, SUM({_flag('light = 2')}) AS late, "
         f"SUM({_flag('light = 1')}) AS soon, SUM({{since}}) AS since FROM events_foldedevent f {{upper}} "
         f"WHERE status IN ({_STANDING}) {{where}} GROUP BY {{place}}, status",),
    ),
    Rollup(
        "events_openkind", ("standard_id",), ("standing",),
        ("SELECT {place} AS place_id, standard_id, COUNT(*) AS standing FROM events_foldedevent f {upper} "
         "WHERE is_open = 1 {where} GROUP BY {place}, standard_id",), DEEPEST,
    ),
    Rollup(
        "events_openunit", ("unit_id",), ("standing", "late"),
        ("SELECT {place} AS place_id, unit_id, COUNT(*) AS standing, SUM(lies_late) AS late FROM events_foldedturn f "
         "{upper} WHERE lying = 1 {where} GROUP BY {place}, unit_id",), DEEPEST,
    ),
)  # fmt: skip


def into(kind: str, where: str = "") -> str:
    """Writes the live rows that fulfil `where` (on the event's id) into the kept ones; `%(now)s` is the clock's."""
    live, event_id = LIVE[kind]
    columns = ", ".join(COLUMNS[kind])
    given = ", ".join(f"x.{name}" for name in COLUMNS[kind])
    condition = f"WHERE {where.format(event_id=event_id)}" if where else ""
    return (
        f"INSERT INTO {TABLE[kind]} (place_id, {columns}) SELECT p.id, {given} FROM ({live} {condition}) x "
        "JOIN events_figureplace p ON p.path = x.path"
    )
