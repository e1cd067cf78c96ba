"""Ways from a page to the papers that can be made of what it shows."""

from urllib.parse import urlencode

from django import template
from django.urls import reverse

from grids.scope import Scope
from papers.makers import RECIPES
from papers.models import Kind

register = template.Library()


def _links(kinds, **given):
    return {"links": [(Kind(kind).label, f"{reverse('papers:new', args=[kind])}?{urlencode(given)}") for kind in kinds]}


@register.inclusion_tag("papers/_links.html", takes_context=True)
def papers_of_grid(context, grid, children):
    """Sign, cards, wall map, report of a grid: those this person may have made there."""
    scope = Scope.of(context["request"].user)
    kinds = [Kind.SIGN] if grid.level else []
    kinds += [Kind.CARDS, *([Kind.WALL] if children else []), Kind.REPORT]
    if grid.valid_until is not None:
        kinds = []
    may = [kind for kind in kinds if scope.may_at(RECIPES[kind].permission, grid.path)]
    return _links(may, grid=grid.pk)


@register.inclusion_tag("papers/_links.html", takes_context=True)
def papers_of_event(context, event):
    """The case file of an event that this person sees."""
    may = Scope.of(context["request"].user).may(RECIPES[Kind.CASE].permission)
    return _links([Kind.CASE] if may else [], number=str(event))


@register.inclusion_tag("papers/_links.html", takes_context=True)
def papers_of_period(context, period):
    """The monthly analysis of the month that was scored."""
    may = Scope.of(context["request"].user).may(RECIPES[Kind.REPORT].permission)
    return _links([Kind.REPORT] if may else [], span="month", day=period.start.isoformat())
