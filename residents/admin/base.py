"""What admin pages of the registry share: services write, private values are masked, filters are a closed list."""

from django import forms
from django.contrib import admin
from django.contrib.gis.geos import Point
from django.db import IntegrityError, transaction
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin import ReadOnlyAdmin, ScopedAdmin
from core.errors import DomainError
from residents import codes
from residents.forms.fields import REMOVE, MaskedField
from residents.models import Change, Resident
from residents.models.trail import Kind
from residents.selectors import changes as told
from residents.services import records, trail

MOST_CHANGES = 30
NEW = "new_"
# Where a service's word for a field differs from the form's.
FIELD_OF = {"location": "position", "on": "end_on", "reason": "end_reason"}


def day_input():
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


EXTRA = {
    "position": lambda: forms.CharField(
        label=_("longitude, latitude"), required=False, help_text=_("degrees, WGS 84")
    ),
    "end_on": lambda: forms.DateField(label=_("out of the registry on"), required=False, widget=day_input()),
    "end_reason": lambda: forms.CharField(label=_("reason of the end"), required=False, max_length=200),
}


class ClosedLookups:
    """Only what a list offers can be asked of it by address: no hash, no birth month, no ethnicity."""

    def lookup_allowed(self, lookup, value, request=None):
        offered = [getattr(one, "parameter_name", one) for one in self.list_filter]
        endings = ("", "__exact", "__id__exact", "__isnull", "__in")
        return any(lookup == f"{name}{ending}" for name in offered for ending in endings)


class Living(admin.SimpleListFilter):
    """Without a choice those who live here: nobody opens the list to look for the dead."""

    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request, model_admin):
        status = Resident.Status
        return (*((one.value, one.label) for one in (status.DEPARTED, status.DEAD)), ("all", _("all")))

    def choices(self, changelist):
        chosen, *others = super().choices(changelist)
        return [{**chosen, "display": Resident.Status.LIVING.label}, *others]

    def queryset(self, request, queryset):
        if self.value() == "all":
            return queryset
        return queryset.filter(status=self.value() or Resident.Status.LIVING)


class NoLogEntries:
    """Django's own log would keep names in clear for ever; the registry has its history of changes."""

    def log_addition(self, request, obj, message):
        return None

    def log_change(self, request, obj, message):
        return None

    def history_view(self, request, object_id, extra_context=None):
        names = (self.opts.app_label, self.opts.model_name)
        return HttpResponseRedirect(reverse("admin:{}_{}_change".format(*names), args=[object_id]))


class ServiceForm(forms.ModelForm):
    """Tried while the form is checked and taken back, done when it is saved: the service's words are the form's.

    `write()` calls the service; the instance stays as it was read.
    """

    actor = None

    def write(self):
        raise NotImplementedError

    def _post_clean(self):
        if self.errors:
            return
        try:
            with transaction.atomic():
                self.write()
                transaction.set_rollback(True)
        except DomainError as error:
            self.say(error)

    def say(self, error):
        left = [] if error.fields else [str(error.message)]
        for name, words in error.fields.items():
            shown = FIELD_OF.get(name, name) if FIELD_OF.get(name, name) in self.fields else f"{NEW}{name}"
            if shown in self.fields:
                self.add_error(shown, [str(word) for word in words])
            else:
                left.extend(str(word) for word in words)
        if left:
            self.add_error(None, left)


class RecordForm(ServiceForm):
    """A record as `services.records` takes it."""

    kind = ""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in [name for name in self.fields if name.startswith(NEW)]:
            column = self.instance._meta.get_field(name.removeprefix(NEW))
            value = getattr(self.instance, column.name)
            masked = trail.MASKS[column.name](value) if value else ""
            self.fields[name] = MaskedField(label=column.verbose_name, masked=masked)
        point = getattr(self.instance, "location", None)
        if point and "position" in self.fields:
            self.initial["position"] = f"{point.x:.6f}, {point.y:.6f}"

    def clean_position(self):
        text = self.cleaned_data["position"]
        if not text:
            return None
        try:
            lon, lat = (float(part) for part in text.replace("，", ",").split(","))
        except ValueError as error:
            raise forms.ValidationError(_("Expected longitude and latitude in degrees.")) from error
        return lon, lat

    def values(self) -> dict:
        """Of a new record what was filled in, of an old one what was changed."""
        found = {}
        for name in self.changed_data:
            value = self.cleaned_data.get(name)
            if name in ("end_on", "end_reason") or (self.instance.pk is None and value in (None, "", [])):
                continue
            if name.startswith(NEW):
                found[name.removeprefix(NEW)] = "" if value == REMOVE else value
            else:
                found["location" if name == "position" else name] = value
        return found

    def write(self):
        """The record as the services make it."""
        values, actor = self.values(), self.actor
        if isinstance(values.get("location"), tuple):
            values["location"] = Point(*values["location"], srid=4326)
        if self.instance.pk is None:
            return records.add(self.kind, actor=actor, **self._defaults(), **values)
        saved = records.change(self.instance, actor=actor, **values) if values else self.instance
        if self.cleaned_data.get("end_on"):
            reason = self.cleaned_data.get("end_reason", "")
            saved = records.end(saved, actor=actor, on=self.cleaned_data["end_on"], reason=reason)
        return saved

    def _defaults(self):
        """What stands in the form from the beginning and was left as it is."""
        kept = {
            name: self.cleaned_data.get(name) for name in self._meta.fields if name not in self.changed_data
        }
        return {name: value for name, value in kept.items() if value not in (None, "", [])}


