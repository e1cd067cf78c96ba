"""The building face (楼栋图): storeys × doors as a person before the house would see them. Three queries."""

import re
from collections import Counter
from dataclasses import dataclass, field

from residents import codes
from residents.care import may_know
from residents.models import Building, CareRecord, Dwelling, Resident


@dataclass
class Tile:
    """One door, and who lives behind it."""

    pk: int
    door: str
    use: str
    use_label: str
    dangers: list[str]
    head: str = ""
    people: int = 0
    floating: int = 0
    households: set = field(default_factory=set)
    care: list[str] = field(default_factory=list)

    @property
    def only_household(self) -> int | None:
        return next(iter(self.households)) if len(self.households) == 1 else None

    @property
    def occupied_though_empty(self) -> bool:
        return self.use == "empty" and self.people > 0


@dataclass(frozen=True)
class Unit:
    """One staircase: rows from the top storey down, each with a tile or None per door."""

    name: str
    columns: int
    storeys: list[tuple[int, list[Tile | None]]]


@dataclass(frozen=True)
class Face:
    units: list[Unit]
    uses: list[tuple[str, str, int]]  # (code, words, doors)
    care: list[tuple[str, int]]  # (class, people): only classes the viewer may know of here
    people: int
    floating: int
    dangers: int
    doors: int


def face(building: Building, user) -> Face:
    """`building` has its grid. Statutory registers are not drawn: a face is looked at by several at once."""
    tiles, places = _tiles(building, user)
    people = _people_of(building, user, tiles)
    care = _care_of(building, user, tiles, people)
    units = [_unit(name, rows, tiles, building) for name, rows in sorted(places.items(), key=_unit_order)]
    uses = Counter(tile.use for tile in tiles.values())
    return Face(
        units,
        [
            (code, codes.label(codes.DWELLING_USE, code), uses[code])
            for code in codes.DWELLING_USE
            if uses[code]
        ],
        sorted(care.items()),
        sum(tile.people for tile in tiles.values()),
        sum(tile.floating for tile in tiles.values()),
        sum(1 for tile in tiles.values() if tile.dangers),
        len(tiles),
    )


def _tiles(building, user):
    """({dwelling: tile}, {unit: {storey: [dwelling …]}})."""
    tiles, places = {}, {}
    rows = (
        Dwelling.objects.visible_to(user)
        .current()
        .filter(building=building)
        .order_by("unit", "storey", "door", "pk")
    )
    for pk, unit, storey, door, use, dangers in rows.values_list(
        "pk", "unit", "storey", "door", "use", "dangers"
    ):
        words = [codes.label(codes.DANGER, one) for one in dangers or []]
        tiles[pk] = Tile(pk, door, use, codes.label(codes.DWELLING_USE, use), words)
        places.setdefault(unit, {}).setdefault(storey, []).append(pk)
    return tiles, places


def _people_of(building, user, tiles) -> dict[int, int]:
    """Counts who lives behind each door and names its head; {resident: dwelling}."""
    rows = Resident.objects.visible_to(user).living().filter(dwelling__building=building).order_by("pk")
    found = {}
    for pk, home, name, relation, population, household in rows.values_list(
        "pk", "dwelling", "name", "relation", "population", "household"
    ):
        tile = tiles.get(home)
        if tile is None:
            continue
        found[pk] = home
        tile.people += 1
        tile.floating += population == "floating"
        if household:
            tile.households.add(household)
        if not tile.head or relation == codes.HEAD:
            tile.head = name
    return found


def _care_of(building, user, tiles, people) -> Counter:
    """Marks the doors of those in a care register that this person may know of here."""
    path = building.grid.path
    # Each record brings its class, which says who may know of it: no query for the classes.
    rows = CareRecord.objects.current().filter(grid=building.grid_id, resident__dwelling__building=building)
    known: Counter = Counter()
    for record in rows.select_related("care_class").order_by("care_class__order", "pk"):
        if record.resident_id in people and may_know(user, record.care_class, path):
            known[record.care_class.label] += 1
            tiles[people[record.resident_id]].care.append(record.care_class.label)
    return known


def _unit_order(item):
    name = item[0]
    return (not name.isdigit(), int(name) if name.isdigit() else 0, name)


def _unit(name, rows, tiles, building) -> Unit:
    """Doors of a storey stand under those of the next one: 501 under 601, as long as the numbers say so."""
    keys = sorted(
        {_place_of(tiles[pk].door, storey) for storey, pks in rows.items() for pk in pks}, key=natural
    )
    widest = max(len(pks) for pks in rows.values())
    aligned = len(keys) <= widest + 1
    columns = len(keys) if aligned else widest
    storeys = []
    for storey in _storeys(rows, building):
        line: list[Tile | None] = [None] * columns
        for at, pk in enumerate(sorted(rows.get(storey, []), key=lambda pk: natural(tiles[pk].door))):
            line[keys.index(_place_of(tiles[pk].door, storey)) if aligned else at] = tiles[pk]
        storeys.append((storey, line))
    return Unit(name, columns, storeys)


def _storeys(rows, building):
    """From the roof to the cellar; there is no storey 0."""
    top, bottom = max(building.storeys, *rows), min(1, *rows)
    return [storey for storey in range(top, bottom - 1, -1) if storey]


def _place_of(door, storey) -> str:
    """Where on its storey a door lies: 01 of 1201 on the twelfth."""
    return door.removeprefix(str(storey)) or door


def natural(text) -> list:
    """A key that sorts 2栋 before 10栋."""
    parts = re.split(r"([0-9]+)", text)
    return [(1, int(part), "") if at % 2 else (0, 0, part) for at, part in enumerate(parts)]
