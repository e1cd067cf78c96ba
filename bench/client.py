"""A closed loop of clients that costs little: raw HTTP/1.1 over asyncio, ready-made requests, connections kept open.

A `Script` is one client's course: a generator that yields requests (bytes) and is sent each `Answer`. When it ends,
its client rests. A script goes on where it stood when the next round begins.
"""

import asyncio
import gc
import json
import time
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from urllib.parse import quote

import uvloop

HOST = "127.0.0.1"
CLIENTS = 8
LIMIT_SECONDS = 60  # no answer for so long is a failure of the server
WORKERS = 2  # processes of the server that a round is played with
TRIES = 400  # connections opened to have as many with each process


@dataclass(frozen=True)
class Answer:
    status: int
    head: bytes
    body: bytes

    def json(self):
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """The value of a header, or None."""
        for line in self.head.split(b"\r\n")[1:]:
            key, _colon, value = line.partition(b":")
            if key.strip().lower() == name.lower().encode():
                return value.strip().decode()
        return None


Script = Generator[bytes, Answer, None]


def request(method: str, path: str, *, token: str | None = None, body=None) -> bytes:
    """The bytes of a request. As behind the reverse proxy, which says that the outside is https."""
    payload = b"" if body is None else json.dumps(body).encode()
    path = quote(path, safe="/?&=%")
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "X-Forwarded-Proto: https", "Accept: application/json"]
    if token:
        lines.append(f"Authorization: Token {token}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(payload)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + payload


WHICH = request("GET", "/bench/worker/")


class Link(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self):
        self._buffer, self._waiting, self._transport = bytearray(), None, None
        self.closed = False  # by the server, which keeps an idle connection for some seconds only

    def connection_made(self, transport):
        self._transport = transport

    def connection_lost(self, error):
        self.closed = True
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(ConnectionError("The server closed the connection."))

    def data_received(self, data):
        self._buffer += data
        if (answer := _take(self._buffer)) is not None and self._waiting and not self._waiting.done():
            self._waiting.set_result(answer)

    async def ask(self, raw: bytes) -> Answer:
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(raw)
        return await asyncio.wait_for(self._waiting, LIMIT_SECONDS)

    def close(self):
        self._transport.close()


def _take(buffer: bytearray) -> Answer | None:
    """The whole answer at the buffer's start, removed from it; None while some of it is missing."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(buffer[:end])
    lower = head.lower()
    start, status = end + 4, int(head[9:12])
    at = lower.find(b"\r\ncontent-length:")
    if at >= 0:
        stop = start + int(lower[at + 17 :].split(b"\r\n", 1)[0])
        if len(buffer) < stop:
            return None
        body = bytes(buffer[start:stop])
    elif b"chunked" in lower:
        found = _chunks(buffer, start)
        if found is None:
            return None
        body, stop = found
    else:
        body, stop = b"", start
    del buffer[:stop]
    return Answer(status, head, body)


def _chunks(buffer, at):
    """(body, where it ends) of a chunked answer; None while some of it is missing."""
    if not buffer.endswith(b"0\r\n\r\n"):
        return None
    parts = []
    while True:
        line = buffer.find(b"\r\n", at)
        size = int(buffer[at:line], 16)
        if size == 0:
            return b"".join(parts), line + 4
        parts.append(bytes(buffer[line + 2 : line + 2 + size]))
        at = line + 4 + size


@dataclass
class Course:
    """One kind of load: `make(client number)` gives each client its script.

    `expects`: statuses that are no failure. `floor`: the name of the course it is compared with.
    """

    name: str
    make: Callable[[int], Script]
    expects: frozenset[int] = frozenset({200})
    clients: int = CLIENTS
    floor: str = "floor"
    _scripts: list = field(default_factory=list)

    def scripts(self) -> list[list]:
        """[script, request that comes next (None at its end)] per client."""
        if not self._scripts:
            for number in range(self.clients):
                script = self.make(number)
                self._scripts.append([script, next(script, None)])
        return self._scripts


@dataclass
class Round:
    """What one round of one course gave; latencies in seconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter = field(default_factory=Counter)
    bytes: int = 0
    answers: list[Answer] = field(default_factory=list)  # only those nobody expected, the first few


async def _drive(link, state, course, until, found):
    while state[1] is not None and time.perf_counter() < until:
        began = time.perf_counter()
        answer = await link.ask(state[1])
        found.latencies.append(time.perf_counter() - began)
        found.statuses[answer.status] += 1
        found.bytes += len(answer.body)
        if answer.status not in course.expects and len(found.answers) < 3:
            found.answers.append(answer)
        try:
            state[1] = state[0].send(answer)
        except StopIteration:
            state[1] = None


async def _connect(port) -> Link:
    return (await asyncio.get_running_loop().create_connection(Link, HOST, port))[1]


async def _links(port, number, workers) -> list[Link]:
    """`number` connections, as many with each of the server's processes.

    Whichever process is awake takes what comes: all eight may lie with one of two while the other rests, and a round
    would measure one core, now of the floor and now of what is compared with it.
    """
    share, found = -(-number // workers), {}
    for _try in range(TRIES):
        link = await _connect(port)
        mine = found.setdefault((await link.ask(WHICH)).body, [])
        if len(mine) < share:
            mine.append(link)
        else:
            link.close()
        if sum(map(len, found.values())) == number:
            return [link for group in found.values() for link in group]
    raise RuntimeError(f"{workers} processes were to share {number} connections: {[len(g) for g in found.values()]}")


async def _round(port, course, seconds, workers):
    found = Round()
    states = course.scripts()
    links = await _links(port, len(states), workers)
    began = time.perf_counter()
    pairs = zip(links, states, strict=True)
    await asyncio.gather(*(_drive(link, state, course, began + seconds, found) for link, state in pairs))
    found.seconds = time.perf_counter() - began
    for link in links:
        link.close()
    return found


def play(port: int, course: Course, seconds: float, workers: int = WORKERS) -> Round:
    """One round against a server of so many processes. The collector rests meanwhile, so that its pauses are not taken
    for the server's."""
    gc.collect()
    gc.disable()
    try:
        return uvloop.run(_round(port, course, seconds, workers))
    finally:
        gc.enable()


async def _together(port, raws):
    links = [await _connect(port) for _raw in raws]
    answers = await asyncio.gather(*(link.ask(raw) for link, raw in zip(links, raws, strict=True)))
    for link in links:
        link.close()
    return answers


def together(port: int, raws: list[bytes]) -> list[Answer]:
    """All requests at the same instant, each on a connection of its own."""
    return uvloop.run(_together(port, raws))


def one(port: int, raw: bytes) -> Answer:
    return together(port, [raw])[0]
