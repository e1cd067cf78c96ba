"""What each figure means, in words for those who are scored by it. The exact rule stands in evaluation.indicators."""

from django.utils.translation import gettext_lazy as _

MEANINGS = {
    "reports": _("Events reported in the month that were registered, those settled on the spot included."),
    "valid_reports": _("Of the events reported in the month, those that were registered."),
    "settled_on_spot": _("Of the registered reports, those the worker settled on the spot."),
    "verified_on_time": _("Of the verifications made in the month, those within their limit."),
    "resident_satisfaction": _(
        "Of the events of the worker's grid that others rated in the month, those with 4 or 5 stars."
    ),
    "handled_on_time": _("Of the events to be handled by the unit in the quarter, those handled in time."),
    "closed": _("Of the events the unit led that were due in the quarter, those closed."),
    "returned": _("Of the events dispatched to the unit as lead, those it returned: the fewer the better."),
    "reworked": _("Of the events handled, those sent back for rework: the fewer the better."),
    "came_when_called": _("Of the whistles that called the unit, those where it came in time."),
    "used_share": _("How much of the limit was used on average: the less the better."),
    "satisfaction": _("Of the events led by the unit that were rated, those with 4 or 5 stars."),
}
