"""What the figures are: counts, rates with their denominators, and what each is compared with."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Rate:
    """A share with its two numbers, so that it can be shown and added up. No share where nothing was to be counted."""

    numerator: int = 0
    denominator: int = 0

    @property
    def share(self) -> float | None:
        """0 to 1; None for 0 of 0."""
        return self.numerator / self.denominator if self.denominator else None

    def __add__(self, other: "Rate") -> "Rate":
        return Rate(self.numerator + other.numerator, self.denominator + other.denominator)


@dataclass(frozen=True)
class Figure:
    """A number (or a Rate) and the same of the period before; None where it is not known."""

    value: int | Rate
    before: int | Rate | None = None

    @property
    def change(self) -> float | None:
        """The difference: events, or points of a share (0.02 is two percentage points). None where one is missing."""
        if self.before is None:
            return None
        if isinstance(self.value, Rate):
            now, then = self.value.share, self.before.share
            return None if now is None or then is None else now - then
        return self.value - self.before


@dataclass(frozen=True)
class Overview:
    """The numbers around the map at `at`. What each is compared with: `figures.overview`."""

    at: datetime
    reported: Figure
    closed: Figure
    open: Figure
    late: Figure
    soon: Figure
    suspended: Figure
    closing: Figure  # 结案率
    on_time: Figure  # 按期处置率
    satisfaction: Figure  # 满意率


@dataclass(frozen=True)
class Step:
    """One of the six steps: the events that stand in `status`. `age`: mean time since the stage began.

    `jams`: the step with the greatest share of late ones; none of them where nothing is late.
    """

    status: str
    label: str
    count: int = 0
    late: int = 0
    soon: int = 0
    age: timedelta | None = None
    jams: bool = False


@dataclass(frozen=True)
class Bucket:
    """An hour, day or month from `start` on: events reported and closed in it, turns that came due in it and were late."""

    start: datetime
    reported: int = 0
    closed: int = 0
    late: int = 0


@dataclass(frozen=True)
class Kind:
    """A minor class (小类) over all its filing conditions; code E0203, or empty where nobody has said what it is."""

    code: str
    name: str
    reported: int = 0
    open: int = 0


@dataclass(frozen=True)
class Flows:
    """What happened in a time. `stars`: the sum over the rated ones (`satisfaction.denominator`)."""

    reported: int = 0
    registered: int = 0  # of the reported ones
    closed: int = 0
    settled: int = 0  # of the closed ones: by the worker on the spot 自办自结
    on_time: Rate = Rate()
    closing: Rate = Rate()
    satisfaction: Rate = Rate()
    stars: int = 0
    dispatched: int = 0
    returned: int = 0  # of the dispatched ones
    handled: int = 0
    reworked: int = 0  # of the handled ones

    @property
    def valid(self) -> Rate:
        """有效上报率: registered / reported."""
        return Rate(self.registered, self.reported)

    @property
    def right_first(self) -> Rate:
        """准确派遣率: not returned / dispatched."""
        return Rate(self.dispatched - self.returned, self.dispatched)

    @property
    def rework(self) -> Rate:
        """返工率: sent back / handled."""
        return Rate(self.reworked, self.handled)


@dataclass(frozen=True)
class ChildFigures(Flows):
    """A grid: what happened there in a time, and what stands there now."""

    open: int = 0
    late: int = 0
    soon: int = 0


@dataclass(frozen=True)
class Department:
    """A unit's turns in a time; `open` and `late` are what lies with it now, as lead or co-unit."""

    unit_id: int
    dispatched: int = 0
    handled: int = 0
    on_time: Rate = Rate()
    closing: Rate = Rate()
    satisfaction: Rate = Rate()
    returned: int = 0
    reworked: int = 0
    open: int = 0
    late: int = 0


@dataclass(frozen=True)
class Period:
    """Everything a report needs of a time: the flows, and the reported ones by source, kind and child grid."""

    flows: Flows
    sources: dict[str, int] = field(default_factory=dict)
    kinds: list[Kind] = field(default_factory=list)
    children: dict[int, ChildFigures] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """An event in a short list, without free text: descriptions and places may name people, and a wall is public."""

    id: int
    number: str | None
    status: str
    urgency: str
    source: str
    grid_id: int
    standard_id: int | None
    holder_id: int
    reported_at: datetime
    due_at: datetime | None
