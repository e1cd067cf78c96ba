"""Indexes that another one begins with, or that nothing looks up: every report and step wrote them.

Dropped by name: on SQLite Django would make the tables anew, and their triggers would be gone.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


INDEXES = [
    "events_event_holder_id_73a9fdca",
    "events_event_standard_id_53eefef6",
    "events_event_resume_holder_id_81c9f1c5",
    "events_transition_event_id_dd5fd64b",
    "events_notice_user_id_5fda56b2",
    "events_assignment_unit_id_b91a7633",
]


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0005_rare_and_words"),
        ("grids", "0003_level_words"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    [f"DROP INDEX IF EXISTS {name}" for name in INDEXES], migrations.RunSQL.noop
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="assignment",
                    name="unit",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="grids.unit",
                        verbose_name="unit",
                    ),
                ),
                migrations.AlterField(
                    model_name="event",
                    name="holder",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="held_events",
                        to="grids.unit",
                        verbose_name="lies with",
                    ),
                ),
                migrations.AlterField(
                    model_name="event",
                    name="resume_holder",
                    field=models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.unit",
                    ),
                ),
                migrations.AlterField(
                    model_name="event",
                    name="standard",
                    field=models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="events.standard",
                        verbose_name="standard",
                    ),
                ),
                migrations.AlterField(
                    model_name="notice",
                    name="user",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                migrations.AlterField(
                    model_name="transition",
                    name="event",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transitions",
                        to="events.event",
                        verbose_name="event",
                    ),
                ),
            ],
        )
    ]
