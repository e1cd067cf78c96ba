"""What all pages of the registry share: who may read, one record or 404, a reader's rights at a place."""

from functools import wraps
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse

from grids.scope import Scope
from residents.models import Dwelling, Household, Resident
from residents.models.base import VIEW
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


def address_of(request) -> str:
    return request.META.get("REMOTE_ADDR", "")


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


def export_url(user, kind, path="", **filters) -> str:
    """Where what a page shows leaves as a file; empty where this person may not take it out."""
    scope = Scope.of(user)
    may = scope.may_at("residents.export_registry", path) if path else scope.may("residents.export_registry")
    return f"{reverse('residents:export', args=[kind])}?{urlencode(filters)}" if may else ""


def tiles() -> dict:
    return {"tiles": settings.MAP_TILES_URL, "attribution": settings.MAP_TILES_ATTRIBUTION}


def whose(record) -> str:
    """Enough of the record to see that it is the right one: doors and numbers are alike."""
    if isinstance(record, Dwelling):
        return f"{record.building.address} {record.short}"
    if isinstance(record, Household):
        door = whose(record.dwelling) if record.dwelling else ""
        return " · ".join(filter(None, (str(record), record.head and record.head.name, door)))
    if not isinstance(record, Resident):
        return str(record)
    if record.status == Resident.Status.LIVING:
        return f"{record.name} · {whose(record.dwelling)}" if record.dwelling else record.name
    return f"{record.name} · {record.get_status_display()} {record.ended_on or ''}".rstrip()
