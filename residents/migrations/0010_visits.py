import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import core.fields
from residents import kept_triggers

PIECE = 2000


def keep_what_was_noted(apps, schema_editor):
    """The history of changes tells of every visit; an entry without one there has at least its last."""
    Visit, Change = apps.get_model("residents", "Visit"), apps.get_model("residents", "Change")
    CareRecord = apps.get_model("residents", "CareRecord")
    there = CareRecord.objects.exclude(visited_on=None)
    told = Change.objects.filter(kind="care", action="visited", record_id__in=there.values("pk")).order_by("pk")
    found = (
        (change.record_id, (change.changes.get("visited_on") or ["", ""])[1], change.user_id, change.at)
        for change in told.iterator(chunk_size=PIECE)
    )
    rows = (Visit(record_id=pk, day=day, user_id=user, at=at) for pk, day, user, at in found if day)
    Visit.objects.bulk_create(rows, batch_size=PIECE)
    left = there.exclude(pk__in=Visit.objects.values("record_id")).order_by("pk")
    last = (Visit(record_id=row.pk, day=row.visited_on) for row in left.iterator(chunk_size=PIECE))
    Visit.objects.bulk_create(last, batch_size=PIECE)


class Migration(migrations.Migration):
    dependencies = [
        ("residents", "0009_quality_counts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Visit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="visited on")),
                ("words", core.fields.EncryptedField(blank=True, default="", verbose_name="what there was to say")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="noted")),
                (
                    "record",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="visits",
                        to="residents.carerecord", verbose_name="entry",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+",
                        to=settings.AUTH_USER_MODEL, verbose_name="who",
                    ),
                ),
            ],
            options={"verbose_name": "visit", "verbose_name_plural": "visits", "ordering": ["-day", "-id"]},
        ),
        migrations.RunPython(keep_what_was_noted, migrations.RunPython.noop),
        # A look loses its reason where the person's data were erased.
        migrations.RunPython(kept_triggers.renew, migrations.RunPython.noop),
    ]
