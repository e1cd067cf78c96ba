"""What pages of the admin say: labels, titles and values in words, none of them a code or another column's name."""

import ast
import re
from itertools import chain

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets, label_for_field
from django.contrib.auth.models import Group
from django.test import RequestFactory
from django.utils import translation

from duty.models import RosterChange, Warning
from evaluation.models import ScoreLine
from events.models import Attachment, Notice, Supervision, TimeRequest, Transition
from exchange.models import UnitKey
from residents.models import Access, CareClass, CareRecord, Change, Dwelling, GridCount, Stay
from residents.models.care import Attention
from residents.selectors.changes import ACTIONS
from tests.admin.scene import browser, url
from tests.factories import PostFactory
from tests.residents.factories import CareClassFactory, CareRecordFactory, ResidentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def in_chinese(in_english, settings):
    settings.LANGUAGE_CODE = "zh-hans"
    with translation.override("zh-hans"):
        yield


def heads(client, model):
    page = client.get(url(model)).content.decode()
    return [re.sub(r"<[^>]+>|\s", "", cell) for cell in re.findall(r'<div class="text">(.*?)</div>', page, re.DOTALL)]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (Notice, ["人员", "事件", "操作", "时间", "已读时间"]),
        (RosterChange, ["时间", "单位", "操作", "操作人"]),
        (Supervision, ["事件", "督办单位", "被督办单位", "督办时间", "回复时限", "回复时间"]),
        (TimeRequest, ["事件", "单位", "申请时间", "数量", "时间单位", "同意", "审批时间"]),
        (Attachment, ["名称", "事件", "类型", "文件格式", "字节数", "上传时间"]),
        (Transition, ["事件", "序号", "时间", "操作", "原状态", "新状态", "操作人", "单位"]),
    ],
)
def test_no_two_columns_share_a_name_and_none_has_anothers(county, whole, rows, in_chinese, model, expected):
    assert heads(browser(whole), model) == expected


def test_warnings_have_a_level_of_their_own(county, whole, rows, in_chinese):
    assert heads(browser(whole), Warning)[1] == "预警级别"


def test_doors_have_a_number_and_belong_to_a_part_of_the_building(county, whole, rows, in_chinese):
    client = browser(whole)
    assert heads(client, Dwelling)[:2] == ["楼栋", "门牌号"]
    form = client.get(url(Dwelling, "change", rows[0][Dwelling].pk)).context["adminform"].form
    assert form.fields["unit"].label == "单元"


@pytest.mark.parametrize(("model", "title"), [(Group, "岗位"), (CareClass, "关爱帮扶类别"), (Change, "变更")])
def test_lists_are_called_what_they_hold(county, whole, rows, in_chinese, model, title):
    assert f"<h1>{title}</h1>" in re.sub(r"\s*(</?h1>)\s*", r"\1", browser(whole).get(url(model)).content.decode())


def test_every_action_of_the_registrys_history_has_words():
    written = set()
    for path in (settings.BASE_DIR / "residents" / "services").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = dict(chain(*map(_constants, tree.body)))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            given = [one.value for one in node.keywords if one.arg == "action"]
            given += node.args[-1:] if name in ("_note", "_use", "_carry", "_leave") else []
            given += node.args[2:3] if name == "_line" else []
            written |= {one.value for one in given if isinstance(one, ast.Constant)}
            written |= {names[one.id] for one in given if isinstance(one, ast.Name) and one.id in names}
    assert {"begun", "visited", "ended", "created", "archived", "erased", "let", "tenancy_ended", "taken_back"} <= written
    assert written <= set(ACTIONS)


def _constants(node):
    """(name, text) of what a line of a module calls: A = "a", or A, B = "a", "b"."""
    if not isinstance(node, ast.Assign):
        return []
    (target,), value = node.targets, node.value
    pairs = zip(target.elts, value.elts, strict=False) if isinstance(target, ast.Tuple) else [(target, value)]
    return [(one.id, text.value) for one, text in pairs if isinstance(text, ast.Constant) and isinstance(text.value, str)]


def test_the_history_is_told_in_words(county, whole, rows, in_chinese):
    told = {"kind": "care", "record_id": rows[0][CareRecord].pk, "grid": rows[0][CareRecord].grid}
    begun = Change.objects.create(action="begun", changes={"attention": ["", Attention.HIGH]}, **told)
    client = browser(whole)
    assert '<td class="field-action_words">纳入</td>' in client.get(url(Change)).content.decode()
    page = client.get(url(Change, "change", begun.pk)).content.decode()
    assert "关注等级: — → 高" in page
    assert "{&quot;" not in page
    narrowed = client.get(url(Change), {"action": "begun"}).context["cl"].queryset
    assert list(narrowed) == [begun]


