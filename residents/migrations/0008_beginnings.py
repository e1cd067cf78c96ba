from django.db import migrations, models

COLUMNS = ("name", "pinyin", "initials")


def sample(size):
    """How finely PostgreSQL knows these columns: with the usual 100 steps it expects 4,000 people of a county of 2.2
    million for the beginning of a rare name, or 30 for one of 4,000, and sorts them all."""

    def change(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for column in COLUMNS:
                schema_editor.execute(f"ALTER TABLE residents_resident ALTER COLUMN {column} SET STATISTICS {size}")

    return change


class Migration(migrations.Migration):
    dependencies = [("residents", "0007_search_indexes")]

    operations = [
        migrations.RemoveIndex(model_name="resident", name="residents_resident_tail"),
        migrations.AddIndex(
            model_name="resident",
            index=models.Index(
                fields=["tail_tag", "name"], name="residents_resident_tail_name", condition=~models.Q(tail_tag=""),
                opclasses=["varchar_pattern_ops", "varchar_pattern_ops"],
            ),
        ),
        *(
            migrations.AddIndex(
                model_name="resident",
                index=models.Index(
                    fields=["grid", column], name=f"residents_resident_g_{column}",
                    condition=models.Q(archived_at=None), opclasses=["int8_ops", "varchar_pattern_ops"],
                ),
            )
            for column in COLUMNS
        ),
        migrations.RunPython(sample(1000), sample(-1)),
    ]
