"""The server side of ASGI: threads that last, connections that stay, streams of their own."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.testing import ApplicationCommunicator
from django.db import connection, connections
from django.http import HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from core.api.streaming import pieces_for
from core.asgi import LastingThreads, wait_no_longer

SEEN = []


def note(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    SEEN.append((threading.current_thread().name, id(connection.connection)))
    return HttpResponse(request.method + request.body.decode())


def stream(request):
    def pieces():
        for number in range(3):
            SEEN.append(threading.current_thread().name)
            yield f"{number};".encode()

    return StreamingHttpResponse(pieces_for(request, pieces()))


def endless(request):
    def pieces():
        try:
            while True:
                yield b"x"
        finally:
            SEEN.append("closed")

    return StreamingHttpResponse(pieces_for(request, pieces()))


def fault(request):
    raise RuntimeError("on purpose")


urlpatterns = [path("note", note), path("stream", stream), path("endless", endless), path("fault", fault)]
BARE = override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[], WEB_THREADS=1, ALLOWED_HOSTS=["*"])


@pytest.fixture
def application():
    SEEN.clear()
    with BARE:
        made = LastingThreads()
        yield made
        made._pool.submit(connections.close_all).result()
        made._pool.shutdown()


def run(talk):
    """Its answer, from a thread of its own: a browser test before may have left an event loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(talk())).result()


def ask(application, where, body=b"", method="GET"):
    """(status, body) of one request."""

    async def talk():
        scope = {"type": "http", "method": method, "path": where, "headers": [], "query_string": b""}
        link = ApplicationCommunicator(application, scope)
        await link.send_input({"type": "http.request", "body": body})
        start = await link.receive_output(60)
        parts, more = [], True
        while more:
            message = await link.receive_output(60)
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        await link.wait(60)
        return start["status"], b"".join(parts)

    return run(talk)


@pytest.mark.django_db(transaction=True)
def test_requests_meet_the_same_thread_and_the_same_connection(application):
    assert ask(application, "/note", b"!", "POST") == (200, b"POST!")
    assert ask(application, "/note") == (200, b"GET")
    (first, one), (second, other) = SEEN
    assert first == second != threading.current_thread().name
    assert one == other


def test_a_stream_runs_in_a_thread_of_its_own(application):
    assert ask(application, "/stream") == (200, b"0;1;2;")
    assert len(SEEN) == 3
    assert not any(name.startswith("request") for name in SEEN)


def test_a_stream_ends_when_its_reader_leaves(application):
    async def talk():
        scope = {"type": "http", "method": "GET", "path": "/endless", "headers": [], "query_string": b""}
        link = ApplicationCommunicator(application, scope)
        await link.send_input({"type": "http.request", "body": b""})
        assert (await link.receive_output(60))["status"] == 200
        assert (await link.receive_output(60))["body"] == b"x"
        await link.send_input({"type": "http.disconnect"})
        await link.wait(60)

    run(talk)
    assert SEEN == ["closed"]


def test_a_fault_is_a_plain_500_and_the_next_request_is_answered(application, caplog):
    assert ask(application, "/fault")[0] == 500
    assert ask(application, "/stream")[0] == 200
    assert "on purpose" in caplog.text


def test_a_request_that_breaks_off_answers_nothing(application):
    async def talk():
        scope = {"type": "http", "method": "POST", "path": "/note", "headers": [], "query_string": b""}
        link = ApplicationCommunicator(application, scope)
        await link.send_input({"type": "http.disconnect"})
        await link.wait(60)
        return await link.receive_nothing()

    assert run(talk)
    assert SEEN == []


def test_requests_wait_for_a_lock_no_longer_than_is_set(settings):
    settings.DB_LOCK_SECONDS = 7
    made = {"ENGINE": "django.contrib.gis.db.backends.postgis", "OPTIONS": {"options": "-c jit=off"}}
    wait_no_longer(made)
    assert made["OPTIONS"]["options"] == "-c jit=off -c lock_timeout=7s"
    embedded = {"ENGINE": "django.contrib.gis.db.backends.spatialite", "OPTIONS": {"timeout": 20}}
    wait_no_longer(embedded)
    assert embedded["OPTIONS"] == {"timeout": 20}
