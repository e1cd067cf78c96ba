"""Tenancies: running until their day has come, ended by whatever ends them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from core.errors import Conflict
from residents.models import Change, Dwelling, Tenancy
from residents.services import life, records, subject
from tests.pages import text_of, visit
from tests.residents.factories import OrganisationFactory
from tests.residents.family import DAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def let(family):
    """The next door, let for a fixed term that ends a year from now."""
    family.tenant = life.move_in(actor=family.worker, dwelling=family.next, on=DAY, name="周新")
    family.term = timezone.localdate() + timedelta(days=365)
    family.lease = life.begin_tenancy(
        actor=family.worker, dwelling=family.next, tenant=family.tenant, since=DAY, until=family.term
    )
    return family


def until():
    return Tenancy.objects.get().until


def test_it_runs_from_its_day_until_the_day_it_is_over(let):
    one = timedelta(days=1)
    days = [DAY - one, DAY, let.term - one, let.term]
    assert [Tenancy.objects.running(day).exists() for day in days] == [False, True, True, False]
    assert [Tenancy.objects.not_over(day).exists() for day in days] == [True, True, True, False]


def test_a_fixed_term_can_be_ended_before_its_day(let):
    shown = visit(let.worker).get(reverse("residents:dwelling", args=[let.next.pk])).content.decode()
    link = reverse("residents:happen", args=["tenancy", let.lease.pk, "end-tenancy"])
    assert link in shown
    visit(let.worker).post(link, {"on": (DAY + timedelta(days=3)).isoformat()})
    assert until() == DAY + timedelta(days=3)
    assert link not in visit(let.worker).get(reverse("residents:dwelling", args=[let.next.pk])).content.decode()


@pytest.mark.parametrize("leave", [life.record_death, life.move_out])
def test_it_ends_with_its_tenant(let, leave):
    leave(actor=let.worker, resident=let.tenant, on=DAY + timedelta(days=5))
    assert until() == DAY + timedelta(days=5)


def test_one_that_began_after_the_death_was_none(let):
    let.lease.since = DAY + timedelta(days=9)
    let.lease.save()
    life.record_death(actor=let.worker, resident=let.tenant, on=DAY + timedelta(days=5))
    assert until() == DAY + timedelta(days=9)


def test_it_ends_when_the_dwelling_is_empty_or_goes(let):
    Dwelling.objects.filter(pk=let.next.pk).update(use="rented")
    let.next.refresh_from_db()
    records.change(let.next, actor=let.worker, use="empty")
    assert until() == timezone.localdate()


def test_it_ends_with_the_door_and_with_the_firm(family):
    firm = OrganisationFactory(grid=family.home.grid)
    term = timezone.localdate() + timedelta(days=30)
    call = {"actor": family.worker, "organisation": firm, "since": DAY, "until": term}
    life.begin_tenancy(dwelling=family.next, **call)
    records.end(family.next, actor=family.worker, on=DAY + timedelta(days=4), reason="拆除")
    assert until() == DAY + timedelta(days=4)
    other = life.begin_tenancy(dwelling=family.door, **call)
    records.end(firm, actor=family.worker, on=DAY + timedelta(days=6), reason="注销")
    assert Tenancy.objects.get(pk=other.pk).until == DAY + timedelta(days=6)


def test_a_person_is_not_erased_while_a_fixed_term_runs(let):
    life.move_out(actor=let.worker, resident=let.tenant, on=DAY + timedelta(days=5))
    Tenancy.objects.update(until=let.term)
    head = let.county.person("centre_head", unit=let.county.west.station)
    let.tenant.refresh_from_db()
    with pytest.raises(Conflict):
        subject.erase(actor=head, resident=let.tenant, reason="本人申请")
    subject.erase_now(let.tenant, actor=head, reason="本人申请")
    lease = Tenancy.objects.get()
    assert (lease.until, lease.tenant) == (timezone.localdate(), None)


def test_one_that_is_over_when_it_is_written_down_lets_nothing(family):
    life.begin_tenancy(
        actor=family.worker, dwelling=family.next, tenant=family.son, since=DAY, until=DAY + timedelta(days=20)
    )
    assert Dwelling.objects.get(pk=family.next.pk).use == "own"


def told(door):
    rows = Change.objects.filter(kind="dwelling", record_id=door.pk).order_by("pk")
    return [(row.action, row.user, row.changes) for row in rows]


def test_its_beginning_and_end_stand_in_the_history_of_the_dwelling(let):
    own = {"tenant_id": ["", let.tenant.pk]}
    begun = own | {"since": ["", str(DAY)], "until": ["", str(let.term)], "use": ["own", "rented"]}
    assert told(let.next) == [("let", let.worker, begun)]
    life.end_tenancy(actor=let.operator, tenancy=let.lease, on=DAY + timedelta(days=3))
    ended = own | {"until": [str(let.term), str(DAY + timedelta(days=3))]}
    assert told(let.next)[1:] == [("tenancy_ended", let.operator, ended)]  # somebody lives there: the use stays


def test_one_that_a_change_of_use_or_a_death_closes_is_told_of_too(let):
    second = life.begin_tenancy(actor=let.worker, dwelling=let.next, tenant=let.son, since=DAY)
    life.record_death(actor=let.worker, resident=let.tenant, on=DAY + timedelta(days=5))
    let.next.refresh_from_db()
    records.change(let.next, actor=let.worker, use="empty")
    second.refresh_from_db()
    assert [
        (action, row["tenant_id"][1], row["until"])
        for action, _who, row in told(let.next)
        if action == "tenancy_ended"
    ] == [
        ("tenancy_ended", let.tenant.pk, [str(let.term), str(DAY + timedelta(days=5))]),
        ("tenancy_ended", let.son.pk, ["", str(timezone.localdate())]),
    ]


def test_the_history_names_the_tenant_while_there_is_a_name(let):
    url = reverse("residents:history", args=["dwelling", let.next.pk])
    words = text_of(visit(let.worker).get(url))
    assert "周新" in words and str(let.term) in words
    life.move_out(actor=let.worker, resident=let.tenant, on=DAY)
    let.tenant.refresh_from_db()
    subject.erase_now(let.tenant, actor=None, reason="本人申请")
    assert "周新" not in text_of(visit(let.worker).get(url))
    assert "周新" not in str(told(let.next))
