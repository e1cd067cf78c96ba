"""The bar above every page: what this person can open, and how many notices wait."""

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _

from events.models import Notice
from grids.scope import Scope

register = template.Library()


def _items(scope, path):
    """Entries of the main menu that lead somewhere for this person, the current one marked."""
    items = [("events:work", "home", _("My work")), ("events:list", "list-details", _("Events"))]
    if scope.may("events.report_event"):
        items.append(("events:report", "plus", _("Report")))
    items.append(("grids:home", "sitemap", _("Grids")))
    if scope.may("evaluation.view_scorecard"):
        items.append(("evaluation:periods", "trophy", _("Scores")))
    links = [{"url": reverse(name), "icon": icon, "label": label, "main": icon == "plus"} for name, icon, label in items]
    best = max((link["url"] for link in links if path.startswith(link["url"])), key=len, default="")
    for link in links:
        link["current"] = link["url"] == best and (best != "/" or path == "/")
    return links


@register.simple_tag(takes_context=True)
def desk_bar(context):
    """{items, unread, seats, admin} for the frame of a page. One query for the notices; the scope is shared."""
    request = context["request"]
    scope = Scope.of(request.user)
    unread = Notice.objects.visible_to(request.user).unread().count()
    return {
        "items": _items(scope, request.path),
        "unread": unread if unread < 100 else "99+",
        "seats": sorted({str(seat.role.name) for seat in scope.seats}),
        "admin": request.user.is_staff,
    }
