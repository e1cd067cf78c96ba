"""Rosters: who may keep them, gaps and overlaps, copying, files, on duty now with the unit's own phone to fall back on."""

import io
import threading
from datetime import date, datetime, timedelta
from zipfile import ZipFile

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from core.errors import Invalid, NotFound, Refused
from duty import selectors
from duty.models import RosterChange, Shift, UnitDuty
from duty.services import roster_files, rosters
from grids.models import Unit
from tests.scenes import Scene, beijing

MONDAY = date(2026, 11, 30)
HEAD = ["日期", "开始", "结束", "岗位", "工号", "姓名", "值班电话", "备注"]


def put(scene, who="head_station", unit=None, day=MONDAY, start=8, hours=12, **more):
    begin = beijing(f"{day.isoformat()} {start:02d}:00")
    given = {"name": "周值班", "role": "watch"} | more
    until = begin + timedelta(hours=hours)
    unit = unit or scene.west.station
    return rosters.add_shift(actor=scene.people[who], unit=unit, starts_at=begin, ends_at=until, **given)


def staff(scene, unit=None):
    unit = unit or scene.west.station
    return rosters.set_duty(actor=scene.people["head_station"], unit=unit, staffed=True, phone="0731-110")


def book(rows, head=HEAD):
    made = Workbook()
    for row in (head, *rows):
        made.active.append(row)
    out = io.BytesIO()
    made.save(out)
    out.seek(0)
    return out


@pytest.mark.parametrize("who", ["op_station", "op_top", "head_east", "staff_lead", "leader", "worker_full", "stranger"])
def test_only_heads_and_administrators_of_the_place_keep_a_roster(scene, who):
    with pytest.raises(Refused):
        put(scene, who)
    assert not Shift.objects.exists() and not RosterChange.objects.exists()


@pytest.mark.parametrize("who", ["head_station", "head_town", "admin_west"])
def test_heads_and_administrators_do_and_the_trail_keeps_it(scene, who):
    shift = put(scene, who, phone="13812345678")
    change = RosterChange.objects.get()
    assert (change.by, change.action, change.unit) == (scene.people[who], "add", scene.west.station)
    assert change.after["phone"] == "138****5678" and change.after["name"] == "周值班"
    with pytest.raises(Refused):
        rosters.remove_shift(actor=scene.people["op_station"], shift_id=shift.pk)
    with pytest.raises(NotFound):  # a shift elsewhere is not told apart from none
        rosters.remove_shift(actor=scene.people["head_east"], shift_id=shift.pk)
    rosters.remove_shift(actor=scene.people[who], shift_id=shift.pk)
    assert not Shift.objects.exists()
    assert RosterChange.objects.first().before == change.after
    with pytest.raises(DatabaseError), transaction.atomic():
        RosterChange.objects.all().delete()


def test_a_person_must_have_a_post_there(scene):
    put(scene, name="", user=scene.people["op_station"])
    with pytest.raises(Invalid) as error:
        put(scene, name="", user=scene.people["op_east"], start=20)
    assert list(error.value.fields) == ["person"]
    with pytest.raises(Invalid) as error:
        put(scene, hours=60)
    assert list(error.value.fields) == ["end"]


