"""Warnings: whom they reach, who takes them, where they go when nobody does, and what the rules find."""

import re
import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core import versions
from core.errors import Conflict, Invalid, NotFound, Refused
from duty import standing
from duty.live import Ear, Watcher
from duty.models import Response, Rule, Shift, UnitDuty, Warning, WarningStep
from duty.services import warnings, watch
from duty.templatetags import duty as duty_tags
from events.models import Event, Supervision
from tests.scenes import Scene


def fresh(user):
    """As a new request knows the person."""
    return User.objects.get(pk=user.pk)


def raise_one(scene, who="op_town", grid=None, level="major", **more):
    grid = grid or scene.west.town
    given = {"cause": "fire", "title": "山火", "words": "立即核查"} | more
    return warnings.raise_warning(actor=fresh(scene.people[who]), level=level, grid_id=grid.pk, **given)


def hearers(scene):
    return {name for name, person in scene.people.items() if standing.for_banner(fresh(person))}


TOWN = {"op_town", "head_town", "op_station", "head_station", "mate"}


def test_a_warning_reaches_the_desks_of_its_territory_and_nobody_else(scene):
    raise_one(scene)
    assert hearers(scene) == TOWN  # workers walk, administrators administer, the county is not called yet
    Warning.objects.update(ended_at=timezone.now() - timedelta(hours=1))
    raise_one(scene, "op_top", scene.root)
    everywhere = TOWN | {"op_area", "op_top", "op_east", "head_east", "leader", "staff_lead", "staff_co", "staff_called"}
    assert hearers(scene) == everywhere | {"staff_came", "staff_other"}
    Warning.objects.update(ended_at=timezone.now() - timedelta(hours=1))
    raise_one(scene, level="notice")
    assert hearers(scene) == set()  # a notice stands on the page, it calls nobody


def test_the_banner_promises_a_centre_above_only_where_there_is_one(scene):
    raise_one(scene)
    (town,) = standing.for_banner(fresh(scene.people["op_town"]))
    minutes = Response.objects.get(level="major").take_minutes
    assert town.goes_up_at == town.made_at + timedelta(minutes=minutes)
    Warning.objects.update(ended_at=timezone.now() - timedelta(hours=1))
    raise_one(scene, "op_top", scene.root)
    (top,) = standing.for_banner(fresh(scene.people["op_top"]))
    assert top.goes_up_at is None


def test_of_those_that_wait_the_gravest_come_first(scene):
    titles = [("serious", "一"), ("major", "二"), ("notice", "三"), ("major", "四"), ("serious", "五")]
    for level, title in titles:
        raise_one(scene, level=level, title=title)
    client = Client()
    client.force_login(scene.people["op_town"], backend="django.contrib.auth.backends.ModelBackend")
    rows = client.get(reverse("duty:warnings"), {"state": "waiting"}).context["rows"]
    assert [row["warning"].title for row in rows] == ["四", "二", "五", "一", "三"]
    rows = client.get(reverse("duty:warnings")).context["rows"]
    assert [row["warning"].title for row in rows] == ["五", "四", "三", "二", "一"]


@pytest.mark.parametrize("who", ["worker_full", "staff_lead", "leader", "op_east", "district_admin", "stranger"])
def test_warnings_are_raised_by_the_centres_that_cover_the_place(scene, who):
    with pytest.raises((Refused, Invalid)):
        raise_one(scene, who)
    assert not Warning.objects.exists()


def test_what_is_wrong_with_a_warning_is_said_by_field(scene):
    with pytest.raises(Invalid) as error:
        raise_one(scene, level="huge", cause="cluster", title=" ", until=timezone.now() - timedelta(1))
    assert set(error.value.fields) == {"level", "cause", "title", "until"}


def test_one_takes_it_the_second_is_told_who(scene):
    made = raise_one(scene)
    warnings.take(actor=fresh(scene.people["op_station"]), warning_id=made.pk)
    with pytest.raises(Conflict) as error:
        warnings.take(actor=fresh(scene.people["op_town"]), warning_id=made.pk)
    assert error.value.facts["who"] == str(scene.people["op_station"])
    assert error.value.facts["unit"] == scene.west.station.name
    warnings.take(actor=fresh(scene.people["op_station"]), warning_id=made.pk)  # pressed twice
    assert [s.action for s in made.steps.all()] == ["raise", "take"]
    with pytest.raises(DatabaseError), transaction.atomic():
        WarningStep.objects.update(words="anders")


@pytest.mark.parametrize(("who", "error"), [("op_east", NotFound), ("worker_full", Refused), ("staff_lead", Refused)])
def test_outsiders_and_people_without_a_desk_take_nothing(scene, who, error):
    made = raise_one(scene)
    with pytest.raises(error):
        warnings.take(actor=fresh(scene.people[who]), warning_id=made.pk)
    made.refresh_from_db()
    assert made.taken_at is None and made.seq == 1


