"""Django behind an ASGI server, its synchronous part in a few lasting threads.

Django's own handler gives every request a new thread, and with it a new database connection (several ms, on PostGIS
35–45 ms with the first geometry), and hands the request from the event loop to that thread and back for every
middleware. Here a request crosses over once and meets a thread whose connection is open. Streamed answers run as
Django runs them, with a thread and a connection of their own, so that a long download keeps nobody waiting.
"""

import asyncio
import gc
from contextvars import copy_context

import django
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.conf import settings
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.db import DEFAULT_DB_ALIAS, connections
from django.http import FileResponse
from django.urls import set_script_prefix

from core.threads import WarmFirst


class LastingThreads(ASGIHandler):
    """An ASGI application. `WEB_THREADS` (settings) requests at once per process, each thread with its connection."""

    def __init__(self):
        super().__init__()
        self.load_middleware(is_async=False)
        self._pool = WarmFirst(settings.WEB_THREADS, "request")

    async def handle(self, scope, receive, send):
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        try:
            await self._answer(scope, body, receive, send)
        finally:
            body.close()

    async def _answer(self, scope, body, receive, send):
        set_script_prefix(get_script_prefix(scope))
        request, refusal = self.create_request(scope, body)
        if request is None:
            await self.send_response(refusal, send)
            return
        run = asyncio.get_running_loop().run_in_executor
        response = await run(self._pool, copy_context().run, self._respond, request, scope)
        if response.streaming:
            await self._stream(response, receive, send)
        else:
            await self.send_response(response, send)

    def _respond(self, request, scope):
        """In a thread of the pool: from the first middleware to the last, and the end of the request if it is whole."""
        signals.request_started.send(sender=self.__class__, scope=scope)
        response = self.get_response(request)
        response._handler_class = self.__class__
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if not response.streaming:
            response.close()  # its bytes are made: nothing more is needed of files or database
        return response

    async def _stream(self, response, receive, send):
        """Piece by piece; stops when the client leaves."""
        async with ThreadSensitiveContext():
            sending = asyncio.create_task(self.send_response(response, send))
            leaving = asyncio.create_task(self.listen_for_disconnect(receive))
            try:
                await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
                if sending.done():
                    sending.result()
            finally:
                for task in (sending, leaving):
                    task.cancel()
                await asyncio.gather(sending, leaving, return_exceptions=True)
                await sync_to_async(_finish)(response)


def _finish(response):
    """In the thread that made the pieces: it ends now, and must not leave a connection open."""
    response.close()
    connections.close_all()


def get_application():
    """What an ASGI server serves."""
    django.setup(set_prefix=False)
    wait_no_longer(connections.settings[DEFAULT_DB_ALIAS])
    made = LastingThreads()
    search_seldom()
    return made


def wait_no_longer(database):
    """Let connections made from now on give a lock up after DB_LOCK_SECONDS: a person must not wait without end."""
    if database["ENGINE"].endswith("postgis") and settings.DB_LOCK_SECONDS:
        options = database["OPTIONS"].get("options", "")
        database["OPTIONS"]["options"] = f"{options} -c lock_timeout={settings.DB_LOCK_SECONDS}s".strip()


def search_seldom():
    """What is imported by now stays: looking through it for garbage again and again took a fifteenth of every request."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
