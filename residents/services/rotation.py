"""Encrypted values under the newest key, while the system runs: in batches, and never over somebody's newer value."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, transaction

from core import ciphers
from core.fields import EncryptedField

BATCH = 2000
# Texts that services seal themselves (residents.services.support, residents.services.care).
SEALED = [("residents.SupportRecord", "sealed"), ("residents.Change", "sealed")]
SEALED_IN_JSON = [("residents.CareRecord", "data")]


@dataclass(frozen=True)
class Column:
    """A column of encrypted text; in a JSON column it is the value of "sealed"."""

    table: str
    name: str
    inside_json: bool = False

    @property
    def stored(self) -> str:
        """SQL of the stored text."""
        if not self.inside_json:
            return self.name
        return f"{self.name} ->> 'sealed'"

    @property
    def given(self) -> str:
        """SQL that makes the column's value of a new stored text."""
        if not self.inside_json:
            return "%s"
        return "jsonb_build_object('sealed', %s::text)" if _post() else "json_object('sealed', %s)"


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
    return found


def waiting(column) -> int:
    """How many values are not under the newest key."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {column.table} WHERE {_older(column)}", _pattern())
        return cursor.fetchone()[0]


def rotate(column, batch: int = BATCH) -> Iterator[int]:
    """Encrypt the column's older values anew; gives the number done after each batch. Begun again, it goes on with
    what is left. Raises ValueError for a value that no key reads."""
    last = 0
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
            f"SELECT id, {column.stored} FROM {column.table} WHERE id > %s AND {_older(column)} ORDER BY id LIMIT %s",
            [last, *_pattern(), batch],
        )
        return cursor.fetchall()


def _write(column, rows):
    """Only where the stored text is still the one that was read: somebody may have written meanwhile."""
    sql = f"UPDATE {column.table} SET {column.name} = {column.given} WHERE id = %s AND {column.stored} = %s"
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)
