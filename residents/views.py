"""The registry's first page: the search box, and what this person's grids hold."""

from functools import wraps

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from grids.models import Grid
from grids.scope import Scope
from residents.models.base import VIEW
from residents.selectors import figures
from residents.selectors.search import search
from residents.services.rights import EDIT


def reader(view):
    """For those who may read the registry somewhere; where, each queryset says."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not Scope.of(request.user).may(VIEW):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return login_required(guarded)


def one(rows, pk):
    """The row, or 404 whether it does not exist or is not this person's to see."""
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def rights(user, path) -> dict:
    """What this person may do with records at `path`, for templates."""
    scope = Scope.of(user)
    return {
        "may_read": scope.may_at(VIEW, path),
        "may_edit": scope.may_at(EDIT, path),
        "may_unmask": scope.may_at("residents.unmask_registry", path),
        "may_see_looks": scope.may_at("residents.view_access", path),
        "may_export": scope.may_at("residents.export_registry", path),
    }


def tiles() -> dict:
    return {"tiles": settings.MAP_TILES_URL, "attribution": settings.MAP_TILES_ATTRIBUTION}


@reader
@require_safe
def home(request):
    """Search as one types (htmx asks for the answer alone), and the viewer's own territory."""
    found = search(request.user, request.GET.get("q"))
    context = {"q": request.GET.get("q", "").replace("\0", "")[:60], "found": found}
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
