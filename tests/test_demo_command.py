"""The command of the demo county: the same every time, and careful with what is there."""

from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count, F

from accounts.models import User
from accounts.roles import ROLES, WORKER_ROLES
from core.errors import Conflict
from evaluation.models import Period, Scorecard
from events.models import Event
from events.services import history
from gridcenter.demo.load import Loader, end_of
from gridcenter.demo.people import PASSWORD
from grids.models import Grid, Post

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
        (["sanyuan", "--people", "500"], "demo", "--people is 500: expected 0 or at least 600"),
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


def test_liling_loads_whole():
    children = [5, 25, 272, 820]
    loaded = Loader("liling", seed=2, months=1, until=UNTIL, events=150).load()
    assert (loaded.counts["grids"], loaded.counts["events"]) == (1123, 150)
    levels = Grid.objects.order_by("level").values("level").annotate(n=Count("pk")).values_list("n", flat=True)
    assert list(levels) == [1, *children]
    assert Post.objects.filter(role__in=WORKER_ROLES).count() == children[-1]
    assert list(history.faults()) == []
    # Every event lies with a unit whose land holds its place.
    assert not Event.objects.exclude(path__startswith=F("holder__grid__path")).exists()


def test_demo_logins_are_one_per_role_and_open_the_door(settings, client):
    settings.GRIDCENTER_MODE = "demo"
    Loader("sanyuan", seed=3, months=1, until=UNTIL, events=40, passwords=True).load()
    out = StringIO()
    call_command("demo_logins", stdout=out)
    names = [line.split()[0] for line in out.getvalue().splitlines()[1:]]
    assert PASSWORD in out.getvalue().splitlines()[0]
    assert len(names) == len(set(names))
    users = User.objects.filter(username__in=names)
    held = set(Post.objects.filter(user__in=users).values_list("role", flat=True))
    assert held == set(ROLES) - {"worker_part"}  # Sanyuan has none
    assert all(user.check_password(PASSWORD) for user in users)
    assert User.objects.values("password").distinct().count() == 1  # hashed once


@pytest.mark.parametrize(("mode", "words"), [("service", "GRIDCENTER_MODE=demo only"), ("demo", "load a county first")])
def test_demo_logins_say_why_there_are_none(settings, mode, words):
    settings.GRIDCENTER_MODE = mode
    with pytest.raises(CommandError, match=words):
        call_command("demo_logins", stdout=StringIO())


def test_scores_of_past_periods_are_there():
    loaded = Loader("sanyuan", seed=4, months=3, until=date(2026, 4, 20)).load()
    periods = list(Period.objects.order_by("kind", "start").values_list("kind", "start", "status"))
    assert periods == [
        ("department_quarter", date(2026, 1, 1), "draft"),
        ("worker_month", date(2026, 2, 1), "published"),
        ("worker_month", date(2026, 3, 1), "draft"),
    ]
    assert loaded.counts["scored periods"] == 3
    month = Scorecard.objects.filter(period__start=date(2026, 2, 1))
    assert month.count() == 11
    assert month.exclude(total=None).count() == 11