def test_gaps_overlaps_and_two_heads_are_found(scene):
    staff(scene)
    user = scene.people["op_station"]
    put(scene, user=user)  # 08–20
    put(scene, start=20, name="夜班")  # 20–08
    put(scene, role="leader", start=0, hours=24, day=MONDAY + timedelta(2), name="领导")  # staffs no desk
    put(scene, user=user, start=10, hours=2, role="chief")
    put(scene, start=11, hours=2, role="chief", name="另一值班长")
    Shift.objects.create(
        unit=scene.east.station, user=user, name=str(user), role="watch", starts_at=beijing("2026-11-30 19:00"),
        ends_at=beijing("2026-11-30 21:00"),
    )  # fmt: skip
    unit = selectors.with_phones(Unit.objects).get(pk=scene.west.station.pk)
    week = selectors.week(unit, MONDAY + timedelta(3))
    assert week.start == MONDAY
    monday, tuesday, wednesday = week.days[:3]
    assert monday.gaps == [(beijing("2026-11-30 00:00"), beijing("2026-11-30 08:00"))]
    assert tuesday.gaps == [(beijing("2026-12-01 08:00"), beijing("2026-12-02 00:00"))]
    assert wednesday.gaps == [(beijing("2026-12-02 00:00"), beijing("2026-12-03 00:00"))]
    assert [s.name for s in tuesday.going] == ["夜班"] and tuesday.shifts == []
    assert {(a.role, b.role, b.unit_id) for a, b in week.doubles} == {
        ("watch", "chief", scene.west.station.pk), ("watch", "watch", scene.east.station.pk),
    }  # fmt: skip
    assert len(week.crowds) == 1
    UnitDuty.objects.update(staffed=False)
    unit = selectors.with_phones(Unit.objects).get(pk=unit.pk)
    assert selectors.week(unit, MONDAY).gaps == []


def test_on_duty_now_falls_back_on_the_unit_s_phone_and_then_on_the_office(scene, django_assert_num_queries):
    now = beijing("2026-11-30 09:00")
    Unit.objects.filter(pk=scene.west.station.pk).update(phone="0731-000")
    line = selectors.on_duty(scene.west.grids[0].path, now)
    assert [(one.phone, one.fallback, one.name) for one in line] == [("0731-000", True, "")]
    staff(scene)
    assert selectors.on_duty(scene.west.village.path, now)[0].phone == "0731-110"
    put(scene)
    put(scene, role="leader", name="带班", phone="13900000000")
    lines = selectors.on_duty(scene.west.village.path, now)
    assert [(one.role, one.name, one.phone) for one in lines] == [
        ("leader", "带班", "13900000000"), ("watch", "周值班", "0731-110"),
    ]  # fmt: skip
    assert selectors.to_call(lines).name == "周值班"
    assert selectors.on_duty(scene.west.village.path, beijing("2026-11-30 20:00"))[0].fallback
    ids = list(Unit.objects.values_list("pk", flat=True))
    with django_assert_num_queries(2):
        assert set(selectors.on_duty_at(ids, now)) == set(ids)


def test_copying_a_week_twice_is_once(scene):
    head, unit = scene.people["head_station"], scene.west.station
    put(scene, day=MONDAY - timedelta(7))
    put(scene, day=MONDAY - timedelta(1), start=20)
    put(scene, day=MONDAY - timedelta(8))  # of the week before that
    assert rosters.copy_week(actor=head, unit=unit, day=MONDAY + timedelta(2)) == 2
    assert rosters.copy_week(actor=head, unit=unit, day=MONDAY) == 0
    starts = Shift.objects.filter(starts_at__gte=selectors.midnight(MONDAY)).values_list("starts_at", flat=True)
    assert sorted(starts) == [beijing("2026-11-30 08:00"), beijing("2026-12-06 20:00")]
    assert RosterChange.objects.filter(action="copy").count() == 1
    with pytest.raises(Refused):
        rosters.copy_week(actor=scene.people["op_station"], unit=unit, day=MONDAY)


