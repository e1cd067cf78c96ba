from django.db import migrations

TABLES = ("residents_organisation", "residents_keyplace")
# All signs of a name and all pairs of neighbours: most Chinese words have two signs, fewer than the runs of pg_trgm.
SIGNS = """
CREATE OR REPLACE FUNCTION residents_signs(given text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT array(
        SELECT DISTINCT substr(given, at, size)
        FROM generate_series(1, length(given)) AS at, generate_series(1, 2) AS size
        WHERE at + size - 1 <= length(given)
    )
$$
"""


def make(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute(SIGNS, params=None)
    for table in TABLES:
        schema_editor.execute(
            f"CREATE INDEX IF NOT EXISTS {table}_signs ON {table} USING gin (residents_signs(name)) "
            "WITH (fastupdate = off)",
            params=None,
        )


class Migration(migrations.Migration):
    """Parts of names of organisations and places found by an index (residents.selectors.near.inside)."""

    dependencies = [("residents", "0014_registers_in_files_and_english")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
