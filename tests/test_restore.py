"""What is restored on another server is seen in the feeds, by deploy/restore and by the guide's way with containers."""

import os
import re
import shutil
import subprocess

import psycopg2
import pytest
from django.db import connection

from events import services
from residents.models import Change
from tests.factories import County
from tests.processes import database_url
from tests.test_service_files import ROOT, run_tool, scratch_database  # noqa: F401

FEEDS = {"events_transition": "events_transition_append_only", "residents_change": "residents_change_kept"}

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="backups are those of PostgreSQL"),
    pytest.mark.skipif(shutil.which("pg_dump") is None, reason="needs postgresql-client"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def history():
    """One step and one change of the registry, both of transactions that had a number."""
    county = County()
    services.report(actor=county.worker, description="井盖缺失", location=county.west.point)
    Change.objects.create(kind="resident", record_id=1, grid=county.west.grids[0], user=county.worker, action="moved_away")
    with connection.cursor() as cursor:
        for table in FEEDS:
            cursor.execute(f"SELECT min(xact) > 0, count(*) FROM {table}")
            assert cursor.fetchone() == (True, 1)


def assert_seen_and_kept(url):
    """Both rows come before every transaction of any server, and nobody may change or remove them."""
    with psycopg2.connect(url.replace("postgis:", "postgresql:")) as link, link.cursor() as cursor:
        for table, trigger in FEEDS.items():
            cursor.execute(f"SELECT xact FROM {table}")
            assert cursor.fetchall() == [(0,)], table
            cursor.execute("SELECT tgenabled FROM pg_trigger WHERE tgname = %s", [trigger])
            assert cursor.fetchall() == [("O",)], trigger
            for change in (f"UPDATE {table} SET xact = 1", f"DELETE FROM {table}"):
                cursor.execute("SAVEPOINT before")
                with pytest.raises(psycopg2.IntegrityError, match="append-only"):
                    cursor.execute(change)
                cursor.execute("ROLLBACK TO before")


def test_a_restore_brings_both_feeds_before_all_that_is_new(history, scratch_database, tmp_path):  # noqa: F811
    new = scratch_database()
    saved = run_tool("backup", DATABASE_URL=database_url(), DATA_DIR=str(tmp_path / "old"), BACKUP_DIR=str(tmp_path))
    assert saved.returncode == 0, saved.stderr
    (dump,) = tmp_path.glob("*.dump")
    restored = run_tool("restore", str(dump), DATABASE_URL=new, DATA_DIR=str(tmp_path / "new"))
    assert restored.returncode == 0, restored.stderr
    assert_seen_and_kept(new)


def test_the_guides_restore_with_containers_does_the_same(history, scratch_database, tmp_path):  # noqa: F811
    """Its commands for the container `db`, in their order, run by a `docker` that runs them here."""
    new = scratch_database()
    guide = (ROOT / "docs" / "operations.md").read_text()
    part = guide[guide.index("### Backup and restore with containers") :].split("\n## ")[0]
    lines = [line.partition("  #")[0] for line in part.splitlines() if line.startswith("docker compose exec -T db ")]
    assert [line.split()[5] for line in lines] == ["pg_dump", "psql", "createdb", "pg_restore", "psql", "dropdb"]
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\nshift 4\nexec "$@"\n')
    docker.chmod(0o755)
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    held = connection.settings_dict
    env = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}", "PGHOST": held["HOST"] or "127.0.0.1",
        "PGPORT": str(held["PORT"] or 5432), "PGPASSWORD": held["PASSWORD"] or "",
    }  # fmt: skip
    for line in lines:
        name = held["NAME"] if " pg_dump " in line else new.rpartition("/")[2]
        here = line.replace("-U gridcenter", f"-U {held['USER']}").replace("gridcenter_before", f"{name}_before")
        here = re.sub(r"\bgridcenter\b(?!\.)", name, here)
        done = subprocess.run(["sh", "-ec", here], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (here, done.stderr)
    assert_seen_and_kept(new)
