"""Who is in which register: care registers in plausible shares, and the sealed statutory ones."""

import json
from datetime import timedelta
from functools import cache
from operator import itemgetter

import numpy as np
from django.db import connection

from accounts.roles import ROLES, WORKER_ROLES
from core import ciphers
from core.bulk import Json
from grids.models import Grid, Post
from residents import care as knowing
from residents.models import CareClass
from residents.services import support

from . import persons
from .families import FEMALE, MALE, NAMES
from .words import HELPERS, HOSPITALS, SCHOOLS

CARE_COLUMNS = (
    "id", "resident_id", "care_class_id", "grid_id", "attention", "responsible_id", "visit_days", "visited_on",
    "next_visit", "since", "until", "begin_reason", "end_reason", "data",
)  # fmt: skip
SUPPORT_COLUMNS = ("id", "grid_id", "class_tag", "resident_tag", "sealed", "open")
CHANGE_COLUMNS = ("kind", "record_id", "grid_id", "at", "user_id", "action", "changes", "sealed")
ENDED = 0.03
REASONS = ["入户走访发现", "本人申请", "部门推送", "村（社区）上报"]
ENDS = ["情况好转", "本人要求退出", "不再符合条件"]
STATUTORY_SHARES = {
    "community_correction": 0.2,
    "resettlement": 0.34,
    "mental_disorder": 0.36,
    "drug_rehabilitation": 0.1,
}
FIRST_PHONE = 14_000_000


def _kind(families, *names):
    return np.isin(families.kind[families.household], [NAMES.index(name) for name in names])


# class → (who may be in it, which share of them is); a class that an administrator added has nobody
SHARES = {
    "empty_nest": lambda f: (_kind(f, "old_couple") & (f.age >= 65), 0.45),
    "solitary_elderly": lambda f: (_kind(f, "old_alone") & (f.age >= 65), 0.85),
    "elderly_women": lambda f: ((f.sex == FEMALE) & (f.age >= 75), 0.04),
    "disabled": lambda f: (f.age >= 5, 0.019),
    "minimum_living": lambda f: ((f.relation == "02") & (f.age > 30), 0.014),
    "orphan": lambda f: (_kind(f, "left_behind", "single_parent") & (f.age < 16), 0.02),
    "left_behind_child": lambda f: (f.relation == "40", 0.95),
    "pregnant": lambda f: (
        (f.sex == FEMALE) & (f.age > 22) & (f.age < 38) & np.isin(f.relation, ("02", "10")),
        0.03,
    ),
    "infant": lambda f: (f.age < 3, 0.6),
    "poverty_relief": lambda f: ((f.relation == "02") & (f.age > 35), 0.008),
    "veteran": lambda f: ((f.sex == MALE) & (f.age > 24), 0.03),
    "hardship": lambda f: (f.age > 18, 0.0025),
}


def write_visits(most: int = 6):
    """The visits before the last one, an interval apart, back to the beginning of each entry."""
    post = connection.vendor == "postgresql"
    day = "r.visited_on - n.k * r.visit_days" if post else "date(r.visited_on, '-' || (n.k * r.visit_days) || ' days')"
    at = f"CAST({day} AS timestamptz)" if post else f"{day} || ' 02:00:00'"
    numbers = " UNION ALL ".join(f"SELECT {k} AS k" for k in range(most))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO residents_visit (record_id, day, user_id, words, at) "
            f"SELECT r.id, {day}, r.responsible_id, '', {at} FROM residents_carerecord r CROSS JOIN ({numbers}) n "
            f"WHERE r.visited_on IS NOT NULL AND {day} >= r.since ORDER BY r.id, n.k DESC"
        )


def _holders():
    """{path: [(rank, role, user id)]} of the posts in grids and centres, workers first."""
    held, order = {}, list(ROLES)
    posts = Post.objects.exclude(role="district_admin").exclude(unit__kind="department").order_by("pk")
    for role, grid, unit, user in posts.values_list("role", "grid__path", "unit__grid__path", "user_id"):
        rank = -1 if role in WORKER_ROLES else order.index(role)
        held.setdefault(grid or unit, []).append((rank, role, user))
    return {path: sorted(posts, key=itemgetter(0)) for path, posts in held.items()}


