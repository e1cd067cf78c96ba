"""The working calendar in the database: filling, hand-made changes, the copy in a process, missing years."""

from datetime import date, datetime
from io import StringIO

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from core import versions
from events import calendars, checks, clocks
from events.models import CalendarDay
from events.models.standard import LimitUnit

pytestmark = pytest.mark.django_db
COUNCIL, LOCAL = CalendarDay.Source.STATE_COUNCIL, CalendarDay.Source.LOCAL
NATIONAL_DAY_2026 = {date(2026, 10, day): False for day in range(1, 8)} | {date(2026, 10, 10): True}


@pytest.fixture(autouse=True)
def empty_calendar():
    """Each test begins without days, whatever a migration put there, and without a kept copy."""
    CalendarDay.objects.all().delete()
    calendars.forget()
    yield
    calendars.forget()


def working_by_date(**where):
    return dict(CalendarDay.objects.filter(**where).order_by("date").values_list("date", "working"))


def english(years):
    with translation.override("en"):
        return calendars.missing_words(years)[0]


def run(*years):
    out, err = StringIO(), StringIO()
    with translation.override("en"):
        call_command("fill_calendar", *years, stdout=out, stderr=err, no_color=True)
    return out.getvalue(), err.getvalue()


def test_the_units_in_the_database_are_those_of_the_clocks():
    assert list(LimitUnit.values) == [str(unit) for unit in clocks.LimitUnit]


def test_filling_2026_writes_the_state_councils_days():
    done = calendars.fill(2026)
    assert done == calendars.Filled(2026, added=39)
    assert CalendarDay.objects.filter(source=COUNCIL).count() == 39
    assert CalendarDay.objects.filter(working=False).count() == 33
    assert sorted(working_by_date(working=True)) == [
        date(2026, 1, 4),
        date(2026, 2, 14),
        date(2026, 2, 28),
        date(2026, 5, 9),
        date(2026, 9, 20),
        date(2026, 10, 10),
    ]
    assert working_by_date(date__year=2026, date__month=10) == NATIONAL_DAY_2026


def test_the_days_carry_their_chinese_names():
    calendars.fill(2026)
    names = dict(CalendarDay.objects.values_list("date", "name"))
    assert names[date(2026, 10, 1)] == "国庆节"
    assert names[date(2026, 10, 10)] == "国庆节调休上班"
    assert names[date(2026, 2, 17)] == "春节"


def test_2026_has_248_working_days():
    calendars.fill(2026)
    start, end = (datetime(year, 1, 1, tzinfo=clocks.BEIJING) for year in (2026, 2027))
    assert clocks.used_seconds(start, end, "work_day", calendars.current()) == 248 * 8 * 3600


def test_filling_twice_changes_nothing_and_wakes_nobody():
    calendars.fill(2026)
    before = versions.read()
    assert calendars.fill(2026) == calendars.Filled(2026)
    assert versions.read() == before


def test_filling_costs_the_same_few_queries(django_assert_num_queries):
    with django_assert_num_queries(4):  # savepoint, days of the year, one insert, release
        calendars.fill(2026)
    with django_assert_num_queries(3):  # savepoint, days of the year, release
        calendars.fill(2026)


def test_a_day_set_here_is_kept_against_the_notice():
    CalendarDay.objects.create(date=date(2026, 10, 10), working=False, name="县庆", source=LOCAL)
    CalendarDay.objects.create(date=date(2026, 11, 18), working=False, name="停电", source=LOCAL)
    done = calendars.fill(2026)
    assert (done.added, done.corrected, done.kept) == (38, 0, (date(2026, 10, 10),))
    kept = CalendarDay.objects.get(date=date(2026, 10, 10))
    assert (kept.working, kept.name, kept.source) == (False, "县庆", LOCAL)
    assert CalendarDay.objects.filter(date=date(2026, 11, 18), working=False, name="停电").exists()


