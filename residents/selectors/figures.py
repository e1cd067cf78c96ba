"""Figures of the registry per grid and for all below it, from the counts that triggers keep (`GridCount`).

Whoever has a post somewhere sees the figures there, also those who may not read the registry. Classes of care are
counted for those only who may know of them, statutory registers for nobody. On shared screens, and for people who
may not read the registry, small figures are left out (None): they would single somebody out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from operator import or_

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy

from core import ciphers
from grids.models import Grid, Post
from grids.scope import Scope
from residents import care, codes
from residents.models import GridCount, Resident
from residents.models.base import VIEW

PEOPLE = tuple(f"people.{code}" for code in codes.POPULATION)
USES = tuple(f"dwellings.{code}" for code in codes.DWELLING_USE)
PLAIN = ("buildings", "dwellings", *USES, "households", "people", *PEOPLE, "organisations", "places")
# Completed years: small children, school age, working age, and the old by decades (老年人权益保障法: from 60 on).
BANDS = ((0, 6), (7, 17), (18, 59), (60, 69), (70, 79), (80, 150))
UNKNOWN_AGE = "age.unknown"

WORDS = {
    "buildings": gettext_lazy("buildings"),
    "dwellings": gettext_lazy("dwellings"),
    "households": gettext_lazy("households"),
    "people": gettext_lazy("people"),
    "organisations": gettext_lazy("organisations"),
    "places": gettext_lazy("key places"),
}
TABLES = {"people": codes.POPULATION, "dwellings": codes.DWELLING_USE}

SMALLEST = 4  # level of the grids in which people are registered

Amounts = dict[str, int | None]


def below(*, user, path: str, shared: bool = False) -> Amounts:
    """{measure: amount} of this grid and all below it that is this person's to see. One query; where small figures are
    left out, two more for the grids beside it."""
    rows = _rows(user, path).values("measure").annotate(n=Sum("amount")).values_list("measure", "n")
    found = {**dict.fromkeys(PLAIN, 0), **dict(rows)}
    if shared or not may_read(user, path):
        return _among(path, found, lambda above: _parts(user, above))
    return found


def of_children(*, user, parent: Grid, shared: bool = False) -> dict[int, Amounts]:
    """{id of a grid right below `parent`: its figures with all below}. Two queries, whatever the number of grids."""
    found = _parts(user, parent.path)
    if shared or not may_read(user, parent.path):
        return dict(zip(found, suppressed(list(found.values())), strict=True))
    return found


def _parts(user, path) -> dict[int, Amounts]:
    """The figures of the grids right below, none left out."""
    children = _children(user, path)
    found: dict[int, Amounts] = {pk: dict.fromkeys(PLAIN, 0) for pk in children.values()}
    for lies, measure, amount in _rows(user, path).values_list("grid__path", "measure", "amount"):
        if (pk := _part(children, path, lies)) is not None:
            found[pk][measure] = found[pk].get(measure, 0) + amount
    return found


def _children(user, path) -> dict[str, int]:
    rows = Grid.objects.visible_to(user).valid_on().filter(parent_id=int(path.split("/")[-2]))
    return dict(rows.values_list("path", "pk"))


def _part(children: dict[str, int], path: str, lies: str) -> int | None:
    """In which of the grids right below `path` something lies."""
    return children.get("/".join(lies.split("/")[: path.count("/") + 1]) + "/")


def begun(*, user) -> bool:
    """Whether any building or key place is registered that is this person's to see."""
    return _rows(user, "/").filter(measure__in=("buildings", "places"), amount__gt=0).exists()


def coverage(*, user, parent: Grid) -> dict[int, tuple[int, int]]:
    """{id of a grid right below `parent`: (smallest grids in it in which people are registered, all of them)}. Two
    queries. What is counted per person says nothing of a territory whose registry has only begun."""
    begun = set(_rows(user, parent.path).filter(measure="people", amount__gt=0).values_list("grid__path", flat=True))
    smallest = Grid.objects.visible_to(user).valid_on().filter(level=SMALLEST, path__startswith=parent.path)
    found: dict[int, tuple[int, int]] = {}
    for path in smallest.exclude(pk=parent.pk).values_list("path", flat=True):
        child = int(path.split("/")[parent.path.count("/")])
        some, all_ = found.get(child, (0, 0))
        found[child] = some + (path in begun), all_ + 1
    return found


def ages(*, user, path: str, shared: bool = False) -> Amounts:
    """{"age.7-17": people …}: who lives there now, by completed years of the birth month. One query; where small figures
    are left out, two more for the grids beside it."""
    today = timezone.localdate()
    rows = Resident.objects.living().filter(Scope.of(user).land_q("grid__path"))
    counts = {f"b{low}": Count("pk", filter=_born(low, high, today)) for low, high in BANDS}
    counts["unknown"] = Count("pk", filter=Q(birth_month=None))
    found = _bands(rows.filter(grid__path__startswith=path).aggregate(**counts))
    if shared or not may_read(user, path):
        return _among(path, found, lambda above: _ages_of_parts(user, above, rows, counts))
    return found


def _bands(got: dict) -> Amounts:
    return {name_of(low, high): got[f"b{low}"] for low, high in BANDS} | {UNKNOWN_AGE: got["unknown"]}


def _ages_of_parts(user, path, rows, counts) -> dict[int, Amounts]:
    children = _children(user, path)
    found: dict[int, Amounts] = {pk: {} for pk in children.values()}
    grouped = rows.filter(grid__path__startswith=path).order_by().values("grid__path").annotate(**counts)
    for got in grouped:
        if (pk := _part(children, path, got["grid__path"])) is not None:
            found[pk] = {name: found[pk].get(name, 0) + n for name, n in _bands(got).items()}
    return found


