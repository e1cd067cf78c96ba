"""The five places a demo county can be, with their real divisions and published figures.

A child is exactly one level below its parent, so a place without a real level gets one pass-through grid.

Where the division statistics and the published figures differ, the real divisions are kept:
- Liling publishes 24 towns and streets with 270 villages; the statistics of 2023 have 25 with 272. The 25th
  is the economic development zone (湖南醴陵经济开发区) with one "virtual community"; the other village more
  is not explained by either source.
- Dongying's two development zones (东营经济技术开发区, 东营港经济开发区) have divisions but no published
  outline: they are carved out of 东营区 and 河口区, in which they lie.
- Aoyang is one of Shouning's 14 towns and Sanyuan one of Xian'an's communities: shapes are cut for all of
  them, so that these two have a likely size and surroundings, but only they have grids.
"""

import csv
import json
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from shapely.geometry import shape

from grids.services.divisions import DIVISIONS

from . import names

DATA = Path(__file__).parent / "data"
# Liling's 片区 are not published by name; these follow the compass. Town seats are rounded and arrange the
# shapes, nothing else.
LILING_AREAS = {
    "城区片区": "阳三石街道 仙岳山街道 国瓷街道 来龙门街道 长庆街道 湖南醴陵经济开发区",
    "东部片区": "白兔潭镇 浦口镇 王仙镇 东富镇 李畋镇",
    "南部片区": "泗汾镇 沈潭镇 船湾镇 明月镇 孙家湾镇",
    "西部片区": "均楚镇 石亭镇 嘉树镇 左权镇 茶山镇",
    "北部片区": "官庄镇 板杉镇 沩山镇 枫林镇",
}
LILING_SEATS = {
    "阳三石街道": (113.51, 27.64), "仙岳山街道": (113.47, 27.66), "国瓷街道": (113.52, 27.67),
    "来龙门街道": (113.50, 27.66), "长庆街道": (113.46, 27.63), "湖南醴陵经济开发区": (113.53, 27.63),
    "白兔潭镇": (113.66, 27.69), "浦口镇": (113.65, 27.62), "王仙镇": (113.58, 27.70),
    "东富镇": (113.57, 27.62), "李畋镇": (113.67, 27.79), "泗汾镇": (113.46, 27.51),
    "沈潭镇": (113.52, 27.45), "船湾镇": (113.41, 27.45), "明月镇": (113.48, 27.41),
    "孙家湾镇": (113.54, 27.56), "均楚镇": (113.31, 27.47), "石亭镇": (113.35, 27.55),
    "嘉树镇": (113.43, 27.59), "左权镇": (113.36, 27.71), "茶山镇": (113.34, 27.63),
    "官庄镇": (113.52, 27.90), "板杉镇": (113.46, 27.73), "沩山镇": (113.56, 27.76),
    "枫林镇": (113.44, 27.82),
}  # fmt: skip


@dataclass(eq=False)
class Node:
    """A grid to be: cut in proportion to `weight` (≈ people), near `seat` (lon, lat) if that is known."""

    code: str
    name: str
    level: int
    parent: "Node | None" = None
    children: list["Node"] = field(default_factory=list)
    seat: tuple[float, float] | None = None
    weight: float = 0.0
    kept: bool = True  # False: only there so that its neighbours have a likely size
    shape: object = None
    id: int = 0

    def add(self, code, name, **more) -> "Node":
        child = Node(code, name, self.level + 1, parent=self, **more)
        self.children.append(child)
        return child

    def walk(self):
        """This node and all below it, parents first, level by level within each branch."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def urban(self) -> bool:
        return self.name.endswith(("街道", "社区", "社区居委会", "社区居民委员会", "居委会"))


@dataclass(frozen=True)
class Place:
    """What is known of one place. `monthly`: its events a month, published or scaled by people."""

    key: str
    root_code: str
    root_name: str
    counties: tuple[str, ...]
    levels: tuple[str, str, str, str, str]
    grids: int
    full_time: int
    part_time: int
    monthly: int
    centre: tuple[float, float]
    centres: tuple[tuple[float, float], ...] = ()
    squads: bool = True

    @property
    def prefix(self) -> str:
        """The six digits before its case numbers and ID numbers."""
        return self.root_code[:6]


PLACES = {
    place.key: place
    for place in (
        Place("liling", "430281000000", "醴陵市", ("430281000000",),
              ("市", "片区", "镇街", "村社区", "网格"), 820, 220, 600, 5300, (113.497, 27.655)),
        Place("aoyang", "350924000000", "寿宁县", ("350924000000",), ("县", "镇", "村社区", "片组", "网格"),
              170, 60, 110, 1500, (119.506, 27.458)),
        Place("sanyuan", "421202000000", "咸安区", ("421202000000",), ("区", "片区", "街道", "社区", "网格"),
              11, 11, 0, 420, (114.31, 29.85)),
        Place("tianyuan", "430211000000", "天元区", ("430211000000",),
              ("区", "片区", "镇街", "村社区", "网格"), 233, 233, 0, 4500, (113.08, 27.827)),
        Place("dongying", "370500000000", "东营市",
              ("370502000000", "370503000000", "370505000000", "370522000000", "370523000000",
               "370571000000", "370572000000"),
              ("市", "县区", "镇街", "村社区", "网格"), 6098, 2400, 3700, 75000, (118.67, 37.43),
              ((118.58, 37.45), (118.53, 37.89), (118.58, 37.59), (118.26, 37.49), (118.41, 37.05))),
    )
}  # fmt: skip


@cache
def divisions() -> dict[str, list[dict]]:
    """The real divisions by the code of their parent ("" for counties)."""
    found: dict[str, list[dict]] = {}
    with DIVISIONS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["parent_code"], []).append(row)
    return found


@cache
def outlines() -> dict:
    """The published outlines by county code."""
    features = json.loads((DATA / "county_outlines.geojson").read_text(encoding="utf-8"))["features"]
    return {feature["properties"]["code"]: shape(feature["geometry"]) for feature in features}


def tree(place: Place, rng: np.random.Generator) -> Node:
    """The place's grids as a tree of five levels, without shapes yet."""
    root = Node(place.root_code, place.root_name, 0)
    _GROW.get(place.key, _grow_plain)(place, root)
    villages = [node for node in root.walk() if node.level == 3 and node.kept]
    # Numbers run on through the groups of one village: a grid's code is the village's and three digits.
    serial: Counter[str] = Counter()
    for village, count in zip(villages, _grids_per_village(place, villages, rng), strict=True):
        for number in range(1, count + 1):
            serial[village.code[:12]] += 1
            code = f"{village.code[:12]}{serial[village.code[:12]]:03d}"
            village.add(code, names.grid_name(village.name, number))
    _weigh(root)
    return root


