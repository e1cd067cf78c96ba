"""Many rows into a table at once: COPY on PostgreSQL, one prepared statement on SQLite.

Rows carry database values in column order. Geometries are given as shapely geometries; datetimes aware; JSON
columns as Python objects wrapped in `Json`.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice

import orjson
import shapely
from django.db import connection

CHUNK = 5000
PIECE = 200  # lines handed to COPY at a time
_ENCODE = json.JSONEncoder(ensure_ascii=False).encode
_EMPTY = {list: "[]", tuple: "[]", dict: "{}"}


class Json:
    """Marks a value of a JSON column."""

    __slots__ = ("text",)

    def __init__(self, value):
        # Most lists and dicts are empty: looking costs less than asking the encoder.
        self.text = (not value and _EMPTY.get(type(value))) or _ENCODE(value)


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence]) -> int:
    """Insert `rows`; returns how many. Runs in the caller's transaction; constraints and triggers apply."""
    if connection.vendor == "postgresql":
        return _copy(table, columns, rows)
    return _executemany(table, columns, rows)


def reset_sequence(*tables: str):
    """After rows were written with their own ids: let PostgreSQL go on behind them (SQLite does by itself)."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), COALESCE(max(id), 0) + 1, false) FROM {table}"
            )


def _escaped(text: str) -> str:
    if "\\" in text or "\t" in text or "\n" in text or "\r" in text:
        text = text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text


# By exact type, because half a million rows have ten million values; what is missing here goes the slow way.
_BY_TYPE = {
    type(None): lambda value: "\\N",
    bool: lambda value: "t" if value else "f",
    int: int.__repr__,
    float: float.__repr__,
    str: _escaped,
    datetime: lambda value: orjson.dumps(value)[1:-1].decode(),  # six times as fast as isoformat
    date: date.isoformat,
    Decimal: str,
    Json: lambda value: _escaped(value.text),
}


def _other(value) -> str:
    """Geometries, and subclasses such as text choices and lazy strings."""
    if isinstance(value, shapely.Geometry):
        return shapely.to_wkb(value, hex=True, include_srid=True)
    return _escaped(str(value))


def _line(row) -> str:
    return "\t".join([_BY_TYPE.get(type(value), _other)(value) for value in row]) + "\n"


class _Lines:
    """A file for COPY. Its lines are made when they are asked for: the database takes some while more are made."""

    def __init__(self, rows):
        self._rows = iter(rows)

    def read(self, _size):
        return "".join([_line(row) for row in islice(self._rows, PIECE)])


def _copy(table, columns, rows):
    names = ", ".join(f'"{name}"' for name in columns)
    count, rows = 0, iter(rows)
    with connection.cursor() as cursor:
        # Rows may come from queries of their own, which cannot be asked during a COPY.
        while chunk := list(islice(rows, CHUNK)):
            cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN", _Lines(chunk))
            count += len(chunk)
    return count


def _value(value):
    """What sqlite3 takes: subclasses of str (text choices) are bound as they are."""
    if isinstance(value, shapely.Geometry):
        return shapely.to_wkb(value)
    return value


def _sqlite_values():
    """As the ORM stores them: instants as text in UTC, decimals as text."""
    zone = connection.timezone

    def instant(value):
        return str(value.astimezone(zone).replace(tzinfo=None))

    return {datetime: instant, date: str, Decimal: str, Json: lambda value: value.text}


def _executemany(table, columns, rows):
    count, statement = 0, None
    names = ", ".join(f'"{name}"' for name in columns)
    by_type = _sqlite_values()
    chunk: list[tuple] = []
    with connection.cursor() as cursor:
        raw = cursor.cursor

        def flush():
            if chunk:
                super(type(raw), raw).executemany(statement, chunk)
                chunk.clear()

        for row in rows:
            if statement is None:
                places = _geometries(table)
                marks = ", ".join(f"GeomFromWKB(?, {places[c]})" if c in places else "?" for c in columns)
                statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"
            chunk.append(tuple([by_type.get(type(v), _value)(v) for v in row]))
            count += 1
            if len(chunk) >= CHUNK:
                flush()
        flush()
    return count


def _geometries(table) -> dict[str, int]:
    """{geometry column: its SRID}"""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT f_geometry_column, srid FROM geometry_columns WHERE f_table_name = %s", [table.lower()]
        )
        return dict(cursor.fetchall())
