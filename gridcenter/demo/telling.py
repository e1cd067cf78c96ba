"""Who reports what, and the story it becomes: in the order of the reports, on a core of its own if there are many.

Telling needs no database and takes as long as chaining and writing what was told. So a forked process tells a few
batches ahead of the one that holds the transaction. Each story begins from its own seed: whoever tells it, it is the
same.
"""

import gc
import os
import pickle
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from random import Random
from uuid import UUID

from . import names, texts
from .life import Life, World
from .people import path_of
from .places import Node
from .plan import Reports
from .story import Cast, Plot, Story

BEYOND = 0xDA942042E4DD58B5  # an odd number that spreads seeds
BATCH, AHEAD = 1000, 3  # stories handed over at a time, and how many such batches may wait to be written
WORTH_A_PROCESS = 5 * BATCH


class Teller:
    """Tells the stories of `plan`, each once and in order: a repeat asks what became of the event before it.

    `grids` are those that the plan's numbers mean, `entries` the standards by id.
    """

    def __init__(self, world: World, cast: Cast, plan: Reports, grids: list[Node], root: Node, entries: dict, seed: int):
        self.world, self.cast, self.plan, self.entries, self.seed = world, cast, plan, entries, seed
        self.places = [(node.id, node.code, path_of(node)) for node in grids]
        self.outside = (root.id, path_of(root))
        self.r = Random()
        self.status: dict[int, str] = {}  # by event id

    def tell(self, first: int, stop: int) -> list[Life]:
        """The lives of the reports from `first` until before `stop`, whose ids are one more."""
        return [self._life(index) for index in range(first, stop)]

    def _life(self, index):
        plan, r = self.plan, self.r
        r.seed(self.seed * BEYOND + index)
        grid = self.places[int(plan.grid[index])]
        life = Life(self.world, UUID(int=r.getrandbits(128), version=4), plan.at[index])
        life.id = index + 1
        life.source = source = plan.source[index]
        life.lon, life.lat = float(plan.lon[index]), float(plan.lat[index])
        life.placed = bool(plan.placed[index])
        life.grid_id, life.path = (grid[0], grid[2]) if life.placed else self.outside
        settled, standard = bool(plan.settled[index]), int(plan.standard[index])
        life.standard_id = standard if settled or r.random() < 0.9 else None
        life.urgency = urgency = plan.urgency[index]
        life.place = plan.place[index] if life.placed else ""
        life.description = texts.description(source, self.entries[standard], r)
        actor, unit = self._reporter(life, grid[0])
        if source in ("resident", "hotline"):
            life.contact_name, life.contact_phone = names.caller(r)
        repeat = self._repeat(int(plan.repeat_of[index]))
        plot = Plot(standard, urgency, settled, actor, unit, grid, repeat, plan.fate[index])
        Story(life, self.world, self.cast, r, plot).tell()
        self.status[life.id] = str(life.status)
        return life

    def _reporter(self, life, grid_id):
        """(person, unit) that reports, and the centre that holds the event first."""
        top = life.source in ("hotline", "sensor", "department") or not life.placed
        centre = self.world.directory.centre_for(life.path, 0 if top else 3).pk
        life.holder_id = life.centre_id = centre
        if life.source == "worker":
            return self.cast.worker(grid_id, self.r), None
        return self.cast.person(centre, self.r), centre

    def _repeat(self, other):
        """The id of the repeated event, unless that one came to nothing."""
        if other < 0 or self.status.get(other + 1) in (None, "rejected", "merged", "cancelled"):
            return None
        return other + 1


def told(teller: Teller, count: int) -> Iterator[Life]:
    """The first `count` lives in order. What fails in the other process is raised here; if it is killed,
    BrokenProcessPool is."""
    batches = [(first, min(first + BATCH, count)) for first in range(0, count, BATCH)]
    if count < WORTH_A_PROCESS or len(os.sched_getaffinity(0)) < 2:
        for batch in batches:
            yield from teller.tell(*batch)
        return
    waiting: deque[Future[bytes]] = deque()
    # Forked, the other process has the territory without reading it again; the connection it inherits it leaves alone.
    with ProcessPoolExecutor(1, get_context("fork"), initializer=_take_over, initargs=(teller,)) as other:
        for batch in batches:
            waiting.append(other.submit(_tell, *batch))
            if len(waiting) > AHEAD:
                yield from pickle.loads(waiting.popleft().result())
        while waiting:
            yield from pickle.loads(waiting.popleft().result())


@contextmanager
def without_searching():
    """Lives hold no circles, but there are so many of them that looking for circles takes an eighth of the time."""
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()


_teller: Teller | None = None  # in the process that tells


def _take_over(teller):
    global _teller
    _teller = teller
    gc.disable()  # as in without_searching


def _tell(first, stop) -> bytes:
    """The lives pickled: else the pool would unpack them on a thread, which hinders the one that writes."""
    lives = _teller.tell(first, stop)
    for life in lives:
        life.around = None  # the world stays here
    return pickle.dumps(lives)
