from django.db import migrations

from evaluation import frozen


class Migration(migrations.Migration):
    dependencies = [("evaluation", "0001_initial")]

    operations = [migrations.RunPython(frozen.install, frozen.remove)]
