"""Patrols of the subtree, to look at: they are written by those who walk."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from fieldwork.models import Patrol


@admin.register(Patrol)
class PatrolAdmin(ReadOnlyAdmin):
    scope_paths = ("grid__path",)
    list_display = ("day", "grid", "worker", "started_at", "ended_at", "state")
    list_filter = ("state",)
    search_fields = ("=grid__code", "grid__name")
    export_columns = (
        "day",
        "grid__code",
        "grid__name",
        "worker__name",
        "started_at",
        "ended_at",
        "state",
        "note",
    )

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("grid", "worker").defer("grid__boundary")
