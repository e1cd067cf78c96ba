"""The data-quality board: per grid how many records are incomplete, stale or contradictory, and which they are."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q, Value
from django.utils import timezone

from grids.models import Grid
from residents.models import Building, Dwelling, Household, KeyPlace, Organisation, QualityCount, Resident
from residents.selectors import checks, paging
from residents.selectors.checks import CHECKS, GROUPS, Check

__all__ = ["CHECKS", "GROUPS", "Board", "GridQuality", "board", "counted", "is_kept", "rows"]
KEPT_LEVEL = 1  # of grids so high and higher the board shows what was counted last; lower ones are counted at once
RELATED = {
    Resident: ("grid", "dwelling__building", "household"),
    Household: ("grid", "dwelling__building", "head"),
    Dwelling: ("grid", "building"),
}
MODELS = (Resident, Household, Dwelling, Building, Organisation, KeyPlace)


@dataclass
class GridQuality:
    """One row of the board. `totals`: records by model name; `found`: {code of a check: how many}."""

    pk: int
    name: str
    path: str
    totals: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys((m._meta.model_name for m in MODELS), 0)
    )
    found: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CHECKS, 0))

    def share(self, code: str) -> float | None:
        """What part of the records passes the check, 0 to 1; None where there are none."""
        total = self.totals[CHECKS[code].model._meta.model_name]
        return (total - self.found[code]) / total if total else None

    def count(self, group: str) -> int:
        return sum(self.found[code] for code, check in CHECKS.items() if check.group == group)

    def add(self, totals: dict[str, int], found: dict[str, int]):
        for name, amount in totals.items():
            self.totals[name] += amount
        for name, amount in found.items():
            if name in self.found:  # a check that is no more is passed over, until it is counted anew
                self.found[name] += amount


@dataclass
class Board:
    """`rows`: what lies right below the grid (the grid itself if nothing does); `whole`: all of it together."""

    rows: list[GridQuality]
    whole: GridQuality
    counted_at: datetime | None = None  # None: counted just now


def is_kept(grid: Grid) -> bool:
    """Whether the board of this grid is read from what was counted last (services.quality)."""
    return grid.level <= KEPT_LEVEL


def board(*, user, grid: Grid) -> Board:
    """The board of a grid: four queries, whatever its size. A county's and an area's are as old as `counted_at`."""
    if not is_kept(grid):
        return _board(user, grid, counted(grid.path, user))
    kept = list(_kept_rows(user, grid.path).values_list("grid__path", "totals", "found", "counted_at"))
    made = _board(user, grid, (row[:3] for row in kept))
    made.counted_at = min((row[3] for row in kept), default=None)
    return made


def _board(user, grid, amounts) -> Board:
    below = Grid.objects.visible_to(user).valid_on().filter(parent=grid).order_by("code")
    lines = [GridQuality(*values) for values in below.values_list("pk", "name", "path")]
    if not lines:
        lines = [GridQuality(grid.pk, grid.name, grid.path)]
    by_path = {line.path: line for line in lines}
    whole = GridQuality(grid.pk, grid.name, grid.path)
    depth = lines[0].path.count("/")
    for path, totals, found in amounts:
        whole.add(totals, found)
        if line := by_path.get("/".join(path.split("/")[:depth]) + "/"):
            line.add(totals, found)
    return Board(lines, whole)


def rows(*, user, code: str, path: str = "/", after: str = "", size: int = paging.SIZE) -> paging.Page:
    """The records that a check finds at and below `path`, in the order of their ids. One query."""
    check = CHECKS[code]
    found = check.rows(_visible(check.model, user, path)).select_related(*RELATED.get(check.model, ("grid",)))
    return paging.by_id(found.defer("grid__boundary"), after, size)


# ---- what was counted last


def _kept_rows(user, path):
    return QualityCount.objects.visible_to(user).filter(grid__path__startswith=path)


# ---- counting


def _visible(model, user, path):
    rows = model.objects.all() if user is None else model.objects.visible_to(user)
    return rows.filter(grid__path__startswith=path)


def counted(path: str, user=None) -> Iterator[tuple[str, dict, dict]]:
    """(grid path, records by model, rows found by check) at and below `path`, of what `user` may see (None: of all);
    a path may come several times. One walk for each large table, one query for all that looks at others."""
    today = timezone.localdate()
    for model in (Resident, Household):
        yield from _walked(model, user, path, today)
    small = [_grouped(check, user, path, today) for check in CHECKS.values() if not _in_a_walk(check)]
    small += [_total(model, user, path) for model in MODELS if model not in (Resident, Household)]
    for where, name, amount in small[0].union(*small[1:], all=True):
        kind, _sep, name = name.partition(":")
        yield (where, {name: amount}, {}) if kind == "total" else (where, {}, {name: amount})


def _in_a_walk(check: Check) -> bool:
    return check.simple and check.model in (Resident, Household)


def _walked(model, user, path, today):
    simple = [check for check in CHECKS.values() if check.model is model and check.simple]
    counts = {check.code: Count("pk", filter=check.condition(today)) for check in simple}
    grouped = checks.in_force(_visible(model, user, path)).order_by().values("grid__path")
    for line in grouped.annotate(total=Count("pk"), **counts):
        found = {check.code: line[check.code] for check in simple if line[check.code]}
        yield line["grid__path"], {model._meta.model_name: line["total"]}, found


def _grouped(check, user, path, today):
    return _lines(check.rows(_visible(check.model, user, path), today), f"found:{check.code}")


def _total(model, user, path):
    return _lines(_visible(model, user, path).filter(Q(ended_on=None)), f"total:{model._meta.model_name}")


def _lines(found, name):
    grouped = found.order_by().values("grid__path").annotate(name=Value(name), n=Count("pk"))
    return grouped.values_list("grid__path", "name", "n")
