"""Outlines hang on boundaries, tree and validity alone: a new name or colour of a grid leaves them as they are."""

from django.db import migrations

from core.versions import watch

SHAPING = ("level", "parent_id", "valid_from", "valid_until", "boundary")


class Migration(migrations.Migration):
    dependencies = [("grids", "0004_outlines"), ("core", "0001_initial")]

    operations = [migrations.RunPython(*watch("grids_grid", "outlines", SHAPING))]