def test_rows_are_named_not_numbered(county, whole, rows, in_chinese):
    client, here = browser(whole), rows[0]
    for row, name in (
        (here[CareRecord], "西街居民 · 独居老人"),
        (here[Stay], f"西街居民 {here[Stay].since} – "),
        (here[Transition], f"#{here[Transition].event_id} / 1 上报"),
    ):
        assert client.get(url(type(row), "change", row.pk)).context["subtitle"] == name


def test_a_step_says_where_it_was_taken_and_keeps_its_key(county, whole, rows, in_chinese):
    page = browser(whole).get(url(Transition, "change", rows[0][Transition].pk)).content.decode()
    assert "经度，纬度" in page
    assert "Lon:" not in page and "Key:" not in page


def test_figures_are_told_in_words(county, whole, rows, in_chinese):
    page = browser(whole).get(url(GridCount), {"all": ""}).content.decode()
    words = set(re.findall(r'<td class="field-measure_words">(.*?)</td>', page))
    assert {"人口", "楼栋", "户", "独居老人", "房屋 · 自住"} <= words
    assert not [one for one in words if re.search("[a-z]", one)]


def test_figures_of_a_class_known_from_a_post_elsewhere_stay_there(county, west, rows):
    """The class is known as a worker of the east street; in the west, administered, it stays unknown."""
    hidden = CareClassFactory(roles=["worker_full"], name="只告诉网格员")
    PostFactory(user=west, role="worker_full", grid=county.east.grids[0])
    person = ResidentFactory(household=rows[0][CareRecord].resident.household)
    CareRecordFactory(resident=person, care_class=hidden)
    assert GridCount.objects.filter(measure=f"care.{hidden.pk}", grid=person.grid).get().amount == 1
    listed = browser(west).get(url(GridCount), {"q": person.grid.name}).context["cl"].queryset
    assert f"care.{hidden.pk}" not in {one.measure for one in listed}
    assert "people" in {one.measure for one in listed}


def test_scores_are_written_as_people_write_numbers(county, whole, rows, in_chinese):
    line = rows[0][ScoreLine]
    ScoreLine.objects.filter(pk=line.pk).update(numerator=1, denominator=6, value="0.166667", points="11.2500")
    page = browser(whole).get(url(ScoreLine)).content.decode()
    shown = dict(re.findall(r'field-(\w+)_shown">([^<]*)<', page)[:6])
    assert (shown["numerator"], shown["denominator"], shown["value"], shown["points"]) == ("1", "6", "16.67%", "11.25")
    ScoreLine.objects.filter(pk=line.pk).update(target="0.9550", worst=0)
    page = browser(whole).get(url(ScoreLine, "change", line.pk)).content.decode()
    assert [re.search(rf'field-{name}_shown.*?readonly">([^<]*)<', page, re.DOTALL)[1] for name in ("target", "worst")] == [
        "95.50%", "0%",
    ]  # fmt: skip


def test_keys_cannot_be_asked_for_by_their_hash(county, west, rows):
    start = UnitKey.objects.first().hashed_key[:5]
    assert browser(west).get(url(UnitKey), {"hashed_key__startswith": start}).status_code == 400


def test_every_label_is_in_chinese(county, whole, rows, in_chinese):
    """Columns of lists and fields of pages: a field without a name of its own would show its English one."""
    request = RequestFactory().get("/admin/")
    request.user = whole
    wrong = set()
    for model, page in admin.site._registry.items():
        obj = rows[0].get(model)
        shown = [*page.get_list_display(request), *flatten_fieldsets(page.get_fieldsets(request, obj))]
        for name in shown if obj or model not in rows[0] else page.get_list_display(request):
            try:
                label = str(label_for_field(name, model, page))
            except AttributeError:
                continue  # a field of the form alone
            if label not in ("SHA-256",) and re.search("[A-Za-z]{3}", label):
                wrong.add((model.__name__, name, label))
    assert wrong == set()


def test_every_filter_of_every_list_answers(county, whole, rows, rf):
    """The lists are asked for their rows; pages are not drawn: that the first one is, other tests look at."""
    client, walked = browser(whole), 0
    for model, shown_by in admin.site._registry.items():
        shown = client.get(url(model)).context["cl"]
        for spec in shown.filter_specs:
            for choice in spec.choices(shown):
                request = rf.get(url(model) + choice["query_string"])
                request.user = whole
                listed = shown_by.get_changelist_instance(request)  # raises where a filter does not know its own choice
                assert len(listed.result_list) <= listed.result_count, (model, choice["query_string"])
                walked += 1
    assert walked > 150


def test_statutory_registers_are_no_choice_of_a_filter_and_asking_for_them_shows_nothing(county, whole, rows):
    client = browser(whole)
    for model in (Change, Access):
        shown = client.get(url(model), {"kind": "support"}).context["cl"]
        assert shown.result_count == 0
        assert "kind=support" not in client.get(url(model)).content.decode()
