"""Events as rows and marks of a screen: what, where, with whom, since when or how late. Never what somebody typed."""

from dataclasses import dataclass
from datetime import datetime

from core.prepared import Prepared
from events import limits
from events.models import Event
from events.selectors import with_position
from grids import names

LATE_ROWS = 40
NEWEST_ROWS = 15
MARKS = 300
ABOUT_100_M = 3  # decimals of a degree

_LINE = ("id", "standard_id", "grid_id", "holder_id", "status", "due_at", "reported_at")


def _late(path, now):
    # Only open events have a clock that runs: asked for that as well, the database would look through all of these.
    return with_position(Event.objects.filter(path__startswith=path).late(now)).order_by("due_at", "pk")


# Planned anew each time: the right plan for a county is the wrong one for a grid.
_late_rows = Prepared(
    lambda path, now: _late(path, now).values_list(*_LINE, "lon", "lat")[:MARKS], str, datetime, planned=False
)
_late_places = Prepared(
    lambda path, now: _late(path, now).exclude(location=None).values_list("lon", "lat")[:MARKS], str, datetime, planned=False
)
_newest_rows = Prepared(
    lambda path: Event.objects.filter(path__startswith=path).order_by("-pk").values_list(*_LINE)[:NEWEST_ROWS],
    str, planned=False,
)  # fmt: skip


@dataclass(frozen=True)
class Lists:
    """Rows of the late ones, the latest first, and of the newest; `marks`: (longitude, latitude) of late ones."""

    late: list[tuple]
    newest: list[tuple]
    marks: list[list[float]]

    @classmethod
    def read(cls, path: str, now: datetime) -> "Lists":
        """Two statements, three where late events have no place."""
        late = _late_rows(path, now)
        places = [row[-2:] for row in late if row[-1] is not None]
        if len(places) < len(late) == MARKS:
            places = _late_places(path, now)
        marks = [[round(lon, ABOUT_100_M), round(lat, ABOUT_100_M)] for lon, lat in places]
        return cls([row[:-2] for row in late[:LATE_ROWS]], _newest_rows(path), marks)


class Lines:
    """Names for the rows of a territory that is compared by parts of this level."""

    def __init__(self, tree, level):
        self._tree, self._level = tree, level
        self._names, self._standards = names.current(), limits.current().standards

    def of(self, row) -> dict:
        pk, standard_id, grid, holder, status, due, at = row
        standard = self._standards.get(standard_id)
        return {
            "id": pk,
            "what": standard.minor_name if standard else "",
            "where": self._where(grid),
            "unit": self._names.units[holder]["name"],
            "status": status,
            "due": due and due.timestamp(),
            "at": at.timestamp(),
        }

    def _where(self, grid_id) -> str:
        """The grid, behind the part of the territory that it belongs to."""
        name = self._names.grids[grid_id]["name"]
        ids = self._names.paths[grid_id].strip("/").split("/")
        part = self._tree.by_id.get(int(ids[self._level])) if len(ids) > self._level else None
        return name if part is None or name.startswith(part.name) else f"{part.name} {name}"
