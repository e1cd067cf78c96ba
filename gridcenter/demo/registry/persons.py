"""What a person's columns hold besides the family: names, numbers, schooling, work, where they are registered."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from gridcenter.demo.names import SURNAMES

from .families import FEMALE, MALE, Families
from .words import GIVEN, JOBS, ORIGINS, SINGLE

REGISTERED, PERMANENT, FLOATING = range(3)
POPULATIONS = ["registered", "permanent", "floating"]
# The last two digits of an area are never 99: well-formed numbers of nobody, women's and men's alike. (The sequence
# 000, as the staff of a demo county has it, is even and would call every man a woman.)
NOBODYS = "99"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = np.array(list("10X98765432"))
SEQUENCES = 499  # odd or even ones from 001 to 998
FIRST_PHONE = 12901000000  # behind the demo county's staff and callers; 129 is nobody's range


@dataclass
class Persons:
    """Columns beside those of Families, in the same order."""

    names: list[str]
    birth: np.ndarray  # datetime64[D]
    population: np.ndarray
    here: np.ndarray  # registered where they live
    origin: np.ndarray  # index into ORIGINS; -1 for people of this place
    id_number: list[str]
    has_phone: np.ndarray
    ethnicity: np.ndarray
    education: np.ndarray
    marriage: np.ndarray
    political: np.ndarray
    job: np.ndarray  # index into occupations
    permit: np.ndarray  # days until it expires; NO_PERMIT
    inflow: np.ndarray


NO_PERMIT = -10_000
ELSEWHERE = 0.004  # registered households that are not registered where they live
OCCUPATIONS = ["", "退休", "学生", *JOBS]


def given_names(
    sex: np.ndarray, birth_year: np.ndarray, surname: np.ndarray, rng: np.random.Generator
) -> list[str]:
    """Full names as they were given to girls and boys of that year."""
    count = len(sex)
    era = np.digitize(birth_year, (1970, 1995))
    family = np.array(SURNAMES, object)[surname]
    full = np.empty(count, object)
    for (code, when), (first, second) in GIVEN.items():
        rows = np.flatnonzero((sex == int(code)) & (era == when))
        a = np.array(list(first), object)[rng.integers(0, len(first), len(rows))]
        b = np.array(list(second), object)[rng.integers(0, len(second), len(rows))]
        a[rng.random(len(rows)) < SINGLE[when]] = ""
        full[rows] = family[rows] + a + b
    return full.tolist()


def plan(
    families: Families,
    rented: np.ndarray,
    prefix: str,
    today: date,
    rng: np.random.Generator,
    nobodys: str = NOBODYS,
) -> Persons:
    """`rented`: per household, whether it lives in a let dwelling."""
    count, age = len(families), families.age
    birth = np.datetime64(today, "D") - np.floor(age * 365.2425).astype("timedelta64[D]")
    years = birth.astype("datetime64[Y]").astype(int) + 1970
    population, here, origin = _registration(families, rented, rng)
    in_city = rng.random(count)
    education = _education(age, in_city)
    known = rng.random(count) >= np.where(age < 1, 0.3, 0.012)
    has_phone = rng.random(count) < np.select([age < 11, age < 16, age < 70], [0, 0.4, 0.96], 0.66)
    permit = np.where(population == FLOATING, rng.integers(-45, 330, count), NO_PERMIT)
    permit = np.where((rng.random(count) < 0.12) | (age < 16), NO_PERMIT, permit)
    return Persons(
        given_names(families.sex, years, families.surname, rng), birth, population, here, origin,
        id_numbers(birth, families.sex, _areas(prefix, origin, nobodys), known, rng), has_phone,
        _ethnicity(count, rng), education, _marriage(families), _political(age, rng), _job(age, education, rng), permit,
        np.where(age < 16, 5, rng.choice([1, 1, 1, 1, 2, 2, 3, 4, 6, 7], count)),
    )  # fmt: skip


def _registration(families, rented, rng):
    """Per household: population, registered where they live, index into ORIGINS."""
    homes = len(families.kind)
    luck = rng.random(homes)
    population = np.where(
        rented,
        np.where(luck < 0.6, FLOATING, PERMANENT),
        np.where(luck < 0.87, REGISTERED, PERMANENT),
    )
    here = (population == REGISTERED) & (rng.random(homes) > ELSEWHERE)
    # Half of the permanent ones are registered in another street of the county, others in the next city.
    far = rng.integers(0, len(ORIGINS), homes)
    near = np.where(rng.random(homes) < 0.5, -1, np.where(rng.random(homes) < 0.5, 0, far))
    origin = np.select([population == REGISTERED, population == PERMANENT], [-1, near], far)
    return population[families.household], here[families.household], origin[families.household]


def _areas(prefix, origin, nobodys):
    """Six digits of the area; fictional ones of the right prefecture."""
    areas = np.array([int(prefix[:4] + nobodys), *(int(code + nobodys) for code, _words in ORIGINS)])
    return areas[origin + 1]


def id_numbers(birth, sex, area, known, rng) -> list[str]:
    """Different ID numbers that fit birth date and sex; "" where not `known`."""
    days = birth.astype("datetime64[D]")
    year = days.astype("datetime64[Y]").astype(int) + 1970
    month = days.astype("datetime64[M]").astype(int) % 12 + 1
    day = (days - days.astype("datetime64[M]")).astype(int) + 1
    number = (area.astype(np.int64) * 10_000 + year) * 10_000 + month * 100 + day
    nth = _repeats(number * 4 + sex)
    start = rng.integers(0, SEQUENCES)
    if nth.max(initial=0) >= SEQUENCES:
        raise ValueError("More people of one birthday and sex than there are sequences.")
    number = number * 1000 + (nth + start) % SEQUENCES * 2 + np.where(sex == MALE, 1, 2)
    rest, weighed = number.copy(), np.zeros(len(number), np.int64)
    for weight in reversed(WEIGHTS):
        weighed += rest % 10 * weight
        rest //= 10
    checks = CHECK[weighed % 11].tolist()
    return [
        f"{digits}{check}" if kept else ""
        for digits, check, kept in zip(number.tolist(), checks, known.tolist(), strict=True)
    ]


def _repeats(keys):
    """How many equal keys stood before each."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(keys) else np.array([], int)
    nth = np.arange(len(keys)) - np.repeat(starts, np.diff(np.r_[starts, len(keys)]))
    found = np.empty(len(keys), int)
    found[order] = nth
    return found