def _add_divisions(node: Node, code: str, kept: bool = True, seats: dict | None = None):
    """Everything the statistics know below `code`, as children of `node` down to level 3."""
    for row in divisions().get(code, []):
        seat = (seats or {}).get(row["name"])
        child = node.add(row["code"], row["name"], kept=kept, seat=seat)
        if child.level < 3:
            _add_divisions(child, row["code"], kept)


def _grow_plain(place, root):
    """One district whose towns hang below a single pass-through area (天元片区)."""
    area = root.add(f"{place.prefix}-A1", f"{place.root_name[:-1]}片区")
    _add_divisions(area, place.root_code)


def _grow_liling(place, root):
    rows = {row["name"]: row for row in divisions()[place.root_code]}
    for number, (name, towns) in enumerate(LILING_AREAS.items(), 1):
        area = root.add(f"{place.prefix}-A{number}", name)
        for town in towns.split():
            child = area.add(rows[town]["code"], town, seat=LILING_SEATS[town])
            _add_divisions(child, rows[town]["code"])


def _grow_aoyang(place, root):
    """County, one town, its 11 communities and villages, 42 groups (片组), 170 grids."""
    for row in divisions()[place.root_code]:
        kept = row["name"] == "鳌阳镇"
        town = root.add(row["code"], row["name"], kept=kept, seat=place.centre if kept else None)
        if not kept:
            town.weight = 45.0
            continue
        _add_divisions(town, row["code"])
        for index, village in enumerate(town.children):
            village.children.clear()
            for number in range(1, 5 if index < 9 else 4):
                name = f"{names.short(village.name)}第{names.chinese_number(number)}片组"
                village.add(f"{village.code}-G{number}", name)


def _grow_sanyuan(place, root):
    """Only 三元社区 of 永安街道 has grids; the pass-through area stands for the city centre."""
    area = root.add(f"{place.prefix}-A1", f"{place.root_name[:-1]}片区")
    _add_divisions(area, place.root_code, kept=False)
    for town in area.children:
        town.seat = place.centre if town.name == "永安街道" else None
        town.kept = any(village.name == "三元社区" for village in town.children)
        for village in town.children:
            village.kept = village.name == "三元社区"
            village.weight = 0.0 if village.kept else 6.0


def _grow_dongying(place, root):
    rows = {row["code"]: row for row in divisions()[""]}
    for code in place.counties:
        seat = {"370571000000": (118.72, 37.44), "370572000000": (118.96, 38.06)}.get(code)
        _add_divisions(root.add(code, rows[code]["name"], seat=seat), code)


_GROW = {
    "liling": _grow_liling,
    "aoyang": _grow_aoyang,
    "sanyuan": _grow_sanyuan,
    "dongying": _grow_dongying,
}


def _grids_per_village(place, villages, rng) -> list[int]:
    """How many grids each village gets: at least one, more in communities, `place.grids` in all."""
    wish = rng.lognormal(0, 0.25, len(villages)) * [1.7 if village.urban else 1.0 for village in villages]
    spare = place.grids - len(villages)
    exact = wish / wish.sum() * spare
    counts = np.floor(exact).astype(int)
    missing = spare - counts.sum()
    counts[np.argsort(counts - exact, kind="stable")[:missing]] += 1
    return (counts + 1).tolist()


def _weigh(node: Node) -> float:
    if node.children:
        node.weight = sum(_weigh(child) for child in node.children)
    elif not node.weight:
        node.weight = 1.0
    return node.weight