class Registers:
    """Entries of the classes that the database knows, for a planned `Filler`."""

    def __init__(self, plan):
        self.plan, self.today = plan, plan.today
        self.classes = {row.code: row for row in CareClass.objects.filter(active=True)}
        self.paths = dict(Grid.objects.order_by("pk").values_list("pk", "path"))
        self.holders = _holders()
        self.responsible = cache(self._responsible)
        self.rng = plan.rng("care")
        self.phones = 0

    def care(self):
        """Rows of residents_carerecord."""
        serial = 0
        for code, rule in SHARES.items():
            if code not in self.classes:
                continue
            who, share = rule(self.plan.families)
            chosen = np.flatnonzero(who & (self.rng.random(len(who)) < share))
            for person in chosen.tolist():
                serial += 1
                yield self._entry(serial, person, self.classes[code])

    def _entry(self, serial, person, care_class):
        grid = self._grid(person)
        file = self._file(person, care_class)
        sealed = ciphers.encrypt(json.dumps(file.own, ensure_ascii=False, sort_keys=True))
        return (
            serial, person + 1, care_class.pk, grid, file.attention, self.responsible(grid, care_class), file.visit_days,
            file.visited_on, file.next_visit, file.since, file.until, file.begin_reason, file.end_reason,
            Json({"sealed": sealed} if file.own else {}),
        )  # fmt: skip

    def statutory(self):
        """(row of residents_supportrecord, row of its history); as many as the place publishes."""
        adults = np.flatnonzero((self.plan.families.age > 19) & (self.plan.families.age < 72))
        chosen = self.rng.choice(adults, self.plan.size.special, replace=False).tolist()
        codes = [code for code in STATUTORY_SHARES if code in self.classes]
        if not codes:
            return
        shares = np.array([STATUTORY_SHARES[code] for code in codes])
        drawn = self.rng.choice(codes, len(chosen), p=shares / shares.sum())
        for serial, (person, code) in enumerate(zip(chosen, drawn.tolist(), strict=True), 1):
            yield self._sealed(serial, person, self.classes[code])

    def _sealed(self, serial, person, care_class):
        grid = self._grid(person)
        file = self._file(person, care_class)
        file.responsible_id = self.responsible(grid, care_class)
        tags = knowing.class_tag(care_class), knowing.resident_tag(person + 1)
        told = {
            name: [None, getattr(file, name)]
            for name in support.NAMES
            if getattr(file, name) not in (None, "", {})
        }
        history = ciphers.encrypt(json.dumps(told, ensure_ascii=False, sort_keys=True, default=str))
        at = self.plan.instant(file.since)
        return (
            (serial, grid, *tags, support._seal(file), file.until is None),
            ("support", serial, grid, at, file.responsible_id, "begun", Json({}), history),
        )  # fmt: skip

    # ---- one entry

    def _responsible(self, grid, care_class):
        """Who holds a post at the grid, or nearest above it, that may know of the class; workers before others."""
        path = self.paths[grid]
        while path != "/":
            for _rank, role, user in self.holders.get(path, ()):
                if role in care_class.roles:
                    return user
            path = path[: path.rindex("/", 0, -1) + 1]
        return None

    def _grid(self, person):
        plan = self.plan
        return int(plan.grid_ids[plan.homes.grid[plan.dwelling[plan.families.household[person]]]])

    def _file(self, person, care_class):
        """Begun some time ago; visited at about its interval, so that some visits are due."""
        rng, days = self.rng, care_class.visit_days
        alive = int(self.plan.families.age[person] * 365)
        since = min(int(rng.integers(20, 700)), max(alive - 1, 1))
        file = support.File(person + 1, care_class.code, self._ago(since), days)
        file.attention = int(rng.choice([1, 2, 3], p=[0.1, 0.5, 0.4]))
        file.visited_on = self._ago(min(int(rng.integers(0, days + max(days // 8, 2))), since))
        file.next_visit = file.visited_on + timedelta(days=days)
        file.begin_reason = REASONS[rng.integers(len(REASONS))]
        if rng.random() < ENDED:
            file.until, file.end_reason, file.next_visit = (
                file.visited_on,
                ENDS[rng.integers(len(ENDS))],
                None,
            )
        file.own = {
            field["name"]: value for field in care_class.fields if (value := self._value(field, person))
        }
        return file

    def _ago(self, days):
        return self.today - timedelta(days=days)

    def _value(self, field, person):
        """A value of the field's kind; what need not be known is often not."""
        if not field["required"] and self.rng.random() < 0.35:
            return ""
        kind, name = field["kind"], field["name"]
        if kind == "choice":
            return field["choices"][self.rng.integers(len(field["choices"]))]
        if kind == "yes_no":
            return "yes" if self.rng.random() < 0.7 else "no"
        if kind == "number":
            return int(self.rng.integers(38, 90)) * 10
        if kind == "phone":
            self.phones += 1
            return persons.phone(FIRST_PHONE + self.phones)
        return self._day(name) if kind == "date" else self._text(name, person)

    def _day(self, name):
        """Ends and dates of birth lie ahead, the rest behind."""
        days = int(self.rng.integers(10, 420))
        ahead = name in ("ends", "due")
        return (
            self.today + timedelta(days=days if name == "ends" else days % 230) if ahead else self._ago(days)
        ).isoformat()

    def _text(self, name, person):
        families, rng = self.plan.families, self.rng
        if name in ("guardian", "contact"):
            first = families.first[families.household[person]]
            return self.plan.persons.names[first if first != person else rng.integers(len(families))]
        if name in ("officer", "helper", "group"):
            return self.plan.persons.names[rng.integers(len(families))]
        if name in ("card", "number"):
            return f"{self.plan.prefix}{rng.integers(10**7, 10**8)}"
        words = {"hospital": HOSPITALS, "school": SCHOOLS}.get(name, HELPERS.get(name))
        return words[rng.integers(len(words))] if words else ""
