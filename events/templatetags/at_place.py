"""Events at the address of a registry record: the registry knows no events, so its pages ask by this tag."""

from django import template
from django.contrib.gis.geos import Polygon
from django.urls import reverse
from django.utils import timezone

from events.models import Event

register = template.Library()
AROUND = 0.0003  # degrees, about 30 m: a house and its yard
MOST = 30


@register.simple_tag(takes_context=True)
def with_events(context, lines, place):
    """`lines` of a timeline together with visible events around `place` (a point or None), newest first. One query."""
    events = _around(context["request"].user, place) if place else []
    return sorted([*lines, *map(_line, events)], key=lambda line: line["day"], reverse=True)


def _around(user, place):
    box = Polygon.from_bbox((place.x - AROUND, place.y - AROUND, place.x + AROUND, place.y + AROUND))
    box.srid = place.srid
    rows = Event.objects.visible_to(user).filter(location__coveredby=box).order_by("-pk")
    return rows.only("number", "status", "description", "place", "reported_at", "path")[:MOST]


def _line(event):
    return {
        "kind": "event",
        "day": timezone.localdate(event.reported_at),
        "title": f"{event} {event.description[:40]}",
        "words": event.get_status_display(),
        "url": reverse("events:detail", args=[event.pk]),
        "tone": "",
    }