def test_it_is_ended_with_words_by_those_concerned(scene):
    made = raise_one(scene)
    warnings.take(actor=fresh(scene.people["op_station"]), warning_id=made.pk)
    with pytest.raises(Invalid):
        warnings.end(actor=fresh(scene.people["mate"]), warning_id=made.pk, words=" ")
    with pytest.raises(Refused):
        warnings.end(actor=fresh(scene.people["leader"]), warning_id=made.pk, words="无事")
    warnings.end(actor=fresh(scene.people["mate"]), warning_id=made.pk, words="已扑灭")  # of the unit that took it
    with pytest.raises(Conflict):
        warnings.end(actor=fresh(scene.people["op_top"]), warning_id=made.pk, words="再次")
    assert [s.action for s in made.steps.all()] == ["raise", "take", "end"]


def test_two_who_take_it_at_once_are_one_winner_and_one_who_is_told(shared_database):
    scene = Scene()
    made = raise_one(scene)
    people, done, start = ("op_station", "op_town", "op_area", "op_top"), [], threading.Barrier(4)

    def go(who):
        try:
            start.wait(20)
            warnings.take(actor=fresh(scene.people[who]), warning_id=made.pk)
            done.append((who, None))
        except Conflict as error:
            done.append((who, error.facts["who"]))
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=[who]) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    (winner,) = [who for who, told in done if told is None]
    assert sorted(told for _who, told in done if told) == [str(scene.people[winner])] * 3
    assert WarningStep.objects.filter(action="take").count() == 1


# ---- nobody takes it


def test_it_goes_up_one_centre_after_another_to_whom_their_rosters_name(scene):
    now = timezone.now()
    chief = scene.people["op_area"]
    Shift.objects.create(
        unit=scene.area_centre, user=chief, name=str(chief), role="chief", phone="13811112222",
        starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=8),
    )  # fmt: skip
    made = raise_one(scene)
    assert watch.call_up(now + timedelta(minutes=4)) == 0
    assert watch.call_up(now + timedelta(minutes=6)) == 1
    assert watch.call_up(now + timedelta(minutes=6)) == 0  # run twice
    call = made.calls.get(unit=scene.area_centre)
    assert (call.user, call.phone, call.why) == (chief, "13811112222", "above")
    assert hearers(scene) == TOWN | {"op_area"}
    assert standing.for_banner(fresh(chief))[0].last_call.phone == "13811112222"
    assert watch.call_up(now + timedelta(days=3)) == 0  # its time was over long before
    assert watch.call_up(now + timedelta(minutes=12)) == 1
    assert watch.call_up(now + timedelta(minutes=30)) == 0  # nobody is above the county
    assert hearers(scene) == TOWN | {"op_area", "op_top", "leader"}
    assert list(made.steps.values_list("action", "unit__name"))[1:] == [
        ("call", scene.area_centre.name), ("call", scene.centre.name),
    ]  # fmt: skip
    assert [c.why for c in made.calls.order_by("pk")] == ["holder", "above", "above"]


def test_what_is_taken_or_without_a_limit_stays_where_it_is(scene):
    taken, patient = raise_one(scene), raise_one(scene, level="notice")
    warnings.take(actor=fresh(scene.people["op_station"]), warning_id=taken.pk)
    assert watch.watch(timezone.now() + timedelta(hours=3))["called"] == 0
    Response.objects.filter(level="notice").update(take_minutes=60)
    assert watch.call_up(timezone.now() + timedelta(hours=3)) == 1
    assert patient.calls.count() == 2


def test_warnings_lapse_when_their_time_is_over(scene):
    made = raise_one(scene)
    assert watch.watch(timezone.now() + timedelta(hours=25)) == {"lapsed": 1, "raised": 0, "gone": 0, "called": 0}
    made.refresh_from_db()
    assert made.ended_at is not None and made.ended_by is None
    assert made.steps.last().action == "lapse"


# ---- rules


def only(cause):
    Rule.objects.exclude(cause=cause).update(active=False)
    return Rule.objects.get(cause=cause)


def twice(now=None):
    first, second = watch.watch(now), watch.watch(now)
    assert (second["raised"], second["gone"]) == (0, 0)
    return first


def test_a_critical_report_that_nobody_registers(scene):
    only("unregistered")
    event = scene.report()
    now = timezone.now()
    Event.objects.filter(pk=event.pk).update(urgency="critical", due_at=now - timedelta(minutes=1))
    assert twice(now)["raised"] == 1
    made = Warning.objects.get()
    assert (made.level, made.event, made.reach) == ("major", event, scene.west.village.path)
    assert "井盖" not in made.title + made.words  # what people wrote stays with the event
    assert watch.watch(now + timedelta(days=5)) | {"called": 0} == {"lapsed": 1, "raised": 0, "gone": 0, "called": 0}
    other = scene.report()
    Event.objects.filter(pk=other.pk).update(urgency="critical", due_at=now)
    watch.watch(now + timedelta(minutes=2))
    Event.objects.filter(pk=other.pk).update(status="cancelled", due_at=None)
    assert watch.watch(now + timedelta(minutes=3))["gone"] == 1
    assert Warning.objects.get(event=other).steps.last().action == "gone"


