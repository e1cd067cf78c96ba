"""Scoring schemes, periods and scorecards in the admin. Scores are computed, never typed."""

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.template.defaultfilters import floatformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin import ReadOnly, ReadOnlyAdmin, ReadOnlyInline, Realm, ScopedInline, SharedAdmin
from core.admin_export import Column
from core.admin_filters import InForce
from core.admin_upload import Upload, UploadsAdmin, file_field
from core.errors import DomainError
from evaluation import scheme_rows, schemes, services
from evaluation.models import Period, Scheme, SchemeItem, Scorecard, ScoreLine
from grids.services import tables


class ItemInline(ScopedInline):
    model = SchemeItem
    fields = ("sort", "indicator", "weight", "target", "worst", "empty")

    def get_queryset(self, request):
        return admin.TabularInline.get_queryset(self, request)  # a scheme is the whole territory's


class SchemesForm(forms.Form):
    file = file_field(gettext_lazy("Schemes file"))


def _import_schemes(request, values, dry_run):
    table = tables.read(values["file"], scheme_rows.columns(), scheme_rows.REQUIRED, values["file"].name)
    with transaction.atomic():
        done = scheme_rows.load(table.rows)
        transaction.set_rollback(dry_run)
    return [
        _("Scoring schemes: %(added)s added, %(changed)s changed, %(unchanged)s unchanged.")
        % {"added": done.added, "changed": done.changed, "unchanged": done.unchanged}
    ]


IMPORT = Upload(
    name="import-schemes",
    title=gettext_lazy("Import scoring schemes"),
    help=gettext_lazy(
        "The columns of an exported file: one row for each indicator. A scheme is known by its kind and its first day, "
        "and has afterwards the indicators of the file; schemes that the file does not name stay. All or nothing."
    ),
    form=SchemesForm,
    run=_import_schemes,
    may=lambda request: all(
        Realm.of(request.user).may_everywhere(f"evaluation.{verb}_{model}")
        for model, verbs in (("scheme", ("add", "change")), ("schemeitem", ("add", "change", "delete")))
        for verb in verbs
    ),
)


@admin.register(Scheme)
class SchemeAdmin(UploadsAdmin, SharedAdmin):
    """What is scored, with which weights. One that a period was scored by cannot be deleted."""

    list_display = ("name", "kind", "valid_from", "valid_until", "total")
    list_filter = ("kind", InForce)
    search_fields = ("name",)
    inlines = (ItemInline,)
    uploads = (IMPORT,)
    export_columns = (
        Column("scheme__kind", gettext_lazy("kind")),
        "scheme__name",
        "scheme__valid_from",
        "scheme__valid_until",
        "scheme__total",
        "sort",
        "indicator",
        "weight",
        "target",
        "worst",
        "empty",
    )

    def export_rows(self, request, queryset):
        """One row for each indicator of each scheme."""
        return SchemeItem.objects.filter(scheme__in=queryset.order_by())

    def has_delete_permission(self, request, obj=None):
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not obj.periods.exists())

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        try:
            schemes.usable(form.instance)
        except DomainError as error:
            messages.warning(request, str(error.message))


@admin.register(Period)
class PeriodAdmin(ReadOnly, SharedAdmin):
    """Months and quarters. Scoring again and publishing are the two things to do; both are services."""

    list_display = ("__str__", "status", "scheme", "scored_at", "published_at", "published_by")
    list_filter = ("kind", "status")
    fields = (
        "kind",
        ("start", "end"),
        "status",
        "scheme",
        "scored_at",
        ("published_at", "published_by"),
    )
    actions = ("score_again", "publish")
    export_columns = (
        "kind",
        "start",
        "end",
        "status",
        "scheme__name",
        "scored_at",
        "published_at",
        Column("published_by__name", gettext_lazy("published by")),
    )

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("scheme", "published_by")

    def has_publish_permission(self, request):
        return services.may_publish(request.user)

    @admin.action(description=gettext_lazy("Score the chosen periods again"), permissions=["publish"])
    def score_again(self, request, queryset):
        self._each(
            request, queryset, lambda period: services.score(period.kind, period.start), _("%s: scored.")
        )

    @admin.action(description=gettext_lazy("Publish the chosen periods"), permissions=["publish"])
    def publish(self, request, queryset):
        def publish(period):
            services.publish(period_id=period.pk, actor=request.user)

        self._each(request, queryset, publish, _("%s: published, and frozen from now on."))

    def _each(self, request, queryset, do, words):
        for period in queryset:
            try:
                do(period)
            except DomainError as error:
                messages.error(request, f"{period}: {error.message}")
            else:
                messages.success(request, words % period)


def rounded(name):
    """A read-only column of a number as people write it: 6 and 35.29, not 6.0000 and 35.2941."""

    @admin.display(description=ScoreLine._meta.get_field(name).verbose_name, ordering=name)
    def column(self, line):
        return floatformat(getattr(line, name), "-2") or "—"

    return column


def measured(name):
    """A read-only column in the indicator's own measure: a rate as per cent, a number of events as it is."""

    @admin.display(description=ScoreLine._meta.get_field(name).verbose_name, ordering=name)
    def column(self, line):
        value = getattr(line, name)
        if value is None:
            return "—"
        return floatformat(value, "-2") if line.denominator is None else f"{floatformat(value * 100, '-2')}%"

    return column


class Numbers:
    numerator_shown, denominator_shown, weight_shown = rounded("numerator"), rounded("denominator"), rounded("weight")
    most_shown, points_shown = rounded("most"), rounded("points")
    value_shown, target_shown, worst_shown = measured("value"), measured("target"), measured("worst")


NUMBERS = ("numerator_shown", "denominator_shown", "value_shown", "weight_shown", "most_shown", "points_shown")


class LineInline(Numbers, ReadOnlyInline):
    model = ScoreLine
    fields = ("indicator", *NUMBERS)
    readonly_fields = fields


@admin.register(Scorecard)
class ScorecardAdmin(ReadOnlyAdmin):
    scope_paths = ("path",)
    list_display = ("period", "user", "unit", "total", "rank", "of")
    list_filter = ("period__kind", "period__status")
    search_fields = ("user__name", "unit__name")
    exclude = ("path",)
    inlines = (LineInline,)
    export_columns = (
        "period__kind",
        "period__start",
        "user__staff_number",
        "user__name",
        "unit__name",
        "total",
        "rank",
        "of",
    )

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("period", "user", "unit")


@admin.register(ScoreLine)
class ScoreLineAdmin(Numbers, ReadOnlyAdmin):
    scope_paths = ("scorecard__path",)
    list_display = ("scorecard", "indicator", *NUMBERS)
    fields = ("scorecard", "indicator", *NUMBERS, "target_shown", "worst_shown")
    readonly_fields = (*NUMBERS, "target_shown", "worst_shown")
    list_filter = ("indicator",)
    export_columns = (
        "scorecard__period__kind",
        "scorecard__period__start",
        "scorecard__user__name",
        "scorecard__unit__name",
        "indicator",
        "numerator",
        "denominator",
        "value",
        "weight",
        "most",
        "points",
    )

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("scorecard__user", "scorecard__unit")
