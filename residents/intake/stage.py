"""The tables of one import: typed like the registry's, dropped when they have done their work.

Tables of their own instead of one for all imports: half a million rows vanish without leaving a trace to vacuum, their
columns have the types of the columns they will become, and PostgreSQL keeps them out of its log. Private values are
encrypted before they come here.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection, models, transaction

from core.bulk import copy_rows
from residents.intake.columns import MODELS, ROLLS, sections, stage_columns
from residents.models import ImportBatch

FAULTS = ("line", "col", "code", "value", "hint")
PREFIX = "registry_import"
ONES = ("raw", "fault", "grid", "decision", "diff", "before_stay", "kept", *ROLLS)


class Stage:
    """Names and definitions of the tables of `batch`: `stage("raw")`, `stage("resident")` …"""

    def __init__(self, batch: ImportBatch):
        self.batch = batch

    def __call__(self, what: str) -> str:
        return f"{PREFIX}_{self.batch.pk}_{what}"

    @property
    def sections(self):
        return sections(self.batch.kind)

    def all_names(self) -> list[str]:
        return [*ONES, *(f"{kind}{name}" for name in MODELS for kind in ("", "ids_", "before_"))]

    def make(self, grids: Iterable[int]):
        """Empty tables for what is read from the file."""
        self.drop()
        raw = ", ".join(f"{name} {_type_of(name)}" for name in stage_columns(self.batch.kind))
        run(
            f"CREATE {unlogged()} TABLE {self('raw')} (line integer NOT NULL, grid_id bigint NOT NULL, {raw})"
        )
        self.make_common(grids)

    def make_common(self, grids: Iterable[int]):
        """What is wrong, what was decided, and where rows may lie."""
        run(
            f"CREATE {unlogged()} TABLE {self('fault')} (line integer NOT NULL, col varchar(60), code varchar(30), "
            "value varchar(200), hint varchar(400))"
        )
        run(
            f"CREATE {unlogged()} TABLE {self('decision')} (ref integer PRIMARY KEY, choice varchar(4) NOT NULL)"
        )
        run(f"CREATE {unlogged()} TABLE {self('grid')} (id bigint PRIMARY KEY)")
        copy_rows(self("grid"), ["id"], ([grid] for grid in grids))

    def load(self, lines: bytes):
        """Append cleaned rows (CSV, empty is NULL)."""
        if not lines:
            return
        names = ("line", "grid_id", *stage_columns(self.batch.kind))
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                listed = ", ".join(names)
                cursor.copy_expert(
                    f"COPY {self('raw')} ({listed}) FROM STDIN (FORMAT csv)", io.BytesIO(lines)
                )
            else:
                rows = csv.reader(io.StringIO(lines.decode(), newline=""))
                copy_rows(self("raw"), names, ([value or None for value in row] for row in rows))

    def note(self, faults: Iterable[tuple]):
        copy_rows(self("fault"), FAULTS, faults)

    def create(self, what: str, select: str, params=()):
        """A table from a query, known to the planner."""
        self.drop(what)
        run(f"CREATE {unlogged()} TABLE {self(what)} AS {select}", params)
        if connection.vendor == "postgresql":
            run(f"ANALYZE {self(what)}")

    def drop(self, *what: str):
        for name in what or self.all_names():
            run(f"DROP TABLE IF EXISTS {self(name)}")


@contextmanager
def roomy() -> Iterator[None]:
    """A transaction whose hashes and sorts over all rows stay in memory."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            run("SET LOCAL work_mem = '128MB'")
        yield


def unlogged() -> str:
    return "UNLOGGED" if connection.vendor == "postgresql" else ""


def run(sql: str, params=()) -> int:
    """One statement; how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params) or None)
        return cursor.rowcount


def rows(sql: str, params=()) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params) or None)
        return cursor.fetchall()


def value(sql: str, params=()):
    return rows(sql, params)[0][0]


def _type_of(name: str) -> str:
    """The type of the column that a staged column will become."""
    section, _underscore, field = name.partition("_")
    if field in ("lon", "lat"):
        return "double precision"
    found = MODELS[section]._meta.get_field(field)
    return "text" if isinstance(found, models.JSONField) else found.db_type(connection)
