"""One event's life in memory: the same columns, rows and clocks that events.services would write.

The services take one event through one step under a lock; a demo county needs half a million steps in a minute.
So the effects of each step stand here a second time, on plain objects; clocks, the table of moves and the hash
are the services' own. tests/test_demo_load.py replays lives through the services and compares every column.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from events import chain, clocks
from events.services import clockwork
from events.services.intake import SPOT_CHECK_DAYS, SPOT_CHECK_ONE_IN
from events.services.sweep import RATING_DAYS
from events.workflow import (
    BEGINNINGS,
    MOVES,
    OPEN,
    REPORT,
    RUNNING,
    SETTLE,
    STAGE_OF,
    SpotCheck,
    Stage,
    Status,
)

from .effects import EFFECTS, ENDING, Effects, Turn

MINUTE = timedelta(minutes=1)
LAPSE = timedelta(days=RATING_DAYS)


class Over(Exception):
    """The next step lies beyond the end of the demonstrated time."""


class World:
    """What all lives share: limits, the calendar, the units, and the instant at which everything stops."""

    def __init__(self, limits, calendar, directory, end: datetime):
        self.limits, self.calendar, self.directory, self.end = limits, calendar, directory, end
        self.whistles, self.supervisions = count(1), count(1)  # ids, because facts name them


class Life(Effects):
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
        self.spot_state = self.spot_due_at = None
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
            self.spot_check = self.uid.int % SPOT_CHECK_ONE_IN == 0
            self.registered_at = self.closed_at = self.now
            if self.spot_check:
                self.spot_state = SpotCheck.WAITING
                self.spot_due_at = clocks.deadline(self.now, SPOT_CHECK_DAYS, "work_day", self.around.calendar)
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
        facts = EFFECTS[name](self, actor, unit, words, location, source, supplied) or {}
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
        while (found := min(self._due(until), default=None, key=lambda note: note[0])) and found[0] < until:
            at, name = found
            self._clock(name, at, "挂账到期，自动恢复" if name == "resume" else "")

    def _due(self, until):
        """(tick, action) of everything that waits for the clock; what comes after `until` may be left out."""
        after = _next_tick(self.now)
        if self.status == Status.SUSPENDED:
            yield datetime.combine(self.suspended_until, datetime.min.time(), clocks.BEIJING) + MINUTE, "resume"
        elif self.warned < 2 and self.due_at is not None and self.yellow_at < until and self.status in RUNNING:
            red = max(_next_tick(self.due_at), after)
            yellow = red if self.warned else max(_next_tick(self.yellow_at), after)
            yield (yellow, "due_soon") if yellow < red else (red, "overdue")
        if self.spot_state == SpotCheck.WAITING:
            yield max(_next_tick(self.spot_due_at), after), "spot_late"
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
        facts = EFFECTS[name](self, None, None, words, None, source, {}) or {}
        self._note(name, source, None, None, words, None, (), facts)

    def lapse(self):
        """No rating came in a week, or none was asked for: the clock closes the book. Raises Over beyond the end."""
        at = _next_tick(self.closed_at + LAPSE)
        self.wait(at)
        self.now, source = at, self.status
        asked = self.around.limits.standards[self.standard_id].rating_asked
        self.status, self.evaluated_at = Status.EVALUATED, at if asked else None
        self.stage_since, self.due_at, self.yellow_at = at, None, None
        self._note("lapse" if asked else "archive", source, None, None, "", None, (), {})

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
