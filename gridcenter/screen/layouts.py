"""The compositions that ship: a leader's, a street's, an emergency's. They become rows that an administrator edits."""

from django.utils.translation import gettext as _

from gridcenter.screen import panels
from gridcenter.screen.models import ScreenLayout


def _places(*rows):
    return [dict(zip(("panel", "x", "y", "w", "h"), row, strict=True)) for row in rows]


SHIPPED = {
    "leader": {
        "name": "领导版",
        "name_en": "Leader",
        "sort": 10,
        "places": _places(
            ("overview", 1, 1, 24, 3),
            ("flow", 1, 4, 24, 3),
            ("late", 1, 7, 7, 9),
            ("warnings", 1, 16, 7, 5),
            ("newest", 1, 21, 7, 4),
            ("map", 8, 7, 10, 12),
            ("trend", 8, 19, 6, 6),
            ("kinds", 14, 19, 4, 6),
            ("children", 18, 7, 7, 7),
            ("departments", 18, 14, 7, 6),
            ("workers", 18, 20, 7, 5),
        ),
    },
    "street": {
        "name": "街道版",
        "name_en": "Street",
        "sort": 20,
        "places": _places(
            ("overview", 1, 1, 24, 3),
            ("late", 1, 4, 7, 11),
            ("newest", 1, 15, 7, 10),
            ("flow", 8, 4, 17, 3),
            ("map", 8, 7, 10, 12),
            ("trend", 8, 19, 10, 6),
            ("children", 18, 7, 7, 8),
            ("workers", 18, 15, 7, 5),
            ("warnings", 18, 20, 7, 5),
        ),
    },
    "emergency": {
        "name": "应急版",
        "name_en": "Emergency",
        "sort": 30,
        "measure": "open",
        "round_seconds": 30,
        "places": _places(
            ("overview", 1, 1, 24, 3),
            ("warnings", 1, 4, 7, 10),
            ("late", 1, 14, 7, 11),
            ("map", 8, 4, 11, 18),
            ("flow", 8, 22, 17, 3),
            ("newest", 19, 4, 6, 7),
            ("workers", 19, 11, 6, 5),
            ("departments", 19, 16, 6, 6),
        ),
    },
}


def ship():
    """Adds the shipped compositions that are not there; what an administrator changed stays. Runs after migrate."""
    for code, fields in SHIPPED.items():
        ScreenLayout.objects.get_or_create(code=code, defaults=fields)


def offered() -> list[ScreenLayout]:
    """The compositions to choose from. What somebody broke by hand in the database is left out; with none left, the
    leader's as shipped stands in, so that a wall never goes dark. One query."""
    rows = [row for row in ScreenLayout.objects.filter(active=True) if not panels.faults(row.places)]
    return rows or [ScreenLayout(code="leader", **SHIPPED["leader"])]


def choose(code: str) -> tuple[ScreenLayout, list[ScreenLayout]]:
    """(the composition asked for, or the first one; all that are offered)."""
    rows = offered()
    return next((row for row in rows if row.code == code), rows[0]), rows


def explain() -> list[tuple[str, str, int, int]]:
    """(name, label, fewest columns, fewest rows) of every panel, for the admin's page."""
    return [(name, _(str(panel.label)), *panel.least) for name, panel in panels.PANELS.items()]
