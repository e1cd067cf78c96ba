from django.db import migrations

from grids import once


class Migration(migrations.Migration):
    dependencies = [("grids", "0006_outline_version_restorable")]

    operations = [migrations.RunPython(once.install, once.remove)]
