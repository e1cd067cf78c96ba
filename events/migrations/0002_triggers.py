from django.db import migrations

from core.versions import watch
from events import history_triggers


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial"), ("core", "0001_initial")]

    operations = [
        migrations.RunPython(history_triggers.install, history_triggers.remove),
        migrations.RunPython(*watch("events_standard", "standards")),
        migrations.RunPython(*watch("events_standardlead", "standards")),
        migrations.RunPython(*watch("events_stagelimit", "standards")),
        migrations.RunPython(*watch("events_calendarday", "calendar")),
    ]
