"""Lists by deadline walk an index that is in their very order, and rest on what services.clockwork has always kept: a
clock runs for open events only."""

from django.db import migrations, models

OPEN = ["reported", "registered", "dispatched", "handling", "verifying", "suspended"]


class Migration(migrations.Migration):
    dependencies = [("events", "0018_vacuumed_often")]

    operations = [
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                name="events_event_clock_runs",
                condition=models.Q(("due_at", None), ("status__in", OPEN), _connector="OR"),
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                name="events_event_due",
                fields=["due_at", "id", "yellow_at"],
                condition=models.Q(("due_at__isnull", False)),
            ),
        ),
        migrations.RemoveIndex(model_name="event", name="events_event_clock"),
    ]
