"""Due lists and the data-quality board as pages: every number leads to its rows, and only to one's own."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from residents.models import CareRecord, Dwelling, QualityCount
from tests.factories import GridFactory
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


def test_a_county_board_is_kept_says_its_age_and_is_counted_again_on_request(west, monkeypatch):
    reader = west.operator_top
    url = reverse("residents:quality")
    board = text_of(visit(reader).get(url))
    kept = QualityCount.objects.get(grid=west.west.grids[0])
    assert kept.found["id_missing"] == 1 and kept.totals["resident"] == 2
    assert "Counted" in board
    ResidentFactory(household=west.zhen.household, id_number="", relation="30")
    found = reverse("residents:faults", args=["id_missing"]) + f"?grid={west.root.pk}"
    assert f'{found}">1<' in visit(reader).get(url).content.decode()
    # Two presses at once count once.
    assert visit(reader).post(reverse("residents:recount") + f"?grid={west.root.pk}").status_code == 302
    assert f'{found}">1<' in visit(reader).get(url).content.decode()
    QualityCount.objects.update(counted_at=timezone.now() - timedelta(minutes=5))
    assert visit(reader).post(reverse("residents:recount") + f"?grid={west.root.pk}").status_code == 302
    assert f'{found}">2<' in visit(reader).get(url).content.decode()
    # Nobody reads it without a right, nor counts what is not theirs.
    assert visit(west.stranger).post(reverse("residents:recount")).status_code == 403
    outside = reverse("residents:recount") + f"?grid={west.west.grids[0].pk}"
    assert visit(west.worker_east).post(outside).status_code == 404
    # A board that the hourly job has left alone is counted before it is shown.
    QualityCount.objects.update(counted_at=timezone.now() - timedelta(hours=4))
    ResidentFactory(household=west.zhen.household, id_number="", relation="30")
    assert f'{found}">3<' in visit(reader).get(url).content.decode()


@pytest.mark.parametrize("count", [1, 20])
def test_a_kept_board_costs_the_same_for_one_grid_and_many(west, count, django_assert_max_num_queries):
    for number in range(count):
        GridFactory(parent=west.west.village, level=4, name=f"新网格{number}")
    client = visit(west.operator_top)
    client.get(reverse("residents:quality"))
    with django_assert_max_num_queries(9):
        assert client.get(reverse("residents:quality")).status_code == 200
