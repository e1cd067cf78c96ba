"""Every move from every status by every role. What must come out is written down here once more, from the design's
two tables, and read from no code: `MOVES` is what is on trial."""

import pytest
from django.db import transaction

from accounts.roles import ROLES
from core.errors import Conflict, DomainError, Invalid, NotFound, Refused
from events import services, workflow
from events.models import (
    Assignment,
    Event,
    Notice,
    StageRecord,
    Supervision,
    TimeRequest,
    Transition,
    WhistleCall,
)
from events.services.advance import facts_of
from events.services.step import Surroundings
from grids.models import Post
from grids.scope import Scope
from tests.scenes import Scene, photo

STATUSES = (
    "reported", "registered", "dispatched", "handling", "verifying", "closed", "evaluated", "rejected", "merged",
    "cancelled", "suspended",
)  # fmt: skip
DRAWN = "drawn"  # closed: settled on the spot by the grid's worker, and drawn for a check by the station
CASES = (*STATUSES, DRAWN)
DESK = {"op_town", "head_town"}  # the sub-centre the cases lie with; it has registered them, too
OPEN = {"reported", "registered", "dispatched", "handling", "verifying", "suspended"}
SAME = object()
KEPT = object()

# action: {status: (who may, status after, lies with after, lead after)}
DESK_ONLY = {
    "register": {"reported": (DESK, "registered", "town", None)},
    "reject": {"reported": (DESK, "rejected", "town", None)},
    "merge": {"reported": (DESK, "merged", "town", None)},
    "cancel": {"reported": (DESK | {"reporter"}, "cancelled", "town", None)},
    "place": {"reported": (DESK, SAME, "station", None)},
    "escalate": dict.fromkeys(("reported", "registered"), (DESK, SAME, "area", None)),
    "hand_down": dict.fromkeys(("reported", "registered"), (DESK, SAME, "station", None)),
    "dispatch": {"registered": (DESK, "dispatched", "lead", "lead")},
}
LEAD = {"staff_lead"}
WORK = {
    "sign": {"dispatched": (LEAD, "handling", "lead", "lead")},
    "return": dict.fromkeys(("dispatched", "handling"), (LEAD, "registered", "town", None)),
    "co_report": {s: ({"staff_co"}, SAME, "lead", "lead") for s in ("dispatched", "handling")},
    "ask_time": {"handling": (LEAD, SAME, "lead", "lead")},
    "grant_time": {"handling": (DESK, SAME, "lead", "lead")},
    "refuse_time": {"handling": (DESK, SAME, "lead", "lead")},
    "feed_back": {"handling": (LEAD, "verifying", "town", "lead")},
}
VERIFIERS = {"worker_full", "worker_part", "grid_leader"} | DESK
JUDGEMENT = {
    "verify_pass": {"verifying": (VERIFIERS, "closed", "town", "lead")},
    "rework": {"verifying": (VERIFIERS, "dispatched", "lead", "lead")},
    "evaluate": {"closed": ({"reporter"}, "evaluated", "town", "lead")},
    "reopen": {s: (DESK | {"reporter"}, "registered", "town", None) for s in ("closed", "evaluated")}
    | {DRAWN: ({"op_station", "worker_full"}, "registered", "station", None)},
    "spot_pass": {DRAWN: ({"op_station"}, SAME, "station", None)},
    "spot_fail": {DRAWN: ({"op_station"}, "registered", "station", None)},
}
JUDGEMENT["evaluate"][DRAWN] = ({"worker_full"}, "evaluated", "station", None)
HIGHER = {"op_area", "op_top", "inspector", "leader"}
WITH_LEAD = {"dispatched", "handling"}
CENTRES_BELOW_THE_TOP = {"op_station", "op_area"} | DESK
BESIDE = {
    "suspend": {
        "registered": (DESK, "suspended", "town", None),
        "dispatched": (DESK, "suspended", "town", "lead"),
        "handling": (DESK, "suspended", "town", "lead"),
    },
    "resume": {"suspended": (DESK, "handling", "lead", "lead")},
    # A department's case may be supervised by the centre that sent it there, too.
    "supervise": {s: (HIGHER | (DESK if s in WITH_LEAD else set()), SAME, KEPT, KEPT) for s in OPEN},
    "answer": {s: (LEAD if s in WITH_LEAD else DESK, SAME, KEPT, KEPT) for s in OPEN},
    "remind": {s: (HIGHER | (DESK if s in WITH_LEAD else set()), SAME, KEPT, KEPT) for s in OPEN},
    "whistle": dict.fromkeys(("registered", "dispatched", "handling"), (CENTRES_BELOW_THE_TOP, SAME, KEPT, KEPT)),
    "report_in": {s: ({"staff_called"}, SAME, KEPT, KEPT) for s in OPEN - {"reported"}},
    "rate_call": {
        s: ({"op_station"}, SAME, KEPT, KEPT) for s in (OPEN - {"reported"}) | {"closed", "evaluated"}
    },
}
BESIDE["rate_call"][DRAWN] = (set(), SAME, KEPT, KEPT)  # it could be made from there, but nobody has called anybody
ALLOWED = DESK_ONLY | WORK | JUDGEMENT | BESIDE
BY_THE_CLOCK = {"lapse", "archive", "due_soon", "overdue", "unanswered", "no_show", "spot_late"}
# Moves after which a limit has ended and another one (or none) runs.
ENDS_A_STAGE = {
    "register", "reject", "merge", "cancel", "dispatch", "sign", "return", "feed_back", "verify_pass", "rework",
}  # fmt: skip
# Who does not see the case, beside those who never do.
NEVER = {"op_east", "worker_east", "staff_other", "stranger", "former"}
NOT_YET = {
    "reported": {"staff_lead", "staff_co", "staff_called", "staff_came"},
    "registered": {"staff_lead", "staff_co"},
}
NOT_YET |= dict.fromkeys(("rejected", "merged", "cancelled"), NOT_YET["reported"])
NOT_YET[DRAWN] = NOT_YET["reported"] | {"reporter"}  # who has not reported this one
STATUS_OF = {DRAWN: "closed"}
COUNTED = (Transition, Assignment, StageRecord, Notice, TimeRequest, Supervision, WhistleCall)


