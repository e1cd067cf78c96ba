"""The tree of grids from administrative divisions (区划): a county or a whole city, with one statement per level."""

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import Conflict, Invalid
from grids.models import Grid, LevelName, Unit
from grids.services import division_rows, tables
from grids.services.division_rows import NAME_SIZE, name_wrong
from grids.services.findings import Findings

DIVISIONS = Path(__file__).parent.parent / "data" / "divisions.csv"
COUNTY_LEVELS = ("县市区", "片区", "镇街", "村社区", "网格")
CITY_LEVELS = ("市", "县区", "镇街", "村社区", "网格")
CENTRE_NAMES = ("网格化服务管理指挥中心", "网格化分中心", "网格化服务中心", "网格工作站")
VILLAGE_DIGITS, GRID_DIGITS = 12, 15
BATCH = 1000
AREA_COLUMNS = {
    "town": ("镇街编码", "town code", "town_code"),
    "code": ("片区编码", "area code", "area_code"),
    "name": ("片区名称", "片区", "area name", "area_name"),
}
GRID_COLUMNS = {
    "code": ("网格编码", "编码", "grid code", "grid_code"),
    "name": ("网格名称", "名称", "网格", "grid name", "grid_name"),
}


@dataclass(frozen=True)
class Wanted:
    """One grid that shall exist: `parent` is a code, None for the whole territory."""

    code: str
    name: str
    level: int
    parent: str | None


@dataclass
class DivisionsImported:
    """What an import did. `missing`: valid grids of levels 0–3 the file does not name; they are left alone."""

    added: Counter = field(default_factory=Counter)  # by level
    renamed: int = 0
    moved: int = 0
    unchanged: int = 0
    centres: int = 0
    missing: list[str] = field(default_factory=list)


def import_divisions(
    *,
    code: str,
    name: str = "",
    areas=None,
    grids=None,
    source=DIVISIONS,
    with_centres: bool = False,
    level_names: Iterable[str] = (),
    valid_from: date | None = None,
    dry_run: bool = False,
) -> DivisionsImported:
    """Make the grids of a county (`code` of 12 digits) or of a city (its first four digits and a `name`).

    County: level 0 the county, 1 areas (片区), 2 towns, 3 villages. `areas` is a table of town code, area code, area
    name; without one, a single pass-through area. City: 0 the city, 1 counties, 2 towns, 3 villages. `grids` is a
    table of level 4: code (village's and three digits) and name. Grids there are by the same code stay what they
    are; their name and parent follow the file. `dry_run` only says what would happen.

    Raises Invalid (fields: place → sentences) or Conflict; then nothing has changed.
    """
    level_names = _checked(level_names)
    rows = _divisions(source)
    city = len(code) == 4
    wanted = _city(rows, code, name) if city else _county(rows, code, areas)
    if grids is not None:
        wanted += _smallest(grids, wanted)
    with transaction.atomic():
        done = _write(wanted, valid_from or timezone.localdate(), with_grids=grids is not None)
        _name_levels(level_names or (CITY_LEVELS if city else COUNTY_LEVELS))
        if with_centres:
            done.centres = _add_centres()
        if dry_run:
            transaction.set_rollback(True)
    return done


def counties(source=DIVISIONS) -> list[tuple[str, str]]:
    """(code, name) of the counties and districts of a divisions file."""
    return [(code, row["name"]) for code, row in _divisions(source).items() if row["level"] == "county"]


def areas_there() -> io.BytesIO:
    """The areas as they are, as an areas table: an import without one would put all towns into a single area."""
    towns = Grid.objects.filter(level=2, valid_until=None).order_by("path")
    rows = towns.values_list("code", "parent__code", "parent__name")
    text = io.StringIO()
    csv.writer(text).writerows([("town_code", "area_code", "area_name"), *rows])
    table = io.BytesIO(text.getvalue().encode())
    table.name = "areas.csv"
    return table


def summary(done: DivisionsImported) -> list[str]:
    """What an import did, in sentences."""
    lines = [
        _("Level %(level)s: %(count)s grids added.") % {"level": level, "count": count}
        for level, count in sorted(done.added.items())
        if count
    ]
    lines.append(
        _("%(renamed)s renamed, %(moved)s moved, %(unchanged)s unchanged, %(centres)s centres added.")
        % {
            "renamed": done.renamed,
            "moved": done.moved,
            "unchanged": done.unchanged,
            "centres": done.centres,
        }
    )
    if done.missing:
        lines.append(
            _("Not in the file, left as they are: %(codes)s.")
            % {"codes": ", ".join(done.missing[:20]) + (" …" if len(done.missing) > 20 else "")}
        )
    return lines


# ---- what shall be


