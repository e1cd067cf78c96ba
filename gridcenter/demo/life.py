"""One event's life in memory: the same columns, rows and clocks that events.services would write.

The services take one event through one step under a lock; a demo county needs half a million steps in a minute.
So the effects of each step stand here a second time, on plain objects; clocks, the table of moves and the hash
are the services' own. tests/test_demo_load.py replays lives through the services and compares every column.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from core.geo import metres_between
from events import chain, clocks
from events.services import clockwork
from events.services.sweep import RATING_DAYS
from events.workflow import BEGINNINGS, MOVES, OPEN, REPORT, RUNNING, SETTLE, STAGE_OF, Stage, Status

MINUTE = timedelta(minutes=1)
LAPSE = timedelta(days=RATING_DAYS)
ENDING = object()  # stands for the case number of another event, known when rows are written


class Over(Exception):
    """The next step lies beyond the end of the demonstrated time."""


class World:
    """What all lives share: limits, the calendar, the units, and the instant at which everything stops."""

    def __init__(self, limits, calendar, directory, end: datetime):
        self.limits, self.calendar, self.directory, self.end = limits, calendar, directory, end
        self.whistles, self.supervisions = count(1), count(1)  # ids, because facts name them


class Turn:
    """A row of events_assignment."""

    __slots__ = (
        "dispatched_at",
        "due_at",
        "ended_at",
        "late",
        "lead",
        "outcome",
        "signed_at",
        "unit_id",
        "used_share",
        "words",
    )  # fmt: skip

    def __init__(self, unit_id, lead, dispatched_at, due_at):
        self.unit_id, self.lead, self.dispatched_at, self.due_at = unit_id, lead, dispatched_at, due_at
        self.outcome, self.signed_at, self.ended_at, self.late = "open", None, None, False
        self.used_share, self.words = None, ""


class Life:
    """The columns of events_event, and the rows that hang on it."""

    def __init__(self, world: World, uid: UUID, reported_at: datetime):
        self.around, self.uid = world, uid
        self.id = None
        self.number = None
        self.status = ""
        self.source, self.urgency = "worker", "normal"
        self.description = self.place = ""
        self.lon = self.lat = None
        self.grid_id, self.path, self.placed = None, "", True
        self.standard_id = self.reporter_id = None
        self.contact_name = self.contact_phone = ""
        self.holder_id = self.centre_id = self.lead_id = None
        self.stage_since, self.stage_seconds, self.stage_unit = reported_at, 0, ""
        self.due_at = self.yellow_at = None
        self.warned = 0
        self.handle_since = self.handle_due_at = self.handle_yellow_at = None
        self.handle_seconds, self.handle_unit = 0, ""
        self.resume_status, self.resume_holder_id, self.suspended_until = "", None, None
        self.stage_left = self.handle_left = None
        self.late = self.supervised = self.settled_on_spot = self.spot_check = False
        self.returns = self.reworks = self.grants = self.reopens = 0
        self.merged_into = None
        self.stars, self.rating_words = None, ""
        self.reported_at = self.now = reported_at
        self.registered_at = self.dispatched_at = self.signed_at = None
        self.fed_back_at = self.closed_at = self.evaluated_at = None
        self.steps: list[list] = []
        self.stages: list[tuple] = []
        self.turns: list[Turn] = []
        self.requests: list[dict] = []
        self.supervisions: list[dict] = []
        self.whistles: list[dict] = []
        self.photos: list[tuple] = []

    @property
    def event(self):
        """Clockwork asks a step for its event."""
        return self

    # ---- taking steps

    def begin(self, *, settled: bool, actor: int, unit: int | None, photos=()):
        """Report 采集上报, or settle on the spot 自办自结, at `reported_at`."""
        name = SETTLE if settled else REPORT
        facts = {"source": self.source, "grid": self.grid_id, "placed": self.placed}
        self.reporter_id = actor
        self.status = BEGINNINGS[name].target
        if settled:
            self.settled_on_spot = True
            self.spot_check = self.uid.int % 10 == 0
            self.registered_at = self.closed_at = self.now
            facts = {"number": ENDING, "spot_check": self.spot_check, **facts}
        clockwork.start_stage(self)
        self._note(name, "", actor, unit, "", (self.lon, self.lat) if self.lon else None, photos, facts)

    def step(self, name, at, actor, unit=None, words="", location=None, photos=(), **supplied):
        """Take a move of the table at `at` (later if the last step was). Raises Over beyond the end."""
        at = max(at, self.now + timedelta(seconds=20))
        self.wait(at)
        move = MOVES[name]
        if self.status not in move.sources:
            raise ValueError(f"{name} from {self.status}")
        self.now = at
        source = self.status
        if move.stage and source in STAGE_OF:
            self._finish_stage(STAGE_OF[source], actor)
        self.status = move.target_from(source, self.resume_status)
        facts = _EFFECTS[name](self, actor, unit, words, location, source, supplied) or {}
        if move.stage:
            clockwork.start_stage(self)
        self._note(name, source, actor, unit, words, location, photos, facts)

    def wait(self, until: datetime):
        """Let time pass, and the clock do its part. Raises Over beyond the end, with all of it done."""
        self._sweep(min(until, self.around.end))
        if until > self.around.end:
            raise Over
        self.now = max(self.now, until)

    def _sweep(self, until):
        """What the beat job would have noted: yellow, red, suspensions that end, answers and units that do not come."""
        while (found := min(self._due(), default=None, key=lambda note: note[0])) and found[0] < until:
            at, name = found
            self._clock(name, at, "挂账到期，自动恢复" if name == "resume" else "")

    def _due(self):
        """(tick, action) of everything that waits for the clock."""
        after = _next_tick(self.now)
        if self.status == Status.SUSPENDED:
            yield datetime.combine(self.suspended_until, datetime.min.time(), clocks.BEIJING) + MINUTE, "resume"
        elif self.due_at is not None and self.warned < 2 and self.status in RUNNING:
            red = max(_next_tick(self.due_at), after)
            yellow = red if self.warned else max(_next_tick(self.yellow_at), after)
            yield (yellow, "due_soon") if yellow < red else (red, "overdue")
        if self.supervised and self.status in OPEN:
            for row in self.supervisions:
                if row["answered_at"] is None and not row["noted"]:
                    yield max(_next_tick(row["answer_by"]), after), "unanswered"
        if self.whistles and self.status in OPEN:
            for whistle in self.whistles:
                if any(not call["arrived_at"] and not call["noted"] for call in whistle["calls"].values()):
                    yield max(_next_tick(whistle["come_by"]), after), "no_show"

    def _clock(self, name, at, words):
        self.now = at
        source = self.status
        self.status = MOVES[name].target_from(source, self.resume_status)
        facts = _EFFECTS[name](self, None, None, words, None, source, {}) or {}
        self._note(name, source, None, None, words, None, (), facts)

    def lapse(self):
        """No rating came in a week: the clock closes the book. Raises Over beyond the end."""
        at = _next_tick(self.closed_at + LAPSE)
        self.wait(at)
        self.now, source = at, self.status
        self.status, self.evaluated_at = Status.EVALUATED, at
        self.stage_since, self.due_at, self.yellow_at = at, None, None
        self._note("lapse", source, None, None, "", None, (), {})

    def _note(self, name, source, actor, unit, words, location, photos, facts):
        lon, lat = location or (None, None)
        for photo in photos:
            self.photos.append((len(self.steps) + 1, actor, self.now, *photo))
        self.steps.append(
            [name, source, str(self.status), actor, unit, self.now, words, lon, lat, [p[1] for p in photos], facts]
        )

    def _finish_stage(self, stage, actor):
        if self.due_at is None:
            return
        late = self.now > self.due_at
        self.late = self.late or late
        since = self.handle_since if stage == Stage.HANDLE and self.handle_since else self.stage_since
        share = self.share(self.due_at, self.stage_seconds, self.stage_unit)
        self.stages.append((str(stage), self.holder_id, actor, since, self.now, self.due_at, late, share))

    def share(self, due_at, seconds, unit):
        return clockwork.share(self, due_at, seconds, unit)

    # ---- effects, as in events.services.effects

    def _register(self, actor, unit, words, location, source, supplied):
        self.standard_id, self.urgency = supplied["standard"], supplied["urgency"]
        self.centre_id = self.holder_id
        self.registered_at = self.now
        code = self.around.limits.standards[self.standard_id].code
        return {"number": ENDING, "standard": code, "urgency": self.urgency}

    def _merge(self, actor, unit, words, location, source, supplied):
        self.merged_into = supplied["repeats"]
        return {"merged_into": self.merged_into, "number": ENDING}

    def _place(self, actor, unit, words, location, source, supplied):
        grid_id, code, path = supplied["grid"]
        facts = {"grid": code, "from_grid": self.grid_id}
        self.grid_id, self.path, self.placed = grid_id, path, True
        self.holder_id = self.centre_id = self.around.directory.centre_for(path).pk
        return facts

    def _move_centre(self, actor, unit, words, location, source, supplied):
        self.holder_id = self.centre_id = supplied["to"]
        return {"unit": self.holder_id}

    def _assign(self, lead, co_units):
        self.lead_id = self.holder_id = lead
        self.dispatched_at = self.now
        clockwork.start_handling(self)
        self.turns += [Turn(pk, pk == lead, self.now, self.handle_due_at) for pk in [lead, *co_units]]

    def _dispatch(self, actor, unit, words, location, source, supplied):
        co_units = list(supplied.get("co_units", ()))
        self._assign(supplied["lead"], co_units)
        return {"lead": supplied["lead"], "co_units": co_units}

    def _sign(self, *_):
        self.signed_at = self.now
        for turn in self.turns:
            if turn.lead and turn.outcome == "open":
                turn.signed_at = self.now

    def _end_turn(self, turn, outcome, words):
        turn.outcome, turn.ended_at, turn.words = outcome, self.now, words[:2000]
        turn.late = self.handle_due_at is not None and self.now > self.handle_due_at
        turn.used_share = self.share(self.handle_due_at, self.handle_seconds, self.handle_unit)

    def _end_turns(self, words, *, lead, others):
        for turn in self.turns:
            if turn.outcome == "open":
                self._end_turn(turn, lead if turn.lead else others, words if turn.lead else turn.words)

    def _drop_request(self):
        for request in self.requests:
            if request["granted"] is None:
                request["granted"], request["decided_at"] = False, self.now

    def _return(self, actor, unit, words, location, source, supplied):
        self.returns += 1
        self._end_turns(words, lead="returned", others="withdrawn")
        if source == Status.HANDLING:
            self._drop_request()
        self.lead_id = self.signed_at = None
        self.holder_id = self.centre_id
        clockwork.clear_handling(self)

    def _co_report(self, actor, unit, words, *_):
        for turn in self.turns:
            if turn.outcome == "open" and not turn.lead and turn.unit_id == unit:
                self._end_turn(turn, "fed_back", words)

    def _ask_time(self, actor, unit, words, location, source, supplied):
        amount, amount_unit = supplied["amount"], self.handle_unit
        self.requests.append(
            {"unit": self.lead_id, "asked_at": self.now, "amount": amount, "amount_unit": amount_unit,
             "words": words, "granted": None, "decided_at": None}
        )  # fmt: skip
        return {"amount": str(amount), "amount_unit": amount_unit}

    def _grant_time(self, *_):
        request = self.requests[-1]
        self.grants += 1
        due_at = clockwork.extend_handling(self, request["amount"], request["amount_unit"])
        for turn in self.turns:
            if turn.outcome == "open":
                turn.due_at = due_at
        request["granted"], request["decided_at"] = True, self.now
        return {
            "amount": f"{request['amount']:.2f}", "amount_unit": request["amount_unit"],
            "due_at": due_at.isoformat(),
        }  # fmt: skip

    def _refuse_time(self, *_):
        self.requests[-1]["granted"], self.requests[-1]["decided_at"] = False, self.now

    def _feed_back(self, actor, unit, words, *_):
        self._end_turns(words, lead="fed_back", others="fed_back")
        self._drop_request()
        self.fed_back_at = self.now
        self.holder_id = self.centre_id

    def _verify_pass(self, *_):
        for turn in self.turns:
            if turn.outcome == "fed_back":
                turn.outcome = "passed"
        self.closed_at = self.now
        clockwork.clear_handling(self)

    def _rework(self, *_):
        self.reworks += 1
        for turn in self.turns:
            if turn.lead and turn.outcome == "fed_back":
                turn.outcome = "rework"
        self.fed_back_at = self.signed_at = None
        self._assign(self.lead_id, [])

    def _evaluate(self, actor, unit, words, location, source, supplied):
        self.stars, self.rating_words = supplied["stars"], words[:500]
        self.evaluated_at = self.now
        return {"stars": self.stars}

    def _reopen(self, *_):
        self.reopens += 1
        self.stars, self.rating_words = None, ""
        self.lead_id = self.fed_back_at = self.signed_at = self.closed_at = self.evaluated_at = None
        self.settled_on_spot = False
        self.holder_id = self.centre_id
        clockwork.clear_handling(self)

    def _suspend(self, actor, unit, words, location, source, supplied):
        clockwork.pause(self)
        self.resume_status, self.resume_holder_id = source, self.holder_id
        self.suspended_until = supplied["until"]
        self.holder_id = self.centre_id
        return {"until": self.suspended_until.isoformat()}

    def _resume(self, *_):
        self.holder_id = self.resume_holder_id
        self.resume_status, self.resume_holder_id, self.suspended_until = "", None, None
        clockwork.resume(self)
        for turn in self.turns:
            if turn.outcome == "open" and self.handle_due_at:
                turn.due_at = self.handle_due_at

    def _supervise(self, actor, unit, words, location, source, supplied):
        self.supervised = True
        self.supervisions.append(
            {"id": next(self.around.supervisions), "by": actor, "unit": unit, "asked_unit": self.holder_id,
             "asked_at": self.now, "words": words, "answer_by": supplied["answer_by"], "answered_at": None,
             "answer": "", "noted": False}
        )  # fmt: skip
        return {"answer_by": supplied["answer_by"].isoformat()}

    def _answer(self, actor, unit, words, *_):
        for row in self.supervisions:
            if row["answered_at"] is None:
                row["answered_at"], row["answer"] = self.now, words
        self.supervised = False

    def _whistle(self, actor, unit, words, location, source, supplied):
        whistle = {
            "id": next(self.around.whistles), "unit": unit, "by": actor, "called_at": self.now, "place": supplied["place"],
            "location": location or (self.lon, self.lat), "come_by": supplied["come_by"], "words": words,
            "calls": {pk: {"arrived_at": None, "arrived_by": None, "location": None, "distance": None,
                           "stars": None, "stars_words": "", "noted": False} for pk in supplied["units"]},
        }  # fmt: skip
        self.whistles.append(whistle)
        come_by = supplied["come_by"].isoformat()
        return {"whistle": whistle["id"], "units": list(supplied["units"]), "come_by": come_by}

    def _report_in(self, actor, unit, words, location, *_):
        whistle = next(w for w in self.whistles if unit in w["calls"] and not w["calls"][unit]["arrived_at"])
        call = whistle["calls"][unit]
        call["arrived_at"], call["arrived_by"], call["location"] = self.now, actor, location
        call["distance"] = round(metres_between(*location, *whistle["location"]), 1)
        in_time = self.now <= whistle["come_by"]
        return {"whistle": whistle["id"], "distance": call["distance"], "in_time": in_time}

    def _rate_call(self, actor, unit, words, location, source, supplied):
        called = supplied["called"]
        whistle = next(w for w in self.whistles if w["unit"] == unit and called in w["calls"])
        call = whistle["calls"][called]
        call["stars"], call["stars_words"] = supplied["stars"], words
        return {"whistle": whistle["id"], "unit": called, "stars": supplied["stars"]}

    def _note_due_soon(self, *_):
        self.warned = 1

    def _note_overdue(self, *_):
        self.warned, self.late = 2, True
        return {"due_at": self.due_at.astimezone(UTC).isoformat()}

    def _note_unanswered(self, *_):
        rows = [r for r in self.supervisions if not r["answered_at"] and not r["noted"] and r["answer_by"] < self.now]
        for row in rows:
            row["noted"] = True
        return {"supervisions": [row["id"] for row in rows], "asked": sorted({row["asked_unit"] for row in rows})}

    def _note_no_show(self, *_):
        units = []
        for whistle in self.whistles:
            for unit, call in whistle["calls"].items():
                if not call["arrived_at"] and not call["noted"] and whistle["come_by"] < self.now:
                    call["noted"] = True
                    units.append(unit)
        return {"units": units}

    # ---- the chain

    def chained(self, number_of):
        """The steps as rows (seq, *columns, prev_hash, hash); `number_of(event id)` gives other case numbers."""
        before = ""
        for seq, step in enumerate(self.steps, 1):
            name, source, target, actor, unit, at, words, lon, lat, photos, facts = step
            if facts.get("number") is ENDING:
                facts["number"] = number_of(self.merged_into, at) if name == "merge" else self.number
            value = chain.row_hash(
                prev_hash=before, uid=self.uid, seq=seq, action=name, source=source, target=target, actor_id=actor,
                unit_id=unit, at=at, words=words, lon=lon, lat=lat, photos=photos, facts=facts,
            )  # fmt: skip
            yield (seq, *step, before, value)
            before = value


def _next_tick(at: datetime) -> datetime:
    """The beat job runs every minute: the first whole minute after `at`."""
    return at.replace(second=0, microsecond=0) + MINUTE


def _nothing(*_):
    return None


_EFFECTS = {
    "register": Life._register, "reject": _nothing, "cancel": _nothing, "merge": Life._merge, "place": Life._place,
    "escalate": Life._move_centre, "hand_down": Life._move_centre, "dispatch": Life._dispatch, "sign": Life._sign,
    "return": Life._return, "co_report": Life._co_report, "ask_time": Life._ask_time,
    "grant_time": Life._grant_time, "refuse_time": Life._refuse_time, "feed_back": Life._feed_back,
    "verify_pass": Life._verify_pass, "rework": Life._rework, "evaluate": Life._evaluate, "reopen": Life._reopen,
    "suspend": Life._suspend, "resume": Life._resume, "supervise": Life._supervise, "answer": Life._answer,
    "whistle": Life._whistle, "report_in": Life._report_in, "rate_call": Life._rate_call,
    "due_soon": Life._note_due_soon, "overdue": Life._note_overdue,
    "unanswered": Life._note_unanswered, "no_show": Life._note_no_show,
}  # fmt: skip
