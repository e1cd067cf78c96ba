"""Plans a registry and writes it: COPY of each table, without its indexes until all rows are there."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import chain

import numpy as np
from django.db import connection

from accounts.roles import WORKER_ROLES
from core.bulk import copy_rows, reset_sequence
from events.models import Event
from gridcenter.demo.bare import bare
from gridcenter.demo.names import SURNAME_SHARES
from gridcenter.demo.places import Node, Place
from grids.models import Post

from . import care, families, gone, homes, land, persons, rows
from .size import TIANYUAN, Size

LOST = 0.0012  # households whose dwelling nobody has noted
CALLED_EMPTY = 0.0025  # dwellings called empty in which somebody lives
TWO_HEADS = 0.0006
THIN, DENSE = 200, 1400  # people a grid: fewer look empty; as many as a lively grid has


class Filler:
    """One registry: the same grids, size, seed and day give the same people."""

    def __init__(self, grids: list, size: Size, prefix: str, today: date, seed: int,
                 say: Callable[[str], object] = lambda text: None):  # fmt: skip
        self.grids, self.size, self.prefix, self.today, self.say = grids, size, prefix, today, say
        self.seed = seed
        self.grid_ids = np.array([node.id for node in grids])
        self.urban = np.array([node.parent.urban for node in grids])

    def rng(self, name: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, *f"registry {name}".encode()])

    def plan(self):
        """Decide on every record, in memory."""
        self.land = land.plan(self.grids, self.size, self.rng("land"))
        self.homes = homes.plan(self.land, self.urban, self.rng("homes"))
        self.dwelling = homes.lived_in(self.homes, self.size.households, self.rng("lived in"))
        rented = self.homes.use[self.dwelling] == homes.RENTED
        rural = ~self.urban[self.homes.grid[self.dwelling]]
        rng = self.rng("families")
        self.families = families.plan(rented, rural, self.size.people, SURNAME_SHARES, rng)
        self.persons = persons.plan(self.families, rented, self.prefix, self.today, self.rng("persons"))
        self.since = self._since(rented, self.rng("since"))
        self.moved = ~rented & (self.rng("moved").random(len(rented)) < gone.MOVED)
        self._spoil(self.rng("defects"))
        return self

    def _spoil(self, rng):
        """What a registry has wrong after two years: the board of data quality is to find it."""
        self.lost = np.zeros(len(self.dwelling), bool)
        self.lost[_some(len(self.dwelling), LOST, rng)] = True
        self.homes.use[self.dwelling[_some(len(self.dwelling), CALLED_EMPTY, rng)]] = homes.EMPTY
        wives = np.flatnonzero(self.families.relation == "10")
        self.families.relation[wives[_some(len(wives), TWO_HEADS, rng)]] = "02"
        others = np.flatnonzero(self.families.relation != "02")
        self.families.relation[others[_some(len(others), rows.UNRELATED, rng)]] = ""

    def _since(self, rented, rng):
        """The day each household moved in."""
        days = np.where(rented, rng.integers(20, 1500, len(rented)), rng.integers(300, 9000, len(rented)))
        built = (self.today.year - self.land.built[self.homes.building[self.dwelling]]) * 365
        return np.datetime64(self.today, "D") - np.minimum(days, np.maximum(built, 30))

    def write(self) -> dict[str, int]:
        """COPY everything in the caller's transaction; returns the counts."""
        made, leavers, registers = rows.Rows(self), gone.Gone(self), care.Registers(self)
        counts = {}
        # On SQLite a head who is not there yet is looked for with every resident that comes: by index, please.
        with bare(list(rows.TABLES) if connection.vendor == "postgresql" else []):
            for table, columns, each in made.tables():
                counts[table.removeprefix("residents_")] = copy_rows(table, columns, each)
            counts["gone"] = copy_rows(
                "residents_resident", rows.TABLES["residents_resident"], leavers.residents()
            )
            stays = leavers.stays(counts["stay"] + 1)
            counts["earlier stays"] = copy_rows("residents_stay", rows.TABLES["residents_stay"], stays)
        with bare(["residents_carerecord"]):
            counts["care"] = copy_rows("residents_carerecord", care.CARE_COLUMNS, registers.care())
        care.write_visits()
        counts["special"] = self._seal(registers)
        reset_sequence(*rows.TABLES, "residents_carerecord", "residents_supportrecord")
        return counts

    def _seal(self, registers):
        """The statutory registers with their history."""
        both = list(registers.statutory())
        copy_rows("residents_change", care.CHANGE_COLUMNS, (change for _row, change in both))
        return copy_rows("residents_supportrecord", care.SUPPORT_COLUMNS, (row for row, _change in both))

    def day_ago(self, days: int) -> date:
        return self.today - timedelta(days=days)

    def instant(self, day: date) -> datetime:
        """That morning."""
        return datetime(day.year, day.month, day.day, 1, 30, tzinfo=UTC)


def _some(count, share, rng):
    """A share of so many things, one at least."""
    return rng.choice(count, max(1, round(count * share)), replace=False)


def filling(place: Place, root: Node, people: int, today: date, seed: int) -> Filler:
    """A registry of `people` for a place: of all its grids, or of a few communities if that is too thin."""
    grids = [node for node in root.walk() if node.level == 4 and node.kept]
    if people < len(grids) * THIN:
        grids = _communities(grids, people)
    return Filler(grids, TIANYUAN.scaled(people), place.prefix, today, seed)


def _communities(grids, people):
    """Whole communities and villages until they are lively: those of the demo's logins first, then their neighbours."""
    open_events = Event.objects.open().values_list("grid_id", "holder_id")
    load = Counter(chain.from_iterable((("grid", grid), ("unit", unit)) for grid, unit in open_events))
    by_id = {node.id: node for leaf in grids for node in _upwards(leaf)}
    busiest = sorted(grids, key=lambda node: (-load["grid", node.id], node.id))
    chosen = [grids[0].parent, *(by_id[pk] for pk in _served(load) if pk in by_id)]
    villages: dict = {}  # in this order, each once
    for node in [*chosen, *grids[0].parent.parent.children]:
        home = node.parent if node.level == 4 else node
        if home.level < 3:  # a town: its busiest village
            home = next(leaf.parent for leaf in busiest if home in _upwards(leaf))
        if node in chosen or sum(len(village.children) for village in villages) < people / DENSE:
            villages[home] = None
    return [node for node in grids if node.parent in villages]


def _served(load):
    """Grids of those whom `demo_logins` prints: the busiest worker of each kind, station and town."""
    posts = Post.objects.on().order_by("pk")
    workers = posts.filter(role__in=WORKER_ROLES).values_list("role", "grid_id", "grid_id")
    desks = posts.filter(role="operator", unit__grid__level__in=(2, 3))
    desks = desks.values_list("unit__grid__level", "unit_id", "unit__grid_id")
    best: dict = {}
    for kind, place, grid in [*workers, *desks]:
        open_here = load["grid" if kind in WORKER_ROLES else "unit", place]
        if kind not in best or open_here > best[kind][0]:
            best[kind] = (open_here, grid)
    return [grid for _load, grid in best.values()]


def _upwards(node):
    while node is not None:
        yield node
        node = node.parent
