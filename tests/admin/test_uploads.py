"""Import pages, department keys, scoring periods."""

import csv
import io
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from accounts.models import User
from evaluation.models import Kind, Period, Scheme, SchemeItem
from evaluation.schemes import load_defaults
from exchange.models import UnitKey
from grids.models import Grid, Post, Unit
from tests.admin.scene import (
    HAN_EAST,
    browser,
    errors,
    grid_data,
    upload,
    url,
)
from tests.factories import (
    square,
)

pytestmark = pytest.mark.django_db


ROLL = [["工号", "姓名", "角色", "网格编码", "手机"]]


def test_a_roll_is_checked_then_imported_within_the_subtree(county, west):
    client, page = browser(west), url(Post, "import-staff")
    good = [*ROLL, ["W1", "张三", "专职网格员", county.west.grids[0].code, "13812348000"]]
    answer = client.post(page, {"file": upload("a.xlsx", good), "check": "1"})
    assert "People: 1 added" in answer.content.decode()
    assert not User.objects.filter(staff_number="W1").exists()
    wrong = [*good, ["W2", "李四", "专职网格员", county.east.grids[0].code, "1"]]
    answer = client.post(page, {"file": upload("a.xlsx", wrong)})
    html = answer.content.decode()
    assert answer.status_code == 400
    assert "Row 3, 手机: expected a mobile number" in html
    assert not User.objects.filter(staff_number="W1").exists()
    assert client.post(page, {"file": upload("a.csv", good)}).status_code == 302
    assert User.objects.get(staff_number="W1").posts.get().grid == county.west.grids[0]
    wrong[2][4] = ""
    answer = client.post(page, {"file": upload("a.xlsx", wrong)})
    assert "there is no grid “430281002001001” in force" in answer.content.decode()


def test_a_roll_gives_its_importer_no_post(county, west):
    west.staff_number = "W0"
    west.save()
    client, page = browser(west), url(Post, "import-staff")
    place = county.west.town.code
    roll = [*ROLL, ["W0", west.name, "中心主任", place, ""], ["W1", "张三", "坐席", place, ""]]
    html = client.post(page, {"file": upload("a.xlsx", roll)}).content.decode()
    assert "Row 2, 角色: Nobody gives posts to themselves: another administrator does." in html
    assert (west.posts.count(), User.objects.filter(staff_number="W1").exists()) == (1, False)
    assert client.post(page, {"file": upload("a.xlsx", [ROLL[0], roll[2]])}).status_code == 302
    assert User.objects.get(staff_number="W1").posts.get().role == "operator"


def test_initial_passwords_are_downloaded_once(county, west):
    roll = [*ROLL, ["W1", "张三", "专职网格员", county.west.grids[0].code, ""]]
    answer = browser(west).post(url(User, "import-staff"), {"file": upload("a.csv", roll), "passwords": "on"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "no-store" in answer["Cache-Control"]
    username, _name, password = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))[1]
    assert User.objects.get(username=username).check_password(password)


UNITS = ["单位编码", "单位名称", "类型", "部门类别", "网格编码"]


def test_units_are_checked_then_imported_within_the_subtree(county, west):
    client, page = browser(west), url(Unit, "import-units")
    assert "import-units" in client.get(url(Unit)).content.decode()
    good = [UNITS, ["D-1", "阳三城管中队", "部门", "城市管理", county.west.town.code]]
    answer = client.post(page, {"file": upload("a.xlsx", good), "check": "1"})
    assert "Units: 1 added, 0 changed, 0 unchanged." in answer.content.decode()
    assert not Unit.objects.filter(code="D-1").exists()
    wrong = [*good, ["D-2", "市局", "部门", "城市管理", county.root.code]]
    answer = client.post(page, {"file": upload("a.csv", wrong)})
    assert answer.status_code == 400
    assert "Row 3, 网格编码: there is no grid “430281000000” in force." in answer.content.decode()
    assert not Unit.objects.filter(code="D-1").exists()
    answer = client.post(page, {"file": upload("a.csv", good)}, follow=True)
    assert "Units: 1 added, 0 changed, 0 unchanged." in answer.content.decode()
    made = Unit.objects.get(code="D-1")
    assert (made.name, made.grid, made.department_kind) == ("阳三城管中队", county.west.town, county.kind)
    answer = client.post(page, {"file": upload("a.csv", good)}, follow=True)
    assert "Units: 0 added, 0 changed, 1 unchanged." in answer.content.decode()


def boundary_file(code, shape):
    feature = {"type": "Feature", "properties": {"code": code}, "geometry": json.loads(shape.geojson)}
    file = io.BytesIO(json.dumps({"type": "FeatureCollection", "features": [feature]}).encode())
    file.name = "a.geojson"
    return file


