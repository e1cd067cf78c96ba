"""Keyed hashes under a new HASH_KEY, while the system runs: whole batches in one statement, from the encrypted values.

While HASH_KEY_OLD is set both keys find. A hash does not say under which key it was made, so every value is read; only
what differs is written. Begun again, it walks anew and writes what is left.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from accounts.models import User
from core import ciphers
from residents import derived
from residents.intake.stage import PREFIX
from residents.models import Access, CareClass, Resident, SupportRecord
from residents.services.rotation import pieces

BATCH = 2000
PERSON = ("id_tag", "tail_tag", "phone_tag")


@dataclass(frozen=True)
class Hashed:
    """A table with hashes: `sources` are the stored texts that `make` gives `columns` of, in clear."""

    table: str
    sources: tuple[str, ...]
    columns: tuple[str, ...]
    make: Callable[..., tuple[str, ...]]
    key: str = "id"


def tables() -> list[Hashed]:
    found = [
        Hashed(Resident._meta.db_table, ("id_number", "phone"), PERSON, _of_person),
        Hashed(SupportRecord._meta.db_table, ("sealed",), ("class_tag", "resident_tag"), _of_file),
        Hashed(User._meta.db_table, ("id_number",), ("id_number_hash",), lambda number: (ciphers.keyed_hash(number),)),
    ]
    return found + list(_of_imports())


def _of_imports() -> Iterator[Hashed]:
    with connection.cursor() as cursor:
        for table in sorted(name for name in connection.introspection.table_names(cursor) if name.startswith(PREFIX)):
            held = {column.name for column in connection.introspection.get_table_description(cursor, table)}
            key = next((name for name in ("id", "ref", "line") if name in held), None)
            for start in ("", "resident_"):
                columns = tuple(start + name for name in PERSON)
                sources = (f"{start}id_number", f"{start}phone")
                if key and held >= {*columns, *sources}:
                    yield Hashed(table, sources, columns, _of_person, key)


def _of_person(number, phone):
    made = derived.person_tags(number, phone)
    return tuple(made[name] for name in PERSON)


def _of_file(sealed):
    values = json.loads(sealed)
    return ciphers.tag("class", values["code"]), ciphers.tag("resident", str(values["resident_id"]))


def rehash(hashed: Hashed, batch: int = BATCH) -> Iterator[tuple[int, int]]:
    """(rows read, rows written) of each batch. Raises ValueError for a value that no key reads."""
    last = None
    while rows := _rows(hashed, last, batch):
        last, count = rows[-1][0], len(hashed.sources)
        changed = []
        for pk, *texts in rows:
            stored, old = texts[:count], tuple(text or "" for text in texts[count:])
            made = hashed.make(*(ciphers.decrypt(text or "") for text in stored))
            if made != old:
                changed.append((pk, *made, *(text or "" for text in stored)))
        with transaction.atomic():
            _write(hashed, changed)
        yield len(rows), len(changed)


def _rows(hashed, last, batch):
    names = ", ".join((hashed.key, *hashed.sources, *hashed.columns))
    beyond = f"WHERE {hashed.key} > %s" if last is not None else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {names} FROM {hashed.table} {beyond} ORDER BY {hashed.key} LIMIT %s",
            [batch] if last is None else [last, batch],
        )
        return cursor.fetchall()


def _write(hashed, rows):
    """Only where the stored texts are still those that were read: somebody may have written meanwhile."""
    table, names = hashed.table, [f"n{number}" for number in range(len(hashed.columns))]
    were = [f"was{number}" for number in range(len(hashed.sources))]
    same = " AND ".join(
        f"COALESCE({table}.{source}, '') = v.{was}" for source, was in zip(hashed.sources, were, strict=True)
    )
    sets = ", ".join(
        f"{column} = CAST(v.{name} AS varchar(64))" for column, name in zip(hashed.columns, names, strict=True)
    )
    width = 1 + len(names) + len(were)
    with connection.cursor() as cursor:
        for piece in pieces(rows, width):
            marks = ", ".join([f"({', '.join(['%s'] * width)})"] * len(piece))
            cursor.execute(
                f"WITH v (pk, {', '.join((*names, *were))}) AS (VALUES {marks}) UPDATE {table} SET {sets} FROM v "
                f"WHERE {table}.{hashed.key} = CAST(v.pk AS bigint) AND {same}",
                [value for row in piece for value in row],
            )


def rehash_looks() -> int:
    """Class tags of the access log: one statement for each class."""
    done = 0
    for code in CareClass.objects.filter(group="statutory").values_list("code", flat=True):
        fresh, *older = ciphers.tags("class", code)
        done += Access.objects.filter(class_tag__in=older).update(class_tag=fresh) if older else 0
    return done


def is_running() -> bool:
    return bool(settings.HASH_KEY_OLD)
