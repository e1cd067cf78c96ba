"""Keys of department systems in the admin: made for a unit, shown once, revoked for good."""

from django import forms
from django.contrib import admin, messages
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin import Realm, ScopedAdmin
from exchange.models import UnitKey
from exchange.services import issue_key
from grids.models import Post, Unit


class NewKeyForm(forms.ModelForm):
    unit = forms.ModelChoiceField(Unit.objects.none(), label=gettext_lazy("department"))

    class Meta:
        model = UnitKey
        fields = ("unit", "name", "expiry_date")


@admin.register(UnitKey)
class UnitKeyAdmin(ScopedAdmin):
    """A key acts as the unit's machine account, whose post says what it may do."""

    list_display = ("prefix", "name", "user", "created", "expiry_date", "revoked")
    list_filter = ("revoked",)
    search_fields = ("prefix", "name", "user__name")
    export_columns = ("prefix", "name", "user__name", "created", "expiry_date", "revoked")

    def rows(self, request):
        held = Post.objects.filter(
            Realm.of(request.user).q(self.permission("view"), "unit__grid__path")
        ).order_by()
        return Q(user__in=held.values("user"))

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("user")

    def paths_of(self, obj):
        return list(obj.user.posts.on().filter(unit__isnull=False).values_list("unit__grid__path", flat=True))

    def get_form(self, request, obj=None, **kwargs):
        if obj is not None:
            return super().get_form(request, obj, **kwargs)
        form = super().get_form(request, obj, **{**kwargs, "form": NewKeyForm})
        units = self.admin_site._registry[Unit].choices(request)
        form.base_fields["unit"].queryset = units.filter(kind=Unit.Kind.DEPARTMENT, active=True)
        return form

    def get_fields(self, request, obj=None):
        if obj is None:
            return ("unit", "name", "expiry_date")
        return ("user", "prefix", "name", "created", "expiry_date", "revoked")

    def get_readonly_fields(self, request, obj=None):
        if obj is None:
            return ()
        return ("user", "prefix", "created", *(("name", "expiry_date", "revoked") if obj.revoked else ()))

    def lookup_allowed(self, lookup, value, request=None):
        """Not by the hash of a key, one letter after the other."""
        return not lookup.startswith("hashed_key") and super().lookup_allowed(lookup, value, request)

    def has_delete_permission(self, request, obj=None):
        return False  # revoked, so that one can see who had one

    def save_model(self, request, obj, form, change):
        if change:
            super().save_model(request, obj, form, change)
            return
        given = form.cleaned_data
        made, key = issue_key(unit=given["unit"], name=given["name"], expiry_date=given["expiry_date"])
        obj.__dict__.update(made.__dict__)
        messages.warning(request, _("The key is %(key)s: note it now, it is shown this once.") % {"key": key})
