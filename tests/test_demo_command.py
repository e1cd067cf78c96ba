"""The command of the demo county: the same every time, and careful with what is there."""

from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from accounts.models import User
from core.errors import Conflict
from events.models import Event
from gridcenter.demo.load import Loader, end_of
from grids.models import Grid

UNTIL = date(2026, 3, 31)
pytestmark = pytest.mark.django_db


def heads(**changes):
    """The chains' ends of a small load, taken back at once."""
    with transaction.atomic():
        options = {"key": "sanyuan", "seed": 5, "months": 1, "until": UNTIL, "events": 60} | changes
        Loader(**options).load()
        found = list(Event.objects.order_by("pk").values_list("uid", "head_hash"))
        transaction.set_rollback(True)
    return found


def test_the_same_seed_and_end_give_the_same_county():
    first = heads()
    assert len(first) == 60
    assert heads() == first


def test_a_database_that_is_not_empty_is_left_alone(county):
    before = (Grid.objects.count(), Event.objects.count(), User.objects.count())
    with pytest.raises(Conflict, match="only loaded into an empty one"):
        Loader("sanyuan", seed=1, months=1, until=UNTIL).load()
    assert (Grid.objects.count(), Event.objects.count(), User.objects.count()) == before


@pytest.mark.parametrize(
    ("arguments", "mode", "words"),
    [
        ([], "demo", "Which place"),
        (["sanyuan"], "service", "only loaded with GRIDCENTER_MODE=demo"),
        (["sanyuan", "--until", "2999-01-01"], "demo", "still to come"),
        (["sanyuan", "--months", "0"], "demo", "expected 1 to 60"),
        (["--loaded"], "demo", "No territory is loaded"),
    ],
)
def test_the_command_says_what_is_wrong(settings, arguments, mode, words):
    settings.GRIDCENTER_MODE = mode
    with pytest.raises(CommandError, match=words):
        call_command("demo_county", *arguments, stdout=StringIO())


def test_the_demonstrated_time_ends_now_on_the_day_itself():
    now = datetime(2026, 3, 31, 5, 30, 12, tzinfo=UTC)
    assert end_of(UNTIL, now) == datetime(2026, 3, 31, 5, 30, tzinfo=UTC)
    assert end_of(date(2026, 3, 1), now) == datetime(2026, 3, 1, 16, tzinfo=UTC)
