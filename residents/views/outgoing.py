"""Records of the registry as a file: a form first, because every file needs to be written down, some a reason."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from core.api.streaming import pieces_for
from core.errors import DomainError
from grids.scope import Scope
from residents import outgoing, outgoing_registers
from residents.intake.columns import MODELS
from residents.models.trail import Kind


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def export(request, kind):
    """How many records, in which format, masked or with a reason in clear; posted, the file."""
    if not Scope.of(request.user).may(outgoing.EXPORT):
        raise PermissionDenied
    if kind not in (*MODELS, *outgoing_registers.KINDS):
        raise Http404
    if request.method != "POST":
        return _form(request, kind, {})
    try:
        made = outgoing.export(
            actor=request.user, kind=kind, filters=request.GET, form=request.POST.get("form", "csv"),
            unmasked=request.POST.get("unmasked") == "1", reason=request.POST.get("reason", "").strip(),
            address=request.META.get("REMOTE_ADDR", ""),
        )  # fmt: skip
    except DomainError as error:
        if error.status in (403, 404):
            raise (PermissionDenied if error.status == 403 else Http404) from error
        return _form(request, kind, error.fields or {"form": [error.message]}, status=422)
    response = StreamingHttpResponse(pieces_for(request, made.pieces), content_type=made.content_type)
    response["Content-Disposition"] = f'attachment; filename="{made.name}"'
    response["Cache-Control"] = "no-store"
    return response


def _form(request, kind, errors, status=200):
    try:
        count = outgoing.count(outgoing.visible(request.user, kind, request.GET))
    except DomainError as error:
        raise Http404 from error
    context = {
        "kind": kind,
        "label": Kind(kind).label,
        # Another kind of record goes with a grid, not with a list of this kind.
        "kinds": [] if set(request.GET) - {"grid"} else [(value, Kind(value).label) for value in MODELS],
        "grid": request.GET.get("grid", "") if request.GET.get("grid", "").isdecimal() else "",
        "count": count,
        "errors": errors,
        "most": outgoing.MOST_XLSX,
        "may_unmask": kind in MODELS and Scope.of(request.user).may(outgoing.UNMASKED),
        "needs_reason": kind == Kind.SUPPORT,
        "given": request.POST,
    }
    return render(request, "residents/export.html", context, status=status)
