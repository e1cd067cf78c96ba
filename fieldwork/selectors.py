"""Reads of patrols: coverage of a territory, and what a worker has walked today."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from fieldwork.models import Patrol
from fieldwork.rules import ADD, PER_DAY, SHORTEST, WINDOW_DAYS
from grids.models import Grid
from grids.scope import Scope

LOWEST = 4


@dataclass(frozen=True)
class Coverage:
    """Counted patrols, at most PER_DAY of a grid's day, of those that grids in force were owed."""

    done: int
    owed: int

    @property
    def share(self) -> float | None:
        return self.done / self.owed if self.owed else None


NOTHING = Coverage(0, 0)
# Dates are parameters; how a day is counted and the lesser of two is named differs.
_WORDS = {
    "postgresql": {"least": "LEAST", "greatest": "GREATEST", "days": "({until} - {since})"},
    "sqlite": {
        "least": "MIN", "greatest": "MAX", "days": "CAST(julianday({until}) - julianday({since}) AS INTEGER)"
    },
}  # fmt: skip
_COVERAGE = """
SELECT child, SUM(owed), SUM(done) FROM (
  SELECT {child} AS child, {per_day} * {days} AS owed, (
    SELECT COALESCE(SUM({least}(walks, {per_day})), 0) FROM (
      SELECT COUNT(*) AS walks FROM fieldwork_patrol p
      WHERE p.grid_id = g.id AND p.state = 'finished' AND p.day >= {since} AND p.day < {until}
      GROUP BY p.day
    ) of_days
  ) AS done
  FROM grids_grid g {above}
  WHERE g.level = {lowest} AND {top} = %(grid)s
    AND g.valid_from < %(end)s AND (g.valid_until IS NULL OR g.valid_until > %(start)s)
) of_grids GROUP BY child
"""


def window(now=None) -> tuple[date, date]:
    """The days of coverage: the last WINDOW_DAYS that are over, end excluded. What happens today shows tomorrow."""
    today = timezone.localdate(now)
    return today - timedelta(days=WINDOW_DAYS), today


def coverage(grid: Grid, now=None) -> dict[int, Coverage]:
    """{id of a grid right below `grid` (of the lowest level: itself): its coverage}. One query; callers check scope.

    A grid is owed patrols for the days on which it was in force; those of other days do not count.
    """
    start, end = window(now)
    with connection.cursor() as cursor:
        cursor.execute(_sql(grid.level), {"grid": grid.pk, "start": start, "end": end})
        return {child: Coverage(int(done), int(owed)) for child, owed, done in cursor.fetchall()}


def coverage_of(grid: Grid, now=None) -> Coverage:
    """Of one grid with all below it."""
    found = coverage(grid, now).values()
    return Coverage(sum(one.done for one in found), sum(one.owed for one in found))


def _sql(level) -> str:
    """Grids of the lowest level with each ancestor down to right below `level`, by the index of parents."""
    words = _WORDS[connection.vendor]
    since = f"{words['greatest']}(g.valid_from, %(start)s)"
    until = f"{words['least']}(COALESCE(g.valid_until, %(end)s), %(end)s)"
    above, child = "", "g"
    for up in range(LOWEST - 1 - level):
        above += f" JOIN grids_grid a{up} ON a{up}.id = {child}.parent_id"
        child = f"a{up}"
    return _COVERAGE.format(
        child=f"{child}.id", top=f"{child}.{'parent_id' if level < LOWEST else 'id'}", above=above, since=since,
        until=until, days=words["days"].format(since=since, until=until), least=words["least"], per_day=PER_DAY,
        lowest=LOWEST,
    )  # fmt: skip


@dataclass
class Today:
    """A grid that a worker walks: how often it has been walked today, and the worker's patrol under way, if it is here."""

    grid_id: int
    done: int = 0
    patrol: Patrol | None = None

    @property
    def counts_from(self):
        """When the patrol under way begins to count."""
        return self.patrol.started_at + SHORTEST


def today_of(user, now=None) -> list[Today]:
    """The grids that this person walks, in the order of their posts; none for others. At most one query."""
    paths = [seat.path for seat in Scope.of(user).seats if seat.may(ADD)]
    found = {pk: Today(pk) for pk in dict.fromkeys(int(path.split("/")[-2]) for path in paths)}
    if not found:
        return []
    walked = Q(grid__in=list(found), day=timezone.localdate(now), state=Patrol.State.FINISHED)
    for patrol in Patrol.objects.filter(walked | Q(worker=user.pk, ended_at=None)).order_by("pk"):
        if patrol.ended_at is None:
            found.setdefault(patrol.grid_id, Today(patrol.grid_id)).patrol = patrol
        else:
            found[patrol.grid_id].done += 1
    return list(found.values())
