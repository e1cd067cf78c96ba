from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("grids", "0003_level_words"),
        ("residents", "0006_data_grants"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="building",
            name="residents_building_estate",
        ),
        migrations.AddIndex(
            model_name="building",
            index=models.Index(
                fields=["estate", "number"],
                name="residents_building_estate",
                opclasses=["varchar_pattern_ops", "varchar_pattern_ops"],
            ),
        ),
        migrations.AddIndex(
            model_name="building",
            index=models.Index(
                fields=["address"], name="residents_building_address", opclasses=["varchar_pattern_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="organisation",
            index=models.Index(
                fields=["pinyin"], name="residents_organisation_pinyin", opclasses=["varchar_pattern_ops"]
            ),
        ),
    ]
