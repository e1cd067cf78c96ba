"""Filters of admin lists."""

from django.contrib import admin
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class InForce(admin.SimpleListFilter):
    """Today, no longer, or not yet. Without a choice: today."""

    title = _("in force")
    parameter_name = "force"
    fields = ("valid_from", "valid_until")

    def lookups(self, request, model_admin):
        return (("past", _("no longer")), ("future", _("not yet")), ("all", _("all")))

    def choices(self, changelist):
        chosen, *others = super().choices(changelist)
        return [{**chosen, "display": _("today")}, *others]

    def queryset(self, request, queryset):
        first, last = self.fields
        today = timezone.localdate()
        match self.value():
            case "past":
                return queryset.filter(**{f"{last}__lte": today})
            case "future":
                return queryset.filter(**{f"{first}__gt": today})
            case "all":
                return queryset
        now = Q(**{f"{last}": None}) | Q(**{f"{last}__gt": today})
        return queryset.filter(now, **{f"{first}__lte": today})
