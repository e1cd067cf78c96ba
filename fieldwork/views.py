"""The buttons of a worker's own patrols; the row that holds them stands on the page of my work."""

import re

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.errors import DomainError, NotFound, Refused
from fieldwork.models import Patrol
from fieldwork.rules import SHORTEST
from fieldwork.services import patrols
from fieldwork.templatetags.fieldwork import mine

KEY = re.compile(r"[0-9a-f]{32}")  # as the row's form has it


@login_required
@require_POST
def start(request):
    """Begin a patrol of `grid`; `key` makes a second press the same patrol."""
    grid = request.POST.get("grid", "")
    if not (grid.isascii() and grid.isdigit() and len(grid) < 19):
        raise Http404
    key = request.POST.get("key", "")
    key = key if KEY.fullmatch(key) else None
    return _answer(request, lambda: patrols.start(actor=request.user, grid_id=int(grid), key=key))


@login_required
@require_POST
def finish(request, pk):
    """End one's patrol now."""
    return _answer(request, lambda: patrols.finish(actor=request.user, patrol_id=pk))


def _answer(request, write):
    """The row as it is now, or without a script the page of my work; what was refused is said on either."""
    said, status = "", 200
    try:
        patrol = write()
        if patrol.state == Patrol.State.SHORT:
            said = _("It was shorter than %(minutes)s minutes and does not count.") % {
                "minutes": int(SHORTEST.total_seconds() // 60)
            }
    except NotFound as error:
        raise Http404 from error
    except Refused as error:
        raise PermissionDenied from error
    except DomainError as error:
        words = [str(text) for texts in error.fields.values() for text in texts]
        said, status = " ".join(words) or str(error.message), error.status
    if request.headers.get("HX-Request") == "true":
        return render(request, "fieldwork/_mine.html", mine(request, said), status=status)
    if said:
        messages.warning(request, said)
    return redirect("events:work")
