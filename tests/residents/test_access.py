"""Unmasking: by permission, with a reason, so many a day, and every look written down and judged."""

from datetime import datetime, timedelta
from threading import Barrier, Thread
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection

from core.errors import Invalid, NotFound, Refused
from residents.models import Access
from residents.services import access
from tests.factories import PostFactory

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 5, 5, 12, tzinfo=SHANGHAI)
NIGHT = datetime(2026, 5, 5, 23, tzinfo=SHANGHAI)
WHY = "核对低保申请材料"


def look(actor, record, *fields, reason=WHY, **more):
    return access.unmask(actor=actor, record=record, fields=fields or ("phone",), reason=reason, **more)


def test_a_worker_sees_what_was_asked_for_and_the_log_says_so(county, people):
    with time_machine.travel(NOON, tick=False):
        shown = look(county.worker, people.old, "id_number", "phone", address="10.1.2.3")
    assert shown == {"id_number": people.old.id_number, "phone": people.old.phone}
    row = Access.objects.get()
    assert (row.user, row.act, row.kind, row.record_id) == (
        county.worker,
        "unmask",
        "resident",
        people.old.pk,
    )
    assert (row.resident, row.grid, row.fields) == (people.old, people.home, ["id_number", "phone"])
    assert (row.reason, row.address, row.at, row.flags) == (WHY, "10.1.2.3", NOON, [])
    assert people.old.phone not in str(Access.objects.values())


def test_the_next_grid_and_people_without_the_permission_see_nothing(county, people):
    for stranger in (county.worker_next, county.worker_east, county.stranger, people.inspector, county.staff):
        with pytest.raises(NotFound):
            look(stranger, people.old)
    reader = county.person("district_admin", grid=people.home)
    with pytest.raises(Refused):
        look(reader, people.old)
    assert Access.objects.count() == 0


@pytest.mark.parametrize("reason", ["", "  ", "要", "aaaaaa", "    核    ", "长" * 201])
def test_a_look_needs_a_reason(county, people, reason):
    with pytest.raises(Invalid) as caught:
        look(county.worker, people.old, reason=reason)
    assert list(caught.value.fields) == ["reason"]
    assert Access.objects.count() == 0


@pytest.mark.parametrize("fields", [[], ["name"], ["phone", "password"]])
def test_only_private_fields_can_be_asked_for(county, people, fields):
    with pytest.raises(Invalid):
        access.unmask(actor=county.worker, record=people.old, fields=fields, reason=WHY)


def test_after_so_many_a_day_nothing_more_is_shown(county, people, settings):
    settings.UNMASK_PER_DAY = 3
    with time_machine.travel(NOON):
        for _turn in range(3):
            look(county.worker, people.old)
        with pytest.raises(access.TooMany):
            look(county.worker, people.neighbour)
        look(people.leader, people.neighbour)  # somebody else's day
    assert Access.objects.count() == 4
    with time_machine.travel(datetime(2026, 5, 6, 0, 1, tzinfo=SHANGHAI)):
        look(county.worker, people.neighbour)


def test_an_export_does_not_use_up_the_day(county, people, settings):
    settings.UNMASK_PER_DAY = 1
    for _turn in range(2):
        access.log_export(actor=county.operator, kind="resident", grid_id=people.home.pk, rows=700)
    look(county.worker, people.old)
    assert access.looks_today(county.operator) == 0


def test_what_is_unusual_is_flagged(county, people, settings):
    settings.ACCESS_MANY_PER_DAY, settings.ACCESS_MANY_ROWS = 2, 1000
    with time_machine.travel(NIGHT):
        look(county.worker, people.old)
    with time_machine.travel(NOON):
        look(people.leader, people.old)
        look(people.leader, people.old)
        access.log_export(actor=county.operator, kind="resident", grid_id=people.home.pk, rows=999)
        access.log_export(actor=county.operator, kind="resident", grid_id=people.home.pk, rows=1000)
        both = PostFactory(user=people.leader_east, role="operator", unit=county.area_centre).user
        vars(both).pop("_scope", None)
        look(both, people.old)
    flags = list(Access.objects.order_by("pk").values_list("flags", "flagged"))
    assert flags == [
        (["night"], True), ([], False), (["many"], True), ([], False), (["many"], True), (["outside"], True),
    ]  # fmt: skip


def test_a_station_looking_where_it_has_not_looked_for_months_is_noticeable(county, people):
    """One post over several grids covers all of them: where its holder works shows after ten looks."""
    operator, other = people.head, people.person("周另网", county.west.grids[1])
    with time_machine.travel(NOON) as clock:
        look(operator, other)  # somebody new is usual everywhere
        assert not Access.objects.filter(flagged=True).exists()
        clock.shift(timedelta(days=91))
        for _turn in range(access.USUAL_LOOKS):
            look(operator, people.old)
        look(operator, other)
        look(operator, other)  # from then on it is a place of theirs
        look(operator, people.neighbour)
    assert list(Access.objects.filter(flagged=True).values_list("flags", "grid")) == [
        (["outside"], county.west.grids[1].pk)
    ]


def test_higher_posts_are_measured_by_larger_parts(county, people):
    """A head of the whole county by areas, one of an area by towns; a grid's worker by nothing but the grid."""
    top = county.person("centre_head", unit=county.area_centre)
    with time_machine.travel(NOON):
        for _turn in range(access.USUAL_LOOKS):
            look(top, people.old)
            look(county.worker, people.old)
        look(top, people.person("周另网", county.west.grids[1]))
        look(county.worker, people.neighbour)
        assert not Access.objects.filter(flagged=True).exists()
        look(top, people.far)
    assert Access.objects.get(flagged=True).flags == ["outside"]


def test_clear_fields_leave_only_with_a_reason(people):
    with pytest.raises(Invalid):
        access.log_export(
            actor=people.head, kind="resident", grid_id=people.home.pk, fields=["phone"], rows=5
        )
    assert Access.objects.count() == 0


def test_supervisors_see_the_log_of_their_grids_only(county, people):
    look(county.worker, people.old)
    look(county.worker_east, people.far)
    for supervisor in (people.inspector, people.head):
        assert [row.resident for row in Access.objects.visible_to(supervisor)] == [people.old]
    assert not Access.objects.visible_to(county.worker).exists()
    assert not Access.objects.visible_to(county.operator).exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs real row locks")
def test_the_limit_is_exact_for_looks_at_the_same_moment(county, people, settings):
    settings.UNMASK_PER_DAY = 3
    start, told = Barrier(8), []

    def run():
        start.wait()
        try:
            look(county.worker, people.old)
            told.append("shown")
        except access.TooMany:
            told.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=run) for _turn in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["refused"] * 5 + ["shown"] * 3
    assert Access.objects.count() == 3
