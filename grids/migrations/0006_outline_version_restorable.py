"""The trigger of 0005 as it is made now: the one before compared geometries in words that a dump could not be restored with."""

from django.db import migrations

from core.versions import watch

SHAPING = ("level", "parent_id", "valid_from", "valid_until", "boundary")


def renew(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        forward, backward = watch("grids_grid", "outlines", SHAPING)
        backward(apps, schema_editor)
        forward(apps, schema_editor)


class Migration(migrations.Migration):
    dependencies = [("grids", "0005_outline_version")]

    operations = [migrations.RunPython(renew, migrations.RunPython.noop)]
