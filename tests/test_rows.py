"""Rows written past the ORM hold what the ORM would have written."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from core import rows
from core.geo import lon_lat, point_text
from events.models import Event
from tests.scenes import Scene, again


@pytest.fixture
def scene(db):
    return Scene()


def facts(event) -> dict:
    """Every column but those in which two events differ."""
    return {name: value for name, value in rows.snapshot(again(event)).items() if name not in {"id", "uid"}}


def made(scene, **changes) -> Event:
    now = timezone.now().replace(microsecond=120)
    grid, centre = scene.west.grids[0], scene.west.station
    return Event(
        uid=uuid4(), grid=grid, path=grid.path, holder=centre, centre=centre, reporter=scene.worker, status="reported",
        source="worker", description="井盖 100 % 缺失 '); --", reported_at=now, stage_since=now, **changes,
    )  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"place": "路口", "contact_phone": "13800000000", "contact_name": "", "late": True, "stars": 5, "stage_left": 0.0},
        {"location": point_text(113.405, 27.605), "due_at": timezone.now() + timedelta(hours=4)},
    ],
    ids=["mostly empty", "with values", "with a place"],
)
def test_a_row_inserted_equals_one_saved(scene, changes):
    inserted, saved = made(scene, **changes), made(scene, **changes)
    saved.reported_at = saved.stage_since = inserted.reported_at
    rows.insert(inserted)
    saved.save()
    assert inserted.pk != saved.pk
    assert facts(inserted) == facts(saved)
    assert again(inserted).uid == inserted.uid


def test_a_point_as_text_is_read_back_to_the_last_digit(scene):
    place = (113.40500000000003, -27.605000000000004)
    event = made(scene, location=point_text(*place))
    assert lon_lat(event) == place
    rows.insert(event)
    stored = again(event)
    assert (stored.location.srid, stored.location.coords, lon_lat(stored)) == (4326, place, place)
    assert (event.location.srid, event.location.coords) == (4326, place)  # the field makes a geometry of it when asked
    assert lon_lat(made(scene)) is None
