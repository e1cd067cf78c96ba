"""Patrols of the last weeks in the demo county: most grids are walked twice a day, some villages do not keep it up.

Drawn as one block of numbers, grid by day by half-day, and copied in; the same seed and end give the same patrols.
"""

from datetime import UTC, datetime, timedelta

import numpy as np

from core.bulk import copy_rows, reset_sequence
from events.clocks import BEIJING
from fieldwork.models import Patrol
from fieldwork.rules import LONGEST, PER_DAY, SHORTEST

from .bare import bare

DAYS, DAYS_OF_MANY, MANY_GRIDS = 28, 14, 2000
# Seconds of the day: a walk of the morning is over (at most) before one of the afternoon begins.
HOURS = np.array([[7.0, 8.7, 11.0], [13.5, 15.5, 18.0]]) * 3600  # earliest, usual, latest beginning
SPREAD = 40 * 60
LENGTH, SHORTEST_WALK, LONGEST_WALK = 42 * 60, 4 * 60, 150 * 60
WEEKEND = 0.88  # of the walks of a working day
FORGOTTEN = 0.006  # of the afternoon's walks nobody finishes
COLUMNS = ("id", "grid_id", "worker_id", "day", "started_at", "ended_at", "state", "note", "key")
TABLE = "fieldwork_patrol"
State = Patrol.State


def write(grids, workers: dict[int, list[int]], end: datetime, rng: np.random.Generator) -> int:
    """Patrols of `grids` (nodes of the lowest level) by their workers until `end`. Returns how many."""
    grids = [node for node in grids if workers.get(node.id)]
    last = (end - timedelta(seconds=1)).astimezone(BEIJING).date()
    days = DAYS if len(grids) <= MANY_GRIDS else DAYS_OF_MANY
    span = [last - timedelta(days=days - 1 - n) for n in range(days)]
    walked = rng.random((len(grids), days, PER_DAY)) < _chances(grids, span, rng)
    which, day, half = np.nonzero(walked)
    midnight = datetime(span[0].year, span[0].month, span[0].day, tzinfo=BEIJING).timestamp()
    earliest, usual, latest = HOURS[half].T
    began = np.clip(rng.normal(usual, SPREAD), earliest, latest).astype(int) + midnight + day * 86400
    length = np.clip(rng.lognormal(np.log(LENGTH), 0.45, len(began)), SHORTEST_WALK, LONGEST_WALK).astype(int)
    forgotten = (half == 1) & (rng.random(len(began)) < FORGOTTEN)
    length[forgotten] = LONGEST.total_seconds()
    order = np.argsort(began, kind="stable")
    order = order[began[order] < end.timestamp()]
    drawn = zip(
        *(column[order].tolist() for column in (which, day, half, began, length, forgotten)), strict=True
    )
    with bare([TABLE]):
        count = copy_rows(TABLE, COLUMNS, _rows(drawn, grids, workers, span, end.timestamp()))
    reset_sequence(TABLE)
    return count


def _chances(grids, span, rng):
    """How likely each grid is walked on each half of each day: by its town, its village, the worker, the weekday."""
    villages, village = np.unique([node.parent.id for node in grids], return_inverse=True)
    towns, town = np.unique([node.parent.parent.id for node in grids], return_inverse=True)
    care = rng.beta(8, 0.8, len(towns))[town] * rng.beta(40, 1.5, len(villages))[village]
    of_grid = np.clip(care + rng.normal(0.03, 0.05, len(grids)), 0.05, 0.995)
    of_day = np.array([WEEKEND if day.weekday() >= 5 else 1.0 for day in span])
    return of_grid[:, None, None] * of_day[None, :, None]


def _rows(drawn, grids, workers, span, end):
    shortest = SHORTEST.total_seconds()
    for pk, (which, day, half, began, length, forgotten) in enumerate(drawn, 1):
        own = workers[grids[which].id]
        over = began + length <= end
        if not over:
            state = State.UNDER_WAY
        elif forgotten:
            state = State.LEFT_OPEN
        else:
            state = State.FINISHED if length >= shortest else State.SHORT
        yield (
            pk, grids[which].id, own[(day + half) % len(own)], span[day], datetime.fromtimestamp(began, UTC),
            datetime.fromtimestamp(began + length, UTC) if over else None, str(state), "", f"demo-{pk}",
        )  # fmt: skip
