"""The banner of warnings on every page, and small words of the duty pages."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from core import versions
from duty import standing
from duty.models import Level
from duty.models.warning import Cause

register = template.Library()
MOST_IN_BANNER = 6
LEVELS, CAUSES = dict(Level.choices), dict(Cause.choices)
TAGS = {Level.MAJOR: "red", Level.SERIOUS: "yellow", Level.NOTICE: "status"}


def banner(request, said="") -> dict:
    """What the banner shows this person now: `first` in full and `rest` folded, [{one, rings, level}], of `others` beside
    the first; `rings` and `rest_rings`: major, serious, or empty."""
    now = timezone.now()
    rows = [
        {"one": one, "rings": one.rings(now), "level": LEVELS[one.level]}
        for one in standing.for_banner(request.user, versions.of(request), now)
    ]
    # What waits stands before what somebody has taken, whatever the level.
    rows.sort(key=lambda row: not row["rings"])
    ringing = [row["one"].level for row in rows if row["rings"]]
    return {
        "first": rows[0] if rows else None,
        "rest": rows[1:MOST_IN_BANNER],
        "others": len(rows) - 1,
        "beyond": len(rows) > MOST_IN_BANNER,
        "rings": ringing[0] if ringing else "",
        "rest_rings": ringing[1] if len(ringing) > 1 else "",
        "said": said,
        "stamp": versions.of(request).get("warnings", 0),
        "here": request.get_full_path() if request.headers.get("HX-Request") != "true" else "",
        "request": request,
    }


@register.inclusion_tag("duty/_banner.html", takes_context=True)
def warning_banner(context):
    request = context["request"]
    return banner(request) | {"csrf_token": context.get("csrf_token")}


@register.simple_tag(takes_context=True)
def warnings_waiting(context) -> int:
    """How many warnings wait for somebody at this desk: the dot in the menu."""
    request = context["request"]
    return standing.waiting_for(request.user, versions.of(request))


@register.inclusion_tag("duty/_inbox.html", takes_context=True)
def warning_calls(context):
    """Warnings that have called this person and have not been looked at."""
    user = context["request"].user
    calls = user.warning_calls.filter(seen_at=None, warning__ended_at=None).select_related("warning", "unit")
    return {"calls": calls.order_by("-pk")[:10]}


@register.filter
def level_tag(level) -> str:
    """The colour of a level's tag."""
    return TAGS.get(level, "status")


@register.filter
def level_light(level) -> str:
    """A level as a light: shape and colour."""
    return {Level.MAJOR: "red", Level.SERIOUS: "yellow"}.get(level, "none")


@register.filter
def at(text) -> datetime | None:
    """An ISO time of a snapshot as a moment."""
    return parse_datetime(text) if text else None


@register.filter
def hour(value) -> str:
    return timezone.localtime(value).strftime("%H:%M") if value else ""


@register.filter
def item(mapping, key):
    return mapping.get(key) if mapping else None
