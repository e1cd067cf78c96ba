"""Care registers: who may know of a class, and the steps of an entry."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from core.errors import Conflict, Invalid, NotFound, Refused
from residents import care
from residents.forms.care import EntryForm
from residents.models import CareClass, CareRecord, Change
from residents.selectors.person import timeline
from residents.services import care as registers
from residents.services import life, support
from tests.factories import PostFactory
from tests.residents.scene import CareClassFactory, stored

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
DATA = {"contact": "钱小", "contact_phone": "13811112222", "health": "自理"}


def begin(people, actor=None, **more):
    given = {"resident": people.old, "care_class": people.solitary, "reason": "子女在外地"} | more
    return registers.begin(actor=actor or people.county.worker, **given)


def test_classes_follow_the_roles_and_the_place(county, people):
    west, east = people.home.path, people.far_home.path
    assert people.disorder in care.classes_for(people.leader)
    assert people.disorder in care.classes_for(people.leader, west)
    assert people.disorder not in care.classes_for(people.leader, east)
    assert people.solitary in care.classes_for(county.worker)
    assert not [one for one in care.classes_for(county.worker) if one.statutory]
    assert care.classes_for(county.stranger) == []
    assert care.classes_for(people.inspector) == []


def test_two_posts_do_not_add_up(people):
    """A grid leader here who is a worker there knows of statutory registers here only."""
    leader = people.leader
    PostFactory(user=leader, role="worker_full", grid=people.far_home)
    vars(leader).pop("_scope", None)
    assert people.disorder not in care.classes_for(leader, people.far_home.path)
    assert care.paths_of(leader, people.disorder) == {people.home.path}
    assert care.paths_of(leader, people.solitary) == {people.home.path, people.far_home.path}


def test_entries_are_seen_by_whoever_may_know_their_class(county, people):
    seen, hidden = people.care(), people.care(people.far)
    other = CareClassFactory(code="only-heads", roles=["centre_head"])
    secret = CareRecord.objects.create(
        resident=people.old, care_class=other, grid=people.home, visit_days=30, since=TODAY
    )
    assert set(CareRecord.objects.visible_to(county.worker)) == {seen}
    assert set(CareRecord.objects.visible_to(people.head)) == {seen, secret}
    assert set(CareRecord.objects.visible_to(county.worker_east)) == {hidden}
    assert not CareRecord.objects.visible_to(people.inspector).exists()
    assert not CareRecord.objects.visible_to(county.worker_next).exists()


def test_an_entry_from_beginning_to_end(county, people):
    entry = begin(people, data=DATA, responsible=county.worker, attention=1)
    assert (entry.grid, entry.visit_days, entry.next_visit) == (people.home, 7, TODAY + timedelta(days=7))
    assert entry.values == DATA
    assert "13811112222" not in str(CareRecord.objects.values())
    entry = registers.visit(entry, actor=county.worker)
    assert (entry.visited_on, entry.next_visit) == (TODAY, TODAY + timedelta(days=7))
    entry = registers.change(entry, actor=county.worker, visit_days=3, data=DATA | {"health": "失能"})
    assert (entry.next_visit, entry.values["health"]) == (TODAY + timedelta(days=3), "失能")
    entry = registers.end(entry, actor=county.worker, reason="已入住养老院")
    assert (entry.until, entry.next_visit, entry.end_reason) == (TODAY, None, "已入住养老院")
    with pytest.raises(Conflict):
        registers.visit(entry, actor=county.worker)
    told = list(Change.objects.filter(kind="care").order_by("pk").values_list("action", flat=True))
    assert told == ["begun", "visited", "changed", "ended"]
    assert "13811112222" not in str(Change.objects.values()) and "失能" not in str(Change.objects.values())


def test_the_same_register_twice_is_a_conflict(people):
    begin(people)
    with pytest.raises(Conflict):
        begin(people)
    assert CareRecord.objects.count() == 1


def test_who_may_not_know_the_class_cannot_try_it(county, people):
    secret = CareClassFactory(code="only-heads", roles=["centre_head"])
    for care_class in (secret, people.disorder, 999_999):
        with pytest.raises(NotFound):
            begin(people, care_class=care_class)
    with pytest.raises(NotFound):
        begin(people, actor=county.worker_east)
    with pytest.raises(Refused):
        begin(people, actor=county.person("police_officer", grid=people.home))
    assert (CareRecord.objects.count(), Change.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("since", {"since": TODAY + timedelta(days=1)}),
        ("attention", {"attention": 9}),
        ("visit_days", {"visit_days": 0}),
        ("visit_days", {"visit_days": "often"}),
        ("responsible", {"responsible": 999_999}),
        ("own_contact_phone", {"data": {"contact_phone": "12"}}),
        ("reason", {"reason": "长" * 201}),
    ],
)
def test_what_is_wrong_is_named(people, name, more):
    with pytest.raises(Invalid) as caught:
        begin(people, **more)
    assert list(caught.value.fields) == [name]
    assert CareRecord.objects.count() == 0


def test_only_people_with_a_post_here_can_be_responsible(county, people):
    with pytest.raises(Invalid):
        begin(people, responsible=county.worker_east)
    assert county.operator_top in registers.workers_at(people.home.path, people.solitary)
    assert begin(people, responsible=county.operator).responsible == county.operator


def test_departure_ends_what_is_open(county, people):
    entry = begin(people, since=date(2026, 1, 1))
    life.move_out(actor=county.worker, resident=people.old, on=TODAY, reason="随子女外迁")
    entry.refresh_from_db()
    assert (entry.until, entry.end_reason) == (TODAY, "随子女外迁")


def test_a_changed_class_cannot_lose_its_reasons():
    with pytest.raises(Exception, match=r"(?i)reasoned|constraint|CHECK"):
        CareClass.objects.create(code="x", name="x", group="care", purpose="", legal_basis="")


def test_every_visit_stays_and_the_timeline_shows_all_of_them(people, django_assert_max_num_queries):
    record = begin(people, since=TODAY - timedelta(days=60), data=DATA)
    for days, words in ((30, "灯坏了，已报修"), (10, ""), (10, ""), (20, "补记"), (0, "一切正常")):
        registers.visit(record, actor=people.leader, on=TODAY - timedelta(days=days), words=words)
    record.refresh_from_db()
    assert (record.visited_on, record.next_visit) == (TODAY, TODAY + timedelta(days=record.visit_days))
    kept = [(visit.day, visit.words) for visit in record.visits.all()]
    assert kept == [
        (TODAY, "一切正常"), (TODAY - timedelta(days=10), ""), (TODAY - timedelta(days=20), "补记"),
        (TODAY - timedelta(days=30), "灯坏了，已报修"),
    ]  # fmt: skip
    assert "报修" not in stored("residents_visit")
    with django_assert_max_num_queries(4):
        lines = [one for one in timeline(people.leader, people.old) if one["kind"] == "visit"]
    assert [line["day"] for line in lines] == [day for day, _words in kept]
    assert lines[0]["words"] == f"{people.leader}: 一切正常"
    with pytest.raises(Invalid):
        registers.visit(record, actor=people.leader, words="长" * 301)
    with pytest.raises(Invalid):
        registers.visit(record, actor=people.leader, on=TODAY - timedelta(days=61))
    with pytest.raises(NotFound):
        registers.visit(record, actor=people.leader_east)
    assert record.visits.count() == 4


def test_visits_of_a_statutory_file_are_sealed_in_it_and_nowhere_else(people):
    file = people.file()
    for days in (9, 3):
        support.visit(actor=people.leader, pk=file.pk, on=TODAY - timedelta(days=days), words="按时服药")
    opened = support.open_file(actor=people.leader, pk=file.pk, reason="季度随访前查阅")
    assert [(day, words) for day, _who, words in opened.visited] == [
        (TODAY - timedelta(days=3), "按时服药"), (TODAY - timedelta(days=9), "按时服药"),
    ]  # fmt: skip
    for table in ("residents_visit", "residents_supportrecord", "residents_change"):
        assert "服药" not in stored(table) and str(TODAY - timedelta(days=3)) not in stored(table)
    # A page that anybody opens by the way says nothing of them, not even to those who may open the file.
    for reader in (people.leader, people.county.worker):
        assert not [line for line in timeline(reader, people.ill) if line["kind"] in ("visit", "care")]


def test_who_is_responsible_may_know_of_the_class(county, people):
    """A worker knows of no statutory register: neither offered nor taken, at the beginning or later."""
    path = people.home.path
    offered = set(registers.workers_at(path, people.disorder))
    assert people.leader in offered and people.head in offered
    assert not {county.worker, county.operator, people.inspector, people.leader_east} & offered
    file = people.file(people.neighbour, responsible=people.leader)
    for act in (
        lambda: people.file(responsible=county.worker),
        lambda: support.change(actor=people.leader, pk=file.pk, responsible=county.worker),
    ):
        with pytest.raises(Invalid) as caught:
            act()
        assert list(caught.value.fields) == ["responsible"]
    form = EntryForm(care_class=people.disorder, path=path)
    assert set(form.fields["responsible"].queryset) == offered
    only_heads = CareClassFactory(code="only-heads", roles=["centre_head"])
    with pytest.raises(Invalid):
        begin(people, actor=people.head, care_class=only_heads, responsible=people.leader)
    assert begin(people, actor=people.head, care_class=only_heads, responsible=people.head).responsible == people.head


def test_whose_post_has_ended_stays_until_somebody_else_is_chosen(county, people):
    entry, file = begin(people, responsible=people.leader), people.file(responsible=people.leader)
    people.leader.posts.update(until=TODAY)
    registers.change(entry, actor=county.worker, visit_days=9)
    support.change(actor=people.head, pk=file.pk, visit_days=9)
    entry.refresh_from_db()
    assert (entry.visit_days, entry.responsible) == (9, people.leader)
    kept = support.brief(actor=people.head, pk=file.pk)
    assert (kept.visit_days, kept.responsible) == (9, people.leader)
