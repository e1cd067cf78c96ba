"""Database triggers that let nobody change or remove rows of the registry's trails."""

TABLES = ["residents_change", "residents_access"]


def _pg_append_only(table):
    yield f"""CREATE OR REPLACE FUNCTION {table}_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'restrict_violation';
END $$"""
    yield (
        f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_kept()"
    )


def _sqlite_append_only(table):
    for event in ("UPDATE", "DELETE"):
        yield (
            f"CREATE TRIGGER {table}_kept_{event.lower()} BEFORE {event} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def statements(vendor: str) -> list[str]:
    """All of them, in the dialect of `postgresql` or `sqlite`."""
    make = _pg_append_only if vendor == "postgresql" else _sqlite_append_only
    return [line for table in TABLES for line in make(table)]


def removal(vendor: str) -> list[str]:
    """What takes them away again: for tests that empty the tables."""
    if vendor == "postgresql":
        return [f"DROP TRIGGER IF EXISTS {table}_kept ON {table}" for table in TABLES]
    return [
        f"DROP TRIGGER IF EXISTS {table}_kept_{event}" for table in TABLES for event in ("update", "delete")
    ]
