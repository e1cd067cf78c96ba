"""What a county begins with: how each level is answered, and when the system itself warns. All of it is data afterwards."""

from duty.models import Level, Response, Rule
from duty.models.warning import Cause

RESPONSES = ((Level.NOTICE, None, 24), (Level.SERIOUS, 30, 24), (Level.MAJOR, 5, 24))
RULES = (
    {"cause": Cause.UNREGISTERED, "level": Level.MAJOR, "minutes": 0},
    {"cause": Cause.CLUSTER, "level": Level.SERIOUS, "amount": 5, "minutes": 60},
    {"cause": Cause.SUPERVISED_LATE, "level": Level.SERIOUS, "minutes": 0},
    {"cause": Cause.LATE_SHARE, "level": Level.NOTICE, "amount": 20, "share": "0.300"},
    {"cause": Cause.UNSTAFFED, "level": Level.SERIOUS, "minutes": 15},
)


def load_defaults():
    """Into empty tables only: what an administrator has taken away stays away."""
    if not Response.objects.exists():
        Response.objects.bulk_create(
            Response(level=level, take_minutes=minutes, valid_hours=hours)
            for level, minutes, hours in RESPONSES
        )
    if not Rule.objects.exists():
        Rule.objects.bulk_create(Rule(**rule) for rule in RULES)
