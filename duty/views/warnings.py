"""Warnings (预警): the list, one of them, taking and ending, and the banner of every page."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Case, When
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.errors import Conflict, DomainError
from duty.forms import EndForm, WarningForm, say
from duty.models import Level, Warning, WarningCall
from duty.paging import page
from duty.services import warnings
from duty.templatetags.duty import banner
from duty.views.common import as_http, need
from events.models import Event
from events.views.detail import local
from grids.scope import Scope

PAGE = 30
STATES = ("standing", "waiting", "ended")
WEIGHT = Case(*(When(level=level, then=n) for n, level in enumerate(Level.values)))


def _rows(user):
    found = Warning.objects.visible_to(user).select_related("taken_by", "taken_unit", "made_by", "ended_by", "grid", "unit")
    return found.defer("grid__boundary")


def dress(rows, user) -> list[dict]:
    """[{warning, may_take}] for a list: one query for the calls of all."""
    called: dict[int, dict] = {}
    ids = [row.pk for row in rows if row.taken_at is None and row.is_open]
    if ids:
        for pk, unit, path in WarningCall.objects.filter(warning__in=ids).values_list("warning", "unit", "unit__grid__path"):
            called.setdefault(pk, {})[unit] = path
    return [
        {
            "warning": row,
            "may_take": row.pk in ids and warnings.seat_to_take(user, row, called.get(row.pk, {})) is not None,
        }
        for row in rows
    ]


@login_required
@require_safe
def listing(request):
    """Those one may see, newest first (those that wait: the gravest first); `?state=`, `?level=`."""
    need(request.user, "duty.view_warning")
    state = request.GET.get("state") if request.GET.get("state") in STATES else "standing"
    level = request.GET.get("level") if request.GET.get("level") in Level.values else ""
    rows = _rows(request.user)
    rows = {"standing": rows.open(), "waiting": rows.untaken(), "ended": rows.filter(ended_at__isnull=False)}[state]
    if level:
        rows = rows.filter(level=level)
    order = ("id",)
    if state == "waiting":
        rows, order = rows.annotate(weight=WEIGHT), ("weight", "id")
    found = page(rows, request.GET.get("after", ""), PAGE, order)
    query = request.GET.copy()
    query.pop("after", None)
    context = {
        "page": found, "rows": dress(found.rows, request.user), "state": state, "level": level,
        "states": [("standing", _("Standing")), ("waiting", _("Waiting to be taken")), ("ended", _("Ended"))],
        "levels": Level.choices, "query": query.urlencode(), "may_raise": Scope.of(request.user).may("duty.raise_warning"),
        "here": request.get_full_path(),
    }  # fmt: skip
    return render(request, "duty/warnings.html", context)


@login_required
def new(request):
    """Raise one by hand."""
    need(request.user, "duty.raise_warning")
    form = WarningForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        try:
            made = warnings.raise_warning(actor=request.user, grid_id=given.pop("grid"), **given)
        except DomainError as error:
            if gone := as_http(error):
                raise gone from error
            say(form, error)
        else:
            messages.success(request, _("The warning is out."))
            return redirect("duty:warning", made.pk)
    return render(request, "duty/warning_form.html", {"form": form}, status=422 if form.errors else 200)


def _found(request, pk):
    row = _rows(request.user).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@login_required
@require_safe
def detail(request, pk):
    return _show(request, _found(request, pk))


def _show(request, row, form=None, status=200):
    called = warnings.called_by(row)
    if row.calls.filter(user=request.user, seen_at=None).exists():
        warnings.seen(actor=request.user, warning_id=row.pk)
    event = Event.objects.visible_to(request.user).filter(pk=row.event_id).order_by().first() if row.event_id else None
    may_end = row.is_open and warnings.may_end(request.user, row)
    context = {
        "row": row, "event": event, "steps": row.steps.select_related("by", "unit"),
        "calls": row.calls.select_related("unit", "user"),
        "may_take": row.is_open and row.taken_at is None and warnings.seat_to_take(request.user, row, called) is not None,
        "form": form or (may_end and EndForm()), "here": request.path,
    }  # fmt: skip
    return render(request, "duty/warning.html", context, status=status)


@login_required
@require_POST
def take(request, pk):
    """接警. From the banner by htmx: the banner again, saying who has it."""
    by_script = request.headers.get("HX-Request") == "true"
    try:
        row = warnings.take(actor=request.user, warning_id=pk)
    except Conflict as error:
        if by_script:
            return render(request, "duty/_banner.html", banner(request, str(error.message)), status=409)
        messages.error(request, str(error.message))
    except DomainError as error:
        raise (as_http(error) or PermissionDenied()) from error
    else:
        if by_script:
            return render(request, "duty/_banner.html", banner(request))
        messages.success(request, _("You have taken the warning “%(title)s”.") % {"title": row.title})
    return redirect(local(request.POST.get("next")) or reverse("duty:warning", args=[pk]))


@login_required
@require_POST
def end(request, pk):
    row = _found(request, pk)
    form = EndForm(request.POST)
    if form.is_valid():
        try:
            warnings.end(actor=request.user, warning_id=pk, words=form.cleaned_data["words"])
        except DomainError as error:
            if gone := as_http(error):
                raise gone from error
            say(form, error)
        else:
            messages.success(request, _("The warning is ended."))
            return redirect("duty:warning", pk)
    return _show(request, row, form=form, status=422)


@login_required
@require_safe
def banner_now(request):
    """The banner as it is now: pages ask for it when they hear that a warning has changed."""
    return render(request, "duty/_banner.html", banner(request))
