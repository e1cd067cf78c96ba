"""Who is on duty in the demo county, what the shifts handed over, and a few warnings. The same seed, the same rosters."""

from collections import defaultdict
from datetime import datetime, timedelta
from random import Random

from django.db.models import Count, Q

from core import ciphers
from core.bulk import copy_rows
from duty import snapshot
from duty.models import HandOver, Level, Matter, Shift, UnitDuty, Warning, WarningCall, WarningStep
from duty.models.warning import Cause
from duty.services.warnings import reach_of
from events.clocks import BEIJING
from events.models import Event
from events.workflow import OPEN
from grids.models import Grid, Post, Unit

DAYS_BACK, DAYS_AHEAD = 7, 14
STAFFED_DOWN_TO = 2  # level of the centres that are staffed around the clock
_SHIFT = ("unit_id", "user_id", "name", "role", "starts_at", "ends_at", "phone", "note")
Role = Shift.Role
DAY, NIGHT, WHOLE, OFFICE = (8, 20), (20, 32), (8, 32), (8, 18)
# What stands on a day's roster of a centre, by its level.
PLAN = {
    0: ((Role.LEADER, WHOLE), (Role.CHIEF, DAY), (Role.CHIEF, NIGHT), (Role.WATCH, DAY), (Role.WATCH, NIGHT)),
    1: ((Role.LEADER, WHOLE), (Role.WATCH, DAY), (Role.WATCH, NIGHT)),
    2: ((Role.LEADER, WHOLE), (Role.WATCH, DAY), (Role.WATCH, NIGHT)),
    3: ((Role.WATCH, OFFICE),),
}
WORDS = (
    "本班运行平稳，无重大突发情况。",
    "受理热线较多，均已按程序立案派遣。",
    "夜间接报烟感报警一起，核实为误报，已复位。",
    "督办件已逐件提醒责任单位，请接班后继续跟进。",
    "值班室网络短时中断约十分钟，已恢复。",
)
THINGS = ("值班室钥匙一把、对讲机两部已移交", "应急手电两只，借给环卫所一只", "")
MATTERS = (
    "跟进夜间巡查发现的井盖缺失处置情况",
    "提醒城管部门按时回复督办件",
    "雨后低洼路段积水情况需再次核查",
    "社区矛盾纠纷调解约在明日上午，请提前通知双方",
)


