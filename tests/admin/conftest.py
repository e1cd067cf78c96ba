"""Administrators of a street and of the whole territory, and one row of everything in two streets."""

from datetime import date

import pytest
from django.utils import translation

from evaluation.models import Period, Scheme, SchemeItem
from events import calendars
from tests.admin.scene import HAN_EAST, administrator, fill


@pytest.fixture(autouse=True)
def in_english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield
    calendars.forget()


@pytest.fixture
def west(county):
    """The administrator of the west street."""
    return administrator(county.west.town)


@pytest.fixture
def whole(county):
    """The administrator of the whole territory."""
    return administrator(county.root)


@pytest.fixture
def rows(county):
    """(west, east): one row of every scoped model in each street."""
    scheme = Scheme.objects.create(kind="worker_month", name="方案", valid_from=date(2024, 1, 1))
    SchemeItem.objects.create(scheme=scheme, indicator="reports", weight=100)
    period = Period.objects.create(
        kind="worker_month", start=date(2026, 9, 1), end=date(2026, 10, 1), scheme=scheme
    )
    return fill(county, county.west, "西街", period), fill(county, county.east, HAN_EAST, period)
