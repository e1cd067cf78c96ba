"""The registry's first page: the search box, and what this person's grids hold."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from grids.models import Grid
from grids.scope import Scope
from residents.models.base import VIEW
from residents.selectors import figures
from residents.selectors.search import search
from residents.views.base import reader


@reader
@require_safe
def home(request):
    """Search as one types (htmx asks for the answer alone), and the viewer's own territory."""
    found = search(request.user, request.GET.get("q"))
    words = request.GET.get("q", "").replace("\0", "")[:60]
    context = {"q": words, "found": found, "may_export": Scope.of(request.user).may("residents.export_registry")}
    if not found.asked:
        context |= _territory(request.user)
    if request.headers.get("HX-Request"):
        return render(request, "residents/_found.html", context)
    scope = Scope.of(request.user)
    context |= {
        "may_import": scope.may("residents.import_registry"),
        "may_see_log": scope.may("residents.view_access"),
    }
    return render(request, "residents/home.html", context)


def _territory(user):
    """The viewer's highest grids, and the figures of the first one."""
    tops = list(_tops(user))
    whole = figures.below(user=user, path=tops[0].path) if tops else {}
    return {"grids": tops, "figures": whole, "top": tops[0] if tops else None}


def _tops(user):
    """The highest grids of each of this person's posts that may read the registry."""
    roots = Scope.of(user).roots_for(VIEW)
    return (
        Grid.objects.valid_on()
        .filter(path__in=roots)
        .select_related("parent")
        .defer("boundary", "parent__boundary")
        .order_by("path")
    )
