"""Emptying the test database after a test whose rows were committed.

Django truncates every table and fills some of them again (permissions, groups, defaults): on PostgreSQL half a second,
most of it for tables without a row. Here the tables are asked first, and what a flush leaves in place stays as it is.
"""

from django.core.management.color import no_style
from django.db import connection, transaction
from django.test import TransactionTestCase

from core.models import DataVersion

FLUSH = TransactionTestCase._fixture_teardown
VERSIONS = DataVersion._meta.db_table  # of rows that are gone: numbers made anew each time


class Emptying:
    """In place of TransactionTestCase's flush. `left`: the rows that the last whole flush has left, by table."""

    def __init__(self):
        self.left, self.flush = None, FLUSH

    def __call__(self, case):
        if self.left is not None and self.rows() == self.left:
            self.delete(self.more())
            if not self.more():
                return
        self.flush(case)
        self.left = self.rows(self.held() - {VERSIONS})

    def more(self):
        """The tables that a test has filled, the versions of their rows last: on SQLite emptying a table moves its own."""
        return sorted(self.held() - self.left.keys(), key=lambda table: (table == VERSIONS, table))

    def held(self):
        """The tables that hold rows."""
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        name = connection.ops.quote_name
        asked = " UNION ALL ".join(
            f"SELECT '{one}' WHERE EXISTS (SELECT 1 FROM {name(one)})" for one in tables
        )
        with connection.cursor() as cursor:
            cursor.execute(asked)
            return {table for (table,) in cursor.fetchall()}

    def rows(self, tables=None):
        """{table: its rows} of these tables, else of those that the last flush has left with rows."""
        found = {}
        with connection.cursor() as cursor:
            for table in sorted(self.left if tables is None else tables):
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                found[table] = sorted(map(repr, cursor.fetchall()))
        return found

    def delete(self, tables):
        if not tables:
            return
        if not without_triggers():
            if connection.vendor == "sqlite":
                connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), tables))
            return  # PostgreSQL truncates a table only together with those that refer to it: left to the whole flush
        name = connection.ops.quote_name
        with transaction.atomic(), connection.cursor() as cursor:
            # Neither triggers nor foreign keys are asked: all that refer to each other go together.
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("; ".join(f"DELETE FROM {name(table)}" for table in tables))


def without_triggers() -> bool:
    """Whether this role may delete without the triggers that keep history: a superuser of PostgreSQL, as in CI."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser') = 'on'")
        return cursor.fetchone()[0]
