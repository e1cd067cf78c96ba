"""`advance`: the one way an existing event moves. Lock, check, write event and row, commit."""

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from core import rows
from core.errors import Conflict, DomainError, Invalid, NotFound, Refused
from core.prepared import Prepared, instance
from events import workflow
from events.models import Assignment, Event, Transition, Whistle, WhistleCall
from events.services import attachments, clockwork, notices, record
from events.services.effects import EFFECTS
from events.services.step import Step, Surroundings
from events.workflow import MOVES, SPOT_WAITING, STAGE_OF, Facts
from grids.scope import Scope

# Relations that need a look beyond the event's own row: the field of Facts, and the units in it.
UNITS_OF = {
    workflow.CO_UNIT: (
        "co_unit_ids",
        lambda event_id: Assignment.objects.filter(event_id=event_id, lead=False, outcome="open"),
    ),
    workflow.CALLED_UNIT: (
        "called_unit_ids",
        lambda event_id: WhistleCall.objects.filter(whistle__event_id=event_id, arrived_at=None),
    ),
    workflow.CALLER: ("caller_ids", lambda event_id: Whistle.objects.filter(event_id=event_id)),
}

_BY_KEY = "SELECT id FROM events_transition WHERE actor_id = %s AND key = %s"


def advance(*, event_id, action, actor, key=None, seen=None, now=None, around=None, **supplied):
    """Take one step of the workflow and return its Transition (with `.event` as it stands now).

    `key`: the caller's idempotency key; the same key answers with the same row. `seen`: the number of the last
    step the caller knew; if there is a newer one, nothing happens. `around`: the caller's Surroundings, where it has
    read them already. Raises NotFound for an event that is not the actor's to see, Conflict (who, what, when) if the
    status has moved on, Refused if no post of the actor allows the move, Invalid naming each field that is missing
    or wrong.
    """
    if action not in MOVES or action in workflow.SYSTEM_ACTIONS:
        raise Invalid(fields={"action": [_("There is no such action.")]})
    check_key(key)
    Scope.of(actor)  # read before the transaction begins: the lock is held for a shorter time
    try:
        with transaction.atomic():
            return _advance(event_id, action, actor, key, seen, now, around or Surroundings.read(), supplied)
    except NotFound:
        raise
    except (DomainError, IntegrityError):
        # The key is looked for only now: nearly every one is new, and a second row under it is refused by a constraint.
        if key and (done := repeated(actor, key, action, event_id)):
            return done
        raise


def check_key(key):
    """Raises Invalid for a key the column cannot hold."""
    most = Transition._meta.get_field("key").max_length
    if key is not None and len(key) > most:
        raise Invalid(fields={"key": [_("Expected at most %(most)s characters.") % {"most": most}]})


def repeated(actor, key, action, event_id=None):
    """The row written under this key before, marked `again`, or None. Raises Invalid if it was another step."""
    with connection.cursor() as cursor:  # by its index alone
        cursor.execute(_BY_KEY, [actor.pk, key])
        found = cursor.fetchone()
    if found is None:
        return None
    done = Transition.objects.select_related(
        "event", "event__standard", "event__holder", "event__centre", "event__lead", "event__grid"
    ).get(pk=found[0])
    if done.action != action or event_id not in (None, done.event_id):
        raise Invalid(fields={"key": [_("This key was used for another step.")]})
    done.again = True
    return done


def _advance(event_id, action, actor, key, seen, now, around, supplied):
    event = locked(event_id, actor)
    move = MOVES[action]
    if _overtaken(event, seen):
        raise conflict(event, move, actor)
    facts = facts_of(event, around, relations={who.relation for who in move.who})
    if event.status not in move.sources or not move.fits(facts):
        raise conflict(event, move, actor, unmoved=seen is not None)
    seat = workflow.seat_for(move, facts, Scope.of(actor).seats, actor.pk)
    if seat is None:
        raise Refused(_("Your posts do not allow this step here: %(action)s.") % {"action": move.label})
    step = Step(action, move, event, actor, seat, around, supplied, **({"now": now} if now else {}))
    step.check_supplied()
    return take(step, key)


