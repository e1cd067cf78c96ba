"""What lies with a unit now becomes a sum: a wall of the county counted thousands of turns at every look.

It is filled from the turns as they are kept, so that figures read right after this are right; their lights are as
those of the events were compared last.
"""

from django.db import migrations, models

OVERDUE = """
UPDATE events_foldedturn SET lies_late = 1
WHERE lying = 1 AND lies_until < (SELECT MAX(at) FROM events_figurestate)
"""
# Levels 0 to 2: what lies deeper is summed up at each of them.
LYING = """
INSERT INTO events_openunit (place_id, unit_id, standing, late)
SELECT b.ancestor_id, f.unit_id, COUNT(*), SUM(f.lies_late) FROM events_foldedturn f
JOIN events_figurebelow b ON b.place_id = f.place_id AND b.depth <= 2
WHERE f.lying = 1 GROUP BY b.ancestor_id, f.unit_id
"""


def fill(apps, schema_editor):
    schema_editor.execute(OVERDUE)
    schema_editor.execute(LYING)
    if schema_editor.connection.vendor == "postgresql":  # what is added to finds place beside (0011)
        schema_editor.execute("ALTER TABLE events_openunit SET (fillfactor = 80)")


class Migration(migrations.Migration):
    dependencies = [("events", "0019_walk_by_deadline")]

    operations = [
        migrations.CreateModel(
            name="OpenUnit",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "place_id", "unit_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("place_id", models.BigIntegerField()),
                ("unit_id", models.BigIntegerField()),
                ("standing", models.IntegerField(default=0)),
                ("late", models.IntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name="foldedturn",
            name="lies_late",
            field=models.SmallIntegerField(default=0, help_text="Lies there beyond it, at FigureState.at."),
            preserve_default=False,
        ),
        migrations.RemoveIndex(model_name="foldedturn", name="events_foldedturn_lying"),
        migrations.AddIndex(
            model_name="foldedturn",
            index=models.Index(
                condition=models.Q(("lying", 1)),
                fields=["place_id", "unit_id", "lies_late"],
                name="events_foldedturn_lying",
            ),
        ),
        migrations.AddIndex(
            model_name="foldedturn",
            index=models.Index(condition=models.Q(("lying", 1)), fields=["lies_until"], name="events_foldedturn_until"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
