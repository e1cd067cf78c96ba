"""The desk: counts of worklists, saved views, columns, one step for many events, rows that change while one looks."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.errors import Invalid
from events import columns, paging, services, worklists
from events.models import Event, SavedView, Transition
from events.orders import ORDERS
from events.services import bulk
from events.services import desk as desk_service
from events.workflow import Status
from tests.pages import report, run, text_of, visit
from tests.scenes import Scene

pytestmark = pytest.mark.django_db


def pks(response):
    return [row["event"].pk for row in response.context["rows"]]


def far_apart(county, number, **more):
    """Reports that are no repeats of each other."""
    begun = Event.objects.count()
    return [
        report(
            county, county.worker, location=(113.4001 + 0.001 * (n % 9), 27.6001 + 0.001 * (n // 9)),
            description=f"第{n}件", **more,
        )
        for n in range(begun, begun + number)
    ]  # fmt: skip


# ---- worklists and their counts


def test_every_count_is_that_of_its_list_for_everybody(db):
    scene = Scene()
    for status in Status:
        scene.in_status(status)
    scene.drawn()
    late = scene.handling()
    Event.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(hours=1))
    Event.objects.filter(status=Status.CLOSED).update(
        spot_check=True, spot_state="waiting", spot_due_at=timezone.now() + timedelta(hours=5)
    )
    seen = set()
    for name, user in scene.people.items():
        counts = worklists.counts(user)
        assert counts == {w: worklists.select(w, user).count() for w in counts}, name
        seen |= {w for w, count in counts.items() if count}
    assert seen == set(worklists.BY_NAME) - {"soon", "unplaced"}


def test_counts_stop_where_nobody_reads_on(county, monkeypatch):
    far_apart(county, 3)
    monkeypatch.setattr(worklists, "MOST", 2)
    for user in (county.operator, county.operator_top):
        worklists._counting.cache_clear()
        tabs = {tab["name"]: tab.get("words") for tab in visit(user).get("/").context["tabs"]}
        assert (tabs["register"], tabs["dispatch"], tabs["all"]) == ("2+", "0", None)
    worklists._counting.cache_clear()


def test_a_department_watches_what_it_has_in_hand_not_what_it_once_handled(county):
    event = report(county, county.worker)
    run(county, event, upto="dispatch")
    services.advance(event_id=event.pk, action="return", actor=county.staff, words="不属本单位")
    Event.objects.filter(pk=event.pk).update(due_at=timezone.now() - timedelta(hours=1))
    assert pks(visit(county.staff).get("/?list=late")) == []
    assert pks(visit(county.staff).get("/events/?light=red")) == [event.pk]  # the list of all it may see


# ---- pages


@pytest.mark.parametrize(
    ("path", "most"),
    [
        # session, user, posts, views, columns, list (2 where some have no deadline), what the table must know (3),
        # counts, versions, unread notices
        ("/?list=register", 17),
        ("/events/", 15),
        ("/events/?order=number&open=yes", 16),
        # and the case: event, versions (2), its parts, the forms
        ("/events/?case={pk}", 45),
        ("/events/{pk}/?beside=1", 28),
        # session, user, posts, matches, rows, what the table must know (3), versions, columns, counts
        ("/events/changes/?home=list&ids={pks}&shown={pks}", 14),
        # session, user, posts, events, versions, what the table must know (3), notices
        ("/events/bulk/?action=dispatch&{rows}", 16),
    ],
)
def test_a_page_takes_as_many_queries_for_twenty_events_as_for_one(county, path, most):
    client = visit(county.operator)

    def queries():
        events = list(Event.objects.order_by("pk"))
        given = {
            "pk": events[0].pk, "pks": ",".join(str(e.pk) for e in events), "rows": "&".join(f"row={e.pk}" for e in events),
        }  # fmt: skip
        client.get(path.format(**given))  # fills the copies kept in this process
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path.format(**given)).status_code == 200
        return len(captured)

    far_apart(county, 1)
    one = queries()
    far_apart(county, 19)
    assert queries() == one
    assert one <= most


def test_every_order_is_walked_to_its_end_by_whoever_sees_what(db):
    scene = Scene()
    made = [scene.in_status(status) for status in Status]
    Event.objects.filter(pk__in=[made[0].pk, made[2].pk]).update(due_at=timezone.now(), urgency="critical")
    Event.objects.filter(pk__in=[made[1].pk]).update(standard=None, urgency="urgent", source="hotline")
    elsewhere = scene.urban
    Event.objects.filter(pk=made[4].pk).update(holder=elsewhere)
    sizes = {}
    for name in ("op_station", "op_town", "op_top", "op_east", "staff_lead", "worker_full"):
        user = scene.people[name]
        visible = Event.objects.visible_to(user)
        sizes[name] = len(set(visible))
        for plain, path in ((order, path) for order in ORDERS.values() for path in (None, scene.west.town.path)):
            order, rows = plain.within(user, path), visible.filter(path__startswith=path or "/")
            seen, page = [], paging.page(rows, order, "", 3)
            seen += page.rows
            while page.next:
                page = paging.page(rows, order, page.next, 3)
                seen += page.rows
            assert sorted(event.pk for event in seen) == sorted(event.pk for event in rows), (name, order.name)
            place = paging.sorter(order)
            assert seen == sorted(seen, key=lambda event: place(order.key(event))), (name, order.name)
    assert sizes["op_top"] == Event.objects.count() > sizes["staff_lead"] > 3


def test_the_head_of_a_column_sorts_both_ways_and_the_link_and_a_view_keep_it(county):
    run(county, far_apart(county, 2)[1], upto="dispatch")
    client = visit(county.operator_top)
    page = client.get("/events/?cols=status,place,who,lead,source,urgency,reported,since,moves,number&light=green")
    heads = {head["column"].name: head for head in page.context["heads"]}
    assert {name for name, head in heads.items() if "url" not in head} == {"moves"}
    assert '<span title="Not to be sorted by: the buttons of a row are different for everybody.">' in page.content.decode()
    once = client.get(heads["status"]["url"])
    assert [row["event"].status for row in once.context["rows"]] == ["reported", "dispatched"]
    assert '<th role="columnheader" class="col-status" aria-sort="ascending">' in once.content.decode()
    twice = client.get({head["column"].name: head for head in once.context["heads"]}["status"]["url"])
    assert [row["event"].status for row in twice.context["rows"]] == ["dispatched", "reported"]
    assert 'class="col-status" aria-sort="descending"' in twice.content.decode()
    assert "light=green" in twice.context["query"]
    assert client.get(f"/events/?order={ORDERS['step'].opposite}").context["wanted"].order == ORDERS["step_down"]
    client.post(reverse("events:save-view"), {"name": "按环节", "query": twice.context["query"]})
    view = SavedView.objects.get()
    assert client.get(view.get_absolute_url(), follow=True).context["wanted"].order.name == "step_down"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("period=today", {"now"}),
        ("period=yesterday", {"yesterday"}),
        ("period=week", {"now", "yesterday"}),
        ("level=3", {"now", "yesterday", "old"}),
        ("level=department", set()),
        ("urgency=urgent", set()),
        ("list=nonsense", {"now", "yesterday", "old"}),
    ],
)
def test_quick_times_and_levels_narrow_the_list(county, query, found):
    events = dict(zip(("now", "yesterday", "old"), far_apart(county, 3), strict=True))
    for name, days in (("yesterday", 1), ("old", 40)):
        Event.objects.filter(pk=events[name].pk).update(reported_at=timezone.now() - timedelta(days=days))
    assert set(pks(visit(county.operator).get(f"/events/?{query}"))) == {events[name].pk for name in found}


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "9999-12-31"])
def test_days_at_the_ends_of_the_calendar_filter_like_any_other(county, day):
    event, = far_apart(county, 1)
    client, early = visit(county.operator), day < "1970"
    assert pks(client.get("/events/", {"reported_from": day})) == ([event.pk] if early else [])
    assert pks(client.get("/events/", {"reported_to": day})) == ([] if early else [event.pk])


def test_filters_are_found_by_typing_within_ones_land(county):
    def labels(user, name, words):
        return text_of(visit(user).get(f"/events/look/{name}/", {f"{name}_q": words}))

    assert "阳三街道一社区" in labels(county.operator, "grid", "一社区")
    assert "来龙门" not in labels(county.operator, "grid", "一社区")
    assert "市城管局" in labels(county.operator_top, "unit", "城管")
    assert "E0101" in labels(county.operator, "standard", "垃圾")
    assert visit(county.operator).get("/events/look/nothing/").status_code == 404
    page = text_of(visit(county.operator).get(f"/events/?grid={county.east.village.pk}"))
    assert "来龙门" not in page  # a chip names no grid of somebody else's land


def test_the_case_opens_beside_the_list_without_a_script_and_closed_for_others(county):
    event = report(county, county.worker)
    page = visit(county.operator).get(f"/?list=register&case={event.pk}")
    assert page.context["case"]["event"].pk == event.pk
    assert 'id="event-moves"' in page.content.decode()
    lost = visit(county.operator_east).get(f"/events/?case={event.pk}")
    assert lost.context["case"] is None
    assert "not yours to see" in text_of(lost)
    assert visit(county.operator_east).get(f"/events/{event.pk}/?beside=1").status_code == 404


def test_a_step_beside_the_list_answers_with_the_case_as_it_is_now(county):
    event = report(county, county.worker)
    client = visit(county.operator)
    form = {"key": "k1", "beside": "1", "standard": county.standard.pk, "urgency": "normal", "seen": event.head_seq}
    answer = client.post(f"/events/{event.pk}/register/", form, headers={"hx-request": "true"})
    assert (answer.status_code, answer["HX-Retarget"]) == (200, "#beside")
    assert f'"id": {event.pk}' in answer["HX-Trigger"]
    assert 'id="do-dispatch"' in answer.content.decode()
    wrong = client.post(f"/events/{event.pk}/dispatch/", {"key": "k2", "beside": "1"}, headers={"hx-request": "true"})
    assert wrong.status_code == 422
    assert 'name="beside"' in wrong.content.decode()


# ---- columns


def test_columns_are_remembered_and_an_address_overrules_them(county):
    far_apart(county, 1)
    client = visit(county.operator)

    def shown(path="/events/"):
        return [head["column"].name for head in client.get(path).context["heads"]]

    assert shown() == list(columns.USUAL)
    done = client.post("/events/columns/", {"column": ["number", "lead", "nonsense"], "next": "/events/?cols=who&light=red"})
    assert done["Location"] == "/events/?light=red"
    assert shown() == ["clock", "what", "number", "lead"]
    assert shown("/events/?cols=source,moves") == ["clock", "what", "source", "moves"]
    assert shown("/events/?cols=%00,x") == list(columns.USUAL)
    client.post("/events/columns/", {"usual": "1"})
    assert shown() == list(columns.USUAL)
    assert visit(county.worker).get("/events/").context["columns_text"] == "status,who,reported,moves"


def test_all_columns_together_show_a_row(county):
    event = report(county, county.worker)
    run(county, event, upto="dispatch")
    names = ",".join(columns.BY_NAME)
    words = text_of(visit(county.operator).get(f"/events/?cols={names}"))
    for word in (event.grid.name, "市城管局", "Grid worker", "Normal"):
        assert word in words


# ---- saved views


def saved(user, name="晚点", query="list=late&order=urgent"):
    return desk_service.save_view(owner=user, name=name, query=query)


def test_a_view_is_saved_opened_renamed_and_deleted(county):
    client = visit(county.operator)
    form = {"name": " 我的超时 ", "query": "list=register&order=oldest&cols=number&light=green&open=yes&after=x&case=4"}
    target = client.post("/views/", form)["Location"]
    view = SavedView.objects.get()
    assert (view.name, view.query) == ("我的超时", "list=register&order=oldest&cols=number&light=green&open=yes")
    event = report(county, county.worker)
    page = client.get(target)
    assert (pks(page), page.context["view"], page.context["wanted"].order.name) == ([event.pk], view, "oldest")
    assert client.get(view.get_absolute_url())["Location"] == target
    client.post(f"/views/{view.slug}/change/", {"act": "rename", "name": "晨会"})
    view.refresh_from_db()
    assert view.name == "晨会"
    client.post(f"/views/{view.slug}/change/", {"act": "delete"})
    assert not SavedView.objects.exists()


def test_a_shared_link_asks_the_same_and_answers_with_ones_own(county):
    event = report(county, county.worker)
    view = saved(county.operator, query="order=newest&period=today")
    link = view.get_absolute_url()
    assert pks(visit(county.operator).get(link, follow=True)) == [event.pk]
    page = visit(county.operator_east).get(link, follow=True)
    assert (page.status_code, pks(page), page.context["views"]) == (200, [], [])
    assert visit().get(link)["Location"].startswith("/login/")


@pytest.mark.parametrize("act", ["rename", "delete", "start"])
def test_nobody_changes_somebody_elses_view(county, act):
    view = saved(county.operator)
    answer = visit(county.operator_top).post(f"/views/{view.slug}/change/", {"act": act, "name": "x"})
    assert answer.status_code == 404
    assert list(SavedView.objects.values_list("name", "start")) == [("晚点", False)]


def test_one_view_may_open_first_and_my_work_stays_in_reach(county):
    client = visit(county.operator)
    first, second = saved(county.operator), saved(county.operator, "第二")
    for view in (first, second):
        client.post(f"/views/{view.slug}/change/", {"act": "start"})
    assert list(SavedView.objects.values_list("name", "start")) == [("晚点", False), ("第二", True)]
    assert client.get("/")["Location"] == second.get_absolute_url()
    assert client.get("/?list=mine").status_code == 200
    client.post(f"/views/{second.slug}/change/", {"act": "stop"})
    assert client.get("/").status_code == 200


def test_views_have_a_limit_a_name_and_no_double(county, monkeypatch):
    monkeypatch.setattr(desk_service, "MOST_VIEWS", 2)
    view, _other = saved(county.operator), saved(county.operator, "第二")
    assert saved(county.operator).pk == view.pk
    for name, query in (("第三", ""), (" ", ""), ("长" * 41, ""), ("晚点", "q=" + "x" * 2000)):
        with pytest.raises(Invalid):
            saved(county.operator, name, query)
    with pytest.raises(Invalid):
        desk_service.rename_view(owner=county.operator, slug=view.slug, name="第二")
    saved(county.operator_top, "第三")
    assert SavedView.objects.count() == 3
    page = visit(county.operator).post("/views/", {"name": "第四", "query": ""}, follow=True)
    assert "delete one first" in text_of(page)


# ---- one step for many


def sent(county, action, rows, user=None, **more):
    data = {"action": action, "key": "once", "row": rows, "next": "/?list=register", **more}
    return visit(user or county.operator).post("/events/bulk/", data)


def test_many_are_registered_with_one_form_and_pressing_twice_does_nothing_twice(county):
    events = far_apart(county, 3)
    bare = report(county, county.worker, standard=None, location=(113.4081, 27.6055))
    rows = [f"{event.pk}:{event.head_seq}" for event in (*events, bare)]
    answer = sent(county, "register", rows)
    assert [(r.event_id, r.state) for r in answer.context["results"]] == [
        *((event.pk, "done") for event in events), (bare.pk, "refused"),
    ]  # fmt: skip
    assert "This is needed for the step." in answer.context["results"][3].message
    assert answer.context["went"] == 3
    before = Transition.objects.count()
    again = sent(county, "register", rows)
    assert [r.state for r in again.context["results"]] == ["again", "again", "again", "refused"]
    assert Transition.objects.count() == before
    assert set(Event.objects.exclude(pk=bare.pk).values_list("status", flat=True)) == {Status.REGISTERED}


def test_whoever_was_faster_is_named_and_the_others_go(county):
    first, second = far_apart(county, 2)
    rows = [f"{event.pk}:{event.head_seq}" for event in (first, second)]
    other = county.person("operator", unit=county.west.station)
    services.advance(event_id=first.pk, action="reject", actor=other, words="不属实")
    results = sent(county, "register", rows).context["results"]
    assert [r.state for r in results] == ["conflict", "done"]
    assert f"{other} was faster" in results[0].message
    first.refresh_from_db()
    assert first.status == Status.REJECTED


def test_the_table_forbids_as_it_does_for_one(county):
    mine = report(county, county.worker)
    theirs = report(county, county.worker_east, location=county.east.point)
    gone = far_apart(county, 1)[0]
    services.advance(event_id=gone.pk, action="escalate", actor=county.operator, words="涉及整个街道")
    results = sent(county, "register", [mine.pk, theirs.pk, gone.pk, 99999]).context["results"]
    assert [(r.event_id, r.state) for r in results] == [
        (mine.pk, "done"), (theirs.pk, "refused"), (gone.pk, "refused"), (99999, "refused"),
    ]  # fmt: skip
    assert results[1].event is None  # nothing is said of an event that is not theirs to see
    assert sent(county, "verify_pass", [mine.pk]).status_code == 404
    assert sent(county, "sign", [mine.pk]).status_code == 404  # a centre signs for nothing
    assert sent(county, "register", [mine.pk], user=county.worker).status_code == 404


def test_likely_repeats_wait_for_somebody_to_look(county):
    first, second = report(county, county.worker), report(county, county.worker)
    rows = [first.pk, second.pk]
    results = sent(county, "register", rows).context["results"]
    assert [r.state for r in results] == ["repeat", "repeat"]
    assert str(second) in results[0].message
    results = sent(county, "register", rows, repeats_too="on").context["results"]
    assert [r.state for r in results] == ["done", "done"]


def test_dispatch_goes_to_the_department_of_each_standard_or_to_the_one_chosen(county):
    events = far_apart(county, 3)
    for event in events:
        run(county, event, upto="register")
    sent(county, "dispatch", [events[0].pk, events[1].pk])
    sent(county, "dispatch", [events[2].pk], lead=county.police.pk, words="请尽快到场")
    leads = list(Event.objects.order_by("pk").values_list("lead", flat=True))
    assert leads == [county.urban.pk, county.urban.pk, county.police.pk]
    results = sent(county, "sign", [e.pk for e in events], user=county.staff).context["results"]
    assert [r.state for r in results] == ["done", "done", "refused"]
    assert results[2].event is None


def test_many_are_supervised_with_words_and_a_date(county):
    events = far_apart(county, 2)
    refused = sent(county, "supervise", [e.pk for e in events], user=county.operator_top, words="", part="1")
    assert refused.status_code == 422
    soon = timezone.localtime(timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    answer = sent(
        county, "supervise", [e.pk for e in events], user=county.operator_top, words="请说明进展", answer_by=soon, part="1"
    )
    assert answer.context["went"] == 2
    assert "<html" not in answer.content.decode()
    assert Event.objects.filter(supervised=True).count() == 2


def test_a_request_has_a_limit_and_each_row_costs_the_same(county, monkeypatch):
    events = far_apart(county, 6)

    def queries(key, some):
        with CaptureQueriesContext(connection) as captured:
            bulk.advance_many(actor=county.operator, action="register", key=key, rows=[(e.pk, None) for e in some])
        return len(captured)

    queries("warm", events[:1])
    one = queries("one", events[1:2])
    assert queries("four", events[2:]) - one == 3 * (one - 2)  # but for the versions and the rows, read once
    monkeypatch.setattr(bulk, "MOST_ROWS", 3)
    with pytest.raises(Invalid):
        bulk.advance_many(actor=county.operator, action="register", key="k", rows=[(e.pk, None) for e in events])
    page = visit(county.operator).get(f"/events/bulk/?action=dispatch&{'&'.join(f'row={e.pk}' for e in events)}")
    assert "At most 3 events at once: 3 left out." in text_of(page)


# ---- what changes meanwhile


def asked(user, ids, shown, **more):
    data = {"home": "work", "list": "register", "ids": ids, "shown": shown, "last": "", **more}
    given = {name: ",".join(map(str, value)) if isinstance(value, list) else value for name, value in data.items()}
    return visit(user).get("/events/changes/", given)


def test_rows_that_changed_are_told_as_they_are_now(county):
    stays, leaves, new = (event.pk for event in far_apart(county, 3))
    services.advance(event_id=leaves, action="reject", actor=county.operator, words="不属实")
    body = asked(county.operator, [stays, leaves, new, 99999], [stays, leaves]).json()
    assert set(body["rows"]) == {str(stays), str(leaves)}
    assert (body["gone"], body["fresh"]) == ([leaves], [new])
    assert f'id="event-{stays}"' in body["rows"][str(stays)]
    assert next(c for c in body["counts"] if c["name"] == "register") == {"name": "register", "words": "2", "none": False}


def test_nothing_is_told_of_what_is_not_ones_own(county):
    theirs = report(county, county.worker_east, location=county.east.point)
    body = asked(county.operator, [theirs.pk, 99999], [theirs.pk, 99999]).json()
    assert (body["rows"], body["gone"], body["fresh"]) == ({}, [theirs.pk, 99999], [])  # as if neither existed
    body = asked(county.stranger, [theirs.pk], []).json()
    assert (body["rows"], body["fresh"], {count["words"] for count in body["counts"]}) == ({}, [], {"0"})


def test_new_is_only_what_would_stand_on_this_page(county):
    first, second, third = far_apart(county, 3)
    client = visit(county.operator)
    for event, hours in ((first, 1), (second, 2), (third, 3)):
        Event.objects.filter(pk=event.pk).update(due_at=timezone.now() + timedelta(hours=hours))
    page = paging.page(Event.objects.order_by(), ORDERS["urgent"], "", 2)
    asks = {"home": "work", "list": "register", "last": page.next}

    def fresh(**more):
        return client.get("/events/changes/", {**asks, **more}).json()["fresh"]

    assert fresh(ids=f"{third.pk}", shown=f"{first.pk},{second.pk}") == []
    assert fresh(ids=f"{first.pk}", shown=f"{second.pk}") == [first.pk]
    assert fresh(ids=f"{first.pk}", shown=f"{second.pk}", after=page.next) == []
    assert fresh(ids="²,x,", shown="\0", last="rubbish") == []


def test_the_keys_are_one_table_for_the_script_and_for_the_help(county):
    page = visit(county.operator).get("/")
    words = page.content.decode()
    for key in page.context["bindings"]["keys"]:
        for word in key["key"].split():
            assert f"<kbd>{word}</kbd>" in words
    bound = [key["key"] for key in page.context["bindings"]["keys"]]
    assert len(bound) == len(set(bound))
    assert {"j", "k", "Enter", "x", "/", "?", "g l", "g w", "g a", "r", "d", "s", "v", "u"} <= set(bound)
    assert page.context["bindings"]["tabs"]["late"] == f"{reverse('events:work')}?list=late"
