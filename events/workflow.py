"""The six steps (六步闭环) as one table: the only statement of what may follow what, by whom, with what.

Buttons, API, admin, documents, the diagram and the tests read MOVES. Nothing here knows the database: `Facts` says
what is known of an event, seats (grids.scope.Seat) what the actor's posts of today are.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Status(TextChoices):
    REPORTED = "reported", _("Awaiting registration 待立案")
    REGISTERED = "registered", _("Awaiting dispatch 待派遣")
    DISPATCHED = "dispatched", _("Awaiting signature 待签收")
    HANDLING = "handling", _("Being handled 处置中")
    VERIFYING = "verifying", _("Awaiting verification 待核查")
    CLOSED = "closed", _("Closed 已结案")
    EVALUATED = "evaluated", _("Evaluated 已评价")
    REJECTED = "rejected", _("Not registered 不予立案")
    MERGED = "merged", _("Merged 并案")
    CANCELLED = "cancelled", _("Cancelled 作废")
    SUSPENDED = "suspended", _("Suspended 挂账")


S = Status
OPEN = (S.REPORTED, S.REGISTERED, S.DISPATCHED, S.HANDLING, S.VERIFYING, S.SUSPENDED)
RUNNING = (S.REPORTED, S.REGISTERED, S.DISPATCHED, S.HANDLING, S.VERIFYING)  # a stage clock runs
FINISHED = tuple(status for status in S if status not in OPEN)
UNNUMBERED = (S.REPORTED, S.REJECTED, S.MERGED, S.CANCELLED)
SAME = "same"  # the move leaves the status as it is
BEFORE = "before"  # back to the status before the suspension


class Stage(TextChoices):
    """The limit that runs in a status."""

    REGISTER = "register", _("Register 立案")
    DISPATCH = "dispatch", _("Dispatch 派遣")
    SIGN = "sign", _("Sign for 签收")
    HANDLE = "handle", _("Handle 处置")
    VERIFY = "verify", _("Verify 核查")


STAGE_OF = {
    S.REPORTED: Stage.REGISTER,
    S.REGISTERED: Stage.DISPATCH,
    S.DISPATCHED: Stage.SIGN,
    S.HANDLING: Stage.HANDLE,
    S.VERIFYING: Stage.VERIFY,
}


class SpotCheck(TextChoices):
    """Of an event that was settled on the spot and drawn for a check; none where none was drawn."""

    WAITING = "waiting", _("Awaiting a spot check 待抽查")
    LATE = "late", _("Spot check overdue 抽查超期")
    PASSED = "passed", _("Spot check passed 抽查合格")
    FAILED = "failed", _("Spot check failed 抽查不合格")


SPOT_WAITING = (SpotCheck.WAITING, SpotCheck.LATE)


class Urgency(TextChoices):
    NORMAL = "normal", _("Normal 一般")
    URGENT = "urgent", _("Urgent 紧急")
    CRITICAL = "critical", _("Critical 特急")


class Source(TextChoices):
    WORKER = "worker", _("Grid worker 网格员")
    RESIDENT = "resident", _("Resident 居民")
    HOTLINE = "hotline", _("Hotline 热线")
    SENSOR = "sensor", _("Sensor 物联感知")
    DEPARTMENT = "department", _("Department 部门")
    OPERATOR = "operator", _("Operator 坐席")


# Where the actor must stand, relative to the event.
HOLDER, CENTRE, LEAD, CO_UNIT = "holder", "centre", "lead", "co_unit"
GRID_WORKER, REPORTER, HIGHER_CENTRE, AREA_CENTRE = "grid_worker", "reporter", "higher_centre", "area_centre"
CALLED_UNIT, CALLER, ANYWHERE_IN, SYSTEM = "called_unit", "caller", "anywhere_in", "system"

RELATIONS = {
    HOLDER: _("the unit it lies with"),
    CENTRE: _("the centre that registered it"),
    LEAD: _("the lead unit"),
    CO_UNIT: _("a co-handling unit"),
    GRID_WORKER: _("a worker of the grid"),
    REPORTER: _("the reporter"),
    HIGHER_CENTRE: _("a higher centre"),
    AREA_CENTRE: _("a station or sub-centre of the area"),
    CALLED_UNIT: _("a unit called by a whistle"),
    CALLER: _("the unit that blew the whistle"),
    ANYWHERE_IN: _("any post"),
    SYSTEM: _("the clock"),
}


@dataclass(frozen=True)
class Who:
    """One way to be allowed: a permission held by a post that stands in `relation` to the event."""

    relation: str
    permission: str = ""


@dataclass(frozen=True)
class Move:
    label: str
    sources: frozenset
    target: str
    who: tuple[Who, ...]
    must: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    stage: bool = True  # ends the running stage clock and starts the next status's
    strong: bool = False  # shown as the main button
    danger: bool = False
    on_site: tuple[str, ...] = ()  # one of these, from somebody who is there (a post in the grid, not in a unit)
    as_standard_asks: tuple[str, ...] = ()  # where the standard asks for photos
    while_true: str = ""  # the field of Facts without which there is nothing to be done

    def target_from(self, status, resume_status=None):
        if self.target == SAME:
            return status
        return resume_status if self.target == BEFORE else self.target

    def evidence_from(self, seat) -> tuple[str, ...]:
        """Of which one must come from somebody with this post (what seat_for says): nothing from a unit's desk."""
        return self.on_site if getattr(seat, "unit_id", 0) is None else ()

    def fits(self, facts: "Facts") -> bool:
        """Whether the event is where the move begins, whoever wants to make it."""
        return facts.status in self.sources and (not self.while_true or getattr(facts, self.while_true))


