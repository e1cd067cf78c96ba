"""What pages of other apps say of patrols: the worker's own row, and the line of a grid's page."""

import uuid

from django import template

from fieldwork import rules, selectors
from grids import names
from grids.scope import Scope

register = template.Library()


def mine(request, said="") -> dict:
    """{rows, said, per_day}: the grids this person walks. `said`: what the last press came to, in words."""
    rows = selectors.today_of(request.user)
    busy = any(row.patrol for row in rows)
    known = names.current().grids if len(rows) > 1 else {}
    return {
        "rows": [
            {
                "today": row,
                "name": known.get(row.grid_id, {}).get("name", ""),
                "key": uuid.uuid4().hex,
                "free": not busy,
            }
            for row in rows
        ],
        "said": said,
        "per_day": rules.PER_DAY,
        "request": request,
    }


@register.inclusion_tag("fieldwork/_mine.html", takes_context=True)
def my_patrols(context):
    return mine(context["request"]) | {"csrf_token": context.get("csrf_token")}


@register.inclusion_tag("fieldwork/_of_grid.html", takes_context=True)
def patrols_of_grid(context, grid):
    """Counted patrols of the last days and how many were owed, for those who may read patrols there."""
    if not Scope.of(context["request"].user).may_at(rules.VIEW, grid.path):
        return {}
    return {"coverage": selectors.coverage_of(grid), "days": rules.WINDOW_DAYS}