def _overtaken(event, seen) -> bool:
    """Whether a person has taken a step since the caller looked. What the clock noted meanwhile overtakes nobody."""
    if seen is None or seen == event.head_seq:
        return False
    return seen > event.head_seq or event.transitions.filter(seq__gt=seen).exclude(actor=None, source=F("target")).exists()


def locked(event_id, actor) -> Event:
    """The event, locked until commit; NotFound if it is not the actor's to see."""
    # No joins: PostgreSQL, having waited for the lock, checks a join against the rows it met before, and an event
    # whose holder changed meanwhile would look as if it were gone. Names come from grids.directory.
    found = _locked(event_id) if 0 < event_id < 2**63 else ()
    if not found or not (event := instance(Event, found[0])).is_visible_to(actor):
        raise NotFound
    return event


_locked = Prepared(lambda pk: Event.objects.select_for_update(of=("self",)).order_by().filter(pk=pk), int)


def take(step, key=None) -> Transition:
    """Apply a checked step to its locked event, record it, tell those concerned."""
    event, move = step.event, step.move
    before = rows.snapshot(event)
    step.source = event.status
    holder_before = event.holder_id
    step.photos = attachments.claim(step.supplied.get("photos"), step.actor)
    if move.stage and step.source in STAGE_OF:
        clockwork.finish_stage(step, STAGE_OF[step.source], holder_before)
    event.status = move.target_from(step.source, event.resume_status)
    EFFECTS[step.name](step)
    if move.stage:
        clockwork.start_stage(step)
    row = record.link(step, step.source, key)
    rows.update(event, rows.changed(event, before))
    rows.insert(row)
    row.event = event
    attachments.bind(step.photos, event, row)
    notices.tell(step, row, holder_before=holder_before, units=step.told_units, users=step.told_users)
    if step.name == "merge" and event.merged_into.reporter_id:
        notices.write(row, event.merged_into_id, (), {event.merged_into.reporter_id})
    return row


def facts_of(event, around, *, calls=False, relations=()) -> Facts:
    """What the table needs to know. `calls`: also who co-handles, was called and called (three queries more);
    `relations`: only those of them that a move asks for."""
    holder = around.directory.units.get(event.holder_id)
    centre = around.directory.units.get(event.centre_id)
    if holder is None or holder.kind == "department":
        below = (centre.level if centre else 0) + 1
    else:
        below = holder.level
    extra = {
        name: frozenset(units(event.pk).order_by().values_list("unit_id", flat=True))
        for relation, (name, units) in UNITS_OF.items()
        if calls or relation in relations
    }
    return Facts(
        status=event.status,
        path=event.path,
        holder_id=event.holder_id,
        holder_level=below,
        centre_id=event.centre_id,
        lead_id=event.lead_id,
        reporter_id=event.reporter_id,
        resume_status=event.resume_status or None,
        spot_check_waits=event.spot_state in SPOT_WAITING,
        **extra,
    )


def conflict(event, move, actor, *, unmoved=False) -> Conflict:
    """Who was faster, with what, when: from the last step of the event. `unmoved`: nobody was, the step does not fit."""
    last = event.transitions.select_related("actor", "unit").order_by("-seq").first()
    labels = dict(workflow.ACTIONS)
    who = str(last.actor or _("The clock"))
    words = {"who": who, "what": labels[last.action], "step": move.label, "status": event.get_status_display()}
    if unmoved:
        said = _("“%(step)s” is not the next step here. The event is now: %(status)s.")
    elif last.actor_id == actor.pk:
        said = _("Your step “%(what)s” was taken before. The event is now: %(status)s.")
    else:
        said = _("%(who)s was faster: %(what)s. The event is now: %(status)s.")
    return Conflict(
        said % words,
        by=who,
        unit=str(last.unit) if last.unit else None,
        action=last.action,
        at=last.at.isoformat(),
        event_status=event.status,
        seq=event.head_seq,
    )
