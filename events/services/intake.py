"""`report` and `settle`: how an event begins."""

from datetime import timedelta

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import CENTRE, DEPARTMENT, GRID, WORKER_ROLES
from core import rows
from core.errors import DomainError, Invalid, Refused
from core.geo import metres_between, point_text, reach
from core.prepared import execute
from events import clocks, workflow
from events.models import Attachment, Event, Transition
from events.services import attachments, clockwork, notices, record
from events.services.advance import check_key, repeated
from events.services.step import Step, Surroundings
from events.workflow import BEGINNINGS, REPORT, SETTLE, Facts, Source, SpotCheck, Status, Urgency
from grids.scope import Scope

REPEAT_METRES = 50
REPEAT_HOURS = 24
SPOT_CHECK_ONE_IN = 10  # a share of what workers settle themselves is looked at again
SPOT_CHECK_DAYS = 3  # working days within which the centre looks
MOST_REPEATS = 200
# Whom somebody may report for, the usual one first: hotline and sensors lie with the top centre at once.
SOURCES = {
    GRID: (Source.WORKER, Source.RESIDENT),
    CENTRE: (Source.OPERATOR, *(source for source in Source if source != Source.OPERATOR)),
    DEPARTMENT: (Source.DEPARTMENT, Source.HOTLINE, Source.SENSOR),
}
MOST_LETTERS = Event._meta.get_field("description").max_length


def report(*, actor, key=None, settled=False, around=None, **supplied):
    """Take a report (采集上报), or with `settled` one that the worker has settled on the spot (自办自结).

    `supplied`: description, and any of location (lon, lat), grid (id), place, standard (id), urgency, source,
    photos (public ids of uploads), contact_name, contact_phone, words, reported_at. Returns the first Transition with
    `.event`. Raises Invalid naming fields, Refused if the actor may not report. The same key answers the same row.
    """
    name = SETTLE if settled else REPORT
    check_key(key)
    move, scope = BEGINNINGS[name], Scope.of(actor)
    if not scope.may(move.who[0].permission):
        raise Refused(_("Your posts do not allow this: %(action)s.") % {"action": move.label})
    try:
        with transaction.atomic():
            return _report(name, actor, key, around, supplied)
    except (DomainError, IntegrityError):  # the key is looked for only now, as in `advance`
        if key and (done := repeated(actor, key, name)):
            return done
        raise


def reported(actor, key) -> bool:
    """Whether a step of this person's stands under this key already."""
    return Transition.objects.filter(actor=actor, key=key).order_by().exists()


def _report(name, actor, key, around, supplied):
    scope, around = Scope.of(actor), around or Surroundings.read()
    event = Event(reporter=actor)
    step = Step(name, BEGINNINGS[name], event, actor, _seat(scope), around, supplied)
    step.check_supplied()
    _describe(step)
    _put_in_grid(step, scope)
    if name == SETTLE:
        _check_settle(step, scope)
    return _begin(step, key)


def _seat(scope):
    """The post a report is made from: the field post first."""
    seats = [seat for seat in scope.seats if seat.may("events.report_event")]
    return max(seats, key=lambda seat: (seat.role.code in WORKER_ROLES, seat.level), default=None)


def _describe(step):
    event, supplied = step.event, step.supplied
    event.description = supplied["description"].strip()
    if len(event.description) > MOST_LETTERS:
        raise step.wrong("description", _("Expected at most %(most)s characters.") % {"most": MOST_LETTERS})
    event.place = (supplied.get("place") or "").strip()[:200]
    sources = SOURCES[step.seat.role.place]
    event.source = _one_of(step, "source", Source, sources[0])
    if event.source not in sources:
        raise step.wrong("source", _("Your post does not report for this source."))
    event.urgency = _one_of(step, "urgency", Urgency, event.urgency)
    event.contact_name = (supplied.get("contact_name") or "")[:60]
    event.contact_phone = supplied.get("contact_phone") or ""
    event.reported_at = step.now
    if supplied.get("standard"):
        event.standard_id = _standard(step).pk


def _one_of(step, name, choices, default):
    """The supplied value of a choice; raises Invalid for one that is none."""
    value = step.supplied.get(name) or default
    if value not in choices.values:
        raise step.wrong(name, _("Expected one of: %(names)s.") % {"names": ", ".join(choices.values)})
    return value


def _standard(step):
    standard = step.around.limits.standards.get(step.supplied["standard"])
    if standard is None or not standard.valid_on(timezone.localdate(step.now)):
        raise step.wrong("standard", _("There is no such standard in force today."))
    if standard.photos_required and not step.supplied.get("photos"):
        raise step.wrong("photos", _("This standard asks for at least one photo."))
    return standard


def _put_in_grid(step, scope):
    """The grid by the point, else the given grid, else the worker's own. A point outside all goes to the top centre."""
    event, index = step.event, step.around.index
    grid = None
    if step.location:
        lon, lat = step.location
        event.location = point_text(lon, lat)
        grid = index.find(lon, lat)
    elif step.supplied.get("grid"):
        grid = index.by_id.get(step.supplied["grid"])
        if grid is None:
            raise step.wrong("grid", _("Expected a grid in force of the lowest level."))
    else:
        own = [s.path for s in scope.seats if s.role.code in WORKER_ROLES]
        grid = next((entry for path in own if (entry := index.by_id.get(int(path.split("/")[-2])))), None)
    event.placed = grid is not None
    grid = grid or index.root
    if grid is None:
        raise step.wrong("location", _("There are no grids yet: an administrator must import them first."))
    event.grid_id, event.path = grid.pk, grid.path
    event.holder_id = event.centre_id = _first_holder(step, grid).pk


