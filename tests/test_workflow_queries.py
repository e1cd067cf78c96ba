"""What a report and each step cost in SQL statements, with the statements named.

A request adds two for logging in (session or token, user). BEGIN and COMMIT are not counted: in a test they are
savepoints. The person is read anew each time, so that their posts (one statement) are counted, too.
"""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from events import services
from tests.scenes import Scene, photo
from tests.test_workflow_moves import ALLOWED, STATUSES

MOST = 10  # of a step; with logging in 12
CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK")


@pytest.fixture
def scene(db):
    """The process is warm: standards, calendar, units and grids have been read by an event that went before."""
    made = Scene()
    made.in_status("dispatched")
    return made


def statements(call):
    with CaptureQueriesContext(connection) as captured:
        call()
    return [query["sql"] for query in captured if not query["sql"].startswith(CONTROL)]


def show(action, sql):
    return f"{action}: {len(sql)}\n" + "\n".join(f"  {number}. {text[:150]}" for number, text in enumerate(sql, 1))


@pytest.mark.parametrize("status", STATUSES)
def test_no_step_takes_more_than_ten_statements(scene, status):
    actions = {name: sorted(where[status][0])[-1] for name, where in ALLOWED.items() if status in where}
    for action, who in actions.items():
        event = scene.in_status(status)
        if action == "ask_time":
            scene.take(event, "refuse_time", "op_town", words="配件已到")
        supplied = scene.supplies(action)
        if action in {"feed_back", "verify_pass"}:
            supplied["photos"] = [photo(scene.people[who])]
        actor = User.objects.get(pk=scene.people[who].pk)
        sql = statements(
            lambda e=event, a=action, u=actor, s=supplied: services.advance(
                event_id=e.pk, action=a, actor=u, key=f"k{a}", seen=e.head_seq + (a == "ask_time"), **s
            )
        )
        assert len(sql) <= MOST + (2 if "photos" in supplied else 0), show(action, sql)


def test_a_report_is_the_same_work_wherever_it_lies(scene):
    """Posts, versions, event, row, notices; nothing is asked of the database about the place."""
    actor = User.objects.get(pk=scene.people["worker_full"].pk)
    sql = statements(lambda: services.report(actor=actor, key="r", description="路灯不亮", location=scene.east.point))
    assert len(sql) == 5, show("report", sql)


def test_a_report_takes_at_most_ten_statements(scene):
    pictures = [photo(scene.people["reporter"])]
    actor = User.objects.get(pk=scene.people["reporter"].pk)
    given = {"description": "井盖缺失", "location": scene.west.point, "standard": scene.standard.pk}
    sql = statements(lambda: services.report(actor=actor, key="r", photos=pictures, **given))
    assert len(sql) <= MOST, show("report", sql)
