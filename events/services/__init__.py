"""Writes of the event domain. Views, API, admin, phone and imports call these and nothing below them."""

from events.services.advance import advance
from events.services.intake import likely_repeats, report, reported

__all__ = ["advance", "likely_repeats", "report", "reported"]
