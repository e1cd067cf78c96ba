"""What the duty pages share."""

from django.core.exceptions import PermissionDenied
from django.http import Http404

from core.errors import NotFound, Refused
from duty import selectors
from grids.scope import Scope


def need(user, permission):
    if not Scope.of(user).may(permission):
        raise PermissionDenied


def readable_unit(user, pk):
    """The unit whose roster this person may read, or 404."""
    unit = selectors.rosters_for(user).filter(pk=pk).first()
    if unit is None:
        raise Http404
    return unit


def as_http(error):
    """404 or 403 for what is not theirs; None for what can be said on the page."""
    if isinstance(error, NotFound):
        return Http404()
    return PermissionDenied() if isinstance(error, Refused) else None
