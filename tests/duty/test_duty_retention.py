"""Phones of shifts and calls that are long over are removed; who was on duty, and who was called, stays."""

from datetime import timedelta

from django.utils import timezone

from duty.models import Shift, Warning, WarningCall
from duty.tasks import forget_phones


def shift(scene, days_ago):
    end = timezone.now() - timedelta(days=days_ago)
    begin = end - timedelta(hours=8)
    return Shift.objects.create(unit=scene.west.station, name="周值班", starts_at=begin, ends_at=end, phone="13900000001")


def call(scene, days_ago):
    at = timezone.now() - timedelta(days=days_ago)
    warning = Warning.objects.create(
        level="serious", cause="weather", title="大风", grid=scene.west.village, path=scene.west.village.path, made_at=at,
        asked_at=at, until=at + timedelta(hours=6),
    )  # fmt: skip
    return WarningCall.objects.create(
        warning=warning, unit=scene.west.station, why="holder", at=at, name="周值班", phone="13900000001"
    )


def test_phones_go_when_their_time_is_over_and_nothing_else_does(scene, settings):
    settings.CONTACT_DAYS = 30
    rows = [make(scene, days) for make in (shift, call) for days in (31, 29)]
    assert forget_phones() == 2
    assert forget_phones() == 0
    for row in rows:
        row.refresh_from_db()
    assert [(row.name, row.phone) for row in rows] == [("周值班", ""), ("周值班", "13900000001")] * 2
    settings.CONTACT_DAYS = 0
    shift(scene, 9999)
    assert forget_phones() == 0
