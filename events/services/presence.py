"""Who else has a case open (在场): a page renews its row every few seconds, and reads the others' with it."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from events.models import Presence
from events.workflow import MOVES

EVERY_SECONDS = 10
SILENT_SECONDS = 35  # three renewals missed: the page is gone
KEPT = timedelta(hours=1)


@dataclass(frozen=True)
class Other:
    """Somebody else at the case; `doing` is the label of the step whose form they fill in, or empty."""

    name: str
    doing: str


def here(*, event, user, action="") -> list[Other]:
    """Say that `user` has the case open (and fills in the form of `action`); returns the others. Two queries."""
    now = timezone.now()
    mine = {"action": action if action in MOVES else "", "seen_at": now}
    Presence.objects.bulk_create(
        [Presence(event=event, user=user, **mine)], update_conflicts=True,
        unique_fields=["event", "user"], update_fields=list(mine),
    )
    others = (
        Presence.objects.filter(event=event, seen_at__gte=now - timedelta(seconds=SILENT_SECONDS))
        .exclude(user=user).order_by("user__name", "pk")
    )
    return [
        Other(name or username, str(MOVES[doing].label) if doing else "")
        for name, username, doing in others.values_list("user__name", "user__username", "action")
    ]


def gone(*, event, user) -> None:
    """The page was closed."""
    Presence.objects.filter(event=event, user=user).delete()


def sweep(now=None) -> int:
    """Remove rows of pages that fell silent long ago; returns how many."""
    return Presence.objects.filter(seen_at__lt=(now or timezone.now()) - KEPT).delete()[0]
