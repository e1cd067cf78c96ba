"""INSERT and UPDATE of one row with SQL that is built once per model: the ORM builds it anew every time.

For the few tables that every report and step writes to. Values go through the fields as with `save()`; no signals are
sent (business rules here know none).
"""

from collections.abc import Iterable
from functools import cache

from django.db import DatabaseError, connection, connections, models
from django.db.models import Model
from django.db.models.expressions import DatabaseDefault

from core.prepared import execute


def insert(row: Model) -> None:
    """Write a new row; its key is the one the database gave. Columns with a database default are left to it."""
    meta = row._meta
    fields = [
        field
        for field in meta.concrete_fields
        if not (field.primary_key and row.pk is None)
        and not isinstance(getattr(row, field.attname), DatabaseDefault)
    ]
    marks, values = _values(row, fields, add=True)
    sql = _insert(type(row), tuple(field.column for field in fields), marks)
    with connection.cursor() as cursor:
        execute(cursor, sql, values)
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, connection.alias


def update(row: Model, names: Iterable[str]) -> None:
    """Write these fields (attribute names) of a row that is there. Nothing to write is no query."""
    meta, wanted = row._meta, set(names)
    fields = [field for field in meta.concrete_fields if field.attname in wanted]
    if not fields:
        return
    marks, values = _values(row, fields, add=False)
    sql = _update(type(row), tuple(field.column for field in fields), marks)
    with connection.cursor() as cursor:
        execute(cursor, sql, [*values, row.pk])
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


def _values(row, fields, add):
    marks, values = [], []
    to = connections[connection.alias]  # the connection itself: the proxy looks it up at every access
    for field in fields:
        value = row.__dict__.get(field.attname)
        if type(field) in _PLAIN_FIELDS and type(value) in _PLAIN_VALUES:
            marks.append("%s")
        else:
            value = field.get_db_prep_save(field.pre_save(row, add), to)
            marks.append(_mark(field, value))
        values.append(value)
    return tuple(marks), values


def _mark(field, value) -> str:
    if hasattr(field, "get_placeholder"):
        return field.get_placeholder(value, None, connection)
    return "%s"


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
