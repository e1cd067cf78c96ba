"""My work: what lies with me, most urgent first, and how much waits where."""

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from events import paging, worklists
from events.views.rows import dress
from grids.scope import Scope

WORK_PAGE_SIZE = 30
# Tabs that mean nothing to somebody without the permission in question.
NEEDS = {
    "register": "events.register_event",
    "dispatch": "events.dispatch_event",
    "sign": "events.handle_event",
    "verify": "events.verify_event",
    "time": "events.grant_event",
    "supervised": "events.register_event",
    "suspended": "events.suspend_event",
    "unplaced": "events.place_event",
    "reported": "events.report_event",
}


def _tabs(user, current):
    scope = Scope.of(user)
    shown = [w for w in worklists.WORKLISTS if w.name not in NEEDS or scope.may(NEEDS[w.name])]
    counts = worklists.counts(user, [w.name for w in shown])
    home = reverse("events:work")
    return [
        {
            "name": w.name,
            "label": w.label,
            "tone": w.tone,
            "count": counts[w.name],
            "url": home if w.name == "mine" else f"{home}?list={w.name}",
            "current": w.name == current,
        }
        for w in shown
    ]


@login_required
@require_safe
def work(request):
    """One worklist of this person; without `?list=` what lies with them."""
    wanted = request.GET.get("list", "mine")
    name = wanted if wanted in {w.name for w in worklists.WORKLISTS} else "mine"
    tabs = _tabs(request.user, name)
    rows = worklists.select(name, request.user)
    page = paging.most_urgent_first(rows, request.GET.get("after", ""), WORK_PAGE_SIZE)
    context = {
        "tabs": tabs,
        "name": name,
        "page": page,
        "rows": dress(page.rows, request.user),
        "query": "" if name == "mine" else f"list={name}",
        "may_report": Scope.of(request.user).may("events.report_event"),
        "now_counts": {tab["name"]: tab["count"] for tab in tabs},
    }
    return render(request, "events/work.html", context)
