"""What happens to one event: chance decides within the rules, at believable speeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from events import clocks
from events.workflow import RUNNING, Stage

from . import texts
from .life import Life, Over, World

# Shares of events. Rates of a well-run county (closing over 99 %, few late), see DESIGN.md's table of places.
REJECTED, CANCELLED = 0.015, 0.006
ESCALATED, HANDED_DOWN = 0.07, 0.55
RETURNED, REWORKED, CO_HANDLED = 0.03, 0.035, 0.12
WHISTLED, SUPERVISED, SUSPENDED, MORE_TIME, REOPENED = 0.010, 0.010, 0.008, 0.03, 0.006
STUCK = 0.004  # at each step: somebody forgets
SPOT_FAILED, SPOT_LATE = 0.05, 0.06  # of the events drawn for a spot check
RATED, RATED_ON_SPOT = 0.45, 0.25
STARS = (*[5] * 73, *[4] * 22, *[3] * 3, 2, 1)

# Fates that a short demo must not leave to chance, given to events of the last days.
FATES = (
    "reject", "merge", "cancel", "suspend", "stuck:register", "stuck:dispatch", "stuck:sign", "stuck:handle",
    "stuck:verify", "whistle", "no_show", "supervise", "unanswered", "return", "rework", "more_time", "reopen",
)  # fmt: skip


class Cast:
    """Who is there to act: people of units, workers of grids, and how quick each unit is."""

    def __init__(self, staff, kind_of: dict[int, str], pace: dict[int, float], pictures: dict[str, list]):
        self.staff, self.kind_of, self.pace, self.pictures = staff, kind_of, pace, pictures

    def person(self, unit: int, r: Random) -> int:
        return r.choice(self.staff.people[unit])

    def worker(self, grid: int, r: Random) -> int:
        return r.choice(self.staff.workers[grid])


@dataclass(frozen=True)
class Plot:
    """What is settled about an event before its story begins."""

    standard: int
    urgency: str
    settled: bool
    actor: int
    unit: int | None
    nearest_grid: tuple[int, str, str]  # id, code, path: where an event outside all grids is put
    repeat_of: int | None = None
    fate: str = ""


class Story:
    """Tells one life to the end, or until time runs out."""

    def __init__(self, life: Life, world: World, cast: Cast, r: Random, plot: Plot):
        self.life, self.world, self.cast, self.r, self.plot = life, world, cast, r, plot
        self.urgency, self.fate = plot.urgency, plot.fate

    def tell(self) -> Life:
        """The life as it stands at the end of time."""
        plot, settled = self.plot, self.plot.settled
        photos = (*self.pictures("before", 1), *self.pictures("after", 1)) if settled else self._report_photos()
        self.life.begin(settled=settled, actor=plot.actor, unit=plot.unit, photos=photos)
        try:
            if not settled:
                self._from_report()
            if self.life.spot_check:
                self._spot_check()
            if self.life.status == "closed":
                self._rating(RATED_ON_SPOT if self.life.settled_on_spot else RATED)
        except Over:
            self._press()
        return self.life

    def _press(self):
        """What is late when the demonstrated time stops: every third one is under supervision, some have answered."""
        life, r, end = self.life, self.r, self.world.end
        if life.status not in RUNNING or life.due_at is None or life.due_at >= end:
            return
        if life.supervised or r.random() > 0.33:
            return
        holder = self.world.directory.units[life.holder_id]
        above = self.world.directory.parent_centre(holder)
        by = life.centre_id if holder.kind == "department" else above and above.pk
        at = max(life.now, life.due_at) + timedelta(hours=r.uniform(0.3, 20))
        if by is None or at >= end:
            return
        try:
            answer_by = at + timedelta(hours=r.choice((4, 24, 48)))
            words = self._words(texts.SUPERVISE)
            life.step("supervise", at, self.cast.person(by, r), by, words, answer_by=answer_by)
            life.wait(min(at + timedelta(hours=r.uniform(1, 30)), end))
            if r.random() < 0.4:
                self._desk("answer", life.now + timedelta(minutes=1), self._words(texts.ANSWER))
            life.wait(end + timedelta(seconds=1))
        except Over:
            return

    def chance(self, share: float, *fates: str) -> bool:
        """Whether it happens: by fate, else by chance."""
        return self.fate in fates or self.r.random() < share

    # ---- speeds

    def _stage_time(self, stage: Stage, unit: int) -> datetime:
        amount, limit_unit = self.world.limits.stage(stage, self.life.urgency)
        share = self.r.lognormvariate(-1.45, 0.6) * self.cast.pace[unit]
        return self._awake(clocks.deadline(self.life.now, float(amount) * share, limit_unit, self.world.calendar))

    def _handle_time(self, unit: int) -> datetime:
        life = self.life
        share = self.r.lognormvariate(-1.1, 0.46) * self.cast.pace[unit]
        # From the deadline backwards: right across suspensions and grants.
        rest = life.handle_seconds * (share - 1)
        at = clocks.resume(rest, life.handle_unit, life.handle_due_at, self.world.calendar)
        return self._awake(max(at, life.now + timedelta(minutes=self.r.uniform(4, 50))))

    def _awake(self, at: datetime) -> datetime:
        """Nobody feeds back an ordinary case at night; what is urgent is done when it is done."""
        hour = at.astimezone(clocks.BEIJING).hour
        if self.urgency == "normal" and (hour < 7 or hour >= 21):
            return at + timedelta(hours=(31 - hour) % 24 + self.r.random() * 3)
        return at + timedelta(seconds=self.r.uniform(0, 240))

    def _soon(self, low=0.2, high=4.0) -> datetime:
        return self._awake(self.life.now + timedelta(hours=self.r.uniform(low, high)))

    def _stuck(self, stage: str):
        """Somebody forgets: for days, or to the end of the demonstrated time."""
        if self.fate == f"stuck:{stage}":
            self.life.wait(self.world.end + timedelta(days=1))
        elif self.r.random() < STUCK:
            self.life.wait(self.life.now + timedelta(days=self.r.expovariate(1 / 5)))

    def _words(self, choices: Sequence[str]) -> str:
        return self.r.choice(choices)

    def pictures(self, kind: str, number: int) -> tuple:
        """Photos of the stock as (kind, sha256, index)."""
        stock = self.cast.pictures[kind]
        return tuple((kind, *self.r.choice(stock)) for _ in range(number))

    def _report_photos(self):
        asked = self.world.limits.standards[self.plot.standard].photos_required
        return self.pictures("before", 1) if asked or self.r.random() < 0.4 else ()

    def near(self) -> tuple[float, float]:
        """A position as a phone measures it: within some 30 m of the place."""
        life, r = self.life, self.r
        return round(life.lon + r.gauss(0, 1e-4), 6), round(life.lat + r.gauss(0, 1e-4), 6)

    # ---- before dispatch

    def _from_report(self):
        life, r = self.life, self.r
        if not life.placed:
            self._put_in_grid()
        if life.source in ("hotline", "sensor", "department") and r.random() < HANDED_DOWN:
            below = self.world.directory.centre_for(life.path, r.choice((2, 3)))
            if below.pk != life.holder_id:
                self._desk("hand_down", self._soon(0.05, 0.6), self._words(texts.HAND_DOWN), to=below.pk)
        self._stuck("register")
        at = self._stage_time(Stage.REGISTER, life.holder_id)
        if self._ends_unregistered(at):
            return
        if self.chance(ESCALATED):
            above = self.world.directory.parent_centre(self.world.directory.units[life.holder_id])
            if above is not None:
                self._desk("escalate", at, self._words(texts.ESCALATE), to=above.pk)
                at = self._stage_time(Stage.REGISTER, life.holder_id)
        self._desk("register", at, self._words(texts.REGISTER), standard=self.plot.standard, urgency=self.urgency)
        self._until_closed()

    def _ends_unregistered(self, at) -> bool:
        if self.chance(REJECTED, "reject"):
            self._desk("reject", at, self._words(texts.REJECT))
        elif self.plot.repeat_of is not None:
            self._desk("merge", at, self._words(texts.MERGE), repeats=self.plot.repeat_of)
        elif self.chance(CANCELLED, "cancel"):
            life = self.life
            at = min(at, life.now + timedelta(minutes=self.r.uniform(2, 40)))
            life.step("cancel", at, life.reporter_id, None, self._words(texts.CANCEL))
        else:
            return False
        return True

    def _put_in_grid(self):
        self._desk("place", self._soon(0.05, 0.5), "", grid=self.plot.nearest_grid)

    def _desk(self, name, at, words, **supplied):
        """A step of an operator of the centre that holds the event."""
        unit = self.life.holder_id
        self.life.step(name, at, self.cast.person(unit, self.r), unit, words, **supplied)

    # ---- from registration to closing

    def _until_closed(self):
        life = self.life
        returned = False
        while life.status != "closed":
            if life.status == "registered":
                self._dispatch(to_bureau=returned)
            if life.status == "dispatched" and self._signs_or_returns(allowed=not returned):
                returned = True
                continue
            self._work()
            self._verify()

    def _dispatch(self, to_bureau):
        life, r = self.life, self.r
        self._stuck("dispatch")
        if self.chance(SUPERVISED, "supervise", "unanswered"):
            self._supervise()
        entry = self.world.limits.standards[life.standard_id]
        kinds = {0: entry.leads[0]} if to_bureau and 0 in entry.leads else entry.leads
        lead = self.world.directory.department_for(life.path, kinds).pk
        co_units = []
        if r.random() < CO_HANDLED:
            other = r.choice(self.others)
            co_units = [other] if other != lead else []
        at = self._stage_time(Stage.DISPATCH, life.holder_id)
        self._desk("dispatch", at, self._words(texts.DISPATCH), lead=lead, co_units=co_units)

    @property
    def others(self) -> list[int]:
        """Bureaus that are asked to help."""
        root = int(self.life.path.split("/")[1])
        return [pk for (grid, _kind), pk in self.cast.staff.departments.items() if grid == root][:12]

    def _signs_or_returns(self, allowed) -> bool:
        life = self.life
        self._stuck("sign")
        unit = life.lead_id
        at = self._stage_time(Stage.SIGN, unit)
        if allowed and self.chance(RETURNED, "return"):
            life.step("return", at, self.cast.person(unit, self.r), unit, self._words(texts.RETURN))
            return True
        life.step("sign", at, self.cast.person(unit, self.r), unit, self._words(texts.SIGN))
        return False

    def _work(self):
        life, r = self.life, self.r
        unit = life.lead_id
        if self.chance(WHISTLED, "whistle", "no_show"):
            self._whistle()
        if self.chance(SUSPENDED, "suspend"):
            self._suspend()
        if self.chance(MORE_TIME, "more_time"):
            self._ask_for_time(unit)
        self._stuck("handle")
        done = max(self._handle_time(unit), life.now + timedelta(minutes=2))
        for turn in life.turns:
            if not turn.lead and turn.outcome == "open" and r.random() < 0.8:
                at = life.now + (done - life.now) * r.uniform(0.2, 0.9)
                co_words = self._words(texts.CO_REPORT)
                life.step("co_report", at, self.cast.person(turn.unit_id, r), turn.unit_id, co_words)
        words = self._words(texts.DONE[self.cast.kind_of[life.standard_id]])
        asked = self.world.limits.standards[life.standard_id].photos_required
        photos = self.pictures("after", 1) if r.random() < 0.7 or asked else ()
        life.step("feed_back", done, self.cast.person(unit, r), unit, words, photos=photos)
        if life.whistles and r.random() < 0.8:
            self._rate_calls()

    def _verify(self):
        life, r = self.life, self.r
        self._stuck("verify")
        centre = life.centre_id
        at = self._stage_time(Stage.VERIFY, centre)
        if r.random() < 0.85 and life.placed:
            actor, unit = self.cast.worker(life.grid_id, r), None
        else:
            actor, unit = self.cast.person(centre, r), centre
        spot = self.near()
        photos = self.pictures("verify", 1) if r.random() < 0.35 else ()
        if life.reworks < 2 and self.chance(REWORKED, *(() if life.reworks else ("rework",))):
            life.step("rework", at, actor, unit, self._words(texts.REWORK), spot, photos)
        else:
            life.step("verify_pass", at, actor, unit, self._words(texts.PASS), spot, photos)

    # ---- beside the main road

    def _ask_for_time(self, unit):
        life, r = self.life, self.r
        at = life.now + (life.handle_due_at - life.now) * r.uniform(0.3, 0.7)
        if at < life.now + timedelta(minutes=10):
            return
        amount = Decimal(r.choice((1, 1, 2, 3)))
        life.step("ask_time", at, self.cast.person(unit, r), unit, self._words(texts.ASK), amount=amount)
        at = life.now + (life.handle_due_at - life.now) * r.uniform(0.1, 0.6)
        centre = life.centre_id
        granted = r.random() < 0.8
        words = self._words(texts.GRANT if granted else texts.REFUSE)
        if at > life.now + timedelta(seconds=40):
            life.step("grant_time" if granted else "refuse_time", at, self.cast.person(centre, r), centre, words)

    def _suspend(self):
        life, r = self.life, self.r
        centre = life.centre_id
        at = self._soon(0.3, 3.0)
        until = at.astimezone(clocks.BEIJING).date() + timedelta(days=r.randint(10, 120))
        life.step("suspend", at, self.cast.person(centre, r), centre, self._words(texts.SUSPEND), until=until)
        back = at + timedelta(days=(until - at.date()).days * r.uniform(0.3, 1.2))
        life.wait(back)
        if life.status == "suspended":
            life.step("resume", back, self.cast.person(centre, r), centre, self._words(texts.RESUME))

    def _supervise(self):
        """A higher centre asks; the holder answers before it goes on."""
        life, r = self.life, self.r
        above = self.world.directory.parent_centre(self.world.directory.units[life.holder_id])
        if above is None:
            return
        at = self._soon(0.1, 1.0)
        unanswered = self.fate == "unanswered" or r.random() < 0.1
        answer_by = at + timedelta(days=1 if unanswered else r.choice((1, 2, 3)))
        words = self._words(texts.SUPERVISE)
        life.step("supervise", at, self.cast.person(above.pk, r), above.pk, words, answer_by=answer_by)
        if unanswered:
            life.wait(answer_by + timedelta(hours=r.uniform(0.1, 5)))
            at = life.now + timedelta(minutes=r.uniform(1, 20))
            life.step("remind", at, self.cast.person(above.pk, r), above.pk, self._words(texts.REMIND))
        self._desk("answer", self._soon(0.2, 3.0), self._words(texts.ANSWER))

    def _whistle(self):
        life, r = self.life, self.r
        directory = self.world.directory
        caller = directory.centre_for(life.path, r.choice((1, 2, 3))).pk
        units = sorted(set(r.sample(self.others, 3)))
        come_by = self._soon(0.02, 0.2) + timedelta(hours=r.choice((2, 4, 24)))
        life.step(
            "whistle", self._soon(0.02, 0.15), self.cast.person(caller, r), caller, self._words(texts.WHISTLE),
            units=units, place=life.place or "事发现场", come_by=come_by,
        )  # fmt: skip
        if self.fate == "no_show":
            life.wait(come_by + timedelta(minutes=2))
        for unit in units:
            if r.random() < 0.93:
                at = life.now + (come_by - life.now) * min(1.4, r.lognormvariate(-0.9, 0.5))
                words = self._words(texts.REPORT_IN)
                life.step("report_in", at, self.cast.person(unit, r), unit, words, self.near())

    def _rate_calls(self):
        r, life = self.r, self.life
        for whistle in life.whistles:
            for unit, call in whistle["calls"].items():
                if call["arrived_at"] and call["stars"] is None:
                    at, caller = life.now + timedelta(minutes=r.uniform(1, 20)), whistle["unit"]
                    actor, stars = self.cast.person(caller, r), r.choice(STARS)
                    life.step("rate_call", at, actor, caller, called=unit, stars=stars)

    # ---- after closing

    def _spot_check(self):
        """The station looks at what its worker has settled; what was not settled goes the long way."""
        r, late = self.r, self.chance(SPOT_LATE)
        at = self._awake(self.life.now + timedelta(hours=r.uniform(3, 40)))
        if late:
            at = self._awake(self.life.spot_due_at + timedelta(hours=r.uniform(2, 20)))
        if self.chance(SPOT_FAILED):
            self._desk("spot_fail", at, self._words(texts.SPOT_FAIL))
            self._until_closed()
        else:
            self._desk("spot_pass", at, self._words(texts.SPOT_PASS))

    def _rating(self, share):
        life, r = self.life, self.r
        at = self._awake(life.now + timedelta(hours=min(140, r.lognormvariate(2.6, 1.0))))
        if life.reopens == 0 and self.chance(REOPENED, "reopen"):
            life.step("reopen", at, life.reporter_id, None, self._words(texts.REOPEN))
            self._until_closed()
            self._rating(share)
        elif self.world.limits.standards[life.standard_id].rating_asked and r.random() < share:
            stars = r.choice(STARS)
            life.step("evaluate", at, life.reporter_id, None, self._words(texts.STARS[stars]), stars=stars)
        else:
            life.lapse()
