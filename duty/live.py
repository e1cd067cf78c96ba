"""What open pages are told of warnings: that those they hear have changed, never what they say."""

from dataclasses import dataclass

from duty import reach, standing
from grids.scope import Scope


@dataclass(frozen=True)
class Ear:
    """What one open page hears."""

    seats: tuple

    @classmethod
    def of(cls, user) -> "Ear":
        return cls(tuple(seat for seat in Scope.of(user).seats if seat.may(reach.TAKE)))

    def hears(self, changed) -> bool:
        return bool(self.seats) and any(one.heard_by(self.seats) for one in changed)


class Watcher:
    """Reads on from what it knew. Costs nothing beyond the data versions while no warning changes."""

    def __init__(self, versions):
        self._known = {one.pk: one.seq for one in standing.current(versions)}
        self._stamp = versions.get("warnings", 0)

    def changed(self, versions) -> list[standing.Standing]:
        """Warnings that are new or went on since the last look; none, and no query, if nothing did."""
        if versions.get("warnings", 0) == self._stamp:
            return []
        now = standing.current(versions)
        changed = [one for one in now if self._known.get(one.pk) != one.seq]
        self._known, self._stamp = {one.pk: one.seq for one in now}, versions.get("warnings", 0)
        return changed
