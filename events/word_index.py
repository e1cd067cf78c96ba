"""Finding words in events on PostgreSQL: an index over the text with every character doubled.

pg_trgm indexes runs of three characters, and most Chinese words have two. Doubled, 井盖 is 井井盖盖, which holds the runs
井井盖 and 井盖盖: so words of two characters are found by the index, too. A text holds a word exactly if the doubled
text holds the doubled word. The doubled text is a column that PostgreSQL keeps by itself: what the index finds is compared
once more, and doubling a thousand texts for that took five times as long as everything else. Models do not know the column.
On SQLite the plain columns are searched.
"""

from django.db.models import Func, TextField

INDEX = "events_event_words"
_TEXT = "description || ' ' || place || ' ' || COALESCE(number, '')"

# COST: what PostgreSQL needs to know to prefer the index to calling it for every row of a walk.
FORWARD = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE FUNCTION events_doubled(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 200 "
    r"RETURN regexp_replace($1, '(.)', '\1\1', 'g')",
    f"CREATE INDEX {INDEX} ON events_event USING gin (events_doubled({_TEXT}) gin_trgm_ops)",
]
BACKWARD = [f"DROP INDEX IF EXISTS {INDEX}", "DROP FUNCTION IF EXISTS events_doubled(text)"]
KEPT_FORWARD = [
    f"ALTER TABLE events_event ADD COLUMN words text GENERATED ALWAYS AS (events_doubled({_TEXT})) STORED",
    f"DROP INDEX IF EXISTS {INDEX}",
    f"CREATE INDEX {INDEX} ON events_event USING gin (words gin_trgm_ops)",
]
KEPT_BACKWARD = ["ALTER TABLE events_event DROP COLUMN IF EXISTS words", FORWARD[-1]]


class Doubled(Func):
    """The kept column of the event's table, whatever that is called in the query."""

    output_field = TextField()

    def __init__(self):
        super().__init__("pk")

    def as_sql(self, compiler, connection, **extra):
        table = compiler.quote_name_unless_alias(self.source_expressions[0].alias)
        return f"{table}.{connection.ops.quote_name('words')}", []


def doubled(word: str) -> str:
    return "".join(character * 2 for character in word)


def _on_postgresql(statements):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
                schema_editor.execute(statement, params=None)

    return run


install, remove = _on_postgresql(FORWARD), _on_postgresql(BACKWARD)
keep, keep_no_more = _on_postgresql(KEPT_FORWARD), _on_postgresql(KEPT_BACKWARD)
