"""A process that is killed while it makes a paper: told, found by the sweep, made again, once."""

import os
import signal

import pytest

from core import holds
from papers import job, services
from papers.models import Paper
from tests.factories import County
from tests.papers.scene import Village, read
from tests.papers.test_signs import options
from tests.processes import House, until

pytestmark = pytest.mark.slow
# Lays out one part, then waits: what a worker looks like in mid-work.
SLOW = """
import sys, time, django
django.setup()
from papers import job, pdf
def write(parts, target, *, tell, **limits):
    for part in parts:
        while True:
            time.sleep(0.05)
pdf.write = write
job.make(int(sys.argv[1]))
"""


@pytest.fixture
def village(shared_database, settings):
    settings.PUBLIC_URL = "https://wg.example.cn"
    return Village(County())


def test_a_killed_process_leaves_a_paper_that_is_made_again(village, tmp_path, settings):
    paper = services.ask(actor=village.head, kind="sign", options=options(village.grid))
    house = House(
        tmp_path / "house", MEDIA_ROOT=str(settings.MEDIA_ROOT), DJANGO_SETTINGS_MODULE="gridcenter.settings"
    )
    try:
        process = house.run("-c", SLOW, str(paper.pk))
        begun = Paper.objects.filter(pk=paper.pk, status="making", done=1)
        until(lambda: begun.exists() or process.poll() is not None, what="the first part")
        assert process.poll() is None, house.said()
        assert holds.at_work(services.FOLDER, paper.pk) and services.due() == []
        assert job.make(paper.pk) == ""  # the same message, given to another worker meanwhile
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=20)
    finally:
        house.close()
    paper.refresh_from_db()
    assert services.interrupted(paper) and services.due() == [paper.pk] and not paper.file
    assert job.make(paper.pk) == "ready"
    paper.refresh_from_db()
    assert len(read(paper).pages) == 1 and paper.tries == 2 and services.due() == []
