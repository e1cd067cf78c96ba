"""The figures from the rollups are those counted from the events, after any steps, folded or not."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core import versions
from core.errors import DomainError
from events import figures, services, workflow
from events.figures import checking, counted, folding, spans, sums
from events.models import (
    Assignment,
    DayFigure,
    DayKind,
    DayUnit,
    Event,
    FigurePlace,
    FigureState,
    FigureTouch,
    FoldedEvent,
    OpenFigure,
    OpenKind,
    OpenUnit,
)
from events.services import sweep
from events.services.advance import facts_of
from events.services.step import Surroundings
from grids.scope import Scope
from tests.scenes import Scene, photo

A_DAY = timedelta(days=1)
SEED = 430281


@pytest.fixture
def scene(db):
    return Scene()


class Play:
    """Random steps by whoever may take them, and events moved about in time, as rollups do not get to choose."""

    def __init__(self, scene, seed):
        self.scene, self.r, self.taken = scene, random.Random(seed), Counter()

    def go(self, steps):
        for _step in range(steps):
            self.report() if self.r.random() < 0.25 or not Event.objects.exists() else self.step()

    def report(self):
        scene, r = self.scene, self.r
        street = r.choice([scene.west, scene.east])
        where = {"location": r.choice([street.point, (112.0, 27.0)])}
        standard = r.choice([None, scene.standard.pk])
        if r.random() < 0.15:
            actor = scene.worker
            shots = [photo(actor, kind) for kind in ("before", "after")]
            given = {"location": scene.west.point, "standard": scene.standard.pk, "photos": shots}
            services.report(actor=actor, settled=True, description="路灯", **given)
        else:
            actor = r.choice(["worker_full", "op_station", "worker_east", "reporter"])
            source = r.choice([None, "hotline", "resident"])
            actor = "op_station" if source == "hotline" else actor
            scene.report(actor, standard=standard, source=source, **where)

    def step(self):
        scene, r = self.scene, self.r
        event = r.choice(list(Event.objects.exclude(status__in=["rejected", "merged", "cancelled"])) or [scene.report()])
        facts = facts_of(event, Surroundings.read(), calls=True)
        people = list(scene.people.values())
        r.shuffle(people)
        for actor in people:
            moves = [m for m in workflow.moves_for(facts, Scope.of(actor).seats, actor.pk) if m not in ("whistle", "merge")]
            if not moves:
                continue
            action = r.choices(moves, [1 if m in ASIDE else 8 for m in moves])[0]
            try:
                services.advance(event_id=event.pk, action=action, actor=actor, **self.supplied(action))
            except DomainError:
                continue
            self.taken[action] += 1
            return

    def supplied(self, action):
        given = dict(self.scene.supplies(action))
        if action == "evaluate":
            given["stars"] = self.r.randint(1, 5)
        if action == "dispatch":
            given["lead"] = self.r.choice([self.scene.urban.pk, self.scene.fire.pk])
            given["co_units"] = [self.scene.police.pk] if self.r.random() < 0.5 else []
        if action == "ask_time":
            given["amount"] = Decimal(1)
        return given

    def shift(self):
        """Some events happened earlier: everything about them, by the same time (nothing of it is folded yet)."""
        folded = FoldedEvent.objects.values("event_id")
        for event in Event.objects.exclude(pk__in=folded):
            back = timedelta(hours=self.r.choice([0, 0, 3, 20, 26, 24 * 12, 24 * 35]))
            moved = {
                name: getattr(event, name) - back
                for name in INSTANTS if getattr(event, name) is not None
            }  # fmt: skip
            Event.objects.filter(pk=event.pk).update(**moved)
            for turn in Assignment.objects.filter(event=event):
                Assignment.objects.filter(pk=turn.pk).update(
                    **{n: getattr(turn, n) - back for n in ("dispatched_at", "due_at", "ended_at") if getattr(turn, n)}
                )


ASIDE = {"supervise", "answer", "cancel", "reject", "escalate", "hand_down", "place"}
INSTANTS = (
    "reported_at", "registered_at", "dispatched_at", "closed_at", "evaluated_at", "stage_since", "due_at", "yellow_at",
    "handle_due_at", "handle_yellow_at",
)  # fmt: skip


def panels(path, now, start, end, reading=None, instants=sums.EVERY):
    """What a wall shows of its territory; of its parts the rates that it shows."""
    parts = figures.children(path, now, start, end, reading, 1, instants)
    return [
        figures.overview(path, now, reading),
        figures.flow(path, now, reading),
        *(figures.trend(path, now, by, None, reading) for by in ("hour", "day", "month")),
        figures.kinds(path, start, end, 10, reading),
        figures.departments(path, start, end, now, reading),
        {pk: (one.open, one.late, one.soon, one.on_time, one.closing) for pk, one in parts.items() if quick(one)},
    ]


def quick(part):
    return part.open or part.on_time.denominator


def compare_wall(path, now, start, end):
    """What is read ahead with one statement is what each figure reads for itself, and that is counted in `compare`."""

    def look(reading):
        figures.Wall(path, start, end, 1).read(reading)
        with versions.held(), CaptureQueriesContext(connection) as queries:
            found = panels(path, now, start, end, reading, figures.DUE)
        assert len(queries) == 0, queries.captured_queries
        return found

    assert figures.together(now, look, path) == panels(path, now, start, end)


def compare(scene, now):
    """Every figure, of each kind of level, from the rollups and from the events."""
    today = spans.local(now).date()
    month, tomorrow = today - timedelta(days=40), today + A_DAY
    for path in (scene.root.path, scene.west.town.path, scene.west.village.path, scene.west.grids[0].path):
        assert figures.overview(path, now) == counted.overview(path, now)
        for step, other in zip(figures.flow(path, now), counted.flow(path, now), strict=True):
            assert (step.age is None) == (other.age is None)
            assert step.age is None or abs(step.age - other.age) < timedelta(seconds=2)
            assert replace(step, age=None) == replace(other, age=None)
        for start, end in ((month, tomorrow), (today - A_DAY, today)):
            assert figures.period(path, start, end, now) == counted.period(path, start, end, now)
            assert figures.departments(path, start, end, now) == counted.departments(path, start, end, now)
        compare_wall(path, now, month, tomorrow)
    for by, buckets in (("hour", 30), ("day", 4), ("month", 2)):
        assert figures.trend(path, now, by, buckets)[-4:] == counted.trend(path, now, by, 4)[-buckets:]
        assert figures.trend(scene.root.path, now, by, buckets)[-4:] == counted.trend(scene.root.path, now, by, 4)[-buckets:]


def test_after_any_steps_folded_or_not(scene):
    play = Play(scene, SEED)
    compare(scene, timezone.now())
    play.go(50)
    play.shift()
    compare(scene, timezone.now())  # nothing folded yet
    folding.fold()
    assert FoldedEvent.objects.count() == Event.objects.count() > 5
    play.go(40)
    compare(scene, timezone.now())  # some folded, some moved since
    sweep.sweep(timezone.now() + timedelta(hours=9))  # lights, lapses
    for hours in (3.2, 24 * 9):  # the clock alone changes lights
        compare(scene, timezone.now() + timedelta(hours=hours))
    folding.fold(timezone.now() + timedelta(hours=3.2))
    compare(scene, timezone.now())  # the clock goes back
    folding.fold(batch=3)
    assert folding.fold().events == 0
    compare(scene, timezone.now())
    assert sum(play.taken.values()) > 20 and len(play.taken) > 8 and play.taken["evaluate"], play.taken
    kept = nonzero()
    assert folding.rebuild(FigureState.objects.get().at) == Event.objects.count()
    assert nonzero() == kept
    compare(scene, timezone.now())


def nonzero():
    """Every row of the rollups that says something."""
    found = {}
    for model in (DayFigure, DayKind, DayUnit, OpenFigure, OpenKind, OpenUnit):
        names = [f.name for f in model._meta.fields if f.get_default() == 0]
        keys = [f.name for f in model._meta.fields if f.name not in names and f.name != "pk"]
        for row in model.objects.values():
            if any(row[name] for name in names):
                found[(model.__name__, *(row[key] for key in keys))] = [row[name] for name in names]
    return found


def test_what_was_changed_behind_its_back_is_found_named_and_repaired(scene, capsys):
    play = Play(scene, SEED + 1)
    play.go(40)
    turn = Assignment.objects.latest("pk")
    hour_ago = timezone.now() - timedelta(hours=1)
    Assignment.objects.filter(pk=turn.pk).update(outcome="passed", late=True, due_at=hour_ago)
    call_command("verify_figures", "--rebuild")
    assert f"{Event.objects.count()} " in capsys.readouterr().out
    compare(scene, timezone.now())
    today = timezone.localdate()
    DayFigure.objects.filter(place_id=FigurePlace.objects.get(path=scene.area.path).pk).update(closed=F("closed") + 7)
    with pytest.raises(CommandError):
        call_command("verify_figures")
    told = capsys.readouterr().err
    assert f"{today} {scene.area.path} dayfigure.closed" in told and told.count("\n") == 1
    call_command("verify_figures", "--to", "2020-12-31")  # the days asked for are right
    call_command("verify_figures", "--repair")
    call_command("verify_figures")
    # A turn exempted without a step: `touch` is what a service says, the check finds those that forget it.
    Assignment.objects.filter(pk=turn.pk).update(exempt=True)
    checked = checking.check()
    assert checked.stale == [turn.event_id]
    assert {wrong.figure for wrong in checked.wrong} == {"dayfigure.in_time", "dayunit.in_time"}
    figures.touch([turn.event_id])
    compare(scene, timezone.now())
    assert checking.check(repair=True).wrong == []
    assert FigureTouch.objects.count() == 0
    Event.objects.filter(status="reported").update(standard=None, source="sensor", path=scene.east.grids[0].path)
    assert checking.check(repair=True).stale
    compare(scene, timezone.now())
    assert checking.check() == checking.Checked([], [], Event.objects.count())
