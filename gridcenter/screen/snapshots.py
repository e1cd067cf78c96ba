"""The figures of a territory, made once per change for all screens of this process that show it.

A snapshot belongs to one territory and holds nothing but sums and events inside it: who may open a screen of the
territory (screen.territory.find, asked before) may see all of it, whoever they are. It carries no words of an
interface language and nothing of a person.
"""

import gzip
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

import orjson
from django.db import connection

from core.clock import database_time

MOST_AGE_SECONDS = 5.0  # lights and rates move with the clock, without any step
KEPT = 200  # territories per process, the last ones asked for
GZIP_LEVEL = 4


@dataclass(frozen=True)
class Snapshot:
    """`at`: the database's clock before the first figure was read; every step committed until then is in it. `cost`:
    seconds that reading took. `body`: JSON; `packed`: the same, gzipped; `etag` changes exactly when `body` does."""

    at: float
    made: float
    cost: float
    body: bytes
    packed: bytes
    etag: str

    @property
    def is_old(self) -> bool:
        """Figures that take long are renewed less often: a wall must not take a tenth of the machine."""
        return time.monotonic() - self.made > max(MOST_AGE_SECONDS, 10 * self.cost)


class Store:
    """Snapshots by key. One maker at a time for each; who comes meanwhile waits and shares what it made."""

    def __init__(self, make: Callable[[str], dict]):
        self._make = make
        self._kept: OrderedDict[tuple, Snapshot] = OrderedDict()
        self._flights: dict[tuple, Lock] = {}
        self._lock = Lock()
        self.made = 0  # for tests and the bench: how often figures were read

    def get(self, path: str, after: float = 0.0) -> Snapshot:
        """The figures of the territory at `path`, not older than MOST_AGE_SECONDS, with every step that was committed
        before `after` (seconds of the database's clock)."""
        key = (connection.settings_dict["NAME"], path)
        found = self._fresh(key, after)
        if found:
            return found
        with self._lock:
            flight = self._flights.setdefault(key, Lock())
        with flight:
            return self._fresh(key, after) or self._fly(key, path)

    def _fresh(self, key, after) -> Snapshot | None:
        with self._lock:
            found = self._kept.get(key)
            if found is None or found.at < after or found.is_old:
                return None
            self._kept.move_to_end(key)
            return found

    def _fly(self, key, path) -> Snapshot:
        at, made = database_time(), time.monotonic()
        made_of = self._make(path)
        cost = time.monotonic() - made
        body = orjson.dumps(made_of, option=orjson.OPT_NON_STR_KEYS)
        packed = gzip.compress(body, GZIP_LEVEL, mtime=0)
        snapshot = Snapshot(at, made, cost, body, packed, f'"{hashlib.sha256(body).hexdigest()[:24]}"')
        with self._lock:
            self.made += 1
            self._kept[key] = snapshot
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                old, _snapshot = self._kept.popitem(last=False)
                self._flights.pop(old, None)
        return snapshot

    def forget(self):
        """Make all anew at the next `get` (tests, whose databases are rolled back)."""
        with self._lock:
            self._kept.clear()
