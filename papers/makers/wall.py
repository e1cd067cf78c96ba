"""Wall map 网格图 of a community: its grids in their colours, and a table of people, workers, cadres, phones."""

import numpy
from django.utils.translation import gettext as _
from shapely.geometry import box
from shapely.ops import unary_union

from core.errors import Invalid
from events.selectors import X, Y
from grids import colours as grid_colours
from grids import levels, names
from grids.models import Grid
from papers.drawing import colours, labels, maps
from papers.models import Kind
from papers.recipes import Content, Plan, Recipe
from residents.models import Building
from residents.selectors import figures

MOST_GRIDS = 60
MOST_BUILDINGS = 20_000
HOUSE = 14.0  # metres
NEAR = 0.0001  # degrees, some ten metres: grids that nearly touch are neighbours
SIZES = {"A3": (297, 420), "A2": (420, 594), "A1": (594, 841), "A0": (841, 1189)}
# In rem, a sixtieth of the short edge.
EDGE, HEAD, FOOT, TABLE, GAP = 2.4, 7.6, 3.4, 36.0, 1.6
ROWS_OF_TABLE = (2.3, 1.5)  # the highest and the lowest row that is still read


class Wall(Recipe):
    kind = Kind.WALL
    permission = "papers.make_sign"
    most_pages = 1

    def plan(self, user, options):
        grid = self.permit(user, options)
        below = Grid.objects.visible_to(user).valid_on().filter(parent=grid)
        count = below.count()
        if not count:
            raise Invalid(fields={"grid": [_("There are no grids below this one.")]})
        if count > MOST_GRIDS:
            words = _("%(count)s grids are too many for one map, at most %(most)s: choose a smaller territory.")
            raise Invalid(fields={"grid": [words % {"count": count, "most": MOST_GRIDS}]})
        if not below.exclude(boundary=None).exists():
            raise Invalid(fields={"grid": [_("No grid here has an outline: import the boundaries first.")]})
        title = _("Grid map %(size)s %(grid)s") % {"size": options.get("size", "A3"), "grid": grid.name}
        return Plan(grid, title, 1, below)

    def content(self, order):
        return Content(iter([self._page(order)]))

    def _page(self, order):
        options, grid = order.options, order.plan.grid
        width, height = SIZES.get(options.get("size"), SIZES["A3"])
        if options.get("turn") == "landscape":
            width, height = height, width
        rem = min(width, height) / 60
        rows = figures.wall(user=order.user, village=grid)
        spot, table = _places(width / rem, height / rem, len(rows))
        shapes, own = maps.shapes_of(order.plan.subject.order_by()), dict(order.plan.subject.values_list("pk", "colour"))
        hues = grid_colours.distinct(own, shapes, near=NEAR)
        drawn = drawing(order, rows, shapes, hues, spot["width"] * rem, spot["height"] * rem, rem)
        known = names.current().grids
        return order.page(
            "wall", grid=grid, width=width, height=height, rem=rem, spot=spot, table=table, map=drawn,
            rows=_told(rows, hues, grid.name),
            above=[known[pk]["name"] for pk in grid.ancestor_ids[:-1] if pk in known],
            households=sum(row.households or 0 for row in rows), people=sum(row.people or 0 for row in rows),
            staffed=any(row.workers or row.cadres for row in rows),
            deep=colours.deep(grid.colour), below=levels.name_of(grid.level + 1) or _("Grid"),
        )  # fmt: skip


def _places(width, height, count):
    """Where map and table stand, in rem: side by side, or one above the other."""
    high = height - HEAD - FOOT
    if width > height:
        row = min(ROWS_OF_TABLE[0], max(ROWS_OF_TABLE[1], high / (count + 3)))
        spot = {"left": EDGE, "top": HEAD, "width": width - TABLE - 2 * EDGE - GAP, "height": high}
        return spot, {"left": width - EDGE - TABLE, "top": HEAD, "width": TABLE, "row": row}
    needed = ROWS_OF_TABLE[0] * (count + 2.5)
    row = ROWS_OF_TABLE[0] if needed < high * 0.46 else max(ROWS_OF_TABLE[1] * 0.8, high * 0.46 / (count + 2.5))
    map_high = high - row * (count + 2.5) - GAP
    spot = {"left": EDGE, "top": HEAD, "width": width - 2 * EDGE, "height": map_high}
    return spot, {"left": EDGE, "top": HEAD + map_high + GAP, "width": width - 2 * EDGE, "row": row}


def _told(rows, hues, village):
    short = _short([row.name for row in rows], village)
    return [
        {"number": f"{at:02d}", "row": row, "name": name, "fill": colours.pale(hues.get(row.pk, ""), 0.55)}
        for at, (row, name) in enumerate(zip(rows, short, strict=True), start=1)
    ]


def drawing(order, rows, shapes, hues, width, height, rem) -> dict:
    """Everything of the map in mm: areas, labels, buildings, scale bar. One query."""
    whole = unary_union(list(shapes.values()))
    room = 4.2 * rem  # for scale bar and arrow below the map
    frame = maps.Frame.around(whole.bounds, width - 2 * rem, height - room - rem)
    drawn = {pk: frame.shape(shape) for pk, shape in shapes.items()}
    short = _short([row.name for row in rows], order.plan.grid.name)
    named = {
        row.pk: (name, f"{at:02d}", drawn[row.pk])
        for at, (row, name) in enumerate(zip(rows, short, strict=True), start=1)
        if row.pk in drawn and not drawn[row.pk].is_empty
    }
    sheet = box(-rem, -rem, width - rem, height - room)
    made = labels.place(named, largest=1.9 * rem, least=0.85 * rem, within=sheet)
    return {
        "width": width, "height": height, "shift": rem, "rem": rem,
        "areas": [(maps.path_of(shape), colours.pale(hues[pk], 0.55)) for pk, shape in drawn.items()],
        "labels": made,
        "houses": _houses(order, frame, rem) if order.options.get("buildings") else "",
        "bar": maps.scale_bar(frame, width * 0.22), "bar_y": height - rem * 2.4, "bar_words": rem * 1.6,
        "thick": rem * 0.4, "line": rem * 0.11, "thin": rem * 0.06, "halo": rem * 0.28, "small": rem * 1.05,
        "north_x": width - 2.4 * rem, "north_y": height - 2.3 * rem,
    }  # fmt: skip


def _short(found: list[str], village: str) -> list[str]:
    """Names without what all of them begin with (the village's): 第一网格 instead of 阳三石社区第一网格."""
    return [name.removeprefix(village) or name for name in found]


def _houses(order, frame, rem) -> str:
    """Buildings as small squares, one path. Those whom the registry is closed to see none."""
    rows = Building.objects.visible_to(order.user).current().filter(grid__path__startswith=order.plan.grid.path)
    points = rows.filter(location__isnull=False).annotate(lon=X("location"), lat=Y("location")).order_by()
    found = list(points.values_list("lon", "lat")[:MOST_BUILDINGS])
    if not found:
        return ""
    side = min(0.26 * rem, HOUSE / frame.scale)  # as large as a house where they stand close
    return "".join(
        f"M{x - side / 2:.2f} {y - side / 2:.2f}h{side:.2f}v{side:.2f}h-{side:.2f}z"
        for x, y in frame.points(numpy.array(found, dtype=float))
    )
