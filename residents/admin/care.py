"""Classes of care, entries of care registers, and the trails, in the admin. Statutory files have no page here."""

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Q, Value, When
from django.shortcuts import get_object_or_404, render
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import CHOICES
from core.admin import Realm, SharedAdmin
from core.errors import Invalid
from residents import care, schema
from residents.admin.base import LookedAtAdmin, ServiceAdmin, ServiceForm, day_input
from residents.forms.care import OWN, own_fields, own_given
from residents.models import Access, CareClass, CareRecord, Change, Erasure, GridCount
from residents.models.trail import VIEW_ACCESS, Kind
from residents.selectors import changes as told
from residents.selectors import figures
from residents.services import care as registers
from residents.services import classes as definitions
from residents.services import trail

MODEL_OF = {kind: model for model, kind in trail.KINDS.items()}
ROWS = range(schema.MOST_FIELDS)
MOST_VISITS = 100
PARTS = ("label", "label_en", "kind", "required", "choices", "choices_en", "name")
LISTED = ("choices", "choices_en")


def _row_fields():
    """Form fields of the own fields of a class: a line for each of them, and empty lines for more."""
    fields = {}
    for row in ROWS:
        fields |= {
            f"f{row}_label": forms.CharField(required=False, max_length=40, label=gettext_lazy("label")),
            f"f{row}_label_en": forms.CharField(
                required=False, max_length=80, label=gettext_lazy("label in English")
            ),
            f"f{row}_kind": forms.ChoiceField(
                required=False, choices=[("", "—"), *schema.KINDS.items()], label=gettext_lazy("kind")
            ),
            f"f{row}_required": forms.BooleanField(required=False, label=gettext_lazy("required")),
            f"f{row}_choices": forms.CharField(
                required=False, max_length=400, label=gettext_lazy("choices, separated by 、 or commas")
            ),
            f"f{row}_choices_en": forms.CharField(
                required=False, max_length=400, label=gettext_lazy("choices in English, in the same order")
            ),
            f"f{row}_name": forms.CharField(required=False, max_length=30, widget=forms.HiddenInput),
        }
    return fields


class ClassForm(type("Rows", (forms.ModelForm,), _row_fields())):
    """A class of care; its own fields are lines of a table, never a text of code."""

    actor = None
    roles = forms.MultipleChoiceField(
        choices=CHOICES, widget=forms.CheckboxSelectMultiple, label=gettext_lazy("roles that may see it"),
        required=False,
    )  # fmt: skip

    class Meta:
        model = CareClass
        fields = (
            "code", "name", "name_en", "group", "purpose", "purpose_en", "legal_basis", "legal_basis_en", "roles",
            "visit_days", "keep_days", "order", "active",
        )  # fmt: skip

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.roles_before = list(self.instance.roles or [])
        for row, field in enumerate(self.instance.fields or []):
            for part in PARTS:
                value = "、".join(field.get(part, [])) if part in LISTED else field.get(part, "")
                self.initial[f"f{row}_{part}"] = value

    def clean(self):
        cleaned = super().clean()
        try:
            self.definition = schema.checked(self._definition(cleaned))
        except Invalid as error:
            self.add_error(None, [str(word) for word in error.fields["fields"]])
        group, after = cleaned.get("group") or self.instance.group, cleaned.get("roles", [])
        try:
            definitions.check_roles(actor=self.actor, group=group, before=self.roles_before, after=after)
        except Invalid as error:
            self.add_error("roles", error.fields["roles"])
        return cleaned

    def _definition(self, cleaned):
        """What the lines say; a line without a label is taken away."""
        rows = [{part: cleaned.get(f"f{row}_{part}") for part in PARTS} for row in ROWS]
        rows = [row for row in rows if row["label"]]
        known = {field["name"] for field in self.instance.fields or []}
        taken = {row["name"] for row in rows if row["name"] in known}
        free = (name for number in range(1, 1000) if (name := f"field_{number}") not in known)
        for row in rows:
            if row["name"] not in taken:
                row["name"] = next(free)
            for part in LISTED:
                words = (row[part] or "").replace("，", "、").replace(",", "、").split("、")
                row[part] = [word for word in words if word.strip()]
        return rows

    def save(self, commit=True):
        self.instance.fields = self.definition
        return super().save(commit)