class Duty:
    """Writes it for a loaded county; `end` is the instant at which the demonstrated time stops."""

    def __init__(self, seed: int, end: datetime):
        self.r, self.end = Random(f"{seed} duty"), end.astimezone(BEIJING)
        centres = Unit.objects.filter(kind="centre", active=True).select_related("grid").defer("grid__boundary")
        self.centres = list(centres.order_by("grid__level", "grid__code"))
        self.people = self._people()

    def write(self) -> dict[str, int]:
        """Counts of what was written."""
        UnitDuty.objects.bulk_create(
            UnitDuty(unit=unit, staffed=True) for unit in self.centres if unit.grid.level <= STAFFED_DOWN_TO
        )
        shifts = copy_rows("duty_shift", _SHIFT, self._shifts())
        return {"shifts": shifts, "hand-overs": self._hand_overs(), "warnings": self._warnings()}

    def _people(self):
        """Unit id → {role of a post: [(user id, name)]}; leaders hold their post in the centre's grid."""
        grids = {unit.grid_id: unit.pk for unit in self.centres}
        found = defaultdict(lambda: defaultdict(list))
        held = Post.objects.filter(Q(unit__kind="centre") | Q(role="leader")).order_by("pk")
        for unit, grid, role, user, name in held.values_list("unit", "grid", "role", "user", "user__name"):
            if pk := unit or grids.get(grid):
                found[pk][role].append((user, name))
        return found

    def _shifts(self):
        first = self.end.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS_BACK)
        for unit in self.centres:
            turn = self.r.randrange(7)
            for n in range(DAYS_BACK + DAYS_AHEAD + 1):
                yield from self._day(unit, first + timedelta(days=n), n + turn)

    def _day(self, unit, midnight, n):
        people, level = self.people[unit.pk], unit.grid.level
        if level == 3 and midnight.weekday() == 6:
            return  # stations rest on Sundays: the town's centre answers for them
        heads = people["leader"] + people["centre_head"]
        desk = people["operator"] or heads
        for place, (role, (start, stop)) in enumerate(PLAN[level]):
            pool = heads if role == Role.LEADER and heads else desk
            if not pool:
                continue
            user, name = pool[(n + place) % len(pool)]
            starts_at, ends_at = midnight + timedelta(hours=start), midnight + timedelta(hours=stop)
            phone = ciphers.encrypt(self._phone(unit, role))
            yield unit.pk, user, name, role.value, starts_at, ends_at, phone, ""

    def _phone(self, unit, role):
        """A leader's own phone in a range that is given to nobody; the desk is rung by the unit's."""
        return f"199{unit.pk % 10000:04d}0000" if role == Role.LEADER else ""

    # ---- hand-overs

    def _hand_overs(self):
        """Those of the last days for the county and of this morning for the centres below; the newest one waits."""
        made = []
        for unit in self.centres:
            level, desk = unit.grid.level, self.people[unit.pk]["operator"]
            if level > STAFFED_DOWN_TO or len({user for user, _name in desk}) < 2:
                continue
            for back in range(6 if level == 0 else 2):
                made.append(self._hand_over(unit, desk, back, waits=back == 0 and (level == 0 or self.r.random() < 0.2)))
        made.sort(key=lambda pair: (pair[0].written_at, pair[0].unit_id))
        for row, who, when in made:
            row.save(force_insert=True)
            Matter.objects.bulk_create(
                Matter(hand_over=row, position=n, words=words)
                for n, words in enumerate(self.r.sample(MATTERS, self.r.choice((0, 1, 1, 2))))
            )
            if when is not None:  # signed once its matters are there: nothing is added to an accepted one
                HandOver.objects.filter(pk=row.pk).update(accepted_by_id=who, accepted_at=when)
        return len(made)

    def _hand_over(self, unit, desk, back, waits):
        hour = 8 if self.end.hour >= 8 and self.end.hour < 20 else 20
        newest = self.end.replace(hour=hour, minute=0, second=0, microsecond=0)
        if newest > self.end:  # before eight in the morning the last change was yesterday evening
            newest -= timedelta(days=1)
        at = newest - timedelta(hours=12 * back) + timedelta(minutes=self.r.randrange(1, 14))
        at = min(at, self.end - timedelta(minutes=1))
        by, to = desk[back % len(desk)], desk[(back + 1) % len(desk)]
        row = HandOver(
            unit=unit, by_id=by[0], written_at=at, words=self.r.choice(WORDS), things=self.r.choice(THINGS),
            snapshot=self._snapshot(unit, at, back),
        )  # fmt: skip
        signed = min(at + timedelta(minutes=self.r.randrange(3, 25)), self.end)
        return row, to[0], None if waits else signed

    def _snapshot(self, unit, at, back):
        """The newest as the service would take it; of older ones the figures that can still be known."""
        if back == 0:
            return snapshot.take(unit, at)
        ours = Event.objects.filter(Q(holder=unit) | Q(centre=unit), reported_at__lte=at)
        still = Q(closed_at=None, status__in=OPEN) | Q(closed_at__gt=at)
        found = ours.order_by().aggregate(open=Count("pk", filter=still), late=Count("pk", filter=still & Q(due_at__lt=at)))
        counts = dict.fromkeys(("mine", "soon", "register", "supervised", "whistles"), 0) | found
        return {"at": at.isoformat(), "counts": counts, "late": [], "supervised": [], "whistles": []}

    # ---- warnings

    def _warnings(self):
        """One major and taken, one serious and ended, one notice that stands."""
        top = next((u for u in self.centres if u.grid.level == 0), None)
        if top is None or len(self.people[top.pk]["operator"]) < 1:
            return 0
        grids = list(Grid.objects.filter(level__in=(1, 2)).defer("boundary").order_by("level", "code"))
        low = grids[-1] if grids else top.grid
        rows = (
            (Level.MAJOR, Cause.WEATHER, "暴雨橙色预警：三小时降雨量将达50毫米以上", top.grid, 95, 3, None,
             "各镇街立即巡查低洼路段、地质灾害点和在建工地，转移受威胁群众，按时报告。"),
            (Level.SERIOUS, Cause.UTILITY, "主供水管爆裂，部分社区临时停水", low, 420, 9, 60,
             "供水公司抢修，社区做好告知和临时供水。"),
            (Level.NOTICE, Cause.CROWD, "周末集市人流较大，注意疏导", low, 200, None, None, "增派网格员现场值守。"),
        )  # fmt: skip
        for row in rows:
            self._warning(top, *row)
        return len(rows)

    def _warning(self, top, level, cause, title, grid, ago, taken, ended, words):
        head = (self.people[top.pk]["centre_head"] or self.people[top.pk]["operator"])[0][0]
        desk = self.people[top.pk]["operator"][0][0]
        made = self.end - timedelta(minutes=ago)
        row = Warning.objects.create(
            level=level, cause=cause, title=title, words=words, grid=grid, path=grid.path, reach=reach_of(grid.path),
            made_by_id=head, made_at=made, asked_at=made, until=made + timedelta(hours=24), seq=1,
        )  # fmt: skip
        steps = [(WarningStep.Action.RAISE, made, head, words)]
        centre = next((u for u in reversed(self.centres) if row.reach == u.grid.path), top)
        line = next(iter(self.people[centre.pk]["operator"]), (None, ""))
        WarningCall.objects.create(
            warning=row, unit=centre, why=WarningCall.Why.HOLDER, at=made, user_id=line[0], name=line[1], phone=centre.phone,
        )  # fmt: skip
        if taken is not None:
            row.taken_by_id, row.taken_unit, row.taken_at = desk, top, made + timedelta(minutes=taken)
            steps.append((WarningStep.Action.TAKE, row.taken_at, desk, ""))
        if ended is not None:
            row.ended_by_id, row.ended_at, row.end_words = desk, made + timedelta(minutes=ended), "已抢修完毕，恢复供水。"
            steps.append((WarningStep.Action.END, row.ended_at, desk, row.end_words))
        WarningStep.objects.bulk_create(
            WarningStep(warning=row, seq=n + 1, action=action, at=at, by_id=who, unit=top, words=said)
            for n, (action, at, who, said) in enumerate(steps)
        )
        row.seq = len(steps)
        row.save()
