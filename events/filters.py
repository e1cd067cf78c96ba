"""Filters of event lists: the desk's and the API's alike."""

import re
from datetime import date, datetime, timedelta

import django_filters as filters
from django import forms
from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import versions
from events import limits, worklists
from events.models import Event, Standard
from events.models.event import Light
from events.word_index import Doubled, doubled
from events.workflow import FINISHED, OPEN, Source, Status, Urgency
from grids import directory, names

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
PERIODS = [
    ("today", _("Today")), ("yesterday", _("Yesterday")), ("week", _("7 days")), ("month", _("This month")),
]
LEVELS = [
    ("0", _("Command centre")), ("1", _("Area centres")), ("2", _("Town centres")), ("3", _("Stations")),
    ("department", _("Departments")),
]
OPEN_CHOICES = [("yes", _("Open")), ("no", _("Finished"))]
NUMBER = re.compile(r"^\d{6}-\d{4}(-\d{0,9})?$")
MOST_DIGITS = 2**63 - 1
EARLIEST, LATEST = date(1970, 1, 1), date(9000, 1, 1)  # beyond, midnight may lie outside the calendar


class AnyOf(filters.MultipleChoiceFilter):
    """One or more of the choices, as one IN: django-filter's own way is a chain of ORs under a DISTINCT."""

    def filter(self, qs, value):
        return qs.filter(**{f"{self.field_name}__in": value}) if value else qs


class YesNo(filters.ChoiceFilter):
    """`true` or `false`; any other word is refused, not ignored."""

    def __init__(self, **kwargs):
        choices = [("true", _("Yes")), ("false", _("No"))]
        super().__init__(choices=choices, empty_label=_("All"), **kwargs)

    def filter(self, qs, value):
        return qs.filter(**{self.field_name: value == "true"}) if value else qs


def ident(label, **kwargs):
    return filters.NumberFilter(label=label, min_value=0, max_value=MOST_DIGITS, **kwargs)


class EventFilterSet(filters.FilterSet):
    """All narrow what is visible already; unknown ids select nothing rather than everything.

    Names and codes are looked up in this process (grids.names, events.limits), so that the query stays one walk over
    one table. A caller that has read the data versions leaves them on the request as `versions`.
    """

    q = filters.CharFilter(label=_("Number, title or place"), method="search")
    open = filters.ChoiceFilter(label=_("Open or finished"), choices=OPEN_CHOICES, method="by_open", empty_label=_("All"))
    status = AnyOf(label=_("Status"), choices=Status.choices)
    light = filters.ChoiceFilter(label=_("Light"), choices=Light.choices, method="by_light", empty_label=_("All"))
    urgency = AnyOf(label=_("Urgency"), choices=Urgency.choices)
    source = AnyOf(label=_("Source"), choices=Source.choices)
    kind = filters.ChoiceFilter(
        label=_("Kind"), field_name="standard__kind", choices=Standard.Kind.choices, empty_label=_("All")
    )
    standard = filters.CharFilter(label=_("Standard (code or class)"), method="by_standard")
    grid = ident(_("Grid and all below it"), method="below_grid")
    unit = ident(_("Lies with or was led by"), method="by_unit")
    holder = ident(_("Lies with"), field_name="holder_id")
    lead = ident(_("Led by"), field_name="lead_id")
    reporter = filters.ChoiceFilter(label=_("Reported by"), choices=[("me", _("Me"))], method="by_reporter")
    worklist = filters.ChoiceFilter(
        label=_("Worklist"), choices=[(w.name, w.label) for w in worklists.WORKLISTS], method="by_worklist"
    )
    late = YesNo(label=_("Has been late"))
    supervised = YesNo(label=_("Under supervision"))
    placed = YesNo(label=_("Inside a grid"))
    level = filters.ChoiceFilter(label=_("Lies with level"), choices=LEVELS, method="by_level", empty_label=_("All"))
    period = filters.ChoiceFilter(label=_("Reported"), choices=PERIODS, method="by_period", empty_label=_("Any time"))
    reported_from = filters.DateFilter(label=_("Reported from"), method="from_day", widget=DAY)
    reported_to = filters.DateFilter(label=_("Reported until"), method="to_day", widget=DAY)

    class Meta:
        model = Event
        fields = []

    @property
    def versions(self):
        return versions.of(self.request)

    def search(self, queryset, name, value):
        """A case number or its beginning by its index; anything else in number, description and place."""
        words = value.strip()
        if words.startswith("#") and words[1:].isascii() and words[1:].isdigit():
            return queryset.filter(pk=int(words[1:20]))
        if NUMBER.match(words):
            return queryset.filter(number__startswith=words)
        for word in words.split()[:5]:
            queryset = self._with_word(queryset, word)
        return queryset

    def _with_word(self, queryset, word):
        if connection.vendor == "postgresql":
            return queryset.alias(doubled=Doubled()).filter(doubled__contains=doubled(word))
        return queryset.filter(
            Q(description__contains=word) | Q(place__contains=word) | Q(number__contains=word)
        )

    def by_open(self, queryset, name, value):
        return queryset.filter(status__in=OPEN if value == "yes" else FINISHED)

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
        known = limits.current(self.versions).standards.items()
        if words[:1].isalpha() and words[1:2].isdigit():
            return queryset.filter(standard__in=[pk for pk, one in known if one.code.startswith(words.upper())])
        return queryset.filter(
            standard__in=[pk for pk, one in known if words in one.minor_name or words in one.condition]
        )

    def below_grid(self, queryset, name, value):
        path = names.current(self.versions).paths.get(int(value))
        return queryset.filter(path__startswith=path) if path else queryset.none()

    def by_unit(self, queryset, name, value):
        return queryset.filter(Q(holder=value) | Q(lead=value))

    def by_reporter(self, queryset, name, value):
        return queryset.filter(reporter=self.request.user.pk)

    def by_worklist(self, queryset, name, value):
        return queryset.filter(worklists.condition(value, self.request.user))

    def by_level(self, queryset, name, value):
        """Centres of a level, or departments: by the units' ids, which the index of holders knows."""
        units = directory.current(self.versions).units.values()
        if value == "department":
            return queryset.filter(holder__in=[u.pk for u in units if u.kind == "department"])
        return queryset.filter(holder__in=[u.pk for u in units if u.kind == "centre" and u.level == int(value)])

    def by_period(self, queryset, name, value):
        """A saved view keeps its meaning: "today" is today whenever it is opened."""
        today = timezone.localdate()
        first, last = {
            "today": (today, today),
            "yesterday": (today - timedelta(days=1), today - timedelta(days=1)),
            "week": (today - timedelta(days=6), today),
            "month": (today.replace(day=1), today),
        }[value]
        return self.to_day(self.from_day(queryset, name, first), name, last)

    def from_day(self, queryset, name, value):
        return queryset.filter(reported_at__gte=_midnight(value))

    def to_day(self, queryset, name, value):
        return queryset.filter(reported_at__lt=_midnight(min(value, LATEST) + timedelta(days=1)))


class StandardFilterSet(filters.FilterSet):
    kind = filters.ChoiceFilter(label=_("Kind"), choices=Standard.Kind.choices)
    major = filters.CharFilter(label=_("Major class (code)"), field_name="major_code")
    code = filters.CharFilter(label=_("Code, or its beginning"), lookup_expr="startswith")

    class Meta:
        model = Standard
        fields = []


def _midnight(day):
    day = min(max(day, EARLIEST), LATEST)
    return timezone.make_aware(datetime(day.year, day.month, day.day))
