"""People who died or left, and where families lived before: what makes a history of a place."""

from types import SimpleNamespace

import numpy as np

from gridcenter.demo.names import SURNAME_SHARES

from . import families, persons, rows

DEAD = 0.6  # of those who are gone
LONG = 1000  # days: whose household has been here less is still here
MOVED = 0.05  # households that lived elsewhere in the county before
AREA = "98"  # in place of persons.NOBODYS: no number twice
STATUS, ENDED, HOUSEHOLD, DWELLING = (
    rows.TABLES["residents_resident"].index(name)
    for name in ("status", "ended_on", "household_id", "dwelling_id")
)


class Gone:
    """Residents after the living ones, each with one stay that has ended."""

    def __init__(self, plan):
        self.plan = plan
        self.rng = plan.rng("gone")
        self.count = round(plan.size.people * plan.size.gone / 1000)
        long_here = np.flatnonzero(plan.since < np.datetime64(plan.today, "D") - np.timedelta64(LONG, "D"))
        self.home = self.rng.choice(long_here, self.count)
        self.dead = self.rng.random(self.count) < DEAD
        self.days = self.rng.integers(2, rows.MONTHS_KEPT, self.count)

    def residents(self):
        """Rows of residents_resident."""
        plan, first = self.plan, len(self.plan.families)
        view = SimpleNamespace(
            **{name: getattr(plan, name) for name in ("today", "grid_ids", "homes", "land", "rng", "prefix")},
            dwelling=plan.dwelling[self.home], lost=np.ones(self.count, bool), families=self._families(), size=plan.size,
        )  # fmt: skip
        view.persons = persons.plan(view.families, ~self.dead, plan.prefix, plan.today, self.rng, AREA)
        view.persons.has_phone[:] = False
        ended = [plan.day_ago(days) for days in self.days.tolist()]
        for row, dead, on in zip(rows.Rows(view)._residents(), self.dead.tolist(), ended, strict=True):
            made = [row[0] + first, *row[1:]]
            made[STATUS], made[ENDED] = "dead" if dead else "departed", on
            made[HOUSEHOLD] = made[DWELLING] = None
            yield tuple(made)

    def _families(self):
        """Each alone, in the shape of a household."""
        rng, count = self.rng, self.count
        kind = np.where(self.dead, families.NAMES.index("old_alone"), families.NAMES.index("single"))
        age = np.where(self.dead, rng.uniform(56, 96, count), rng.uniform(20, 50, count))
        sex = np.where(rng.random(count) < 0.53, families.MALE, families.FEMALE)
        surname = rng.choice(len(SURNAME_SHARES), count, p=SURNAME_SHARES)
        each = np.arange(count)
        relation = np.where(self.dead, "50", "99")
        return families.Families(kind, each, each, relation, sex, age, surname)

    def stays(self, serial: int):
        """Rows of residents_stay, numbered from `serial` on: of those who are gone, then the earlier ones."""
        plan, first = self.plan, len(self.plan.families)
        moved_in = rows.days_ago(plan.today, plan.since[self.home])
        begun = np.minimum(self.days + self.rng.integers(200, 4000, self.count), moved_in).tolist()
        for index in range(self.count):
            home = int(self.home[index])
            dwelling = int(plan.dwelling[home])
            until = int(self.days[index])
            yield (
                serial, first + index + 1, home + 1, dwelling + 1, int(plan.grid_ids[plan.homes.grid[dwelling]]),
                plan.day_ago(begun[index]), plan.day_ago(until), "recorded",
                "died" if self.dead[index] else "moved_out",
            )  # fmt: skip
            serial += 1
        yield from self._earlier(serial)

    def _earlier(self, serial):
        """Where families that moved within the county lived before: behind some other door."""
        plan = self.plan
        since = plan.since[plan.families.household]
        older = np.datetime64(plan.today, "D") - np.floor(plan.families.age * 365).astype("timedelta64[D]")
        moved = plan.moved[plan.families.household] & (older < since - np.timedelta64(900, "D"))
        other = self.rng.integers(0, len(plan.homes), len(plan.dwelling))
        years = self.rng.integers(200, 880, len(plan.dwelling))
        for person in np.flatnonzero(moved).tolist():
            home = int(plan.families.household[person])
            dwelling, until = int(other[home]), since[person].astype(object)
            yield (
                serial, person + 1, home + 1, dwelling + 1, int(plan.grid_ids[plan.homes.grid[dwelling]]),
                (since[person] - np.timedelta64(int(years[home]), "D")).astype(object), until, "recorded", "within",
            )  # fmt: skip
            serial += 1