@pytest.fixture
def scene(db):
    return Scene()


def counts():
    return [model.objects.count() for model in COUNTED]


def outcome(scene, event, action, who, around):
    """The class of the error, or the Transition. `around`: read once, since nothing of it changes in these trials."""
    try:
        return services.advance(
            event_id=event.pk, action=action, actor=scene.people[who], around=around, **scene.supplies(action)
        )
    except DomainError as error:
        return type(error)


def expected(status, action, who):
    if who in NEVER | NOT_YET.get(status, set()):
        return NotFound
    if status not in ALLOWED[action]:
        return Conflict
    return "allowed" if who in ALLOWED[action][status][0] else Refused


def test_the_trial_covers_the_whole_table_and_every_role(scene):
    assert set(ALLOWED) | BY_THE_CLOCK == set(workflow.MOVES)
    assert set(STATUSES) == set(workflow.Status.values)
    tried = set(Post.objects.filter(user__in=scene.people.values()).values_list("role", flat=True))
    assert tried == set(ROLES)


@pytest.mark.parametrize("status", CASES)
def test_what_is_not_allowed_changes_nothing(scene, status):
    event = scene.in_status(status)
    rows = Event.objects.filter(pk=event.pk).values().get()
    assert rows["status"] == STATUS_OF.get(status, status)
    scene.other  # noqa: B018 — made now, so that the counts stay
    before, around = counts(), Surroundings.read()
    for action in ALLOWED:
        for who in scene.people:
            should = expected(status, action, who)
            if should != "allowed":
                assert (action, who, outcome(scene, event, action, who, around)) == (action, who, should)
        assert (action, counts()) == (action, before)
        assert Event.objects.filter(pk=event.pk).values().get() == rows


@pytest.mark.parametrize("status", CASES)
def test_what_is_allowed_does_exactly_what_the_table_says(scene, status):
    event = scene.in_status(status)
    scene.other  # noqa: B018
    tried, around = 0, Surroundings.read()
    for action, where in ALLOWED.items():
        who_may, target, holder, lead = where.get(status, ((), None, None, None))
        for who in sorted(who_may):
            point = transaction.savepoint()
            if action == "ask_time":  # one request at a time: the scene's own is answered first
                scene.take(event, "refuse_time", "op_town", words="配件已到")
            steps, stages = event.transitions.count(), event.stages.count()
            row = outcome(scene, event, action, who, around)
            assert isinstance(row, Transition), (action, who, row)
            now = Event.objects.select_related("holder", "lead").get(pk=event.pk)
            label = f"{action} by {who}"
            assert (label, now.status) == (label, event.status if target is SAME else target)
            assert (label, now.holder) == (label, event.holder if holder is KEPT else scene.units[holder])
            wanted = event.lead if lead is KEPT else scene.units.get(lead)
            assert (label, now.lead) == (label, wanted)
            assert (row.source, row.target, row.seq) == (event.status, now.status, steps + 1)
            assert (row.actor, now.head_seq, now.head_hash) == (scene.people[who], row.seq, row.hash)
            assert (label, event.transitions.count()) == (label, steps + 1)
            assert (label, event.stages.count()) == (label, stages + (action in ENDS_A_STAGE))
            transaction.savepoint_rollback(point)
            tried += 1
    assert tried == sum(len(where[status][0]) for where in ALLOWED.values() if status in where)


