"""The doubled text of events as a column: see events.word_index."""

from django.db import migrations

from events import word_index


class Migration(migrations.Migration):
    dependencies = [("events", "0013_spot_checks")]

    operations = [migrations.RunPython(word_index.keep, word_index.keep_no_more)]
