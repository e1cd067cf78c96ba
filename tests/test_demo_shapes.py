"""Synthetic shapes: exact cover, containment, no overlap, contiguity, determinism; and the made-up people."""

from datetime import date

import numpy as np
import pytest
import shapely

from gridcenter.demo import names, places, territory
from gridcenter.demo.mesh import clean
from gridcenter.demo.places import PLACES
from gridcenter.demo.shapes import subdivide


def county(code="430211000000"):
    return clean(places.outlines()[code])


def planned(key, seed=1):
    rng = np.random.default_rng(seed)
    root = places.tree(PLACES[key], rng)
    territory.cut(PLACES[key], root, rng)
    return root


@pytest.fixture(scope="module")
def tianyuan():
    return planned("tianyuan")


WEIGHTS = [1, 1, 2, 3, 1, 5, 1, 1, 2, 1, 4, 1]


def test_cells_cover_the_polygon_exactly_without_gap_or_overlap():
    outline = county()
    cells = subdivide(outline, WEIGHTS, np.random.default_rng(7))
    assert len(cells) == len(WEIGHTS)
    assert sum(cell.area for cell in cells) == pytest.approx(outline.area, rel=1e-9)
    assert shapely.union_all(cells).symmetric_difference(outline).area < outline.area * 1e-9
    assert shapely.coverage_is_valid(cells)  # neighbours share every vertex of their border


def test_every_cell_is_one_valid_piece_with_about_its_share_of_the_area():
    outline = county()
    cells = subdivide(outline, WEIGHTS, np.random.default_rng(7))
    assert {cell.geom_type for cell in cells} == {"Polygon"}
    assert all(cell.is_valid for cell in cells)
    due = np.array(WEIGHTS) / sum(WEIGHTS) * outline.area
    ratio = np.array([cell.area for cell in cells]) / due
    assert ratio.min() > 0.5
    assert ratio.max() < 1.7


def test_the_same_seed_gives_the_same_cells_and_another_seed_others():
    first, again, other = (subdivide(county(), WEIGHTS, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert [cell.wkb for cell in first] == [cell.wkb for cell in again]
    assert [cell.wkb for cell in first] != [cell.wkb for cell in other]


@pytest.mark.parametrize("weights", [[], [1, 0], [1, -2]])
def test_weights_must_be_positive(weights):
    with pytest.raises(ValueError):
        subdivide(county(), weights, np.random.default_rng(1))


def test_two_islands_are_shared_out_and_nothing_is_lost():
    outline = shapely.union_all([shapely.box(0, 0, 1, 1), shapely.box(2, 0, 2.5, 0.5)])
    cells = subdivide(outline, [1] * 6, np.random.default_rng(1))
    assert sum(cell.area for cell in cells) == pytest.approx(1.25, rel=1e-9)
    assert shapely.coverage_is_valid(shapely.get_parts(cells))


def test_children_fill_their_parent_and_lie_inside_it(tianyuan):
    parents = [node for node in tianyuan.walk() if node.children]
    assert len(parents) == 1 + 1 + 7 + 100
    for node in parents:
        assert sum(c.shape.area for c in node.children) == pytest.approx(node.shape.area, rel=1e-9)
        assert all(node.shape.covers(child.shape) for child in node.children), node.name


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_the_cells_of_a_level_share_their_borders_across_parents(tianyuan, level):
    shapes = [node.shape for node in tianyuan.walk() if node.level == level]
    assert shapely.coverage_is_valid(shapes)


def test_streets_in_the_centre_have_smaller_grids(tianyuan):
    area = {True: [], False: []}
    for node in tianyuan.walk():
        if node.level == 4:
            area[node.parent.parent.name.endswith("街道")].append(node.shape.area)
    assert np.median(area[True]) < np.median(area[False]) / 2


@pytest.mark.parametrize(
    ("key", "levels"),
    [
        ("liling", [1, 5, 25, 272, 820]),
        ("aoyang", [1, 1, 11, 42, 170]),
        ("sanyuan", [1, 1, 1, 1, 11]),
        ("tianyuan", [1, 1, 7, 100, 233]),
        ("dongying", [1, 7, 52, 1921, 6098]),
    ],
)
def test_every_place_has_the_published_numbers_of_grids(key, levels):
    root = places.tree(PLACES[key], np.random.default_rng(1))
    nodes = [node for node in root.walk() if node.kept]
    assert [sum(node.level == level for node in nodes) for level in range(5)] == levels
    assert all(child.level == node.level + 1 for node in nodes for child in node.children)
    assert len({node.code for node in nodes}) == len(nodes)
    assert all(len(node.code) == 15 for node in nodes if node.level == 4)
    villages = {node.code[:12] for node in nodes if node.level == 4}
    real = {row["code"] for rows in places.divisions().values() for row in rows}
    assert villages <= real


def test_the_groups_of_aoyang_number_their_grids_through_the_village():
    root = places.tree(PLACES["aoyang"], np.random.default_rng(1))
    village = next(node for node in root.walk() if node.level == 2 and node.kept)
    codes = [grid.code for group in village.children for grid in group.children]
    assert codes == [f"{village.code}{number:03d}" for number in range(1, len(codes) + 1)]


def test_id_numbers_are_well_formed_different_and_nobodys():
    numbers = names.id_numbers(500, "430281", date(2026, 11, 1), np.random.default_rng(1))
    assert len(set(numbers)) == 500
    for number in numbers:
        assert number.startswith("430281")
        assert number[14:17] == "000"  # a sequence that is not issued
        assert names.check_digit(number[:17]) == number[17]
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        assert 20 <= (date(2026, 11, 1) - born).days / 365.25 <= 60


def test_the_check_digit_is_that_of_the_standard():
    assert names.check_digit("11010519491231002") == "X"  # the example printed in GB 11643-1999


def test_names_follow_how_common_surnames_are():
    people = names.people(20_000, np.random.default_rng(1))
    share = sum(name[0] in "王李张" for name in people) / len(people)
    assert 0.22 < share < 0.32
    assert all(2 <= len(name) <= 4 for name in people)


@pytest.mark.parametrize(("number", "text"), [(1, "一"), (10, "十"), (12, "十二"), (35, "三十五"), (101, "一百零一")])
def test_numbers_in_chinese(number, text):
    assert names.chinese_number(number) == text


def test_grids_are_named_after_the_village_as_people_say_it():
    assert names.grid_name("北凤社区居委会", 1) == "北凤社区第一网格"
    assert names.grid_name("岗后村委会", 12) == "岗后村第十二网格"
