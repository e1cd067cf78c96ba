"""Nothing is kept longer than it is needed: phones of shifts and of calls that are long over."""

from datetime import timedelta

from django.conf import settings
from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils import timezone

from duty.models import Shift, WarningCall


def forget_phones(now=None) -> int:
    """Take the phones out of shifts and calls that ended CONTACT_DAYS ago; who was on duty stays. How many. Idempotent."""
    if not settings.CONTACT_DAYS:
        return 0
    before = (now or timezone.now()) - timedelta(days=settings.CONTACT_DAYS)
    old = (Shift.objects.filter(ends_at__lt=before), WarningCall.objects.filter(at__lt=before))
    return sum(rows.alias(stored=Cast("phone", TextField())).exclude(stored="").update(phone="") for rows in old)
