"""Many rows into a table at once: COPY on PostgreSQL, one prepared statement on SQLite.

Rows carry database values in column order. Geometries are given as shapely geometries; datetimes aware; JSON
columns as Python objects wrapped in `Json`.
"""

import io
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

import shapely
from django.db import connection

CHUNK = 5000


class Json:
    """Marks a value of a JSON column."""

    __slots__ = ("text",)

    def __init__(self, value):
        self.text = json.dumps(value, ensure_ascii=False)


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


def _text(value) -> str:
    if value is None:
        return "\\N"
    if value is True:
        return "t"
    if value is False:
        return "f"
    if isinstance(value, Json):
        value = value.text
    elif isinstance(value, datetime | date):
        return value.isoformat()
    elif isinstance(value, shapely.Geometry):
        return shapely.to_wkb(value, hex=True, include_srid=True)
    text = str(value)
    if "\\" in text or "\t" in text or "\n" in text or "\r" in text:
        text = text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text


def _copy(table, columns, rows):
    names = ", ".join(f'"{name}"' for name in columns)
    count, buffer = 0, io.StringIO()
    with connection.cursor() as cursor:

        def flush():
            buffer.seek(0)
            cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN", buffer)
            buffer.seek(0)
            buffer.truncate()

        for row in rows:
            buffer.write("\t".join(map(_text, row)) + "\n")
            count += 1
            if count % CHUNK == 0:
                flush()
        flush()
    return count


def _value(value):
    if isinstance(value, Json):
        return value.text
    if isinstance(value, shapely.Geometry):
        return shapely.to_wkb(value)
    if isinstance(value, Decimal):
        return str(value)
    return value


def _executemany(table, columns, rows):
    count, statement = 0, None
    names = ", ".join(f'"{name}"' for name in columns)
    adapt = connection.ops.adapt_datetimefield_value
    raw = None
    chunk: list[tuple] = []
    with connection.cursor() as cursor:
        raw = cursor.cursor

        def flush():
            if chunk:
                super(type(raw), raw).executemany(statement, chunk)
                chunk.clear()

        for row in rows:
            if statement is None:
                marks = ", ".join(
                    "GeomFromWKB(?, 4326)" if _is_geometry(table, name) else "?" for name in columns
                )
                statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"
            chunk.append(tuple(adapt(v) if isinstance(v, datetime) else _value(v) for v in row))
            count += 1
            if len(chunk) >= CHUNK:
                flush()
        flush()
    return count


def _is_geometry(table, column):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM geometry_columns WHERE f_table_name = %s AND f_geometry_column = %s",
            [table.lower(), column.lower()],
        )
        return cursor.fetchone() is not None
