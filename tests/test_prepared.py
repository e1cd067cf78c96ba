"""Questions compiled once answer as the queryset would, for any value; kept things need not ask the database each time."""

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from core import versions
from core.prepared import Prepared, PreparedUpdate
from events.models import Event
from grids import names
from grids.models import Grid
from tests.scenes import Scene


@pytest.fixture
def scene(db):
    return Scene()


@pytest.mark.parametrize("planned", [True, False])
def test_a_beginning_and_an_instant_are_values_like_others(scene, planned):
    def make(path, now, day):
        rows = Event.objects.filter(path__startswith=path, reported_at__lt=now, grid__valid_from__lte=day)
        return rows.order_by("pk").values_list("pk", "reported_at")

    asked = Prepared(make, str, datetime, date, planned=planned)
    first, other = scene.report(), scene.report("worker_east", location=scene.east.point)
    now, today = timezone.now(), timezone.localdate()
    for path in (scene.root.path, scene.west.town.path, scene.east.town.path, "/0/"):
        for moment in (now, now - timedelta(days=1)):
            assert asked(path, moment, today) == list(make(path, moment, today))
    assert asked(scene.root.path, now, today) == [
        (first.pk, first.reported_at),
        (other.pk, other.reported_at),
    ]
    assert asked(scene.root.path, now, date(2000, 1, 1)) == []


def test_an_update_writes_what_the_queryset_would_and_says_how_many(scene):
    first, other = scene.report(), scene.report("worker_east", location=scene.east.point)
    words = PreparedUpdate(
        lambda pk, words, at, lon: (
            Event.objects.filter(pk=pk),
            {"rating_words": words, "signed_at": at, "stage_left": lon, "late": True},
        ),
        int, str, datetime, float,
    )  # fmt: skip
    at = timezone.now()
    assert [words(first.pk, "100 % 好", at, 0.25), words(first.pk, "又%s", at, 1.5), words(0, "", at, 0.0)] == [1, 1, 0]
    first.refresh_from_db()
    other.refresh_from_db()
    assert (first.rating_words, first.signed_at, first.stage_left, first.late) == ("又%s", at, 1.5, True)
    assert (other.rating_words, other.late) == ("", False)


def test_a_value_that_is_no_parameter_is_refused(db):
    with pytest.raises(ValueError, match="no parameter"):
        Prepared(lambda path: Grid.objects.filter(path__startswith="/1/").values_list("pk"), str)("/1/")


def test_held_versions_are_read_once_and_what_changes_meanwhile_is_seen_afterwards(
    scene, django_assert_num_queries
):
    names.current()
    with django_assert_num_queries(1), versions.held():
        for _n in range(3):
            names.current()
    with versions.held():
        before = names.current().grids[scene.root.pk]["name"]
        Grid.objects.filter(pk=scene.root.pk).update(name="新名")
        assert names.current().grids[scene.root.pk]["name"] == before != "新名"
    assert names.current().grids[scene.root.pk]["name"] == "新名"
