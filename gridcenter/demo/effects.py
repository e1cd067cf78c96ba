"""What each step writes on a life in memory: events.services.effects once more, on plain objects.

Each takes (actor, unit, words, location, the status before, what was supplied) and returns the facts of the step.
"""

from __future__ import annotations

from datetime import UTC

from core.geo import metres_between
from events.services import clockwork
from events.workflow import SPOT_WAITING, SpotCheck, Status


class _Ending:
    """Stands for a case number, which is known when the rows are written."""

    def __reduce__(self):
        return "ENDING"  # the same one in every process


ENDING = _Ending()


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


class Effects:
    """The half of a Life that its steps change; the columns are made there."""

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
        if self.spot_state in SPOT_WAITING:
            self.spot_state = self.spot_due_at = None
        self._back_to_the_centre()

    def _spot_pass(self, *_):
        self.spot_state, self.spot_due_at = SpotCheck.PASSED, None

    def _spot_fail(self, *_):
        self.spot_state, self.spot_due_at = SpotCheck.FAILED, None
        self._back_to_the_centre()

    def _note_spot_late(self, *_):
        self.spot_state = SpotCheck.LATE
        return {"due_at": self.spot_due_at.astimezone(UTC).isoformat()}

    def _back_to_the_centre(self):
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

    def _remind(self, *_):
        return {"asked": sorted({row["asked_unit"] for row in self.supervisions if row["answered_at"] is None})}

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


def _nothing(*_):
    return None


EFFECTS = {
    "register": Effects._register,
    "reject": _nothing,
    "cancel": _nothing,
    "merge": Effects._merge,
    "place": Effects._place,
    "escalate": Effects._move_centre,
    "hand_down": Effects._move_centre,
    "dispatch": Effects._dispatch,
    "sign": Effects._sign,
    "return": Effects._return,
    "co_report": Effects._co_report,
    "ask_time": Effects._ask_time,
    "grant_time": Effects._grant_time,
    "refuse_time": Effects._refuse_time,
    "feed_back": Effects._feed_back,
    "verify_pass": Effects._verify_pass,
    "rework": Effects._rework,
    "evaluate": Effects._evaluate,
    "spot_pass": Effects._spot_pass,
    "spot_fail": Effects._spot_fail,
    "reopen": Effects._reopen,
    "suspend": Effects._suspend,
    "resume": Effects._resume,
    "supervise": Effects._supervise,
    "answer": Effects._answer,
    "remind": Effects._remind,
    "whistle": Effects._whistle,
    "report_in": Effects._report_in,
    "rate_call": Effects._rate_call,
    "due_soon": Effects._note_due_soon,
    "overdue": Effects._note_overdue,
    "unanswered": Effects._note_unanswered,
    "no_show": Effects._note_no_show,
    "spot_late": Effects._note_spot_late,
}  # fmt: skip
