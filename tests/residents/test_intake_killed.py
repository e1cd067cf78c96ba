"""A worker that is killed while it writes, and two that are asked to write the same import at once."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.urls import reverse

from residents.intake import hold, service
from residents.models import Building, Change, Household, ImportBatch, Resident, Stay
from tests.factories import County
from tests.processes import ROOT, database_url, until
from tests.residents.intake_scene import PEOPLE, csv_file, read
from tests.residents.test_intake import person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
RECORDS = (Building, Household, Resident, Stay, Change)
APPLY = "import django; django.setup(); from residents.intake import service; service.apply({pk})"


@pytest.fixture
def ready():
    """An import that has been confirmed, and who did it."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite in memory cannot be reached from another process")
    county = County()
    rows = [PEOPLE, *(person(county.west.grids[0], f"王{n}", household="") for n in range(40))]
    batch = read(county.operator, "people", csv_file(rows))
    service.confirm(actor=county.operator, batch_id=batch.pk)
    return batch, county.operator


def worker(batch):
    env = os.environ | {
        "DATABASE_URL": database_url(), "MEDIA_ROOT": str(settings.MEDIA_ROOT), "GRIDCENTER_MODE": "test",
        "DJANGO_SETTINGS_MODULE": "gridcenter.settings",
    }  # fmt: skip
    return subprocess.Popen([sys.executable, "-c", APPLY.format(pk=batch.pk)], cwd=ROOT, env=env)


def stuck(table):
    """Whether somebody waits for this table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE relation = %s::regclass AND NOT granted", [table])
        return cursor.fetchone()[0]


def test_a_worker_killed_while_it_writes_leaves_nothing_and_the_import_says_so(ready, client):
    batch, operator = ready
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE residents_stay IN ACCESS EXCLUSIVE MODE")
        process = worker(batch)
        until(lambda: stuck("residents_stay"), what="the worker to have written the residents")
        assert hold.at_work(batch.pk)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=20)
    assert not any(model.objects.exists() for model in RECORDS)
    batch.refresh_from_db()
    assert batch.status == "applying" and not hold.at_work(batch.pk)
    client.force_login(operator)
    assert "处理中断" in client.get(reverse("residents:import", args=[batch.pk])).content.decode()
    service.confirm(actor=operator, batch_id=batch.pk)
    assert service.apply(batch.pk) == "applied"
    assert Resident.objects.count() == 40


def test_a_task_that_comes_again_finishes_what_was_interrupted(ready):
    batch, _operator = ready
    ImportBatch.objects.update(status="applying")
    assert service.apply(batch.pk) == "applied"
    assert service.apply(batch.pk) == ""
    assert Resident.objects.count() == 40


def test_two_workers_at_once_write_once(ready):
    batch, _operator = ready

    def apply(_n):
        try:
            return service.apply(batch.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(apply, range(4))) == ["", "", "", "applied"]
    assert Resident.objects.count() == 40
    assert Change.objects.filter(kind="resident").count() == 40
