"""Responses in pieces under both kinds of server."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest

_END = object()


def pieces_for(request, pieces: Iterator[bytes]) -> Iterator[bytes] | AsyncIterator[bytes]:
    """`pieces` as the server behind `request` can send them one by one.

    Under ASGI Django would gather a plain iterator into one list first, and hold a whole file in memory.
    """
    plain = getattr(request, "_request", request)
    return _stepwise(pieces) if isinstance(plain, ASGIRequest) else pieces


async def _stepwise(pieces):
    following = sync_to_async(lambda: next(pieces, _END))
    try:
        while (piece := await following()) is not _END:
            yield piece
    finally:
        if close := getattr(pieces, "close", None):
            await sync_to_async(close)()
