"""Events and their history in the admin: to look at. Only steps change them (events.services)."""

from django.contrib import admin
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import ciphers
from core.admin import ReadOnlyAdmin, ReadOnlyInline, Realm, SharedAdmin
from core.admin_export import Column
from events import (
    admin_rules,  # noqa: F401  (registers standards, limits and the calendar)
    export,
)
from events.models import (
    Assignment,
    Attachment,
    CaseCounter,
    Event,
    Notice,
    Seal,
    SealedHead,
    StageRecord,
    Supervision,
    TimeRequest,
    Transition,
    Whistle,
    WhistleCall,
)

# An event without a number yet is known by its id.
OF_EVENT = (Column("event_id", _("event id")), "event__number")


class StepInline(ReadOnlyInline):
    model = Transition
    fields = ("seq", "at", "action", "source", "target", "actor", "unit", "words")
    readonly_fields = fields

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("actor", "unit")


class AssignmentInline(ReadOnlyInline):
    model = Assignment
    fields = ("unit", "lead", "outcome", "dispatched_at", "signed_at", "due_at", "ended_at", "late")
    readonly_fields = fields

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("unit")


class OfEvents(ReadOnlyAdmin):
    """Rows that belong to an event: seen by whoever administers the place where it was reported."""

    reads_by = "events.view_event"
    scope_paths = ("event__path",)
    search_fields = ("event__number",)
    ordering = ("-id",)

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        return rows.select_related("event", *self.with_)

    with_: tuple[str, ...] = ()


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    scope_paths = ("path",)
    list_display = (
        "__str__",
        "status",
        "urgency",
        "short",
        "grid",
        "holder",
        "due_at",
        "late",
        "reported_at",
    )
    list_filter = ("status", "urgency", "source", "late", "placed", "supervised")
    search_fields = ("number", "description", "place")
    date_hierarchy = None
    inlines = (StepInline, AssignmentInline)
    # The columns of the desk's own CSV; who told it and their phone are not among them.
    export_columns = tuple(Column(name, label) for name, label in export.COLUMNS)
    fields = (
        ("number", "status", "urgency", "source"),
        "description",
        ("place", "placed", "grid"),
        "standard",
        ("reporter", "contact_name", "phone_shown"),
        ("holder", "centre", "lead"),
        ("due_at", "handle_due_at", "suspended_until"),
        ("late", "returns", "reworks", "grants", "reopens"),
        ("supervised", "settled_on_spot", "spot_check", "spot_state", "merged_into"),
        ("stars", "rating_words"),
        ("reported_at", "registered_at", "dispatched_at", "signed_at"),
        ("fed_back_at", "closed_at", "evaluated_at"),
    )
    readonly_fields = ("phone_shown",)

    def get_queryset(self, request):
        rows = super().get_queryset(request).select_related("grid", "holder")
        return rows.defer("grid__boundary")

    @admin.display(description=_("what"))
    def short(self, event):
        return event.description[:40]

    @admin.display(description=_("contact phone"))
    def phone_shown(self, event):
        return ciphers.mask_phone(event.contact_phone) or "—"


@admin.register(Transition)
class TransitionAdmin(OfEvents):
    """The history. A database trigger refuses every change of it; here is not even a button."""

    reads_by = "events.view_transition"
    list_display = ("event", "seq", "at", "action", "source", "target", "actor", "unit")
    list_filter = ("action",)
    fields = (
        ("event", "seq"), "at", "action", ("source", "target"), ("actor", "unit"), "words", "position_shown", "photos",
        "facts", "prev_hash", "hash",
    )  # fmt: skip
    readonly_fields = ("position_shown",)
    with_ = ("actor", "unit")
    export_columns = (
        *OF_EVENT, "seq", "at", "action", "source", "target", "actor__name", "unit__name", "words", "hash",
    )  # fmt: skip

    @admin.display(description=_("longitude, latitude"))
    def position_shown(self, step):
        return f"{step.lon:.6f}, {step.lat:.6f}" if step.lon is not None and step.lat is not None else "—"


@admin.register(Assignment)
class AssignmentAdmin(OfEvents):
    list_display = (
        "event",
        "unit",
        "lead",
        "outcome",
        "dispatched_at",
        "due_at",
        "ended_at",
        "late",
        "exempt",
    )
    list_filter = ("outcome", "lead", "late", "exempt")
    with_ = ("unit",)
    export_columns = (
        *OF_EVENT, "unit__name", "lead", "outcome", "dispatched_at", "signed_at", "due_at", "ended_at", "late", "exempt",
        "used_share", "words",
    )  # fmt: skip


@admin.register(StageRecord)
class StageRecordAdmin(OfEvents):
    list_display = ("event", "stage", "unit", "started_at", "ended_at", "due_at", "late", "exempt")
    list_filter = ("stage", "late", "exempt")
    with_ = ("unit",)
    export_columns = (
        *OF_EVENT, "stage", "unit__name", "actor__name", "started_at", "ended_at", "due_at", "late", "exempt",
        "used_share",
    )  # fmt: skip


