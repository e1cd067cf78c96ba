"""From degrees to millimetres on paper: a frame, outlines as paths, a scale bar."""

from dataclasses import dataclass
from math import cos, floor, log10, radians

import shapely
from django.contrib.gis.db.models.functions import AsWKB

METRES_PER_DEGREE = 111_320.0  # of latitude; of longitude times its cosine
FINEST = 0.15  # mm: finer than a printed line


@dataclass(frozen=True)
class Frame:
    """Where a piece of the world lies on paper. x to the right and y down, in mm; `scale`: metres per mm."""

    lon: float
    lat: float
    scale: float
    left: float
    top: float

    @classmethod
    def around(cls, bounds, width: float, height: float) -> "Frame":
        """`bounds` (west, south, east, north in degrees) in the middle of width × height mm, as large as it goes."""
        west, south, east, north = bounds
        lat = (south + north) / 2
        wide = max((east - west) * METRES_PER_DEGREE * cos(radians(lat)), 1.0)
        high = max((north - south) * METRES_PER_DEGREE, 1.0)
        scale = max(wide / width, high / height)
        return cls(west, lat, scale, (width - wide / scale) / 2, height / 2)

    def points(self, xy):
        """An (n, 2) array of degrees in mm."""
        metres = METRES_PER_DEGREE / self.scale
        made = xy.copy()
        made[:, 0] = self.left + (xy[:, 0] - self.lon) * metres * cos(radians(self.lat))
        made[:, 1] = self.top - (xy[:, 1] - self.lat) * metres
        return made

    def shape(self, geometry):
        """A geometry in mm, without detail that no printer shows."""
        return shapely.simplify(shapely.transform(geometry, self.points), FINEST)


def path_of(shape) -> str:
    """An SVG path of a polygon or several, in mm to a hundredth."""
    polygons = getattr(shape, "geoms", [shape])
    return "".join(
        "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in ring.coords[:-1]) + "Z"
        for polygon in polygons
        if not polygon.is_empty
        for ring in (polygon.exterior, *polygon.interiors)
    )


def shapes_of(grids) -> dict[int, shapely.Geometry]:
    """{id: boundary in degrees} of the grids that have one. One query."""
    rows = grids.exclude(boundary=None).annotate(wkb=AsWKB("boundary")).values_list("pk", "wkb")
    return {pk: shapely.from_wkb(bytes(wkb)) for pk, wkb in rows}


def round_length(metres: float) -> float:
    """The largest of 1, 2, 5 × 10ⁿ that is not longer."""
    power = 10 ** floor(log10(metres))
    return next(step * power for step in (5, 2, 1) if step * power <= metres)


def scale_bar(frame: Frame, most: float) -> dict:
    """A bar of a round length, at most `most` mm: {mm, quarter, middle, words}."""
    metres = round_length(most * frame.scale)
    words = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    return {"mm": metres / frame.scale, "half": metres / frame.scale / 2, "words": words}
