"""Grid sign 公示牌: the plate at the grid's entrance, for everybody to read."""

from math import ceil

from django.db.models import Count
from django.utils.translation import gettext as _

from core.errors import Invalid
from grids import directory, names
from grids.models import Grid, Unit
from papers.drawing import colours, maps, qr
from papers.drawing.labels import width_of
from papers.faces import SIGN, Faces
from papers.models import Kind
from papers.recipes import Content, Order, Plan, Recipe
from papers.team import teams
from residents.models import Building

MOST_SIGNS = 60
MOST_PEOPLE = 14  # on one sign; more would be too small to read
MOST_FACES = 2
MOST_DUTIES = 8
MOST_ESTATES = 8
MAP = (100.0, 64.0)  # mm of the drawing's own; the page scales it
# In rem, a sixtieth of the short edge: the sheet, the band above, where columns begin, the band below, a heading.
SHORT, LONG, HEAD, TOP, FOOT, TITLE = 60.0, 84.85, 12.6, 14.4, 6.2, 3.1
SIDE, SIDE_HEIGHT = 19.0, 37.0  # the column of code and map
NAME, BOLD = 4.2, 1.08  # the grid's name in the band; bold words are so much wider than `width_of` says
FITS = (1.5, 1.4, 1.3, 1.2, 1.1, 1.0, 0.92, 0.84, 0.76, 0.68, 0.6)
SIZES = {"A3": (297, 420), "A2": (420, 594)}


class Sign(Recipe):
    kind = Kind.SIGN
    permission = "papers.make_sign"
    most_pages = MOST_SIGNS

    def plan(self, user, options):
        grid = self.permit(user, options)
        grids = self._grids(user, grid, options)
        if not grids:
            raise Invalid(fields={"below": [_("There are no grids below this one.")]})
        if len(grids) > MOST_SIGNS:
            words = _("%(count)s signs are too many for one paper, at most %(most)s: choose a smaller territory.")
            raise Invalid(fields={"grid": [words % {"count": len(grids), "most": MOST_SIGNS}]})
        for each in grids:
            qr.resident_address(each)
        if len(_lines(options.get("duties", ""))) > MOST_DUTIES:
            raise Invalid(fields={"duties": [_("At most eight lines.")]})
        people = teams(grids, options.get("roles") or [])
        self._few(grids, people)
        title = _("Sign %(size)s %(grid)s") % {"size": options.get("size", "A3"), "grid": grid.name}
        return Plan(grid, title, len(grids), (grids, people))

    @staticmethod
    def _grids(user, grid, options) -> list[Grid]:
        if options.get("below") != "yes":
            return [grid]
        rows = Grid.objects.visible_to(user).valid_on().filter(parent=grid).select_related("parent")
        return list(rows.defer("boundary", "parent__boundary").order_by("code"))

    @staticmethod
    def _few(grids, people):
        for grid in grids:
            if len(people[grid.pk]) > MOST_PEOPLE:
                words = _("%(grid)s: %(count)s people are too many for a sign, at most %(most)s. Choose fewer roles.")
                facts = {"grid": grid.name, "count": len(people[grid.pk]), "most": MOST_PEOPLE}
                raise Invalid(fields={"roles": [words % facts]})

    def content(self, order: Order) -> Content:
        grids, people = order.plan.subject
        ids = {grid.pk for grid in grids} | {grid.parent_id for grid in grids if grid.parent_id}
        around = Grid.objects.valid_on().filter(parent__in={grid.parent_id for grid in grids if grid.parent_id})
        shapes = maps.shapes_of((Grid.objects.filter(pk__in=ids) | around).order_by())
        sisters: dict[int, list[int]] = {}
        for pk, parent in around.values_list("pk", "parent_id"):
            sisters.setdefault(parent, []).append(pk)
        estates, phones, faces = _estates(grids), _phones(grids), Faces(SIGN)
        pages = (
            order.page(
                "sign", **self._sign(order, grid, people[grid.pk], shapes, sisters, estates, phones),
                workers=[(one, faces.address(one.photo)) for one in workers(people[grid.pk])],
            )
            for grid in grids
        )  # fmt: skip
        return Content(pages, faces.picture)

    @staticmethod
    def _sign(order, grid, people, shapes, sisters, estates, phones):
        options, known = order.options, names.current().grids
        above = [known[pk]["name"] for pk in grid.ancestor_ids[:-1] if pk in known]
        width, height = SIZES.get(options.get("size"), SIZES["A3"])
        if options.get("turn") == "landscape":
            width, height = height, width
        address = qr.resident_address(grid)
        room = width / min(width, height) * SHORT - 6  # between the band's margins
        duties, area = _lines(options.get("duties", "")), options.get("area") or estates.get(grid.pk, "")
        return {
            "grid": grid, "above": above[1:], "root": above[0] if above else grid.name, "people": people,
            "deep": colours.deep(grid.colour), "others": [one for one in people if one not in workers(people)],
            "pale": colours.pale(grid.colour, 0.16), "width": width, "height": height,
            "rem": min(width, height) / SHORT, "duties": duties, "area": area, "address": address,
            "code": qr.svg(address), "head": HEAD, "name": min(NAME, room / (width_of(grid.name) * BOLD)),
            **fitted(people, duties, area, width > height),
            "phone": options.get("phone") or phones.get(grid.pk, ""),
            "map": outline(grid, shapes, sisters.get(grid.parent_id, [])),
        }  # fmt: skip


