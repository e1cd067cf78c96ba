"""Stories told by another process are the same, and what goes wrong there is heard of here."""

import os
import pickle
from datetime import date

import pytest
from django.db import transaction

from events.models import Attachment, Transition
from gridcenter.demo import telling
from gridcenter.demo.effects import ENDING
from gridcenter.demo.load import Loader
from grids.models import Grid

UNTIL = date(2026, 3, 31)
pytestmark = pytest.mark.django_db
two_cores = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core tells and writes by itself")


@pytest.fixture
def another_process(monkeypatch):
    """Even a few stories are told by another process, seven at a time."""
    monkeypatch.setattr(telling, "WORTH_A_PROCESS", 0)
    monkeypatch.setattr(telling, "BATCH", 7)


def steps():
    """Every step of a small load, and who told its stories; taken back at once."""
    with transaction.atomic():
        Loader("sanyuan", seed=6, months=1, until=UNTIL, events=120).load()
        rows = Transition.objects.order_by("pk").values_list("event__uid", "action", "at", "actor_id", "words", "hash")
        found = [*rows], list(Attachment.objects.order_by("pk").values_list("public_id", "sha256", "uploaded_at"))
        transaction.set_rollback(True)
    return found


@pytest.fixture
def tellers(monkeypatch, tmp_path):
    """The processes that told stories, by a file each of them leaves."""
    tell, folder = telling.Teller.tell, tmp_path / "tellers"
    folder.mkdir()

    def noted(self, first, stop):
        (folder / str(os.getpid())).touch()
        return tell(self, first, stop)

    monkeypatch.setattr(telling.Teller, "tell", noted)
    return lambda: {int(path.name) for path in folder.iterdir()}


@two_cores
def test_another_process_tells_the_same_stories(tellers, request):
    here = steps()
    assert tellers() == {os.getpid()}
    request.getfixturevalue("another_process")
    assert steps() == here
    assert len(here[0]) > 500
    assert len(tellers() - {os.getpid()}) == 1


@two_cores
def test_what_fails_in_the_other_process_takes_everything_back(another_process, monkeypatch):
    life = telling.Teller._life

    def stumbling(self, index):
        if index == 30:
            raise ArithmeticError("story 30")
        return life(self, index)

    monkeypatch.setattr(telling.Teller, "_life", stumbling)
    with pytest.raises(ArithmeticError, match="story 30"):
        Loader("sanyuan", seed=6, months=1, until=UNTIL, events=120).load()
    assert not Grid.objects.exists()


def test_a_number_to_come_is_the_same_in_every_process():
    assert pickle.loads(pickle.dumps({"number": ENDING}))["number"] is ENDING
