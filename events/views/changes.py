"""What has changed in a list that is open: the rows that moved, whether new ones came, and the counts."""

from django.contrib.auth.decorators import login_required
from django.http import JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from events import paging, worklists
from events.models import Event
from events.orders import KEY_FIELDS
from events.views.desk import LIST, WORK, Wanted, tabs
from events.views.rows import dress

MOST_IDS = 200


def _ids(text) -> list[int]:
    found = (paging.number(part) for part in (text or "").split(","))
    return [pk for pk in found if pk is not None][:MOST_IDS]


@login_required
@require_safe
def changes(request):
    """For the list of the address (`home` and its parameters), `ids` of changed events, `shown` of those on the page and
    `last`, the cursor of its last row (empty if there is no next page):

    {"rows": {id: HTML of the row}, "gone": [ids no longer in this list], "fresh": [ids that would stand on this page],
    "counts": [{name, words, none}]}
    """
    wanted = Wanted(request, LIST if request.GET.get("home") == LIST else WORK)
    ids, shown = _ids(request.GET.get("ids")), set(_ids(request.GET.get("shown")))
    found = wanted.events.filter(pk__in=ids).order_by().only("pk", *KEY_FIELDS)
    inside = {event.pk: wanted.order.key(event) for event in found}
    on_page = [pk for pk in ids if pk in shown]
    events = worklists.rows_of(Event.objects.visible_to(request.user).filter(pk__in=on_page)).order_by()
    context = {
        "here": request.GET.get("here", ""),
        "shown": {column.name for column in wanted.columns},
        "heads": [{"column": column} for column in wanted.columns],
    }
    rows = {
        row["event"].pk: render_to_string("events/_row.html", context | {"row": row}, request)
        for row in dress(list(events), request.user)
    }
    return JsonResponse(
        {
            "rows": rows,
            "gone": [pk for pk in on_page if pk not in inside],
            "fresh": _fresh(wanted, {pk: key for pk, key in inside.items() if pk not in shown}),
            "counts": [
                {"name": tab["name"], "words": tab["words"], "none": not tab["count"]}
                for tab in tabs(request.user, wanted.worklist)
                if "words" in tab
            ],
        }
    )


def _fresh(wanted, keys) -> list[int]:
    """Those that would stand on this page: before its last row, or anywhere if it is the last page; none on later pages,
    where what is before the first row is not here either."""
    if wanted.query.get("after"):
        return []
    last = paging.position_of(wanted.order, wanted.query.get("last", ""))
    if last is None:
        return sorted(keys)
    key = paging.sorter(wanted.order)
    return sorted(pk for pk, values in keys.items() if key(values) < key(last))
