"""One grid of a code, and one whole territory, on every day: held by the database, on both kinds of it.

PostgreSQL has exclusion constraints. Equality beside ranges would need the extension btree_gist, which not every server
has; a range from a code to itself meets another one only where the codes are equal, and needs nothing.
"""

from django.db import IntegrityError

_PG = [
    'CREATE TYPE grids_code_span AS RANGE (subtype = text, collation = "C")',
    "ALTER TABLE grids_grid ADD CONSTRAINT grids_grid_code_once EXCLUDE USING gist ("
    "grids_code_span(code::text, code::text, '[]') WITH &&, daterange(valid_from, valid_until) WITH &&)",
    "ALTER TABLE grids_grid ADD CONSTRAINT grids_grid_root_once EXCLUDE USING gist ("
    "daterange(valid_from, valid_until) WITH &&) WHERE (level = 0)",
]
_PG_REMOVAL = [
    "ALTER TABLE grids_grid DROP CONSTRAINT IF EXISTS grids_grid_root_once",
    "ALTER TABLE grids_grid DROP CONSTRAINT IF EXISTS grids_grid_code_once",
    "DROP TYPE IF EXISTS grids_code_span",
]

_MEET = (
    "{a}.id <> {b}.id AND ({a}.valid_until IS NULL OR {a}.valid_until > {b}.valid_from) "
    "AND ({b}.valid_until IS NULL OR {b}.valid_until > {a}.valid_from)"
)
_OTHER = f"EXISTS (SELECT 1 FROM grids_grid g WHERE {{same}} AND {_MEET.format(a='g', b='NEW')})"
_RULES = {
    "code_once": _OTHER.format(same="g.code = NEW.code"),
    "root_once": "NEW.level = 0 AND " + _OTHER.format(same="g.level = 0"),
}
# After the row is there: SQLite gives NEW.id of an INSERT only then. The index keeps a county's import from comparing
# every new grid with all others.
_SQLITE = ["CREATE INDEX grids_grid_code_days ON grids_grid (code, valid_from, valid_until)"] + [
    f"CREATE TRIGGER grids_grid_{rule}_{name} AFTER {event} ON grids_grid WHEN {condition} "
    f"BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: grids_grid_{rule}'); END"
    for rule, condition in _RULES.items()
    for name, event in (("insert", "INSERT"), ("update", "UPDATE OF code, level, valid_from, valid_until"))
]
_SQLITE_REMOVAL = [
    f"DROP TRIGGER IF EXISTS grids_grid_{rule}_{name}" for rule in _RULES for name in ("insert", "update")
] + ["DROP INDEX IF EXISTS grids_grid_code_days"]

_PAIRS = (
    "SELECT a.id, a.code, b.id, b.code FROM grids_grid a JOIN grids_grid b ON a.id < b.id "
    f"AND (a.code = b.code OR (a.level = 0 AND b.level = 0)) AND {_MEET.format(a='a', b='b')} ORDER BY a.code LIMIT 20"
)


def install(apps, schema_editor):
    """Raises IntegrityError, naming the grids, if there are two at once already."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_PAIRS)
        pairs = "; ".join(f"{one} ({code}) and {other} ({second})" for one, code, other, second in cursor.fetchall())
    if pairs:
        raise IntegrityError(
            f"These grids have one code, or are the whole territory, on the same days; end one of each pair "
            f"(valid_until) before the other begins: {pairs}."
        )
    _run(schema_editor, _PG, _SQLITE)


def remove(apps, schema_editor):
    _run(schema_editor, _PG_REMOVAL, _SQLITE_REMOVAL)


def _run(schema_editor, postgresql, sqlite):
    for statement in postgresql if schema_editor.connection.vendor == "postgresql" else sqlite:
        schema_editor.execute(statement, params=None)
