"""The stream of changes that open screens listen to (server-sent events)."""

import json
import time

from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from duty.live import Ear
from events.live import Viewer
from gridcenter.live import hub
from grids.scope import Scope

PAUSE_SECONDS = 15  # a sign of life, so that proxies keep the line and browsers notice when it is dead
LIFE_SECONDS = 300  # then the browser is asked to come again, and its rights are read again
RETRY_MS = 1500


@require_GET
def stream(request):
    """`hello`, then `changed` with {"events": [ids]} or {"all": true} and `warnings`, never what has changed; at last
    `again`: the browser opens the next line before it closes this one, so that nothing falls between.

    An answer other than 200 tells the browser not to come again.
    """
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    if not Scope.of(request.user).seats:
        raise PermissionDenied
    if not isinstance(request, ASGIRequest):  # WSGI cannot hold lines open
        return HttpResponse(status=204)
    lines = _lines(Viewer.of(request.user), Ear.of(request.user))
    response = StreamingHttpResponse(lines, content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"  # nginx hands on every line at once
    return response


async def _lines(viewer, ear):
    ends, expired = time.monotonic() + LIFE_SECONDS, False
    here = hub.here()
    async with here.open(viewer, ear) as listener:  # before hello: what happens after it is told
        # What is known of warnings: a page that was made before it looks again.
        yield f"retry: {RETRY_MS}\n{_event('hello', {'warnings': here.warnings.stamp})}"
        while True:
            yield _line(await listener.next(PAUSE_SECONDS))
            if time.monotonic() > ends:
                yield _event("again", {})
                ends += PAUSE_SECONDS  # the browser closes this line once the next one is open
                if expired:
                    return
                expired = True


def _line(told) -> str:
    if told == hub.WARNINGS:
        return _event("warnings", {})
    return _event("changed", _facts(*told)) if told else _event("here", {})


def _facts(ids, everything):
    return {"all": True} if everything else {"events": ids}


def _event(name, facts) -> str:
    return f"event: {name}\ndata: {json.dumps(facts, separators=(',', ':'))}\n\n"
