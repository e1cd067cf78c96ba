"""What a line gives its screen, so that asking for the figures of its territory costs no look-up of who asks.

A thousand screens ask at the same moment; session, person and posts were read when the line was opened. A ticket is good
for one territory and as long as a line lives: who loses a post or logs out loses the figures as late as the line.
"""

from django.core import signing

LIFE_SECONDS = 300  # of a line; then the browser comes again, and its rights are read again
LATE_SECONDS = 30  # until the next line has given the next ticket

_signer = signing.TimestampSigner(salt="screen.figures")


def make(place) -> str:
    return _signer.sign(f"{place.pk}:{place.path}")


def path_of(ticket: str, pk: int) -> str | None:
    """The path of the territory `pk`, if this is a ticket for it."""
    if not ticket:
        return None
    try:
        found = _signer.unsign(ticket, max_age=LIFE_SECONDS + LATE_SECONDS)
    except signing.BadSignature:
        return None
    number, _colon, path = found.partition(":")
    return path if number == str(pk) else None
