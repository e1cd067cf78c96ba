"""A patrol begins, ends, or comes from a phone that had no signal; one that nobody ends is closed by the clock.

Whoever writes a worker's patrols holds the worker's row until the end of the transaction: two presses of a button, or
a phone and a browser at once, stand in line.
"""

import uuid
from datetime import datetime, timedelta

from django.contrib.gis.geos import Point
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Conflict, Invalid, NotFound, Refused
from fieldwork.models import Patrol
from fieldwork.rules import CLOCKS_DIFFER, LATEST, LONGEST, PATROLLING, SHORTEST
from grids.models import Grid, Post

State = Patrol.State


@transaction.atomic
def start(*, actor, grid_id: int, key=None, started_at=None, start=None, note="") -> Patrol:
    """Begin a patrol, now or at most LONGEST ago. `start`: (lon, lat).

    The same key gives the same patrol, marked `again`. Raises Refused without a worker's post there on that day, Invalid
    by field, Conflict while another patrol of the worker is under way.
    """
    now = _hold(actor)
    if done := _again(actor, key):
        return done
    began = _not_ahead("started_at", started_at, now)
    if began < now - LONGEST:
        words = _("It began more than %(hours)s hours ago: send it with its end.") % {
            "hours": _hours(LONGEST)
        }
        raise Invalid(fields={"started_at": [words]})
    patrol = _new(actor, grid_id, key, began, start, note)
    _free(patrol, None)
    patrol.save()
    return patrol


@transaction.atomic
def record(
    *, actor, grid_id: int, started_at: datetime, ended_at: datetime, key=None, start=None, end=None, note=""
) -> Patrol:
    """A finished patrol that a phone sends later. As `start`; a key whose patrol is not ended yet ends that one."""
    now = _hold(actor)
    if done := _again(actor, key):
        return done if done.counts or done.state == State.SHORT else _end(done, ended_at, now, end, note)
    began = _not_ahead("started_at", started_at, now)
    patrol = _new(actor, grid_id, key, began, start, note)
    return _end(patrol, ended_at, now, end, note)


@transaction.atomic
def finish(*, actor, patrol_id: int, ended_at=None, end=None, note="") -> Patrol:
    """End one's own patrol, now or at `ended_at`; one that has ended stays as it is, marked `again`.

    One that the clock has closed takes the real end from a phone that says it. Raises NotFound, Refused for somebody
    else's, Conflict for one that was closed and has no `ended_at`, Invalid by field.
    """
    now = _hold(actor)
    patrol = Patrol.objects.select_for_update(of=["self"]).filter(pk=patrol_id, worker=actor.pk).first()
    if patrol is None:
        seen = Patrol.objects.visible_to(actor).filter(pk=patrol_id).exists()
        raise Refused(_("A patrol is finished by whoever walks it.")) if seen else NotFound
    if patrol.state in (State.FINISHED, State.SHORT):
        patrol.again = True
        return patrol
    if patrol.state == State.LEFT_OPEN and ended_at is None:
        words = _("Nobody finished this patrol within %(hours)s hours: it is closed and does not count.")
        raise Conflict(words % {"hours": _hours(LONGEST)})
    return _end(patrol, ended_at, now, end, note)


def close_left_open(now=None, **of) -> int:
    """Close what nobody has finished within LONGEST: it does not count. How many. Idempotent, one statement."""
    overdue = Patrol.objects.under_way().filter(started_at__lte=(now or timezone.now()) - LONGEST, **of)
    return overdue.update(state=State.LEFT_OPEN, ended_at=F("started_at") + LONGEST)


def _hold(actor) -> datetime:
    """The worker's row until the end of the transaction, and what time it is then."""
    list(User.objects.select_for_update(no_key=True, of=["self"]).filter(pk=actor.pk).values_list("pk"))
    now = timezone.now()
    close_left_open(now, worker=actor.pk)
    return now