def test_many_of_one_kind_in_one_grid_within_an_hour(scene):
    rule = only("cluster")
    now = timezone.now()
    for _n in range(rule.amount - 1):
        scene.report()
    assert twice(now)["raised"] == 0
    scene.report()
    assert twice()["raised"] == 1
    for _n in range(rule.amount):
        scene.report()
    assert twice()["raised"] == 0  # still the same hour
    # After days of downtime what was is not warned of.
    Event.objects.update(reported_at=now - timedelta(days=3))
    Warning.objects.all().update(ended_at=now, made_at=now - timedelta(days=3, hours=1))
    assert twice(now)["raised"] == 0
    # The next hour with as many is another occasion, once the last warning has ended.
    for _n in range(rule.amount):
        scene.report()
    assert twice()["raised"] == 1
    rule.prefix = "C"
    rule.save()
    Warning.objects.update(ended_at=now, made_at=now - timedelta(hours=2))
    for _n in range(rule.amount):
        scene.report()
    assert twice()["raised"] == 0  # other standards


def test_a_supervision_that_is_not_answered_calls_both_sides(scene):
    only("supervised")
    scene.reported()
    Supervision.objects.update(answer_by=timezone.now() - timedelta(hours=1))
    assert twice()["raised"] == 1
    made = Warning.objects.get()
    assert {c.unit for c in made.calls.all()} == {scene.west.town_centre, scene.area_centre}
    assert watch.watch(timezone.now() + timedelta(minutes=31))["called"] == 1  # the county is above both
    Supervision.objects.update(answered_at=timezone.now())
    assert watch.watch()["gone"] == 1


def test_a_unit_with_too_large_a_share_of_late_events_once_a_day(scene):
    rule = only("late_share")
    Rule.objects.filter(pk=rule.pk).update(amount=4)
    now = timezone.now()
    for n in range(4):
        Event.objects.filter(pk=scene.report().pk).update(due_at=now + timedelta(hours=1 if n < 3 else -1))
    assert twice(now)["raised"] == 0  # a quarter
    Event.objects.order_by("-pk").filter(due_at__gt=now).update(due_at=now - timedelta(minutes=1))
    assert twice(now)["raised"] == 1
    Event.objects.update(due_at=now + timedelta(hours=1))
    assert watch.watch(now)["gone"] == 1
    Event.objects.update(due_at=now - timedelta(hours=1))
    assert twice(now)["raised"] == 0
    assert twice(now + timedelta(days=1))["raised"] == 1


def test_a_desk_that_must_be_staffed_and_is_not(scene):
    only("unstaffed")
    now = timezone.now()
    UnitDuty.objects.create(unit=scene.west.station, staffed=True)
    UnitDuty.objects.create(unit=scene.east.station)
    assert twice(now)["raised"] == 1
    Shift.objects.create(
        unit=scene.west.station, name="周", role="watch", starts_at=now - timedelta(hours=9),
        ends_at=now + timedelta(hours=1),
    )  # fmt: skip
    assert watch.watch(now)["gone"] == 1
    assert twice(now + timedelta(hours=1, minutes=10))["raised"] == 0  # a quarter of an hour's grace
    assert twice(now + timedelta(hours=1, minutes=20))["raised"] == 1
    assert twice(now + timedelta(hours=9))["raised"] == 0


def test_a_rule_runs_in_one_worker_at_a_time(shared_database):
    """Four workers that wake at once raise one warning."""

    scene = Scene()
    Response.objects.all().delete()
    Rule.objects.all().delete()
    Rule.objects.create(cause="unstaffed", level="serious", minutes=0)
    UnitDuty.objects.create(unit=scene.west.station, staffed=True)
    start, failed = threading.Barrier(4), []

    def go():
        try:
            start.wait(20)
            watch.watch()
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=go) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert Warning.objects.count() == 1


def test_those_with_no_centre_above_do_not_stand_in_the_way_of_the_others(scene, monkeypatch):
    monkeypatch.setattr(watch, "BATCH", 2)
    for _n in range(3):
        raise_one(scene, "op_top", scene.root)
    below = [raise_one(scene) for _n in range(3)]
    later = timezone.now() + timedelta(minutes=6)
    assert watch.call_up(later) == 3 and watch.call_up(later) == 0
    assert set(WarningStep.objects.filter(action="call").values_list("warning", flat=True)) == {one.pk for one in below}


