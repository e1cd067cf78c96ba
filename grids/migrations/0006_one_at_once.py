from django.db import migrations

from grids import once


class Migration(migrations.Migration):
    dependencies = [("grids", "0005_outline_version")]

    operations = [migrations.RunPython(once.install, once.remove)]
