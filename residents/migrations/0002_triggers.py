from django.db import migrations

from residents import triggers


class Migration(migrations.Migration):
    dependencies = [("residents", "0001_initial"), ("grids", "0002_triggers")]

    operations = [migrations.RunPython(triggers.install, migrations.RunPython.noop)]