@dataclass(frozen=True)
class Facts:
    """What the table needs to know of an event. `path` is its grid's; ids are units'.

    `holder_level` is the level a supervisor must stand above: the holding centre's own; where a department holds
    it, one below the centre that dispatched it, so that this centre too may supervise.
    """

    status: str
    path: str
    holder_id: int | None = None
    holder_level: int = 0
    centre_id: int | None = None
    lead_id: int | None = None
    reporter_id: int | None = None
    co_unit_ids: frozenset[int] = field(default_factory=frozenset)
    called_unit_ids: frozenset[int] = field(default_factory=frozenset)
    caller_ids: frozenset[int] = field(default_factory=frozenset)
    resume_status: str | None = None
    spot_check_waits: bool = False


def _from(*statuses):
    return frozenset(statuses)


_DESK = (Who(HOLDER, "events.register_event"),)
_BEFORE_DISPATCH = _from(S.REPORTED, S.REGISTERED)
_IN_WORK = _from(S.REGISTERED, S.DISPATCHED, S.HANDLING)
_NUMBERED = _from(*OPEN) - {S.REPORTED}
_DONE = _from(S.CLOSED, S.EVALUATED)

MOVES: dict[str, Move] = {
    # name: label, from, to, who may, must supply, may supply
    "register": Move(
        _("Register 立案"),
        _from(S.REPORTED),
        S.REGISTERED,
        _DESK,
        ("standard", "urgency"),
        ("words",),
        strong=True,
    ),
    "reject": Move(
        _("Do not register 不予立案"), _from(S.REPORTED), S.REJECTED, _DESK, ("words",), danger=True
    ),
    "merge": Move(_("Merge 并案"), _from(S.REPORTED), S.MERGED, _DESK, ("repeats",), ("words",)),
    "cancel": Move(
        _("Cancel 作废"), _from(S.REPORTED), S.CANCELLED, (*_DESK, Who(REPORTER)), ("words",), danger=True
    ),
    "place": Move(
        _("Place in a grid 落格"),
        _from(S.REPORTED),
        SAME,
        (Who(HOLDER, "events.place_event"),),
        ("grid",),
        ("words",),
        stage=False,
    ),
    "escalate": Move(
        _("Escalate 上报"), _BEFORE_DISPATCH, SAME, (*_DESK, Who(SYSTEM)), ("words",), stage=False
    ),
    "hand_down": Move(_("Hand down 交办"), _BEFORE_DISPATCH, SAME, _DESK, ("unit", "words"), stage=False),
    "dispatch": Move(
        _("Dispatch 派遣"),
        _from(S.REGISTERED),
        S.DISPATCHED,
        (Who(HOLDER, "events.dispatch_event"),),
        ("lead",),
        ("co_units", "words"),
        strong=True,
    ),
    "sign": Move(
        _("Sign for 签收"),
        _from(S.DISPATCHED),
        S.HANDLING,
        (Who(LEAD, "events.handle_event"),),
        (),
        ("words",),
        strong=True,
    ),
    "return": Move(
        _("Return 退回"),
        _from(S.DISPATCHED, S.HANDLING),
        S.REGISTERED,
        (Who(LEAD, "events.handle_event"),),
        ("words",),
        danger=True,
    ),
    "co_report": Move(
        _("Report co-handling 协办反馈"),
        _from(S.DISPATCHED, S.HANDLING),
        SAME,
        (Who(CO_UNIT, "events.handle_event"),),
        ("words",),
        ("photos",),
        stage=False,
    ),
    "ask_time": Move(
        _("Ask for more time 申请延期"),
        _from(S.HANDLING),
        SAME,
        (Who(LEAD, "events.handle_event"),),
        ("amount", "words"),
        stage=False,
    ),
    "grant_time": Move(
        _("Grant more time 同意延期"),
        _from(S.HANDLING),
        SAME,
        (Who(CENTRE, "events.grant_event"),),
        (),
        ("amount", "words"),
        stage=False,
    ),
    "refuse_time": Move(
        _("Refuse more time 不同意延期"),
        _from(S.HANDLING),
        SAME,
        (Who(CENTRE, "events.grant_event"),),
        ("words",),
        stage=False,
    ),
    "suspend": Move(
        _("Suspend 挂账"),
        _IN_WORK,
        S.SUSPENDED,
        (Who(CENTRE, "events.suspend_event"),),
        ("words", "until"),
        stage=False,
    ),
    "resume": Move(
        _("Resume 恢复"),
        _from(S.SUSPENDED),
        BEFORE,
        (Who(CENTRE, "events.suspend_event"), Who(SYSTEM)),
        ("words",),
        stage=False,
        strong=True,
    ),
    "feed_back": Move(
        _("Feed back 处置反馈"),
        _from(S.HANDLING),
        S.VERIFYING,
        (Who(LEAD, "events.handle_event"),),
        ("words",),
        ("photos",),
        strong=True,
        as_standard_asks=("photos",),
    ),
    "verify_pass": Move(
        _("Verified 核查通过"),
        _from(S.VERIFYING),
        S.CLOSED,
        (Who(GRID_WORKER, "events.verify_event"), Who(CENTRE, "events.verify_event")),
        ("words",),
        ("photos", "location"),
        strong=True,
        on_site=("photos", "location"),
    ),
    "rework": Move(
        _("Send back for rework 返工"),
        _from(S.VERIFYING),
        S.DISPATCHED,
        (Who(GRID_WORKER, "events.verify_event"), Who(CENTRE, "events.verify_event")),
        ("words",),
        ("photos", "location"),
        danger=True,
    ),
    "evaluate": Move(
        _("Rate 评价"), _from(S.CLOSED), S.EVALUATED, (Who(REPORTER),), ("stars",), ("words",), strong=True
    ),
    "lapse": Move(_("No rating given 逾期未评"), _from(S.CLOSED), S.EVALUATED, (Who(SYSTEM),)),
    "archive": Move(_("Archived, no rating asked 无需评价归档"), _from(S.CLOSED), S.EVALUATED, (Who(SYSTEM),)),
    "spot_pass": Move(
        _("Spot check passed 抽查合格"),
        _DONE,
        SAME,
        (Who(CENTRE, "events.verify_event"),),
        ("words",),
        ("photos", "location"),
        stage=False,
        strong=True,
        while_true="spot_check_waits",
    ),
    "spot_fail": Move(
        _("Spot check failed 抽查不合格"),
        _DONE,
        S.REGISTERED,
        (Who(CENTRE, "events.verify_event"),),
        ("words",),
        ("photos", "location"),
        danger=True,
        while_true="spot_check_waits",
    ),
    "reopen": Move(
        _("Reopen 重新办理"),
        _DONE,
        S.REGISTERED,
        (Who(CENTRE, "events.reopen_event"), Who(REPORTER)),
        ("words",),
    ),
    "supervise": Move(
        _("Supervise 督办"),
        _from(*OPEN),
        SAME,
        (Who(HIGHER_CENTRE, "events.supervise_event"),),
        ("words", "answer_by"),
        stage=False,
    ),
    "answer": Move(
        _("Answer a supervision 督办回复"),
        _from(*OPEN),
        SAME,
        (Who(HOLDER, "events.register_event"), Who(HOLDER, "events.handle_event")),
        ("words",),
        stage=False,
    ),
    "remind": Move(
        _("Remind 催办"),
        _from(*OPEN),
        SAME,
        (Who(HIGHER_CENTRE, "events.supervise_event"),),
        (),
        ("words",),
        stage=False,
    ),
    "whistle": Move(
        _("Blow the whistle 吹哨"),
        _IN_WORK,
        SAME,
        (Who(AREA_CENTRE, "events.whistle_event"),),
        ("units", "place", "come_by"),
        ("words", "location"),
        stage=False,
    ),
    "report_in": Move(
        _("Report in 报到"),
        _NUMBERED,
        SAME,
        (Who(CALLED_UNIT, "events.handle_event"), Who(CALLED_UNIT, "events.register_event")),
        ("location",),
        ("words", "photos"),
        stage=False,
        strong=True,
    ),
    "rate_call": Move(
        _("Rate a called unit 评价报到单位"),
        _NUMBERED | _DONE,
        SAME,
        (Who(CALLER, "events.whistle_event"),),
        ("unit", "stars"),
        ("words",),
        stage=False,
    ),
    "due_soon": Move(_("About to be late 即将超时"), _from(*RUNNING), SAME, (Who(SYSTEM),), stage=False),
    "overdue": Move(_("Late 超时"), _from(*RUNNING), SAME, (Who(SYSTEM),), stage=False),
    "unanswered": Move(_("Supervision not answered 督办逾期"), _from(*OPEN), SAME, (Who(SYSTEM),), stage=False),
    "no_show": Move(_("Called unit did not come 未按时报到"), _NUMBERED, SAME, (Who(SYSTEM),), stage=False),
    "spot_late": Move(_("Spot check overdue 抽查超期"), _DONE, SAME, (Who(SYSTEM),), stage=False),
}

