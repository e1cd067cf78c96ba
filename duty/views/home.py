"""Duty today: who is on duty here, above and below; hand-overs that wait; warnings that stand; the board in figures."""

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from duty import board, selectors, standing
from duty.models import HandOver, Warning
from duty.services import handovers
from duty.views.common import need
from duty.views.warnings import dress
from events import paging
from events.workflow import OPEN
from grids.models import Unit
from grids.scope import Scope

MOST_BELOW = 60
MOST_WARNINGS = 8


@login_required
@require_safe
def home(request):
    need(request.user, "duty.view_shift")
    user, now = request.user, timezone.now()
    own = selectors.own_units(user)
    above, below = _around(user, own)
    lines = selectors.on_duty_at([u.pk for u in (*own, *above, *below)], now)
    standing_now = Warning.objects.visible_to(user).open().select_related("taken_by", "taken_unit", "made_by", "grid")
    warnings = list(standing_now.defer("grid__boundary").order_by("-pk")[:200])
    warnings.sort(key=lambda w: (w.taken_at is not None, standing.WEIGHT[w.level]))  # what waits stands first
    scope = Scope.of(user)
    context = {
        "now": now,
        "own": [_unit(u, lines, user) for u in own],
        "above": [_unit(u, lines, user) for u in above],
        "below": [_unit(u, lines, user) for u in below],
        "waiting": HandOver.objects.visible_to(user).waiting().select_related("unit", "by").order_by("written_at")[:10],
        "may_write": [u for u in own if handovers.may_write(user, u.pk)],
        "warnings": dress(warnings[:MOST_WARNINGS], user),
        "more_warnings": max(0, len(warnings) - MOST_WARNINGS),
        "counts": _counts(user, now),
        "may_raise": scope.may("duty.raise_warning"),
        "may_hand_over": scope.may("duty.view_handover"),
    }
    return render(request, "duty/home.html", context)


def _around(user, own):
    """Centres above the own ones and those directly below (for their heads and leaders: all of theirs)."""
    scope = Scope.of(user)
    readable = selectors.rosters_for(user).filter(kind="centre")
    ids = {u.pk for u in own}
    outside = readable.exclude(scope.land_q("grid__path")).order_by("grid__level")
    above = [u for u in outside if u.pk not in ids]
    tops = [u for u in own if u.kind == "centre"]
    below = readable.filter(grid__parent__in=[u.grid_id for u in tops]).order_by("grid__path")
    return above, [u for u in below[:MOST_BELOW] if u.pk not in ids]


def _unit(unit, lines, user):
    found = lines.get(unit.pk, [])
    at_desk = any(line.role in selectors.AT_THE_DESK for line in found)
    return {
        "unit": unit, "lines": found, "gap": selectors.is_staffed(unit) and not at_desk,
        "staffed": selectors.is_staffed(unit), "may_edit": selectors.may_edit(user, unit.grid.path),
    }  # fmt: skip


def _counts(user, now):
    if not board.may_look(user):
        return []
    # None of those that are over is in the groups that are shown here.
    found = board.counts(board.visible(user, now).filter(event__status__in=OPEN), now)
    return [{"group": group, "n": found[group.name]} for group in board.GROUPS if group.name != "closed"]


@login_required
@require_safe
def units(request):
    """Units whose roster one may read, found by a word of their name."""
    need(request.user, "duty.view_shift")
    words = paging.words(request.GET.get("q"))[:60]
    found = selectors.rosters_for(request.user)
    if words:
        found = found.filter(name__contains=words)
    found = list(found.order_by("grid__path", "kind", "name")[: MOST_BELOW + 1])
    lines = selectors.on_duty_at([u.pk for u in found])
    context = {
        "q": words, "units": [_unit(u, lines, request.user) for u in found[:MOST_BELOW]], "most": MOST_BELOW,
        "more": len(found) > MOST_BELOW, "kinds": dict(Unit.Kind.choices),
    }  # fmt: skip
    return render(request, "duty/units.html", context)
