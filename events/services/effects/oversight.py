"""Moves beside the main road: suspend, supervise, whistle, and what the clock itself notes."""

from datetime import timedelta

from django.contrib.gis.geos import Point
from django.utils import timezone
from django.utils.translation import gettext as _

from core.geo import metres_between
from events.models import Supervision, Whistle, WhistleCall
from events.services import clockwork
from events.workflow import SpotCheck

LONGEST_SUSPENSION = timedelta(days=365)
REMIND_AFTER = timedelta(minutes=30)


def suspend(step):
    """挂账: the clocks stand still, until a day at most a year away; the event lies with the centre."""
    event, until = step.event, step.supplied["until"]
    today = timezone.localdate(step.now)
    if not today < until <= today + LONGEST_SUSPENSION:
        raise step.wrong("until", _("Expected a day after today and at most a year away."))
    clockwork.pause(step)
    event.resume_status, event.resume_holder_id = step.source, event.holder_id
    event.suspended_until = until
    event.holder_id = event.centre_id
    step.facts.update(until=until.isoformat())


def resume(step):
    """恢复: back to the status and the unit from before, with what was left of each limit."""
    event = step.event
    event.holder_id = event.resume_holder_id
    event.resume_status, event.resume_holder_id, event.suspended_until = "", None, None
    clockwork.resume(step)
    if event.handle_due_at:
        event.assignments.filter(outcome="open").update(due_at=event.handle_due_at)


def supervise(step):
    """督办: words and an instant by which the holder must answer."""
    answer_by = step.supplied["answer_by"]
    if answer_by <= step.now:
        raise step.wrong("answer_by", _("Expected a time in the future."))
    step.event.supervised = True
    step.event.supervisions.create(
        by=step.actor,
        unit_id=step.unit_id,
        asked_unit_id=step.event.holder_id,
        asked_at=step.now,
        words=step.words[:2000],
        answer_by=answer_by,
    )
    step.facts.update(answer_by=answer_by.isoformat())


def answer(step):
    """督办回复: answers every open supervision of the event."""
    waiting = list(step.event.supervisions.filter(answered_at=None))
    if not waiting:
        raise step.wrong("words", _("No supervision is waiting for an answer."))
    Supervision.objects.filter(pk__in=[row.pk for row in waiting]).update(
        answered_at=step.now, answer=step.words[:2000]
    )
    step.event.supervised = False
    step.told_users = {row.by_id for row in waiting}


