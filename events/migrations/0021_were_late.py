"""A list of those that were late walks them alone, not the whole table until it has found enough."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0020_open_units")]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(name="events_event_was_late", fields=["-id"], condition=models.Q(("late", True))),
        ),
    ]
