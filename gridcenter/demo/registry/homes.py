"""Dwellings: the doors of each building, and what they are used for."""

from dataclasses import dataclass

import numpy as np

from .land import KINDS, SELF_BUILT, TYPES, Buildings

USES = ["own", "rented", "empty", "business", "other"]
OWN, RENTED, EMPTY, BUSINESS, OTHER = range(len(USES))
DANGERS = ["group_rent", "wiring", "gas", "exit", "charging", "illegal_building", "structure"]


@dataclass
class Dwellings:
    """Columns, one value per dwelling, in the order of the buildings."""

    building: np.ndarray
    grid: np.ndarray
    unit: np.ndarray
    storey: np.ndarray
    door: np.ndarray
    use: np.ndarray
    area: np.ndarray
    danger: np.ndarray  # index into DANGERS, or -1
    house: np.ndarray  # in a self-built house

    def __len__(self):
        return len(self.building)


def plan(land: Buildings, urban: np.ndarray, rng: np.random.Generator) -> Dwellings:
    """One row per door; `urban` says of each grid whether flats there are let often."""
    building = np.repeat(np.arange(len(land)), land.doors)
    nth = np.arange(len(building)) - np.repeat(np.cumsum(land.doors) - land.doors, land.doors)
    kind, units, storeys = land.type[building], land.units[building], land.storeys[building]
    per = np.array([doors for _k, _s, _u, doors, _share in TYPES] + [1])[kind]
    house = kind == SELF_BUILT
    unit = np.where(house | (units == 1), 0, nth // (storeys * per) + 1)
    inside = np.where(house, nth, nth % (storeys * per))
    storey = np.where(house, np.minimum(nth, storeys - 1) + 1, inside // per + 1)
    door = storey * 100 + np.where(house, np.maximum(nth - storey + 1, 0) + 1, inside % per + 1)
    grid = land.grid[building]
    use = _uses(kind, storey, house, urban[grid], land.built[building], rng)
    area = np.where(
        use == BUSINESS, rng.integers(18, 160, len(building)), rng.integers(62, 145, len(building))
    )
    area = np.where(house, rng.integers(110, 260, len(building)), area)
    return Dwellings(building, grid, unit, storey, door, use, area, _dangers(use, house, rng), house)


def _uses(kind, storey, house, urban, built, rng):
    luck = rng.random(len(kind))
    rented = np.where(urban, 0.22, 0.03)
    empty = np.where(built > 2018, 0.22, np.where(house, 0.09, 0.11))
    use = np.select([luck < empty, luck < empty + rented, luck > 0.993], [EMPTY, RENTED, OTHER], OWN)
    kinds = np.array(KINDS)[kind]
    shop = (kinds == "mixed") & (storey == 1) | (kinds == "commercial") | (kinds == "office")
    shop |= (kinds == "industrial") | (kinds == "public")
    closed = shop & (luck < 0.12)
    return np.where(closed, EMPTY, np.where(shop, BUSINESS, use))


def _dangers(use, house, rng):
    """One door in forty has something that was noted; let rooms more often."""
    odds = np.select([use == RENTED, use == BUSINESS, house], [0.06, 0.04, 0.02], 0.008)
    noted = rng.random(len(use)) < odds
    which = rng.integers(1, len(DANGERS), len(use))
    which = np.where((use == RENTED) & (rng.random(len(use)) < 0.3), 0, which)
    return np.where(noted, which, -1)


def lived_in(homes: Dwellings, households: int, rng: np.random.Generator) -> np.ndarray:
    """The dwelling of each of `households`: some homes are emptied, or take a second household, to fit."""
    homes_free = np.flatnonzero((homes.use == OWN) | (homes.use == RENTED))
    if len(homes_free) > households:
        surplus = rng.choice(homes_free, len(homes_free) - households, replace=False)
        homes.use[surplus] = EMPTY
        return np.setdiff1d(homes_free, surplus)
    # Who shares: tenants, and the grown-up children who have a household of their own in their parents' house.
    odds = np.where(homes.use[homes_free] == RENTED, 3.0, np.where(homes.house[homes_free], 1.0, 0.15))
    more = rng.choice(homes_free, households - len(homes_free), replace=True, p=odds / odds.sum())
    return np.sort(np.concatenate([homes_free, more]))
