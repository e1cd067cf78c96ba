from django.conf import settings
from django.db import migrations, models

from events import word_index


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0004_limit_words'),
        ('grids', '0003_level_words'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('urgency', 'normal'), _negated=True), fields=['urgency', '-id'], name='events_event_urgency'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('source', 'worker'), _negated=True), fields=['source', '-id'], name='events_event_source'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('supervised', True)), fields=['-id'], name='events_event_supervised'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('placed', False)), fields=['-id'], name='events_event_unplaced'),
        ),
        migrations.RunPython(word_index.install, word_index.remove),
    ]
