"""The wall screen: its page, its figures, its drawing and its line. Each asks first whether this territory may be seen."""

import json
import time

import orjson
from django.contrib.auth.decorators import login_required
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_safe

from core import versions
from core.errors import NotFound
from events.live import Watch
from gridcenter.live import hub
from gridcenter.live.views import RETRY_MS
from gridcenter.screen import compose, duty, layouts, panels, territory, tickets, words
from gridcenter.screen.models import MEASURES
from gridcenter.screen.snapshots import Store
from grids.scope import Scope

figures_of = Store(compose.figures)
SKEW_SECONDS = 2
HERE_SECONDS = 10  # a sign of life: a screen that hears nothing for longer than two of them says so
EACH_MS = (
    1.0  # what one screen's figures cost this process: many screens spread their asking over so much each
)
MOST_SPREAD_MS = 1000


@login_required
@require_safe
def page(request, pk=None):
    """The screen of a territory; without `pk` of the highest one this person may open."""
    place = territory.find(request.user, pk)
    if place is None:
        if pk is None:
            return render(request, "screen/none.html", status=403)
        raise Http404
    layout, offered = layouts.choose(request.GET.get("layout", ""))
    context = {
        "place": place,
        "layout": layout,
        "layouts": offered,
        "places": [_frame(one) for one in layout.places],
        "measures": MEASURES,
        "roots": sorted(_roots(request.user)),
        "words": words.all_words(),
        "addresses": {
            name: reverse(f"screen:{name}", args=[0]) for name in ("detail", "figures", "drawing", "live")
        },
    }
    return render(request, "screen/screen.html", context)


def _frame(place) -> dict:
    name = place["panel"]
    return {"name": name, "area": panels.area(place), "template": f"screen/panels/{name}.html"}


def _roots(user) -> set[int]:
    """Ids of the highest territories this person may open: the crumbs begin there."""
    return {int(path.strip("/").split("/")[-1]) for path in Scope.of(user).roots_for(territory.PERMISSION)}


def _place(request, pk):
    """The territory, or 401 (a script cannot log in), or 404: it does not exist, or not for this person."""
    if not request.user.is_authenticated:
        return None, HttpResponse(status=401)
    place = territory.find(request.user, pk)
    if place is None:
        raise Http404
    return place, None


@require_safe
def figures(request, pk):
    """All panels' figures as JSON: screen.compose. `after`: a moment of the database's clock, told by the line; the
    answer knows every step until then. 304 with the same ETag. Header X-Figures-At: of when they are.

    With the ticket that the line gave (header X-Screen-Ticket) nobody is looked up again while that line may live.
    """
    path = tickets.path_of(request.headers.get("X-Screen-Ticket", ""), pk)
    if path is None:
        place, refused = _place(request, pk)
        if refused:
            return refused
        path = place.path
    try:
        snapshot = figures_of.get(path, _after(request))
    except NotFound as gone:
        raise Http404 from gone
    if request.headers.get("If-None-Match") == snapshot.etag:
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(snapshot.body, content_type="application/json")
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response.content = snapshot.packed
            response["Content-Encoding"] = "gzip"
    response["ETag"] = snapshot.etag
    response["X-Figures-At"] = f"{snapshot.at:.3f}"
    response["X-Server-Now"] = f"{time.time():.3f}"
    response["Cache-Control"] = "private, no-store"
    response["Vary"] = "Cookie, Accept-Encoding, X-Screen-Ticket"
    return response


def _after(request) -> float:
    """Not in the future (but for clocks that differ a little): that would make every request read the figures anew."""
    try:
        asked = float(request.GET.get("after", 0))
    except ValueError:
        return 0.0
    return asked if 0 < asked < time.time() + SKEW_SECONDS else 0.0


@require_safe
def drawing(request, pk):
    """The outlines of what the territory is divided into (screen.territory.drawing)."""
    place, refused = _place(request, pk)
    if refused:
        return refused
    response = HttpResponse(
        orjson.dumps(territory.drawing(place, versions.read())), content_type="application/json"
    )
    response["Cache-Control"] = "private, max-age=300"
    response["Vary"] = "Cookie"
    return response


@require_GET
def live(request, pk):
    """Server-sent events: `hello` (with a ticket) and `changed` {"at": moment, "within": milliseconds to ask within},
    `here` as a sign of life. Never what has changed: figures that know all until `at` have it. After
    tickets.LIFE_SECONDS the line ends and the browser comes again."""
    place, refused = _place(request, pk)
    if refused:
        return refused
    if not isinstance(request, ASGIRequest):  # WSGI cannot hold lines open
        return HttpResponse(status=204)
    response = StreamingHttpResponse(_lines(place), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _lines(place):
    ends, shared = time.monotonic() + tickets.LIFE_SECONDS, hub.here()
    async with shared.open(Watch(place.path), duty.Ear(place.path)) as listener:
        hello = {**_facts(shared.looked_at, shared), "ticket": tickets.make(place)}
        yield f"retry: {RETRY_MS}\n{_event('hello', hello)}"
        while time.monotonic() < ends:
            told = await listener.next(HERE_SECONDS)
            if told:
                # A warning is no step: the look that found it knows when it lay open.
                at = shared.looked_at if told == hub.WARNINGS else listener.at
                yield _event("changed", _facts(at, shared))
            else:
                yield _event("here", {})


def _facts(at, shared) -> dict:
    return {"at": at, "within": _within(shared)}


def _within(shared) -> int:
    """A few screens ask at once; a thousand spread themselves, or each would wait for all others."""
    return int(min(MOST_SPREAD_MS, EACH_MS * len(shared.listeners))) if len(shared.listeners) > 20 else 0


def _event(name, facts) -> str:
    return f"event: {name}\ndata: {json.dumps(facts, separators=(',', ':'))}\n\n"