# ---- pages and lines


def test_a_page_costs_the_same_with_and_without_warnings(scene, django_assert_max_num_queries):
    client = Client()
    client.force_login(scene.people["op_station"], backend="django.contrib.auth.backends.ModelBackend")
    client.get(reverse("events:inbox"))
    with django_assert_max_num_queries(20) as calm:
        client.get(reverse("events:inbox"))
    for _n in range(5):
        raise_one(scene)
    page = client.get(reverse("events:inbox")).content.decode()
    assert page.count("data-warning=") == 5 and 'data-rings="major"' in page
    with django_assert_max_num_queries(20) as busy:
        client.get(reverse("events:inbox"))
    assert len(busy) == len(calm)


def test_the_gravest_warning_stands_in_full_and_the_others_fold_below_it(scene, monkeypatch):
    client = Client()
    client.force_login(scene.people["op_station"], backend="django.contrib.auth.backends.ModelBackend")
    made = [raise_one(scene, level=level, title=level.title()) for level in ("major", "serious", "major", "serious")]
    warnings.take(actor=fresh(scene.people["op_station"]), warning_id=made[2].pk)

    def banner():
        page = client.get(reverse("duty:banner")).content.decode()
        first, _between, rest = page.partition('<details class="warning-rest"')
        told = [[int(pk) for pk in re.findall(r'data-warning="(\d+)"', part)] for part in (first, rest)]
        return *told, re.findall(r"<summary>.*?<b>(.*?)</b>", rest), "warning-more" in rest

    # what waits before what is taken, the graver before the lesser, the newer before the older
    a, b, c, d = (one.pk for one in made)
    today = client.get(reverse("duty:home")).content.decode()
    stand = re.findall(r'href="/duty/warnings/(\d+)/"', today.partition("<main")[2])
    assert [int(pk) for pk in dict.fromkeys(stand)] == [a, d, b, c]
    assert banner() == ([a], [d, b, c], ["另有 3 条预警"], False)
    monkeypatch.setattr(duty_tags, "MOST_IN_BANNER", 3)
    assert banner() == ([a], [d, b], ["另有 3 条预警"], True)


@pytest.mark.parametrize("word", ["events", "a:b", "//example.com/", "https://example.com/", "javascript:alert(1)", "٣"])
def test_after_taking_one_goes_on_within_this_site_whatever_the_form_says(scene, word):
    made, client = raise_one(scene), Client()
    client.force_login(scene.people["op_station"], backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(reverse("duty:take", args=[made.pk]), {"next": word})
    assert answer.headers["Location"] == reverse("duty:warning", args=[made.pk])
    answer = client.post(reverse("events:columns"), {"column": "who", "next": word})
    assert answer.headers["Location"] == reverse("events:list")


def test_an_open_page_is_told_of_what_it_hears_and_a_look_costs_one_query(scene, django_assert_num_queries):
    watcher = Watcher(versions.read())
    ears = {name: Ear.of(fresh(person)) for name, person in scene.people.items()}
    with django_assert_num_queries(1):
        assert watcher.changed(versions.read()) == []
    made = raise_one(scene)
    changed = watcher.changed(versions.read())
    assert [one.pk for one in changed] == [made.pk]
    assert {name for name, ear in ears.items() if ear.hears(changed)} == TOWN
    assert watcher.changed(versions.read()) == []
    warnings.take(actor=fresh(scene.people["op_town"]), warning_id=made.pk)
    assert [one.taken_by for one in watcher.changed(versions.read())] == [str(scene.people["op_town"])]


def test_taking_from_the_banner_says_who_was_faster(scene):
    made = raise_one(scene)
    clients = {}
    for who in ("op_station", "op_town"):
        clients[who] = Client(headers={"HX-Request": "true"})
        clients[who].force_login(scene.people[who], backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("duty:take", args=[made.pk])
    won = clients["op_station"].post(url)
    assert won.status_code == 200 and "已接警" in won.content.decode() and 'data-rings=""' in won.content.decode()
    lost = clients["op_town"].post(url)
    assert lost.status_code == 409
    assert f"{scene.people['op_station']}已于" in lost.content.decode()


def test_the_on_call_person_finds_it_in_the_inbox_until_it_is_read(scene):
    now, user = timezone.now(), scene.people["op_town"]
    Shift.objects.create(
        unit=scene.west.town_centre, user=user, name=str(user), role="watch", starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=1),
    )  # fmt: skip
    made = raise_one(scene, "op_area")
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    words = f"您是{scene.west.town_centre.name}值班人员"
    assert words in client.get(reverse("events:inbox")).content.decode()
    client.get(reverse("duty:warning", args=[made.pk]))
    assert words not in client.get(reverse("events:inbox")).content.decode()
