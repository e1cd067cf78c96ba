"""Households and their members: relations and ages that fit together."""

from dataclasses import dataclass

import numpy as np

MALE, FEMALE = 1, 2
# A member: (relation to the head, sex, age). Sex: 0 the head's, 1 other than the head's, 2 any, 3 male, 4 female.
# Age: (base, least, most): years after which member, None for plain years; "head" and "first child" are bases.
HEAD, SPOUSE = ("02", 0, None), ("10", 1, ("head", -4, 4))
CHILD = ("20", 2, ("head", -34, -23))
SECOND = ("20", 2, ("head", -39, -29))
FATHER, MOTHER = ("50", 3, ("head", 22, 31)), ("50", 4, ("head", 20, 29))
FRIEND = ("99", 2, (None, 19, 40))
# name → (ages of the head, share of men among heads, weights: own home, rented, own in a village, members)
KINDS = {
    "couple_child": ((26, 52), 0.82, (26, 16, 17), [HEAD, SPOUSE, CHILD]),
    "couple_two": ((30, 52), 0.84, (13, 7, 14), [HEAD, SPOUSE, CHILD, SECOND]),
    "couple": ((24, 61), 0.80, (9, 14, 5), [HEAD, SPOUSE]),
    "old_couple": ((62, 86), 0.88, (12, 1, 15), [HEAD, SPOUSE]),
    "old_alone": ((64, 93), 0.32, (6, 1, 8), [HEAD]),
    "single": ((22, 48), 0.58, (8, 30, 3), [HEAD]),
    "three_gen": ((29, 49), 0.88, (7, 1, 11), [HEAD, SPOUSE, CHILD, FATHER, MOTHER]),
    "three_gen_two": ((30, 49), 0.90, (3, 0, 8), [HEAD, SPOUSE, CHILD, SECOND, FATHER, MOTHER]),
    "with_mother": ((29, 52), 0.85, (5, 1, 6), [HEAD, SPOUSE, CHILD, MOTHER]),
    "single_parent": ((28, 50), 0.35, (3, 3, 2), [HEAD, CHILD]),
    "grown_child": ((47, 62), 0.85, (6, 2, 6), [HEAD, SPOUSE, CHILD]),
    "left_behind": ((54, 71), 0.75, (1, 0, 4), [HEAD, SPOUSE, ("40", 2, ("head", -58, -48))]),
    "sharers": ((20, 38), 0.62, (0, 10, 0), [HEAD, FRIEND]),
    "sharers_three": ((20, 38), 0.66, (0, 6, 0), [HEAD, FRIEND, FRIEND]),
}
NAMES = list(KINDS)
SIZES = np.array([len(members) for _ages, _men, _weights, members in KINDS.values()])


@dataclass
class Families:
    """Per household: its kind. Per person, in the order of the households: the rest; ages in years, exact."""

    kind: np.ndarray
    first: np.ndarray  # the position of each household's head among the people
    household: np.ndarray
    relation: np.ndarray
    sex: np.ndarray
    age: np.ndarray
    surname: np.ndarray

    def __len__(self):
        return len(self.household)


def plan(
    rented: np.ndarray, rural: np.ndarray, people: int, surname_shares, rng: np.random.Generator
) -> Families:
    """Exactly `people` in as many households as `rented` (the flags of each) has entries."""
    kind = _kinds(rented, rural, rng)
    _fit(kind, people, rng)
    first = np.cumsum(SIZES[kind]) - SIZES[kind]
    total = int(SIZES[kind].sum())
    made = Families(
        kind, first, np.repeat(np.arange(len(kind)), SIZES[kind]), np.zeros(total, "U2"), np.zeros(total, np.int8),
        np.zeros(total), np.zeros(total, np.int16),
    )  # fmt: skip
    for index, name in enumerate(NAMES):
        _members(made, np.flatnonzero(kind == index), KINDS[name], surname_shares, rng)
    made.relation[(made.relation == "20") & (made.sex == FEMALE)] = "30"
    return made


def _kinds(rented, rural, rng):
    kind = np.zeros(len(rented), int)
    weights = np.array([weights for _ages, _men, weights, _members in KINDS.values()], float)
    for column, rows in ((0, ~rented & ~rural), (1, rented), (2, ~rented & rural)):
        share = weights[:, column] / weights[:, column].sum()
        kind[rows] = rng.choice(len(NAMES), int(rows.sum()), p=share)
    return kind


def _fit(kind, people, rng):
    """Give or take a child here and there until the number of people is met."""
    steps = [("couple_child", "couple_two"), ("couple", "couple_child"), ("couple_child", "couple_two")]
    missing = people - int(SIZES[kind].sum())
    for small, large in steps if missing > 0 else [(b, a) for a, b in steps]:
        able = np.flatnonzero(kind == NAMES.index(small))
        chosen = rng.choice(able, min(len(able), abs(missing)), replace=False)
        kind[chosen] = NAMES.index(large)
        missing = people - int(SIZES[kind].sum())
    if missing:
        raise ValueError(
            f"{len(kind)} households cannot be made to hold {people} people: {missing} are left over."
        )


def _members(made, households, described, surname_shares, rng):
    ages, men, _weights, members = described
    count = len(households)
    head_sex = np.where(rng.random(count) < men, MALE, FEMALE)
    head_age = rng.uniform(ages[0], ages[1], count)
    line, wife = (rng.choice(len(surname_shares), count, p=surname_shares) for _line in range(2))
    paired = SPOUSE in members
    for slot, (relation, sex, age) in enumerate(members):
        at = made.first[households] + slot
        made.relation[at] = relation
        made.sex[at] = _sex(sex, head_sex, rng)
        made.age[at] = head_age if slot == 0 else _age(age, head_age, rng)
        made.surname[at] = _surname(relation, head_sex, made.sex[at], line, wife, paired, surname_shares, rng)


def _sex(rule, head_sex, rng):
    if rule == 0:
        return head_sex
    if rule == 1:
        return MALE + FEMALE - head_sex
    if rule == 2:
        return np.where(rng.random(len(head_sex)) < 0.515, MALE, FEMALE)
    return np.full_like(head_sex, MALE if rule == 3 else FEMALE)


def _age(rule, head_age, rng):
    base, least, most = rule
    drawn = rng.uniform(least, most, len(head_age))
    if base is None:
        return drawn
    # Nobody is older than ninety-nine; a child that would not be born yet is a baby.
    age = head_age + drawn
    return np.where(age < 0.05, rng.uniform(0.05, 3, len(age)), np.minimum(age, 99))


def _surname(relation, head_sex, sex, line, wife, paired, shares, rng):
    """Children bear the father's name, wives and mothers their own; a head who is a married woman hers."""
    woman_heads = paired & (head_sex == FEMALE)
    if relation == "02":
        return np.where(woman_heads, wife, line)
    if relation == "10":
        return np.where(woman_heads, line, wife)
    if relation in ("20", "40"):
        return line
    if relation == "50":
        own = rng.choice(len(shares), len(line), p=shares)
        return np.where(sex == MALE, np.where(woman_heads, wife, line), own)
    return rng.choice(len(shares), len(line), p=shares)
