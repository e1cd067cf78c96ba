"""One look into the database for all open screens of this process, handed out to those who may know.

Nothing is sent from one process to another and no Redis is needed: every process looks by itself, a few times a
second, while somebody is listening. A screen that is slow misses nothing either: what it has not taken yet is one
set of ids, and too many of them become "look at everything again".
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol
from weakref import WeakKeyDictionary

from django.db import DatabaseError, InterfaceError, connections

from core import versions
from core.clock import database_time
from duty.live import Ear, Watcher
from events.live import Change, Reader

log = logging.getLogger(__name__)
EVERY_SECONDS = 0.4  # between two looks: a step is on the screen within a second
MOST_IDS = 200
QUIET_SECONDS = 60
WARNINGS = "warnings"  # told when warnings that this screen hears have changed


class Sees(Protocol):
    """Who listens: what of all that happens is news there (events.live.Viewer, .Watch)."""

    def sees(self, change: Change) -> bool: ...


@dataclass(eq=False)
class Listener:
    """One open screen: what it must be told next."""

    viewer: Sees
    ear: Ear | None = None
    warned: bool = False
    ids: set[int] = field(default_factory=set)
    everything: bool = False
    at: float = 0.0
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, changes: list[Change], at: float = 0.0):
        fresh = {change.event_id for change in changes if self.viewer.sees(change)}
        if fresh:
            self.ids |= fresh
            self.everything = self.everything or len(self.ids) > MOST_IDS
            self.at = at
            self.wake.set()

    def add_everything(self, at: float = 0.0):
        self.everything, self.at = True, at
        self.wake.set()

    def add_warnings(self, changed):
        """Standing warnings that changed; None: nobody knows which."""
        if self.ear is not None and (changed is None or self.ear.hears(changed)):
            self.warned = True
            self.wake.set()

    def take(self) -> tuple[list[int], bool]:
        """(ids of events, whether to look at everything); empty afterwards."""
        taken = sorted(self.ids) if not self.everything else [], self.everything
        self.ids, self.everything = set(), False
        self.wake.clear()
        return taken

    async def next(self, pause: float) -> tuple[list[int], bool] | str | None:
        """What is to be told, as soon as there is something: WARNINGS, or what `take` gives; None after `pause` seconds
        without. What was taken lay open in the database by `at`, a moment of the database's clock."""
        try:
            await asyncio.wait_for(self.wake.wait(), pause)
        except TimeoutError:
            return None
        if self.warned:
            self.warned = False
            if not (self.ids or self.everything):
                self.wake.clear()
            return WARNINGS
        return self.take()


class Hub:
    """The listeners of one event loop, and the task that looks for them."""

    def __init__(self):
        self.listeners: set[Listener] = set()
        self.looks = 0  # for tests: how often the database was asked
        self.looked_at = 0.0  # the database's clock at the last look: what was committed later is still to be told
        self._task: asyncio.Task | None = None
        self._ready = asyncio.Event()
        self.warnings = WarningsLook()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="live")

    @asynccontextmanager
    async def open(self, viewer: Sees, ear: Ear | None = None) -> AsyncIterator[Listener]:
        """A listener who misses nothing from here on: whatever is committed after this returns will be told; of
        warnings, what `ear` hears."""
        listener = Listener(viewer, ear)
        self.listeners.add(listener)
        if self._task is None:
            self._ready = asyncio.Event()
            self._task = asyncio.create_task(self._look(self._ready))
        try:
            await self._ready.wait()
            yield listener
        finally:
            self.listeners.discard(listener)

    async def listen(self, viewer: Sees, pause: float) -> AsyncIterator[tuple[list[int], bool] | str | None]:
        """None once every change from now on will be told; then what the screen must be told, as it happens, and None
        after `pause` seconds without anything."""
        async with self.open(viewer) as listener:
            yield None
            while True:
                yield await listener.next(pause)

    async def _look(self, ready):
        """Until the last screen is closed."""
        run, reader, said_at = asyncio.get_running_loop().run_in_executor, None, 0.0
        try:
            while self.listeners:
                begun = time.monotonic()
                try:
                    reader = reader or await run(self._thread, Reader)
                    warnings = await run(self._thread, self.warnings.look)
                    changes, too_many, self.looked_at = await run(self._thread, _read, reader)
                    self.looks += 1
                    self._tell(changes, too_many, self.looked_at)
                    self._warn(warnings)
                    ready.set()
                except Exception as error:  # whatever it is: a line that nobody looks for would still say that it lives
                    if begun - said_at > QUIET_SECONDS or not said_at:
                        said_at = begun
                        _say(error)
                    await run(self._thread, connections.close_all)
                    self.warnings = WarningsLook(missed=True)
                await asyncio.sleep(max(0.0, EVERY_SECONDS - (time.monotonic() - begun)))
        finally:
            self._task = None  # who comes while the connection is closed begins a new one
            await run(self._thread, connections.close_all)

    def _warn(self, changed):
        if changed or changed is None:
            for listener in self.listeners:
                listener.add_warnings(changed)

    def _tell(self, changes, too_many, at):
        for listener in self.listeners:
            if too_many:
                listener.add_everything(at)
            elif changes:
                listener.add(changes, at)


def _say(error):
    if isinstance(error, DatabaseError | InterfaceError):
        log.warning("The database is out of reach, open screens wait: %s", error)
    else:
        log.error("A look for open screens went wrong, they wait", exc_info=error)


def _read(reader):
    """In the hub's thread. The time is asked after the steps: what is read from then on knows them all."""
    changes, too_many = reader.read()
    return changes, too_many, database_time()


class WarningsLook:
    """One query per look, of a table of ten rows; more only when a warning has changed. `stamp`: what it knows of."""

    def __init__(self, missed=False):
        self._watcher, self._missed, self.stamp = None, missed, 0

    def look(self) -> list | None:
        """Standing warnings that changed since the last look; None once after the database was away."""
        now = versions.read()
        self.stamp = now.get("warnings", 0)
        if self._watcher is None:
            self._watcher = Watcher(now)
            return None if self._missed else []
        return self._watcher.changed(now)


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def here() -> Hub:
    """The hub of the running event loop: one per process under the server, one per test elsewhere."""
    loop = asyncio.get_running_loop()
    return _hubs.get(loop) or _hubs.setdefault(loop, Hub())
