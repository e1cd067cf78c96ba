"""What the registry keeps no longer: people who died or left, and entries of registers that have ended."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from residents.models import CareClass, CareRecord, Change, Resident
from residents.models.trail import Kind
from residents.services import subject, support

BATCH = 1000
GONE = (Resident.Status.DEPARTED, Resident.Status.DEAD)
REASON = "retention"
# Found no longer by phone or the last digits; who asks with the whole ID number still finds the archived record.
ARCHIVED = {"phone": "", "phone_tag": "", "tail_tag": "", "occupation": "", "inflow_from": ""}


def run(*, dry_run: bool = False, today=None) -> tuple[int, int, int, int]:
    """(archived, erased, care entries removed, files removed) that are due today."""
    today = today or timezone.localdate()
    return (
        _archive(dry_run, today),
        _erase(dry_run, today),
        _care(dry_run, today),
        _support(dry_run, today),
    )


def _gone(days, today):
    """People who died or left so many days ago; nobody where the setting says never."""
    if not days:
        return Resident.objects.none()
    return Resident.objects.filter(status__in=GONE, ended_on__lte=today - timedelta(days=days)).order_by("pk")


def _archive(dry_run, today) -> int:
    rows = _gone(settings.ARCHIVE_DAYS, today).filter(archived_at=None)
    if dry_run:
        return rows.count()
    count = 0
    while found := list(rows.values_list("pk", "grid_id")[:BATCH]):
        with transaction.atomic():
            pks = [pk for pk, _grid in found]
            Resident.objects.filter(pk__in=pks).update(archived_at=timezone.now(), **ARCHIVED)
            Change.objects.bulk_create(
                Change(kind=Kind.RESIDENT, record_id=pk, grid_id=grid, action="archived")
                for pk, grid in found
            )
        count += len(found)
    return count


def _erase(dry_run, today) -> int:
    rows = _gone(settings.ERASE_DAYS, today).exclude(name=subject.NOBODY)
    if dry_run:
        return rows.count()
    count = 0
    while found := list(rows.select_related("grid")[:BATCH]):
        for person in found:
            subject.erase_now(person, actor=None, reason=REASON)
        count += len(found)
    return count


def _care(dry_run, today) -> int:
    count = 0
    for care_class in CareClass.objects.filter(group=CareClass.Group.CARE):
        rows = CareRecord.objects.filter(
            care_class=care_class, until__lte=today - timedelta(days=care_class.keep_days)
        )
        if dry_run:
            count += rows.count()
            continue
        while found := list(rows.order_by("pk").values_list("pk", "grid_id")[:BATCH]):
            subject.remove_care(found, actor=None, reason=REASON)
            count += len(found)
    return count


def _support(dry_run, today) -> int:
    count = 0
    for file in support.ended():
        if file.until + timedelta(days=file.care_class.keep_days) <= today:
            if not dry_run:
                with transaction.atomic():
                    support.remove(file, actor=None, reason=REASON)
            count += 1
    return count
