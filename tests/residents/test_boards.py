"""Due lists and the data-quality board as pages: every number leads to its rows, and only to one's own."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from residents.models import CareRecord, Dwelling
from tests.pages import text_of, visit
from tests.residents.factories import (
    CareClassFactory,
    CareRecordFactory,
    DwellingFactory,
    HouseholdFactory,
    KeyPlaceFactory,
    ResidentFactory,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def west(county):
    grid = county.west.grids[0]
    home = HouseholdFactory(dwelling__building__grid=grid)
    county.zhen = ResidentFactory(
        household=home, name="刘珍珍", id_number="", permit_expires=TODAY - timedelta(days=3)
    )
    county.record = CareRecordFactory(
        resident=county.zhen, care_class=CareClassFactory(name="独自居住者", roles=["worker_full"])
    )
    CareRecord.objects.update(next_visit=TODAY - timedelta(days=9))
    KeyPlaceFactory(grid=grid, name="城东小学", next_inspection=TODAY + timedelta(days=2))
    county.empty = DwellingFactory(building=home.dwelling.building, use="empty")
    ResidentFactory(household__dwelling=county.empty, name="陈空", relation="02")
    return county


def get(user, name, *args, **query):
    return visit(user).get(reverse(f"residents:{name}", args=args), query)


def test_the_most_overdue_list_opens_first(west):
    words = text_of(get(west.worker, "due"))
    assert "独自居住者" in words
    assert "overdue" in words


@pytest.mark.parametrize(
    ("kind", "shown"),
    [("permits", "刘珍珍"), ("inspections", "城东小学"), ("occupied", "Empty"), ("id_missing", "刘珍珍")],
)
def test_each_list_shows_its_rows(west, kind, shown):
    assert shown in text_of(get(west.worker, "due", list=kind))


def test_the_board_leads_to_the_rows_of_each_check(west):
    board = get(west.worker, "quality").content.decode()
    link = reverse("residents:faults", args=["empty_lived"]) + f"?grid={west.west.grids[0].pk}"
    assert link in board
    rows = visit(west.worker).get(link).content.decode()
    assert reverse("residents:dwelling", args=[west.empty.pk]) in rows
    assert "Nothing is wrong" in text_of(get(west.worker, "faults", "two_heads"))


def test_pages_follow_one_another(west, monkeypatch):
    from residents.views import boards

    monkeypatch.setattr(boards, "SIZE", 2)
    people = [
        ResidentFactory(household__dwelling=west.zhen.dwelling, name=f"缺号{n}", id_number="")
        for n in range(3)
    ]
    client, url, seen = visit(west.worker), reverse("residents:due") + "?list=id_missing", []
    while url:
        html = client.get(url).content.decode()
        seen += [
            person.pk
            for person in [west.zhen, *people]
            if reverse("residents:resident", args=[person.pk]) in html
        ]
        pager = html.split('class="pager"')[1].split("</nav>")[0]
        cursor = pager.split("after=")[1].split('"')[0] if "after=" in pager else ""
        url = f"{reverse('residents:due')}?list=id_missing&after={cursor}" if cursor else ""
    assert seen == [west.zhen.pk, *(person.pk for person in people)]


def test_outsiders_see_neither_rows_nor_numbers(west):
    for name, args, query in (
        ("due", [], {}), ("due", [], {"list": "permits"}), ("quality", [], {}), ("faults", ["id_missing"], {}),
        ("faults", ["empty_lived"], {}),
    ):  # fmt: skip
        words = text_of(get(west.worker_east, name, *args, **query))
        assert "刘珍珍" not in words
        assert "陈空" not in words
        assert get(west.worker_east, name, *args, **query, grid=west.west.grids[0].pk).status_code == 404
        assert get(west.stranger, name, *args, **query).status_code == 403
    assert Dwelling.objects.count() == 2


@pytest.mark.parametrize("count", [1, 20])
def test_lists_cost_the_same_for_one_row_and_twenty(west, count, django_assert_max_num_queries):
    for _number in range(count):
        CareRecordFactory(
            resident=ResidentFactory(household=west.zhen.household, relation="30"),
            care_class=west.record.care_class,
        )
    CareRecord.objects.update(next_visit=TODAY)
    client = visit(west.worker)
    for name in ("due", "quality"):
        with django_assert_max_num_queries(12):
            assert client.get(reverse(f"residents:{name}")).status_code == 200