def test_a_day_of_the_notice_changed_by_hand_becomes_local_and_is_kept():
    calendars.fill(2026)
    day = CalendarDay.objects.get(date=date(2026, 10, 10))
    day.working = False
    day.save()
    assert CalendarDay.objects.get(pk=day.pk).source == LOCAL
    assert calendars.fill(2026).kept == (date(2026, 10, 10),)
    assert working_by_date(date=date(2026, 10, 10)) == {date(2026, 10, 10): False}


def test_changing_one_field_only_takes_the_source_along():
    calendars.fill(2026)
    day = CalendarDay.objects.get(date=date(2026, 10, 10))
    day.working = False
    day.save(update_fields=["working"])
    assert CalendarDay.objects.get(pk=day.pk).source == LOCAL


def test_a_note_on_a_day_of_the_notice_does_not_make_it_local():
    calendars.fill(2026)
    day = CalendarDay.objects.get(date=date(2026, 10, 10))
    day.note = "看门的也要来"
    day.save()
    calendars.fill(2026)
    day.refresh_from_db()
    assert (day.source, day.note) == (COUNCIL, "看门的也要来")


def test_a_wrong_day_of_the_notice_is_corrected_and_a_strange_one_named():
    CalendarDay.objects.create(date=date(2026, 10, 1), working=True, name="?", source=COUNCIL)
    CalendarDay.objects.create(date=date(2026, 7, 1), working=False, source=COUNCIL)
    done = calendars.fill(2026)
    assert (done.added, done.corrected, done.unmatched) == (38, 1, (date(2026, 7, 1),))
    first = CalendarDay.objects.get(date=date(2026, 10, 1))
    assert (first.working, first.name) == (False, "国庆节")


def test_a_year_the_library_does_not_have_is_no_error():
    assert calendars.fill(2199) == calendars.Filled(2199, available=False)
    assert not CalendarDay.objects.exists()


def test_the_library_has_2024_to_2026_at_least():
    years = calendars.library_years()
    assert years[:3] == [2024, 2025, 2026]
    assert years == list(range(2024, years[-1] + 1))


# --- the copy in a process ---


def test_the_current_calendar_is_the_tables():
    calendars.fill(2026)
    calendar = calendars.current()
    assert calendar.known_years == frozenset({2026})
    assert not calendar.is_working(date(2026, 10, 5))
    assert calendar.is_working(date(2026, 10, 10))


def test_it_is_read_once_and_again_after_any_change(django_assert_num_queries):
    calendars.fill(2026)
    with django_assert_num_queries(2):  # versions, days
        first = calendars.current()
    with django_assert_num_queries(1):  # versions
        assert calendars.current() is first
    known = versions.read()
    with django_assert_num_queries(0):
        assert calendars.current(known) is first
    # Not through a model: whatever changes the table is noticed.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE events_calendarday SET working = %s WHERE date = %s", [False, "2026-10-10"])
    assert not calendars.current().is_working(date(2026, 10, 10))


def test_a_change_that_was_rolled_back_leaves_no_trace_in_the_process():
    calendars.fill(2026)
    day = CalendarDay.objects.filter(date=date(2026, 11, 18))
    savepoint = transaction.savepoint()
    CalendarDay.objects.create(date=date(2026, 11, 18), working=False)
    assert not calendars.current().is_working(date(2026, 11, 18))
    transaction.savepoint_rollback(savepoint)
    assert not day.exists()
    # The next change must not be taken for the one that never was.
    CalendarDay.objects.create(date=date(2026, 11, 19), working=False)
    calendar = calendars.current()
    assert calendar.is_working(date(2026, 11, 18))
    assert not calendar.is_working(date(2026, 11, 19))


def test_an_empty_calendar_is_monday_to_friday():
    calendar = calendars.current()
    assert calendar.known_years == frozenset()
    assert calendar.is_working(date(2026, 10, 1))


# --- missing years ---


@pytest.mark.parametrize(
    ("today", "missing"),
    [
        (date(2026, 9, 30), []),
        (date(2026, 10, 1), [2027]),
        (date(2026, 12, 31), [2027]),
        (date(2027, 1, 1), [2027]),
        (date(2027, 10, 1), [2027, 2028]),
    ],
)
def test_this_year_and_from_october_the_next_must_be_there(today, missing):
    calendars.fill(2026)
    assert calendars.years_missing(today) == missing