@admin.register(CareClass)
class CareClassAdmin(SharedAdmin):
    """Purpose and legal basis are mandatory. A class that has had anybody is put out of use, not deleted."""

    form = ClassForm
    list_display = ("name", "name_en", "group", "visit_days", "keep_days", "active", "order")
    list_filter = ("group", "active")
    search_fields = ("name", "name_en", "code")

    def rows(self, request):
        """Whoever defines classes sees all of them; others no statutory one that they may not know of."""
        if Realm.of(request.user).may_everywhere(self.permission("change")):
            return super().rows(request)
        known = [one.pk for one in care.classes_for(request.user)]
        return super().rows(request) & (Q(group=CareClass.Group.CARE) | Q(pk__in=known))

    def get_fieldsets(self, request, obj=None):
        rows = [tuple(f"f{row}_{part}" for part in PARTS) for row in ROWS]
        head = (None, {"fields": ClassForm.Meta.fields})
        if obj is not None and not self.has_change_permission(request, obj):
            return [head, (_("own fields"), {"fields": ("fields_shown",)})]
        return [head, (_("own fields"), {"fields": rows})]

    def get_readonly_fields(self, request, obj=None):
        return ("code", "group", "fields_shown") if obj else ("fields_shown",)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        form.actor = request.user
        return form

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        before = form.roles_before
        definitions.note_roles(
            actor=request.user, care_class=obj, before=before, address=request.META.get("REMOTE_ADDR", "")
        )

    @admin.display(description=gettext_lazy("own fields"))
    def fields_shown(self, care_class):
        return "、".join(schema.label(field) for field in care_class.fields) or "—"

    def has_delete_permission(self, request, obj=None):
        return False


class EntryForm(ServiceForm):
    """An entry as `services.care` takes it, with the own fields of its class."""

    care_class = None
    reason = forms.CharField(required=False, max_length=registers.MOST_REASON, label=gettext_lazy("reason"))
    end_on = forms.DateField(required=False, widget=day_input(), label=gettext_lazy("ends on"))

    class Meta:
        model = CareRecord
        fields = ("resident", "since", "attention", "responsible", "visit_days")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk and any(name.startswith(OWN) for name in self.fields):
            self.fields |= own_fields(self.care_class.fields, self.instance.values)
        if self.instance.pk is None:
            self.initial.setdefault("visit_days", self.care_class.visit_days)

    def write(self):
        cleaned = self.cleaned_data
        given = {name: cleaned[name] for name in ("attention", "responsible", "visit_days")}
        given["data"] = own_given(self)
        if self.instance.pk is None:
            more = {"resident": cleaned["resident"], "since": cleaned["since"], "reason": cleaned["reason"]}
            return registers.begin(actor=self.actor, care_class=self.care_class, **more, **given)
        saved = registers.change(self.instance, actor=self.actor, **given)
        if cleaned.get("end_on"):
            saved = registers.end(saved, actor=self.actor, on=cleaned["end_on"], reason=cleaned["reason"])
        return saved


