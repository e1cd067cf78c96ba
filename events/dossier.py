"""Everything a page says about one event: history with photos, units, clocks, progress. A fixed number of queries."""

from collections import defaultdict
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Attachment
from events.models.standard import LimitUnit
from events.workflow import STAGE_OF, Source, Stage, Status, Urgency
from grids import directory

S = Status
PROGRESS = (
    (gettext_lazy("Report"), "reported_at", ()),
    (gettext_lazy("Register"), "registered_at", (S.REPORTED,)),
    (gettext_lazy("Dispatch"), "dispatched_at", (S.REGISTERED,)),
    (gettext_lazy("Handle"), "fed_back_at", (S.DISPATCHED, S.HANDLING)),
    (gettext_lazy("Verify"), "closed_at", (S.VERIFYING,)),
    (gettext_lazy("Rate"), "evaluated_at", (S.CLOSED,)),
)
# Steps whose square in the timeline warns, and those whose circle is filled.
ALARMS = {"overdue", "reject", "return", "rework", "supervise", "cancel", "refuse_time", "spot_fail", "spot_late"}
GOOD = {"verify_pass", "settle", "evaluate", "spot_pass"}


def progress(event) -> list[dict]:
    """The six steps: label, when it was done, whether it runs now."""
    status = event.resume_status if event.status == S.SUSPENDED else event.status
    steps = []
    for label, name, statuses in PROGRESS:
        at = getattr(event, name)
        now = status in statuses
        steps.append({"label": label, "at": None if now else at, "done": bool(at) and not now, "now": now})
    return steps


def timeline(event) -> list[dict]:
    """Steps, newest first, with the photos each brought and what was supplied in words. Two queries."""
    units = directory.current().units
    photos = defaultdict(list)
    for photo in event.attachments.order_by("pk"):
        photos[photo.seq].append(photo)
    rows = event.transitions.select_related("actor", "unit").order_by("-seq")
    return [
        {
            "row": row,
            "photos": photos.get(row.seq, []),
            "moved": row.source != row.target,
            "tone": "red" if row.action in ALARMS else "green" if row.action in GOOD else "",
            "facts": list(facts_in_words(row.facts, units)),
        }
        for row in rows
    ]


def facts_in_words(facts, units):
    """What a step supplied, as (label, words); ids of units become names. Unknown facts are left out."""
    for name, (label, words) in FACTS.items():
        value = facts.get(name)
        if value not in (None, "", []):
            yield label, words(value, units, facts)


def _unit(value, units, facts):
    entry = units.get(value)
    return entry.name if entry else f"#{value}"


def _units(value, units, facts):
    return "、".join(_unit(pk, units, facts) for pk in value)


def _plain(value, units, facts):
    return value


def _moment(value, units, facts):
    return timezone.localtime(datetime.fromisoformat(value)).strftime("%Y-%m-%d %H:%M")


def _amount(value, units, facts):
    return LimitUnit(facts["amount_unit"]).words(value) if facts.get("amount_unit") else value


def _label_of(choices):
    return lambda value, units, facts: dict(choices).get(value, value)


def _metres(value, units, facts):
    return _("%(metres)s m from the place") % {"metres": round(value)}


FACTS = {
    "number": (gettext_lazy("Case number"), _plain),
    "standard": (gettext_lazy("Standard"), _plain),
    "urgency": (gettext_lazy("Urgency"), _label_of(Urgency.choices)),
    "source": (gettext_lazy("Source"), _label_of(Source.choices)),
    "lead": (gettext_lazy("Lead unit"), _unit),
    "co_units": (gettext_lazy("Co-handling units"), _units),
    "unit": (gettext_lazy("Unit"), _unit),
    "units": (gettext_lazy("Called units"), _units),
    "come_by": (gettext_lazy("Come by"), _moment),
    "answer_by": (gettext_lazy("Answer by"), _moment),
    "amount": (gettext_lazy("Time"), _amount),
    "due_at": (gettext_lazy("Due"), _moment),
    "until": (gettext_lazy("Until"), _plain),
    "stars": (gettext_lazy("Rating"), lambda value, units, facts: "★" * value),
    "distance": (gettext_lazy("Distance"), _metres),
}


def pairs(photos) -> dict:
    """Pictures of before and after, for comparing side by side; empty if there are none."""
    before = [p for p in photos if p.kind == Attachment.Kind.BEFORE and p.is_image]
    after = [p for p in photos if p.kind in (Attachment.Kind.AFTER, Attachment.Kind.VERIFY) and p.is_image]
    return {"before": before, "after": after} if before or after else {}


def clocks(event) -> list[dict]:
    """Finished stages and the one that runs: stage, unit, from, until, due, used share, late. One query."""
    rows = [
        {
            "label": row.get_stage_display(), "unit": row.unit, "since": row.started_at, "ended": row.ended_at,
            "due": row.due_at, "late": row.late, "share": row.used_share,
        }
        for row in event.stages.select_related("unit").order_by("pk")
    ]
    if event.status in STAGE_OF and event.due_at:
        rows.append(
            {
                "label": Stage(STAGE_OF[event.status]).label, "unit": event.holder, "since": event.stage_since,
                "ended": None, "due": event.due_at, "late": event.current_light == "red", "share": None,
            }
        )
    return rows


def involved(event) -> dict:
    """Units' turns, whistles with their calls, supervisions, requests for more time: five queries."""
    return {
        "turns": list(event.assignments.select_related("unit").order_by("pk")),
        "whistles": list(
            event.whistles.select_related("unit", "by").prefetch_related("calls__unit", "calls__arrived_by")
        ),
        "supervisions": list(event.supervisions.select_related("by", "unit", "asked_unit")),
        "time_requests": list(event.time_requests.select_related("unit")),
    }


def dossier(event) -> dict:
    """All parts by name."""
    steps = timeline(event)
    photos = [photo for step in steps for photo in step["photos"]]
    return {
        "progress": progress(event), "timeline": steps, "pairs": pairs(photos), "photos": photos,
        "clocks": clocks(event), **involved(event),
    }
