"""Whose desks a warning reaches. One place: banners, live lines, taking and the API ask it.

A warning lies somewhere (`path`); its reach is the territory of the centre that answers for the place. Everybody who
can take a warning and stands at or inside that territory hears it; a centre above hears it once it is called, because
nobody below has taken it or because it is about that centre.
"""

from collections.abc import Iterable

from accounts.roles import CENTRE, DEPARTMENT
from grids import directory

TAKE = "duty.take_warning"


def territory(path: str, centre_path: str | None) -> str:
    """The reach of a warning at `path`: the territory of the nearest centre, or the place itself without one."""
    return centre_path or path


def above(paths) -> list[str]:
    """Paths of all territories that hold one of `paths`, the paths themselves among them."""
    found = set()
    for path in paths:
        ids = path.strip("/").split("/")
        found |= {"/" + "/".join(ids[:depth]) + "/" for depth in range(1, len(ids) + 1)}
    return sorted(found)


def centre_above(reach: str, path: str, called: Iterable[int]) -> directory.UnitEntry | None:
    """Whom a warning that nobody takes goes to: the centre above the highest one that knows of it; None at the top."""
    known = directory.current()
    knows = [known.units[pk] for pk in called if pk in known.units and known.units[pk].kind == CENTRE]
    highest = min([reach, *(u.path for u in knows if path.startswith(u.path))], key=len)
    level = highest.count("/") - 2
    return known.centre_for(highest, level - 1) if level > 0 else None


def hears(seat, reach: str, called: dict[int, str]) -> bool:
    """Whether a post hears a warning. `called`: unit id → path of the units called to it.

    Department staff hear it where their whole jurisdiction lies in the reach or their unit is called; who stands in a
    called centre's territory itself (its leader, its inspector) hears it with the centre.
    """
    if not seat.may(TAKE):
        return False
    if seat.path.startswith(reach) or seat.unit_id in called:
        return True
    return seat.role.place != DEPARTMENT and seat.path in called.values()


def may_take(seat, reach: str, path: str, called: dict[int, str]) -> bool:
    """Whoever hears it, and whoever stands above the place."""
    above_it = seat.role.place != DEPARTMENT and seat.may(TAKE) and seat.covers(path)
    return above_it or hears(seat, reach, called)
