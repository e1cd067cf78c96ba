"""Clocks through the services: which limit runs in which status, pauses over a real holiday, more time, lateness."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from events import calendars, services
from events.clocks import BEIJING
from events.models import Assignment, Event, StageLimit, StageRecord, Transition
from events.services import sweep
from tests.factories import StandardFactory

HOUR = 3600
DAYTIME = {"limit": 4, "limit_unit": "work_hour"}


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.fixture
def county(county):
    """Normal stages take four working hours; 2026 has its public holidays."""
    StageLimit.objects.filter(urgency="normal").update(**DAYTIME)
    calendars.fill(2026)
    calendars.forget()
    yield county
    calendars.forget()


class Case:
    """One event and its county; `take("sign", "2026-09-28 10:00")` is a step at that time of Beijing."""

    def __init__(self, county, time_machine, reported_at, standard=None):
        self.county, self.clock = county, time_machine
        self.standard = standard or county.standard
        self.clock.move_to(at(reported_at), tick=False)
        row = services.report(
            actor=county.worker, description="井盖缺失", location=county.west.point, standard=self.standard.pk
        )
        self.pk = row.event_id

    @property
    def event(self):
        return Event.objects.get(pk=self.pk)

    def take(self, action, moment, **supplied):
        county = self.county
        desk = {"register", "dispatch", "suspend", "resume", "grant_time"}
        field = {"verify_pass", "rework"}
        actor = county.operator if action in desk else county.worker if action in field else county.staff
        defaults = {
            "register": {"standard": self.standard.pk, "urgency": "normal"},
            "dispatch": {"lead": county.urban.pk},
            "suspend": {"words": "等材料", "until": date(2026, 12, 31)},
            "resume": {"words": "材料已到"},
            "ask_time": {"words": "需要开挖"},
            "feed_back": {"words": "已更换"},
            "verify_pass": {"words": "现场已恢复", "location": county.west.point},
            "rework": {"words": "仍有松动"},
        }
        self.clock.move_to(at(moment), tick=False)
        services.advance(event_id=self.pk, action=action, actor=actor, **defaults.get(action, {}) | supplied)
        return self.event

    def sweep(self, moment):
        self.clock.move_to(at(moment), tick=False)
        sweep.sweep()
        return self.event

    def actions(self):
        return list(Transition.objects.filter(event=self.pk).order_by("seq").values_list("action", flat=True))


@pytest.fixture
def case(county, time_machine):
    return lambda reported_at, **options: Case(county, time_machine, reported_at, **options)


def in_work(case, **options):
    """Reported, registered, dispatched and signed for on Monday 28 September 2026 between 09:00 and 10:00."""
    made = case("2026-09-28 09:00", **options)
    made.take("register", "2026-09-28 09:15")
    made.take("dispatch", "2026-09-28 09:30")
    made.take("sign", "2026-09-28 10:00")
    return made


def test_each_stage_has_its_own_deadline_and_handling_runs_from_dispatch(case):
    made = case("2026-09-28 17:00")
    assert made.event.due_at == at("2026-09-29 11:00")
    assert made.event.yellow_at == at("2026-09-29 10:00")
    assert made.take("register", "2026-09-28 17:30").due_at == at("2026-09-29 11:30")
    assert made.take("dispatch", "2026-09-28 18:30").due_at == at("2026-09-29 12:00")
    signed = made.take("sign", "2026-09-29 09:00")  # two working days from 18:30 on the 28th
    assert signed.due_at == signed.handle_due_at == at("2026-09-30 18:00")
    assert signed.yellow_at == at("2026-09-30 12:00")


def test_handling_goes_over_the_holiday_to_the_working_days_behind_it(case):
    made = case("2026-09-30 16:00")
    made.take("register", "2026-09-30 16:10")
    event = made.take("dispatch", "2026-09-30 17:00")
    assert event.handle_due_at == at("2026-10-09 17:00")


def test_a_suspension_over_the_holiday_keeps_the_working_time_that_was_left(case):
    made = in_work(case)
    assert made.event.due_at == at("2026-09-30 09:30")
    paused = made.take("suspend", "2026-09-29 16:30")  # three hours left: 90 minutes today, 90 tomorrow
    assert (paused.due_at, paused.handle_due_at, paused.stage_left) == (None, None, 3 * HOUR)
    event = made.take("resume", "2026-10-05 10:00", words="提前恢复")
    assert event.due_at == event.handle_due_at == at("2026-10-08 11:00")
    assert Assignment.objects.get(event=made.pk).due_at == at("2026-10-08 11:00")


def test_a_late_event_that_was_suspended_is_noted_late_once(case):
    made = in_work(case)
    made.sweep("2026-09-30 10:00")
    assert made.actions().count("overdue") == 1
    made.take("suspend", "2026-09-30 11:00")
    made.take("resume", "2026-10-08 09:00")
    event = made.sweep("2026-10-08 09:05")
    assert event.due_at == at("2026-09-30 17:30")  # 90 working minutes late at 09:00, as when it was suspended
    assert event.late
    assert made.actions().count("overdue") == 1


def test_a_yellow_event_that_was_suspended_is_warned_of_once_and_still_noted_when_late(case):
    made = in_work(case)
    made.sweep("2026-09-29 17:00")
    made.take("suspend", "2026-09-29 17:30")
    made.take("resume", "2026-10-08 09:00")
    made.sweep("2026-10-08 09:05")
    assert made.actions().count("due_soon") == 1
    made.sweep("2026-10-08 18:00")
    assert made.actions().count("overdue") == 1


def test_more_time_moves_the_deadline_and_the_yellow_light(case):
    made = in_work(case)
    made.take("ask_time", "2026-09-29 09:00", amount=Decimal(2), amount_unit="work_day")
    event = made.take("grant_time", "2026-09-29 10:00")
    assert event.due_at == event.handle_due_at == at("2026-10-09 09:30")
    assert event.handle_seconds == 4 * 8 * HOUR
    assert event.yellow_at == at("2026-10-08 09:30")  # a quarter of four days before the end
    assert Assignment.objects.get(event=made.pk).due_at == event.due_at


def test_the_used_share_is_of_working_time_and_leaves_the_suspension_out(case):
    made = in_work(case)
    made.take("suspend", "2026-09-28 14:30")
    made.take("resume", "2026-10-08 08:00")
    made.take("feed_back", "2026-10-08 12:00")
    turn = Assignment.objects.get(event=made.pk)
    assert turn.used_share == pytest.approx(7 / 16, abs=1e-4)  # 09:30-12:00, 14:00-14:30 and 08:00-12:00
    assert not turn.late
    stage = StageRecord.objects.get(event=made.pk, stage="handle")
    assert (stage.used_share, stage.late) == (turn.used_share, False)


def test_a_limit_shorter_than_the_time_to_sign_is_watched_while_nobody_signs(case):
    urgent = StandardFactory(code="E0199-1", limit=Decimal(2), limit_unit="urgent_hour")
    made = case("2026-09-30 16:00", standard=urgent)
    made.take("register", "2026-09-30 16:10")
    event = made.take("dispatch", "2026-09-30 17:00")
    assert event.handle_due_at == at("2026-09-30 19:00")
    assert event.due_at == at("2026-09-30 19:00")
    made.sweep("2026-09-30 19:30")
    assert made.actions()[-1] == "overdue"
    assert made.event.late


def test_the_deadline_itself_is_in_time(case):
    made = in_work(case)
    made.take("feed_back", "2026-09-30 09:30")
    assert not StageRecord.objects.get(event=made.pk, stage="handle").late
    assert not made.event.late


def test_one_second_later_is_late_and_stays_so(case):
    made = in_work(case)
    made.take("feed_back", "2026-09-30 09:30:01")
    assert StageRecord.objects.get(event=made.pk, stage="handle").late
    assert made.take("verify_pass", "2026-09-30 10:00").late


def test_moments_are_kept_to_the_microsecond_on_both_databases(case):
    made = case("2026-09-28 09:00:00.123456")
    assert made.event.due_at == at("2026-09-28 15:00:00.123456")
    assert made.event.due_at.astimezone(UTC).hour == 7
