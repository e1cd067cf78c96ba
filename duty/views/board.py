"""The supervision board (督办台)."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.errors import DomainError
from duty import board
from duty.forms import StrikeForm
from duty.paging import page
from duty.services import board as services
from duty.views.common import as_http, need
from events import paging
from grids import directory, names
from grids.models import Grid
from grids.scope import Scope
from grids.selectors import units_for

PAGE = 30
MOST_CHOICES = 400


@login_required
@require_safe
def listing(request):
    """One group of supervisions; `?grid=`, `?unit=` (asked), `?q=` (case number or words of what was asked)."""
    need(request.user, "events.view_event")
    now = timezone.now()
    found, filters = _filtered(request, now)
    counts = board.counts(found, now)
    group = board.BY_NAME.get(request.GET.get("group", "")) or _first(counts)
    rows = board.rows(found.filter(board.condition(group.name, now)))
    shown = page(rows, request.GET.get("after", ""), PAGE, group.fields, group.descending)
    units = directory.current().units
    context = {
        "tabs": _tabs(counts, group), "group": group, "page": shown,
        "rows": [_row(r, request.user, now, units) for r in shown.rows],
        "filters": filters, "query": _query(request), "now": now, **_choices(request.user),
    }  # fmt: skip
    return render(request, "duty/board.html", context)


def _first(counts):
    """The group that most needs eyes."""
    return next((g for g in board.GROUPS if counts[g.name] and g.name != "closed"), board.GROUPS[0])


def _tabs(counts, current=None):
    home = reverse("duty:board")
    return [
        {"url": f"{home}?group={g.name}", "label": g.label, "tone": g.tone, "count": counts[g.name], "current": g is current}
        for g in board.GROUPS
    ]


def _filtered(request, now):
    """(visible supervisions that pass the filters, what was asked for)."""
    found = board.visible(request.user, now)
    grid, unit = paging.number(request.GET.get("grid")), paging.number(request.GET.get("unit"))
    words = paging.words(request.GET.get("q"))[:60]
    if grid is not None:
        path = names.current().paths.get(grid)
        found = found.filter(event__path__startswith=path) if path else found.none()
    if unit is not None:
        found = found.filter(asked_unit=unit)
    if words:
        number = found.filter(event__number__startswith=words)
        found = number if words[:6].isdigit() else found.filter(words__contains=words)
    return found, {"grid": grid, "unit": unit, "q": words, "any": grid is not None or unit is not None or bool(words)}


def _query(request):
    query = request.GET.copy()
    query.pop("after", None)
    return query.urlencode()


def _choices(user):
    upper = Grid.objects.visible_to(user).valid_on().filter(level__range=(1, 2)).order_by("path")
    units = units_for(user).order_by("kind", "grid__level", "name")
    return {
        "grid_choices": list(upper.values_list("pk", "name", "level")[:MOST_CHOICES]),
        "unit_choices": list(units.values_list("pk", "name")[:MOST_CHOICES]),
    }


def _row(row, user, now, units):
    waiting = row.answered_at is None and row.event.is_open
    struck = getattr(row, "struck", None)
    return {
        "row": row,
        "light": "none" if not waiting else "red" if row.answer_by < now else "yellow" if _soon(row, now) else "green",
        "waiting": waiting,
        "struck": struck,
        "answered_late": row.answered_at is not None and row.answered_at > row.answer_by,
        "may_remind": waiting and services.may_strike(user, row, units),
        "may_answer": waiting and row.asked_unit_id in Scope.of(user).unit_ids,
        "may_strike": row.answered_at is not None and struck is None and services.may_strike(user, row, units),
    }


def _soon(row, now):
    return (row.answer_by - now) < (row.answer_by - row.asked_at) * 0.25


@login_required
@require_POST
def strike(request, pk):
    """Accept an answer: off the board."""
    form = StrikeForm(request.POST)
    words = form.cleaned_data["words"] if form.is_valid() else ""
    try:
        services.strike(actor=request.user, supervision_id=pk, words=words)
    except DomainError as error:
        if gone := as_http(error):
            raise gone from error
        sentences = [w for said in error.fields.values() for w in said]
        messages.error(request, " ".join(sentences) or str(error.message))
    else:
        messages.success(request, _("The answer is accepted, the supervision is closed."))
    return redirect(f"{reverse('duty:board')}?group=answered")


@login_required
@require_safe
def whistles(request):
    """Whistles: who was called, who came when; `?all=1` also those to which everybody has come."""
    need(request.user, "events.view_event")
    now, everything = timezone.now(), request.GET.get("all") == "1"
    rows = board.whistles(request.user) if everything else board.missing(request.user, now)
    found = page(rows, request.GET.get("after", ""), PAGE)
    context = {
        "tabs": _tabs(board.counts(board.visible(request.user, now), now)),
        "page": found, "everything": everything, "now": now, "query": _query(request),
    }  # fmt: skip
    return render(request, "duty/whistles.html", context)


@login_required
@require_safe
def by_unit(request):
    """By asked unit: how many wait, how many are late and since when, how many came in time."""
    if not board.may_look(request.user):
        raise PermissionDenied
    now = timezone.now()
    found = board.visible(request.user, now)
    context = {"tabs": _tabs(board.counts(found, now)), "rows": board.by_unit(found, now), "now": now}
    return render(request, "duty/by_unit.html", context)
