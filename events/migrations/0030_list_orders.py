"""Lists by unit, by lead unit, and by how long events have stood in their step, walk an index.

The index of the lead unit alone is dropped by name: on SQLite Django would make the table anew, and its triggers would
be gone.
"""

import django.db.models.deletion
from django.db import migrations, models


OPEN = ("reported", "registered", "dispatched", "handling", "verifying", "suspended")


class Migration(migrations.Migration):
    dependencies = [("events", "0025_head_and_counter_words"), ("grids", "0007_one_at_once")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL("DROP INDEX IF EXISTS events_event_lead_id_56c5d2e7", migrations.RunSQL.noop)
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="event",
                    name="lead",
                    field=models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="led_events",
                        to="grids.unit",
                        verbose_name="lead unit",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                name="events_event_lead", fields=["lead", "-id"], condition=models.Q(lead__isnull=False)
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(name="events_event_lies", fields=["holder", "-id"], condition=models.Q(status__in=OPEN)),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                name="events_event_waited", fields=["stage_since", "id"], condition=models.Q(status__in=OPEN)
            ),
        ),
    ]
