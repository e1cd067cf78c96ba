"""Lists of finished events have an index of their own, and PostgreSQL knows how many events each person has reported."""

from django.conf import settings
from django.db import migrations, models

# With a hundred sampled people, somebody who has reported nothing is taken for one of the average: a station's list, which
# is its territory or one's own reports, then walks the newest events of the whole county.
MORE = "ALTER TABLE events_event ALTER COLUMN reporter_id SET STATISTICS {}"


def know_reporters(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(MORE.format(1000))


def know_fewer(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(MORE.format(-1))


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0007_words'),
        ('grids', '0003_level_words'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('status__in', ['closed', 'evaluated', 'rejected', 'merged', 'cancelled'])), fields=['-id'], name='events_event_finished'),
        ),
        migrations.RunPython(know_reporters, know_fewer),
    ]