@admin.register(CareRecord)
class CareRecordAdmin(ServiceAdmin):
    """Entries of those classes that the administrator's role may know of."""

    list_display = (
        "resident",
        "care_class",
        "attention",
        "responsible",
        "next_visit",
        "since",
        "until",
        "grid",
    )
    list_filter = ("attention",)
    search_fields = ("resident__name",)
    autocomplete_fields = ("resident",)
    readonly_fields = ("care_class", "grid", "visited_on", "next_visit", "until", "begin_reason", "end_reason",
                       "own_shown", "visits_shown", "trail_shown")  # fmt: skip

    def get_queryset(self, request):
        rows = super().get_queryset(request).filter(care.care_q(request.user))
        rows = rows.select_related("resident", "care_class", "responsible")
        private = ("resident__id_number", "resident__phone", "resident__birth_date")
        return rows.defer("grid__boundary", *private)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (obj is None or obj.until is None)

    def has_view_permission(self, request, obj=None):
        known = obj is None or care.may_know(request.user, obj.care_class, obj.grid.path)
        return known and super().has_view_permission(request, obj)

    def get_fields(self, request, obj=None):
        plain = ["attention", "responsible", "visit_days"]
        if obj is None:
            own = [f"{OWN}{field['name']}" for field in self._chosen(request).fields]
            return ["resident", "since", *plain, "reason", *own]
        facts = [
            "grid",
            "care_class",
            "since",
            "visited_on",
            "next_visit",
            "begin_reason",
            "until",
            "end_reason",
        ]
        if not self.has_change_permission(request, obj):
            return ["resident", *facts, *plain, "own_shown", "visits_shown", "trail_shown"]
        own = [f"{OWN}{field['name']}" for field in obj.care_class.fields]
        return [*facts, *plain, *own, "end_on", "reason", "visits_shown", "trail_shown"]

    @admin.display(description=gettext_lazy("Visits"))
    def visits_shown(self, obj):
        visits = obj.visits.select_related("user")[:MOST_VISITS]
        lines = ((visit.day, visit.user or "—", visit.words) for visit in visits)
        return format_html_join("", "<div>{} · {} {}</div>", lines) or "—"

    def get_readonly_fields(self, request, obj=None):
        return (*self.readonly_fields, *(("resident", "since") if obj else ()))

    def get_form(self, request, obj=None, change=False, **kwargs):
        care_class = obj.care_class if obj else self._chosen(request)
        fields = schema.form_fields(care_class.fields, OWN)
        if obj is not None and not self.has_change_permission(request, obj):
            fields = {}
        fields |= {"actor": request.user, "care_class": care_class}
        if obj is None:
            fields["end_on"] = None
        kwargs["form"] = type("EntryForm", (EntryForm,), fields)
        form = super().get_form(request, obj, change, **kwargs)
        if worker := form.base_fields.get("responsible"):
            fit = registers.workers_at(obj.grid.path, care_class) if obj else registers.workers_of(care_class)
            worker.queryset = worker.queryset.filter(pk__in=fit.values("pk"))
        return form

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "responsible":
            people = self.admin_site._registry[get_user_model()].choices(request)
            kwargs["queryset"] = get_user_model().objects.filter(pk__in=people.values("pk"), is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def _chosen(self, request):
        known = care.classes_for(request.user, group=CareClass.Group.CARE)
        found = next((one for one in known if one.code == request.GET.get("class")), None)
        return found or get_object_or_404(CareClass, pk=known[0].pk if known else 0)

    def add_view(self, request, form_url="", extra_context=None):
        """First the class, then the form with its fields."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        known = care.classes_for(request.user, group=CareClass.Group.CARE)
        if request.GET.get("class") in {one.code for one in known}:
            return super().add_view(request, form_url, extra_context)
        context = {
            **self.admin_site.each_context(request),
            "known": known,
            "opts": self.opts,
            "title": _("Choose a class"),
        }
        return render(request, "admin/residents/choose_class.html", context)

    @admin.display(description=gettext_lazy("own fields"))
    def own_shown(self, record):
        return "、".join(
            f"{label}: {words}" for label, words in schema.shown(record.care_class.fields, record.values)
        )


class KindFilter(admin.SimpleListFilter):
    """Kinds of records; statutory registers are not among the choices."""

    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request, model_admin):
        return [(kind.value, kind.label) for kind in Kind if kind != Kind.SUPPORT]

    def queryset(self, request, queryset):
        return queryset.filter(kind=self.value()) if self.value() else queryset


class ActionFilter(admin.SimpleListFilter):
    title = gettext_lazy("action")
    parameter_name = "action"

    def lookups(self, request, model_admin):
        return list(told.ACTIONS.items())

    def queryset(self, request, queryset):
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(Change)
class ChangeAdmin(LookedAtAdmin):
    """The history. Statutory registers are not in it; care registers where their class may be known."""

    list_display = ("at", "kind", "record_id", "action_words", "user", "grid")
    list_filter = (KindFilter, ActionFilter)
    fields = ("at", "kind", "record_id", "grid", "action_words", "user", "changes_shown", "batch")
    readonly_fields = ("action_words", "changes_shown")

    def get_queryset(self, request):
        known = CareRecord.objects.permitted(request.user, "residents.view_carerecord").values("pk")
        rows = super().get_queryset(request).exclude(kind=Kind.SUPPORT)
        return rows.filter(~Q(kind=Kind.CARE) | Q(record_id__in=known)).select_related("user", "grid")

    @admin.display(description=gettext_lazy("action"), ordering="action")
    def action_words(self, change):
        return told.ACTIONS.get(change.action, change.action)

    @admin.display(description=gettext_lazy("changes"))
    def changes_shown(self, change):
        entries = CareRecord.objects.filter(pk=change.record_id).select_related("care_class")
        entry = entries.first() if change.kind == Kind.CARE else None
        own, names = entry.care_class.fields if entry else (), told.workers_in([change.changes])
        fields = told.fields_of(MODEL_OF[change.kind], change, names, own)
        return format_html_join("", "<div>{}: {} → {}</div>", fields) or "—"


@admin.register(Access)
class AccessAdmin(LookedAtAdmin):
    """Who looked. What concerns a statutory register is here for nobody who may not know of it."""

    reads_by = VIEW_ACCESS
    list_display = (
        "at",
        "user",
        "act",
        "kind",
        "named",
        "reason_told",
        "address",
        "rows_taken",
        "flagged",
        "grid",
    )
    list_filter = ("flagged", KindFilter)
    fields = ("at", "user", "act", "kind", "named", "fields", "reason_told", "address", "rows", "flags", "grid")
    readonly_fields = ("named", "reason_told")

    def get_queryset(self, request):
        rows = super().get_queryset(request).filter(~Q(kind=Kind.SUPPORT) | care.support_q(request.user))
        return rows.select_related("user", "resident").defer(
            "grid__boundary", "resident__id_number", "resident__phone", "resident__birth_date"
        )

    @admin.display(description=gettext_lazy("record"))
    def named(self, row):
        return row.resident.name if row.resident else f"#{row.record_id or ''}"

    @admin.display(description=gettext_lazy("reason"), ordering="reason")
    def reason_told(self, row):
        return row.told

    @admin.display(description=gettext_lazy("records"))
    def rows_taken(self, row):
        return row.rows


@admin.register(Erasure)
class ErasureAdmin(LookedAtAdmin):
    reads_by = VIEW_ACCESS
    list_display = ("at", "kind", "record_id", "user", "reason", "grid")
    fields = ("at", "kind", "record_id", "user", "reason", "grid")

    def get_queryset(self, request):
        return super().get_queryset(request).filter(kind=Kind.RESIDENT).select_related("user")


@admin.register(GridCount)
class GridCountAdmin(LookedAtAdmin):
    """Figures as triggers keep them, care registers where their class may be known."""

    list_display = ("grid", "measure_words", "amount")
    search_fields = ("=grid__code", "grid__name")
    fields = ("grid", "measure_words", "amount")
    readonly_fields = ("measure_words",)

    def get_queryset(self, request):
        rows = super().get_queryset(request).filter(figures.known(request.user))
        classes = care.classes_for(request.user, group=CareClass.Group.CARE)
        names = [When(measure=f"care.{one.pk}", then=Value(one.label)) for one in classes]
        return rows.annotate(class_name=Case(*names, default=Value(""))) if names else rows

    @admin.display(description=gettext_lazy("measure"), ordering="measure")
    def measure_words(self, count):
        return getattr(count, "class_name", "") or figures.words_of(count.measure)