# The two ways an event begins: not moves of an existing one.
REPORT, SETTLE = "report", "settle"
BEGINNINGS = {
    REPORT: Move(
        _("Report 上报"),
        frozenset(),
        S.REPORTED,
        (Who(ANYWHERE_IN, "events.report_event"),),
        ("description",),
    ),
    SETTLE: Move(
        _("Settle on the spot 自办自结"),
        frozenset(),
        S.CLOSED,
        (Who(GRID_WORKER, "events.settle_event"),),
        ("description", "standard", "photos"),
    ),
}
ACTIONS = [(name, move.label) for name, move in {**BEGINNINGS, **MOVES}.items()]
SYSTEM_ACTIONS = frozenset(
    name for name, move in MOVES.items() if all(w.relation == SYSTEM for w in move.who)
)


def stands(relation: str, seat, facts: Facts) -> bool:
    """Whether a post stands in `relation` to the event. REPORTER and SYSTEM are about people, not posts."""
    if relation == HOLDER:
        return seat.unit_id is not None and seat.unit_id == facts.holder_id
    if relation == CENTRE:
        return seat.unit_id is not None and seat.unit_id == facts.centre_id
    if relation == LEAD:
        return seat.unit_id is not None and seat.unit_id == facts.lead_id
    if relation == CO_UNIT:
        return seat.unit_id in facts.co_unit_ids
    if relation == CALLED_UNIT:
        return seat.unit_id in facts.called_unit_ids
    if relation == CALLER:
        return seat.unit_id in facts.caller_ids
    if relation == GRID_WORKER:
        return seat.unit_id is None and seat.level > 0 and seat.covers(facts.path)
    if relation == HIGHER_CENTRE:
        return seat.role.place != "department" and seat.covers(facts.path) and seat.level < facts.holder_level
    if relation == AREA_CENTRE:
        return seat.role.place == "centre" and seat.level > 0 and seat.covers(facts.path)
    if relation == ANYWHERE_IN:
        return seat.covers(facts.path)
    return False


def seat_for(move: Move, facts: Facts, seats: Iterable, user_id: int | None):
    """The post by which this person may make the move; True for the reporter, None if nothing allows it."""
    for who in move.who:
        if who.relation == REPORTER:
            if user_id is not None and user_id == facts.reporter_id:
                return True
            continue
        for seat in seats:
            if seat.may(who.permission) and stands(who.relation, seat, facts):
                return seat
    return None


def moves_for(facts: Facts, seats, user_id) -> list[str]:
    """Names of the moves open to this person now, in the order of the table."""
    return [
        name
        for name, move in MOVES.items()
        if move.fits(facts)
        and name not in SYSTEM_ACTIONS
        and seat_for(move, facts, seats, user_id)
    ]