@cache
def _shipped() -> dict[str, dict]:
    with DIVISIONS.open(encoding="utf-8", newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


def _divisions(source) -> dict[str, dict]:
    return _shipped() if source == DIVISIONS else division_rows.parse(source)


def _city(rows, code, name) -> list[Wanted]:
    inside = [(key, row["name"]) for key, row in rows.items() if row["level"] == "county" and key[:4] == code]
    if not inside:
        raise Invalid(_("The divisions have no county that begins with %(code)s.") % {"code": code})
    if not name:
        raise Invalid(_("A city's name must be given: the divisions begin with its counties."))
    if wrong := name_wrong(name):
        raise Invalid(_("The city's name: %(message)s") % {"message": wrong})
    root = Wanted(code.ljust(VILLAGE_DIGITS, "0"), name, 0, None)
    wanted = [root, *(Wanted(key, county, 1, root.code) for key, county in inside)]
    return wanted + _below(rows, {key for key, _name in inside})


def _county(rows, code, areas) -> list[Wanted]:
    row = rows.get(code)
    if row is None or row["level"] != "county":
        known = ", ".join(f"{key} {row['name']}" for key, row in rows.items() if row["level"] == "county")
        raise Invalid(
            _("There is no county %(code)s in the divisions; there are: %(known)s.")
            % {"code": code, "known": known}
        )
    root = Wanted(code, row["name"], 0, None)
    towns = {key: other["name"] for key, other in rows.items() if other["parent_code"] == code}
    area_of, names = _areas(areas, towns, rows) if areas is not None else _one_area(root, towns)
    wanted = [root, *(Wanted(key, name, 1, code) for key, name in names.items())]
    wanted += [Wanted(key, name, 2, area_of[key]) for key, name in towns.items()]
    return wanted + _villages(rows, towns)


def _one_area(root, towns):
    """A county without areas gets one that everything passes through: a child is exactly one level below."""
    key = f"{root.code[:6]}-A1"
    return dict.fromkeys(towns, key), {key: f"{root.name[:-1]}片区"[:NAME_SIZE]}


def _areas(source, towns, divisions) -> tuple[dict[str, str], dict[str, str]]:
    """({town code: area code}, {area code: name}) of an areas table that names every town exactly once."""
    table = tables.read(source, AREA_COLUMNS, AREA_COLUMNS)
    findings, area_of, names = Findings(), {}, {}
    for number, cells in table.rows:
        town, key, name = (tables.text(cells.get(column)) for column in AREA_COLUMNS)
        label = table.headings
        if town not in towns:
            findings.at(number, "town", label["town"], _("“%s” is no town of this county.") % town)
        elif town in area_of:
            findings.at(number, "town", label["town"], _("%s is in the file twice.") % town)
        if not key or len(key) > 20:
            findings.at(number, "code", label["code"], _("expected 1 to 20 characters, got “%s”.") % key)
        elif key in divisions:
            findings.at(number, "code", label["code"], _("%s is the code of a division already.") % key)
        if name and (wrong := name_wrong(name)):
            findings.at(number, "name", label["name"], wrong)
        if not name or names.setdefault(key, name) != name:
            expected = _("expected the name of area %(code)s: “%(name)s”, got “%(got)s”.")
            findings.at(
                number,
                "name",
                label["name"],
                expected % {"code": key, "name": names.get(key, ""), "got": name},
            )
        area_of[town] = key
    for town in towns.keys() - area_of.keys():
        findings.of(town, _("%(code)s %(name)s is in no area.") % {"code": town, "name": towns[town]})
    findings.raise_any()
    return area_of, names


def _below(rows, counties) -> list[Wanted]:
    towns = {key: row for key, row in rows.items() if row["parent_code"] in counties}
    found = [Wanted(key, row["name"], 2, row["parent_code"]) for key, row in towns.items()]
    return found + _villages(rows, towns)


def _villages(rows, towns) -> list[Wanted]:
    return [
        Wanted(key, row["name"], 3, row["parent_code"])
        for key, row in rows.items()
        if row["parent_code"] in towns
    ]


def _smallest(source, wanted) -> list[Wanted]:
    """Level 4: each code is that of a village and three digits."""
    villages = {grid.code for grid in wanted if grid.level == 3}
    areas = {grid.code for grid in wanted if grid.level == 1}
    table = tables.read(source, GRID_COLUMNS, GRID_COLUMNS)
    findings, found = Findings(), {}
    for number, cells in table.rows:
        label = table.headings
        try:
            code = tables.code(cells.get("code"))
        except tables.Unreadable as error:
            findings.at(number, "code", label["code"], str(error))
            continue
        name = tables.text(cells.get("name"))
        if len(code) != GRID_DIGITS or not code.isdecimal():
            findings.at(number, "code", label["code"], _("expected 15 digits, got “%s”.") % code)
        elif code[:VILLAGE_DIGITS] not in villages:
            findings.at(
                number, "code", label["code"], _("there is no village %s here.") % code[:VILLAGE_DIGITS]
            )
        elif code in found:
            findings.at(number, "code", label["code"], _("%s is in the file twice.") % code)
        elif code in areas:
            findings.at(number, "code", label["code"], _("%s is the code of an area already.") % code)
        if wrong := name_wrong(name):
            findings.at(number, "name", label["name"], wrong)
        found[code] = Wanted(code, name, 4, code[:VILLAGE_DIGITS])
    findings.raise_any()
    return list(found.values())


# ---- writing it


def _write(wanted: list[Wanted], day: date, *, with_grids: bool) -> DivisionsImported:
    done = DivisionsImported()
    there = {grid.code: grid for grid in Grid.objects.filter(valid_until=None).defer("boundary")}
    _refuse_other_ground(wanted, there)
    _refuse_while_in_force([grid for grid in wanted if grid.code not in there], day)
    pks = {code: grid.pk for code, grid in there.items()}
    for level in range(5):
        of_level = [grid for grid in wanted if grid.level == level]
        fresh = [
            Grid(code=g.code, name=g.name, level=level, parent_id=g.parent and pks[g.parent], valid_from=day)
            for g in of_level
            if g.code not in there
        ]
        for grid in Grid.objects.bulk_create(fresh, batch_size=BATCH):
            pks[grid.code] = grid.pk
        done.added[level] += len(fresh)
        _follow([(there[grid.code], grid) for grid in of_level if grid.code in there], pks, done)
    named = {grid.code for grid in wanted}
    deepest = 4 if with_grids else 3
    done.missing = sorted(c for c, grid in there.items() if c not in named and grid.level <= deepest)
    return done


def _refuse_other_ground(wanted, there):
    """This is another territory, or a code stands at another level: nothing that an import could mend."""
    root = next((grid for grid in there.values() if grid.level == 0), None)
    if root and root.code != wanted[0].code:
        raise Conflict(
            _("The whole territory is %(code)s %(name)s already. There is only one.")
            % {"code": root.code, "name": root.name}
        )
    findings = Findings()
    for grid in wanted:
        old = there.get(grid.code)
        if old and old.level != grid.level:
            words = _("%(code)s %(name)s stands at level %(old)s, expected level %(new)s.")
            facts = {"code": old.code, "name": old.name, "old": old.level, "new": grid.level}
            findings.of(grid.code, words % facts)
    findings.raise_any()


def _refuse_while_in_force(fresh, day):
    """A grid that has an end, but not before `day`: until then its code, or the whole territory, is taken."""
    if not fresh:
        return
    findings, codes = Findings(), {grid.code for grid in fresh}
    ending = list(Grid.objects.overlapping(day, None).exclude(valid_until=None).defer("boundary"))
    for grid in ending:
        facts = {"code": grid.code, "name": grid.name, "until": grid.valid_until}
        if grid.code in codes:
            words = _("%(code)s %(name)s is in force until %(until)s: expected a first day of validity not before that.")
            findings.of(grid.code, words % facts)
        elif grid.level == 0 and fresh[0].level == 0:
            words = _(
                "The whole territory is %(code)s %(name)s until %(until)s: expected a first day of validity not before "
                "that."
            )
            findings.of(grid.code, words % facts)
    findings.raise_any()


def _follow(pairs, pks, done):
    """Grids that exist take over the name and the parent of the file."""
    changed = []
    for grid, wish in pairs:
        parent = wish.parent and pks[wish.parent]
        renamed, moved = grid.name != wish.name, grid.parent_id != parent
        grid.name, grid.parent_id = wish.name, parent
        done.renamed += renamed
        done.moved += moved
        if renamed or moved:
            changed.append(grid)
        else:
            done.unchanged += 1
    Grid.objects.bulk_update(changed, ["name", "parent"], batch_size=BATCH)


def _checked(names) -> list[str]:
    names, size = list(names), LevelName._meta.get_field("name").max_length
    for name in names:
        if len(name) > size:
            words = _("A level's name: expected 1 to %(size)s characters, got “%(value)s”.")
            raise Invalid(words % {"size": size, "value": name})
    return names


def _name_levels(names):
    """Names of the levels that have none yet: what an administrator wrote stays."""
    LevelName.objects.bulk_create(
        [LevelName(level=level, name=name) for level, name in enumerate(names)], ignore_conflicts=True
    )


def _add_centres() -> int:
    """A centre for every valid grid of levels 0–3 that has none (指挥中心, 分中心, 服务中心, 工作站)."""
    without = Grid.objects.filter(valid_until=None, level__lte=3).exclude(
        pk__in=Unit.objects.filter(kind=Unit.Kind.CENTRE, active=True).order_by().values("grid")
    )
    made = [
        Unit(kind=Unit.Kind.CENTRE, name=(name + CENTRE_NAMES[level])[:80], code=f"C-{code}", grid_id=pk)
        for pk, code, name, level in without.values_list("pk", "code", "name", "level")
    ]
    taken = set(Unit.objects.filter(code__startswith="C-").values_list("code", flat=True))
    for unit in made:
        if unit.code in taken:  # of a closed centre, or of a grid that has ended
            unit.code = f"{unit.code}-{unit.grid_id}"
    Unit.objects.bulk_create(made, batch_size=BATCH)
    return len(made)
