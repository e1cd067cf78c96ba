"""Finding a standard among the lists shipped, by what people type."""

import pytest
from django.db import transaction

from events import standards
from events.models import Standard
from tests.test_standards import FIRST, codes, rows_of

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """The lists shipped, in force from FIRST: loaded once for all tests of this file and rolled back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        standards.load_department_kinds()
        standards.load_files(standards.FILES, FIRST)
        yield
        transaction.set_rollback(True)


def test_the_text_searched_has_words_initials_and_pinyin():
    text = standards.search_text(
        code="C0146-2", minor_name="户外健身设施", major_name="公用设施", condition="掉漆锈蚀"
    )
    assert text == (
        "hwjsss 户外健身设施 huwaijianshensheshi 公用设施 掉漆锈蚀 dqxs c0146-2 #健身器材#运动器材#"
    )


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("c0137-2", "C0137-2"),  # the code
        ("路灯", "C0137-1"),  # the class's name, before 路灯井盖
        ("ld", "C0137-1"),  # its initials
        ("ludeng", "C0137-1"),  # its pinyin
        ("路灯不亮", "C0137-2"),  # not the list's wording
        ("LD 不亮", "C0137-2"),  # both, in any case
        ("路灯坏了", "C0137-1"),  # what people say
        ("狗咬人", "E0184-1"),
        ("停电", "G1702-1"),
        ("漏水", "E0501-1"),
        ("占道", "E0406-1"),
        ("下水道堵了", "E0503-1"),
        ("垃圾没人收", "E0192-1"),
        ("老人走失", "G1206-1"),
        ("邻居吵架", "G1101-1"),
        ("飞线充电", "G1301-1"),
        ("流动摊贩", "E0401-1"),
        ("拖欠工资", "G1106-2"),
        ("ssjg", "C0101-1"),
    ],
)
def test_what_people_type_finds_the_standard(loaded, query, first):
    assert codes(query)[0] == first


def test_the_whole_wording_comes_before_part_of_it(loaded):
    found = standards.search("井盖丢失", limit=50)
    assert ["井盖丢失" in standard.condition for standard in found[:10]] == [True] * 9 + [False]


def test_a_search_for_words_the_list_does_not_have_still_offers_the_nearest(loaded):
    assert standards.search("路灯瞎闪")[0].minor_name == "路灯"


def test_everyday_words_belong_to_classes_that_exist_and_are_kept_whole(loaded):
    classes = {code.partition("-")[0] for code in Standard.objects.values_list("code", flat=True)}
    words = {row["class"]: row["words"].split() for row in rows_of(standards.EVERYDAY_WORDS)}
    assert sorted(set(words) - classes) == []
    assert [code for code, said in words.items() if len(said) != len(set(said))] == []
    texts = {
        code.partition("-")[0]: text for code, text in Standard.objects.values_list("code", "search_text")
    }
    assert [code for code, said in words.items() if not texts[code].endswith(f"#{said[-1]}#")] == []


@pytest.mark.parametrize("query", ["", "   ", "zzzzqq", "%", "龘"])
def test_nothing_is_found_for_nothing(loaded, query):
    assert codes(query) == []


def test_a_very_long_query_is_cut(loaded):
    assert codes("井盖" * 5000) == codes("井盖" * 20)


def test_a_search_gives_no_more_than_asked(loaded):
    assert len(standards.search("井盖", limit=5)) == 5
