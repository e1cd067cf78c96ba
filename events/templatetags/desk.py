"""The bar above every page: what this person can open, and how many notices wait."""

from dataclasses import dataclass

from django import template
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import versions
from events.models import Event, Notice
from events.views.maps import tiles
from events.views.rows import light_of
from grids.scope import Scope

register = template.Library()
TABS = 5  # of a phone; the last of them opens the rest where there is more


@dataclass(frozen=True)
class Entry:
    """One entry of the main menu. `needs`: the permission without which it leads nowhere.

    The order is that of use: the first ones stand on every bar and under the thumb of every phone, the others as far as
    there is room, and all that have none stand in the menu "more".
    """

    address: str
    icon: str
    label: str
    needs: str = ""


ENTRIES = (
    Entry("events:work", "home", _("My work")),
    Entry("events:list", "list-details", _("Events")),
    Entry("events:report", "plus", _("Report"), "events.report_event"),
    Entry("map:home", "map", _("Map")),
    Entry("duty:home", "shield-check", _("Duty"), "duty.view_shift"),
    Entry("grids:home", "sitemap", _("Grids")),
    Entry("residents:home", "users", _("People and homes"), "residents.view_registry"),
    Entry("evaluation:periods", "trophy", _("Scores"), "evaluation.view_scorecard"),
)


def _items(scope, path):
    """Entries of the main menu that lead somewhere for this person, the current one marked."""
    shown = [entry for entry in ENTRIES if not entry.needs or scope.may(entry.needs)]
    links = [
        {"url": reverse(e.address), "icon": e.icon, "label": e.label, "main": e.icon == "plus", "place": n + 1}
        for n, e in enumerate(shown)
    ]
    best = max((link["url"] for link in links if path.startswith(link["url"])), key=len, default="")
    for link in links:
        link["current"] = link["url"] == best and (best != "/" or path == "/")
        link["duty"] = link["icon"] == "shield-check"
    return links


@register.simple_tag(takes_context=True)
def desk_bar(context):
    """{items, unread, seats, admin} for the frame of a page. One query for the notices, and for the data versions that
    the banner of warnings needs next; the scope is shared."""
    request = context["request"]
    scope = Scope.of(request.user)
    mine = Notice.objects.visible_to(request.user).unread()
    if hasattr(request, "versions"):
        unread = mine.count()
    else:
        request.versions, unread = versions.read_and_count("unread", mine)
    items = _items(scope, request.path)
    tabs = items if len(items) <= TABS else items[: TABS - 1]
    return {
        "items": items,
        "tabs": tabs,
        "beyond": items[len(tabs) :],
        "duty_is_tab": any(item["duty"] for item in tabs),
        "unread": unread if unread < 100 else "99+",
        "seats": sorted({str(seat.role.name) for seat in scope.seats}),
        "admin": request.user.is_staff,
        "papers": any(name.startswith("papers.") for name in scope.permissions),
        "screen": scope.may("screen.view_screen"),
        "log": scope.may("residents.view_access"),  # inspectors read it and have no registry to find it in
    }


MOST_POINTS = 500
NONE = {"open": 0, "late": 0, "soon": 0}


@register.simple_tag(takes_context=True)
def open_events(context, grid, children):
    """Open events of a grid: {open, late, soon, children [{pk, name, code, open, late}], points}. Two queries."""
    events = (
        Event.objects.visible_to(context["request"].user).open().filter(path__startswith=grid.path).order_by()
    )
    total, below = _sums(events, grid.path)
    rows = [{"pk": c.pk, "name": c.name, "code": c.code, **below.get(c.pk, NONE)} for c in children]
    return {**total, "children": rows, "points": _points(events), **tiles()}


def _sums(events, top):
    """Open, late and soon late events: in all, and by the id of the grid directly below `top`. One query."""
    now = timezone.now()
    counted = events.values("path").annotate(
        open=Count("pk"),
        late=Count("pk", filter=Q(due_at__lt=now)),
        soon=Count("pk", filter=Q(yellow_at__lt=now, due_at__gte=now)),
    )
    total, below = dict(NONE), {}
    for row in counted:
        child = row["path"][len(top) :].split("/")[0]
        groups = [total, below.setdefault(int(child), dict(NONE))] if child else [total]
        for group in groups:
            for name in NONE:
                group[name] += row[name]
    return total, below


def _points(events):
    """The most urgent ones with a position, as the map takes them."""
    fields = ("id", "number", "status", "due_at", "yellow_at", "location", "place", "description")
    found = events.exclude(location=None).only(*fields).most_urgent_first()[:MOST_POINTS]
    return [
        {
            "lat": event.location.y,
            "lng": event.location.x,
            "light": light_of(event),
            "place": event.place,
            "title": f"{event} {event.description[:30]}",
            "url": reverse("events:detail", args=[event.pk]),
        }
        for event in found
    ]