@pytest.mark.parametrize("status", CASES)
def test_the_buttons_are_those_that_would_work(scene, status):
    event = scene.in_status(status)
    facts = facts_of(event, Surroundings.read(), calls=True)
    for who, user in scene.people.items():
        if expected(status, "sign", who) is NotFound:
            continue
        wanted = [name for name in workflow.MOVES if name in ALLOWED and expected(status, name, who) == "allowed"]
        assert (who, workflow.moves_for(facts, Scope.of(user).seats, user.pk)) == (who, wanted)


@pytest.mark.parametrize("action", [*sorted(BY_THE_CLOCK), "report", "settle", "erase"])
def test_the_clocks_moves_and_beginnings_are_nobodys(scene, action):
    event = scene.in_status("closed")
    for who in scene.people:
        assert (who, outcome(scene, event, action, who, None)) == (who, Invalid)
    assert Event.objects.get(pk=event.pk).status == "closed"


@pytest.mark.parametrize("status", STATUSES)
def test_an_unknown_event_and_an_invisible_one_are_told_alike(scene, status):
    event = scene.in_status(status)
    hidden, missing = [], []
    for pk, said in ((event.pk, hidden), (event.pk + 1000, missing)):
        with pytest.raises(NotFound) as error:
            services.advance(event_id=pk, action="sign", actor=scene.people["staff_other"])
        said.append(str(error.value))
    assert hidden == missing


def test_what_is_missing_is_named_field_by_field(scene):
    needed = {
        "register": ("reported", "op_town", {"standard", "urgency"}),
        "merge": ("reported", "op_town", {"repeats"}),
        "place": ("reported", "op_town", {"grid"}),
        "hand_down": ("registered", "op_town", {"unit", "words"}),
        "dispatch": ("registered", "op_town", {"lead"}),
        "whistle": ("registered", "op_town", {"units", "place", "come_by"}),
        "return": ("dispatched", "staff_lead", {"words"}),
        "ask_time": ("handling", "staff_lead", {"amount", "words"}),
        "suspend": ("handling", "op_town", {"words", "until"}),
        "feed_back": ("handling", "staff_lead", {"words"}),
        "report_in": ("handling", "staff_called", {"location"}),
        "rate_call": ("handling", "op_station", {"unit", "stars"}),
        "supervise": ("handling", "op_top", {"words", "answer_by"}),
        "rework": ("verifying", "worker_full", {"words"}),
        "evaluate": ("closed", "reporter", {"stars"}),
        "reopen": ("closed", "reporter", {"words"}),
    }
    made = {status: scene.in_status(status) for status in {row[0] for row in needed.values()}}
    for action, (status, who, fields) in needed.items():
        for blank in ({}, {"words": "  ", "photos": []}):
            with pytest.raises(Invalid) as error:
                scene.take(made[status], action, who, **blank)
            assert (action, set(error.value.fields)) == (action, fields)


REPORTERS = {  # everybody with a post of the "1+N" team, operators and departments; leaders and admins look on
    "op_station", "op_town", "head_town", "op_area", "op_top", "op_east", "worker_full", "worker_part", "reporter",
    "worker_east", "staff_lead", "staff_co", "staff_called", "staff_came", "staff_other", "inspector", "grid_leader",
    "party_leader", "joint_leader", "mediator", "urban_officer", "safety_officer", "police_officer", "patroller",
    "cadre", "assistant",
}  # fmt: skip
# By the post: who the source is, and where a report then lies.
SOURCES = {"staff_lead": ("department", "centre"), "op_town": ("operator", "town"), "worker_full": ("worker", "station")}


def test_who_may_report_and_where_a_report_lies(scene):
    for who, user in scene.people.items():
        count = Event.objects.count()
        if who in REPORTERS:
            assert scene.report(who).status == "reported"
        else:
            with pytest.raises(Refused):
                scene.report(who)
        assert (who, Event.objects.count() - count) == (who, who in REPORTERS)
        assert user.reported_events.count() == (who in REPORTERS)
    units = {**scene.units, "centre": scene.centre}
    for who, (source, holder) in SOURCES.items():
        event = scene.people[who].reported_events.get()
        assert (who, event.source, event.holder) == (who, source, units[holder])


def test_only_a_worker_of_the_grid_settles_on_the_spot(scene):
    for who, user in scene.people.items():
        pictures = [photo(user, kind) for kind in ("before", "after")] if who in REPORTERS else []
        given = {"description": "小广告", "standard": scene.standard.pk, "location": scene.west.point}
        if who in {"worker_full", "worker_part"}:
            row = services.report(actor=user, settled=True, photos=pictures, **given)
            assert (row.action, row.source, row.target, row.event.settled_on_spot) == ("settle", "", "closed", True)
            continue
        count = Event.objects.count()
        with pytest.raises(Refused if pictures or who not in REPORTERS else Invalid):
            services.report(actor=user, settled=True, photos=pictures or ["00000000-0000-0000-0000-000000000000"], **given)
        assert (who, Event.objects.count()) == (who, count)
