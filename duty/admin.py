"""When the system warns, and how a level is answered: data that an administrator of the whole territory edits."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin, SharedAdmin
from duty.models import Response, RosterChange, Rule, Warning


@admin.register(Rule)
class RuleAdmin(SharedAdmin):
    list_display = ("cause", "level", "active", "amount", "minutes", "share", "prefix")
    list_filter = ("cause", "active")
    export_columns = ("cause", "level", "active", "amount", "minutes", "share", "prefix")


@admin.register(Response)
class ResponseAdmin(SharedAdmin):
    list_display = ("level", "take_minutes", "valid_hours")
    export_columns = ("level", "take_minutes", "valid_hours")


@admin.register(Warning)
class WarningAdmin(ReadOnlyAdmin):
    """To look at: warnings are raised, taken and ended on the duty pages."""

    scope_paths = ("path",)
    list_display = ("made_at", "level", "cause", "title", "grid", "taken_at", "taken_by", "ended_at")
    list_filter = ("level", "cause")
    search_fields = ("title",)
    export_columns = (
        "made_at", "level", "cause", "title", "grid__name", "taken_at", "taken_by__name", "ended_at", "end_words",
    )  # fmt: skip

    def get_queryset(self, request):
        rows = super().get_queryset(request).select_related("grid", "taken_by")
        return rows.defer("grid__boundary")


@admin.register(RosterChange)
class RosterChangeAdmin(ReadOnlyAdmin):
    """Who changed which roster; phones stand in it masked."""

    scope_paths = ("unit__grid__path",)
    list_display = ("at", "unit", "action", "by")
    list_filter = ("action",)
    export_columns = ("at", "unit__name", "action", "by__name")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("unit", "by")
