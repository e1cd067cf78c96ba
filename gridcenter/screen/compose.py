"""The whole of what a screen shows of a territory, as one JSON object. The figures are those of events.figures.

Nothing in it is a phone or an address, or repeats what somebody typed of an event: an event is its class, its grid and
the unit it lies with; a place on the map is rounded to about a hundred metres. Only those on duty are named, as the
roster on the room's door names them, and only warnings are quoted: they were written to be announced.
"""

from datetime import datetime, timedelta
from functools import partial

from django.utils import timezone

from core import versions
from core.errors import NotFound
from events import figures as counted
from events.figures import Figure, Rate, spans
from gridcenter.screen import duty, territory
from gridcenter.screen.lists import Lines, Lists
from grids import names

KINDS = 8
DEPARTMENTS = 24  # the worst ones: a wall is no register
DAYS = 30  # of kinds, rankings
SPANS = {"hour": "%H", "day": "%m-%d", "month": "%Y-%m"}


def figures(path: str) -> dict:
    """All panels of the territory at `path`: moments as seconds since 1970, rates as fractions or None.

    Raises NotFound when there is no such territory any more: it was redrawn.
    """
    now = timezone.now()
    with versions.held():
        tree = territory.tree()
        place = tree.by_id.get(int(path.strip("/").split("/")[-1]))
        if place is None or place.path != path:
            raise NotFound
        told = {
            "on_duty": duty.on_duty(path, now),
            "workers": duty.workers(path, now),
            "warnings": duty.warnings(path, now),
        }
    parts = tree.parts(place)
    return {
        "grid": {"id": place.pk, "name": place.name, "level": place.level},
        "crumbs": [{"id": one.pk, "name": one.name} for one in tree.ancestors(place)],
        "parts_level": tree.levels.get(parts[0].level, ""),
        **told,
        **counted.together(now, partial(_read, now, tree, place, parts, Lists.read(path, now)), path),
    }


def _read(now, tree, place, parts, lists, reading) -> dict:
    """What comes from the sums, all of it of one instant, and whatever has a name.

    Names come last, as of one look at what they hang on: a unit made this moment has one when its first turn is read.
    """
    path = place.path
    generation = parts[0].path.count("/") - path.count("/")  # all parts are of one level; 0: the place itself
    counted.Wall(path, *_span(now), generation).read(reading)
    with versions.held():
        line = Lines(tree, parts[0].level)
        sums = _sums(path, now, place, parts, generation, reading)
        return {
            **sums,
            "late": {"count": sums["overview"]["late"]["value"], "rows": [line.of(row) for row in lists.late]},
            "newest": [line.of(row) for row in lists.newest],
            "marks": lists.marks,
            "alerts": duty.alerts(path, now),
        }


def _sums(path, now, place, parts, generation, reading) -> dict:
    overview = counted.overview(path, now, reading)
    return {
        "overview": _overview(overview),
        "flow": [_step(step) for step in counted.flow(path, now, reading)],
        "trend": {
            by: _trend(counted.trend(path, now, by, None, reading), like) for by, like in SPANS.items()
        },
        "kinds": _kinds(path, now, reading),
        "children": _children(place, parts, generation, now, reading) if generation else [_alone(place, overview)],
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
        "labels": [spans.local(bucket.start).strftime(like) for bucket in buckets],
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


def _children(place, parts, generation, now, reading) -> list[dict]:
    """The parts of the territory, worst first."""
    found = counted.children(place.path, now, *_span(now), reading, generation, counted.DUE)
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


def _alone(place, overview) -> dict:
    """A territory without parts, as the only one of its list."""
    return {
        "id": place.pk,
        "name": place.name,
        "open": overview.open.value,
        "late": overview.late.value,
        "rate": overview.closing.value.share,
    }


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
