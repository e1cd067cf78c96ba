"""A grid's page in the registry: its figures for everybody whose land it is, its buildings and people for readers."""

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from grids import levels, outlines
from grids.models import Grid
from residents import codes
from residents.models import Building
from residents.selectors import figures
from residents.selectors import household as households
from residents.selectors.face import natural
from residents.views.base import one, rights, tiles

MOST_BUILDINGS = 600
AGE_UNKNOWN = "age.unknown"


@login_required
@require_safe
def grid(request, pk):
    """Figures of a grid and all below it; the numbers of small groups are left out for those who may not read more."""
    user = request.user
    rows = Grid.objects.visible_to(user).select_related("parent").defer("boundary", "parent__boundary")
    found = one(rows, pk)
    may = rights(user, found.path)
    whole = figures.below(user=user, path=found.path)
    buildings = _buildings(user, found) if may["may_read"] and found.level == 4 else []
    context = {
        "grid": found,
        "level_name": levels.name_of(found.level),
        "figures": whole,
        "people": _kinds(whole, "people", codes.POPULATION),
        "uses": _kinds(whole, "dwellings", codes.DWELLING_USE),
        "care": [(name, whole.get(key, 0)) for key, name in figures.care_measures(user, found.path).items()],
        "ages": [(_band(key), n) for key, n in figures.ages(user=user, path=found.path).items()],
        "children": _children(user, found) if found.level < 4 else [],
        "buildings": buildings,
        "cut": len(buildings) == MOST_BUILDINGS,
        "points": [_point(row) for row in buildings if row["building"].location],
        "outlines": outlines.collection(Grid.objects.visible_to(user).filter(pk=found.pk), {found.pk}),
        "map": tiles(),
        **may,
    }
    return render(request, "residents/grid.html", context)


def _kinds(whole, measure, table):
    """[(words, amount or None where it is withheld)]"""
    return [(codes.label(table, code), whole.get(f"{measure}.{code}", 0)) for code in table]


def _band(key):
    span = key.removeprefix("age.")
    return _("not known") if key == AGE_UNKNOWN or not span[:1].isdigit() else span.replace("-", "–")


def _children(user, parent):
    """What lies right below: [{grid, figures}]."""
    rows = Grid.objects.visible_to(user).valid_on().filter(parent=parent).defer("boundary").order_by("code")
    amounts = figures.of_children(user=user, parent=parent)
    return [{"grid": row, "figures": amounts.get(row.pk, {})} for row in rows]


def _buildings(user, grid):
    """[{building, people, households}] in the order of their addresses. Two queries."""
    rows = (
        Building.objects.visible_to(user).current().filter(grid=grid).order_by("estate", "number", "address")
    )
    found = sorted(rows[:MOST_BUILDINGS], key=lambda row: (row.estate, natural(row.number), natural(row.address)))
    inside = households.people_in(user, Building.objects.filter(grid=grid, ended_on=None))
    return [
        {
            "building": row,
            "people": inside.get(row.pk, (0, 0))[0],
            "households": inside.get(row.pk, (0, 0))[1],
        }
        for row in found
    ]


def _point(row):
    building = row["building"]
    people = ngettext("%(n)s person", "%(n)s people", row["people"]) % {"n": row["people"]}
    return {
        "lat": building.location.y,
        "lng": building.location.x,
        "light": "house" if row["people"] else "house-empty",
        "title": building.address,
        "place": people,
        "url": reverse("residents:building", args=[building.pk]),
    }
