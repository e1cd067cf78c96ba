"""Signs and cards: what stands on them, how large, for whom."""

import re
from itertools import pairwise

import pytest

from core.errors import Invalid, NotFound, Refused
from grids.models import Grid
from papers import services
from papers.drawing import colours, qr
from papers.makers import cards, sign
from papers.team import USUAL, Member
from tests.factories import GridFactory, square
from tests.papers.scene import PHONE, read, size_of, text_of

DUTIES = "采集基础信息\n每日巡查走访"


def options(grid, **more):
    given = {"grid": grid.pk, "below": "no", "size": "A3", "turn": "portrait", "roles": list(USUAL), "duties": DUTIES}
    return given | more


def test_a_sign_says_who_where_what_and_how_to_reach_them(village):
    paper = village.make("sign", **options(village.grid))
    pages = read(paper).pages
    assert [size_of(page) for page in pages] == [(297, 420)]
    words = text_of(paper)
    for each in ("醴陵市网格化服务管理公示牌", "阳三街道第1网格", "网格编码430281001001001",
                 "城区片区·阳三街道·阳三街道一社区",
                 f"李兴飞{PHONE}", "网格长黄小莲13955556666", "网格警员冯警官13977778888", "采集基础信息1", "每日巡查走访2",
                 "团结路（2栋）、阳光花园（1栋）", "监督电话0731-23230000", "扫码找网格员", "照片"):  # fmt: skip
        assert each in words, each
    assert "内部资料" not in words  # it hangs in the street
    fonts = {font["/BaseFont"] for page in pages for font in page["/Resources"]["/Font"].values()}
    assert all("Noto" in font and "+" in font for font in fonts)  # embedded, only the signs that are used


@pytest.mark.parametrize(("size", "turn", "wide", "high"), [("A2", "landscape", 594, 420), ("A2", "portrait", 420, 594)])
def test_a_sign_comes_in_every_size_for_every_grid_below(village, size, turn, wide, high):
    paper = village.make("sign", **options(village.county.west.village, below="yes", size=size, turn=turn))
    assert [size_of(page) for page in read(paper).pages] == [(wide, high)] * 2
    assert paper.pages == 2 and paper.done == paper.total == 5
    words = text_of(paper)
    assert "阳三街道第1网格" in words and "阳三街道第2网格" in words and "13933334444" in words


def test_the_code_holds_the_address_of_the_grids_page_and_is_a_vector(village, settings):
    assert qr.resident_address(village.grid) == "https://wg.example.cn/g/430281001001001/"
    settings.RESIDENT_PAGE = "/wangge/?id={id}"
    assert qr.resident_address(village.grid) == f"https://wg.example.cn/wangge/?id={village.grid.pk}"
    drawn = qr.svg("https://wg.example.cn/g/1/")
    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", drawn)
    dark = {(int(x) + at, int(y)) for x, y, wide in runs for at in range(int(wide))}
    import segno

    matrix = segno.make_qr("https://wg.example.cn/g/1/", error="q").matrix
    assert dark == {(x + 4, y + 4) for y, row in enumerate(matrix) for x, module in enumerate(row) if module}


def test_without_a_public_address_no_sign_is_made(village, settings):
    settings.PUBLIC_URL = ""
    with pytest.raises(Invalid, match="PUBLIC_URL"):
        services.ask(actor=village.head, kind="sign", options=options(village.grid))


def test_limits_are_told_at_the_field(village, monkeypatch):
    monkeypatch.setattr(sign, "MOST_SIGNS", 1)
    with pytest.raises(Invalid) as told:
        services.ask(actor=village.head, kind="sign", options=options(village.county.west.village, below="yes"))
    assert list(told.value.fields) == ["grid"]
    monkeypatch.setattr(sign, "MOST_PEOPLE", 2)
    with pytest.raises(Invalid) as told:
        services.ask(actor=village.head, kind="sign", options=options(village.grid))
    assert "3 人" in str(told.value.fields["roles"])
    with pytest.raises(Invalid) as told:
        services.ask(actor=village.head, kind="sign", options=options(village.grid, below="yes"))
    assert list(told.value.fields) == ["below"]


def test_signs_are_made_by_those_whose_grid_it_is(village):
    county = village.county
    for actor, error in ((county.operator_east, NotFound), (county.stranger, NotFound), (county.worker, Refused)):
        with pytest.raises(error):
            services.ask(actor=actor, kind="sign", options=options(village.grid))
    assert village.make("sign", actor=village.leader, **options(village.grid)).status == "ready"


