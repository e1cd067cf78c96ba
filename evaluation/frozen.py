"""What is published stays as it is, in the database itself: on both databases triggers refuse changes of a published
period, of its cards and of their lines. Another trigger keeps two schemes of a kind from being in force at once."""

WORDS = "frozen: the scores of a published period cannot be changed"
OVERLAP = "overlap: another scheme of this kind is in force in this time"

# What makes a row frozen; {row} is OLD or NEW.
_FROZEN = {
    "evaluation_period": "{row}.status = 'published'",
    "evaluation_scorecard": (
        "EXISTS (SELECT 1 FROM evaluation_period p WHERE p.id = {row}.period_id AND p.status = 'published')"
    ),
    "evaluation_scoreline": (
        "EXISTS (SELECT 1 FROM evaluation_scorecard c JOIN evaluation_period p ON p.id = c.period_id "
        "WHERE c.id = {row}.scorecard_id AND p.status = 'published')"
    ),
}
# A period may become published, so its new row is not looked at.
_EVENTS = {
    "evaluation_period": {"UPDATE": ("OLD",), "DELETE": ("OLD",)},
    "evaluation_scorecard": {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)},
    "evaluation_scoreline": {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)},
}
_OVERLAPS = (
    "EXISTS (SELECT 1 FROM evaluation_scheme s WHERE s.kind = NEW.kind AND s.id <> NEW.id "
    "AND (s.valid_until IS NULL OR s.valid_until > NEW.valid_from) "
    "AND (NEW.valid_until IS NULL OR NEW.valid_until > s.valid_from))"
)


def _guards():
    """(trigger name, table, event, condition, words) of every trigger."""
    for table, events in _EVENTS.items():
        for event, rows in events.items():
            condition = " OR ".join(_FROZEN[table].format(row=row) for row in rows)
            yield f"{table}_frozen_{event.lower()}", table, event, condition, WORDS
    # After the row is there: SQLite gives NEW.id of an INSERT only then.
    for event in ("INSERT", "UPDATE"):
        name = f"evaluation_scheme_overlap_{event.lower()}"
        yield name, "evaluation_scheme", event, _OVERLAPS, OVERLAP


def _when(table):
    return "AFTER" if table == "evaluation_scheme" else "BEFORE"


def statements(vendor: str) -> list[str]:
    """SQL that installs the triggers."""
    made = []
    for name, table, event, condition, words in _guards():
        if vendor == "postgresql":
            row = "OLD" if event == "DELETE" else "NEW"
            made += [
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF {condition} THEN RAISE EXCEPTION '{words}' "
                f"USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {row}; END $$",
                f"CREATE TRIGGER {name} {_when(table)} {event} ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {name}()",
            ]
        else:
            made.append(
                f"CREATE TRIGGER {name} {_when(table)} {event} ON {table} WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
            )
    return made


def removal(vendor: str) -> list[str]:
    """SQL that removes them (a backward migration, the flush of a test database)."""
    on = " ON {table}" if vendor == "postgresql" else ""
    return [f"DROP TRIGGER IF EXISTS {name}{on.format(table=table)}" for name, table, *_rest in _guards()]


def install(apps, schema_editor):
    for statement in statements(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


def remove(apps, schema_editor):
    for statement in removal(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)
