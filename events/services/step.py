"""What one step carries with it while it is taken."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from core import versions
from core.errors import Invalid
from events import calendars, limits
from events.models import Event
from events.workflow import Move
from grids import directory, locate


@dataclass(frozen=True)
class Surroundings:
    """The slowly changing data of this process, as fresh as these versions say (core.versions)."""

    versions: dict[str, int]

    @classmethod
    def read(cls):
        return cls(versions.read())

    @property
    def limits(self):
        return limits.current(self.versions)

    @property
    def calendar(self):
        return calendars.current(self.versions)

    @property
    def directory(self):
        return directory.current(self.versions)

    @property
    def index(self):
        return locate.current(self.versions)


@dataclass
class Step:
    """One step of one locked event. Effects read `supplied`, change `event` and fill `facts`."""

    name: str
    move: Move
    event: Event
    actor: Any  # User, or None for the clock
    seat: Any  # grids.scope.Seat, True for the reporter, None for the clock
    around: Surroundings
    supplied: dict[str, Any]
    now: datetime = field(default_factory=timezone.now)
    facts: dict[str, Any] = field(default_factory=dict)
    photos: list = field(default_factory=list)
    source: str = ""  # the status before the step
    told_units: set[int] = field(default_factory=set)
    told_users: set[int] = field(default_factory=set)

    @property
    def words(self) -> str:
        return (self.supplied.get("words") or "").strip()

    @property
    def unit_id(self) -> int | None:
        return getattr(self.seat, "unit_id", None)

    @property
    def actor_id(self) -> int | None:
        return self.actor.pk if self.actor is not None else None

    @property
    def location(self) -> tuple[float, float] | None:
        """(longitude, latitude) in degrees."""
        place = self.supplied.get("location")
        # Floats, and no minus before zero: what is hashed must look as the column will give it back.
        return (float(place[0]) + 0.0, float(place[1]) + 0.0) if place else None

    def check_supplied(self):
        """Raises Invalid naming every field the table asks for that is missing, and a place that is none."""
        missing = [name for name in self.needed() if _empty(self.supplied.get(name))]
        if missing:
            raise Invalid(fields={name: [_("This is needed for the step.")] for name in missing})
        if self.location and not _on_earth(*self.location):
            raise self.wrong("location", _("Expected a longitude from -180 to 180 and a latitude from -90 to 90."))
        evidence = self.move.evidence_from(self.seat)
        if evidence and all(_empty(self.supplied.get(name)) for name in evidence):
            raise self.wrong(evidence[0], _("On-site evidence is needed: a photo or your position."))

    def needed(self) -> tuple[str, ...]:
        """What must be supplied: the table's fields, and those the event's standard asks for."""
        if not self.move.as_standard_asks:
            return self.move.must
        standard = self.around.limits.standards.get(self.event.standard_id)
        asked = self.move.as_standard_asks if standard and standard.photos_required else ()
        return (*self.move.must, *asked)

    def wrong(self, name, text):
        """The error for one field."""
        return Invalid(fields={name: [text]})

    def unit(self, name, pk):
        """The unit entry with this id; raises Invalid for `name` if there is none."""
        entry = self.around.directory.units.get(pk)
        if entry is None:
            raise self.wrong(name, _("There is no such unit, or it is no longer active."))
        return entry


def _empty(value) -> bool:
    """Nothing was given: None, no letter, no element. Zero is something."""
    return value in (None, "", [], ()) or (isinstance(value, str) and not value.strip())


def _on_earth(lon: float, lat: float) -> bool:
    return -180 <= lon <= 180 and -90 <= lat <= 90  # False for NaN, too
