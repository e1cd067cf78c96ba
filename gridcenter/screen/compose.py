"""The whole of what a screen shows of a territory, as one JSON object. The figures are those of events.figures.

Nothing in it is a phone or an address, or repeats what somebody typed of an event: an event is its class, its grid and
the unit it lies with; a place on the map is rounded to about a hundred metres. Only those on duty are named, as the
roster on the room's door names them, and only warnings are quoted: they were written to be announced.
"""

from datetime import datetime, timedelta
from functools import partial

from django.utils import timezone

from core.errors import NotFound
from events import figures as counted
from events import limits
from events.figures import Figure, Rate
from events.models import Event
from events.workflow import OPEN
from gridcenter.screen import duty, territory
from grids import names

LATE_ROWS = 40
NEWEST_ROWS = 15
MARKS = 300
KINDS = 8
DEPARTMENTS = 24  # the worst ones: a wall is no register
DAYS = 30  # of kinds, rankings
SPANS = {"hour": "%H", "day": "%m-%d", "month": "%Y-%m"}
ABOUT_100_M = 3  # decimals of a degree


def figures(path: str) -> dict:
    """All panels of the territory at `path`: moments as seconds since 1970, rates as fractions or None.

    Raises NotFound when there is no such territory any more: it was redrawn.
    """
    now, tree = timezone.now(), territory.tree()
    place = tree.by_id.get(int(path.strip("/").split("/")[-1]))
    if place is None or place.path != path:
        raise NotFound
    parts = tree.parts(place)
    read = counted.together(now, partial(_read, path, now, tree, place, parts))
    line = _Lines(tree, parts[0].level)
    return {
        "grid": {"id": place.pk, "name": place.name, "level": place.level},
        "crumbs": [{"id": one.pk, "name": one.name} for one in tree.ancestors(place)],
        "parts_level": tree.levels.get(parts[0].level, ""),
        **read,
        "late": {
            "count": read["overview"]["late"]["value"],
            "rows": [line.of(row) for row in counted.late_list(path, now, LATE_ROWS)],
        },
        "newest": [line.of(row) for row in counted.newest(path, NEWEST_ROWS)],
        "marks": _marks(path, now),
        "on_duty": duty.on_duty(path, now),
        "workers": duty.workers(path, now),
        "alerts": duty.alerts(path, now),
        "warnings": duty.warnings(path, now),
    }


def _read(path, now, tree, place, parts, reading) -> dict:
    """What comes from the sums, all of it of one instant."""
    return {
        "overview": _overview(counted.overview(path, now, reading)),
        "flow": [_step(step) for step in counted.flow(path, now, reading)],
        "trend": {
            by: _trend(counted.trend(path, now, by, None, reading), like) for by, like in SPANS.items()
        },
        "kinds": _kinds(path, now, reading),
        "children": _children(tree, place, parts, now, reading),
        "departments": _departments(path, now, reading),
    }


def _number(value):
    return value.share if isinstance(value, Rate) else value


def _figure(figure: Figure) -> dict:
    return {"value": _number(figure.value), "before": _number(figure.before)}


def _overview(found) -> dict:
    rows = ("today", found.reported), ("open", found.open), ("late", found.late), ("closing", found.closing)
    return {
        name: _figure(one)
        for name, one in (*rows, ("on_time", found.on_time), ("satisfaction", found.satisfaction))
    }


def _step(step) -> dict:
    return {
        "status": str(step.status),
        "count": step.count,
        "late": step.late,
        "soon": step.soon,
        "hours": round(step.age.total_seconds() / 3600) if step.age else None,
        "jams": step.jams,
    }


def _trend(buckets, like) -> dict:
    return {
        "labels": [timezone.localtime(bucket.start).strftime(like) for bucket in buckets],
        "reported": [bucket.reported for bucket in buckets],
        "closed": [bucket.closed for bucket in buckets],
    }


def _span(now: datetime):
    """(first day, day after the last) of the last DAYS days."""
    today = timezone.localdate(now)
    return today - timedelta(days=DAYS - 1), today + timedelta(days=1)


def _kinds(path, now, reading) -> list[dict]:
    return [
        {"name": kind.name, "count": kind.reported, "open": kind.open}
        for kind in counted.kinds(path, *_span(now), KINDS, reading)
    ]


def _children(tree, place, parts, now, reading) -> list[dict]:
    """The parts of the territory, worst first."""
    found: dict = {}
    if parts != [place]:
        generation = parts[0].path.count("/") - place.path.count("/")  # all parts are of one level
        found = counted.children(place.path, now, *_span(now), reading, generation)
    rows = []
    for part in parts:
        sums = found.get(part.pk, counted.ChildFigures())
        row = {
            "id": part.pk,
            "name": part.name,
            "open": sums.open,
            "late": sums.late,
            "rate": sums.closing.share,
        }
        rows.append(row)
    return sorted(rows, key=_worst)


def _departments(path, now, reading) -> list[dict]:
    units = names.current().units
    rows = [
        {
            "id": one.unit_id,
            "name": units[one.unit_id]["name"],
            "open": one.open,
            "late": one.late,
            "rate": one.on_time.share,
        }
        for one in counted.departments(path, *_span(now), now, reading)
    ]
    return sorted(rows, key=_worst)[:DEPARTMENTS]


def _worst(row):
    return (-row["late"], 2 if row["rate"] is None else row["rate"], -row["open"], row["name"])


class _Lines:
    """Events as rows of a screen: what, where, with whom, since when or how late."""

    def __init__(self, tree, level):
        self._tree, self._level = tree, level
        self._names, self._standards = names.current(), limits.current().standards

    def of(self, line) -> dict:
        standard = self._standards.get(line.standard_id)
        return {
            "id": line.id,
            "what": standard.minor_name if standard else "",
            "where": self._where(line.grid_id),
            "unit": self._names.units[line.holder_id]["name"],
            "status": line.status,
            "due": line.due_at and line.due_at.timestamp(),
            "at": line.reported_at.timestamp(),
        }

    def _where(self, grid_id) -> str:
        """The grid, behind the part of the territory that it belongs to."""
        name = self._names.grids[grid_id]["name"]
        ids = self._names.paths[grid_id].strip("/").split("/")
        part = self._tree.by_id.get(int(ids[self._level])) if len(ids) > self._level else None
        return name if part is None or name.startswith(part.name) else f"{part.name} {name}"


def _marks(path, now) -> list[list[float]]:
    """(longitude, latitude) of late events."""
    rows = Event.objects.filter(
        path__startswith=path, status__in=OPEN, due_at__lt=now, location__isnull=False
    )
    points = rows.order_by("due_at").values_list("location", flat=True)[:MARKS]
    return [[round(point.x, ABOUT_100_M), round(point.y, ABOUT_100_M)] for point in points]
