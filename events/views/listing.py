"""The list of events: filters, search, pages by key, and the same rows as CSV."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.views.decorators.http import require_safe

from events import export
from events.views.desk import LIST, WORK, Wanted, desk
from grids.scope import Scope


@login_required
@require_safe
def listing(request):
    """Visible events, newest first unless another order is asked for."""
    return desk(request, LIST)


@login_required
@require_safe
def export_csv(request):
    """The filtered list as CSV, streamed: a hundred thousand rows take no more memory than a hundred."""
    if not Scope.of(request.user).may("events.export_event"):
        raise PermissionDenied
    wanted = Wanted(request, WORK if "list" in request.GET else LIST)
    if not wanted.valid or wanted.unknown:
        return render(request, "400.html", status=400)
    return export.csv_response(request, wanted.events)