def test_boundaries_are_imported_within_the_subtree(county, west):
    client, page = browser(west), url(Grid, "import-boundaries")
    small = square(113.40, 27.60, 0.005)
    answer = client.post(page, {"file": boundary_file(county.west.grids[0].code, small), "tolerance": "5"})
    assert answer.status_code == 302
    assert Grid.objects.get(pk=county.west.grids[0].pk).boundary.equals_exact(small, 1e-9)
    answer = client.post(page, {"file": boundary_file(county.east.grids[0].code, small), "tolerance": "5"})
    assert answer.status_code == 400
    assert "430281002001001: there is no such grid in force." in answer.content.decode()


def test_features_that_are_none_are_said_in_the_admin(county, west):
    file = io.BytesIO(b'{"type": "FeatureCollection", "features": [{"properties": "a"}, 7, {"properties": {}}]}')
    file.name = "a.geojson"
    answer = browser(west).post(url(Grid, "import-boundaries"), {"file": file, "tolerance": "5"})
    html = answer.content.decode()
    assert answer.status_code == 400
    assert "Feature 1: expected properties with a “code”, got a text." in html
    assert "Feature 2: expected a GeoJSON feature, got a number or a truth value." in html
    assert "Feature 3 has no property “code”." in html


def test_divisions_are_the_whole_territorys(county, west, whole):
    page = url(Grid, "import-divisions")
    assert browser(west).get(page).status_code == 403
    assert "import-divisions" not in browser(west).get(url(Grid)).content.decode()
    towns = [county.west.town, county.east.town]
    rows = [["code", "name", "level", "parent_code"], [county.root.code, "醴陵市", "county", ""]]
    rows += [[town.code, f"{town.name}新", "town", county.root.code] for town in towns]
    rows += [[town.code[:9] + "001", "改名社区", "village", town.code] for town in towns]
    answer = browser(whole).post(page, {"source": upload("d.csv", rows)}, follow=True)
    assert "4 renamed, 0 moved" in answer.content.decode()
    assert Grid.objects.get(pk=county.west.town.pk).name == "阳三街道新"
    assert Grid.objects.get(pk=county.west.town.pk).parent == county.area


def test_mistakes_of_a_divisions_file_are_listed_by_row_and_change_nothing(county, whole):
    towns = [county.west.town, county.east.town]
    rows = [["code", "name", "level", "parent_code"], [county.root.code, "醴陵市", "county", ""]]
    rows += [[town.code, f"{town.name}新", "town", county.root.code] for town in towns]
    rows += [[f"{towns[0].code[:9]}001", "长" * 100, "village", towns[0].code]]
    answer = browser(whole).post(url(Grid, "import-divisions"), {"source": upload("d.xlsx", rows)})
    assert answer.status_code == 400
    assert f"Row 5, name: expected 1 to 80 characters, got “{'长' * 100}”." in answer.content.decode()
    assert Grid.objects.get(pk=towns[0].pk).name == towns[0].name


def test_a_key_is_made_for_an_own_department_and_shown_once(county, west, rows):
    squad = Unit.objects.get(name="西街中队")
    client = browser(west)
    data = {"unit": squad.pk, "name": "城管平台", "expiry_date_0": "", "expiry_date_1": ""}
    answer = client.post(url(UnitKey, "add"), data, follow=True)
    shown = re.search(r"The key is (\S+): note it now", answer.content.decode())
    made = UnitKey.objects.get(name="城管平台")
    assert made.is_valid(shown[1])
    assert (made.user.kind, made.user.posts.get().unit) == ("machine", squad)
    other = Unit.objects.get(name=f"{HAN_EAST}中队")
    assert (
        "Select a valid choice"
        in errors(client.post(url(UnitKey, "add"), {**data, "unit": other.pk}))["unit"][0]
    )
    assert (
        client.post(
            url(UnitKey, "change", made.pk),
            {"name": "城管平台", "revoked": "on", "expiry_date_0": "", "expiry_date_1": ""},
        ).status_code
        == 302
    )
    assert UnitKey.objects.get(pk=made.pk).revoked


def test_publishing_is_for_the_whole_territory_and_scoring_says_what_is_wrong(county, west, whole, rows):
    period = Period.objects.get()
    data = {"action": "publish", "_selected_action": period.pk}
    browser(west).post(url(Period), data)
    answer = browser(whole).post(url(Period), data, follow=True)
    assert "The period has not been scored yet." in answer.content.decode()
    browser(whole).post(url(Period), {**data, "action": "score_again"})
    browser(whole).post(url(Period), data)
    period.refresh_from_db()
    assert (period.status, period.published_by) == ("published", whole)


