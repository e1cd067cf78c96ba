"""Rows that the sums were made from change with every step, and are counted by indexes alone where a page is known to hold
nothing new. PostgreSQL learns that when it vacuums, by itself after a fifth of the table: here after a hundredth."""

from django.db import migrations

TABLES = ("events_foldedevent", "events_foldedturn")
OFTEN = ("autovacuum_vacuum_scale_factor", "autovacuum_vacuum_insert_scale_factor")


def often(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(f"ALTER TABLE {table} SET ({', '.join(f'{name} = 0.01' for name in OFTEN)})")


def as_usual(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(f"ALTER TABLE {table} RESET ({', '.join(OFTEN)})")


class Migration(migrations.Migration):
    dependencies = [("events", "0017_supervision_asked")]

    operations = [migrations.RunPython(often, as_usual)]
