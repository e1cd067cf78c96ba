"""The units of the county in this process: who is the centre of a grid, which department covers it.

A few thousand rows that change seldom (core.versions "units", "grids"); every step asks them several times.
"""

from dataclasses import dataclass

from core.versions import Kept
from grids.models import Grid, Unit


@dataclass(frozen=True)
class UnitEntry:
    pk: int
    kind: str
    name: str
    path: str
    grid_id: int
    department_kind_id: int | None

    @property
    def level(self) -> int:
        return self.path.count("/") - 2

    def covers(self, path: str) -> bool:
        return path.startswith(self.path)


@dataclass(frozen=True)
class Directory:
    units: dict[int, UnitEntry]
    centre_of_grid: dict[int, int]
    departments: dict[tuple[int, int], int]  # (grid id, department kind id) → unit id
    territory: str  # the first six digits of the whole territory's code, for case numbers

    def centre_for(self, path: str, level: int = 3) -> UnitEntry | None:
        """The centre that holds the place: at `level`, or the nearest above that has one."""
        for grid_id in reversed(ids_of(path)[: level + 1]):
            if grid_id in self.centre_of_grid:
                return self.units[self.centre_of_grid[grid_id]]
        return None

    def parent_centre(self, unit: UnitEntry) -> UnitEntry | None:
        """The centre one level up (or the nearest above it)."""
        return self.centre_for(unit.path, unit.level - 1) if unit.level else None

    def department_for(self, path: str, kinds: dict[int, int]) -> UnitEntry | None:
        """The department nearest to the place. `kinds`: level of jurisdiction → department kind id."""
        ids = ids_of(path)
        for level in sorted(kinds, reverse=True):
            if level < len(ids) and (pk := self.departments.get((ids[level], kinds[level]))):
                return self.units[pk]
        return None


def ids_of(path: str) -> list[int]:
    """ "/1/14/233/" → [1, 14, 233]"""
    return [int(part) for part in path.split("/") if part]


def _load() -> Directory:
    rows = Unit.objects.filter(active=True).order_by("pk")
    fields = ("pk", "kind", "name", "grid__path", "grid_id", "department_kind_id")
    units = {row[0]: UnitEntry(*row) for row in rows.values_list(*fields)}
    root_code = Grid.objects.valid_on().filter(level=0).values_list("code", flat=True).first() or "000000"
    return Directory(
        territory=root_code[:6],
        units=units,
        centre_of_grid={u.grid_id: u.pk for u in units.values() if u.kind == "centre"},
        departments={
            (u.grid_id, u.department_kind_id): u.pk for u in units.values() if u.kind == "department"
        },
    )


_directory = Kept(_load, "units", "grids")


def current(versions=None) -> Directory:
    """The directory as it stands: no query if `versions` (core.versions.read) are given and nothing changed."""
    return _directory.get(versions)
