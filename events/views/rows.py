"""Rows of events as lists show them: light, words of time, place, and the buttons of this person."""

import uuid

from events import worklists
from events.workflow import MOVES, OPEN, Status

MOST_BUTTONS = 3
# Too far-reaching for a list: they are pressed with the whole record in sight.
ON_THE_RECORD_ONLY = {
    "reopen", "supervise", "remind", "whistle", "place", "suspend", "merge", "cancel", "rate_call", "escalate",
}  # fmt: skip


def light_of(event) -> str:
    """The light to show: of the running clock, "paused" while suspended, "none" after the end."""
    if event.status == Status.SUSPENDED:
        return "paused"
    return event.current_light or "none"


def dress(events, user) -> list[dict]:
    """[{event, light, moves, buttons, open}]: three queries for any number of events."""
    moves = worklists.moves_of(events, user)
    rows = []
    for event in events:
        light = light_of(event)
        names = [name for name in moves[event.pk] if name not in ON_THE_RECORD_ONLY or _presses(name, light)]
        rows.append(
            {
                "event": event,
                "light": light,
                "moves": moves[event.pk],
                "buttons": [
                    {**button, "short": is_short(button["name"]), "key": uuid.uuid4().hex}
                    for button in worklists.buttons(names)[:MOST_BUTTONS]
                ],
                "open": event.status in OPEN,
            }
        )
    return rows


def _presses(name, light) -> bool:
    """What is late asks for it there and then."""
    return name == "supervise" and light == "red"


def is_short(name) -> bool:
    """One press does it: nothing need be supplied, nothing is usually said, and it does no harm."""
    move = MOVES[name]
    return not move.must and move.strong and "photos" not in move.may
