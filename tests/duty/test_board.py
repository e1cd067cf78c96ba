"""The supervision board: groups, scope, who takes an answer off it, pages that cost the same for one and for many."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.errors import Conflict, Invalid, NotFound, Refused
from duty import board
from duty.services import board as services
from events.models import Supervision


@pytest.fixture
def asked(scene):
    """One supervision in each state, by the group it belongs to; all by the area's centre."""
    now = timezone.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    times = {"late": now - timedelta(hours=3), "today": min(now + timedelta(minutes=1), midnight - timedelta(seconds=1))}
    found = {}
    for name in ("late", "today", "later", "answered", "closed", "over"):
        event = scene.reported()
        row = event.supervisions.get()
        Supervision.objects.filter(pk=row.pk).update(answer_by=times.get(name, midnight + timedelta(hours=5)))
        if name in ("answered", "closed"):
            scene.take(event, "answer", "op_town", words="已办")
        if name == "over":
            scene.take(event, "reject", "op_town", words="不受理")
        found[name] = Supervision.objects.get(pk=row.pk)
    services.strike(actor=scene.people["op_area"], supervision_id=found["closed"].pk)
    return found


def login(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_every_supervision_stands_in_one_group(scene, asked):
    now = timezone.now()
    rows = board.visible(scene.people["op_area"], timezone.now())
    groups = {
        group.name: set(rows.filter(board.condition(group.name, now)).values_list("pk", flat=True)) for group in board.GROUPS
    }
    assert groups == {
        "late": {asked["late"].pk}, "today": {asked["today"].pk}, "later": {asked["later"].pk},
        "answered": {asked["answered"].pk}, "closed": {asked["closed"].pk, asked["over"].pk},
    }  # fmt: skip
    assert board.counts(rows, now) == {"late": 1, "today": 1, "later": 1, "answered": 1, "closed": 2}


def test_the_board_shows_what_one_s_events_are(scene, asked):
    assert board.visible(scene.people["op_town"], timezone.now()).count() == 6
    assert board.visible(scene.people["leader"], timezone.now()).count() == 6
    assert board.visible(scene.people["op_east"], timezone.now()).count() == 0
    assert board.visible(scene.people["staff_lead"], timezone.now()).count() == 0


def test_what_is_over_leaves_the_board_after_ninety_days_and_what_is_open_stays(scene, asked):
    now, leader = timezone.now(), scene.people["leader"]
    counted = {"late": 1, "today": 1, "later": 1, "answered": 1, "closed": 2}
    Supervision.objects.update(asked_at=now - board.LOOK_BACK + timedelta(minutes=1))
    assert board.counts(board.visible(leader, now), now) == counted
    (row,) = board.by_unit(board.visible(leader, now), now)
    assert (row.waiting, row.late, row.answered, row.in_time, row.asked) == (3, 1, 2, 2, 6)
    Supervision.objects.update(asked_at=now - board.LOOK_BACK - timedelta(minutes=1))
    assert board.counts(board.visible(leader, now), now) == counted | {"closed": 1}  # the accepted one: its case is open
    assert set(board.visible(leader, now)) == {row for name, row in asked.items() if name != "over"}
    (row,) = board.by_unit(board.visible(leader, now), now)
    assert (row.waiting, row.late, row.oldest, row.answered, row.in_time, row.asked, row.share) == (
        3, 1, asked["late"].answer_by, 0, 0, 0, 0.0,
    )  # fmt: skip
    page = login(leader).get(reverse("duty:board"), {"group": "closed"}).content.decode()
    assert f"/events/{asked['closed'].event_id}/" in page and f"/events/{asked['over'].event_id}/" not in page
    assert board.counts(board.visible(scene.people["op_east"], now), now) == dict.fromkeys(counted, 0)
    assert board.counts(board.visible(scene.people["staff_lead"], now), now) == dict.fromkeys(counted, 0)


def test_an_answer_is_accepted_by_who_asked_or_stands_above(scene, asked):
    answered = asked["answered"].pk
    for who in ("op_town", "op_station", "worker_full"):
        with pytest.raises(Refused):
            services.strike(actor=scene.people[who], supervision_id=answered)
    with pytest.raises(NotFound):
        services.strike(actor=scene.people["op_east"], supervision_id=answered)
    with pytest.raises(Invalid):
        services.strike(actor=scene.people["op_area"], supervision_id=asked["late"].pk)
    services.strike(actor=scene.people["leader"], supervision_id=answered, words="阅")
    with pytest.raises(Conflict):
        services.strike(actor=scene.people["op_area"], supervision_id=answered)


def test_leaders_see_by_unit_how_many_and_how_late(scene, asked):
    (row,) = board.by_unit(board.visible(scene.people["leader"], timezone.now()), timezone.now())
    assert (row.unit_id, row.waiting, row.late, row.answered, row.in_time, row.asked) == (
        scene.west.town_centre.pk, 3, 1, 2, 2, 6,
    )  # fmt: skip
    assert row.oldest == asked["late"].answer_by
    assert row.share == pytest.approx(2 / 3)


def test_the_page_its_filters_and_its_answer_button(scene, asked):
    client = login(scene.people["op_town"])
    page = client.get(reverse("duty:board")).content.decode()  # the group that most needs eyes
    assert f"/events/{asked['late'].event_id}/?do=answer" in page
    assert f"/events/{asked['later'].event_id}/" not in page
    number = asked["later"].event
    found = client.get(reverse("duty:board"), {"group": "later", "unit": scene.west.town_centre.pk, "q": "尽快"})
    assert f"/events/{number.pk}/" in found.content.decode()
    for query in ({"unit": scene.urban.pk}, {"grid": scene.east.town.pk}, {"grid": 999999}, {"q": "没有"}):
        assert f"/events/{number.pk}/" not in client.get(reverse("duty:board"), {"group": "later", **query}).content.decode()
    above = login(scene.people["op_area"])
    assert "审阅销号" in above.get(reverse("duty:board"), {"group": "answered"}).content.decode()
    above.post(reverse("duty:strike", args=[asked["answered"].pk]))
    assert asked["answered"].struck.by == scene.people["op_area"]


def test_pages_go_on_by_key_and_cost_the_same(scene, django_assert_max_num_queries, monkeypatch):
    monkeypatch.setattr("duty.views.board.PAGE", 3)
    client = login(scene.people["op_area"])
    scene.reported()
    urls = [reverse(name) for name in ("duty:board", "duty:whistles", "duty:by-unit")]
    with django_assert_max_num_queries(60) as few:
        for url in urls:
            client.get(url, {"group": "later"})
    for _n in range(7):
        scene.registered()
    Supervision.objects.update(answer_by=timezone.now() + timedelta(days=3))  # all at the same moment: the id decides
    with django_assert_max_num_queries(60) as many:
        for url in urls:
            client.get(url, {"group": "later"})
    assert len(many) <= len(few) + 1  # the calls of whistles, where there are some
    seen, after = [], ""
    for _page in range(5):
        context = client.get(urls[0], {"group": "later", "after": after}).context
        seen += [one["row"].pk for one in context["rows"]]
        after = context["page"].next
        if not after:
            break
    assert sorted(seen) == sorted(Supervision.objects.values_list("pk", flat=True)) and len(seen) == 8
    for odd in ("²", "9" * 40, "W10", "'\"><b>"):
        assert client.get(urls[0], {"after": odd, "grid": odd, "unit": odd, "group": odd, "q": odd}).status_code == 200


def test_whistles_say_who_came_when(scene):
    event = scene.registered()
    client = login(scene.people["op_station"])
    page = client.get(reverse("duty:whistles")).content.decode()
    assert scene.fire.name in page and "待到场" in page
    assert scene.traffic.name in page and "按时到场" in page
    scene.take(event, "report_in", "staff_called", location=scene.west.point)
    assert f"/events/{event.pk}/" not in client.get(reverse("duty:whistles")).content.decode()
    assert f"/events/{event.pk}/" in client.get(reverse("duty:whistles"), {"all": "1"}).content.decode()


def test_a_reminder_is_a_step_that_tells_the_asked_unit_and_not_again_at_once(scene, asked):
    event = asked["late"].event
    page = login(scene.people["op_area"]).get(reverse("duty:board"), {"group": "late"}).content.decode()
    assert f"/events/{event.pk}/?do=remind" in page
    scene.take(event, "remind", "op_area", words="请回复")
    assert scene.people["op_town"].notices.filter(event=event, action="remind").count() == 1
    event.refresh_from_db()
    assert event.status == "reported"
    with pytest.raises(Invalid):
        scene.take(event, "remind", "op_top")
    with pytest.raises(Invalid):
        scene.take(asked["answered"].event, "remind", "op_area")  # nothing waits there
    with pytest.raises(Refused):
        scene.take(event, "remind", "op_station")
