"""Two at once at the same people: one record, one household, one open stay, whoever was first."""

from datetime import date

import pytest

from accounts.models import User
from core.errors import Conflict, DomainError, Invalid
from residents import recount
from residents.models import Household, Resident, Stay, Tenancy
from residents.services import life, records
from tests.factories import County
from tests.residents.factories import DwellingFactory, HouseholdFactory, id_number
from tests.test_races import at_once

ROUNDS = 3
DAY = date(2026, 3, 1)


@pytest.fixture
def county(shared_database):
    return County()


def by(user, call):
    """The call by this person, who is read in the thread as a request does."""
    return lambda: call(User.objects.get(pk=user.pk))


def a_home(county):
    return HouseholdFactory(dwelling__building__grid=county.west.grids[0])


def test_the_same_number_twice_at_once_is_one_person(county):
    home = a_home(county)
    for _n in range(ROUNDS):
        given = {"household": home, "name": "刘珍珍", "id_number": id_number()}

        def add(actor, given=given):
            return records.add("resident", actor=actor, **given)

        results = at_once(by(county.worker, add), by(county.operator, add))
        lost = [one for one in results if isinstance(one, Exception)]
        assert len(lost) == 1 and isinstance(lost[0], Conflict | Invalid), results
    assert Resident.objects.count() == Stay.objects.count() == ROUNDS


def test_two_edits_of_one_state_let_one_win(county):
    person = records.add("resident", actor=county.worker, household=a_home(county), name="刘珍珍")
    for turn in range(ROUNDS):
        seen = Resident.objects.get().updated_at

        def edit(actor, seen=seen, turn=turn):
            return records.change(person, actor=actor, seen=seen, occupation=f"{turn} {actor.pk}")

        results = at_once(by(county.worker, edit), by(county.operator, edit))
        lost = [one for one in results if isinstance(one, Exception)]
        assert len(lost) == 1 and isinstance(lost[0], Conflict), results
        assert lost[0].facts["by"] in (str(county.worker), str(county.operator))


def test_a_death_and_a_move_at_once_leave_one_truth(county):
    for _n in range(ROUNDS):
        home = a_home(county)
        target = DwellingFactory(building=home.dwelling.building, storey=1)
        head = records.add(
            "resident", actor=county.worker, household=home, name="刘大力", relation="02", since=DAY
        )
        wife = records.add(
            "resident", actor=county.worker, household=home, name="陈芳", relation="10", since=DAY
        )
        steps = {
            life.record_death: {"resident": head, "on": DAY},
            life.move_within: {"resident": head, "dwelling": target, "on": DAY},
            life.move_out: {"resident": wife, "on": DAY},
        }
        results = at_once(
            *(
                by(county.operator, lambda actor, s=step, g=given: s(actor=actor, **g))
                for step, given in steps.items()
            )
        )
        assert all(isinstance(one, Resident | DomainError) for one in results), results
        assert any(isinstance(one, Resident) for one in results)
        home.refresh_from_db()
        left = list(Resident.objects.living().filter(household=home).values_list("pk", flat=True))
        assert (home.head_id is None) == (not left) == (home.ended_on is not None), results
        assert home.head_id in (None, *left)
    assert recount.disagreements() == {} and recount.wrong_figures() == []


def test_two_tellers_of_one_tenancy_make_one(county):
    door = a_home(county).dwelling
    tenant = records.add("resident", actor=county.worker, household=Household.objects.get(), name="周新")
    results = at_once(
        *(
            by(user, lambda actor: life.begin_tenancy(actor=actor, dwelling=door, tenant=tenant, since=DAY))
            for user in (county.worker, county.operator)
        )
    )
    assert len({one.pk for one in results}) == 1 == Tenancy.objects.count()
