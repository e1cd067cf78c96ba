"""What the clock does: notes deadlines that passed or are near, ends suspensions, archives what waits for no rating,
passes up what waits at a desk without people.

Found by state and noted under a lock, in batches: safe to run twice, at the same time, and after days of downtime.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import ROLES, WORKER_ROLES
from events.models import Event, Standard, Supervision, Transition, WhistleCall
from events.services import record
from events.services.advance import take
from events.services.effects import EFFECTS
from events.services.step import Step, Surroundings
from events.workflow import MOVES, RUNNING, SpotCheck, Status
from grids import directory
from grids.models import Post, Unit

BATCH = 500
RATING_DAYS = 7  # a reporter who has not rated by then is taken to be silent
NOTED = [
    "status",
    "warned",
    "late",
    "evaluated_at",
    "stage_since",
    "due_at",
    "yellow_at",
    "head_seq",
    "head_hash",
    "spot_state",
]
UNTOLD = ("lapse", "archive")
_AT_A_DESK = (Status.REPORTED, Status.REGISTERED)
DESK_ROLES = [role.code for role in ROLES.values() if "events.register_event" in role.permissions]


@dataclass
class Swept:
    """How many events each action was noted for."""

    counts: dict[str, int] = field(default_factory=dict)


def sweep(now=None) -> Swept:
    """Note everything that is due at `now`. Returns the counts by action."""
    now = now or timezone.now()
    running = Event.objects.filter(status__in=RUNNING)
    closed = Event.objects.filter(status=Status.CLOSED, closed_at__lt=now - timedelta(days=RATING_DAYS))
    asked = Standard.objects.filter(rating_asked=True).values("pk")
    found = {
        "overdue": running.filter(due_at__lt=now, warned__lt=2),
        "due_soon": running.filter(yellow_at__lt=now, due_at__gte=now, warned=0),
        "lapse": closed.filter(standard__in=asked),
        "archive": closed.exclude(standard__in=asked),
        "spot_late": Event.objects.filter(spot_state=SpotCheck.WAITING, spot_due_at__lt=now),
    }
    counts = {action: _in_batches(action, rows, now) for action, rows in found.items()}
    counts["resume"] = _end_suspensions(now)
    counts["escalate"] = _past_empty_desks(now)
    counts["unanswered"] = _missed_answers(now)
    counts["no_show"] = _missed_calls(now)
    return Swept(counts)


def _in_batches(action, rows, now) -> int:
    total = 0
    while True:
        with transaction.atomic():
            batch = list(rows.select_for_update(skip_locked=True).order_by("pk")[:BATCH])
            if batch:
                _note(action, batch, now)
        total += len(batch)
        if len(batch) < BATCH:
            return total


def _note(action, batch, now):
    """One batch: rows, events and notices with one statement each."""
    around, move = Surroundings.read(), MOVES[action]
    rows = []
    for event in batch:
        step = Step(action, move, event, None, None, around, {}, now=now)
        source = event.status
        event.status = move.target_from(source)
        EFFECTS[action](step)
        if event.status != source:
            event.stage_since, event.due_at, event.yellow_at = now, None, None
        rows.append(record.link(step, source, None))
    Transition.objects.bulk_create(rows)
    Event.objects.bulk_update(batch, NOTED, batch_size=100)
    if action not in UNTOLD:
        _tell(action, [event.pk for event in batch], now)


_TELL = """
INSERT INTO events_notice (user_id, event_id, transition_id, action, created_at)
SELECT DISTINCT p.user_id, e.id, t.id, t.action, t.at
FROM events_event e
JOIN events_transition t ON t.event_id = e.id AND t.seq = e.head_seq
JOIN grids_post p ON p.unit_id = e.holder_id OR ({centre})
  OR (e.status = 'verifying' AND p.grid_id = e.grid_id AND p.role IN ({roles}))
WHERE e.id IN ({ids}) AND p.since <= %s AND (p.until IS NULL OR p.until > %s)
ON CONFLICT (user_id, transition_id) DO NOTHING
"""


def _tell(action, event_ids, now):
    """The holder's people; of a late one also the centre's; of one to be verified also the grid's workers."""
    sql = _TELL.format(
        centre="p.unit_id = e.centre_id" if action in ("overdue", "spot_late") else "1 = 0",
        roles=", ".join(["%s"] * len(WORKER_ROLES)),
        ids=", ".join(["%s"] * len(event_ids)),
    )
    today = timezone.localdate(now)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*sorted(WORKER_ROLES), *event_ids, today, today])


def _end_suspensions(now) -> int:
    """Suspensions whose day has come go on by themselves."""
    due = Event.objects.filter(status=Status.SUSPENDED, suspended_until__lte=timezone.localdate(now))
    return _one_by_one("resume", due, now, words=_("The suspension has ended."))


def _past_empty_desks(now) -> int:
    """What waits for registration or dispatch at a centre where nobody works today goes to the nearest one above with
    people: nobody else could take it up there."""
    waiting = Event.objects.filter(status__in=_AT_A_DESK).order_by()
    manned = Post.objects.on(timezone.localdate(now)).filter(role__in=DESK_ROLES, unit__active=True, user__is_active=True)
    manned = set(manned.order_by().values_list("unit", flat=True).distinct())
    empty = set(waiting.values_list("holder", flat=True).distinct()) - manned
    if not empty:
        return 0
    units, taken = directory.current(), 0
    for unit in Unit.objects.filter(pk__in=empty).select_related("grid").defer("grid__boundary"):
        above = units.centre_for(unit.grid.path, unit.grid.level)  # itself, or its successor if it was closed
        while above and above.pk not in manned:
            above = units.parent_centre(above)
        if above:
            words = _("Nobody works at %(unit)s today.") % {"unit": unit.name}
            taken += _one_by_one("escalate", waiting.filter(holder=unit), now, words=words, unit=above.pk)
    return taken


def _missed_answers(now) -> int:
    """Supervisions (督办) whose answer did not come in time."""
    waiting = Supervision.objects.filter(answered_at=None, noted=False, answer_by__lt=now)
    return _one_by_one("unanswered", Event.objects.open().filter(pk__in=waiting.values("event")), now)


def _missed_calls(now) -> int:
    """Whistles (吹哨) to which a called unit had not come in time."""
    waiting = WhistleCall.objects.filter(arrived_at=None, noted=False, come_by__lt=now)
    return _one_by_one("no_show", Event.objects.open().filter(pk__in=waiting.values("whistle__event")), now)


def _one_by_one(action, due, now, **supplied) -> int:
    """For what is rare: a whole step each. An event that another worker holds is left to it, or to the next minute."""
    taken = 0
    for pk in list(due.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            event = Event.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
            # Asked again under the lock, in a statement of its own: what another worker has noted meanwhile is seen.
            if event is None or not due.filter(pk=pk).exists():
                continue
            take(Step(action, MOVES[action], event, None, None, Surroundings.read(), supplied, now=now))
            taken += 1
    return taken
