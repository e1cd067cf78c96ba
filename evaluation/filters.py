"""Filters of lists of scoring periods."""

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from evaluation.models import Kind, Period


class PeriodFilterSet(filters.FilterSet):
    kind = filters.ChoiceFilter(label=_("Kind"), choices=Kind.choices)
    status = filters.ChoiceFilter(label=_("Status"), choices=Period.Status.choices)

    class Meta:
        model = Period
        fields = []
