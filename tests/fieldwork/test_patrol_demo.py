"""Patrols of the demo county: as the services would have written them, believable, the same for the same seed."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from django.db import transaction
from django.db.models import Count, Min
from django.test import override_settings

from accounts.roles import WORKER_ROLES
from fieldwork import selectors
from fieldwork.models import Patrol
from gridcenter.demo import patrols
from gridcenter.demo.load import Loader
from grids.models import Grid, Post

UNTIL = date(2026, 3, 31)
END = datetime(2026, 3, 31, 16, tzinfo=UTC)  # midnight in Beijing
pytestmark = pytest.mark.django_db
ROWS = ("grid", "worker", "day", "started_at", "ended_at", "state", "key")


@pytest.fixture(scope="module")
def sanyuan(django_db_setup, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=folder), transaction.atomic():
        yield Loader("sanyuan", seed=1, months=1, until=UNTIL, events=20).load()
        transaction.set_rollback(True)


def test_they_are_as_the_services_write_them(sanyuan):
    assert Patrol.objects.count() == sanyuan.counts["patrols"] > 400
    held = Post.objects.filter(role__in=WORKER_ROLES).values_list("user", "grid")
    assert set(Patrol.objects.values_list("worker", "grid")) <= set(held)
    lengths = {"finished": [], "short": [], "left_open": []}
    for row in Patrol.objects.all():
        assert row.day == (row.started_at + timedelta(hours=8)).date()
        lengths[row.state].append((row.ended_at - row.started_at).total_seconds() / 60)
    assert (min(lengths["finished"]) >= 10, max(lengths["finished"]) <= 150) == (True, True)
    assert all(4 <= minutes < 10 for minutes in lengths["short"])
    assert set(lengths["left_open"]) <= {720.0}
    before: dict[int, Patrol] = {}
    for row in Patrol.objects.order_by("worker", "started_at"):
        other = before.get(row.worker_id)
        assert other is None or other.ended_at <= row.started_at, (other, row)
        before[row.worker_id] = row
    assert not Patrol.objects.values("grid", "day").annotate(n=Count("pk")).filter(n__gt=2).exists()


def test_coverage_is_believable(sanyuan):
    days = Patrol.objects.aggregate(first=Min("day"), days=Count("day", distinct=True))
    assert days == {"first": UNTIL - timedelta(days=27), "days": 28}
    found = selectors.coverage(Grid.objects.get(level=3), END)
    assert len(found) == 11 and {one.owed for one in found.values()} == {14}
    total = selectors.coverage_of(Grid.objects.get(level=0), END)
    assert 0.5 < total.share < 0.99


class Node:
    """What the drawing reads of the territory's tree."""

    def __init__(self, grid):
        self.id, self.parent = grid.pk, grid.parent


def drawn(end):
    """The patrols until `end`, drawn anew into the empty table, which is emptied again."""
    nodes = [Node(grid) for grid in Grid.objects.filter(level=4).select_related("parent__parent").order_by("pk")]
    workers: dict[int, list[int]] = {}
    for user, grid in Post.objects.filter(role__in=WORKER_ROLES).order_by("pk").values_list("user", "grid"):
        workers.setdefault(grid, []).append(user)
    with transaction.atomic():
        Patrol.objects.all().delete()
        assert patrols.write(nodes, workers, end, np.random.default_rng(5)) == Patrol.objects.count()
        found = list(Patrol.objects.order_by("pk").values_list(*ROWS))
        transaction.set_rollback(True)
    return found


def test_the_same_seed_draws_the_same_and_the_last_day_ends_with_the_clock(sanyuan):
    whole = drawn(END)
    assert drawn(END) == whole
    now = END - timedelta(hours=15)  # nine in the morning
    morning = drawn(now)
    assert [row[:4] for row in morning] == [row[:4] for row in whole if row[3] < now]
    under_way = [row for row in morning if row[4] is None]
    assert under_way and {row[5] for row in under_way} == {"under_way"}
    assert all(row[4] is None or row[4] <= now for row in morning)
