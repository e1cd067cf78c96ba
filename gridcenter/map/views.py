"""The map: one grid with its children coloured by a measure, the drawer beside it, the card of an event, the search."""

import math

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from core import versions
from core.tiles import HIGHEST_ZOOM, WORLD_M
from events import tiles as event_tiles
from events.models import Event
from events.views.maps import base_map
from events.views.rows import light_of
from gridcenter.map import measures
from gridcenter.map.answers import told
from gridcenter.map.search import search as find
from grids import levels
from grids.models import Grid, Outline, Post, Unit
from grids.scope import Scope
from grids.services import outlines
from residents.models.base import VIEW
from residents.selectors import figures as registry

MOST_EVENTS = 8
PART = "X-Part"  # the page's script asks for the panel alone


@login_required
@require_safe
def home(request):
    """The highest grid that is this person's to see."""
    top = Grid.objects.visible_to(request.user).valid_on().defer("boundary").order_by("level", "path").first()
    if top is None:
        return render(request, "grids/none.html")
    query = request.GET.urlencode()
    return redirect(reverse("map:grid", args=[top.pk]) + (f"?{query}" if query else ""))


@login_required
@require_safe
@told
def grid(request, pk):
    """One grid and what lies below it, coloured by `measure` (default: open). The page, or its panel alone."""
    outlines.ensure(versions.read())
    here = _visible(request.user, pk)
    view = measures.view(request.user, here, request.GET.get("measure") or "open")
    context = {
        "grid": here,
        "view": view,
        "crumbs": _above(request.user, here),
        "child_name": levels.name_of(here.level + 1),
        "measures": _grouped(request.user, here),
        "data": _data(here, view),
    }
    if request.headers.get(PART) == "panel":
        answer = render(request, "map/_panel.html", context)
    else:
        answer = render(request, "map/page.html", {**context, "settings": _settings(request.user)})
    patch_vary_headers(answer, [PART])
    return answer


def _visible(user, pk):
    grid = Grid.objects.visible_to(user).select_related("parent").defer("boundary", "parent__boundary").filter(pk=pk).first()
    if grid is None:
        raise Http404
    return grid


def _above(user, grid):
    return Grid.objects.visible_to(user).filter(pk__in=grid.ancestor_ids[:-1]).defer("boundary").order_by("level")


def _grouped(user, grid):
    groups: dict[str, list] = {}
    for measure in measures.available(user, grid).values():
        groups.setdefault(str(measure.group), []).append(measure)
    return groups.items()


def _data(grid, view) -> dict:
    """What the script needs to colour the map."""
    children = [
        {"id": c.pk, "name": c.name, "words": c.words, "number": c.number, "late": c.late, "colour": c.colour}
        for c in view.children
    ]
    return {
        "grid": {"id": grid.pk, "name": grid.name, "level": grid.level, "parent": grid.parent_id, "box": _box(grid)},
        "measure": {"code": view.measure.code, "kind": view.measure.kind, "tone": view.measure.tone, "poor": view.poor},
        "classes": len(view.classes),
        "zero": bool(view.classes) and view.classes[0].low == view.classes[0].high == 0,
        "children": children,
    }


def _box(grid) -> list[float] | None:
    """West, south, east, north in degrees; None where nobody has drawn anything."""
    shape = Outline.objects.filter(grid=grid, band=0).values_list("shape", flat=True).first()
    if shape is None:
        return None
    west, south, east, north = shape.extent
    return [_longitude(west), _latitude(south), _longitude(east), _latitude(north)]


def _longitude(x):
    return round(x / WORLD_M * 180, 6)


def _latitude(y):
    return round(math.degrees(2 * math.atan(math.exp(y / WORLD_M * math.pi)) - math.pi / 2), 6)


def _settings(user) -> dict:
    """Addresses and what this person may see, for the script."""
    scope = Scope.of(user)
    return {
        "tiles": reverse("map:tile", args=["LAYER", 0, 0, 0]).replace("LAYER/0/0/0", "{layer}/{z}/{x}/{y}"),
        "grid": reverse("map:grid", args=[0]),
        "about": reverse("map:about", args=[0]),
        "event": reverse("map:event", args=[0]),
        "highest": HIGHEST_ZOOM,
        "days": event_tiles.DAYS_BACK,
        "today": timezone.localdate().isoformat(),
        "layers": {
            "registry": scope.may(VIEW),
            "homes": scope.may(VIEW) and registry.begun(user=user),
            "workers": scope.may(event_tiles.LOCATE),
        },
        "base": base_map(),
    }


@login_required
@require_safe
def about(request, pk):
    """The drawer: a grid's team and phones, figures, its most urgent open events."""
    here, user, now = _visible(request.user, pk), request.user, timezone.now()
    events = Event.objects.visible_to(user).open().filter(path__startswith=here.path).order_by()
    counts = events.aggregate(
        open=Count("pk"), late=Count("pk", filter=Q(due_at__lt=now)),
        soon=Count("pk", filter=Q(yellow_at__lt=now, due_at__gte=now)),
    )  # fmt: skip
    urgent = events.select_related("holder").defer("location").most_urgent_first()[:MOST_EVENTS]
    context = {
        "grid": here,
        "level_name": levels.name_of(here.level),
        "team": Post.objects.visible_to(user).on().filter(grid=here).select_related("user__portrait").order_by("role", "pk"),
        "units": Unit.objects.visible_to(user).filter(active=True, grid=here).order_by("kind", "name"),
        "may_call": Scope.of(user).may_call(here.path),
        "counts": counts,
        "amounts": registry.below(user=user, path=here.path),
        "events": [{"event": event, "light": light_of(event)} for event in urgent],
    }
    return render(request, "map/_about.html", context)


@login_required
@require_safe
def event(request, pk):
    """The card of one event."""
    seen = Event.objects.visible_to(request.user).select_related("holder", "grid", "standard").defer("grid__boundary")
    found = seen.filter(pk=pk).first()
    if found is None:
        raise Http404
    return render(request, "map/_event.html", {"event": found, "light": light_of(found)})


@login_required
@require_safe
def search(request):
    """What the words may mean, as a list."""
    words = request.GET.get("q", "")
    return render(request, "map/_found.html", {"groups": find(request.user, words), "q": words.strip()})