def test_words_are_as_large_as_there_is_room_for():
    few = sign.fitted([], ["一"] * 3, "", landscape=False)["boxes"]
    many = sign.fitted([], ["为行动不便的群众代办、帮办政务服务事项" * 3] * 8, "团结路" * 40, landscape=False)["boxes"]
    sizes = {box["part"]: box["fit"] for box in few}, {box["part"]: box["fit"] for box in many}
    assert sizes[0]["papers/print/_sign_words.html"] == sign.FITS[0] > sizes[1]["papers/print/_sign_words.html"]


@pytest.mark.parametrize("landscape", [False, True])
def test_roles_that_take_two_lines_are_reckoned_with(landscape):
    people = [Member(pk, "欧阳文莲", PHONE, None, ["worker_part"]) for pk in range(8)]
    boxes = {box["part"]: box for box in sign.fitted(people, ["一"] * 6, "团结路", landscape)["boxes"]}
    team, words = boxes["papers/print/_sign_team.html"], boxes["papers/print/_sign_words.html"]
    end = sign.TOP + sign._team(people, team["width"], team["fit"])
    assert end <= (sign.SHORT - sign.FOOT if landscape else words["top"])
    # Half as wide a column breaks the roles: the same words take more lines.
    assert sign._team(people, team["width"] / 2, team["fit"]) > sign._team(people, team["width"], team["fit"])


def test_a_long_name_of_a_grid_stays_in_one_line(village):
    Grid.objects.filter(pk=village.grid.pk).update(name="仙岳山街道三刀石社区居民委员会第12网格")
    words = read(village.make("sign", **options(village.grid))).pages[0].extract_text().splitlines()
    assert "仙岳山街道三刀石社区居民委员会第12网格" in [re.sub(r"\s", "", line) for line in words]


def test_cards_for_all_workers_with_marks_to_cut_by(village):
    for _ in range(10):
        village.county.person("worker_part", grid=village.county.west.grids[1])
    paper = village.make("cards", village.top, grid=village.county.west.town.pk, on_sheet="10")
    pages = read(paper).pages
    assert [size_of(page) for page in pages] == [(210, 297)] * 2  # twelve workers
    words = text_of(paper)
    assert words.count("民情联系卡") == 12 and f"李兴飞专职网格员{PHONE}" in words and "阳三街道第1网格" in words
    assert paper.title == "民情联系卡 阳三街道"
    eight = village.make("cards", village.top, grid=village.county.west.town.pk, on_sheet="8")
    assert eight.pages == 2


@pytest.mark.parametrize("layout", cards.LAYOUTS.values())
def test_cut_marks_stand_at_every_edge_and_on_no_card(layout):
    columns, rows, width, height = layout
    left, top = (210 - columns * width) / 2, (297 - rows * height) / 2
    lines = cards.marks(left, top, columns, rows, width, height)
    assert len(lines) == 2 * (columns + 1) + 2 * (rows + 1)
    for x1, y1, x2, y2 in lines:
        assert 0 <= x1 <= x2 <= 210 and 0 <= y1 <= y2 <= 297
        assert x2 <= left or x1 >= left + columns * width or y2 <= top or y1 >= top + rows * height
    upright = sorted({x1 for x1, _y1, x2, _y2 in lines if x1 == x2})
    assert all(abs(b - a - width) < 1e-9 for a, b in pairwise(upright)) and len(upright) == columns + 1


def test_white_words_can_be_read_on_every_grids_colour():
    for colour in ("#ffff00", "#4a7ebb", "#ffffff", "#000000", "not a colour", ""):
        parts = [int(colours.deep(colour)[at : at + 2], 16) for at in (1, 3, 5)]
        assert colours.contrast_with_white(parts) >= 4.4


def test_a_grid_without_neighbours_or_boundary_has_its_sign(village):
    lone = GridFactory(code="430281003001001", parent=village.county.west.village, boundary=None)
    assert village.make("sign", **options(lone)).pages == 1
    drawn = sign.outline(village.grid, {village.grid.pk: _shape()}, [])
    assert drawn["others"] == [] and drawn["own"].startswith("M")


def _shape():
    import shapely

    return shapely.from_wkb(bytes(square(113.4, 27.6, 0.01).wkb))