def workers(people) -> list:
    """Those who stand on top, with their photos."""
    return [one for one in people if one.is_worker][:MOST_FACES]


def fitted(people, duties, area, landscape) -> dict:
    """Where the three columns stand, and how large their words are: the largest size at which all of it has room."""
    if landscape:
        columns = ((3.0, 29.0), (34.2, 27.2), (63.6, SIDE))
        room = SHORT - TOP - FOOT
    else:
        columns = ((3.0, 33.0), (3.0, 54.0), (38.0, SIDE))
        room = LONG - TOP - FOOT

    # In portrait the words stand below the team, or below code and map if those reach further down.
    least = _words(duties, area, columns[1][1], FITS[-3])
    wide = columns[0][1]
    team = _largest(lambda size: _team(people, wide, size), room if landscape else max(SIDE_HEIGHT, room - least))
    below = 0 if landscape else max(_team(people, wide, team), SIDE_HEIGHT)
    words = _largest(lambda size: _words(duties, area, columns[1][1], size), room - below)
    parts = (("team", TOP, team), ("words", TOP + below, words), ("side", TOP, 1.0))
    boxes = [
        {"part": f"papers/print/_sign_{part}.html", "left": left, "width": width, "top": top, "fit": fit}
        for (part, top, fit), (left, width) in zip(parts, columns, strict=True)
    ]
    return {"boxes": boxes}


def _largest(height, room) -> float:
    return next((size for size in FITS if height(size) <= room), FITS[-1])


def _team(people, width, size) -> float:
    """Height in rem of heading, photo places and table."""
    faces = len(workers(people))
    rows = [one for one in people if one not in workers(people)]
    name, phone = (max((width_of(getattr(one, of)) for one in rows), default=0) for of in ("name", "phone"))
    room = width - (1.4 * BOLD * (name + phone) + 3) * size  # names and phones stay whole; each of three cells has 1 em
    lines = sum(ceil(width_of(one.roles) * 1.15 * size / max(room, size)) for one in rows)
    return TITLE + (12.3 if faces else 0) + len(rows) * 0.8 * size + lines * 2.0 * size + 1.7


def _words(duties, area, width, size) -> float:
    letters = (width - 2.4 * size) / (1.4 * size)
    lines = sum(ceil(width_of(line) * 1.04 / letters) for line in duties)
    high = TITLE + lines * 2.1 * size + len(duties) * 0.44 * size + 1.7
    if area:
        high += TITLE + ceil(width_of(area) * 1.04 / (width / (1.4 * size))) * 2.1 * size + 1.7
    return high


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def outline(grid, shapes, sisters) -> dict | None:
    """The grid within its neighbours: {width, height, own, others} as paths; None without a boundary."""
    own = shapes.get(grid.pk)
    if own is None:
        return None
    others = [shapes[pk] for pk in sisters if pk != grid.pk and pk in shapes]
    west, south, east, north = own.bounds
    room = max(east - west, north - south) * 0.35
    frame = maps.Frame.around((west - room, south - room, east + room, north + room), *MAP)
    return {
        "width": MAP[0], "height": MAP[1], "colour": colours.known(grid.colour),
        "own": maps.path_of(frame.shape(own)), "others": [maps.path_of(frame.shape(other)) for other in others],
    }  # fmt: skip


def _estates(grids) -> dict[int, str]:
    """{grid id: the estates and roads where its buildings stand, the largest first}. One query."""
    rows = Building.objects.current().filter(grid__in=[grid.pk for grid in grids]).exclude(estate="")
    counted = rows.values("grid_id", "estate").annotate(n=Count("pk")).order_by("grid_id", "-n", "estate")
    found: dict[int, list[str]] = {}
    for row in counted:
        found.setdefault(row["grid_id"], []).append(
            _("%(estate)s (%(count)s buildings)") % {"estate": row["estate"], "count": row["n"]}
        )
    return {pk: _few(words) for pk, words in found.items()}


def _few(words) -> str:
    told = "、".join(words[:MOST_ESTATES])
    return _("%(places)s and others") % {"places": told} if len(words) > MOST_ESTATES else told


def _phones(grids) -> dict[int, str]:
    """{grid id: the office phone of the nearest centre that has one}. One query."""
    centres = directory.current()
    above = {pk for grid in grids for pk in grid.ancestor_ids}
    rows = Unit.objects.filter(kind=Unit.Kind.CENTRE, active=True, grid__in=above).exclude(phone="")
    phones = dict(rows.values_list("pk", "phone"))
    return {
        grid.pk: next(
            (
                phones[centres.centre_of_grid[pk]]
                for pk in reversed(grid.ancestor_ids)
                if centres.centre_of_grid.get(pk) in phones
            ),
            "",
        )
        for grid in grids
    }