def test_a_file_goes_in_whole_and_twice_is_once(scene):
    user = scene.people["op_station"]
    type(user).objects.filter(pk=user.pk).update(staff_number="W001", name="李值班")
    rows = [
        ["2026-11-30", "8:00", "20:00", "值班员", "W001", "李值班", "0731-8888", ""],
        [datetime(2026, 11, 30), datetime(2026, 11, 30, 20).time(), "8点", "值班长", "", "张三", 13812345678, "夜班"],
    ]
    give = {"actor": scene.people["head_station"], "unit": scene.west.station, "name": "roster.xlsx"}
    done = roster_files.import_duty(source=book(rows), **give)
    assert (done.added, done.changed, done.unchanged) == (2, 0, 0)
    first, second = Shift.objects.order_by("starts_at")
    assert (first.user, first.phone, first.ends_at) == (user, "0731-8888", beijing("2026-11-30 20:00"))
    assert (second.name, second.role, second.ends_at, second.phone) == (
        "张三", "chief", beijing("2026-12-01 08:00"), "13812345678",
    )  # fmt: skip
    done = roster_files.import_duty(source=book(rows), **give)
    assert (done.added, done.changed, done.unchanged) == (0, 0, 2)
    rows[0][2] = "18:00"
    done = roster_files.import_duty(source=book(rows), **give)
    assert (done.added, done.changed, done.unchanged) == (0, 1, 1)


def test_every_mistake_of_a_file_is_named_and_nothing_is_written(scene):
    rows = [
        ["2026-11-30", "8:00", "20:00", "值班员", "", "周一", "", ""],
        ["2026-13-30", "25:00", "20:00", "站长", "", "", "打不通", ""],
        ["2026-11-30", "8:00", "20:00", "值班员", "", "周一", "", ""],
        ["2026-11-30", "8:00", "20:00", "值班员", "NOBODY", "周二", "", ""],
    ]
    with pytest.raises(Invalid) as error:
        roster_files.import_duty(
            source=book(rows), name="a.xlsx", actor=scene.people["head_station"], unit=scene.west.station
        )
    assert set(error.value.fields) == {"3.day", "3.start", "3.role", "3.name", "3.phone", "4.name", "5.number"}
    assert not Shift.objects.exists()


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "2200-01-01", "9999-12-31"])
def test_a_day_no_roster_is_kept_for_is_told_and_not_a_fault(scene, day):
    head, unit = scene.people["head_station"], scene.west.station
    file = book([[day, "20:00", "8:00", "值班员", "", "周一", "", ""]])
    with pytest.raises(Invalid) as error:
        roster_files.import_duty(source=file, name="a.xlsx", actor=head, unit=unit)
    assert list(error.value.fields) == ["2.day"]
    shift, client = put(scene), login(head)
    typed = {"day": day, "start": "20:00", "end": "08:00", "role": "watch", "name": "周一"}
    for name, pk in (("duty:roster", unit.pk), ("duty:shift", shift.pk)):
        answer = client.post(reverse(name, args=[pk]), typed)
        assert answer.status_code == 422 and "2199" in answer.content.decode()
    assert Shift.objects.count() == 1


def with_part(name, body):
    """The workbook of one good row with one of its parts replaced."""
    out, good = io.BytesIO(), book([["2026-11-30", "8:00", "20:00", "值班员", "", "周一", "", ""]])
    with ZipFile(good) as old, ZipFile(out, "w") as new:
        for part in old.namelist():
            new.writestr(part, body if part == name else old.read(part))
    out.seek(0)
    out.name = "broken.xlsx"
    return out


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml", "[Content_Types].xml"])
@pytest.mark.parametrize("body", [b"", b"<a", b"<worksheet><sheetData><row"])
def test_a_broken_workbook_is_told_and_not_a_fault(scene, part, body):
    client, unit = login(scene.people["head_station"]), scene.west.station
    answer = client.post(reverse("duty:upload", args=[unit.pk]), {"file-file": with_part(part, body), "day": "2026-11-30"})
    assert answer.status_code == 422 and not Shift.objects.exists()


def test_units_named_in_a_file_are_those_one_keeps(scene):
    head = ["单位编码", *HEAD]
    rows = [[scene.east.station.code, "2026-11-30", "8:00", "20:00", "值班员", "", "周一", "", ""]]
    with pytest.raises(Invalid) as error:
        roster_files.import_duty(source=book(rows, head), name="a.xlsx", actor=scene.people["head_station"])
    assert list(error.value.fields) == ["2.unit"]
    assert roster_files.import_duty(source=book(rows, head), name="a.xlsx").added == 1  # the command line


