"""Encrypted values under the newest key, while the system runs: in batches, and never over somebody's newer value."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, transaction

from core import ciphers
from core.fields import EncryptedField
from residents.intake.columns import ENCRYPTED
from residents.intake.stage import PREFIX

BATCH = 2000
# Texts that services seal themselves (residents.services.support, residents.services.care).
SEALED = [("residents.SupportRecord", "sealed"), ("residents.Change", "sealed")]
PRIVATE = ENCRYPTED | {"sealed"}  # columns of the tables of imports
SEALED_IN_JSON = [("residents.CareRecord", "data")]


@dataclass(frozen=True)
class Column:
    """A column of encrypted text; in a JSON column it is the value of "sealed"."""

    table: str
    name: str
    inside_json: bool = False
    key: str = "id"

    @property
    def stored(self) -> str:
        """SQL of the stored text."""
        if not self.inside_json:
            return self.name
        return f"{self.name} ->> 'sealed'"

    def given(self, text: str) -> str:
        """SQL that makes the column's value of a new stored text."""
        if not self.inside_json:
            return text
        return f"jsonb_build_object('sealed', {text})" if _post() else f"json_object('sealed', {text})"


def _post() -> bool:
    return connection.vendor == "postgresql"


def columns() -> list[Column]:
    """Every encrypted column of every model."""
    found = [
        Column(model._meta.db_table, field.column)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedField)
    ]
    for label, name in SEALED:
        found.append(Column(apps.get_model(label)._meta.db_table, name))
    for label, name in SEALED_IN_JSON:
        found.append(Column(apps.get_model(label)._meta.db_table, name, inside_json=True))
    return found + list(_of_imports())


def _of_imports() -> Iterator[Column]:
    """Tables of imports that are looked through or may still be undone, with the columns that hold private values."""
    with connection.cursor() as cursor:
        for table in sorted(name for name in connection.introspection.table_names(cursor) if name.startswith(PREFIX)):
            held = [column.name for column in connection.introspection.get_table_description(cursor, table)]
            key = next((name for name in ("id", "ref", "line") if name in held), None)
            for name in held:
                if key and (name in PRIVATE or name.partition("_")[2] in PRIVATE):
                    yield Column(table, name, key=key)


def waiting(column) -> int:
    """How many values are not under the newest key."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {column.table} WHERE {_older(column)}", _pattern())
        return cursor.fetchone()[0]


def rotate(column, batch: int = BATCH) -> Iterator[int]:
    """Encrypt the column's older values anew; gives the number done after each batch. Begun again, it goes on with
    what is left. Raises ValueError for a value that no key reads."""
    last = 0
    if column.key != "id" or column.table.startswith(PREFIX):
        _indexed(column)
    while rows := _older_rows(column, last, batch):
        last = rows[-1][0]
        with transaction.atomic():
            _write(column, [(ciphers.encrypt(ciphers.decrypt(old)), pk, old) for pk, old in rows])
        yield len(rows)


def _older(column) -> str:
    stored = column.stored
    return f"{stored} <> '' AND substr({stored}, 1, %s) <> %s"


def _pattern() -> list:
    head = f"{ciphers.writing_key()}:"
    return [len(head), head]


def _older_rows(column, last, batch):
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {column.key}, {column.stored} FROM {column.table} WHERE {column.key} > %s AND {_older(column)} "
            f"ORDER BY {column.key} LIMIT %s",
            [last, *_pattern(), batch],
        )
        return cursor.fetchall()


def _write(column, rows):
    """All rows of a batch in one statement, and only where the stored text is still the one that was read: somebody
    may have written meanwhile."""
    table = column.table
    with connection.cursor() as cursor:
        for piece in pieces(rows, 3):
            marks = ", ".join(["(%s, %s, %s)"] * len(piece))
            cursor.execute(
                f"WITH v (fresh, pk, old) AS (VALUES {marks}) "
                f"UPDATE {table} SET {column.name} = {column.given('CAST(v.fresh AS text)')} FROM v "
                f"WHERE {table}.{column.key} = CAST(v.pk AS bigint) AND {table}.{column.stored} = v.old",
                [value for row in piece for value in row],
            )


def pieces(rows: list, width: int) -> Iterator[list]:
    """As many rows of `width` at once as the database takes parameters: SQLite has a limit."""
    most = max(len(rows), 1) if _post() else (connection.features.max_query_params or 999) // width
    return (rows[first : first + most] for first in range(0, len(rows), most))


def _indexed(column):
    """Tables of imports have no key of their own: without an index each batch would read all of one."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE INDEX IF NOT EXISTS {column.table}_key ON {column.table} ({column.key})")
