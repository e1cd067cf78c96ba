"""The list of events: filters, search, pages by key, and the same rows as CSV."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.views.decorators.http import require_safe

from events import export, paging
from events.filters import EventFilterSet
from events.models import Event
from events.views.rows import dress
from events.worklists import FOR_LIST, LONG_TEXTS
from grids.models import Grid, Unit
from grids.scope import Scope
from grids.selectors import units_for

ORDERS = {"newest": paging.newest_first, "urgent": paging.most_urgent_first}
MOST_GRID_CHOICES = 400


def _filtered(request):
    visible = Event.objects.visible_to(request.user)
    return EventFilterSet(request.GET, queryset=visible, request=request)


def _chips(request, filterset):
    """Each filter in use as words, with the address of the list without it."""
    if not filterset.form.is_bound or not filterset.form.is_valid():
        return []
    chips = []
    for name, value in filterset.form.cleaned_data.items():
        if value in (None, "", []):
            continue
        rest = request.GET.copy()
        rest.pop(name, None)
        rest.pop("after", None)
        field = filterset.form.fields[name]
        labels = dict(getattr(field, "choices", []) or [])
        values = value if isinstance(value, list) else [value]
        words = "、".join(str(_label(request.user, name, labels, one)) for one in values)
        chips.append({"label": field.label, "words": words, "url": f"?{rest.urlencode()}"})
    return chips


def _label(user, name, labels, value):
    if name == "grid":
        return Grid.objects.visible_to(user).filter(pk=value).values_list("name", flat=True).first() or value
    if name == "unit":
        return units_for(user).filter(pk=value).values_list("name", flat=True).first() or value
    return labels.get(value) or labels.get(str(value)) or value


def _choices(user):
    """Grids (down to the villages) and departments for the filter's menus."""
    upper = Grid.objects.visible_to(user).valid_on().filter(level__lte=2).order_by("path")
    units = Unit.objects.visible_to(user).filter(active=True, kind="department").order_by("grid__level", "name")
    return {
        "grid_choices": list(upper.values_list("pk", "name", "level")[:MOST_GRID_CHOICES]),
        "unit_choices": list(units.values_list("pk", "name")[:MOST_GRID_CHOICES]),
    }


@login_required
@require_safe
def listing(request):
    """Visible events, newest first or most urgent first."""
    filterset = _filtered(request)
    order = request.GET.get("order") if request.GET.get("order") in ORDERS else "newest"
    size = paging.size_from(request.GET.get("size"))
    valid = not filterset.form.is_bound or filterset.form.is_valid()
    found = filterset.qs.select_related(*FOR_LIST).defer(*LONG_TEXTS) if valid else Event.objects.none()
    page = ORDERS[order](found, request.GET.get("after", ""), size)
    query = request.GET.copy()
    query.pop("after", None)
    context = {
        "filter": filterset,
        "chips": _chips(request, filterset),
        "order": order,
        "size": size,
        "sizes": paging.PAGE_SIZES,
        "page": page,
        "rows": dress(page.rows, request.user),
        "query": query.urlencode(),
        "may_export": Scope.of(request.user).may("events.export_event"),
        **_choices(request.user),
    }
    return render(request, "events/list.html", context)


@login_required
@require_safe
def export_csv(request):
    """The filtered list as CSV, streamed: a hundred thousand rows take no more memory than a hundred."""
    if not Scope.of(request.user).may("events.export_event"):
        raise PermissionDenied
    filterset = _filtered(request)
    if filterset.form.is_bound and not filterset.form.is_valid():
        return render(request, "400.html", status=400)
    return export.csv_response(request, filterset.qs)