def name_of(low: int, high: int) -> str:
    return f"age.{low}-{high}" if high < 150 else f"age.{low}+"


def care_measures(user, path: str | None = None) -> dict[str, str]:
    """{measure: name of the class} of the care registers this person may know of."""
    return {f"care.{one.pk}": one.label for one in care.classes_for(user, path, group="care")}


def may_read(user, path: str) -> bool:
    """Whether this person may read the registry wherever below `path` figures are shown to them."""
    scope = Scope.of(user)
    shown = {
        max(root, path, key=len) for root in scope.land if root.startswith(path) or path.startswith(root)
    }
    return all(scope.may_at(VIEW, one) for one in shown)


# ---- the wall map


@dataclass
class WallGrid:
    """One grid on the wall map: its numbers, its worker and cadre and their phones."""

    pk: int
    name: str
    households: int = 0
    people: int = 0
    workers: list[tuple[str, str]] = field(default_factory=list)  # name, phone
    cadres: list[tuple[str, str]] = field(default_factory=list)


WALL_ROLES = {"worker_full": "workers", "worker_part": "workers", "cadre": "cadres"}


def wall(*, user, village: Grid) -> list[WallGrid]:
    """The wall map of a village (or of what lies right below any grid): three queries."""
    grids = Grid.objects.visible_to(user).valid_on().filter(parent=village).order_by("code")
    rows = {pk: WallGrid(pk, name) for pk, name in grids.values_list("pk", "name")}
    figures = of_children(user=user, parent=village)
    for pk, row in rows.items():
        row.households, row.people = figures[pk]["households"], figures[pk]["people"]
    scope = Scope.of(user)
    posts = (
        Post.objects.visible_to(user)
        .on()
        .filter(grid__parent=village, role__in=WALL_ROLES)
        .order_by("role", "pk")
    )
    for role, name, phone, path, grid_id in posts.values_list(
        "role", "user__name", "user__phone", "grid__path", "grid_id"
    ):
        shown = phone if scope.may_call(path) else ciphers.mask_phone(phone)
        if grid_id in rows:
            getattr(rows[grid_id], WALL_ROLES[role]).append((name, shown))
    return list(rows.values())


# ---- small figures


def suppressed(rows: list[Amounts]) -> list[Amounts]:
    """The rows with small figures of people left out, and with as many more as keep them from being computed.

    A line (a row's kinds of people, a column of a class) with exactly one gap gives it away beside its total, so the
    next smallest goes, too. A total stays: it is what everybody sees at the door.
    """
    rows = [dict(row) for row in rows]
    least = settings.SUPPRESS_BELOW
    for row in rows:
        for name in _small(row, least):
            row[name] = None
    while any(_close(line) for line in _lines(rows)):
        pass
    return rows


def _among(path: str, own: Amounts, parts_of) -> Amounts:
    """`own` with what is left out of it among the parts of the grid above: the figures of the grids beside it and
    their sum are on pages of their own, so that a gap in one of them is not to be computed from the others."""
    ids = path.strip("/").split("/")
    if len(ids) > 1:
        parts = parts_of(f"/{'/'.join(ids[:-1])}/")
        if int(ids[-1]) in parts:
            return dict(zip(parts, suppressed(list(parts.values())), strict=True))[int(ids[-1])]
    return suppressed([own])[0]


def _private(name: str) -> bool:
    return name.startswith(("people.", "care.", "age."))


def _small(row, least):
    return [
        name for name, amount in row.items() if _private(name) and amount is not None and 0 < amount < least
    ]


def _lines(rows):
    """Cells that add up to a figure somebody sees: [(row, name)]."""
    for row in rows:
        yield [(row, name) for name in row if name.startswith("people.")]
        yield [(row, name) for name in row if name.startswith("age.")]
    if len(rows) > 1:
        names = {name for row in rows for name in row if _private(name)}
        for name in sorted(names):
            yield [(row, name) for row in rows if name in row]


def _close(line) -> bool:
    """Opens a second gap in a line with one; whether it did."""
    gaps = [cell for cell in line if cell[0][cell[1]] is None]
    others = [cell for cell in line if cell[0][cell[1]]]
    if len(gaps) != 1 or not others:
        return False
    row, name = min(others, key=lambda cell: cell[0][cell[1]])
    row[name] = None
    return True


def words_of(measure: str) -> str:
    """What a measure is called; of classes of care (`care.<id>`), whose names are rows, the measure as it is."""
    whole, _dot, part = measure.partition(".")
    if whole not in WORDS:
        return measure
    return f"{WORDS[whole]} · {codes.label(TABLES[whole], part)}" if part else str(WORDS[whole])


# ---- whose


def _rows(user, path):
    land = Scope.of(user).land_q("grid__path")
    return GridCount.objects.filter(land, known(user), grid__path__startswith=path)


def known(user) -> Q:
    """Everything that is no class of care, and the classes this person may know of, where they may."""
    parts: Iterable[Q] = (
        Q(measure=f"care.{one.pk}")
        & reduce(or_, (Q(grid__path__startswith=root) for root in sorted(care.paths_of(user, one))))
        for one in care.classes_for(user, group="care")
    )
    return reduce(or_, parts, ~Q(measure__startswith="care."))


def _born(low: int, high: int, today: date) -> Q:
    """People of `low` to `high` completed years. Birth months are first days, so whole months are compared."""
    month = today.replace(day=1)
    return Q(birth_month__gt=month.replace(year=month.year - high - 1)) & Q(
        birth_month__lte=month.replace(year=month.year - low)
    )