@pytest.mark.parametrize(("kind", "language"), [("csv", "zh-hans"), ("xlsx", "en")])
def test_schemes_that_were_taken_out_come_back_in_and_change_nothing(county, whole, kind, language):
    load_defaults()
    client, page = browser(whole), url(Scheme, "import-schemes")
    with translation.override(language):
        client.cookies["django_language"] = language
        content = b"".join(client.get(url(Scheme, f"export_{kind}")).streaming_content)
        before = list(SchemeItem.objects.order_by("pk").values())
        said = client.post(page, {"file": SimpleUploadedFile(f"a.{kind}", content)}, follow=True)
    assert [re.findall(r"\d+", str(message)) for message in said.context["messages"]] == [["0", "0", "2"]]
    assert list(SchemeItem.objects.order_by("pk").values()) == before


def scheme_file(*rows):
    head = ["kind", "scoring scheme", "valid from", "valid until", "total", "order", "indicator", "weight", "target"]
    return upload("a.xlsx", [head, *rows])


def test_a_schemes_file_adds_changes_and_takes_away_indicators_or_does_nothing(county, west, whole):
    load_defaults()
    page, client = url(Scheme, "import-schemes"), browser(whole)
    assert browser(west).get(page).status_code == 403
    of = ["department_quarter", "季度方案", "2000-01-01"]
    good = [[*of, "2027-01-01", 100, 10, "按期处置率", 60, ""], [*of, "2027-01-01", 100, 20, "returned", "40", ""]]
    later = ["责任单位季度", "新方案", "2027-01-01", "", 50, "", "closed", 50, ""]
    later[0] = str(Kind.DEPARTMENT_QUARTER.label)
    checked = client.post(page, {"file": scheme_file(*good, later), "check": "1"})
    assert checked.status_code == 200 and Scheme.objects.count() == 2
    assert client.post(page, {"file": scheme_file(*good, later)}).status_code == 302
    first, second = Scheme.objects.filter(kind="department_quarter").order_by("valid_from")
    assert (first.name, first.valid_until, second.name, second.total) == ("季度方案", second.valid_from, "新方案", 50)
    found = [tuple(first.items.values_list("indicator", "weight")), tuple(second.items.values_list("indicator", "weight"))]
    assert found == [(("handled_on_time", 60), ("returned", 40)), (("closed", 50),)]


WRONG_SCHEMES = {
    "weights": (["2000-01-01", "", 100, 1, "closed", 99, ""], "99"),
    "a day": (["bald", "", 100, 1, "closed", 100, ""], "bald"),
    "an indicator": (["2000-01-01", "", 100, 1, "luck", 100, ""], "indicator"),
    "another kind's indicator": (["2000-01-01", "", 100, 1, "reports", 100, ""], "does not fit"),
    "a number": (["2000-01-01", "", 100, 1, "closed", "much", ""], "much"),
    "a weight of nothing": (["2000-01-01", "", 100, 1, "closed", 0, ""], "weight"),
    "an overlap": (["1999-01-01", "", 100, 1, "closed", 100, ""], "in force"),
    "an end before the beginning": (["2000-01-01", "1999-01-01", 100, 1, "closed", 100, ""], "end after"),
}


@pytest.mark.parametrize("what", WRONG_SCHEMES)
def test_a_mistake_in_a_schemes_file_is_named_by_row_and_column_and_nothing_is_written(county, whole, what):
    load_defaults()
    row, words = WRONG_SCHEMES[what]
    before = list(Scheme.objects.values())
    with translation.override("en"):
        answer = browser(whole).post(
            url(Scheme, "import-schemes"), {"file": scheme_file(["department_quarter", "方案", *row])},
            headers={"accept-language": "en"},
        )  # fmt: skip
    assert answer.status_code == 400
    said = " ".join(answer.context["wrong"])
    assert "Row 2, " in said and words in said
    assert list(Scheme.objects.values()) == before


def test_weights_that_do_not_add_up_are_said(county, whole, rows):
    scheme = Scheme.objects.get()
    item = scheme.items.get()
    head = {"kind": "worker_month", "name": "方案", "valid_from": "2024-01-01", "total": "100"}
    row = {
        "id": item.pk,
        "scheme": scheme.pk,
        "sort": 10,
        "indicator": "reports",
        "weight": "60",
        "empty": "skip",
    }
    data = {**head, "items-TOTAL_FORMS": 1, "items-INITIAL_FORMS": 1}
    data |= {f"items-0-{name}": value for name, value in row.items()}
    answer = browser(whole).post(url(Scheme, "change", scheme.pk), data, follow=True)
    assert "60" in " ".join(str(message) for message in answer.context["messages"])


def test_a_lost_race_is_told_in_words(county, whole, monkeypatch):
    """Two administrators give the same code at once: the second form was checked before the first was saved."""
    monkeypatch.setattr(Grid, "validate_constraints", lambda self, exclude=None: None)
    data = grid_data(code=county.west.grids[0].code, parent=county.west.village.pk)
    answer = browser(whole).post(url(Grid, "add"), data, follow=True)
    assert "contradicts what somebody else has saved meanwhile" in answer.content.decode()
