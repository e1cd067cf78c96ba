"""What has just happened to events, for screens that are open: who must look again, not what they will see.

A screen reads its figures and rows from the database as ever; these changes only say that there is something new. They
come sooner than the feed of the API: that one waits for transactions that still write, so that nobody misses a step;
here a step is told as soon as it is committed, and late ones when they come.
"""

from dataclasses import dataclass

from core import feeds
from events import selectors
from events.models import Assignment, Transition, WhistleCall
from events.workflow import SYSTEM_ACTIONS
from grids.scope import Scope

MOST = 2000  # steps at one look; more than that means "look at everything again"


@dataclass(frozen=True)
class Change:
    """A step was taken in `event_id`. `units`: all that hold, lead, handle or were called to it."""

    event_id: int
    path: str
    units: frozenset[int]
    reporter_id: int | None
    actor_id: int | None
    by_clock: bool
    moved: bool = False  # to another grid: where it was, a figure has changed as well


@dataclass(frozen=True)
class Viewer:
    """Whose screen it is: what `Event.objects.visible_to` shows, as far as a change can say."""

    user_id: int
    roots: tuple[str, ...]
    departments: frozenset[int]

    @classmethod
    def of(cls, user) -> "Viewer":
        scope = Scope.of(user)
        roots = tuple(scope.roots) if scope.may("events.view_event") else ()
        return cls(user.pk, roots, scope.department_ids)

    def sees(self, change: Change) -> bool:
        """Whether the change is news: not what this person has done just now."""
        return change.actor_id != self.user_id and (
            change.path.startswith(self.roots)
            or not self.departments.isdisjoint(change.units)
            or change.reporter_id == self.user_id
        )


@dataclass(frozen=True)
class Watch:
    """A wall screen of a territory, whoever stands before it: everything in it is news."""

    path: str

    def sees(self, change: Change) -> bool:
        return change.moved or change.path.startswith(self.path)


class Reader:
    """Reads on from where it stopped: every step is given once, in the order in which steps become visible."""

    def __init__(self):
        self.position = selectors.newest_position()
        # Told, but not behind the position, because an older transaction still writes. What is there now is not new.
        beyond = Transition.objects.filter(feeds.beyond(self.position))
        self._told = set(beyond.values_list("pk", flat=True))

    def read(self) -> tuple[list[Change], bool]:
        """(new changes, whether there were too many to tell them all). Two queries, two more if there are any."""
        _whole, bound = feeds.settled(Transition)
        steps = Transition.objects.filter(feeds.beyond(self.position)).order_by("xact", "id")
        rows = list(steps.values_list(*STEP)[:MOST])
        fresh = [row for row in rows if row[1] not in self._told]
        done = [row for row in rows if bound is None or row[0] < bound]
        if done:
            self.position = (done[-1][0], done[-1][1])
        self._told = {row[1] for row in rows[len(done) :]}
        return _changes(fresh), len(rows) == MOST


STEP = (
    "xact", "id", "event_id", "event__path", "event__holder_id", "event__lead_id", "event__reporter_id", "actor_id",
    "action",
)  # fmt: skip


def _changes(rows) -> list[Change]:
    if not rows:
        return []
    ids = {row[2] for row in rows}
    units: dict[int, set[int]] = {pk: set() for pk in ids}
    for event, unit in Assignment.objects.filter(event__in=ids).values_list("event_id", "unit_id"):
        units[event].add(unit)
    calls = WhistleCall.objects.filter(whistle__event__in=ids)
    for event, unit in calls.values_list("whistle__event_id", "unit_id"):
        units[event].add(unit)
    return [
        Change(
            event,
            path,
            frozenset({holder, lead, *units[event]} - {None}),
            reporter,
            actor,
            action in SYSTEM_ACTIONS,
            action == "place",
        )
        for _xact, _pk, event, path, holder, lead, reporter, actor, action in rows
    ]
