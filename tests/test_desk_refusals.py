"""The desk when something is not as it should be: input wrong for many, names that are taken, addresses nobody knows."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events import services
from events.models import Event, SavedView, Transition
from events.services import bulk
from tests.pages import report, run, text_of, visit

pytestmark = pytest.mark.django_db


# ---- one step for many


@pytest.fixture
def two(county):
    lon, lat = county.west.point
    return [report(county, county.worker, location=(lon + 0.002 * n, lat)) for n in range(2)]


def supervise(county, rows, answer_by):
    local = timezone.localtime(answer_by).strftime("%Y-%m-%dT%H:%M")
    data = {"action": "supervise", "key": "once", "row": rows, "words": "请说明进展", "answer_by": local, "part": "1"}
    return visit(county.operator_top).post("/events/bulk/", data)


def test_what_is_wrong_for_all_rows_stands_at_the_field_and_nothing_is_done(county, two):
    before = Transition.objects.count()
    gone = report(county, county.worker_east, location=county.east.point)
    services.advance(event_id=gone.pk, action="reject", actor=county.operator_east, words="不属实")
    rows = [two[0].pk, gone.pk, two[1].pk]  # what is not possible anyway says nothing of the input
    answer = supervise(county, rows, timezone.now() - timedelta(hours=1))
    assert answer.status_code == 422
    form = answer.context["form"]
    assert form.errors == {"answer_by": ["Expected a time in the future."]}
    assert (form["words"].value(), form["key"].value()) == ("请说明进展", "once")
    assert Transition.objects.count() == before + 2  # the third report and its rejection
    mended = supervise(county, rows, timezone.now() + timedelta(days=1))
    assert [r.state for r in mended.context["results"]] == ["done", "conflict", "done"]


def test_what_each_event_lacks_by_itself_stands_behind_its_row(county):
    bare = report(county, county.worker, standard=None)
    results = bulk.advance_many(actor=county.operator, action="register", key="k", rows=[(bare.pk, None)], standard=None)
    assert [(r.state, list(r.fields)) for r in results] == [("refused", ["standard"])]


# ---- saved views


def test_a_name_that_is_none_leads_back_to_the_list_as_it_was(county):
    client, here = visit(county.operator), "/?list=register&light=green&cols=number"
    answer = client.post("/views/", {"name": "  ", "query": "list=register&light=green", "next": here})
    assert answer["Location"] == here
    assert "Give the view a name." in text_of(client.get(here))
    assert f'name="next" value="{here.replace("&", "&amp;")}"' in client.get(here).content.decode()
    assert client.post("/views/", {"name": "", "query": "", "next": "//example.org"})["Location"] == "/events/"


def test_a_view_is_replaced_only_by_whoever_says_so(county):
    client = visit(county.operator)
    form = {"name": "晨会", "query": "light=red", "next": "/events/?light=green"}
    client.post("/views/", form)
    view = SavedView.objects.get()
    asked = client.post("/views/", form | {"query": "light=green"})
    assert asked.status_code == 409
    for words in ("“晨会” holds other filters", "everybody who has its link", "Another name", "Back to the list"):
        assert words in text_of(asked)
    assert asked.context["next"] == "/events/?light=green"
    assert list(SavedView.objects.values_list("query", flat=True)) == ["light=red"]
    assert client.post("/views/", form).status_code == 302  # it holds this already
    done = client.post("/views/", form | {"query": asked.context["query"], "replace": "1"})
    assert done["Location"] == f"/events/?light=green&view={view.slug}"
    assert list(SavedView.objects.values_list("slug", "query")) == [(view.slug, "light=green")]
    client.post("/views/", form | {"name": "晚会"})
    assert SavedView.objects.count() == 2


def test_a_shared_view_opens_under_its_name_and_is_not_theirs_to_change(county):
    visit(county.operator).post("/views/", {"name": "晨会", "query": "light=red"})
    view = SavedView.objects.get()
    page = visit(county.operator_east).get(view.get_absolute_url(), follow=True)
    html = page.content.decode()
    assert "<h1>晨会</h1>" in html and "<title>晨会" in html
    assert f"/views/{view.slug}/change/" not in html
    assert (page.context["view"], page.context["shared"]) == (None, view)


@pytest.mark.parametrize("slug", ["x", "00000000-0000-4000-8000-000000000000", "%00"])
def test_a_view_that_is_none_opens_the_list(county, slug):
    page = visit(county.operator).get(f"/events/?view={slug}")
    assert (page.status_code, page.context["shared"]) == (200, None)
    assert "<h1>All events</h1>" in page.content.decode()


# ---- addresses


@pytest.mark.parametrize("path", ["/events/?light=x", "/?list=late&period=never"])
def test_beside_a_wrong_filter_nothing_is_said_of_the_events(county, path):
    words = text_of(visit(county.operator).get(path))
    assert "Some filters could not be understood" in words
    for untrue in ("No event in your grids", "No event fits", "No event waits", "Nothing here"):
        assert untrue not in words


def test_a_list_or_an_order_that_nobody_knows_is_said_and_the_usual_one_shown(county):
    event = report(county, county.worker)
    client = visit(county.operator)
    page = client.get("/?list=nonsense&order=nonsense&urgency=normal")
    words = text_of(page)
    assert "The list of this address is not known" in words and "The order of this address is not known" in words
    assert (page.context["wanted"].worklist, page.context["wanted"].order.name) == ("mine", "urgent")
    assert [row["event"] for row in page.context["rows"]] == [event]
    assert page.context["query"] == "urgency=normal"  # links and saved views carry it no further
    for path in ("/?list=&order=", "/events/?list=nonsense", "/?list=late&order=calm"):
        assert "not known" not in text_of(client.get(path))


def test_no_file_is_made_of_a_list_that_nobody_knows(county):
    client = visit(county.operator_top)
    assert client.get("/events/export.csv?list=mine").status_code == 200
    assert client.get("/events/export.csv?list=nonsense").status_code == 400


# ---- the form of a step


def test_evidence_is_asked_for_of_whoever_the_rule_binds(county):
    event = report(county, county.worker)
    run(county, event, upto="feed_back")
    hint = "Whoever is on site gives a photo or the position."
    assert hint in text_of(visit(county.worker).get(f"/events/{event.pk}/"))
    assert hint not in text_of(visit(county.operator).get(f"/events/{event.pk}/"))
    answer = {"words": "电话核实已恢复", "key": "k"}
    assert visit(county.worker).post(f"/events/{event.pk}/verify_pass/", answer).status_code == 422
    assert visit(county.operator).post(f"/events/{event.pk}/verify_pass/", answer).status_code == 302
    assert Event.objects.get(pk=event.pk).status == "closed"
