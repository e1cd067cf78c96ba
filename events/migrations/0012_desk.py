"""Saved views and columns of the desk; an index for its counts, in place of one that nothing looked up.

The old index is dropped by name: on SQLite Django would make the table anew, and its triggers would be gone.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def owner(**kwargs):
    return {"on_delete": django.db.models.deletion.CASCADE, "to": settings.AUTH_USER_MODEL, **kwargs}


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0011_figures"),
        ("grids", "0003_level_words"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DeskSetting",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        **owner(
                            primary_key=True, related_name="desk_setting", serialize=False, verbose_name="user"
                        )
                    ),
                ),
                ("columns", models.JSONField(default=list, verbose_name="columns")),
            ],
            options={"verbose_name": "desk setting", "verbose_name_plural": "desk settings"},
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("slug", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=40, verbose_name="name of the view")),
                (
                    "query",
                    models.CharField(blank=True, default="", max_length=2000, verbose_name="filters and order"),
                ),
                ("start", models.BooleanField(default=False, verbose_name="start page")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                (
                    "owner",
                    models.ForeignKey(**owner(related_name="saved_views", verbose_name="owner")),
                ),
            ],
            options={
                "verbose_name": "saved view",
                "verbose_name_plural": "saved views",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("owner", "name"), name="events_savedview_name_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("start", True)), fields=("owner",), name="events_savedview_one_start"
                    ),
                ],
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "DROP INDEX IF EXISTS events_event_grid_id_4b6813cf", migrations.RunSQL.noop
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="event",
                    name="grid",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="grids.grid",
                        verbose_name="grid",
                    ),
                )
            ],
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(
                    (
                        "status__in",
                        ["reported", "registered", "dispatched", "handling", "verifying", "suspended", "closed"],
                    )
                ),
                fields=["status", "path"],
                name="events_event_waiting",
                opclasses=["varchar_pattern_ops", "varchar_pattern_ops"],
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(
                    ("status__in", ["reported", "registered", "dispatched", "handling", "verifying", "suspended"]),
                    ("supervised", True),
                ),
                fields=["-id"],
                name="events_event_asked",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)),
                fields=["due_at", "yellow_at"],
                name="events_event_clock",
            ),
        ),
        migrations.RemoveIndex(model_name="event", name="events_event_due"),
    ]
