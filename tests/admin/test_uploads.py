"""Import pages, department keys, scoring periods."""

import csv
import io
import json
import re

import pytest

from accounts.models import User
from evaluation.models import Period, Scheme
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
