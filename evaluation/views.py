"""Scores: the periods, a ranking, one card, and the rows behind each figure."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.errors import DomainError, NotFound, Refused
from evaluation import selectors, services
from evaluation.explanations import MEANINGS
from evaluation.models import Kind, Period
from evaluation.registry import COUNT
from evaluation.scope import may_see
from events import paging
from events.views.rows import light_of

CARDS_ON_A_PAGE = 50
ROWS_ON_A_PAGE = 50


def _allowed(request):
    if not may_see(request.user):
        raise PermissionDenied


def _period(request, pk):
    period = Period.objects.visible_to(request.user).select_related("scheme").filter(pk=pk).first()
    if period is None:
        raise Http404
    return period


@login_required
@require_safe
def periods(request):
    """Months of the workers and quarters of the departments, newest first, and one's own cards."""
    _allowed(request)
    kind = request.GET.get("kind") if request.GET.get("kind") in Kind.values else None
    context = {
        "periods": selectors.periods(request.user, kind),
        "kind": kind,
        "kinds": Kind.choices,
        "own": selectors.own_cards(request.user)[:12],
    }
    return render(request, "evaluation/periods.html", context)


@login_required
@require_safe
def period(request, pk):
    """The ranking of one period."""
    _allowed(request)
    found = _period(request, pk)
    words = paging.words(request.GET.get("q"))
    page = Paginator(selectors.ranking(request.user, found, words), CARDS_ON_A_PAGE).get_page(request.GET.get("page"))
    page.object_list = list(selectors.with_lines(page.object_list))
    grids = selectors.places(page.object_list)
    context = {
        "period": found,
        "page": page,
        "cards": [{"card": card, "grid": grids.get(card.path)} for card in page.object_list],
        "q": words,
        "may_publish": services.may_publish(request.user) and not found.is_published,
    }
    return render(request, "evaluation/period.html", context)


@login_required
@require_POST
def publish(request, pk):
    """Freeze a period: from now on nobody changes its scores."""
    found = _period(request, pk)
    try:
        services.publish(period_id=found.pk, actor=request.user)
    except Refused as error:
        raise PermissionDenied from error
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("%(period)s has been published.") % {"period": found})
    return redirect("evaluation:period", found.pk)


def _card(request, pk):
    try:
        return selectors.card(request.user, pk)
    except NotFound as error:
        raise Http404 from error


@login_required
@require_safe
def card(request, pk):
    """One subject's card: every figure with its fraction, its points and a way to its rows."""
    found = _card(request, pk)
    lines = [
        {
            "line": line,
            "meaning": MEANINGS.get(line.indicator, ""),
            "count": line.definition is not None and line.definition.unit == COUNT,
            "fill": float(line.points / line.most) if line.points is not None and line.most else 0.0,
        }
        for line in found.lines.all()
    ]
    context = {
        "card": found,
        "grid": selectors.places([found]).get(found.path),
        "lines": lines,
        "history": selectors.history(request.user, found),
    }
    return render(request, "evaluation/card.html", context)


@login_required
@require_safe
def behind(request, pk, indicator):
    """The rows behind one figure."""
    found = _card(request, pk)
    try:
        rows = selectors.behind(request.user, found, indicator)
    except NotFound as error:
        raise Http404 from error
    page = Paginator(rows.rows, ROWS_ON_A_PAGE).get_page(request.GET.get("page"))
    dressed = [
        {"row": row, "event": rows.event_of(row), "light": light_of(rows.event_of(row))} for row in page.object_list
    ]
    context = {
        "card": found,
        "line": rows.line,
        "meaning": MEANINGS.get(indicator, ""),
        "page": page,
        "rows": dressed,
        "hidden": rows.hidden,
        "mean": rows.line.definition.unit == "mean",
    }
    return render(request, "evaluation/behind.html", context)