def remind(step):
    """催办: the asked units, and who holds it now, are told once more that an answer is waited for; not again at once."""
    waiting = step.event.supervisions.filter(answered_at=None)
    asked = sorted(set(waiting.values_list("asked_unit_id", flat=True)))
    if not asked:
        raise step.wrong("words", _("Nothing to remind of: no supervision waits for an answer."))
    recent = step.event.transitions.filter(action="remind", at__gt=step.now - REMIND_AFTER).order_by("-seq").first()
    if recent is not None:
        minutes = int((step.now - recent.at).total_seconds() // 60)
        raise step.wrong("words", _("Reminded %(minutes)s min ago: wait a little.") % {"minutes": minutes})
    step.facts.update(asked=asked)
    step.told_units = {*asked, step.event.holder_id}


def whistle(step):
    """吹哨: several units called at once to a place, by a time."""
    event, supplied = step.event, step.supplied
    if supplied["come_by"] <= step.now:
        raise step.wrong("come_by", _("Expected a time in the future."))
    called = [step.unit("units", pk) for pk in dict.fromkeys(supplied["units"])]
    for entry in called:
        if not entry.covers(event.path) or entry.pk == step.unit_id:
            raise step.wrong("units", _("%(unit)s cannot be called to this place.") % {"unit": entry.name})
    call = Whistle.objects.create(
        event_id=event.pk,
        unit_id=step.unit_id,
        by=step.actor,
        called_at=step.now,
        place=supplied["place"][:200],
        location=Point(*step.location, srid=4326) if step.location else event.location,
        come_by=supplied["come_by"],
        words=step.words[:2000],
    )
    WhistleCall.objects.bulk_create(
        WhistleCall(whistle=call, unit_id=entry.pk, called_at=step.now, come_by=call.come_by)
        for entry in called
    )
    step.facts.update(whistle=call.pk, units=[entry.pk for entry in called], come_by=call.come_by.isoformat())
    step.told_units = {entry.pk for entry in called}


def report_in(step):
    """报到: one called unit is there, with its position."""
    calls = WhistleCall.objects.filter(whistle__event_id=step.event.pk, unit=step.unit_id, arrived_at=None)
    call = _answered(calls.select_related("whistle").order_by("pk"), step.now)
    lon, lat = step.location
    call.arrived_at, call.arrived_by = step.now, step.actor
    call.location = Point(lon, lat, srid=4326)
    if call.whistle.location:
        call.distance = round(metres_between(lon, lat, call.whistle.location.x, call.whistle.location.y), 1)
    call.save(update_fields=["arrived_at", "arrived_by", "location", "distance"])
    step.facts.update(whistle=call.whistle_id, distance=call.distance, in_time=step.now <= call.come_by)
    step.told_units = {call.whistle.unit_id}


def _answered(calls, now):
    """Of several whistles to one unit: the one it can still come in time for, else the latest."""
    waiting = list(calls)
    in_time = [call for call in waiting if now <= call.come_by]
    return min(in_time, key=lambda call: call.come_by) if in_time else waiting[-1]


def rate_call(step):
    """The caller rates each called unit, once: when it has come, or when its time to come is over."""
    stars = step.supplied["stars"]
    if stars not in range(1, 6):
        raise step.wrong("stars", _("Expected 1 to 5 stars."))
    call = (
        WhistleCall.objects.filter(
            whistle__event_id=step.event.pk,
            whistle__unit=step.unit_id,
            unit=step.supplied["unit"],
            stars=None,
        )
        .order_by("pk")
        .first()
    )
    if call is None:
        raise step.wrong("unit", _("Expected a unit that you called and have not rated yet."))
    if call.arrived_at is None and step.now <= call.come_by:
        raise step.wrong("unit", _("This unit still has time to come: rate it when it is there."))
    call.stars, call.stars_words = stars, step.words[:500]
    call.save(update_fields=["stars", "stars_words"])
    step.facts.update(whistle=call.whistle_id, unit=call.unit_id, stars=stars)
    step.told_units = {call.unit_id}


def note_due_soon(step):
    """The light turned yellow."""
    step.event.warned = 1


def note_overdue(step):
    """The deadline passed: a fact that stays."""
    step.event.warned = 2
    step.event.late = True
    step.facts.update(due_at=step.event.due_at.isoformat())


def note_unanswered(step):
    """Supervisions whose answer did not come in time: the asked units and the supervisors are told, once."""
    rows = list(step.event.supervisions.filter(answered_at=None, noted=False, answer_by__lt=step.now))
    Supervision.objects.filter(pk__in=[row.pk for row in rows]).update(noted=True)
    step.facts.update(supervisions=[row.pk for row in rows], asked=sorted({row.asked_unit_id for row in rows}))
    step.told_users = {row.by_id for row in rows}
    step.told_units = {row.asked_unit_id for row in rows}


def note_spot_late(step):
    """The check of an event settled on the spot was not made in time: the centre is told, and may still make it."""
    step.event.spot_state = SpotCheck.LATE
    step.facts.update(due_at=step.event.spot_due_at.isoformat())


def note_no_show(step):
    """Called units that had not come in time: they and the caller are told, once."""
    rows = list(
        WhistleCall.objects.filter(
            whistle__event_id=step.event.pk, arrived_at=None, noted=False, come_by__lt=step.now
        ).select_related("whistle")
    )
    WhistleCall.objects.filter(pk__in=[row.pk for row in rows]).update(noted=True)
    step.facts.update(units=[row.unit_id for row in rows])
    step.told_units = {row.unit_id for row in rows} | {row.whistle.unit_id for row in rows}