@admin.register(TimeRequest)
class TimeRequestAdmin(OfEvents):
    list_display = ("event", "unit", "asked_at", "amount", "amount_unit", "granted", "decided_at")
    list_filter = ("granted",)
    with_ = ("unit",)
    export_columns = (
        *OF_EVENT, Column("unit__name", _("lead unit")), "asked_at", "amount", "amount_unit", "words", "granted",
        "decided_at",
    )  # fmt: skip


@admin.register(Supervision)
class SupervisionAdmin(OfEvents):
    list_display = ("event", "unit", "asked_unit", "asked_at", "answer_by", "answered_at")
    with_ = ("unit", "asked_unit")
    export_columns = (
        *OF_EVENT, "unit__name", "by__name", "asked_unit__name", "asked_at", "words", "answer_by", "answered_at",
        "answer",
    )  # fmt: skip


class CallInline(ReadOnlyInline):
    model = WhistleCall
    fields = ("unit", "come_by", "arrived_at", "arrived_by", "distance", "stars")
    readonly_fields = fields

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("unit", "arrived_by")


@admin.register(Whistle)
class WhistleAdmin(OfEvents):
    list_display = ("event", "unit", "by", "called_at", "place", "come_by")
    exclude = ("location",)
    inlines = (CallInline,)
    with_ = ("unit", "by")
    export_columns = (*OF_EVENT, "unit__name", "by__name", "called_at", "place", "come_by", "words")


@admin.register(WhistleCall)
class WhistleCallAdmin(OfEvents):
    scope_paths = ("whistle__event__path",)
    search_fields = ("whistle__event__number",)
    list_display = ("whistle", "unit", "called_at", "come_by", "arrived_at", "distance", "stars")
    exclude = ("location",)
    export_columns = (
        Column("whistle__event_id", _("event id")), "whistle__event__number", "unit__name", "called_at", "come_by",
        "arrived_at", "arrived_by__name", "distance", "stars", "stars_words",
    )  # fmt: skip

    def get_queryset(self, request):
        return super(OfEvents, self).get_queryset(request).select_related("whistle__event", "unit")


@admin.register(Attachment)
class AttachmentAdmin(OfEvents):
    """What was uploaded, not the files: pages that show them ask who may see the event."""

    list_display = ("name", "event", "kind", "content_type", "size", "uploaded_at")
    list_filter = ("kind",)
    fields = (
        "name",
        "event",
        "seq",
        "kind",
        "content_type",
        "size",
        "fingerprint",
        "taken_at",
        "uploader",
        "uploaded_at",
    )
    readonly_fields = ("fingerprint",)
    export_columns = (
        *OF_EVENT, "seq", "kind", "name", "content_type", "size", "sha256", "taken_at", "uploader__name", "uploaded_at",
    )  # fmt: skip

    @admin.display(description="SHA-256")
    def fingerprint(self, attachment):
        return attachment.sha256


@admin.register(Notice)
class NoticeAdmin(OfEvents):
    list_display = ("user", "event", "action", "created_at", "read_at")
    list_filter = ("action",)
    with_ = ("user",)
    export_columns = (*OF_EVENT, "user__name", "action", "created_at", "read_at")


class SharedReadOnly(ReadOnlyAdmin, SharedAdmin):
    """To look at for every administrator; nothing personal in it."""


@admin.register(Seal)
class SealAdmin(SharedReadOnly):
    list_display = ("until", "chains", "hash", "made_at")
    export_columns = ("until", "chains", "prev_hash", "hash", "made_at")


@admin.register(SealedHead)
class SealedHeadAdmin(ReadOnlyAdmin):
    """Where a chain ended when it was sealed. It has no key to its event, which it must outlive: found by its id."""

    reads_by = "events.view_transition"
    list_display = ("event_id", "seq", "hash", "seal")
    search_fields = ("=event_id",)
    ordering = ("-pk",)
    export_columns = (Column("event_id", _("event id")), "seq", "hash", "seal__until")

    def rows(self, request):
        seen = Realm.of(request.user).q(self.permission("view"), "path")
        return Q(event_id__in=Event.objects.filter(seen).order_by().values("pk"))

    def paths_of(self, obj):
        return list(Event.objects.filter(pk=obj.event_id).values_list("path", flat=True))

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("seal")


@admin.register(CaseCounter)
class CaseCounterAdmin(SharedReadOnly):
    """The last case number given, to be compared with the last case: the whole territory's, whose cases it counts."""

    reads_by = "events.view_event"
    list_display = ("territory", "year", "last")
    ordering = ("-year", "territory")
    export_columns = ("territory", "year", "last")

    def has_view_permission(self, request, obj=None):
        return Realm.of(request.user).may_everywhere(self.permission("view"))

    has_module_permission = has_view_permission
