from django.db import migrations, models

from residents import classes


def in_english(apps, schema_editor):
    """The shipped purposes and legal bases get their English words; what an administrator has changed keeps its own."""
    for row in apps.get_model("residents", "CareClass").objects.all():
        if classes.in_english(row):
            row.save(update_fields=["name_en", "purpose_en", "legal_basis_en", "fields"])


class Migration(migrations.Migration):
    dependencies = [("residents", "0016_houses_without_doors")]

    operations = [
        migrations.AddField(
            model_name="careclass",
            name="legal_basis_en",
            field=models.TextField(blank=True, default="", verbose_name="legal basis, in English"),
        ),
        migrations.AddField(
            model_name="careclass",
            name="purpose_en",
            field=models.TextField(blank=True, default="", verbose_name="purpose, in English"),
        ),
        migrations.RunPython(in_english, migrations.RunPython.noop),
    ]
