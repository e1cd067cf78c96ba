"""What is to be done (due lists) and what cannot be right (data quality), each number leading to its rows."""

from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from grids.models import Grid
from grids.scope import Scope
from residents.models import CareRecord, Dwelling, Household, Resident
from residents.models.base import VIEW
from residents.models.trail import Kind
from residents.outgoing import DUE
from residents.selectors import due, quality
from residents.services import quality as counting
from residents.services import support, trail
from residents.services.records import kind_of
from residents.views.base import address_of, export_url, one, reader

SIZE = 50


def _asked_grid(request):
    """The grid of ?grid=, the highest of the viewer's own without one; 404 for one that is not theirs to read."""
    readable = Grid.objects.filter(Scope.of(request.user).permission_q(VIEW, "path"))
    rows = readable.valid_on().select_related("parent").defer("boundary", "parent__boundary")
    text = request.GET.get("grid", "")
    if not text:
        found = rows.order_by("level", "path").first()
        if found is None:
            raise Http404
        return found
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Http404
    return one(rows, int(text))


@reader
@require_safe
def due_lists(request):
    """Visits, inspections, permits, people and doors whose record cannot be true: the longest overdue first."""
    grid = _asked_grid(request)
    lists = due.overview(user=request.user, path=grid.path)
    kinds = [made.kind for made in lists]
    kind = request.GET.get("list") if request.GET.get("list") in kinds else _first(lists)
    page = due.rows(
        user=request.user, kind=kind, path=grid.path, after=request.GET.get("after", ""), size=SIZE
    )
    if kind == due.STATUTORY:
        files = due.files(request.user, grid.path)
        support.log_list(actor=request.user, files=files, address=address_of(request))
    context = {
        "grid": grid,
        "lists": lists,
        "kind": kind,
        "rows": [_line(row, due.DAYS.get(kind, "next_visit")) for row in page.rows],
        "page": page,
        "query": f"list={kind}&grid={grid.pk}",
        "export_url": _export_of(request.user, kind, grid) if page.rows else "",
        "first": not request.GET.get("after"),
    }
    return render(request, "residents/due.html", context)


def _export_of(user, kind, grid):
    if kind in (due.VISITS, due.STATUTORY):
        register = Kind.CARE if kind == due.VISITS else Kind.SUPPORT
        return export_url(user, register, grid.path, list=kind, grid=grid.pk)
    return export_url(user, DUE[kind], grid.path, due=kind, grid=grid.pk)


@reader
@require_safe
def due_counts(request):
    """How much is due: a part of the first page, read after it."""
    grid = _asked_grid(request)
    lists = [made for made in due.overview(user=request.user, path=grid.path) if made.count]
    return render(request, "residents/_due_counts.html", {"lists": lists, "grid": grid})


def _first(lists):
    """The list with the most that is overdue, else the first one with anything in it."""
    late = max(lists, key=lambda made: made.overdue or 0)
    return late.kind if late.overdue else next((made.kind for made in lists if made.count), lists[0].kind)


def _line(row, day_field):
    """How a row of any list is shown: {title, url, place, day, late, words}."""
    day = getattr(row, day_field, None)
    person = getattr(row, "resident", None)
    shown = person if person is not None else row
    return {
        "title": f"{shown.building.address} {shown.short}" if isinstance(shown, Dwelling) else str(shown),
        "url": _url(row, shown),
        "place": _place(shown),
        "grid": row.grid.name if hasattr(row, "grid") else shown.grid.name,
        "day": day,
        "late": day is not None and day < timezone.localdate(),
        "words": _words(row),
    }


def _url(row, shown):
    if isinstance(row, CareRecord):
        return reverse("residents:care-entry", args=[row.pk])
    if row is not shown:
        return reverse("residents:support-file", args=[row.pk])
    return reverse(f"residents:{kind_of(shown)}", args=[shown.pk])


def _place(shown):
    door = getattr(shown, "dwelling", None) if isinstance(shown, Resident | Household) else None
    return f"{door.building.address} {door.short}" if door else getattr(shown, "address", "")


def _words(row):
    if isinstance(row, CareRecord) or hasattr(row, "care_class"):
        responsible = getattr(row, "responsible", None)
        return " · ".join(filter(None, [str(row.care_class), str(responsible) if responsible else ""]))
    return row.get_kind_display() if hasattr(row, "get_kind_display") else ""


@reader
@require_safe
def quality_board(request):
    """Per grid: what part of the records is complete, how many are stale or contradict others."""
    grid = _asked_grid(request)
    counting.fresh_enough(grid)
    board = quality.board(user=request.user, grid=grid)
    groups = [
        {
            "name": name,
            "label": label,
            "checks": [
                {
                    "check": check,
                    "found": board.whole.found[code],
                    "total": board.whole.totals[check.model._meta.model_name],
                    "share": board.whole.share(code),
                }
                for code, check in quality.CHECKS.items()
                if check.group == name
            ],
        }
        for name, label in quality.GROUPS.items()
    ]
    lines = [
        {
            "row": row,
            "counts": [(name, row.count(name)) for name in quality.GROUPS],
            "people": row.totals["resident"],
        }
        for row in board.rows
    ]
    context = {
        "grid": grid, "groups": groups, "labels": quality.GROUPS.items(), "lines": lines,
        "counted_at": board.counted_at,
    }  # fmt: skip
    return render(request, "residents/quality.html", context)


@reader
@require_POST
def recount(request):
    """Count the board of ?grid= anew."""
    grid = _asked_grid(request)
    counting.recount_for(actor=request.user, grid=grid)
    return redirect(f"{reverse('residents:quality')}?grid={grid.pk}")


@reader
@require_safe
def faults(request, code):
    """The rows that one check finds."""
    check = quality.CHECKS.get(code)
    if check is None:
        raise Http404
    grid = _asked_grid(request)
    page = quality.rows(
        user=request.user, code=code, path=grid.path, after=request.GET.get("after", ""), size=SIZE
    )
    context = {
        "grid": grid,
        "check": check,
        "group": quality.GROUPS[check.group],
        "query": f"grid={grid.pk}",
        "export_url": export_url(
            request.user, trail.KINDS[check.model], grid.path, fault=code, grid=grid.pk
        ) if page.rows else "",
        "rows": [_line(row, "") for row in page.rows],
        "page": page,
        "first": not request.GET.get("after"),
    }
    return render(request, "residents/faults.html", context)
