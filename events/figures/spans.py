"""Days and instants of the figures: local days, half-open, and what a period is compared with."""

from calendar import monthrange
from datetime import date, datetime, timedelta

from events.clocks import BEIJING

BUCKETS = {"hour": 24, "day": 30, "month": 12}


def local(moment: datetime) -> datetime:
    """In the time of the territory."""
    return moment.astimezone(BEIJING)


def midnight(day: date) -> datetime:
    """The instant at which a local day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING)


def today(now: datetime) -> datetime:
    return midnight(local(now).date())


def month_start(now: datetime) -> datetime:
    return today(now).replace(day=1)


def month_before(now: datetime) -> tuple[datetime, datetime]:
    """Last month until the same day and time; until its end where it has no such day."""
    here = local(now)
    last = (here.replace(day=1) - timedelta(days=1)).date()
    start = midnight(last.replace(day=1))
    if here.day > monthrange(last.year, last.month)[1]:
        return start, month_start(now)
    return start, here.replace(year=last.year, month=last.month)


def bucket_start(moment: datetime, by: str) -> datetime:
    """Where the hour, day or month that holds `moment` begins. Raises KeyError for another word."""
    here = local(moment).replace(minute=0, second=0, microsecond=0)
    return {"hour": here, "day": here.replace(hour=0), "month": here.replace(hour=0, day=1)}[by]


def bucket_starts(now: datetime, by: str, buckets: int) -> list[datetime]:
    """The starts of the last so many, the running one last."""
    last = bucket_start(now, by)
    if by == "month":
        months = last.year * 12 + last.month - 1
        return [last.replace(year=n // 12, month=n % 12 + 1) for n in range(months - buckets + 1, months + 1)]
    step = timedelta(hours=1) if by == "hour" else timedelta(days=1)
    return [last - step * n for n in range(buckets - 1, -1, -1)]
