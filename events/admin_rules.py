"""Case standards, stage limits and the calendar in the admin: what every county edits for itself."""

from datetime import timedelta

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export import fields
from import_export.admin import ExportMixin, ImportExportMixin

from core import broker
from core.admin import Realm, SharedAdmin
from core.admin_filters import InForce
from core.admin_tables import PlainTables, Table
from core.admin_upload import Upload, UploadsAdmin, file_field
from core.errors import Conflict, DomainError
from core.sheets import restored
from events import calendars, standards, tasks
from events.models import CalendarDay, StageLimit, Standard
from events.services import reckoning
from events.standard_rows import COLUMNS, OPTIONAL
from grids.models import DepartmentKind
from grids.services import tables

LEVELS = (0, 1, 2)
AT_ONCE = 1000  # cases whose deadlines are reckoned while the administrator waits: a second or two
# A standards file's column → the form's field, where they differ.
FIELD_OF = {"photos": "photos_required", "rating": "rating_asked"}
IDENTITY = ("kind", "major_code", "minor_code", "variant")


class StandardForm(forms.ModelForm):
    """One standard as a row of a standards file: saving opens a new version, so that events keep theirs."""

    in_force_from = forms.DateField(
        label=gettext_lazy("the change is in force from"),
        initial=timezone.localdate,
        widget=admin.widgets.AdminDateWidget,
        help_text=gettext_lazy("The version before ends on this day; events registered under it keep it."),
    )
    lead_0, lead_1, lead_2 = (
        forms.ModelChoiceField(
            DepartmentKind.objects.all(),
            required=level == 0,
            label=gettext_lazy("default lead, level %s") % level,
        )
        for level in LEVELS
    )

    class Meta:
        model = Standard
        fields = (
            *IDENTITY,
            "major_name",
            "minor_name",
            "condition",
            "limit",
            "limit_unit",
            "closing_term",
            "photos_required",
            "rating_asked",
        )
        widgets = {"condition": forms.TextInput(attrs={"size": 100})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            for lead in self.instance.leads.all():
                self.initial.setdefault(f"lead_{lead.level}", lead.department_kind_id)

    def clean(self):
        cleaned = super().clean()
        if not self.errors:
            with (
                transaction.atomic()
            ):  # tried and taken back: the words come to the form, and save_model does it
                self._try()
                transaction.set_rollback(True)
        return cleaned

    def _try(self):
        try:
            self.revise()
        except DomainError as error:
            if not error.fields:
                self.add_error(None, str(error.message))
            for key, sentences in error.fields.items():
                row, _dot, column = key.partition(".")
                place = _("Row %(row)s, %(column)s: %(message)s") % {
                    "row": row,
                    "column": column,
                    "message": "",
                }
                name = FIELD_OF.get(column, column)
                words = [sentence.removeprefix(place) for sentence in sentences]
                self.add_error(name if name in self.fields else None, words)

    def revise(self) -> Standard:
        """The version that the form's values make. Raises DomainError as `standards.load` does."""
        day, columns = self.cleaned_data["in_force_from"], self._columns()
        if self.instance.pk:
            changes = {name: value for name, value in columns.items() if name not in IDENTITY}
            return standards.revise(code=self.initial_code, valid_from=day, **changes)
        same = {name: self.cleaned_data[name] for name in IDENTITY}
        if Standard.objects.filter(**same, valid_until=None).exists():
            raise Conflict(_("There is this standard already: change it instead of adding it."))
        before = set(Standard.objects.values_list("pk", flat=True))
        standards.load([columns], day)
        return Standard.objects.exclude(pk__in=before).get()

    @property
    def initial_code(self) -> str:
        return Standard.objects.values_list("code", flat=True).get(pk=self.instance.pk)

    def _columns(self) -> dict[str, str]:
        values = {**{name: getattr(self.instance, name) for name in IDENTITY}, **self.cleaned_data}
        row = {name: values[FIELD_OF.get(name, name)] for name in (*COLUMNS, *OPTIONAL)}
        for name, value in row.items():
            if isinstance(value, DepartmentKind):
                row[name] = value.code
            elif isinstance(value, bool):
                row[name] = "yes" if value else "no"
            else:
                row[name] = "" if value is None else str(value)
        return row


class StandardTable(Table):
    """The columns of a standards file, so that what is exported can be edited and imported again."""

    photos = fields.Field(column_name="photos")
    rating = fields.Field(column_name="rating")
    lead_0, lead_1, lead_2 = (fields.Field(column_name=f"lead_{level}") for level in LEVELS)

    class Meta(Table.Meta):
        model = Standard
        fields = export_order = (*COLUMNS, *OPTIONAL)

    def dehydrate_photos(self, standard):
        return "yes" if standard.photos_required else "no"

    def dehydrate_rating(self, standard):
        return "yes" if standard.rating_asked else "no"

    def dehydrate_lead_0(self, standard):
        return self._lead(standard, 0)

    def dehydrate_lead_1(self, standard):
        return self._lead(standard, 1)

    def dehydrate_lead_2(self, standard):
        return self._lead(standard, 2)

    def _lead(self, standard, level):
        return next((lead.department_kind.code for lead in standard.leads.all() if lead.level == level), "")


class StandardsForm(forms.Form):
    file = file_field(gettext_lazy("Standards file"))
    valid_from = forms.DateField(
        label=gettext_lazy("in force from"), initial=timezone.localdate, widget=admin.widgets.AdminDateWidget
    )


def _import_standards(request, values, dry_run):
    table = tables.read(
        values["file"], {name: (name,) for name in (*COLUMNS, *OPTIONAL)}, COLUMNS, values["file"].name
    )
    # An empty cell of a workbook is None, which `load` takes for a column that is not there.
    rows = [
        {name: "" if cell is None else restored(cell) for name, cell in row.items()}
        for _number, row in table.rows
    ]
    first = table.rows[0][0] if table.rows else 2
    with transaction.atomic():
        done = standards.load(rows, values["valid_from"], first_row=first)
        transaction.set_rollback(dry_run)
    return [
        _("Standards: %(added)s added, %(changed)s changed, %(unchanged)s unchanged.")
        % {"added": done.added, "changed": done.changed, "unchanged": done.unchanged}
    ]


IMPORT = Upload(
    name="import-standards",
    title=gettext_lazy("Import standards"),
    help=gettext_lazy(
        "The columns of an exported file. What differs opens a new version from the given day on; standards that the "
        "file does not name stay. All or nothing."
    ),
    form=StandardsForm,
    run=_import_standards,
    may=lambda request: all(
        Realm.of(request.user).may_everywhere(f"events.{verb}_standard") for verb in ("add", "change")
    ),
)


@admin.register(Standard)
class StandardAdmin(UploadsAdmin, PlainTables, ExportMixin, SharedAdmin):
    """Versions of case standards. Only the version in force can be changed, and that makes a new one."""

    form = StandardForm
    resource_classes = (StandardTable,)
    uploads = (IMPORT,)
    list_display = (
        "code",
        "minor_name",
        "condition",
        "limit",
        "limit_unit",
        "photos_required",
        "valid_from",
        "valid_until",
    )
    list_filter = (InForce, "kind", "limit_unit", "photos_required", "major_name")
    search_fields = ("code", "minor_name", "condition", "search_text")
    actions = ("end_them",)

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("leads__department_kind")

    def get_readonly_fields(self, request, obj=None):
        return (*IDENTITY, "code", "valid_from", "valid_until") if obj else ()

    def get_fields(self, request, obj=None):
        rest = [name for name in StandardForm.Meta.fields if name not in IDENTITY]
        leads = [f"lead_{level}" for level in LEVELS]
        if obj is not None and not self.has_change_permission(request, obj):
            leads = []
            head = ("code", *IDENTITY, "valid_from", "valid_until")
            return [*head, *rest]
        head = ("code", *IDENTITY, "valid_from") if obj else IDENTITY
        return [*head, *rest, *leads, "in_force_from"]

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (obj is None or obj.valid_until is None)

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        saved = form.revise()
        obj.__dict__.update(saved.__dict__)  # the log and the page that follows are about the new version

    @admin.action(description=gettext_lazy("End the chosen standards with today"), permissions=["change"])
    def end_them(self, request, queryset):
        today = timezone.localdate()
        ended = queryset.filter(valid_until=None, valid_from__lte=today)
        count = Standard.objects.filter(pk__in=list(ended.values_list("pk", flat=True))).update(
            valid_until=today + timedelta(days=1)
        )
        messages.success(request, _("%(count)s standards end with today.") % {"count": count})


class LimitTable(Table):
    class Meta(Table.Meta):
        model = StageLimit
        import_id_fields = ("stage", "urgency")
        fields = ("stage", "urgency", "limit", "limit_unit")


@admin.register(StageLimit)
class StageLimitAdmin(PlainTables, ImportExportMixin, SharedAdmin):
    resource_classes = (LimitTable,)
    list_display = ("stage", "urgency", "limit", "limit_unit")
    list_filter = ("stage", "urgency")


class DayTable(Table):
    class Meta(Table.Meta):
        model = CalendarDay
        import_id_fields = ("date",)
        fields = ("date", "working", "name", "source", "note")


@admin.register(CalendarDay)
class CalendarDayAdmin(PlainTables, ImportExportMixin, SharedAdmin):
    """Public holidays and make-up workdays. A day that is turned round here is local: filling leaves it alone."""

    resource_classes = (DayTable,)
    list_display = ("date", "working", "name", "source", "note")
    list_filter = ("working", "source")
    search_fields = ("name", "note")
    date_hierarchy = "date"
    readonly_fields = ("source",)

    def changeform_view(self, request, *args, **kwargs):
        return self._answered(request, super().changeform_view(request, *args, **kwargs))

    def delete_view(self, request, *args, **kwargs):
        return self._answered(request, super().delete_view(request, *args, **kwargs))

    def changelist_view(self, request, *args, **kwargs):
        return self._answered(request, super().changelist_view(request, *args, **kwargs))

    def process_import(self, request, *args, **kwargs):
        return self._answered(request, super().process_import(request, *args, **kwargs))

    def _answered(self, request, response):
        """Here whatever was changed is committed: deadlines follow, and their number is said."""
        if request.method == "POST" and isinstance(response, HttpResponseRedirect):
            self._reckon(request)
        return response

    def _reckon(self, request):
        touched = reckoning.waiting()
        if touched > AT_ONCE:
            broker.send(tasks.reckon_deadlines)
            words = _("The deadlines of up to %(count)d open cases are being reckoned again; it takes a minute or two.")
            self.message_user(request, words % {"count": touched})
            return
        done = reckoning.redo()
        if done.seen:
            words = _("The deadlines of %(moved)d open cases were reckoned again and have changed; %(seen)d were looked at.")
            self.message_user(request, words % {"moved": done.moved, "seen": done.seen})


def _missing_years() -> list[str]:
    years = calendars.years_missing()
    return list(calendars.missing_words(years)) if years else []


admin.site.notes.append(_missing_years)
