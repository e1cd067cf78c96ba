"""The data-quality board: per grid how many records are incomplete, stale or contradictory, and which they are."""

from dataclasses import dataclass, field

from django.db.models import Count, Q, Value
from django.utils import timezone

from grids.models import Grid
from residents.models import Building, Dwelling, Household, KeyPlace, Organisation, Resident
from residents.selectors import checks, paging
from residents.selectors.checks import CHECKS, GROUPS, Check

__all__ = ["CHECKS", "GROUPS", "Board", "GridQuality", "board", "rows"]
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

    def add(self, kind: str, name: str, amount: int):
        where = self.totals if kind == "total" else self.found
        where[name] += amount


@dataclass
class Board:
    """`rows`: what lies right below the grid (the grid itself if nothing does); `whole`: all of it together."""

    rows: list[GridQuality]
    whole: GridQuality


def board(*, user, grid: Grid) -> Board:
    """The board of a grid: four queries, whatever its size."""
    below = Grid.objects.visible_to(user).valid_on().filter(parent=grid).order_by("code")
    lines = [GridQuality(*values) for values in below.values_list("pk", "name", "path")]
    if not lines:
        lines = [GridQuality(grid.pk, grid.name, grid.path)]
    by_path = {line.path: line for line in lines}
    whole = GridQuality(grid.pk, grid.name, grid.path)
    depth = lines[0].path.count("/")
    for path, kind, name, amount in _counted(user, grid.path):
        whole.add(kind, name, amount)
        if line := by_path.get("/".join(path.split("/")[:depth]) + "/"):
            line.add(kind, name, amount)
    return Board(lines, whole)


def rows(*, user, code: str, path: str = "/", after: str = "", size: int = paging.SIZE) -> paging.Page:
    """The records that a check finds at and below `path`, in the order of their ids. One query."""
    check = CHECKS[code]
    found = check.rows(_visible(check.model, user, path)).select_related(*RELATED.get(check.model, ("grid",)))
    return paging.by_id(found.defer("grid__boundary"), after, size)


# ---- counting


def _visible(model, user, path):
    return model.objects.visible_to(user).filter(grid__path__startswith=path)


def _counted(user, path):
    """(grid path, "total" or "found", model or check, how many): one walk for each large table, one query for all
    that looks at others."""
    today = timezone.localdate()
    for model in (Resident, Household):
        yield from _walked(model, user, path, today)
    small = [_grouped(check, user, path, today) for check in CHECKS.values() if not _in_a_walk(check)]
    small += [_total(model, user, path) for model in MODELS if model not in (Resident, Household)]
    for where, name, amount in small[0].union(*small[1:], all=True):
        kind, _sep, name = name.partition(":")
        yield where, kind, name, amount


def _in_a_walk(check: Check) -> bool:
    return check.simple and check.model in (Resident, Household)


def _walked(model, user, path, today):
    simple = [check for check in CHECKS.values() if check.model is model and check.simple]
    counts = {check.code: Count("pk", filter=check.condition(today)) for check in simple}
    grouped = checks.in_force(_visible(model, user, path)).order_by().values("grid__path")
    for line in grouped.annotate(total=Count("pk"), **counts):
        yield line["grid__path"], "total", model._meta.model_name, line["total"]
        for check in simple:
            yield line["grid__path"], "found", check.code, line[check.code]


def _grouped(check, user, path, today):
    return _lines(check.rows(_visible(check.model, user, path), today), f"found:{check.code}")


def _total(model, user, path):
    return _lines(_visible(model, user, path).filter(Q(ended_on=None)), f"total:{model._meta.model_name}")


def _lines(found, name):
    grouped = found.order_by().values("grid__path").annotate(name=Value(name), n=Count("pk"))
    return grouped.values_list("grid__path", "name", "n")
