"""One step for many events: each its own transaction, so that one refusal holds up nobody else."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from core.errors import Conflict, DomainError, Invalid, NotFound, Refused
from events.models import Event
from events.services.advance import advance
from events.services.intake import likely_repeats
from events.services.step import Surroundings

# Steps that can be one press for many: all others need somebody to look at each event.
ACTIONS = ("register", "dispatch", "sign", "supervise")
MOST_ROWS = 100
DONE, AGAIN, CONFLICT, REFUSED, REPEAT = "done", "again", "conflict", "refused", "repeat"


@dataclass(frozen=True)
class Result:
    """What became of one event. `event` is None for one that is not the actor's to see; `state` one of the above;
    `fields` what was wrong with its input."""

    event_id: int
    event: Event | None
    state: str
    message: str = ""
    fields: dict = field(default_factory=dict)

    @property
    def went(self) -> bool:
        return self.state in (DONE, AGAIN)


def advance_many(*, actor, action, key, rows, repeats_too=False, **supplied) -> list[Result]:
    """Take `action` for each of `rows`, (event id, last step seen or None), in their order.

    `key`: the caller's idempotency key of the whole; each event's step has it with the event's id behind it, so asking
    twice does nothing twice. What is not supplied comes from each event: its own standard and urgency to register, the
    department of its standard to dispatch. To register, an event that looks like a repeat is left alone unless
    `repeats_too`. Raises Invalid for an action that is not for many, or too many rows; also, nothing being done, where
    what was supplied for all of them is wrong for each that could have gone.
    """
    if action not in ACTIONS:
        raise Invalid(fields={"action": [_("There is no such action.")]})
    if len(rows) > MOST_ROWS:
        raise Invalid(fields={"rows": [_("At most %(most)s events at once.") % {"most": MOST_ROWS}]})
    around = Surroundings.read()
    ids = [pk for pk, _seen in rows]
    events = Event.objects.visible_to(actor).order_by().in_bulk(ids)
    results = [
        _one(actor, action, key, events.get(pk), pk, seen, around, supplied, repeats_too) for pk, seen in dict(rows).items()
    ]
    if wrong := _wrong_for_all(results, supplied):
        raise Invalid(fields=wrong)
    return results


def _wrong_for_all(results, supplied) -> dict:
    """What is wrong with the input that the rows have in common: none went, and all that were looked at say the same."""
    told = [result.fields for result in results if result.fields]
    common = bool(told) and not any(result.went for result in results) and all(fields == told[0] for fields in told)
    return told[0] if common and all(supplied.get(name) not in (None, "") for name in told[0]) else {}


def _one(actor, action, key, event, pk, seen, around, supplied, repeats_too) -> Result:
    if event is None:
        return Result(pk, None, REFUSED, _("This event is not yours to see."))
    given = _given(action, event, around, supplied)
    if action == "register" and not repeats_too and (near := _repeats(actor, event, given, around)):
        words = _("It looks like a repeat of %(event)s: open it and decide.")
        return Result(pk, event, REPEAT, words % {"event": near[0]["event"]})
    try:
        row = advance(
            event_id=pk, action=action, actor=actor, key=f"{key}-{pk}" if key else None, seen=seen, around=around, **given
        )
    except NotFound:
        return Result(pk, None, REFUSED, _("This event is not yours to see."))
    except Conflict as error:
        return Result(pk, event, CONFLICT, str(error.message))
    except Refused as error:
        return Result(pk, event, REFUSED, str(error.message))
    except DomainError as error:
        words = " ".join(str(w) for ws in error.fields.values() for w in ws) or str(error.message)
        return Result(pk, event, REFUSED, words, error.fields)
    return Result(pk, row.event, AGAIN if getattr(row, "again", False) else DONE)


def _given(action, event, around, supplied) -> dict:
    """What was supplied for all, filled up from the event itself."""
    given = {name: value for name, value in supplied.items() if value not in (None, "")}
    if action == "register":
        given.setdefault("urgency", event.urgency)
        given.setdefault("standard", event.standard_id)
    if action == "dispatch" and "lead" not in given:
        standard = around.limits.standards.get(event.standard_id)
        usual = around.directory.department_for(event.path, standard.leads) if standard else None
        given["lead"] = usual.pk if usual else None
    return given


def _repeats(actor, event, given, around):
    if event.location is None or not given.get("standard") or event.status != "reported":
        return []
    try:
        return likely_repeats(
            actor=actor, standard_id=given["standard"], lon=event.location.x, lat=event.location.y, at=event.reported_at,
            exclude=event.pk, around=around,
        )  # fmt: skip
    except DomainError:
        return []  # the standard has ended: the step will say so
