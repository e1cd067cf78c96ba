"""Urgent events of a class in a month, and the newest that lie with a unit, are found in an index alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0021_were_late")]

    operations = [
        migrations.RemoveIndex(model_name="event", name="events_event_std"),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(name="events_event_std", fields=["standard", "reported_at", "urgency"]),
        ),
        migrations.RemoveIndex(model_name="event", name="events_event_holder"),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(name="events_event_holder", fields=["holder", "status", "-id"]),
        ),
    ]
