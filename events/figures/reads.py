"""The figures as screens, maps and papers ask for them."""

from datetime import date, datetime

from django.utils import timezone

from events.figures import counted
from events.figures.types import Bucket, ChildFigures, Department, Kind, Line, Overview, Period, Step


def overview(path: str, now: datetime) -> Overview:
    """The numbers around the map.

    Reported and closed: today, against yesterday until the same time. Open and late: now, against yesterday at this
    time; soon late and suspended: now. Closing rate (结案率: closed / led turns due), on-time rate (按期处置率: handled
    in time / turns due) and satisfaction (满意率: 4 or 5 stars / rated): this month until now, against last month until
    the same day and time. An event that was reopened is no longer closed.
    """
    return counted.overview(path, now)


def flow(path: str, now: datetime) -> list[Step]:
    """The six steps in their order: awaiting registration, dispatch, signature, being handled, awaiting verification,
    closed and awaiting a rating. Suspended ones stand outside (`overview`)."""
    return counted.flow(path, now)


def trend(path: str, now: datetime, by: str = "hour", buckets: int | None = None) -> list[Bucket]:
    """The last so many hours, days or months (24, 30, 12 if not given), the running one last and until `now`."""
    return counted.trend(path, now, by, buckets)


def kinds(path: str, start: date, end: date, most: int | None = 10) -> list[Kind]:
    """Minor classes by the number reported in the days from `start` until before `end`; `open` is what is open today."""
    return counted.kinds(path, start, end, most)


def children(path: str, now: datetime, start: date, end: date) -> dict[int, ChildFigures]:
    """{id of a direct child grid: its figures}: what happened from `start` until before `end`, what is open at `now`.

    Grids that have nothing are left out; redrawn ones keep theirs. What lies at `path` itself (outside every grid)
    belongs to no child.
    """
    return counted.children(path, now, start, end)


def departments(path: str, start: date, end: date, now: datetime | None = None) -> list[Department]:
    """Every unit that had a turn then or has one now, by id."""
    return counted.departments(path, start, end, now or timezone.now())


def period(path: str, start: date, end: date, now: datetime | None = None) -> Period:
    """What a daily, weekly or monthly report needs of the days from `start` until before `end`."""
    return counted.period(path, start, end, now or timezone.now())


def late_list(path: str, now: datetime, most: int = 10) -> list[Line]:
    """The events that have been late for longest."""
    return counted.late_list(path, now, most)


def newest(path: str, most: int = 10) -> list[Line]:
    """The events reported last."""
    return counted.newest(path, most)
