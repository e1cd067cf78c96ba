"""The history is append-only in the database itself: UPDATE and DELETE (and TRUNCATE) of its rows are refused."""

TABLES = ("events_transition", "events_seal", "events_sealedhead")

_PG_FUNCTION = """
CREATE OR REPLACE FUNCTION events_history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append-only: % of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def statements(vendor: str) -> list[str]:
    """SQL that installs the triggers."""
    if vendor == "postgresql":
        return [_PG_FUNCTION] + [
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION events_history_is_append_only()"
            for table in TABLES
        ]
    return [
        f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'append-only: {event} of {table} is refused'); END"
        for table in TABLES
        for event in ("UPDATE", "DELETE")
    ]


def removal(vendor: str) -> list[str]:
    """SQL that removes them (a backward migration, the flush of a test database)."""
    if vendor == "postgresql":
        return [f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}" for table in TABLES]
    return [
        f"DROP TRIGGER IF EXISTS {table}_no_{event}" for table in TABLES for event in ("update", "delete")
    ]


def install(apps, schema_editor):
    for statement in statements(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


def remove(apps, schema_editor):
    for statement in removal(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)
