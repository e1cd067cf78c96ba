"""Nothing is kept longer than it is needed: the registry's own rules, who reported what in closed cases, photos of
people whose account is closed."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, TextField
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from accounts import portraits
from events.models import Event
from events.workflow import Status
from residents.services import retention as registry

ENDED = (Status.CLOSED, Status.EVALUATED, Status.REJECTED, Status.MERGED, Status.CANCELLED)
BATCH = 2000


@dataclass(frozen=True)
class Kept:
    """What one run did, or would do."""

    archived: int
    erased: int
    care: int
    support: int
    contacts: int
    photos: int


def run(*, dry_run: bool = False, today=None) -> Kept:
    """Archive, erase and remove what is due today. Idempotent; a dry run counts and changes nothing."""
    today = today or timezone.localdate()
    done = registry.run(dry_run=dry_run, today=today)
    photos = portraits.remove_left(dry_run=dry_run)
    return Kept(*done, contacts=contacts(dry_run=dry_run, today=today), photos=photos)


def contacts(*, dry_run: bool, today) -> int:
    """Name and phone of whoever reported a case that ended CONTACT_DAYS ago; the case itself stays."""
    if not settings.CONTACT_DAYS:
        return 0
    before = timezone.now() - timedelta(days=settings.CONTACT_DAYS)
    told = ~Q(contact_name="") | ~Q(phone_stored="")
    ended = Coalesce("closed_at", "stage_since")  # what was never registered has no closing
    rows = Event.objects.annotate(ended_at=ended, phone_stored=Cast("contact_phone", TextField()))
    rows = rows.filter(told, status__in=ENDED, ended_at__lt=before)
    if dry_run:
        return rows.count()
    count = 0
    while pks := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            Event.objects.filter(pk__in=pks).update(contact_name="", contact_phone="")
        count += len(pks)
    return count
