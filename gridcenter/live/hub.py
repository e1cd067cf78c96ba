"""One look into the database for all open screens of this process, handed out to those who may know.

Nothing is sent from one process to another and no Redis is needed: every process looks by itself, a few times a
second, while somebody is listening. A screen that is slow misses nothing either: what it has not taken yet is one
set of ids, and too many of them become "look at everything again".
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from django.db import DatabaseError, InterfaceError, connections

from core import versions
from duty.live import Ear, Watcher
from events.live import Change, Reader, Viewer

log = logging.getLogger(__name__)
EVERY_SECONDS = 0.4  # between two looks: a step is on the screen within a second
MOST_IDS = 200
QUIET_SECONDS = 60
WARNINGS = "warnings"  # told when warnings that this screen hears have changed


@dataclass(eq=False)
class Listener:
    """One open screen: what it must be told next."""

    viewer: Viewer
    ear: Ear | None = None
    warned: bool = False
    ids: set[int] = field(default_factory=set)
    everything: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, changes: list[Change]):
        fresh = {change.event_id for change in changes if self.viewer.sees(change)}
        if fresh:
            self.ids |= fresh
            self.everything = self.everything or len(self.ids) > MOST_IDS
            self.wake.set()

    def add_everything(self):
        self.everything = True
        self.wake.set()

    def add_warnings(self, changed):
        """Standing warnings that changed; None: nobody knows which."""
        if self.ear is not None and (changed is None or self.ear.hears(changed)):
            self.warned = True
            self.wake.set()

    def take_all(self) -> Iterator[tuple[list[int], bool] | str]:
        """All that is to be told now; nothing is left afterwards."""
        if self.warned:
            self.warned = False
            yield WARNINGS
        if self.ids or self.everything:
            yield self.take()
        self.wake.clear()

    def take(self) -> tuple[list[int], bool]:
        """(ids of events, whether to look at everything); empty afterwards."""
        taken = sorted(self.ids) if not self.everything else [], self.everything
        self.ids, self.everything = set(), False
        self.wake.clear()
        return taken


class Hub:
    """The listeners of one event loop, and the task that looks for them."""

    def __init__(self):
        self.listeners: set[Listener] = set()
        self.looks = 0  # for tests: how often the database was asked
        self._task: asyncio.Task | None = None
        self._reading = asyncio.Event()  # set while it is known from where on changes are told
        self.warnings = WarningsLook()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="live")

    async def listen(
        self, viewer: Viewer, pause: float, ear: Ear | None = None
    ) -> AsyncIterator[tuple[list[int], bool] | str | None]:
        """None once every change from now on will be told; then what the screen must be told, as it happens, and None
        after `pause` seconds without anything."""
        listener = Listener(viewer, ear)
        self.listeners.add(listener)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
        try:
            with contextlib.suppress(TimeoutError):  # the database is out of reach: told when it is back
                await asyncio.wait_for(self._reading.wait(), pause)
            yield None
            while True:
                try:
                    await asyncio.wait_for(listener.wake.wait(), pause)
                    for told in list(listener.take_all()):
                        yield told
                except TimeoutError:
                    yield None
        finally:
            self.listeners.discard(listener)

    async def _look(self):
        """Until the last screen is closed."""
        run, reader, said_at = asyncio.get_running_loop().run_in_executor, None, 0.0
        try:
            while self.listeners:
                begun = time.monotonic()
                try:
                    reader = reader or await run(self._thread, Reader)
                    warnings = await run(self._thread, self.warnings.look)
                    self._reading.set()
                    changes, too_many = await run(self._thread, reader.read)
                    self.looks += 1
                    self._tell(changes, too_many)
                    self._warn(warnings)
                except (DatabaseError, InterfaceError) as error:
                    if begun - said_at > QUIET_SECONDS or not said_at:
                        said_at = begun
                        log.warning("The database is out of reach, open screens wait: %s", error)
                    await run(self._thread, connections.close_all)
                    self.warnings = WarningsLook(missed=True)
                    if reader is None:
                        self._tell([], True)
                await asyncio.sleep(max(0.0, EVERY_SECONDS - (time.monotonic() - begun)))
        finally:
            # At once: a screen that opens while the connection is closed begins a task of its own.
            self._task = None
            self._reading.clear()
            await run(self._thread, connections.close_all)

    def _warn(self, changed):
        if changed or changed is None:
            for listener in self.listeners:
                listener.add_warnings(changed)

    def _tell(self, changes, too_many):
        for listener in self.listeners:
            if too_many:
                listener.add_everything()
            elif changes:
                listener.add(changes)


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
