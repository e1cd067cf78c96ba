"""When, where and what: the reports of a demo county, drawn all at once before each one's story is told."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import shapely

from events.clocks import BEIJING, WorkCalendar

from . import names
from .places import Node, Place
from .story import FATES

SOURCES = ("worker", "resident", "hotline", "operator", "department", "sensor")
SOURCE_SHARES = (0.80, 0.08, 0.06, 0.03, 0.015, 0.015)
OUTSIDE = 0.003  # reports with a point outside every grid
REPEATS = 0.018
# Reports by hour of the day: workers on their two rounds, residents until late, sensors always.
_FIELD = (0, 0, 0, 0, 0, 0, 1, 5, 14, 18, 16, 9, 4, 5, 13, 17, 15, 9, 4, 3, 2, 1, 0, 0)
_PUBLIC = (1, 0, 0, 0, 0, 1, 2, 5, 9, 10, 9, 7, 6, 6, 7, 8, 8, 8, 8, 9, 8, 6, 4, 2)
HOURS = {"worker": _FIELD, "operator": _FIELD, "department": _FIELD, "resident": _PUBLIC, "hotline": _PUBLIC}
WEEK = (1.08, 1.05, 1.03, 1.0, 1.0, 0.72, 0.62)
# How often each major class occurs, how often a worker settles it on the spot, and in which months it swells.
CLASSES = {
    "C01": (4, 0.07), "C02": (4, 0.07), "C03": (3, 0.11), "C04": (2, 0.11), "C05": (1, 0.07),
    "E01": (18, 0.39), "E02": (2, 0.35), "E03": (3, 0.18), "E04": (8, 0.42), "E05": (1, 0.05), "E06": (1, 0.28),
    "G11": (11, 0.32), "G12": (6, 0.18), "G13": (13, 0.35), "G14": (6, 0.49), "G15": (3, 0.07), "G16": (4, 0.21),
    "G17": (10, 0.25), "G18": (2, 0.25), "G19": (12, 0.56), "G20": (3, 0.28),
}  # fmt: skip
SEASONS = {
    "G13": (1.3, 1.3, 1.0, 0.9, 0.9, 1.0, 1.1, 1.1, 1.0, 1.0, 1.1, 1.3),
    "G16": (0.6, 0.6, 0.8, 1.0, 1.3, 1.8, 1.8, 1.5, 1.1, 0.8, 0.7, 0.6),
    "C04": (0.7, 0.8, 1.3, 1.3, 1.2, 1.2, 1.2, 1.1, 1.0, 0.9, 0.8, 0.7),
    "G11": (1.5, 1.3, 0.9, 0.9, 0.9, 0.9, 1.0, 1.0, 0.9, 0.9, 1.0, 1.2),
}


@dataclass
class Reports:
    """Columns of equal length, in the order of `at`."""

    at: list[datetime]
    source: list[str]
    grid: np.ndarray  # index into the list of grids
    lon: np.ndarray
    lat: np.ndarray
    placed: np.ndarray
    standard: np.ndarray  # ids
    settled: np.ndarray
    urgency: list[str]
    repeat_of: np.ndarray  # index of an earlier report, -1 for none
    place: list[str]
    fate: list[str]

    def __len__(self):
        return len(self.at)


def start_of(until: date, months: int) -> date:
    """The same day `months` months earlier (the last of a shorter month)."""
    year, month = divmod(until.year * 12 + until.month - 1 - months, 12)
    for day in (until.day, 30, 29, 28):
        try:
            return date(year, month + 1, day)
        except ValueError:
            continue
    raise ValueError(f"no day {months} months before {until}")


class Planner:
    """Draws the reports; `standards` are events.limits entries by id with their major class in `majors`."""

    def __init__(self, place: Place, grids: list[Node], calendar: WorkCalendar, standards: dict, rng):
        self.place, self.grids, self.calendar, self.rng = place, grids, calendar, rng
        self.standards = standards
        self.ids = np.array(sorted(standards))
        self.major = np.array([_major(standards[pk].code) for pk in self.ids])
        self.liking = rng.lognormal(0, 0.8, len(self.ids))

    def reports(self, first: date, until: date, end: datetime) -> Reports:
        """All reports from the morning of `first` to `end`."""
        at, source = self._times(first, until)
        keep = at < end.timestamp()
        at, source = at[keep], source[keep]
        count = len(at)
        grid = self._grids(count)
        lon, lat = self._points(grid)
        standard = self._standards(at)
        settled = (source == 0) & (self.rng.random(count) < self._on_spot(standard))
        placed = settled | (self.rng.random(count) > OUTSIDE)
        self._move_outside(lon, lat, np.flatnonzero(~placed))
        repeat_of = self._repeats(at, grid, lon, lat, standard, settled, placed)
        settled &= repeat_of < 0
        urgency = self._urgency(standard, settled)
        fate = self._fates(at, end, source, settled, placed, repeat_of, grid, lon, lat, standard)
        moments = [datetime.fromtimestamp(t, BEIJING) for t in at.tolist()]
        return Reports(
            moments, [SOURCES[s] for s in source], grid, lon, lat, placed, standard, settled, urgency, repeat_of,
            self._places(grid), fate,
        )  # fmt: skip

    def _times(self, first, until):
        days = [first + timedelta(days=n) for n in range((until - first).days + 1)]
        weight = np.array(
            [WEEK[d.weekday()] * (1 if self.calendar.is_working(d) or d.weekday() > 4 else 0.5) for d in days]
        )
        weight *= np.linspace(0.94, 1.06, len(days)) * self.rng.lognormal(0, 0.08, len(days))
        total = self.rng.poisson(self.place.monthly * len(days) / 30.4)
        day = self.rng.choice(len(days), total, p=weight / weight.sum())
        source = self.rng.choice(len(SOURCES), total, p=SOURCE_SHARES)
        hour = np.zeros(total)
        for index, name in enumerate(SOURCES):
            which = source == index
            odds = np.array(HOURS.get(name, (1,) * 24), dtype=float)
            hour[which] = self.rng.choice(24, which.sum(), p=odds / odds.sum())
        midnight = datetime(first.year, first.month, first.day, tzinfo=BEIJING).timestamp()
        at = np.round(midnight + day * 86400 + hour * 3600 + self.rng.uniform(0, 3600, total), 3)
        order = np.argsort(at, kind="stable")
        return at[order], source[order]

    def _grids(self, count):
        odds = self.rng.lognormal(0, 0.45, len(self.grids))
        self._polygons = np.array([node.shape for node in self.grids])
        return self.rng.choice(len(self.grids), count, p=odds / odds.sum())

    def _points(self, grid):
        """A random point inside each event's grid: boxes first, tried again until they hit."""
        shapely.prepare(self._polygons)
        box = shapely.bounds(self._polygons)
        lon, lat = np.empty(len(grid)), np.empty(len(grid))
        left = np.arange(len(grid))
        while len(left):
            west, south, east, north = box[grid[left]].T
            lon[left] = np.round(self.rng.uniform(west, east), 6)
            lat[left] = np.round(self.rng.uniform(south, north), 6)
            left = left[~shapely.contains_xy(self._polygons[grid[left]], lon[left], lat[left])]
        return lon, lat

    def _move_outside(self, lon, lat, which):
        """Points over the border of the county, in its neighbour."""
        whole = shapely.union_all(self._polygons)
        west, south, east, north = whole.bounds
        for index in which:
            while shapely.intersects_xy(whole, lon[index], lat[index]):
                lon[index] = round(self.rng.uniform(west - 0.01, east + 0.01), 6)
                lat[index] = round(self.rng.uniform(south - 0.01, north + 0.01), 6)

    def _standards(self, at):
        month = np.array([datetime.fromtimestamp(t, BEIJING).month for t in at.tolist()])
        chosen = np.empty(len(at), dtype=np.int64)
        share = {major: self.liking[self.major == major].sum() for major in set(self.major)}
        base = np.array([CLASSES[m][0] / share[m] for m in self.major]) * self.liking
        for number in range(1, 13):
            which = month == number
            season = np.array([SEASONS[m][number - 1] if m in SEASONS else 1.0 for m in self.major])
            odds = base * season
            chosen[which] = self.rng.choice(self.ids, which.sum(), p=odds / odds.sum())
        return chosen

    def _on_spot(self, standard):
        by_id = dict(zip(self.ids.tolist(), (CLASSES[m][1] for m in self.major), strict=True))
        return np.array([by_id[pk] for pk in standard.tolist()])

    def _repeats(self, at, grid, lon, lat, standard, settled, placed):
        """Some reports repeat one of the day before, a few metres away."""
        repeat_of = np.full(len(at), -1)
        for index in np.flatnonzero(self.rng.random(len(at)) < REPEATS):
            since = int(np.searchsorted(at, at[index] - 20 * 3600))
            # Most repeats come soon after the first report.
            other = index - 1 - int(self.rng.exponential(max(1, (index - since) / 3)))
            if other >= since and placed[other] and placed[index] and not settled[other] and repeat_of[other] < 0:
                self._repeat(index, other, repeat_of, grid, lon, lat, standard)
        return repeat_of

    def _repeat(self, index, other, repeat_of, grid, lon, lat, standard):
        repeat_of[index], grid[index], standard[index] = other, grid[other], standard[other]
        near = np.round(np.add((lon[other], lat[other]), self.rng.normal(0, 1e-4, 2)), 6)
        inside = shapely.contains_xy(self._polygons[grid[other]], *near)
        lon[index], lat[index] = near if inside else (lon[other], lat[other])

    def _urgency(self, standard, settled):
        found = []
        luck = self.rng.random(len(standard))
        for pk, chance, done in zip(standard.tolist(), luck.tolist(), settled.tolist(), strict=True):
            entry = self.standards[pk]
            if done or not entry.limit_unit.startswith("urgent"):
                found.append("urgent" if chance < 0.03 and not done else "normal")
            else:
                found.append("critical" if entry.limit <= 2 and chance < 0.3 else "urgent")
        return found

    def _fates(self, at, end, source, settled, placed, repeat_of, grid, lon, lat, standard):
        """A short demo, too, must show every status and every move: a few recent events are told what befalls them."""
        fate = [""] * len(at)
        latest = end.timestamp()
        recent = (at > latest - 10 * 86400) & (at < latest - 2 * 86400)
        fit = np.flatnonzero(recent & (source == 0) & ~settled & placed & (repeat_of < 0))
        if len(fit) < 2 * len(FATES):
            return fate
        for name, index in zip(FATES, fit[:: len(fit) // len(FATES)], strict=False):
            fate[index] = name
            if name == "merge" and index:
                others = [o for o in range(max(0, index - 40), index) if fit_to_repeat(o, at, index, placed, settled)]
                if others:
                    self._repeat(index, others[-1], repeat_of, grid, lon, lat, standard)
        return fate

    def _places(self, grid):
        spots: dict[str, list[str]] = {}
        found = []
        pick = self.rng.integers(0, 60, len(grid))
        for index, number in zip(grid.tolist(), pick.tolist(), strict=True):
            village = self.grids[index].parent
            while village.level > 3 or "-G" in village.code:
                village = village.parent
            if village.code not in spots:
                spots[village.code] = names.spots(village.name, 60, self.rng)
            found.append(spots[village.code][number])
        return found


def fit_to_repeat(other, at, index, placed, settled) -> bool:
    """Whether report `index` can be a repeat of `other`: within a day, in a grid, not settled already."""
    return bool(placed[other] and not settled[other] and at[index] - at[other] < 20 * 3600)


def _major(code: str) -> str:
    """C0101-1 → C01"""
    return code[:3]
