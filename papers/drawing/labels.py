"""Where names stand on a map: inside their own area, as large as goes, never one upon another."""

import unicodedata
from dataclasses import dataclass

import shapely
from shapely.geometry import box

LINE = 1.25  # height of a line in heights of a letter
ROWS = 13  # candidate points per axis


@dataclass(frozen=True)
class Label:
    """Words in lines around (x, y), `size` mm high. `whole`: all of the name; else only its number stands there.
    `leader`: where the line to the area ends, if the label had to stand outside it."""

    pk: int
    x: float
    y: float
    size: float
    lines: tuple[str, ...]
    whole: bool
    leader: tuple[float, float] | None = None

    @property
    def baselines(self):
        """(x, y, words) of each line, y at its baseline."""
        first = self.y - (len(self.lines) - 1) * self.size * LINE / 2 + self.size * 0.36
        return [(self.x, first + at * self.size * LINE, words) for at, words in enumerate(self.lines)]

    @property
    def area(self):
        return _box(self.x, self.y, self.size, self.lines)


def width_of(words: str) -> float:
    """Width in letter heights: Chinese signs are square, others about half as wide."""
    return sum(1.0 if unicodedata.east_asian_width(sign) in "WF" else 0.56 for sign in words)


def _box(x, y, size, lines):
    wide = max(width_of(line) for line in lines) * size * 1.04
    high = len(lines) * size * LINE
    return box(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)


def breaks(name: str) -> list[tuple[str, ...]]:
    """A name on one line, and on two of about equal length."""
    middle = (len(name) + 1) // 2
    return [(name,), (name[:middle], name[middle:])] if len(name) > 3 else [(name,)]


def place(areas: dict[int, tuple[str, str, object]], *, largest: float, least: float, within) -> list[Label]:
    """A label per area ({pk: (name, number, polygon in mm)}), small areas first: they have the least choice.

    The name as large as fits inside the area (`least` to `largest` mm); where it does not, the number; where not even
    that fits, the number beside the area with a line to it, inside `within`. No two labels meet.
    """
    made: list[Label] = []
    for pk, (name, number, shape) in sorted(areas.items(), key=lambda item: item[1][2].area):
        spots = _spots(shape)
        label = (
            _inside(pk, breaks(name), shape, spots, largest, least, made, whole=True)
            or _inside(pk, [(number,)], shape, spots, min(largest, least * 1.6), least * 0.7, made, whole=False)
            or _beside(pk, number, shape, least, made, within)
        )
        made.append(label)
    return made


def _spots(shape):
    """Points inside, the most roomy first."""
    shapely.prepare(shape)
    west, north, east, south = shape.bounds
    steps = [(at + 0.5) / ROWS for at in range(ROWS)]
    points = shapely.points([(west + (east - west) * u, north + (south - north) * v) for v in steps for u in steps])
    inside = points[shapely.contains(shape, points)]
    centre = shapely.maximum_inscribed_circle(shape, tolerance=max((east - west), (south - north)) / 100)
    first = shapely.get_point(centre, 0)
    room = shapely.distance(shape.boundary, inside)
    ordered = sorted(zip(room, inside, strict=True), key=lambda pair: -pair[0])
    return [(first.x, first.y), *((point.x, point.y) for _room, point in ordered)]


def _free(area, made) -> bool:
    return not any(area.intersects(other.area) for other in made)


def _inside(pk, choices, shape, spots, largest, least, made, *, whole):
    size = largest
    while size >= least:
        for lines in choices:
            for x, y in spots:
                area = _box(x, y, size, lines)
                if shapely.contains_properly(shape, area) and _free(area, made):
                    return Label(pk, x, y, size, lines, whole)
        size *= 0.88
    return None


def _beside(pk, number, shape, size, made, within):
    """Rings of places around the area, the nearest free one."""
    at = shape.representative_point()
    for ring in range(1, 60):
        for dx, dy in ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1)):
            x, y = at.x + dx * ring * size, at.y + dy * ring * size
            area = _box(x, y, size, (number,))
            if within.contains(area) and not area.intersects(shape) and _free(area, made):
                return Label(pk, x, y, size, (number,), False, (at.x, at.y))
    return Label(pk, at.x, at.y, size * 0.5, (number,), False)
