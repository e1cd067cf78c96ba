"""One number per kind of slowly changing data, so that every process can keep a copy and know when it is old.

A database trigger on each watched table raises the row of its kind: whatever changes the table (admin, a
service, psql) is noticed. A request reads all versions with one query and compares. The step is a random one:
after a rollback, plain counting would give the next change the number of the one that never was, and a
process that had looked inside the rolled-back transaction would keep its phantom.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Func, Model, QuerySet, TextField

from core import prepared


def read(*histories: type[Model]) -> dict[str, int]:
    """All versions by name, and the newest id of append-only tables by their label ("events.Transition"): one query.

    A row of a history that is committed late does not move its newest id: who keeps something by it must also look
    again after a while.
    """
    newest = "".join(
        f" UNION ALL SELECT '{model._meta.label}', COALESCE(max(id), 0) FROM {model._meta.db_table}"
        for model in histories
    )
    with connection.cursor() as cursor:
        prepared.execute(cursor, f"SELECT name, value FROM core_dataversion{newest}", [])
        return dict(cursor.fetchall())


def of(request) -> dict[str, int]:
    """Those of this request: read once, and left at `request.versions` (also by who reads them along with something
    else: the token, the frame of a page)."""
    found = getattr(request, "versions", None)
    if found is None:
        found = request.versions = read()
    return found


class AsText(Func):
    """All versions as the text of a JSON object ({name: value}), for a query that has something else to read."""

    template = "(SELECT CAST(json_object_agg(name, value) AS text) FROM core_dataversion)"
    output_field = TextField()

    def as_sqlite(self, compiler, connection, **extra):
        return "(SELECT json_group_object(name, value) FROM core_dataversion)", []


def read_and_count(name: str, rows: QuerySet) -> tuple[dict[str, int], int]:
    """(all versions, how many `rows` there are): one query. `name` tells the count from the versions."""
    sql, params = rows.order_by().values("pk").query.sql_with_params()
    counted = f"SELECT '{name}', COUNT(*) FROM ({sql}) mine"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT name, value FROM core_dataversion UNION ALL {counted}", params)
        found = dict(cursor.fetchall())
    return found, found.pop(name)


_held: ContextVar[Mapping[str, int] | None] = ContextVar("held", default=None)


@contextmanager
def held() -> Iterator[None]:
    """Whatever is kept is compared, within, with one reading of the versions made here: not one query for each look.

    What is read from the database within may name things that are newer than that: read it before.
    """
    token = _held.set(read())
    try:
        yield
    finally:
        _held.reset(token)


class Kept:
    """A value made from the database, kept in this process until the version of one of `names` moves on."""

    def __init__(self, make: Callable[[], Any], *names: str):
        self._make, self._names = make, names
        self._stamp: tuple | None = None
        self._value: Any = None
        self._lock = Lock()

    def get(self, versions: Mapping[str, int] | None = None):
        """The value; pass `versions` (from `read()`) if they were read in this request already."""
        versions = _held.get() if versions is None else versions
        versions = read() if versions is None else versions
        # The database's name belongs to the stamp: tests and commands may look at several.
        stamp = (connections.settings[DEFAULT_DB_ALIAS]["NAME"], *(versions.get(name, 0) for name in self._names))
        if stamp != self._stamp:
            with self._lock:
                if stamp != self._stamp:
                    self._value = self._make()
                    self._stamp = stamp
        return self._value

    def forget(self):
        """Make it anew at the next `get` (tests, whose databases are rolled back)."""
        self._stamp = None


_PG_FUNCTION = """
CREATE OR REPLACE FUNCTION core_bump_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO core_dataversion (name, value) VALUES (TG_ARGV[0], 1 + floor(random() * 1073741823)::bigint)
  ON CONFLICT (name) DO UPDATE SET value = core_dataversion.value + EXCLUDED.value;
  RETURN NULL;
END $$
"""


def _pg_events(columns):
    """(end of the trigger's name, event, scope): per statement, but of a row where its old and new values are compared.

    As text: PostgreSQL dumps IS DISTINCT FROM without the schema of the operator behind it, and a dump with that of a
    geometry cannot be restored.
    """
    if not columns:
        return [("", "INSERT OR UPDATE OR DELETE", "STATEMENT")]
    changed = " OR ".join(f"OLD.{column}::text IS DISTINCT FROM NEW.{column}::text" for column in columns)
    return [("", "INSERT OR DELETE", "STATEMENT"), ("_update", "UPDATE", f"ROW WHEN ({changed})")]


def watch(table: str, name: str, columns: tuple[str, ...] = ()):
    """Migration operations (forward, backward) that let every change of `table` move the version `name`.

    `columns`: of updates only those count that change one of these columns.
    """
    trigger = f"{table}_{name}_version" if columns else f"{table}_version"

    def forward(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(_PG_FUNCTION)
            for suffix, event, scope in _pg_events(columns):
                schema_editor.execute(
                    f"CREATE TRIGGER {trigger}{suffix} AFTER {event} ON {table} "
                    f"FOR EACH {scope} EXECUTE FUNCTION core_bump_version('{name}')"
                )
            return
        changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)
        for event in ("INSERT", "UPDATE", "DELETE"):
            when = f"WHEN {changed} " if columns and event == "UPDATE" else ""
            schema_editor.execute(
                f"CREATE TRIGGER {trigger}_{event.lower()} AFTER {event} ON {table} {when}BEGIN "
                f"INSERT INTO core_dataversion (name, value) VALUES ('{name}', 1 + (random() & 1073741823)) "
                f"ON CONFLICT (name) DO UPDATE SET value = value + excluded.value; END"
            )

    def backward(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for suffix, _event, _scope in _pg_events(columns):
                schema_editor.execute(f"DROP TRIGGER IF EXISTS {trigger}{suffix} ON {table}")
            return
        for event in ("insert", "update", "delete"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {trigger}_{event}")

    return forward, backward
