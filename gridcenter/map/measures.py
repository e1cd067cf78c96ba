"""What the map can be coloured by, and the children of a grid with the value of each."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import shapely
from django.contrib.gis.db.models.functions import AsWKB
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import NotFound
from events import figures
from events.models import Event
from fieldwork import rules as patrol_rules
from fieldwork import selectors as patrols
from gridcenter.map import classes
from grids import colours
from grids.models import Grid, Outline
from grids.scope import Scope
from grids.services import outlines
from residents.selectors import figures as registry

DAYS = 30  # rates and reports are those of the last so many days
WHOLE = 0.8  # of its grids must have people registered, or there is no "per 1,000 people"
POOR = 0.8  # rates below have the colours of a warning


@dataclass
class Child:
    """A grid right below the one that is shown. `events`, `registry`: its figures; values are None where not known."""

    pk: int
    name: str
    code: str
    colour: str
    open: int | None = None
    late: int | None = None
    reported: int | None = None
    closing: float | None = None
    on_time: float | None = None
    registry: dict = field(default_factory=dict)
    covered: tuple[int, int] = (0, 0)  # smallest grids in which people are registered, of how many
    patrols: float | None = None
    value: float | None = None
    words: str = ""
    number: int | None = None  # of its class


@dataclass(frozen=True)
class Measure:
    """`kind`: "amount", "rate", "per" (1,000) or "plain" (the grid's own colour); `tone`: of its colours.

    `reads`: what it needs beside the events, "registry" or "patrols"; `limits`: those of a rate's classes.
    """

    code: str
    label: str
    value: Callable[[Child], float | None]
    kind: str = "amount"
    tone: str = "blue"
    group: str = gettext_lazy("Events")
    hint: str = ""
    reads: str = ""
    limits: tuple[float, ...] = classes.RATE_LIMITS


def _per_thousand(child):
    some, all_ = child.covered
    if some < WHOLE * all_:
        return None  # events of all its grids for the people of a few of them
    people = child.registry.get("people")
    return child.reported / people * 1000 if people and child.reported is not None else None


def _registry(name):
    return lambda child: child.registry.get(name)


OF_EVENTS = (
    Measure("open", gettext_lazy("Open events"), lambda c: c.open),
    Measure("late", gettext_lazy("Late events"), lambda c: c.late, tone="red"),
    Measure(
        "density", gettext_lazy("Reported per 1,000 people"), _per_thousand, "per",
        hint=gettext_lazy("events of the last 30 days per 1,000 people, where four of five grids have people registered"),
        reads="registry",
    ),
    Measure("closing", gettext_lazy("Closing rate"), lambda c: c.closing, "rate", hint=gettext_lazy("last 30 days")),
    Measure("on_time", gettext_lazy("On-time rate"), lambda c: c.on_time, "rate", hint=gettext_lazy("last 30 days")),
)  # fmt: skip
OF_REGISTRY = tuple(
    Measure(code, label, _registry(code), group=gettext_lazy("People and homes"), reads="registry")
    for code, label in (("people", gettext_lazy("Population")), ("households", gettext_lazy("Households")))
)
PATROLS = Measure(
    "patrols", gettext_lazy("Patrol coverage"), lambda c: c.patrols, "rate", group=gettext_lazy("Field work"),
    hint=gettext_lazy("patrols of the last seven full days, of two a day that each grid is owed"), reads="patrols",
    limits=(0.5, 0.8, 0.95),
)  # fmt: skip
PLAIN = Measure("colours", gettext_lazy("Grid colours (wall map)"), lambda c: None, "plain", group=gettext_lazy("Wall map"))


def available(user, grid: Grid) -> dict[str, Measure]:
    """The measures this person may colour the map by below `grid`, by code."""
    events = OF_EVENTS if _whole(user, grid.path) else OF_EVENTS[:2]
    care = [
        Measure(code, name, _registry(code), group=gettext_lazy("Care registers"), reads="registry")
        for code, name in registry.care_measures(user, grid.path).items()
    ]
    walks = [PATROLS] if Scope.of(user).may_at(patrol_rules.VIEW, grid.path) else []
    return {measure.code: measure for measure in (*events, *OF_REGISTRY, *care, *walks, PLAIN)}


def _whole(user, path) -> bool:
    """Whether every event below `path` is this person's to see: figures of a territory are then theirs, too."""
    scope = Scope.of(user)
    return scope.may("events.view_event") and any(path.startswith(root) for root in scope.roots)


@dataclass
class View:
    """The children of a grid coloured by a measure; `classes` with the words of each for the legend."""

    grid: Grid
    measure: Measure
    children: list[Child]
    classes: list[classes.Class]
    legend: list[str]
    gaps: bool  # some values are left out: small figures of people, or nothing to count
    note: str = ""  # what is to be known before one reads the colours

    @property
    def total_late(self):
        return sum(child.late or 0 for child in self.children)

    @property
    def poor(self) -> int:
        """How many of the classes are of poor rates."""
        return sum(self.measure.kind == "rate" and one.high is not None and one.high <= POOR for one in self.classes)


def view(user, grid: Grid, code: str, now: datetime | None = None) -> View:
    """Raises NotFound for a measure that is not this person's."""
    measure = available(user, grid).get(code)
    if measure is None:
        raise NotFound()
    now = now or timezone.now()
    children = {
        pk: Child(pk, name, number, colour)
        for pk, name, number, colour in Grid.objects.visible_to(user).valid_on().filter(parent=grid)
        .order_by("code").values_list("pk", "name", "code", "colour")
    }  # fmt: skip
    _fill_events(user, grid, children, now)
    if measure.reads == "patrols":
        for pk, found in patrols.coverage(grid, now).items():
            if pk in children:
                children[pk].patrols = found.share
    elif measure.reads == "registry":
        covered = registry.coverage(user=user, parent=grid)
        for pk, amounts in registry.of_children(user=user, parent=grid).items():
            if pk in children:
                children[pk].registry, children[pk].covered = amounts, covered.get(pk, (0, 0))
    if measure.kind == "plain":
        for pk, colour in colours.distinct({pk: child.colour for pk, child in children.items()}, _shapes(grid)).items():
            children[pk].colour = colour
    return _classed(grid, measure, list(children.values()))


def _shapes(grid) -> dict:
    """The outlines of its children as finely as they are told apart. One query."""
    band = min(grid.level + 1, len(outlines.BANDS) - 1)
    rows = Outline.objects.filter(band=band, grid__parent=grid).annotate(wkb=AsWKB("shape")).values_list("grid", "wkb")
    return {pk: shapely.from_wkb(bytes(wkb)) for pk, wkb in rows}


def _classed(grid, measure, children):
    values = [measure.value(child) for child in children]
    made = {"rate": partial(classes.of_rates, limits=measure.limits), "plain": lambda _v: []}.get(
        measure.kind, lambda v: classes.of_amounts(v, measure.kind == "amount")
    )(values)
    for child, value in zip(children, values, strict=True):
        child.value, child.words = value, words_of(measure, value)
        child.number = classes.number(made, value)
    gaps = measure.kind != "plain" and None in values
    legend = [_legend(measure, one) for one in made]
    return View(grid, measure, children, made, legend, gaps, _note(measure, children, values))


def _note(measure, children, values) -> str:
    """Why there is little or nothing to see, in words."""
    if not children:
        return ""
    if measure.reads == "registry":
        some, all_ = (sum(counts) for counts in zip(*(child.covered for child in children), strict=True))
        if not some:
            return _("Nobody is registered in these grids yet: with the registry there will be something to show.")
        if some < all_:
            words = _("The registry has begun: people are registered in %(some)s of %(all)s grids.")
            return words % {"some": some, "all": all_}
    if measure.kind != "plain" and all(value is None for value in values):
        return _("There is nothing to count here yet.")
    return ""


def words_of(measure, value) -> str:
    if measure.kind == "plain":
        return ""
    if value is None:
        return "—"
    share = math.floor(round(value * 1000, 6)) / 10  # never 100 while something is missing
    return {"rate": f"{share:.1f}%", "per": f"{value:.1f}"}.get(measure.kind, f"{value:,.0f}")


def _legend(measure, one) -> str:
    def said(value):
        return f"{value * 100:g}%" if measure.kind == "rate" else f"{value:,g}"

    if one.low == one.high or (measure.kind == "rate" and one.low == 1):
        return said(one.low)
    if one.high is None:
        return _("%(low)s and more") % {"low": said(one.low)}
    if measure.kind == "rate" and one.low == 0:
        return _("below %(high)s") % {"high": said(one.high)}
    if measure.kind == "amount":
        return said(one.low) if one.high - one.low == 1 else f"{said(one.low)}–{said(one.high - 1)}"
    return _("%(low)s to below %(high)s") % {"low": said(one.low), "high": said(one.high)}


def _fill_events(user, grid, children, now):
    """Where every event is the person's to see, the territory's figures; elsewhere what they see, counted."""
    for child in children.values():
        child.open = child.late = 0
    if not _whole(user, grid.path):
        _count_seen(user, grid, children, now)
        return
    today = timezone.localdate(now)
    found = figures.children(grid.path, now, today - timedelta(days=DAYS - 1), today + timedelta(days=1))
    for pk, child in children.items():
        got = found.get(pk, figures.ChildFigures())
        child.open, child.late, child.reported = got.open, got.late, got.reported
        child.closing, child.on_time = got.closing.share, got.on_time.share


def _count_seen(user, grid, children, now):
    """Open and late ones that this person sees: one query."""
    counted = (
        Event.objects.visible_to(user).open().filter(path__startswith=grid.path).order_by().values("path")
        .annotate(open=Count("pk"), late=Count("pk", filter=Q(due_at__lt=now)))
    )  # fmt: skip
    for row in counted:
        below = row["path"][len(grid.path) :].split("/")[0]
        child = children.get(int(below)) if below else None
        if child is not None:
            child.open += row["open"]
            child.late += row["late"]
