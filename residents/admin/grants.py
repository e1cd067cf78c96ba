"""Grants of base data in the admin: given for a department of the own subtree, ended by a day, never widened."""

from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.admin import ScopedAdmin
from grids.models import Unit
from residents import grants
from residents.models import DataGrant
from residents.services.grants import faults, in_order

GIVEN = ("unit", "fields", "purpose", "legal_basis", "since", "until")


class GrantForm(forms.ModelForm):
    """All of it for a new grant; of one that is given only the end, and only an earlier one."""

    fields = forms.MultipleChoiceField(
        label=_("fields"), choices=grants.CHOICES, widget=forms.CheckboxSelectMultiple,
        help_text=_("Grant what the purpose needs and no more. What leaves in clear is in the access log."),
    )  # fmt: skip

    class Meta:
        model = DataGrant
        fields = GIVEN

    def clean(self):
        values = super().clean()
        whole = {name: values.get(name, getattr(self.instance, name, None)) for name in GIVEN[1:]}
        unit = values.get("unit") or (self.instance.unit if self.instance.unit_id else None)
        for name, words in faults(unit=unit, **whole).items():
            if name in self.fields and name not in self.errors:
                self.add_error(name, words)
        if self.instance.pk and values.get("until") and values["until"] > self.initial["until"]:
            self.add_error("until", _("A grant is not made longer: give a new one."))
        return values

    def clean_fields(self):
        return in_order(self.cleaned_data["fields"])


@admin.register(DataGrant)
class DataGrantAdmin(ScopedAdmin):
    """Which single fields a department's system reads, for what, until when."""

    form = GrantForm
    scope_paths = ("unit__grid__path",)
    list_display = ("unit", "fields_shown", "purpose", "since", "until")
    search_fields = ("unit__name", "purpose")
    export_columns = ("unit__name", "purpose", "legal_basis", "since", "until")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("unit", "granted_by")

    @admin.display(description=_("fields"))
    def fields_shown(self, grant):
        return "、".join(str(grants.FIELDS[name].label) for name in grant.fields if name in grants.FIELDS)

    def get_fields(self, request, obj=None):
        if obj is None:
            return GIVEN
        return ("unit", "fields_shown", "purpose", "legal_basis", "since", "until", "granted_by")

    def get_readonly_fields(self, request, obj=None):
        return (
            () if obj is None else ("unit", "fields_shown", "purpose", "legal_basis", "since", "granted_by")
        )

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj is not None:
            form.base_fields.pop("fields", None)
        if obj is None:
            units = self.admin_site._registry[Unit].choices(request)
            form.base_fields["unit"].queryset = units.filter(kind=Unit.Kind.DEPARTMENT, active=True)
        return form

    def has_delete_permission(self, request, obj=None):
        """One that has not been in force before today may go; all others stay as a record and get an end."""
        if obj is not None and obj.since < timezone.localdate():
            return False
        return super().has_delete_permission(request, obj)

    def save_model(self, request, obj, form, change):
        if not change:
            obj.granted_by = request.user
        super().save_model(request, obj, form, change)
