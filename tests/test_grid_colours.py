"""Colours of grids on the wall map: neighbours can be told apart, own colours stay, words on them can be read."""

from itertools import combinations

from shapely.geometry import box

from grids import colours
from papers.drawing.colours import pale


def field(side, gap=0.0):
    """`side` × `side` squares, numbered row by row."""
    return {x + side * y: box(x, y, x + 1 - gap, y + 1 - gap) for x in range(side) for y in range(side)}


def touching(shapes):
    return [(one, other) for one, other in combinations(shapes, 2) if shapes[one].distance(shapes[other]) < 0.02]


def test_no_grid_without_a_colour_of_its_own_has_that_of_a_neighbour():
    shapes = field(6, gap=0.01)
    own = dict.fromkeys(shapes, colours.NONE) | {7: "#112233", 8: "#112233", 20: colours.PALETTE[0].upper()}
    found = colours.distinct(own, shapes, near=0.02)
    assert (found[7], found[8], found[20]) == ("#112233", "#112233", colours.PALETTE[0])
    assert {pair for pair in touching(shapes) if found[pair[0]] == found[pair[1]]} == {(7, 8)}
    used = [list(found.values()).count(colour) for colour in colours.PALETTE]
    assert sum(used) == 34
    assert min(used) >= 3


def test_a_grid_nobody_has_drawn_has_a_colour_too():
    assert set(colours.distinct({1: "", 2: ""}, {})) == {1, 2}


def test_black_words_can_be_read_on_every_colour_of_the_palette():
    def light(colour):
        parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    assert min((light(pale(colour, 0.55)) + 0.05) / 0.05 for colour in colours.PALETTE) > 7
