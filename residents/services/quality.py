"""What the data-quality boards of a county show: counted every hour, and when somebody asks for it."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from core.errors import NotFound
from grids.models import Grid
from grids.scope import Scope
from residents.models import QualityCount
from residents.models.base import VIEW
from residents.selectors import quality

OLDEST = timedelta(hours=3)  # a board older than this is counted before it is shown: the job has not run
AT_MOST_EVERY = timedelta(seconds=20)  # presses of "count again" in between change nothing


def recount(path: str = "/") -> int:
    """Count all checks anew at and below `path`; how many grids. Harmless at once with another."""
    now, grids = timezone.now(), Grid.objects.filter(path__startswith=path)
    ids = dict(grids.order_by("pk").values_list("path", "pk"))  # in one order: two at once must not wait for each other
    made = {pk: QualityCount(grid_id=pk, counted_at=now, totals={}, found={}) for pk in ids.values()}
    for where, totals, found in quality.counted(path):
        if where in ids:  # else it was made or moved while we counted, and comes next time
            made[ids[where]].totals |= totals
            made[ids[where]].found |= found
    with transaction.atomic():
        QualityCount.objects.bulk_create(
            made.values(), batch_size=1000, update_conflicts=True, unique_fields=["grid"],
            update_fields=["counted_at", "totals", "found"],
        )  # fmt: skip
    return len(made)


def fresh_enough(grid: Grid):
    """Count before the first look at a board, and where the job has not run for long."""
    if quality.is_kept(grid):
        kept = QualityCount.objects.filter(grid=grid).values_list("counted_at", flat=True).first()
        if kept is None or kept < timezone.now() - OLDEST:
            recount(grid.path)


def recount_for(*, actor, grid: Grid):
    """Somebody wants to see what they have mended. Raises NotFound for a grid that is not theirs to read."""
    if not Scope.of(actor).may_at(VIEW, grid.path):
        raise NotFound
    since = timezone.now() - AT_MOST_EVERY
    if quality.is_kept(grid) and not QualityCount.objects.filter(grid=grid, counted_at__gt=since).exists():
        recount(grid.path)
