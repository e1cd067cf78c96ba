"""Finding words in events on PostgreSQL: an index over the text with every character doubled.

pg_trgm indexes runs of three characters, and most Chinese words have two. Doubled, 井盖 is 井井盖盖, which holds the runs
井井盖 and 井盖盖: so words of two characters are found by the index, too. A text holds a word exactly if the doubled
text holds the doubled word. On SQLite the plain columns are searched.
"""

from django.db.models import Func, TextField, Value
from django.db.models.functions import Coalesce

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


class Doubled(Func):
    """The indexed expression, letter for letter."""

    function = "events_doubled"
    arg_joiner = " || ' ' || "
    output_field = TextField()

    def __init__(self):
        super().__init__("description", "place", Coalesce("number", Value("")))


def doubled(word: str) -> str:
    return "".join(character * 2 for character in word)


def install(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in FORWARD:
            schema_editor.execute(statement, params=None)


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in BACKWARD:
            schema_editor.execute(statement, params=None)
