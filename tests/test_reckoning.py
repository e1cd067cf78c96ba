"""Deadlines after the calendar has changed: as if it had been so from the beginning, and the history as it was."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events import calendars, tasks
from events.models import Assignment, CalendarDay, ChangedDay, Event, FigureTouch
from events.services import reckoning
from tests.admin.scene import administrator, browser, url
from tests.factories import StandardFactory
from tests.test_clocks_in_steps import Case, at, county, in_work  # noqa: F401  (a fixture)

NATURAL = {"amount": Decimal(3), "amount_unit": "natural_day"}


@pytest.fixture
def case(county, time_machine):  # noqa: F811
    yield lambda reported_at, **options: Case(county, time_machine, reported_at, **options)
    calendars.forget()


def without_holidays():
    CalendarDay.objects.all().delete()
    ChangedDay.objects.all().delete()
    calendars.forget()


def with_holidays():
    calendars.fill(2026)
    calendars.forget()


def clock_of(event):
    return [getattr(event, name) for name in reckoning.CLOCKS]


def handling_over_the_holiday(case):
    made = case("2026-09-30 16:00")
    made.take("register", "2026-09-30 16:10")
    made.take("dispatch", "2026-09-30 17:00")
    return made


def being_signed_for(case):
    return handling_over_the_holiday(case)


def in_hand(case):
    made = handling_over_the_holiday(case)
    made.take("sign", "2026-09-30 17:20")
    return made


def gone_on(case):
    made = in_hand(case)
    made.take("suspend", "2026-10-02 10:00")
    made.take("resume", "2026-10-03 09:30")
    return made


def standing_still(case):
    made = in_hand(case)
    made.take("suspend", "2026-10-01 10:00")
    return made


def with_working_time_granted(case):
    made = in_hand(case)
    made.take("ask_time", "2026-09-30 17:30", amount=Decimal(1), amount_unit="work_day")
    made.take("grant_time", "2026-09-30 17:40")
    return made


def with_natural_days_granted(case):
    made = in_hand(case)
    made.take("ask_time", "2026-09-30 17:30", **NATURAL)
    made.take("grant_time", "2026-09-30 17:40")
    made.take("suspend", "2026-10-01 10:00")
    made.take("resume", "2026-10-01 11:30")
    return made


def reported(case):
    return case("2026-09-30 17:00")


STORIES = [
    reported, being_signed_for, in_hand, gone_on, standing_still, with_working_time_granted, with_natural_days_granted,
]  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_a_year_filled_late_gives_the_deadlines_of_one_filled_in_time(case, story):
    without_holidays()
    made = story(case)
    before, rows = clock_of(made.event), made.actions()
    with_holidays()
    assert reckoning.redo(at("2026-09-30 17:45")) == reckoning.Reckoned(1, 1)
    after = clock_of(made.event)
    expected = story(case)  # the same steps with the calendar there
    assert after == clock_of(expected.event) != before
    turns = [list(Assignment.objects.filter(event=one.pk).values_list("due_at")) for one in (made, expected)]
    assert story is standing_still or turns[0] == turns[1]
    assert made.actions() == rows and FigureTouch.objects.filter(event_id=made.pk).exists()


def test_twice_changes_nothing_and_what_does_not_run_over_the_days_is_left_alone(case):
    without_holidays()
    far, urgent = in_work(case), case(
        "2026-09-30 16:00", standard=StandardFactory(code="E0199-1", limit=Decimal(9), limit_unit="urgent_day")
    )
    urgent.take("register", "2026-09-30 16:10", urgency="urgent")
    clocks = clock_of(far.event)
    CalendarDay.objects.create(date=date(2026, 10, 1), working=False)
    calendars.forget()
    assert reckoning.redo(at("2026-09-30 16:20")).moved == 0
    assert clock_of(far.event) == clocks and not ChangedDay.objects.exists()
    made = in_hand(case)
    CalendarDay.objects.filter(date=date(2026, 10, 1)).update(date=date(2026, 10, 5))
    calendars.forget()
    assert sorted(ChangedDay.objects.values_list("date", flat=True)) == [date(2026, 10, 1), date(2026, 10, 5)]
    notes = list(ChangedDay.objects.all())
    assert reckoning.redo(at("2026-09-30 17:45")).moved == 1
    due = made.event.due_at
    ChangedDay.objects.bulk_create(notes)  # a run that was killed before it could forget them
    assert reckoning.redo(at("2026-09-30 17:45")).moved == 0
    assert made.event.due_at == due


def test_a_deadline_that_lies_ahead_again_is_noted_again_and_being_late_stays(case):
    without_holidays()
    made = in_hand(case)
    assert made.sweep("2026-10-06 09:00").warned == 2
    with_holidays()
    reckoning.redo(at("2026-10-06 09:05"))
    event = made.event
    assert (event.due_at, event.warned, event.late) == (at("2026-10-09 17:00"), 0, True)
    made.sweep("2026-10-10 08:30")
    assert made.actions().count("overdue") == 2


def test_the_sweep_reckons_before_it_notes_anybody_late(case, time_machine):
    without_holidays()
    made = in_hand(case)
    with_holidays()
    time_machine.move_to(at("2026-10-06 09:00"), tick=False)
    assert tasks.sweep_clocks.apply().get()["overdue"] == 0
    assert made.event.due_at == at("2026-10-09 17:00") and made.actions()[-1] == "sign"


def test_a_batch_is_a_handful_of_statements_however_many_events_it_holds(case):
    def cost(count):
        without_holidays()
        for _n in range(count):
            reported(case)
        with_holidays()
        with CaptureQueriesContext(connection) as captured:
            reckoning.redo(at("2026-09-30 17:45"))
        return len([q for q in captured if "SAVEPOINT" not in q["sql"]])

    # changed days, the batch, versions, calendar, suspensions, grants, events, turns, touched figures, forgetting (two)
    assert cost(1) == cost(9)


def test_the_command_says_how_many_deadlines_it_has_moved(case, capsys):
    without_holidays()
    in_hand(case)
    call_command("fill_calendar", 2026)
    assert "1" in capsys.readouterr().out.splitlines()[-1]
    assert Event.objects.get().due_at == at("2026-10-09 17:00")


def test_the_admin_says_after_saving_how_many_deadlines_follow(case, county, monkeypatch):  # noqa: F811
    without_holidays()
    made, client = in_hand(case), browser(administrator(county.root))
    data = {"date": "2026-10-01", "working": "", "name": "国庆节", "note": ""}

    def post(path, given):
        answer = client.post(path, given)
        assert answer.status_code == 302, answer.context["errors"]
        calendars.forget()
        return [str(one) for one in client.get(url(CalendarDay)).context["messages"]]

    said = post(url(CalendarDay, "add"), data)
    assert len(said) == 2 and "1" in said[1]
    moved = made.event.due_at
    assert moved == at("2026-10-05 17:00")
    day = CalendarDay.objects.get()
    assert len(post(url(CalendarDay, "change", day.pk), {**data, "note": "假"})) == 1  # nothing that matters
    sent = []
    monkeypatch.setattr("events.admin_rules.AT_ONCE", 0)
    monkeypatch.setattr(tasks.reckon_deadlines, "apply_async", lambda args, **how: sent.append(how))
    assert len(post(url(CalendarDay, "delete", day.pk), {"post": "yes"})) == 2
    assert (len(sent), made.event.due_at) == (1, moved)
    assert tasks.reckon_deadlines.apply().get() == 1
    assert made.event.due_at == at("2026-10-02 17:00")
