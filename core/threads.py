"""A pool of few lasting threads that prefers the one that worked last."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from queue import Empty
from threading import Lock


class _LastFirst:
    """A queue of work for several threads: of those that wait, the one that came last gets the next piece."""

    def __init__(self):
        self._lock = Lock()
        self._work: deque = deque()
        self._waiting: list[tuple[Lock, list]] = []

    def put(self, item) -> None:
        with self._lock:
            if not self._waiting:
                self._work.append(item)
                return
            gate, box = self._waiting.pop()
        box.append(item)
        gate.release()

    def get(self, block: bool = True):
        with self._lock:
            if self._work:
                return self._work.popleft()
            gate, box = Lock(), []
            gate.acquire()
            self._waiting.append((gate, box))
        gate.acquire()
        return box[0]

    def get_nowait(self):
        with self._lock:
            if not self._work:
                raise Empty
            return self._work.popleft()


class WarmFirst(ThreadPoolExecutor):
    """A ThreadPoolExecutor whose threads do not take turns. Each holds a database connection, whose statements are planned
    and whose catalogues are read anew: requests that come one after the other meet one that has been used, and others
    only where several come at once."""

    def __init__(self, most: int, name: str):
        super().__init__(most, thread_name_prefix=name)
        self._work_queue = _LastFirst()  # the pool's own gives its threads turns, and takes no other
