"""The words that the screen's script puts together, in the reader's language."""

import re

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.roles import ROLES
from duty.models import Level, Shift
from events.workflow import Status
from grids import levels


def plain(label) -> str:
    """A label without the field's term behind the English: a wall has no room for both."""
    return re.sub(r"(?<=[a-z)]) [一-鿿]+$", "", str(label))


def all_words() -> dict:
    """For the page's JSON. {n}, {time} … are filled in by the script."""
    return {
        "status": {str(status): plain(status.label) for status in Status},
        "levels": {name: str(word) for name, word in levels.SHIPPED.items()},
        "brief": {  # where a status stands beside three other words
            str(Status.REPORTED): pgettext("wall screen", "To register"),
            str(Status.REGISTERED): pgettext("wall screen", "To dispatch"),
            str(Status.DISPATCHED): pgettext("wall screen", "To sign for"),
            str(Status.HANDLING): pgettext("wall screen", "Handling"),
            str(Status.VERIFYING): pgettext("wall screen", "To verify"),
        },
        "to_rate": _("Awaiting rating"),
        "role": {
            code: plain(ROLES[code].name)
            for code in ("worker_full", "worker_part", "operator", "centre_head")
        },
        "shift": {
            str(Shift.Role.LEADER): pgettext("wall screen", "Leader"),
            str(Shift.Role.CHIEF): pgettext("wall screen", "Chief"),
            str(Shift.Role.WATCH): pgettext("wall screen", "Watch"),
        },
        "between": pgettext("between names", ", "),
        "nobody_on_duty": _("Nobody stands on the roster now."),
        "desk_empty": _("The duty desk is empty"),
        "warning": {
            "critical": pgettext("wall screen", "Urgent"),
            "supervised": pgettext("wall screen", "Supervised"),
            "called": pgettext("wall screen", "Not there"),
        },
        "level": {str(level): plain(level.label) for level in Level},
        "no_alerts": _("No warning stands."),
        "waits": _("{span} untaken"),
        "taken": _("Taken: {unit}"),
        "waiting_n": _("{n} of {all} untaken"),
        "live": _("Live"),
        "lost": _("Not live"),
        "lost_long": _(
            "Not live: the line to the server is broken. Figures of {time}, {age} ago. Trying again …"
        ),
        "refused": _("The session has ended, these figures stand still since {time}. Please log in again."),
        "age": _("Figures {age} old"),
        "late_by": _("{span} late"),
        "days_hours": _("{d} d {h} h"),
        "days": _("{d} d"),
        "hours_minutes": _("{h} h {m} min"),
        "hours": _("{h} h"),
        "minutes": _("{m} min"),
        "seconds": _("{s} s"),
        "unclassified": pgettext("wall screen", "Unclassified"),
        "late_n": _("{n} late"),
        "open_n": _("{n} open"),
        "mark": _("Late event"),
        "soon_n": _("{n} soon late"),
        "in_time": _("in time"),
        "no_posts": _("Nobody holds a post here yet."),
        "in_all": _("{n} in all"),
        "page": _("{n} of {all}"),
        "none_late": _("Nothing is late."),
        "nothing": _("No events yet."),
        "no_parts": _("No outlines yet: they come with the import of boundaries."),
        "round_on": _("Round: {n} of {all}, next {name}"),
        "round_paused": _("Round paused at {n} of {all}"),
        "start": _("Start the round"),
        "pause": _("Pause the round"),
        "go_on": _("Go on with the round"),
        "to_open": _("Open {name}"),
        "weekdays": [
            _("Sunday"),
            _("Monday"),
            _("Tuesday"),
            _("Wednesday"),
            _("Thursday"),
            _("Friday"),
            _("Saturday"),
        ],
        "up": pgettext("change", "up"),
        "down": pgettext("change", "down"),
        "same": _("unchanged"),
    }
