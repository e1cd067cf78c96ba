"""Database triggers that let nobody change or remove rows of the registry's trails.

Two things a row of history bears: the same sealed text under another key (rotate_keys), and being emptied where an
erasure of that record's personal data is on file. A look loses its reason there, and its class tag may be made anew under
another HASH_KEY. Who did what with which record and when stays in all of them.
"""

FIRST = ["residents_change", "residents_access"]
TABLES = [*FIRST, "residents_erasure"]
# Columns of a change that nothing alters.
FIXED = ["id", "kind", "record_id", "grid_id", "at", "user_id", "action", "batch", "xact"]
_SAME_UNDER_ANOTHER_KEY = "NEW.changes = OLD.changes AND OLD.sealed <> '' AND NEW.sealed <> ''"
_ERASED = """NEW.changes = '{}' AND NEW.sealed = '' AND EXISTS (
    SELECT 1 FROM residents_erasure e WHERE e.kind = OLD.kind AND e.record_id = OLD.record_id)"""


# Columns of a look that nothing alters.
FIXED_OF_LOOKS = ["id", "at", "user_id", "act", "kind", "record_id", "resident_id", "grid_id", "fields", "address", "rows",
                  "flags", "flagged"]  # fmt: skip
_ERASED_LOOK = """NEW.reason = '' AND EXISTS (
    SELECT 1 FROM residents_erasure e WHERE e.kind = OLD.kind AND e.record_id = OLD.record_id)"""


def _pg_append_only(table, borne="FALSE"):
    yield f"""CREATE OR REPLACE FUNCTION {table}_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF {borne} THEN RETURN NEW; END IF;
  END IF;
  RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'restrict_violation';
END $$"""
    yield (
        f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_kept()"
    )


def _sqlite_append_only(table, borne=""):
    for event in ("UPDATE", "DELETE"):
        when = f"WHEN NOT ({borne}) " if borne and event == "UPDATE" else ""
        yield (
            f"CREATE TRIGGER {table}_kept_{event.lower()} BEFORE {event} ON {table} {when}"
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _borne(same):
    fixed = " AND ".join(f"NEW.{name} {same} OLD.{name}" for name in FIXED)
    return f"{fixed} AND (({_SAME_UNDER_ANOTHER_KEY}) OR ({_ERASED}))"


def _borne_of_looks(same):
    fixed = " AND ".join(f"NEW.{name} {same} OLD.{name}" for name in FIXED_OF_LOOKS)
    reason = f"(NEW.reason = OLD.reason OR ({_ERASED_LOOK}))"
    tag = "(NEW.class_tag = OLD.class_tag OR (OLD.class_tag <> '' AND NEW.class_tag <> '' AND NEW.reason = OLD.reason))"
    return f"{fixed} AND {reason} AND {tag}"


def first(vendor: str) -> list[str]:
    """As of the first migrations, before anything could be erased."""
    make = _pg_append_only if vendor == "postgresql" else _sqlite_append_only
    return [line for table in FIRST for line in make(table)]


def statements(vendor: str) -> list[str]:
    """All of them, in the dialect of `postgresql` or `sqlite`."""
    post = vendor == "postgresql"
    make = _pg_append_only if post else _sqlite_append_only
    same = "IS NOT DISTINCT FROM" if post else "IS"
    borne = {"residents_change": _borne(same), "residents_access": _borne_of_looks(same)}
    return [
        line for table in TABLES for line in (make(table, borne[table]) if table in borne else make(table))
    ]


def removal(vendor: str) -> list[str]:
    """What takes them away again: for tests that empty the tables, and before they are made anew."""
    if vendor == "postgresql":
        return [f"DROP TRIGGER IF EXISTS {table}_kept ON {table}" for table in TABLES]
    return [
        f"DROP TRIGGER IF EXISTS {table}_kept_{event}" for table in TABLES for event in ("update", "delete")
    ]


def renew(apps, schema_editor):
    """For a migration: take the older ones away, install those of today."""
    vendor = schema_editor.connection.vendor
    for statement in (*removal(vendor), *statements(vendor)):
        schema_editor.execute(statement, params=None)
