"""Colours of grids on maps: their own, and for those without one a colour that no neighbour has."""

from collections.abc import Mapping

import shapely

from grids.models import Grid

NONE = Grid._meta.get_field("colour").default  # what a grid has to which nobody has given a colour
# Apart from each other also for people who confuse red and green; black words can be read on all of them.
PALETTE = ("#3f76b8", "#c98b3a", "#5b9a68", "#8a6bb1", "#b5595f", "#3f9aa6", "#7d8a3c")


def distinct(own: Mapping[int, str], shapes: Mapping[int, shapely.Geometry], near: float = 0.0) -> dict[int, str]:
    """{grid: colour}. Grids with a colour of their own keep it, each of the others gets the one of PALETTE that its
    neighbours have least, and of these the one that is least used.

    `near`: up to which distance, in the unit of `shapes`, grids are neighbours: outlines from different hands leave gaps.
    """
    given = {pk: colour.lower() for pk, colour in own.items() if colour and colour.lower() != NONE}
    neighbours = _neighbours(shapes, near)
    left = [pk for pk in own if pk not in given]
    while left:
        # The one whose neighbours leave it least to choose from comes first.
        pk = max(left, key=lambda one: (len(_taken(one, neighbours, given)), len(neighbours.get(one, ())), -one))
        left.remove(pk)
        taken = [given[other] for other in neighbours.get(pk, ()) if other in given]
        used = list(given.values())
        given[pk] = min(PALETTE, key=lambda colour: (taken.count(colour), used.count(colour)))
    return given


def _taken(pk, neighbours, given):
    return {given[other] for other in neighbours.get(pk, ()) if other in given}


def _neighbours(shapes, near) -> dict[int, set[int]]:
    ids = [pk for pk, shape in shapes.items() if shape is not None and not shape.is_empty]
    drawn = [shapes[pk] for pk in ids]
    found: dict[int, set[int]] = {pk: set() for pk in ids}
    if not ids:
        return found
    for one, other in shapely.STRtree(drawn).query(drawn, predicate="dwithin", distance=near).T:
        if one != other:
            found[ids[one]].add(ids[other])
    return found
