"""The rows of each table, from the plan; private values encrypted as the models do it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import shapely

from core import ciphers
from core.bulk import Json
from residents import derived

from . import firms, homes, land, persons, words

PORTION = 20_000  # records that are made into rows at a time
REGISTERED = ("id", "grid_id", "created_at", "updated_at", "ended_on")
TABLES = {
    "residents_building": (
        *REGISTERED, "estate", "number", "address", "kind", "storeys", "units", "households_planned", "built",
        "head_id", "location",
    ),
    "residents_dwelling": (
        *REGISTERED, "building_id", "unit", "storey", "door", "use", "area", "owner_name", "owner_phone", "dangers",
    ),
    "residents_household": (*REGISTERED, "number", "kind", "head_id", "dwelling_id"),
    "residents_resident": (
        *REGISTERED, "name", "pinyin", "initials", "sex", "birth_date", "birth_month", "id_kind", "id_number",
        "id_tag", "tail_tag", "phone", "phone_tag", "household_id", "relation", "dwelling_id", "population",
        "hukou_address", "hukou_here", "ethnicity", "education", "marriage", "political", "occupation",
        "inflow_reason", "inflow_from", "permit_expires", "status", "archived_at",
    ),
    "residents_stay": (
        "id", "resident_id", "household_id", "dwelling_id", "grid_id", "since", "until", "began", "ended",
    ),
    "residents_tenancy": (
        "id", "dwelling_id", "tenant_id", "organisation_id", "grid_id", "since", "until", "contract",
    ),
    "residents_organisation": (
        *REGISTERED, "name", "pinyin", "initials", "credit_code", "kind", "legal_person", "phone", "staff", "safety",
        "business", "dwelling_id", "address", "location",
    ),
    "residents_keyplace": (
        *REGISTERED, "name", "pinyin", "initials", "kind", "organisation_id", "responsible_name",
        "responsible_phone", "address", "location", "inspection_days", "inspected_on", "next_inspection", "safety",
    ),
}  # fmt: skip
MONTHS_KEPT = 700  # days since the registry was begun
UNMAPPED = 0.004  # buildings that nobody has put on the map
UNRELATED = 0.002  # members whose relation to the head nobody has noted
NUMBERED = 0.985  # households whose number is known
STALE = 0.15  # share of records that nobody has confirmed for half a year


class Rows:
    """Makes rows from a planned `Filler`; every id is the position in the plan plus one."""

    def __init__(self, plan):
        self.plan, self.today = plan, plan.today
        morning = datetime(self.today.year, self.today.month, self.today.day, 1, tzinfo=UTC)
        self._instants = [
            morning - timedelta(days=day, minutes=-(day * 37 % 480)) for day in range(MONTHS_KEPT + 1)
        ]
        self._days = [self.today - timedelta(days=day) for day in range(-400, 11_000)]
        self._names: dict[str, tuple[str, str]] = {}
        self._heads = plan.families.first + 1

    def tables(self):
        """(table, columns, rows) in portions."""
        for table, make in (
            ("residents_building", self._buildings), ("residents_dwelling", self._dwellings),
            ("residents_household", self._households), ("residents_resident", self._residents),
            ("residents_stay", self._stays), ("residents_tenancy", self._tenancies),
            ("residents_organisation", self._organisations), ("residents_keyplace", self._places),
        ):  # fmt: skip
            yield table, TABLES[table], make()

    # ---- what all records share

    def _common(self, first, grid, rng):
        """Columns id, grid, created, confirmed, ended of records whose positions begin at `first`."""
        count = len(grid)
        created = rng.integers(190, MONTHS_KEPT, count)
        age = np.where(rng.random(count) < STALE, created - 5, rng.integers(1, 180, count))
        instants = self._instants
        return (
            range(first + 1, first + count + 1), self.plan.grid_ids[grid].tolist(),
            [instants[day] for day in created.tolist()], [instants[day] for day in age.tolist()], [None] * count,
        )  # fmt: skip

    def _portions(self, count):
        return ((start, min(start + PORTION, count)) for start in range(0, count, PORTION))

    def _day(self, value):
        """The date of a day counted from today backwards."""
        return self._days[value + 400]

    def _ago(self, days):
        """Days before today of datetime64 values."""
        return days_ago(self.today, days)

    def pinyin(self, name):
        found = self._names.get(name)
        if found is None:
            found = self._names[name] = derived.pinyin_of(name)
        return found

    # ---- land and homes

    def _buildings(self):
        plan, b = self.plan, self.plan.land
        common = self._common(0, b.grid, plan.rng("rows buildings"))
        heads = self._building_heads(plan.rng("building heads"))
        kinds = [land.KINDS[k] for k in b.type.tolist()]
        points = shapely.points(b.where)
        points[plan.rng("unmapped").random(len(b)) < UNMAPPED] = None
        return zip(
            *common, b.estate, b.number, b.address, kinds, b.storeys.tolist(), b.units.tolist(), b.doors.tolist(),
            b.built.tolist(), heads, points, strict=True,
        )  # fmt: skip

    def _building_heads(self, rng):
        """A grown-up head of a household in most of the larger buildings."""
        plan = self.plan
        building = plan.homes.building[plan.dwelling]
        age = plan.families.age[plan.families.first]
        able = np.flatnonzero((age > 38) & (age < 74) & (plan.land.doors[building] > 4))
        able = rng.permutation(able[rng.random(len(able)) < 0.6])
        heads: list = [None] * len(plan.land)
        for house, household in zip(building[able].tolist(), able.tolist(), strict=True):
            heads[house] = int(self._heads[household])
        return heads

    def _dwellings(self):
        plan, h = self.plan, self.plan.homes
        rng = plan.rng("rows dwellings")
        owner = np.full(len(h), -1)
        owner[plan.dwelling] = plan.families.first
        lords = self._landlords(len(h), rng)
        for start, end in self._portions(len(h)):
            part = slice(start, end)
            uses = h.use[part].tolist()
            named = [
                (plan.persons.names[o], "")
                if use == homes.OWN and o >= 0
                else (lords(), self._lord_phone(rng))
                for use, o in zip(uses, owner[part].tolist(), strict=True)
            ]
            yield from zip(
                *self._common(start, h.grid[part], rng), (h.building[part] + 1).tolist(),
                [str(u) if u else "" for u in h.unit[part].tolist()], h.storey[part].tolist(),
                [str(d) for d in h.door[part].tolist()], [homes.USES[u] for u in uses],
                [Decimal(a) for a in h.area[part].tolist()], [name for name, _phone in named],
                [phone for _name, phone in named],
                [Json([homes.DANGERS[d]] if d >= 0 else []) for d in h.danger[part].tolist()], strict=True,
            )  # fmt: skip

    def _landlords(self, count, rng):
        names = self.plan.persons.names
        drawn = iter(rng.integers(0, len(names), count).tolist())
        return lambda: names[next(drawn)]

    def _lord_phone(self, rng):
        self._lords = getattr(self, "_lords", 0) + 1
        return ciphers.encrypt(persons.phone(5_000_000 + self._lords))

    # ---- people

    def _households(self):
        plan = self.plan
        rng = plan.rng("rows households")
        known = rng.random(len(plan.dwelling)) < NUMBERED
        for start, end in self._portions(len(plan.dwelling)):
            part = slice(start, end)
            yield from zip(
                *self._common(start, plan.homes.grid[plan.dwelling[part]], rng),
                [f"{plan.prefix}{serial:07d}" if kept else "" for serial, kept in
                 zip(range(start + 1, end + 1), known[part].tolist(), strict=True)],
                ["family"] * (end - start), self._heads[part].tolist(), self._homes_of(part), strict=True,
            )  # fmt: skip

    def _homes_of(self, households):
        """Dwelling ids of households; None for those whose dwelling nobody has noted."""
        plan = self.plan
        pairs = zip(plan.dwelling[households].tolist(), plan.lost[households].tolist(), strict=True)
        return [None if lost else dwelling + 1 for dwelling, lost in pairs]

    def _residents(self):
        rng = self.plan.rng("rows residents")
        for start, end in self._portions(len(self.plan.families)):
            yield from zip(*self._resident_columns(slice(start, end), rng), strict=True)

    def _resident_columns(self, part, rng):
        plan, p, f = self.plan, self.plan.persons, self.plan.families
        count = part.stop - part.start
        home = f.household[part]
        names = p.names[part]
        births = p.birth[part].astype(object).tolist()
        numbers = p.id_number[part]
        phones = [
            persons.phone(part.start + index) if has else ""
            for index, has in enumerate(p.has_phone[part].tolist())
        ]
        spoken = [self.pinyin(name) for name in names]
        encrypt, tag, tail = ciphers.encrypt, ciphers.tag, derived.TAIL
        return (
            *self._common(part.start, plan.homes.grid[plan.dwelling[home]], rng), names, [s[0] for s in spoken],
            [s[1] for s in spoken], [str(sex) for sex in f.sex[part].tolist()],
            [encrypt(b.isoformat()) for b in births], [b.replace(day=1) for b in births],
            ["111"] * count, [encrypt(n) for n in numbers], [tag("id", n) for n in numbers],
            [tag("tail", n[-tail:]) for n in numbers], [encrypt(n) for n in phones],
            [tag("phone", n) for n in phones], (home + 1).tolist(), f.relation[part].tolist(), self._homes_of(home),
            [persons.POPULATIONS[k] for k in p.population[part].tolist()], *self._hukou(part, home),
            p.ethnicity[part].tolist(), _codes(p.education[part]), _codes(p.marriage[part]),
            _codes(p.political[part]), [persons.OCCUPATIONS[j] for j in p.job[part].tolist()], *self._inflow(part),
            ["living"] * count, [None] * count,
        )  # fmt: skip

    def _hukou(self, part, home):
        """Registered address, and whether they live there."""
        plan, p = self.plan, self.plan.persons
        dwelling = plan.dwelling[home]
        address, building = plan.land.address, plan.homes.building[dwelling].tolist()
        unit, door = plan.homes.unit[dwelling].tolist(), plan.homes.door[dwelling].tolist()
        here, origin = p.here[part].tolist(), p.origin[part].tolist()
        other = (np.asarray(plan.homes.building)[::-1][dwelling]).tolist()
        lines = []
        for h, o, b, elsewhere, u, d in zip(here, origin, building, other, unit, door, strict=True):
            if o >= 0:
                lines.append(words.ORIGINS[o][1])
            elif h:
                lines.append(f"{address[b]}{f'{u}单元' if u else ''}{d}")
            else:
                lines.append(address[elsewhere])
        return lines, here

    def _inflow(self, part):
        """Reason, origin and permit of floating people."""
        p = self.plan.persons
        floating = (p.population[part] == persons.FLOATING).tolist()
        reasons = [
            f"{code:02d}" if f else "" for code, f in zip(p.inflow[part].tolist(), floating, strict=True)
        ]
        came = [
            words.ORIGINS[o][1] if f else "" for o, f in zip(p.origin[part].tolist(), floating, strict=True)
        ]
        permits = [
            self._day(-days) if days != persons.NO_PERMIT else None for days in p.permit[part].tolist()
        ]
        return reasons, came, permits

    def _stays(self):
        """Since when everybody lives where they live; children since their birth."""
        plan, f, p = self.plan, self.plan.families, self.plan.persons
        moved = plan.since[f.household]
        born = p.birth > moved
        since = self._ago(np.where(born, p.birth, moved)).tolist()
        recent = self._ago(moved) < MONTHS_KEPT
        within = plan.moved[f.household]
        began = np.select([born, within, recent], ["born", "within", "moved_in"], "recorded").tolist()
        grid = plan.grid_ids[plan.homes.grid[plan.dwelling[f.household]]].tolist()
        serial = range(1, len(f) + 1)
        return zip(
            serial, serial, (f.household + 1).tolist(), self._homes_of(f.household), grid, map(self._day, since),
            [None] * len(f), began, [""] * len(f), strict=True,
        )  # fmt: skip

    def _tenancies(self):
        """One per let dwelling; a few were never noted."""
        plan = self.plan
        rng = plan.rng("tenancies")
        let, first = np.unique(plan.dwelling, return_index=True)
        kept = (plan.homes.use[let] == homes.RENTED) & (rng.random(len(let)) > 0.03)
        since = self._ago(plan.since).tolist()
        pairs = zip(let[kept].tolist(), first[kept].tolist(), strict=True)
        for serial, (dwelling, household) in enumerate(pairs, 1):
            yield (
                serial, dwelling + 1, int(self._heads[household]), None,
                int(plan.grid_ids[plan.homes.grid[dwelling]]), self._day(since[household]), None,
                f"ZL{self.today.year}{serial:06d}",
            )  # fmt: skip

    # ---- organisations and places

    def _organisations(self):
        return firms.organisations(self)

    def _places(self):
        return firms.places(self)


def days_ago(today, days):
    """How many days before today datetime64 values lie."""
    return (np.datetime64(today, "D") - days).astype(int)


def _codes(values):
    return [f"{value:02d}" if value else "" for value in values.tolist()]
