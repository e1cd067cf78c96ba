"""Filters of lists of grids and units."""

import django_filters as filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from grids.models import Grid, Unit
from grids.models.grid import MAX_LEVEL

MOST_DIGITS = 2**63 - 1


class GridFilterSet(filters.FilterSet):
    """All narrow what the view gives: the grids in force today, or all where `on` names a day."""

    level = filters.NumberFilter(label=_("Level"), min_value=0, max_value=MAX_LEVEL)
    parent = filters.NumberFilter(
        label=_("Directly below this grid"), field_name="parent_id", min_value=0, max_value=MOST_DIGITS
    )
    within = filters.NumberFilter(
        label=_("This grid and all below it"), method="by_within", min_value=0, max_value=MOST_DIGITS
    )
    code = filters.CharFilter(label=_("Code, or its beginning"), lookup_expr="startswith")
    q = filters.CharFilter(label=_("Part of the name"), field_name="name", lookup_expr="contains")
    on = filters.DateFilter(label=_("In force on this day, not today"), method="in_force")

    class Meta:
        model = Grid
        fields = []

    def in_force(self, queryset, name, value):
        return queryset.valid_on(value)

    def by_within(self, queryset, name, value):
        path = Grid.objects.filter(pk=int(value)).values_list("path", flat=True).first()
        return queryset.filter(path__startswith=path) if path else queryset.none()


class UnitFilterSet(filters.FilterSet):
    kind = filters.ChoiceFilter(label=_("Kind"), choices=Unit.Kind.choices)
    department_kind = filters.CharFilter(label=_("Department kind (code)"), field_name="department_kind__code")
    grid = filters.NumberFilter(
        label=_("Units of this grid"), field_name="grid_id", min_value=0, max_value=MOST_DIGITS
    )
    covers = filters.NumberFilter(
        label=_("Units whose jurisdiction holds this grid"), method="by_cover", min_value=0, max_value=MOST_DIGITS
    )
    q = filters.CharFilter(label=_("Part of the name, or the code"), method="search")

    class Meta:
        model = Unit
        fields = []

    def by_cover(self, queryset, name, value):
        path = (
            Grid.objects.visible_to(self.request.user).filter(pk=int(value)).values_list("path", flat=True).first()
        )
        return queryset.covering(path) if path else queryset.none()

    def search(self, queryset, name, value):
        return queryset.filter(Q(name__contains=value) | Q(code=value))
