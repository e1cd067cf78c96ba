"""Indexes under the map's tiles of open events, on PostgreSQL only: the embedded database has its R-tree.

Few events are open at any time. Low zooms sum them up by grid from the first index alone; near by the second finds them.
"""

from django.db import migrations

from events.workflow import OPEN

_OPEN = "status IN ({}) AND location IS NOT NULL".format(", ".join(f"'{status.value}'" for status in OPEN))
CREATE = (
    "CREATE INDEX events_event_open_grid ON events_event (path varchar_pattern_ops) "
    f"INCLUDE (grid_id, due_at, yellow_at) WHERE {_OPEN}",
    f"CREATE INDEX events_event_open_place ON events_event USING gist (location) WHERE {_OPEN}",
)
DROP = ("DROP INDEX events_event_open_grid", "DROP INDEX events_event_open_place")


def on_postgresql(statements):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
                schema_editor.execute(statement, params=None)

    return run


class Migration(migrations.Migration):
    dependencies = [("events", "0009_habits_and_presence")]

    operations = [
        migrations.AlterModelOptions(
            name="transition",
            options={
                "ordering": ["event_id", "seq"],
                "permissions": [("locate_worker", "See where workers were last today 人员位置")],
                "verbose_name": "step",
                "verbose_name_plural": "steps",
            },
        ),
        migrations.RunPython(on_postgresql(CREATE), on_postgresql(DROP)),
    ]