def test_two_who_bring_in_the_same_file_at_once(shared_database):
    scene = Scene()
    head, start, done = scene.person("centre_head", unit=scene.west.station), threading.Barrier(3), []
    rows = [[f"2026-12-{day:02d}", "8:00", "20:00", "值班员", "", f"值班{day}", "", ""] for day in range(1, 29)]

    def go():
        try:
            start.wait(20)
            actor = type(head).objects.get(pk=head.pk)
            found = roster_files.import_duty(source=book(rows), name="a.xlsx", actor=actor, unit=scene.west.station)
            done.append((found.added, found.unchanged))
        finally:
            connection.close()

    threads = [threading.Thread(target=go) for _n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == [(0, 28), (0, 28), (28, 0)] and Shift.objects.count() == 28


def login(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_week_page_its_form_and_its_workbook(scene):
    client, url = login(scene.people["head_station"]), reverse("duty:roster", args=[scene.west.station.pk])
    typed = {"day": "2026-11-30", "start": "08:00", "end": "20:00", "role": "watch", "name": "", "phone": "x"}
    wrong = client.post(url, typed)
    assert wrong.status_code == 422 and 'value="x"' in wrong.content.decode()  # what was typed stays
    good = {"day": "2026-11-30", "start": "20:00", "end": "08:00", "role": "chief", "name": "周夜班", "phone": "0731-1"}
    assert client.post(url, good).status_code == 302
    page = client.get(f"{url}?day=2026-12-02").content.decode()
    assert "周夜班" in page and "20:00–08:00" in page
    file = client.get(f"{url}roster.xlsx?day=2026-12-02")
    rows = list(load_workbook(io.BytesIO(file.content)).active.values)
    assert rows[1][2:5] == ("2026-11-30", "20:00", "08:00") and rows[1][7] == "周夜班"
    back = io.BytesIO(file.content)
    back.name = "back.xlsx"
    answer = client.post(f"{url}upload/", {"file-file": back, "day": "2026-11-30"})
    assert answer.status_code == 302 and Shift.objects.count() == 1  # the exported file reads in unchanged
    assert login(scene.people["op_east"]).get(url).status_code == 404
    assert login(scene.people["op_station"]).post(url, good | {"day": "2026-12-01"}).status_code == 403


def test_numbers_by_which_people_log_in_leave_with_those_who_keep_the_roster_only(scene):
    user, url = scene.people["op_station"], reverse("duty:export", args=[scene.west.station.pk])
    type(user).objects.filter(pk=user.pk).update(staff_number="W001")
    put(scene, user=type(user).objects.get(pk=user.pk))
    for who, number in (("head_station", "W001"), ("op_station", None), ("worker_full", None), ("op_top", None)):
        file = login(scene.people[who]).get(url, {"day": MONDAY.isoformat()})
        (row,) = list(load_workbook(io.BytesIO(file.content)).active.values)[1:]
        assert (row[6] or None, row[7]) == (number, str(user)), who


def test_the_pages_cost_the_same_for_one_shift_and_many(scene, django_assert_max_num_queries):
    client = login(scene.people["head_town"])
    put(scene)
    with django_assert_max_num_queries(40) as few:
        client.get(reverse("duty:home"))
        client.get(reverse("duty:roster", args=[scene.west.station.pk]) + "?day=2026-11-30")
    for day in range(7):
        for hour in (0, 6, 12):
            put(scene, day=MONDAY + timedelta(day), start=hour, hours=6, user=scene.people["op_station"], name="")
    with django_assert_max_num_queries(40) as many:
        client.get(reverse("duty:home"))
        client.get(reverse("duty:roster", args=[scene.west.station.pk]) + "?day=2026-11-30")
    assert len(many) <= len(few) + 1  # one more: where else the people are on duty
