"""Nothing is kept longer than it is needed: patrols."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from fieldwork.models import Patrol

BATCH = 5000


def forget_patrols(today=None) -> int:
    """Remove patrols that began PATROL_KEEP_DAYS ago. How many. Idempotent; never where the setting is 0."""
    if not settings.PATROL_KEEP_DAYS:
        return 0
    before = (today or timezone.localdate()) - timedelta(days=settings.PATROL_KEEP_DAYS)
    old, count = Patrol.objects.filter(day__lt=before).order_by("day"), 0
    while pks := list(old.values_list("pk", flat=True)[:BATCH]):
        count += Patrol.objects.filter(pk__in=pks).delete()[0]
    return count
