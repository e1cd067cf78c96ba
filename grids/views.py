"""Pages of the territory: one grid with its map, its people and how to reach them, what lies below and what is open."""

import orjson
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.models import Portrait
from accounts.views import send_portrait
from grids import levels, outlines
from grids.models import Grid, Post, Unit
from grids.scope import Scope

MOST_FOUND = 50


@login_required
@require_safe
def home(request):
    """The highest grid that is this person's to see."""
    top = Grid.objects.visible_to(request.user).valid_on().defer("boundary").order_by("level", "path").first()
    if top is None:
        return render(request, "grids/none.html")
    return redirect("grids:detail", top.pk)


@login_required
@require_safe
def search(request):
    """Grids by words of their name or the beginning of their code, at most MOST_FOUND."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:40]
    visible = Grid.objects.visible_to(request.user).valid_on()
    found = visible.filter(Q(name__contains=words) | Q(code__startswith=words)) if words else visible.none()
    rows = found.select_related("parent").defer("boundary", "parent__boundary").order_by("level", "code")
    return render(request, "grids/search.html", {"q": words, "grids": rows[:MOST_FOUND], "most": MOST_FOUND})


def _visible(user, pk):
    grid = Grid.objects.visible_to(user).select_related("parent").defer("boundary", "parent__boundary").filter(pk=pk).first()
    if grid is None:
        raise Http404
    return grid


@login_required
@require_safe
def detail(request, pk):
    """One grid."""
    visible = Grid.objects.visible_to(request.user)
    grid = _visible(request.user, pk)
    children = visible.valid_on().filter(parent=grid).defer("boundary").order_by("code")
    team = Post.objects.visible_to(request.user).on().filter(grid=grid).order_by("role", "pk")
    units = (
        Unit.objects.visible_to(request.user).filter(active=True, grid__in=grid.ancestor_ids)
        .select_related("grid", "department_kind").defer("grid__boundary").order_by("-grid__level", "kind", "name")
    )
    context = {
        "grid": grid,
        "crumbs": visible.filter(pk__in=grid.ancestor_ids[:-1]).defer("boundary").order_by("level"),
        "level_name": levels.name_of(grid.level),
        "child_name": levels.name_of(grid.level + 1),
        "children": children,
        "team": team.select_related("user__portrait"),
        "may_call": Scope.of(request.user).may_call(grid.path),
        "own_units": [unit for unit in units if unit.grid_id == grid.pk],
        "higher_units": [unit for unit in units if unit.grid_id != grid.pk],
        "outlines": outlines.collection(visible.filter(pk=grid.pk) | visible.valid_on().filter(parent=grid), {grid.pk}),
    }
    return render(request, "grids/detail.html", context)


@login_required
@require_safe
@cache_control(private=True, max_age=300)
def outline_list(request):
    """Outlines for the report form's map, as GeoJSON."""
    scope = Scope.of(request.user)
    made = outlines.for_land(Grid.objects.visible_to(request.user), scope.seats)
    return HttpResponse(orjson.dumps(made), content_type="application/geo+json")


@login_required
@require_safe
@cache_control(private=True, max_age=3600)
def photo(request, pk):
    """One's own photo, or that of somebody in a post of today that this person may see."""
    seen = Post.objects.visible_to(request.user).on().filter(user=pk, user__is_active=True)
    own = request.user.pk == pk
    return send_portrait(Portrait.objects.filter(**{"user": pk} if own else {"user__in": seen.values("user")}))
