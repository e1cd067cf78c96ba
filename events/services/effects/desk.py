"""Moves of the operators' desk: register, reject, merge, place, escalate, hand down, dispatch."""

from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import Conflict
from events.models import Assignment, Event
from events.services import record
from events.services.clockwork import start_handling
from events.workflow import Status, Urgency


def register(step):
    """立案: the standard's version of today, the urgency, a case number. The holding centre becomes responsible."""
    event, supplied = step.event, step.supplied
    standard = step.around.limits.standards.get(supplied["standard"])
    if standard is None or not standard.valid_on(timezone.localdate(step.now)):
        raise step.wrong("standard", _("There is no such standard in force today."))
    if supplied["urgency"] not in Urgency.values:
        raise step.wrong("urgency", _("Expected one of: %(names)s.") % {"names": ", ".join(Urgency.values)})
    event.standard_id = standard.pk
    event.urgency = supplied["urgency"]
    event.centre_id = event.holder_id
    event.registered_at = step.now
    if event.number is None:
        event.number = record.next_number(step.around.directory.territory, step.now)
    step.facts.update(number=event.number, standard=standard.code, urgency=event.urgency)


def end_unregistered(step):
    """不予立案 and 作废: nothing but the words."""


def merge(step):
    """并案: both records stay; this one points at the other, and both reporters are told."""
    event = step.event
    counted = (
        Event.objects.visible_to(step.actor)
        .exclude(pk=event.pk)
        .exclude(status__in=[Status.MERGED, Status.REJECTED, Status.CANCELLED])
        .filter(pk=step.supplied["repeats"])
        .order_by()
    )
    # Locked as well, and without waiting: two operators merging two events into each other would wait for ever.
    other = counted.select_for_update(of=("self",), skip_locked=True).first()
    if other is None and counted.exists():
        raise Conflict(_("Somebody is working on the other event at this moment: try again."))
    if other is None:
        raise step.wrong(
            "repeats", _("Expected the id of another event that you see and that is still counted.")
        )
    event.merged_into = other
    step.facts.update(merged_into=other.pk, number=other.number)


def place(step):
    """落格: an operator puts an event that lies outside every grid (or in the wrong one) into a grid."""
    event = step.event
    grid = step.around.index.by_id.get(step.supplied["grid"])
    if grid is None:
        raise step.wrong("grid", _("Expected a grid in force of the lowest level."))
    if step.seat.unit_id is not None and not step.seat.covers(grid.path):
        raise step.wrong("grid", _("This grid lies outside your centre's territory."))
    step.facts.update(grid=grid.code, from_grid=event.grid_id)
    event.grid_id, event.path, event.placed = grid.pk, grid.path, True
    centre = step.around.directory.centre_for(grid.path)
    event.holder_id = event.centre_id = centre.pk


def escalate(step):
    """上报: to the centre one level up; the clock says to which (services.sweep)."""
    event = step.event
    if step.actor is None:
        above = step.unit("unit", step.supplied["unit"])
    else:
        holder = step.unit("unit", event.holder_id)
        above = step.around.directory.parent_centre(holder)
        if above is None or above.pk == holder.pk:
            raise step.wrong("unit", _("There is no centre above this one."))
    event.holder_id = event.centre_id = above.pk
    step.facts.update(unit=above.pk)


def hand_down(step):
    """交办: to a lower centre on the way to the place."""
    event = step.event
    holder = step.unit("unit", event.holder_id)
    below = step.unit("unit", step.supplied["unit"])
    fits = below.kind == "centre" and below.level > holder.level and below.covers(event.path)
    if not fits:
        raise step.wrong("unit", _("Expected a lower centre whose territory holds the place."))
    event.holder_id = event.centre_id = below.pk
    step.facts.update(unit=below.pk)


def dispatch(step):
    """派遣: to a lead unit and, if asked, co-handling units. The handling limit begins."""
    event = step.event
    lead = step.unit("lead", step.supplied["lead"])
    co_ids = [pk for pk in dict.fromkeys(step.supplied.get("co_units") or ()) if pk != lead.pk]
    for name, entry in [("lead", lead), *(("co_units", step.unit("co_units", pk)) for pk in co_ids)]:
        if entry.kind != "department":
            raise step.wrong(name, _("%(unit)s is a centre: expected a department.") % {"unit": entry.name})
        if not entry.covers(event.path):
            raise step.wrong(name, _("%(unit)s has no jurisdiction over the place.") % {"unit": entry.name})
    assign(step, lead.pk, co_ids)
    step.facts.update(lead=lead.pk, co_units=co_ids)
    step.told_units = set(co_ids)


def assign(step, lead_id, co_ids):
    """Give the event to a lead unit and co-units with a fresh handling limit: one INSERT."""
    event = step.event
    event.lead_id = event.holder_id = lead_id
    event.dispatched_at = step.now
    start_handling(step)
    Assignment.objects.bulk_create(
        Assignment(
            event_id=event.pk,
            unit_id=pk,
            lead=pk == lead_id,
            dispatched_at=step.now,
            due_at=event.handle_due_at,
        )
        for pk in [lead_id, *co_ids]
    )
