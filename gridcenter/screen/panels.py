"""The panels of a wall screen, and what makes a composition of them a good one. Knows no database.

A screen is COLUMNS × ROWS cells below its head; a composition puts panels into rectangles of them.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

COLUMNS = ROWS = 24


@dataclass(frozen=True)
class Panel:
    """`least`: the fewest columns and rows in which its words can be read from five metres."""

    label: str
    least: tuple[int, int]


PANELS = {
    "overview": Panel(gettext_lazy("Key figures"), (16, 3)),
    "flow": Panel(gettext_lazy("The six steps"), (12, 3)),
    "map": Panel(gettext_lazy("Map"), (8, 8)),
    "late": Panel(gettext_lazy("Late events"), (5, 4)),
    "warnings": Panel(gettext_lazy("Warnings"), (5, 4)),
    "newest": Panel(gettext_lazy("Newest events"), (5, 4)),
    "children": Panel(gettext_lazy("Ranking of areas"), (5, 5)),
    "departments": Panel(gettext_lazy("Ranking of departments"), (5, 5)),
    "kinds": Panel(gettext_lazy("Kinds of events"), (4, 5)),
    "trend": Panel(gettext_lazy("Trend"), (6, 5)),
    "workers": Panel(gettext_lazy("On duty"), (5, 4)),
}


def faults(places) -> list[str]:
    """What is wrong with a composition, in words an administrator understands; empty if nothing is.

    Right: a list of {"panel", "x", "y", "w", "h"}, x and y counted from 1, every panel at most once, each inside the
    screen, none smaller than it can be read, no two on the same cell.
    """
    if not isinstance(places, list) or not places:
        return [_("Expected a list of places, at least one.")]
    found, taken, seen = [], {}, set()
    for number, place in enumerate(places, 1):
        fault = _fault(place, seen)
        if fault:
            found.append(_("Place %(number)s: %(fault)s") % {"number": number, "fault": fault})
            continue
        seen.add(place["panel"])
        for cell in _cells(place):
            other = taken.setdefault(cell, place["panel"])
            if other != place["panel"]:
                words = _("Place %(number)s: %(panel)s lies upon %(other)s.")
                found.append(words % {"number": number, "panel": place["panel"], "other": other})
                break
    return found


def _fault(place, seen) -> str:
    keys = ("panel", "x", "y", "w", "h")
    if not isinstance(place, dict) or set(place) != set(keys):
        return _("expected exactly: %(keys)s.") % {"keys": ", ".join(keys)}
    name = place["panel"]
    panel = PANELS.get(name) if isinstance(name, str) else None
    if panel is None:
        return _("there is no such panel; there are: %(names)s.") % {"names": ", ".join(PANELS)}
    if name in seen:
        return _("%(panel)s stands there twice.") % {"panel": name}
    numbers = [place[key] for key in keys[1:]]
    if not all(type(number) is int and number >= 1 for number in numbers):
        return _("x, y, w and h are whole numbers from 1.")
    x, y, w, h = numbers
    if x + w - 1 > COLUMNS or y + h - 1 > ROWS:
        return _("it reaches beyond the screen of %(columns)s columns and %(rows)s rows.") % {
            "columns": COLUMNS,
            "rows": ROWS,
        }
    if w < panel.least[0] or h < panel.least[1]:
        return _("%(panel)s needs at least %(w)s columns and %(h)s rows.") % {
            "panel": name,
            "w": panel.least[0],
            "h": panel.least[1],
        }
    return ""


def _cells(place):
    across = range(place["x"], place["x"] + place["w"])
    down = range(place["y"], place["y"] + place["h"])
    return ((x, y) for x in across for y in down)


def area(place) -> str:
    """CSS grid-area of a place."""
    x, y = place["x"], place["y"]
    return f"{y} / {x} / {y + place['h']} / {x + place['w']}"
