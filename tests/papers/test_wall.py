"""The wall map: what stands in its table and on it, and that no two names meet."""

import re
from itertools import combinations

import numpy
import pytest
import shapely
from django.utils import timezone

from core.errors import Invalid, NotFound
from grids.models import Grid
from papers import services
from papers.drawing import labels, maps
from residents.models import Building
from tests.factories import GridFactory, square
from tests.papers.scene import read, size_of, text_of


def wall(village, **more):
    given = {"grid": village.county.west.village.pk, "size": "A3", "turn": "landscape", "buildings": True}
    return village.make("wall", **given | more)


def test_the_table_says_households_people_worker_cadre_and_phone_of_each_grid(village):
    village.name(village.county.person("cadre", grid=village.grid), "冯兴峰", "13900001111")
    village.home(village.grid, people=3)
    village.home(village.grid, people=2)
    village.home(village.county.west.grids[1], people=1)
    paper = wall(village)
    assert [size_of(page) for page in read(paper).pages] == [(420, 297)]
    words = text_of(paper)
    for each in ("阳三街道一社区网格划分图", "醴陵市·城区片区·阳三街道", "2个网格3户6人",
                 "李兴飞13911112222", "陈文莲13933334444",
                 "冯兴峰13900001111", "25李兴飞", "合计36", "图例", "北", timezone.localdate().isoformat()):  # fmt: skip
        assert each in words, (each, words)
    assert re.search(r"0\d+(m|km)", words)  # the scale bar


@pytest.mark.parametrize(
    ("size", "turn", "wide", "high"), [("A0", "portrait", 841, 1189), ("A1", "landscape", 841, 594)]
)
def test_it_comes_up_to_a0_on_one_page(village, size, turn, wide, high):
    assert [size_of(page) for page in read(wall(village, size=size, turn=turn)).pages] == [(wide, high)]


def test_what_cannot_be_drawn_is_refused_at_the_field(village):
    county = village.county
    for grid, error in ((village.grid, Invalid), (county.east.village, NotFound), (county.west.town, NotFound)):
        with pytest.raises(error):
            services.ask(actor=village.head, kind="wall", options={"grid": grid.pk})
    Grid.objects.filter(parent=county.west.village).update(boundary=None)
    with pytest.raises(Invalid) as told:
        services.ask(actor=village.head, kind="wall", options={"grid": county.west.village.pk})
    assert "边界" in str(told.value.fields["grid"])


def test_buildings_are_drawn_for_those_who_may_read_the_registry(village):
    from papers.makers import wall as maker
    from papers.makers.wall import Wall
    from papers.recipes import Order

    Building.objects.filter(grid=village.grid).update(location=square(113.405, 27.605, 0.001)[0].centroid)
    options = {"grid": village.county.west.village.pk, "buildings": True}
    admin = village.county.person("district_admin", grid=village.county.west.town)
    leader = village.county.person("joint_leader", grid=village.county.west.village)
    frame = maps.Frame.around((113.4, 27.6, 113.42, 27.61), 100, 50)
    for actor, squares in ((village.head, 3), (admin, 3), (leader, 0)):
        plan = Wall().plan(village.head, options)
        order = Order(actor, plan, options, timezone.now())
        assert maker._houses(order, frame, 5.0).count("M") == squares


def test_a_frame_keeps_shapes_and_scale():
    frame = maps.Frame.around((113.0, 27.0, 113.02, 27.01), 200, 100)
    corners = frame.points(numpy.array([[113.0, 27.0], [113.02, 27.01]]))
    (x1, y1), (x2, y2) = corners
    assert x2 > x1 and y2 < y1 and x1 >= 0 and x2 <= 200.001
    metres = 0.02 * 111_320 * numpy.cos(numpy.radians(27.005))
    assert abs((x2 - x1) * frame.scale - metres) < 1
    bar = maps.scale_bar(frame, 50)
    assert bar["words"] == "500 m" and abs(bar["mm"] * frame.scale - 500) < 1e-6
    assert [maps.round_length(n) for n in (9.9, 10, 49, 51, 1999)] == [5, 10, 20, 50, 1000]


def areas(count, seed, thin=False):
    """A plane cut at random points (Voronoi), as a village into grids; `thin`: pressed flat."""
    random = numpy.random.default_rng(seed)
    points = random.random((count, 2)) * (400, 40 if thin else 260)
    cells = shapely.voronoi_polygons(shapely.multipoints(points), extend_to=shapely.box(0, 0, 400, 40 if thin else 260))
    sheet = shapely.box(0, 0, 400, 40 if thin else 260)
    parts = [shapely.intersection(cell, sheet) for cell in cells.geoms]
    return {at: (f"阳三石社区第{at}网格", f"{at:02d}", part) for at, part in enumerate(parts) if part.area > 1}


@pytest.mark.parametrize(("count", "thin"), [(2, False), (11, False), (60, False), (40, True)])
@pytest.mark.parametrize("seed", [1, 2])
def test_no_two_labels_meet_and_each_stands_in_its_own_area(count, thin, seed):
    found = areas(count, seed, thin)
    made = labels.place(found, largest=9, least=3.2, within=shapely.box(-20, -20, 420, 280))
    assert sorted(label.pk for label in made) == sorted(found)
    for one, other in combinations(made, 2):
        assert not one.area.intersects(other.area), (one, other)
    inside = [label for label in made if label.leader is None]
    assert all(found[label.pk][2].contains(label.area) for label in inside)
    whole = [label for label in made if label.whole]
    assert all("".join(label.lines) == found[label.pk][0] for label in whole)
    if count <= 11:
        assert len(whole) == len(made)


def test_a_sliver_gets_its_number_beside_it_with_a_line():
    sliver = shapely.box(100, 100, 200, 100.4)
    (label,) = labels.place({7: ("第七网格", "07", sliver)}, largest=9, least=3, within=shapely.box(0, 0, 300, 200))
    assert label.lines == ("07",) and label.leader is not None and not label.area.intersects(sliver)


def test_names_lose_what_the_village_gives_them_all(village):
    from papers.makers.wall import _short

    assert _short(["一社区第1网格", "一社区", "东岸"], "一社区") == ["第1网格", "一社区", "东岸"]
    GridFactory(parent=village.county.west.village, boundary=square(113.42, 27.60, 0.01), name="东岸")
    assert "东岸" in text_of(wall(village, turn="portrait"))
