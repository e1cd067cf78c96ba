"""Starting, stopping, pausing and stretching an event's clocks. The arithmetic is events.clocks'."""

from django.utils.translation import gettext as _

from core import rows
from events import clocks
from events.models import StageRecord
from events.workflow import STAGE_OF, Stage


def start_stage(step):
    """The clock of the status the event is in now; none where no stage runs."""
    event = step.event
    stage = STAGE_OF.get(event.status)
    event.stage_since, event.warned = step.now, 0
    if stage is None:
        event.due_at = event.yellow_at = None
        event.stage_seconds, event.stage_unit = 0, ""
    elif stage == Stage.HANDLE:
        _run_handling(event)
    else:
        amount, unit = step.around.limits.stage(stage, event.urgency)
        clock = clocks.start_clock(step.now, amount, unit, step.around.calendar)
        event.due_at, event.yellow_at = clock.due_at, clock.yellow_at
        event.stage_seconds, event.stage_unit = clocks.limit_seconds(amount, unit), unit
        # The handling limit runs already; the shorter one must not pass unseen for want of a signature.
        if stage == Stage.SIGN and event.handle_due_at < event.due_at:
            _run_handling(event)


def _run_handling(event):
    """The handling clock is the one to watch."""
    event.due_at, event.yellow_at = event.handle_due_at, event.handle_yellow_at
    event.stage_seconds, event.stage_unit = event.handle_seconds, event.handle_unit


def finish_stage(step, stage, holder_id):
    """Write the finished stage; being late is kept on the event. `holder_id` is who had it."""
    event = step.event
    if event.due_at is None:
        return
    late = step.now > event.due_at
    event.late = event.late or late
    since = event.handle_since if stage == Stage.HANDLE and event.handle_since else event.stage_since
    record = StageRecord(
        event_id=event.pk,
        stage=stage,
        unit_id=holder_id,
        actor_id=step.actor_id,
        started_at=since,
        ended_at=step.now,
        due_at=event.due_at,
        late=late,
        used_share=share(step, event.due_at, event.stage_seconds, event.stage_unit),
    )
    rows.insert(record)


def share(step, due_at, seconds, unit) -> float:
    """Used part of a limit, from what is left of it: right across suspensions and grants."""
    if not seconds:
        return 1.0
    left = clocks.remaining_seconds(step.now, due_at, unit, step.around.calendar)
    return round(max(0.0, (seconds - left) / seconds), 4)


def start_handling(step):
    """The handling limit of the standard, from dispatch."""
    event = step.event
    standard = step.around.limits.standards[event.standard_id]
    clock = clocks.start_clock(step.now, standard.limit, standard.limit_unit, step.around.calendar)
    event.handle_since = step.now
    event.handle_unit = standard.limit_unit
    event.handle_seconds = clocks.limit_seconds(standard.limit, standard.limit_unit)
    event.handle_due_at, event.handle_yellow_at = clock.due_at, clock.yellow_at


def clear_handling(event):
    event.handle_since = event.handle_due_at = event.handle_yellow_at = None
    event.handle_seconds, event.handle_unit = 0, ""


def extend_handling(step, amount, unit):
    """More time, counted from the old deadline. Returns the new one."""
    event, calendar = step.event, step.around.calendar
    due_at = clocks.extend(event.handle_due_at, amount, unit, calendar)
    event.handle_seconds += clocks.used_seconds(event.handle_due_at, due_at, event.handle_unit, calendar)
    event.handle_due_at = due_at
    event.handle_yellow_at = clocks.yellow_before(due_at, event.handle_seconds, event.handle_unit, calendar)
    event.due_at, event.yellow_at = event.handle_due_at, event.handle_yellow_at
    event.stage_seconds, event.warned = event.handle_seconds, 0
    return due_at


def pause(step):
    """Stop both clocks and keep what is left of them."""
    event, calendar = step.event, step.around.calendar
    if event.due_at is None:
        raise step.wrong("until", _("No clock is running."))
    event.stage_left = clocks.remaining_seconds(step.now, event.due_at, event.stage_unit, calendar)
    event.handle_left = None
    if event.handle_due_at:
        event.handle_left = clocks.remaining_seconds(
            step.now, event.handle_due_at, event.handle_unit, calendar
        )
    event.due_at = event.yellow_at = event.handle_due_at = event.handle_yellow_at = None


def resume(step):
    """Let both clocks go on with what was left. What was noted (`warned`) holds: no light has changed."""
    event, calendar = step.event, step.around.calendar
    event.due_at = clocks.resume(event.stage_left, event.stage_unit, step.now, calendar)
    event.yellow_at = clocks.yellow_before(event.due_at, event.stage_seconds, event.stage_unit, calendar)
    if event.handle_left is not None:
        event.handle_due_at = clocks.resume(event.handle_left, event.handle_unit, step.now, calendar)
        event.handle_yellow_at = clocks.yellow_before(
            event.handle_due_at, event.handle_seconds, event.handle_unit, calendar
        )
    event.stage_left = event.handle_left = None