def test_a_day_off_of_ones_own_does_not_make_a_year_known():
    CalendarDay.objects.create(date=date(2026, 5, 4), working=False)
    assert calendars.years_missing(date(2026, 5, 4)) == [2026]
    assert calendars.current().known_years == frozenset()


def test_a_notice_typed_in_by_hand_makes_a_year_known():
    CalendarDay.objects.create(date=date(2027, 10, 1), working=False, name="国庆节")
    assert calendars.years_missing(date(2027, 3, 1)) == []


def test_the_check_warns_in_words_of_the_missing_year(time_machine):
    time_machine.move_to("2026-11-21T12:00:00+08:00")
    calendars.fill(2026)
    with translation.override("en"):
        (warning,) = checks.calendar_has_the_years_needed(databases=["default"])
    assert (warning.id, warning.level) == ("events.W001", 30)
    assert warning.msg == (
        "The working calendar has no public holidays for 2027: Monday to Friday are taken as worked."
    )
    assert "fill_calendar" in warning.hint


def test_the_check_is_registered_for_the_database(time_machine):
    time_machine.move_to("2026-11-21T12:00:00+08:00")
    assert "events.W001" in {message.id for message in run_checks(databases=["default"])}
    assert "events.W001" not in {message.id for message in run_checks()}


def test_the_check_is_silent_when_nothing_is_missing(time_machine):
    time_machine.move_to("2026-09-21T12:00:00+08:00")
    calendars.fill(2026)
    assert checks.calendar_has_the_years_needed(databases=["default"]) == []


def test_the_check_says_nothing_before_the_first_migration(monkeypatch):
    monkeypatch.setattr(CalendarDay._meta, "db_table", "events_notyetthere")
    assert checks.calendar_has_the_years_needed(databases=["default"]) == []


def test_the_present_day_is_that_of_beijing(time_machine):
    time_machine.move_to("2026-09-30T16:30:00+00:00")  # 00:30 on 1 October there
    calendars.fill(2026)
    assert calendars.years_missing() == [2027]


# --- the command ---


def test_the_command_fills_every_year_of_the_library(time_machine):
    time_machine.move_to("2026-03-01T12:00:00+08:00")
    out, err = run()
    assert out.splitlines()[:3] == [
        "2024: 36 days added, 0 corrected.",
        "2025: 33 days added, 0 corrected.",
        "2026: 39 days added, 0 corrected.",
    ]
    assert err == ""
    assert run()[0].splitlines()[2] == "2026: 0 days added, 0 corrected."


def test_the_command_warns_of_a_year_the_library_lacks(time_machine):
    time_machine.move_to("2026-11-21T12:00:00+08:00")
    out, err = run(2026, 2199)
    assert out == "2026: 39 days added, 0 corrected.\n"
    assert "2199: the installed chinesecalendar has no such year" in err
    assert english([2027]) in err


def test_the_command_names_what_it_left_alone(time_machine):
    time_machine.move_to("2026-03-01T12:00:00+08:00")
    CalendarDay.objects.create(date=date(2026, 10, 10), working=False, source=LOCAL)
    CalendarDay.objects.create(date=date(2026, 7, 1), working=False, source=COUNCIL)
    out, err = run(2026)
    assert "2026: kept as set here, against the notice: 2026-10-10." in out
    assert "2026: not in the notice, please look at: 2026-07-01." in err


# --- constraints ---


def test_a_day_is_there_once():
    CalendarDay.objects.create(date=date(2026, 10, 1), working=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        CalendarDay.objects.create(date=date(2026, 10, 1), working=True)


def test_the_source_is_one_of_two_also_in_the_database():
    day = CalendarDay(date=date(2026, 10, 1), working=False, source="radio")
    with pytest.raises(ValidationError) as refused:
        day.full_clean()
    assert "source" in refused.value.message_dict
    with pytest.raises(IntegrityError), transaction.atomic():
        CalendarDay.objects.bulk_create([day])
