"""Names of all grids and units ever, in this process: lists show them without joins, so that each stays one index walk.

Unlike grids.directory this holds former grids and units, too: old events still name them.
"""

from dataclasses import dataclass
from typing import Any

from core.versions import Kept
from grids.models import Grid, Unit


@dataclass(frozen=True)
class Names:
    """By id, ready for JSON. Shared by all requests of the process: never change one in place."""

    grids: dict[int, dict[str, Any]]  # id, code, name, level
    paths: dict[int, str]  # grid id → path
    units: dict[int, dict[str, Any]]  # id, name, kind


def _load() -> Names:
    grids, paths = {}, {}
    for pk, code, name, level, path in Grid.objects.values_list("pk", "code", "name", "level", "path").order_by():
        grids[pk] = {"id": pk, "code": code, "name": name, "level": level}
        paths[pk] = path
    units = Unit.objects.values_list("pk", "name", "kind").order_by()
    return Names(grids, paths, {pk: {"id": pk, "name": name, "kind": kind} for pk, name, kind in units})


_names = Kept(_load, "grids", "units")


def current(versions=None) -> Names:
    """The names as they stand: no query if `versions` (core.versions.read) are given and nothing changed."""
    return _names.get(versions)
