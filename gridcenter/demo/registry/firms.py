"""Organisations behind the doors of shops and offices, and key places with their inspections."""

import numpy as np
import shapely
from stdnum.cn import uscc

from core import ciphers

from . import homes, persons, words
from .land import KINDS

# Registered by the market regulation authority (9): enterprise (1), individual business (2).
AUTHORITIES = {"enterprise": "91", "individual": "92", "institution": "12", "social": "52"}
UNCODED = 0.02  # organisations whose credit code nobody has noted
FIRST_PHONE = 8_000_000  # of organisations, behind the residents' and landlords' numbers


def credit_code(kind: str, area: str, serial: int) -> str:
    """A valid unified social credit code (GB 32100) of an area that does not exist: nobody's."""
    head = f"{AUTHORITIES[kind]}{area}MA{serial:06d}"
    body = head[8:16]
    head += _organisation_check(body)
    return head + uscc.calc_check_digit(head)


_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _organisation_check(body):
    """The check digit of the organisation's own code (GB 11714)."""
    weighed = sum(
        _ALPHABET.index(sign) * weight for sign, weight in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)
    )
    return "0123456789X0"[(11 - weighed % 11) % 11]


def organisations(rows):
    """Rows of residents_organisation: in business dwellings as far as there are any."""
    plan = rows.plan
    rng = plan.rng("organisations")
    count = plan.size.organisations
    shops = rng.permutation(np.flatnonzero(plan.homes.use == homes.BUSINESS))[:count]
    doors = np.concatenate([shops, np.full(count - len(shops), -1)])
    grid = np.where(doors >= 0, plan.homes.grid[doors], rng.integers(0, len(plan.grids), count))
    adults = np.flatnonzero((plan.families.age > 24) & (plan.families.age < 66))
    bosses = rng.choice(adults, count)
    described = [_firm(plan, int(door), rng) for door in doors]
    spoken = [rows.pinyin(name) for name, *_rest in described]
    building = plan.homes.building[doors]
    return zip(
        *rows._common(0, grid, rng), [d[0] for d in described], [s[0] for s in spoken], [s[1] for s in spoken],
        _codes(plan, described, rng),
        [d[1] for d in described], [plan.persons.names[boss] for boss in bosses.tolist()],
        [ciphers.encrypt(persons.phone(FIRST_PHONE + serial)) for serial in range(count)],
        np.maximum(1, rng.lognormal(1.6, 1.0, count)).astype(int).tolist(),
        rng.choice(["1", "2", "3", "4", ""], count, p=[0.01, 0.06, 0.28, 0.45, 0.2]).tolist(),
        [d[2] for d in described], [int(d) + 1 if d >= 0 else None for d in doors],
        [_address(plan, int(d), int(b)) for d, b in zip(doors, building, strict=True)],
        [shapely.Point(plan.land.where[b]) if d >= 0 else None for d, b in zip(doors, building, strict=True)],
        strict=True,
    )  # fmt: skip


def _codes(plan, described, rng):
    area = f"{plan.prefix[:4]}{persons.NOBODYS}"
    known = (rng.random(len(described)) > UNCODED).tolist()
    return [
        credit_code(kind, area, serial) if kept else ""
        for serial, ((_name, kind, _line), kept) in enumerate(zip(described, known, strict=True), 1)
    ]


def _address(plan, door, building):
    return f"{plan.land.address[building]}{plan.homes.door[door]}号" if door >= 0 else ""


def _firm(plan, door, rng):
    """(name, kind, line of business): shops on ground floors, firms elsewhere, a school in a public building."""
    kind = KINDS[plan.land.type[plan.homes.building[door]]] if door >= 0 else "commercial"
    place = plan.grids[0].parent.parent.parent.parent.name
    word = words.FIRM_WORDS[rng.integers(len(words.FIRM_WORDS))]
    more = words.FIRM_WORDS[rng.integers(len(words.FIRM_WORDS))]
    if kind == "public":
        return f"{place}{word}社会服务中心", "institution" if rng.random() < 0.6 else "social", "公共服务"
    if kind in ("mixed", "commercial") and rng.random() < 0.75:
        shop = words.SHOPS[rng.integers(len(words.SHOPS))]
        boss = plan.persons.names[rng.integers(len(plan.persons.names))]
        return f"{place}{word}{boss[0]}记{shop}", "individual", shop.removesuffix("店") + "零售"
    line = list(words.LINES)[rng.integers(len(words.LINES))]
    return f"{place}{word}{more}{words.LINES[line]}有限公司", "enterprise", line


def places(rows):
    """Rows of residents_keyplace: near a building of their grid, inspections due around today."""
    plan = rows.plan
    rng = plan.rng("key places")
    count = plan.size.places
    kinds = list(words.PLACES)
    shares = np.array([share for _word, share, _days in words.PLACES.values()], float)
    drawn = np.sort(rng.choice(len(kinds), count, p=shares / shares.sum()))
    building = rng.integers(0, len(plan.land), count)
    for serial, (kind, b) in enumerate(zip(drawn.tolist(), building.tolist(), strict=True)):
        yield _place(rows, serial, kinds[kind], b, rng)


def _place(rows, serial, kind, building, rng):
    plan = rows.plan
    word, _share, days = words.PLACES[kind]
    grid = plan.land.grid[building]
    name = f"{words.FIRM_WORDS[rng.integers(len(words.FIRM_WORDS))]}{word}"
    full = f"{plan.grids[grid].name.split('第')[0]}{name}"
    spoken = rows.pinyin(full)
    ago = int(rng.integers(0, days + max(days // 5, 2)))
    boss = plan.persons.names[plan.families.first[rng.integers(len(plan.families.first))]]
    pk, grid_id, created, updated, ended = (
        next(iter(c)) for c in rows._common(serial, np.array([grid]), rng)
    )
    return (
        pk, grid_id, created, updated, ended, full, *spoken, kind, None, boss,
        ciphers.encrypt(persons.phone(FIRST_PHONE + 1_000_000 + serial)), f"{plan.land.address[building]}旁",
        shapely.Point(plan.land.where[building]), days, rows._day(ago), rows._day(ago - days),
        str(rng.choice(["1", "2", "3", "4"], p=[0.03, 0.12, 0.45, 0.4])),
    )  # fmt: skip
