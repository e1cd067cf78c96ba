from django.db import migrations, models

from events import path_triggers


class Migration(migrations.Migration):
    dependencies = [("events", "0030_list_orders"), ("grids", "0007_one_at_once")]

    operations = [
        migrations.AlterField(
            model_name="event",
            name="path",
            field=models.CharField(
                editable=False, help_text="The grid's path, for one that has ended the one of then.", max_length=120
            ),
        ),
        migrations.RunPython(path_triggers.install, path_triggers.remove),
    ]
