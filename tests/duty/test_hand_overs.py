"""Hand-overs: what was open is kept as it was, the next person signs, and from then nothing changes."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core.errors import Conflict, Invalid, NotFound, Refused
from duty.models import HandOver, Matter, Remark
from duty.services import handovers
from events.models import Event, Whistle
from tests.scenes import Scene, again


def write(scene, who="op_station", unit=None, **more):
    given = {"words": "本班无事", "matters": [("跟进井盖", None)]} | more
    return handovers.write(actor=scene.people[who], unit=unit or scene.west.station, **given)


def accept(scene, row, who="mate"):
    return handovers.accept(actor=User.objects.get(pk=scene.people[who].pk), hand_over_id=row.pk)


def refused_in_the_database(change):
    with pytest.raises(DatabaseError), transaction.atomic():
        change()


def test_what_is_open_stands_in_it_as_it_was(scene):
    event = scene.registered()  # lies with the town; a whistle of the station, at which one has not come
    late = scene.report()
    Event.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(hours=1))
    row = write(scene, "op_town", scene.west.town_centre, matters=[("跟进", event.pk)])
    assert row.snapshot["counts"] == {
        "open": 1, "mine": 1, "late": 0, "soon": 0, "register": 0, "supervised": 1, "whistles": 0,
    }  # fmt: skip
    assert [one["event"] for one in row.snapshot["supervised"]] == [event.pk]
    station = write(scene)
    counts = station.snapshot["counts"]
    assert (counts["late"], counts["register"], counts["whistles"]) == (1, 1, 1)
    assert station.snapshot["late"][0]["event"] == late.pk
    assert "井盖" not in str(station.snapshot["late"])  # numbers and classes, not what people wrote
    where = Whistle.objects.values_list("place", flat=True).get()
    assert where and where not in str(station.snapshot["whistles"])
    Event.objects.filter(pk=late.pk).update(status="cancelled", due_at=None)
    station.refresh_from_db()
    assert station.snapshot["counts"]["late"] == 1


def test_links_are_kept_to_events_one_sees_only(scene):
    east = scene.report("worker_east", location=scene.east.point)
    row = write(scene, matters=[("别处的", east.pk), ("没有链接", None)])
    assert [(m.words, m.event_id) for m in row.matters.all()] == [("别处的", None), ("没有链接", None)]


@pytest.mark.parametrize("who", ["op_top", "op_east", "worker_full", "leader", "staff_lead"])
def test_the_unit_s_own_people_write_and_accept(scene, who):
    with pytest.raises(Refused):
        write(scene, who)
    row = write(scene)
    with pytest.raises((Refused, NotFound)):
        accept(scene, row, who)
    assert HandOver.objects.get().accepted_at is None


def test_one_waits_at_a_time_and_nobody_accepts_their_own(scene):
    row = write(scene)
    with pytest.raises(Conflict):
        write(scene, "mate")
    with pytest.raises(Refused):
        accept(scene, row, "op_station")
    with pytest.raises(Invalid):
        write(scene, "op_town", scene.west.town_centre, words=" ")
    assert accept(scene, row).accepted_by == scene.people["mate"]
    accept(scene, row)  # twice is once
    with pytest.raises(Conflict) as error:
        accept(scene, row, "head_station")
    assert error.value.facts["who"] == str(scene.people["mate"])
    assert write(scene, "mate").pk != row.pk


def test_it_can_be_mended_until_it_is_accepted_and_only_added_to_afterwards(scene):
    row = write(scene)
    both = [("一", None), ("二", None)]
    handovers.change(actor=scene.people["op_station"], hand_over_id=row.pk, words="改过", matters=both)
    with pytest.raises(Refused):
        handovers.change(actor=scene.people["mate"], hand_over_id=row.pk, words="别人改")
    accept(scene, row)
    with pytest.raises(Conflict):
        handovers.change(actor=scene.people["op_station"], hand_over_id=row.pk, words="再改")
    matter = row.matters.first()
    refused_in_the_database(lambda: HandOver.objects.filter(pk=row.pk).update(words="改"))
    refused_in_the_database(lambda: Matter.objects.filter(pk=matter.pk).update(words="改"))
    refused_in_the_database(lambda: Matter.objects.create(hand_over=row, words="新"))
    refused_in_the_database(lambda: matter.delete())
    handovers.remark(actor=scene.people["mate"], hand_over_id=row.pk, words="钥匙找到了")
    refused_in_the_database(lambda: Remark.objects.update(words="改"))
    assert [m.words for m in row.matters.all()] == ["一", "二"]


def test_an_event_that_is_erased_takes_its_link_along_and_nothing_else(scene):
    event = scene.report()
    row = write(scene, matters=[("关于它", event.pk)])
    accept(scene, row)
    Matter.objects.filter(event=event).update(event=None)
    assert [(m.words, m.event_id) for m in row.matters.all()] == [("关于它", None)]


def test_two_who_accept_at_once(shared_database):
    scene = Scene()
    people = [scene.person("operator", unit=scene.west.station) for _n in range(3)]
    row, start, done = write(scene), threading.Barrier(3), []

    def go(person):
        try:
            start.wait(20)
            handovers.accept(actor=User.objects.get(pk=person.pk), hand_over_id=row.pk)
            done.append("accepted")
        except Conflict:
            done.append("told")
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == ["accepted", "told", "told"]


def login(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_pages_from_writing_to_signing(scene, django_assert_max_num_queries):
    event = again(scene.registered())
    going, coming = login(scene.people["op_town"]), login(scene.people["head_town"])
    url = reverse("duty:new-hand-over", args=[scene.west.town_centre.pk])
    assert going.get(url).status_code == 200
    refused = going.post(url, {"words": "", "matters": "甲", "things": "钥匙"})
    assert refused.status_code == 422 and "钥匙" in refused.content.decode()
    done = going.post(url, {"words": "平稳", "matters": f"跟进 {event.number}\n\n提醒", "things": "钥匙"})
    row = HandOver.objects.get()
    assert done.headers["Location"] == reverse("duty:hand-over", args=[row.pk])
    assert [(m.words, m.event_id) for m in row.matters.all()] == [(f"跟进 {event.number}", event.pk), ("提醒", None)]
    assert "待接班的交班记录" in coming.get(reverse("duty:home")).content.decode()
    page = coming.get(reverse("duty:hand-over", args=[row.pk])).content.decode()
    assert "确认接班" in page and f"/events/{event.pk}/" in page
    coming.post(reverse("duty:accept", args=[row.pk]))
    assert "内容已锁定" in going.get(reverse("duty:hand-over", args=[row.pk])).content.decode()
    assert "提醒" in coming.get(url).content.decode()  # what was left open stands in the next one already
    assert login(scene.people["op_east"]).get(reverse("duty:hand-over", args=[row.pk])).status_code == 404
    listed = reverse("duty:hand-overs") + f"?unit={scene.west.town_centre.pk}"
    with django_assert_max_num_queries(20) as few:
        going.get(listed)
    for _n in range(5):
        accept(scene, write(scene, "op_town", scene.west.town_centre), "head_town")
    with django_assert_max_num_queries(20) as many:
        assert going.get(listed).content.decode().count("已接班") >= 6
    assert len(many) == len(few)