def _first_holder(step, grid):
    """The station that holds the place; hotline, sensors and departments go to the top, operators keep their own."""
    directory, event = step.around.directory, step.event
    if event.source == Source.OPERATOR and step.seat.role.place == "centre" and step.seat.covers(grid.path):
        return directory.units[step.seat.unit_id]
    top = not event.placed or event.source in (Source.HOTLINE, Source.SENSOR, Source.DEPARTMENT)
    centre = directory.centre_for(grid.path, 0 if top else 3) or directory.centre_for(grid.path)
    if centre is None:
        raise step.wrong("location", _("No centre holds this place: an administrator must add one."))
    return centre


def _check_settle(step, scope):
    """Only in the worker's own grid, with a photo from before and one from after."""
    facts = Facts(status="", path=step.event.path)
    seat = workflow.seat_for(step.move, facts, scope.seats, None) if step.event.placed else None
    if seat is None:
        raise Refused(_("Settling on the spot is for workers of the grid it lies in."))
    step.seat = seat


def _begin(step, key):
    event = step.event
    step.photos = attachments.claim(step.supplied.get("photos"), step.actor)
    event.status = step.move.target
    if step.name == SETTLE:
        _close_at_once(step)
    clockwork.start_stage(step)
    step.facts.update(source=event.source, grid=event.grid_id, placed=event.placed)
    row = record.link(step, "", key)
    rows.insert(event)
    row.event = event
    rows.insert(row)
    attachments.bind(step.photos, event, row)
    notices.tell(step, row, holder_before=event.holder_id if step.name == SETTLE else None)
    return row


def _close_at_once(step):
    event = step.event
    kinds = {photo.kind for photo in step.photos}
    missing = {Attachment.Kind.BEFORE, Attachment.Kind.AFTER} - kinds
    if missing:
        raise step.wrong("photos", _("Expected a photo from before and one from after."))
    event.settled_on_spot = True
    event.spot_check = event.uid.int % SPOT_CHECK_ONE_IN == 0
    event.registered_at = event.closed_at = step.now
    event.number = record.next_number(step.around.directory.territory, step.now)
    if event.spot_check:
        event.spot_state = SpotCheck.WAITING
        event.spot_due_at = clocks.deadline(step.now, SPOT_CHECK_DAYS, "work_day", step.around.calendar)
    step.facts.update(number=event.number, spot_check=event.spot_check)


def likely_repeats(*, actor, standard_id, lon, lat, at=None, exclude=None, around=None) -> list[dict]:
    """Events this person sees of the same standard within 50 m and 24 h: nearest first, with `metres`.

    Shape: [{"event": Event, "metres": float}]. The same standard in another version is the same standard. Found by
    the index on place (PostGIS) or on standard and time; distances are computed here because few remain.
    """
    if standard_id is None or lon is None:
        return []
    at = at or timezone.now()
    limits = (around or Surroundings.read()).limits
    if standard_id not in limits.standards:
        raise Invalid(fields={"standard": [_("There is no such standard.")]})
    metres = dict(_within(lon, lat, limits.versions_of(standard_id), at))
    metres.pop(exclude, None)
    if not metres:
        return []
    seen = (
        Event.objects.visible_to(actor)
        .filter(pk__in=metres)
        .exclude(status__in=[Status.MERGED, Status.CANCELLED, Status.REJECTED])
        .order_by()
    )
    return sorted(({"event": event, "metres": metres[event.pk]} for event in seen), key=lambda r: r["metres"])


_AROUND = """
SELECT id, ST_X(location), ST_Y(location) FROM events_event
WHERE standard_id IN ({standards}) AND reported_at BETWEEN %s AND %s AND {near}
ORDER BY reported_at DESC LIMIT %s
"""
_NEAR = {
    "postgresql": "location && ST_MakeEnvelope(%s, %s, %s, %s, 4326)",
    "sqlite": "ST_X(location) >= %s AND ST_Y(location) >= %s AND ST_X(location) <= %s AND ST_Y(location) <= %s",
}


def _within(lon, lat, standards, at):
    """(event id, metres) of events of these standards near the place in space and time, whoever may see them."""
    window = timedelta(hours=REPEAT_HOURS)
    times = [connection.ops.adapt_datetimefield_value(moment) for moment in (at - window, at + window)]
    wide, high = reach(lat, REPEAT_METRES)
    sql = _AROUND.format(standards=", ".join(["%s"] * len(standards)), near=_NEAR[connection.vendor])
    box = [lon - wide, lat - high, lon + wide, lat + high]
    with connection.cursor() as cursor:
        execute(cursor, sql, [*standards, *times, *box, MOST_REPEATS])
        for pk, x, y in cursor.fetchall():
            metres = round(metres_between(lon, lat, x, y), 1)
            if metres <= REPEAT_METRES:
                yield pk, metres