def _again(actor, key):
    """The patrol that this worker has sent under the key before, marked; None if none."""
    if key is None:
        return None
    most = Patrol._meta.get_field("key").max_length
    if not 0 < len(key) <= most:
        raise Invalid(fields={"key": [_("Expected at most %(most)s characters.") % {"most": most}]})
    found = Patrol.objects.filter(worker=actor.pk, key=key).first()
    if found is not None:
        found.again = True
    return found


def _new(actor, grid_id, key, began, start, note) -> Patrol:
    day = timezone.localdate(began)
    return Patrol(
        grid_id=_grid(actor, grid_id, day), worker_id=actor.pk, day=day, started_at=began, start_point=_point(start),
        note=_note(note), key=key or uuid.uuid4().hex,
    )  # fmt: skip


def _grid(actor, grid_id, day) -> int:
    """The grid, if the person held a post there that day by which one walks it."""
    held = Post.objects.on(day).filter(user=actor.pk, grid=grid_id, role__in=PATROLLING).values("grid")
    if not Grid.objects.valid_on(day).filter(level=4, pk__in=held).exists():
        raise Refused(_("A grid is patrolled by its own workers: you held no such post there on that day."))
    return grid_id


def _not_ahead(name, moment, now) -> datetime:
    """The moment, or now where none is said or a phone's clock is a little ahead."""
    if moment is not None and moment > now + CLOCKS_DIFFER:
        raise Invalid(fields={name: [_("This lies in the future.")]})
    return now if moment is None else min(moment, now)


def _end(patrol, ended_at, now, end, note) -> Patrol:
    """Check the end and write it: finished, or too short to count."""
    ended = _not_ahead("ended_at", ended_at, now)
    if patrol.started_at < now - LATEST:
        words = _("It began more than %(days)s days ago: it is too late to send it.") % {"days": LATEST.days}
        raise Invalid(fields={"started_at": [words]})
    if ended <= patrol.started_at:
        raise Invalid(fields={"ended_at": [_("A patrol must end after it begins.")]})
    if ended - patrol.started_at > LONGEST:
        words = _("A patrol is at most %(hours)s hours long.") % {"hours": _hours(LONGEST)}
        raise Invalid(fields={"ended_at": [words]})
    _free(patrol, ended)
    patrol.ended_at = ended
    patrol.state = State.FINISHED if ended - patrol.started_at >= SHORTEST else State.SHORT
    patrol.end_point = _point(end) or patrol.end_point
    patrol.note = _note(note) or patrol.note
    patrol.save()
    return patrol


def _free(patrol, ended):
    """Raises Conflict where the worker was on another patrol. When one ended that the clock closed, nobody knows."""
    others = (
        Patrol.objects.filter(worker=patrol.worker_id).exclude(pk=patrol.pk).exclude(state=State.LEFT_OPEN)
    )
    others = others.filter(Q(ended_at=None) | Q(ended_at__gt=patrol.started_at))
    if ended is not None:
        others = others.filter(started_at__lt=ended)
    other = others.order_by("started_at").first()
    if other is None:
        return
    facts = {"patrol": other.pk, "started_at": other.started_at.isoformat()}
    if other.ended_at is None:
        words = _("A patrol of yours is under way since %(since)s: finish it first.")
        raise Conflict(words % {"since": _clock(other.started_at)}, **facts)
    words = _("You were on another patrol then, from %(since)s to %(until)s.")
    told = {"since": _clock(other.started_at), "until": _clock(other.ended_at)}
    raise Conflict(words % told, ended_at=other.ended_at.isoformat(), **facts)


def _clock(moment) -> str:
    return timezone.localtime(moment).strftime("%m-%d %H:%M")


def _hours(span: timedelta) -> int:
    return int(span.total_seconds() // 3600)


def _point(place):
    return Point(*place, srid=4326) if place else None


def _note(words) -> str:
    return (words or "").strip()[: Patrol._meta.get_field("note").max_length]
