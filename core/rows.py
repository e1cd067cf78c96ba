"""INSERT and UPDATE of one row with SQL that is built once per model: the ORM builds it anew every time.

For the few tables that every report and step writes to. Values go through the fields as with `save()`; no signals are
sent (business rules here know none).
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.gis.db.models import PointField
from django.db import DatabaseError, connection, models
from django.db.models import Model
from django.db.models.expressions import DatabaseDefault

from core.prepared import execute, this_connection


def insert(row: Model) -> None:
    """Write a new row; its key is the one the database gave. Columns with a database default are left to it.

    One statement for each set of columns that are filled: a dozen or two of a table in a process's life, not thousands.
    """
    link = this_connection()
    columns, marks, values = [], [], []
    for field in row._meta.concrete_fields:
        value = row.__dict__.get(field.attname)
        if (value is None and _empty_if_unnamed(field)) or isinstance(value, DatabaseDefault):
            continue
        mark, value = _literal(field, value) or _value(link, row, field, value, add=True)
        columns.append(field.column)
        marks.append(mark)
        if value is not _IN_TEXT:
            values.append(value)
    sql = _insert(type(row), tuple(columns), tuple(marks))
    with link.cursor() as cursor:
        execute(cursor, sql, values)
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, link.alias


def update(row: Model, names: Iterable[str]) -> None:
    """Write these fields (attribute names) of a row that is there. Nothing to write is no query."""
    meta, wanted = row._meta, set(names)
    fields = [field for field in meta.concrete_fields if field.attname in wanted]
    if not fields:
        return
    link = this_connection()
    pairs = [_value(link, row, field, row.__dict__.get(field.attname), add=False) for field in fields]
    sql = _update(type(row), tuple(field.column for field in fields), tuple(mark for mark, _value in pairs))
    with link.cursor() as cursor:
        execute(cursor, sql, [*(value for _mark, value in pairs), row.pk])
        if cursor.rowcount != 1:
            raise DatabaseError(f"{meta.label} {row.pk} is not there any more.")


def snapshot(row: Model) -> dict:
    """The values of a row as they are now, for `changed`."""
    return {field.attname: row.__dict__.get(field.attname) for field in row._meta.concrete_fields}


def changed(row: Model, before: dict) -> list[str]:
    """Attribute names whose values differ from the snapshot."""
    return [name for name, value in before.items() if row.__dict__.get(name) != value]


# Fields that hand plain values to the driver as they are: most columns of an event, and asking each costs 20 µs.
_PLAIN_FIELDS = {
    models.BigIntegerField, models.BooleanField, models.CharField, models.FloatField, models.ForeignKey,
    models.IntegerField, models.PositiveIntegerField, models.PositiveSmallIntegerField, models.TextField,
}  # fmt: skip
_PLAIN_VALUES = {str, int, float, bool, type(None)}
# Besides, on PostgreSQL, whose driver knows them; a point as text is hexadecimal EWKB (core.geo).
_PLAIN_THERE = {(models.DateTimeField, datetime), (models.UUIDField, UUID), (PointField, str)}

_UNNAMED = _PLAIN_FIELDS | {field for field, _value in _PLAIN_THERE}
_IN_TEXT = object()  # the value stands in the statement
_LITERALS = {str: "''", int: "0", bool: "false"}  # no float: minus zero is one, and another one


def _literal(field, value):
    """A new row is mostly nothing, no and zero: said in the statement, they are neither sent nor read each time."""
    if type(field) in _PLAIN_FIELDS and type(value) in _LITERALS and not value:
        return _LITERALS[type(value)], _IN_TEXT
    return None


def _value(link, row, field, value, *, add) -> tuple[str, Any]:
    """(the field's mark in the statement, what the driver is given for it)."""
    if type(field) in _PLAIN_FIELDS and type(value) in _PLAIN_VALUES:
        return "%s", value
    if link.vendor == "postgresql" and (type(field), type(value)) in _PLAIN_THERE and not _set_by_itself(field):
        return "%s", value
    value = field.get_db_prep_save(field.pre_save(row, add), link)
    return (field.get_placeholder(value, None, link) if hasattr(field, "get_placeholder") else "%s"), value


@cache
def _empty_if_unnamed(field) -> bool:
    """Whether the column is empty in a new row whose INSERT does not name it (a key is then given by the database)."""
    default = field.has_db_default() or _set_by_itself(field)
    return field.primary_key or (type(field) in _UNNAMED and not default)


@cache
def _set_by_itself(field) -> bool:
    return getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)


@cache
def _insert(model, columns, marks) -> str:
    quoted = ", ".join(map(connection.ops.quote_name, columns))
    key = connection.ops.quote_name(model._meta.pk.column)
    return f"INSERT INTO {model._meta.db_table} ({quoted}) VALUES ({', '.join(marks)}) RETURNING {key}"


@cache
def _update(model, columns, marks) -> str:
    quoted = map(connection.ops.quote_name, columns)
    pairs = ", ".join(f"{column} = {mark}" for column, mark in zip(quoted, marks, strict=True))
    key = connection.ops.quote_name(model._meta.pk.column)
    return f"UPDATE {model._meta.db_table} SET {pairs} WHERE {key} = %s"
