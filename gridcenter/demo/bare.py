"""Filling empty tables: indexes and foreign keys are made once at the end instead of row by row.

What was taken away comes back word for word from the database's own catalogue, inside the same transaction; a
foreign key that comes back is checked against every row. If anything fails, the rollback restores it all.
"""

from collections.abc import Sequence
from contextlib import contextmanager

from django.db import connection

_FOREIGN_KEYS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s) ORDER BY 1, 2
"""
_INDEXES = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
WHERE i.indrelid::regclass::text = ANY(%s)
  AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid) ORDER BY 1
"""


@contextmanager
def bare(tables: Sequence[str]):
    """Inside, `tables` (empty ones, in a transaction) have no indexes but their keys, and no foreign keys out."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            taken, restored = _postgresql(cursor, list(tables))
        else:
            taken, restored = _sqlite(cursor, list(tables))
        for statement in taken:
            cursor.execute(statement)
    yield
    with connection.cursor() as cursor:
        for statement in restored:
            cursor.execute(statement)


def _postgresql(cursor, tables):
    cursor.execute(_FOREIGN_KEYS, [tables])
    keys = cursor.fetchall()
    cursor.execute(_INDEXES, [tables])
    indexes = cursor.fetchall()
    # A table with checks put off until the commit cannot be altered: let them happen now.
    settle = ["SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED"]
    taken = [f'ALTER TABLE {table} DROP CONSTRAINT "{name}"' for table, name, _definition in keys]
    taken += [f"DROP INDEX {name}" for name, _definition in indexes]
    restored = ["SET LOCAL maintenance_work_mem = '256MB'", *(definition for _name, definition in indexes)]
    restored += [f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}' for table, name, definition in keys]
    return settle + taken, settle + restored


def _sqlite(cursor, tables):
    marks = ", ".join(["%s"] * len(tables))
    cursor.execute(
        f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({marks})"
        " AND sql NOT LIKE 'CREATE UNIQUE%%' ORDER BY name",
        tables,
    )
    found = cursor.fetchall()
    return [f'DROP INDEX "{name}"' for name, _sql in found], [sql for _name, sql in found]
