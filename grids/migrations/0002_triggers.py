from django.db import migrations

from core.versions import watch
from grids import triggers


class Migration(migrations.Migration):
    dependencies = [("grids", "0001_initial"), ("core", "0001_initial")]

    operations = [
        migrations.RunPython(triggers.install, triggers.remove),
        migrations.RunPython(*watch("grids_grid", "grids")),
        migrations.RunPython(*watch("grids_unit", "units")),
    ]