def _ethnicity(count, rng):
    codes = np.array(["01", "15", "06", "12", "13", "08", "03"])
    return rng.choice(codes, count, p=[0.962, 0.013, 0.009, 0.006, 0.005, 0.003, 0.002])


def _education(age, luck):
    born_late = np.select(
        [luck < 0.03, luck < 0.22, luck < 0.46, luck < 0.58, luck < 0.78], [10, 20, 30, 40, 60], 70
    )
    middle = np.select([luck < 0.01, luck < 0.09, luck < 0.22, luck < 0.32, luck < 0.55, luck < 0.9],
                       [10, 20, 30, 40, 60, 70], 80)  # fmt: skip
    old = np.select([luck < 0.02, luck < 0.05, luck < 0.15, luck < 0.5], [20, 30, 60, 70], 80)
    school = np.select([age < 6, age < 12, age < 15, age < 18], [0, 80, 70, 60], 20)
    return np.select(
        [age < 22, age < 40, age < 62], [np.where(age < 20, school, born_late), born_late, middle], old
    )


def _marriage(families):
    """By the place in the family: couples are married, old heads alone are widowed, children are not."""
    spouse = np.zeros(len(families.kind), bool)
    spouse[families.household[families.relation == "10"]] = True
    paired = spouse[families.household] & np.isin(families.relation, ("02", "10"))
    parents = families.relation == "50"
    alone = (families.relation == "02") & ~paired
    return np.select(
        [paired, parents, alone & (families.age >= 60), alone & (families.age > 30) & (families.sex == FEMALE)],
        [20, 20, 30, 40], 10,
    )  # fmt: skip


def _political(age, rng):
    luck = rng.random(len(age))
    return np.select(
        [(age >= 22) & (luck < 0.075), (age >= 14) & (age < 28) & (luck < 0.5), age < 14], [1, 3, 0], 13
    )


def _job(age, education, rng):
    """Index into OCCUPATIONS: children have none, pupils and students, pensioners, the rest at work."""
    drawn = rng.integers(3, len(OCCUPATIONS), len(age))
    return np.select([age < 6, age < 20, age >= 62], [0, 2, np.where(education >= 70, 3 + 2, 1)], drawn)


def phone(serial: int) -> str:
    return str(FIRST_PHONE + serial)
