"""Figures of events for the wall screen, the map, the papers and the desk.

`path` is the grid path of a territory ("/1/14/"): callers check that whoever asks may see it (grids.scope). `now` is an
aware instant: lights are compared with it, and days, months and hours are those of Beijing around it. Dates are local
days, `end` is the first day no longer in it; nothing after `now` counts as due. Definitions are those of evaluation's
indicators (docs/scores.md). Names of grids, units and standards come from grids.names and events.limits.
"""

from events.figures.ahead import DUE, Wall
from events.figures.folding import touch
from events.figures.reads import (
    children,
    departments,
    flow,
    kinds,
    late_list,
    newest,
    overview,
    period,
    together,
    trend,
)
from events.figures.types import (
    Bucket,
    ChildFigures,
    Department,
    Figure,
    Flows,
    Kind,
    Line,
    Overview,
    Period,
    Rate,
    Step,
)

__all__ = [
    "DUE",
    "Bucket",
    "ChildFigures",
    "Department",
    "Figure",
    "Flows",
    "Kind",
    "Line",
    "Overview",
    "Period",
    "Rate",
    "Step",
    "Wall",
    "children",
    "departments",
    "flow",
    "kinds",
    "late_list",
    "newest",
    "overview",
    "period",
    "together",
    "touch",
    "trend",
]
