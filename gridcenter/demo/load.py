"""The demo county as a whole: territory, people, standards, months of events, written set-based."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from time import perf_counter

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from accounts.groups import sync_groups
from accounts.models import User
from core.errors import Conflict
from evaluation import schemes
from evaluation import services as scoring
from evaluation.models import Kind
from events import calendars, limits, standards
from events.clocks import BEIJING
from events.figures import folding
from events.models import Event, Standard
from events.services import habits
from grids import directory
from grids.models import Grid, Unit
from grids.services import outlines

from . import patrols, people, pictures, writing
from .bare import bare
from .duty import Duty
from .life import World
from .places import PLACES, tree
from .plan import Planner, start_of
from .registry import trail
from .registry.fill import filling
from .seals import write_seals
from .story import Cast
from .telling import Teller, told, without_searching
from .territory import cut


@dataclass
class Loaded:
    """Counts and seconds of a finished load."""

    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def end_of(until: date, now: datetime | None = None) -> datetime:
    """The instant at which the demonstrated time stops: the end of the day, or this minute if that is earlier."""
    evening = datetime(until.year, until.month, until.day, tzinfo=BEIJING) + timedelta(days=1)
    now = (now or timezone.now()).astimezone(BEIJING).replace(second=0, microsecond=0)
    return min(evening, now)


def refuse_unless_empty():
    """Raises Conflict in plain words if the database holds a territory or events."""
    staff = User.objects.filter(is_superuser=False)  # an administrator's own account may be there
    found = ((Grid.objects, "grids"), (Unit.objects, "units"), (Event.objects, "events"), (staff, "users"))
    for rows, name in found:
        if rows.exists():
            raise Conflict(
                f"The database holds {name} already: a demo county is only loaded into an empty one. "
                "Nothing was changed."
            )


class Loader:
    """Loads one place; `say` is told of the progress. The same seed and end give the same county."""

    def __init__(self, key: str, seed: int, months: int, until: date, *, events: int | None = None,
                 people: int = 0, passwords: bool = False, say: Callable[[str], object] = lambda text: None):  # fmt: skip
        self.place, self.seed, self.months, self.until = PLACES[key], seed, months, until
        self.limit, self.people, self.passwords, self.say = events, people, passwords, say
        self.first, self.end = start_of(until, months), end_of(until)
        self.loaded = Loaded()
        self._started = perf_counter()

    def load(self) -> Loaded:
        """Everything in one transaction. Raises Conflict if the database is not empty."""
        with transaction.atomic():
            self._load()
        self._lap("commit")
        outlines.rebuild(self._outlines.result())
        self._lap("outlines")
        self._scores()
        return self.loaded

    def _load(self):
        refuse_unless_empty()
        root = tree(self.place, self._rng("tree"))
        cut(self.place, root, self._rng("shapes"))
        self._lap("shapes")
        since = self.first - timedelta(days=30)
        self.loaded.counts["grids"] = people.write_grids(self.place, root, since)
        self._lap("grids")
        self._rules(since)
        staff = self._staff(root)
        self._events(root, staff)
        self.loaded.counts["notices"] = writing.write_notices()
        self._lap("notices")
        self.loaded.counts.update(Duty(self.seed, self.end).write())
        self._lap("duty")
        self._patrols(root, staff)
        self._registry(root)
        # The database adds up by itself for a while: meanwhile the outlines are drawn.
        with ThreadPoolExecutor(1) as meanwhile:
            self._outlines = meanwhile.submit(outlines.draw, outlines.read())
            self._sums()

    def _sums(self):
        """What is counted from all the rest."""
        self._analyze()
        with bare(["events_foldedevent", "events_foldedturn"]):
            self.loaded.counts["folded"] = folding.rebuild(self.end)
        self._lap("figures")
        self.loaded.counts["seals"] = write_seals(self.end)
        self._lap("seals")
        habits.learn(self.end)
        self._lap("habits")

    def _rng(self, name):
        return np.random.default_rng([self.seed, *name.encode()])

    def _lap(self, name):
        now = perf_counter()
        self.loaded.seconds[name] = now - self._started
        self._started = now
        self.say(f"  {name}: {self.loaded.seconds[name]:.1f} s")

    def _rules(self, since):
        sync_groups()
        standards.load_defaults(since)
        schemes.load_defaults()
        for year in range(since.year, self.until.year + 2):
            calendars.fill(year)
        self.loaded.counts["standards"] = Standard.objects.count()
        self._lap("standards and calendar")

    def _staff(self, root):
        hiring = people.Hiring(self.place, root, self.first, self._rng("people")).plan()
        last = User.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        staff = hiring.write(last + 1, self.passwords)
        self.loaded.counts.update(units=staff.units, users=staff.users)
        self._lap("people")
        return staff

    def _patrols(self, root, staff):
        grids = [node for node in root.walk() if node.level == 4 and node.kept]
        self.loaded.counts["patrols"] = patrols.write(grids, staff.workers, self.end, self._rng("patrols"))
        self._lap("patrols")

    def _registry(self, root):
        """Buildings, families, organisations of `people` people; none for 0."""
        if not self.people:
            return
        filler = filling(self.place, root, self.people, self.until, self.seed)
        self.loaded.counts.update(filler.plan().write())
        self._lap("registry")
        self.loaded.counts["changes"] = trail.write()
        self._lap("registry's history")

    # ---- events

    def _events(self, root, staff):
        self.world = World(limits.current(), calendars.current(), directory.current(), self.end)
        entries = self._usable(root, staff)
        grids = [node for node in root.walk() if node.level == 4 and node.kept]
        planner = Planner(self.place, grids, self.world.calendar, entries, self._rng("reports"))
        plan = planner.reports(self.first, self.until, self.end)
        self._lap("plan")
        teller = Teller(self.world, self._cast(staff), plan, grids, root, entries, self.seed)
        count = len(plan) if self.limit is None else min(self.limit, len(plan))
        writer = writing.Writer(self.place.prefix, self.stock, self.seed)
        with bare(list(writing.TABLES)), writer, without_searching():
            for life in told(teller, count):
                writer.add(life)
                if life.id % 1000 == 0:
                    writer.settle(life.reported_at)
                    if life.id % 10_000 == 0:
                        self.say(f"  {life.id} of {count} events")
            writer.finish()
        self.loaded.counts.update(events=count, transitions=writer.ids["events_transition"])
        self._lap("events")

    def _usable(self, root, staff):
        """Standards that some department of the place leads."""
        kinds = {kind for grid, kind in staff.departments if grid == root.id}
        return {pk: e for pk, e in self.world.limits.standards.items() if e.leads.get(0) in kinds}

    def _cast(self, staff):
        self.stock = pictures.stock()
        kinds = dict(Standard.objects.values_list("pk", "kind"))
        r = Random(f"{self.seed} pace")
        pace = {pk: r.lognormvariate(0, 0.18) for pk in sorted(self.world.directory.units)}
        shown: dict[str, list] = {}
        for index, picture in enumerate(self.stock):
            shown.setdefault(picture.kind, []).append((picture.sha256, index))
        return Cast(staff, kinds, pace, shown)

    def _scores(self):
        """Score every period that is over; all but the last of each kind are published."""
        actor = User.objects.filter(posts__role="district_admin", posts__grid__level=0).first()
        done = 0
        for kind in Kind:
            # A month of a few days ranks by luck; a quarter is shown even so, or a short demo had none.
            whole = self.first if kind == Kind.WORKER_MONTH else date.min
            starts = [start for start in scoring.due_periods(kind, self.end) if start >= whole]
            for start in starts:
                period = scoring.score(kind, start, now=self.end)
                if start != starts[-1]:
                    scoring.publish(period_id=period.pk, actor=actor)
            done += len(starts)
        self.loaded.counts["scored periods"] = done
        self._lap("scores")

    def _analyze(self):
        """Fresh tables have no statistics, and the planner guesses badly without."""
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("ANALYZE")
            else:
                cursor.execute("PRAGMA optimize=0x10002")
