"""When the system warns, and how a level is answered: data that an administrator of the whole territory edits.

Rosters, hand-overs and warnings of the subtree stand beside it to look at: the duty pages write them.
"""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from core import ciphers
from core.admin import ReadOnlyAdmin, ReadOnlyInline, SharedAdmin
from core.admin_export import Column
from duty.models import (
    HandOver,
    Matter,
    Remark,
    Response,
    RosterChange,
    Rule,
    Shift,
    Struck,
    UnitDuty,
    Warning,
    WarningCall,
    WarningStep,
)


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


class MaskedPhone:
    @admin.display(description=_("phone"))
    def phone_shown(self, row):
        return ciphers.mask_phone(row.phone) or "—"


@admin.register(UnitDuty)
class UnitDutyAdmin(ReadOnlyAdmin):
    reads_by = "duty.view_shift"
    scope_paths = ("unit__grid__path",)
    list_display = ("unit", "staffed", "phone")
    list_filter = ("staffed",)
    search_fields = ("unit__name",)
    export_columns = ("unit__name", "staffed", "phone")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("unit")


@admin.register(Shift)
class ShiftAdmin(MaskedPhone, ReadOnlyAdmin):
    scope_paths = ("unit__grid__path",)
    list_display = ("unit", "starts_at", "ends_at", "name", "role", "phone_shown")
    list_filter = ("role",)
    search_fields = ("name", "unit__name")
    ordering = ("-starts_at", "-pk")
    fields = ("unit", "user", "name", "role", ("starts_at", "ends_at"), "phone_shown", "note")
    readonly_fields = ("phone_shown",)
    export_columns = (
        "unit__name", "starts_at", "ends_at", "name", "role", Column("phone", _("phone"), ciphers.mask_phone), "note",
    )  # fmt: skip

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("unit")


class MatterInline(ReadOnlyInline):
    model = Matter
    fields = readonly_fields = ("words", "event")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("event")


class RemarkInline(ReadOnlyInline):
    model = Remark
    fields = readonly_fields = ("at", "by", "words")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("by")


@admin.register(HandOver)
class HandOverAdmin(ReadOnlyAdmin):
    scope_paths = ("unit__grid__path",)
    list_display = ("unit", "written_at", "by", "accepted_at", "accepted_by")
    search_fields = ("unit__name", "by__name")
    fields = ("unit", ("written_at", "by"), "changed_at", "words", "things", ("accepted_at", "accepted_by"))
    inlines = (MatterInline, RemarkInline)
    export_columns = ("unit__name", "written_at", "by__name", "accepted_at", "accepted_by__name", "words", "things")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("unit", "by", "accepted_by")


@admin.register(WarningStep)
class WarningStepAdmin(ReadOnlyAdmin):
    scope_paths = ("warning__path",)
    list_display = ("warning", "seq", "action", "at", "by", "unit")
    list_filter = ("action",)
    search_fields = ("warning__title",)
    ordering = ("-pk",)
    export_columns = ("warning__title", "seq", "action", "at", "by__name", "unit__name")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("warning", "by", "unit")


@admin.register(WarningCall)
class WarningCallAdmin(MaskedPhone, ReadOnlyAdmin):
    reads_by = "duty.view_warning"
    scope_paths = ("warning__path",)
    list_display = ("warning", "unit", "why", "at", "name", "phone_shown", "seen_at")
    list_filter = ("why",)
    search_fields = ("warning__title", "name")
    ordering = ("-pk",)
    fields = ("warning", "unit", "why", "at", ("user", "name"), "phone_shown", "seen_at")
    readonly_fields = ("phone_shown",)
    export_columns = (
        "warning__title", "unit__name", "why", "at", "name", Column("phone", _("phone"), ciphers.mask_phone), "seen_at",
    )  # fmt: skip

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("warning", "unit")


@admin.register(Struck)
class StruckAdmin(ReadOnlyAdmin):
    """Supervisions taken off the board (销号)."""

    reads_by = "events.view_event"
    scope_paths = ("supervision__event__path",)
    list_display = ("supervision", "at", "by", "words")
    search_fields = ("supervision__event__number", "words")
    ordering = ("-pk",)
    export_columns = ("supervision__event__number", "at", "by__name", "words")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("supervision__event", "by")
