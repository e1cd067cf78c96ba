"""Pages of scores: who sees which card, fractions that lead to their rows, publishing, and what reading costs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from evaluation import services
from evaluation.explanations import MEANINGS
from evaluation.models import Period, Scorecard
from evaluation.registry import INDICATORS
from tests.factories import PostFactory
from tests.pages import visit
from tests.scores import LATER, MONTH, OCTOBER, busy_october

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(county):
    busy_october(county)
    return services.score(MONTH, OCTOBER, LATER)


def card_of(user):
    return Scorecard.objects.get(user=user)


def test_each_figure_of_a_card_leads_to_its_rows(county, draft):
    client = visit(county.operator)
    card = card_of(county.worker)
    content = client.get(f"/scores/cards/{card.pk}/").content.decode()
    for line in card.lines.all():
        address = f"/scores/cards/{card.pk}/{line.indicator}/"
        assert f'href="{address}"' in content
        response = client.get(address)
        counted = sum(1 for entry in response.context["rows"] if entry["row"].counted)
        assert counted == line.numerator
        if line.denominator is not None:
            assert response.context["page"].paginator.count == line.denominator


def test_a_worker_reads_the_own_card_once_it_is_published(county, draft):
    card = card_of(county.worker)
    assert visit(county.worker).get(f"/scores/cards/{card.pk}/").status_code == 404
    assert visit(county.worker).get(f"/scores/{draft.pk}/").status_code == 404
    services.publish(period_id=draft.pk, actor=None)
    assert visit(county.worker).get(f"/scores/cards/{card.pk}/").status_code == 200
    other = card_of(county.worker_east)
    assert visit(county.worker).get(f"/scores/cards/{other.pk}/").status_code == 404
    assert visit(county.worker).get(f"/scores/cards/{other.pk}/reports/").status_code == 404
    ranked = visit(county.worker).get(f"/scores/{draft.pk}/").context["cards"]
    assert [row["card"].pk for row in ranked] == [card.pk]


def test_only_the_administrator_of_the_whole_territory_publishes(county, draft):
    address = f"/scores/{draft.pk}/publish/"
    assert visit(county.operator_top).post(address).status_code == 403
    assert not Period.objects.get().is_published
    admin = PostFactory(role="district_admin", grid=county.root).user
    assert visit(admin).get(address).status_code == 405
    assert visit(admin).post(address)["Location"] == f"/scores/{draft.pk}/"
    assert Period.objects.get().published_by == admin


def test_an_unknown_figure_is_not_there(county, draft):
    card = card_of(county.worker)
    assert visit(county.operator).get(f"/scores/cards/{card.pk}/nonsense/").status_code == 404


def test_a_ranking_costs_as_much_for_thirty_workers_as_for_three(county, draft):
    def queries():
        client = visit(county.operator_top)
        client.get(f"/scores/{draft.pk}/")
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/scores/{draft.pk}/").status_code == 200
        return len(captured)

    few = queries()
    for _number in range(27):
        PostFactory(role="worker_part", grid=county.west.grids[1])
    services.score(MONTH, OCTOBER, LATER)
    assert Scorecard.objects.count() == 30
    assert queries() == few <= 10


def test_every_indicator_is_explained_in_words():
    assert set(MEANINGS) == set(INDICATORS)
