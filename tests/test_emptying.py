"""After a test whose rows were committed the database is as Django's own flush leaves it."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import TransactionTestCase

from core.models import DataVersion
from duty.models import Rule
from events.models import Event, Transition
from grids.models import Grid
from tests.emptying import FLUSH, Emptying
from tests.scenes import Scene


@pytest.fixture
def emptying(transactional_db):
    """`made.whole` counts how often Django's flush was needed."""
    made = Emptying()
    made.whole = 0

    def flush(case):
        made.whole += 1
        FLUSH(case)

    made.flush = flush
    made(TransactionTestCase())
    return made


def kept():
    return sorted(Permission.objects.values_list("pk", "codename")), sorted(
        Group.objects.values_list("pk", "name")
    )


def test_rows_go_and_what_migrations_leave_stays(emptying):
    before = kept()
    assert (emptying.whole, len(before[1]) > 5, Rule.objects.count()) == (1, True, 5)
    for _turn in range(2):
        Scene().registered()
        emptying(TransactionTestCase())
        assert not any(model.objects.exists() for model in (Grid, Event, Transition, DataVersion))
        assert (kept(), Rule.objects.count(), emptying.whole) == (before, 5, 1)


def test_what_migrations_leave_is_made_anew_where_a_test_has_changed_it(emptying):
    Rule.objects.all().delete()
    Group.objects.first().permissions.clear()
    emptying(TransactionTestCase())
    assert (Rule.objects.count(), emptying.whole) == (5, 2)
    assert all(group.permissions.exists() for group in Group.objects.all())
    emptying(TransactionTestCase())
    assert emptying.whole == 2