class ServiceAdmin(ClosedLookups, NoLogEntries, ScopedAdmin):
    """Rows that services write: a form's `write()` is the change. Nothing is deleted here."""

    scope_paths = ("grid__path",)

    def has_delete_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("grid").defer("grid__boundary")

    def save_model(self, request, obj, form, change):
        try:
            saved = form.write()
        except DomainError as error:  # right a moment ago: somebody was faster
            raise IntegrityError(str(error.message)) from error
        obj.__dict__.update(saved.__dict__)

    @admin.display(description=gettext_lazy("history of changes"))
    def trail_shown(self, record):
        return history_of(record)


class RegistryAdmin(ServiceAdmin):
    """A kind of record. `private`: fields that are shown masked and written under another name."""

    form = RecordForm
    kind = ""
    base_fields: tuple = ()
    when_made: tuple = ()
    private: tuple = ()
    has_position = False
    can_end = True

    def get_fields(self, request, obj=None):
        shown = [f"{name}_shown" for name in self.private]
        foot = ["ended_on", "updated_at", "trail_shown"]
        if obj is not None and not self.has_change_permission(request, obj):
            return ["grid", *self.base_fields, *shown, *foot]
        given = [*self.base_fields, *(f"{NEW}{name}" for name in self.private)]
        given += ["position"] if self.has_position else []
        if obj is None:
            return [*self.when_made, *given]
        head = ["grid"] if "grid" in records.EDITABLE[self.kind] else []
        return [*head, *given, *(["end_on", "end_reason"] if self.can_end else []), *foot]

    def get_readonly_fields(self, request, obj=None):
        return (*(f"{name}_shown" for name in self.private), "ended_on", "updated_at", "trail_shown")

    def get_form(self, request, obj=None, change=False, **kwargs):
        wanted = self.get_fields(request, obj)
        fields = {name: EXTRA[name]() for name in wanted if name in EXTRA}
        fields |= {name: MaskedField() for name in wanted if name.startswith(NEW)}
        kwargs["form"] = type(
            "RecordForm", (RecordForm,), {**fields, "kind": self.kind, "actor": request.user}
        )
        return super().get_form(request, obj, change, **kwargs)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "dangers":
            return forms.MultipleChoiceField(
                label=db_field.verbose_name, required=False, choices=codes.choices(codes.DANGER),
                widget=forms.CheckboxSelectMultiple,
            )  # fmt: skip
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class LookedAtAdmin(ClosedLookups, NoLogEntries, ReadOnlyAdmin):
    """Rows of a grid to look at: what happens to people is recorded on the registry's own pages."""

    scope_paths = ("grid__path",)

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("grid").defer("grid__boundary")


def history_of(record):
    """The newest changes of a record in words; private values stand masked in it."""
    kind = trail.KINDS[type(record)]
    rows = Change.objects.filter(kind=kind, record_id=record.pk).select_related("user").order_by("-pk")
    rows = list(rows[:MOST_CHANGES])
    own = record.care_class.fields if kind == Kind.CARE else ()
    names = told.workers_in(row.changes for row in rows)
    lines = []
    for row in rows:
        at = timezone.localtime(row.at).strftime("%Y-%m-%d %H:%M")
        action = told.ACTIONS.get(row.action, row.action)
        fields = format_html_join(
            "", "<br>{}: {} → {}", told.fields_of(type(record), row, names, own)
        )
        lines.append((at, row.user or _("the system"), action, fields))
    if not lines:
        return "—"
    return format_html("<ul>{}</ul>", format_html_join("", "<li>{} · {} · {}{}</li>", lines))


def masked(name, mask, label):
    """A read-only column that shows a private field masked."""

    @admin.display(description=label)
    def column(self, record):
        return mask(getattr(record, name)) or "—"

    return column
