"""Events at the address of a registry record: the registry knows no events, so its pages ask by this tag."""

from datetime import datetime, time
from functools import reduce
from operator import or_

from django import template
from django.contrib.gis.geos import Polygon
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from events.models import Event

register = template.Library()
AROUND = 0.0003  # degrees, about 30 m: a house and its yard
MOST = 30
MOST_PLACES = 20  # the last ones that somebody lived at


@register.simple_tag(takes_context=True)
def with_events(context, lines):
    """`lines` of a timeline together with visible events around the doors where the person lived, of the days when
    they lived there; newest first. One query."""
    lived = [line for line in lines if line["kind"] == "stay" and line["door"] and line["door"].building.location]
    events = _around(context["request"].user, lived[:MOST_PLACES]) if lived else []
    return sorted([*lines, *map(_line, events)], key=lambda line: (line["day"], line["rank"]), reverse=True)


def _around(user, lived):
    there = reduce(or_, (_while(line["door"].building.location, line["day"], line["until"]) for line in lived))
    rows = Event.objects.visible_to(user).filter(there).order_by("-pk")
    return rows.only("number", "status", "description", "place", "reported_at", "path")[:MOST]


def _while(place, since, until):
    box = Polygon.from_bbox((place.x - AROUND, place.y - AROUND, place.x + AROUND, place.y + AROUND))
    box.srid = place.srid
    there = Q(location__coveredby=box, reported_at__gte=_midnight(since))
    return there & Q(reported_at__lt=_midnight(until)) if until else there


def _midnight(day):
    return timezone.make_aware(datetime.combine(day, time.min))


def _line(event):
    return {
        "kind": "event",
        "day": timezone.localdate(event.reported_at),
        "rank": 2,
        "title": f"{event} {event.description[:40]}",
        "words": event.get_status_display(),
        "url": reverse("events:detail", args=[event.pk]),
        "tone": "",
    }
