"""Filters of event lists: the desk's and the API's alike."""

from datetime import datetime, timedelta

import django_filters as filters
from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.models import Event, Standard
from events.models.event import Light
from events.workflow import OPEN, Source, Status, Urgency
from grids.models import Grid, Unit

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
OPEN_CHOICES = [("yes", _("Open")), ("no", _("Finished"))]


class EventFilterSet(filters.FilterSet):
    """All narrow what is visible already; unknown ids select nothing rather than everything."""

    q = filters.CharFilter(label=_("Number, title or place"), method="search")
    open = filters.ChoiceFilter(label=_("Open or finished"), choices=OPEN_CHOICES, method="by_open", empty_label=_("All"))
    status = filters.MultipleChoiceFilter(label=_("Status"), choices=Status.choices)
    light = filters.ChoiceFilter(label=_("Light"), choices=Light.choices, method="by_light", empty_label=_("All"))
    urgency = filters.MultipleChoiceFilter(label=_("Urgency"), choices=Urgency.choices)
    source = filters.MultipleChoiceFilter(label=_("Source"), choices=Source.choices)
    kind = filters.ChoiceFilter(
        label=_("Kind"), field_name="standard__kind", choices=Standard.Kind.choices, empty_label=_("All")
    )
    standard = filters.CharFilter(label=_("Standard (code or class)"), method="by_standard")
    grid = filters.NumberFilter(label=_("Grid and all below it"), method="below_grid")
    unit = filters.NumberFilter(label=_("Lies with or was led by"), method="by_unit")
    late = filters.BooleanFilter(label=_("Has been late"), field_name="late")
    supervised = filters.BooleanFilter(label=_("Under supervision"), field_name="supervised")
    reported_from = filters.DateFilter(label=_("Reported from"), method="from_day", widget=DAY)
    reported_to = filters.DateFilter(label=_("Reported until"), method="to_day", widget=DAY)

    class Meta:
        model = Event
        fields = []

    def search(self, queryset, name, value):
        """A whole case number by its index; anything else in number, description and place."""
        words = value.strip()
        if words.startswith("#") and words[1:].isdigit():
            return queryset.filter(pk=int(words[1:]))
        if words.count("-") == 2 and words.replace("-", "").isdigit():
            return queryset.filter(number=words)
        for word in words.split()[:5]:
            found = Q(description__contains=word) | Q(place__contains=word)
            if word.replace("-", "").isdigit():
                found |= Q(number__contains=word)
            queryset = queryset.filter(found)
        return queryset

    def by_open(self, queryset, name, value):
        return queryset.filter(status__in=OPEN) if value == "yes" else queryset.exclude(status__in=OPEN)

    def by_light(self, queryset, name, value):
        now = timezone.now()
        return {
            Light.RED: queryset.late,
            Light.YELLOW: queryset.soon_late,
            Light.GREEN: lambda at: queryset.filter(Q(yellow_at=None) | Q(yellow_at__gte=at), due_at__gte=at),
        }[value](now)

    def by_standard(self, queryset, name, value):
        """C0101-1 is one condition, C0101 its class, C01 its major class; else words of the class's name."""
        words = value.strip()
        if words[:1].isalpha() and words[1:2].isdigit():
            return queryset.filter(standard__code__startswith=words.upper())
        return queryset.filter(
            Q(standard__minor_name__contains=words) | Q(standard__condition__contains=words)
        )

    def below_grid(self, queryset, name, value):
        path = Grid.objects.visible_to(self.request.user).filter(pk=value).values_list("path", flat=True).first()
        return queryset.filter(path__startswith=path) if path else queryset.none()

    def by_unit(self, queryset, name, value):
        if not Unit.objects.filter(pk=value).exists():
            return queryset.none()
        return queryset.filter(Q(holder=value) | Q(lead=value))

    def from_day(self, queryset, name, value):
        return queryset.filter(reported_at__gte=_midnight(value))

    def to_day(self, queryset, name, value):
        return queryset.filter(reported_at__lt=_midnight(value + timedelta(days=1)))


def _midnight(day):
    return timezone.make_aware(datetime(day.year, day.month, day.day))
