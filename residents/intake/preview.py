"""What a person looks through before an import is applied: pages of mistakes, duplicates, changes and new records."""

import json
from dataclasses import dataclass, field

from core import ciphers
from grids.models import Grid
from residents import codes
from residents.intake import words
from residents.intake.columns import COLUMNS, ENCRYPTED
from residents.intake.compare import mask
from residents.intake.stage import Stage, rows
from residents.models import Dwelling, Household, Resident

PAGE = 50
TABS = ("wrong", "doubt", "changed", "new")
_TABLES = {column.name: column.table for column in COLUMNS if column.table}
# What tells a record apart in a list.
TITLES = {
    "building": ("address",), "dwelling": ("unit", "door"), "household": ("number",), "resident": ("name", "id_number"),
    "organisation": ("name", "credit_code"), "place": ("name",),
}  # fmt: skip
HIDDEN = "••••"  # what stands in a statutory file is read in the file, for a reason
SIDES = ("name", "sex", "birth_date", "id_number", "phone")


@dataclass
class Page:
    rows: list = field(default_factory=list)
    next: int | None = None


def _page(found: list, key) -> Page:
    return Page(found[:PAGE], key(found[PAGE - 1]) if len(found) > PAGE else None)


def faults(stage: Stage, after: int = 0, roll=None) -> Page:
    """Rows with mistakes by line: {line, heading, letter, value, expected}. A page ends between two lines."""
    lines = [
        line
        for (line,) in rows(
            f"SELECT DISTINCT line FROM {stage('fault')} WHERE line > %s ORDER BY line LIMIT {PAGE + 1}",
            [after],
        )
    ]
    if not lines:
        return Page()
    last = lines[min(len(lines), PAGE) - 1]
    found = rows(
        f"SELECT line, col, code, value, hint FROM {stage('fault')} WHERE line BETWEEN %s AND %s ORDER BY line, col",
        [lines[0], last],
    )
    return Page([_fault(stage.batch.headings, roll, *row) for row in found], last if len(lines) > PAGE else None)


def _fault(headings, roll, line, col, code, value, hint) -> dict:
    heading, letter = words.place(col, headings, roll and roll.words_of(col))
    if roll and code == "not_in_table":
        hint = hint or roll.choices_of(col)
    return {
        "line": line,
        "heading": heading,
        "letter": letter,
        "value": value,
        "expected": words.fault(code, hint or ""),
    }


def all_faults(stage: Stage, roll=None):
    """Every mistake, for a file to mend by; in pieces."""
    after = 0
    while (page := faults(stage, after, roll)).rows:
        yield [
            (row["line"], row["letter"], row["heading"], row["value"], row["expected"]) for row in page.rows
        ]
        if page.next is None:
            return
        after = page.next


def changed(stage: Stage, section: str, after: int = 0) -> Page:
    """Records that a file would change: {ref, title, changes: [(field, before, after)]}."""
    titles = ", ".join(f"s.{name}" for name in TITLES[section])
    found = rows(
        f"SELECT f.ref, f.changes, {titles} FROM {stage('diff')} f JOIN {stage(section)} s ON s.ref = f.ref "
        f"WHERE f.section = %s AND s.verdict = 'c' AND f.ref > %s ORDER BY f.ref LIMIT {PAGE + 1}",
        [section, after],
    )
    page = _page(found, lambda row: row[0])
    told = [(ref, json.loads(changes), values) for ref, changes, *values in page.rows]
    places = _places(changes for _ref, changes, _values in told)
    page.rows = [
        {"line": ref, "title": _title(section, values), "changes": _told(section, changes, places)}
        for ref, changes, values in told
    ]
    return page


def _places(all_changes) -> dict[tuple[str, int], str]:
    """Words for the dwellings and households that changes name, two queries for a page."""
    wanted: dict[str, set] = {"dwelling_id": set(), "household_id": set()}
    for changes in all_changes:
        for name in wanted.keys() & changes.keys():
            wanted[name] |= {value for value in changes[name] if value}
    found: dict[tuple[str, int], str] = {}
    for door in Dwelling.objects.filter(pk__in=wanted["dwelling_id"]).select_related("building"):
        found["dwelling_id", door.pk] = f"{door.building.address} {door.short}"
    for home in Household.objects.filter(pk__in=wanted["household_id"]):
        found["household_id", home.pk] = str(home)
    return found


def _told(section, changes, places) -> list[tuple[str, str, str]]:
    def shown(name, value, after):
        if name in ("dwelling_id", "household_id"):
            return places.get((name, value), "") if value else ("＋" if after else "")
        return label(section, name, value)

    return [
        (words.field(section, name), shown(name, old, False), shown(name, new, True))
        for name, (old, new) in changes.items()
    ]


def label(section: str, name: str, value) -> str:
    """A value in words: codes by their tables, statuses by their choices."""
    if name == "status":
        return str(dict(Resident.Status.choices).get(value, value))
    if name == "hukou_here" and value != "":
        return words.yes_no(value)
    table = _TABLES.get(f"{section}_{name}")
    return codes.label(table, value) if table and isinstance(value, str) else str(value)


def new(stage: Stage, section: str, after: int = 0) -> Page:
    """Records that a file would bring: {line, title, grid}."""
    titles = ", ".join(f"s.{name}" for name in TITLES[section])
    found = rows(
        f"SELECT s.ref, s.grid_id, {titles} FROM {stage(section)} s WHERE s.verdict = 'n' AND s.ref > %s "
        f"ORDER BY s.ref LIMIT {PAGE + 1}",
        [after],
    )
    page = _page(found, lambda row: row[0])
    grids = dict(Grid.objects.filter(pk__in={row[1] for row in page.rows}).values_list("pk", "name"))
    page.rows = [
        {"line": ref, "title": _title(section, values), "grid": grids.get(grid, "")}
        for ref, grid, *values in page.rows
    ]
    return page


def _title(section, values) -> str:
    parts = [
        mask(name, ciphers.decrypt(value)) if name in ENCRYPTED else str(value)
        for name, value in zip(TITLES[section], values, strict=True)
        if value
    ]
    if section == "dwelling" and len(parts) == 2:
        return f"{parts[0]}单元{parts[1]}"
    return " ".join(parts) or "—"


def doubts(stage: Stage, user, after: int = 0) -> Page:
    """Likely duplicates side by side: {line, choice, sides: [(field, in the file, in the registry, same?)]}."""
    listed = ", ".join(f"s.{name}" for name in SIDES)
    found = rows(
        f"SELECT s.ref, s.twin_id, d.choice, r.building_address, {listed} FROM {stage('resident')} s "
        f"JOIN {stage('raw')} r ON r.line = s.ref LEFT JOIN {stage('decision')} d ON d.ref = s.ref "
        f"WHERE s.verdict = 'd' AND s.ref > %s ORDER BY s.ref LIMIT {PAGE + 1}",
        [after],
    )
    page = _page(found, lambda row: row[0])
    there = Resident.objects.visible_to(user).select_related("dwelling__building", "grid").in_bulk(
        [row[1] for row in page.rows]
    )  # fmt: skip
    page.rows = [_doubt(row, there.get(row[1])) for row in page.rows]
    return page


def _doubt(row, twin) -> dict:
    ref, _twin, choice, address, *values = row
    mine = dict(zip(SIDES, values, strict=True))
    sides = []
    for name, value in mine.items():
        ours = ciphers.decrypt(value or "") if name in ENCRYPTED else value or ""
        theirs = getattr(twin, name, "") if twin else ""
        same = bool(ours) and ours == theirs
        sides.append((words.field("resident", name), _side(name, ours), _side(name, theirs), same))
    where = f"{twin.dwelling.building.address} {twin.dwelling.short}" if twin and twin.dwelling else ""
    sides.append(
        (words.field("building", "address"), address or "", where, bool(address) and address in where)
    )
    return {"line": ref, "choice": choice or "", "sides": sides, "twin": twin}


def _side(name, value) -> str:
    return label("resident", name, mask(name, value)) if value else ""


# ---- files about records that are there (residents.intake.rolls)


def of_roll(roll, tab: str, user, after: int = 0) -> Page:
    """The page of a tab (doubt, changed, new) of such a file, in the forms of the other files."""
    if tab == "doubt":
        return _roll_doubts(roll, user, after)
    page = _page(roll.page("c" if tab == "changed" else "n", after, PAGE + 1), lambda pair: pair[0].ref)
    grids = dict(Grid.objects.filter(pk__in={line.grid_id for line, _c in page.rows}).values_list("pk", "name"))
    roll.know([line for line, _choice in page.rows])
    page.rows = [
        {
            "line": line.ref, "title": _roll_title(roll, line), "grid": grids.get(line.grid_id, ""),
            "changes": _sides(roll, line),
        }
        for line, _choice in page.rows
    ]  # fmt: skip
    return page


def _roll_title(roll, line) -> str:
    """What the row is about, and whom by their masked number: many people have one name."""
    number = line.values.get(f"{roll.kind}_id_number", "")
    parts = (line.plan["title"], line.plan.get("who"), number and mask("id_number", number))
    return " · ".join(filter(None, parts))


def _sides(roll, line) -> list[tuple[str, str, str]]:
    return [
        (words.place(name, {}, roll.words_of(name))[0],
         HIDDEN if roll.before_hidden and before not in (None, "") else roll.shown(name, before), roll.shown(name, after))
        for name, before, after in line.plan.get("changes", ())
    ]  # fmt: skip


def _roll_doubts(roll, user, after) -> Page:
    """Whom a row means where only the name says so."""
    page = _page(roll.page("d", after, PAGE + 1), lambda pair: pair[0].ref)
    people = [line.plan.get("person") or line.plan.get("tenant") for line, _choice in page.rows]
    there = Resident.objects.visible_to(user).select_related("dwelling__building", "grid").in_bulk(people)
    made = []
    for (line, choice), pk in zip(page.rows, people, strict=True):
        twin = there.get(pk)
        mine = {name: line.values.get(f"{roll.kind}_{name}", "") for name in ("name", "birth_date", "id_number")}
        sides = [
            (words.field("resident", name), mask(name, ours) if ours else "", _side(name, getattr(twin, name, "")),
             bool(ours) and ours == getattr(twin, name, ""))
            for name, ours in mine.items()
        ]  # fmt: skip
        where = f"{twin.dwelling.building.address} {twin.dwelling.short}" if twin and twin.dwelling else ""
        sides.append((words.field("building", "address"), "", where, False))
        made.append({"line": line.ref, "choice": choice, "sides": sides, "twin": twin})
    page.rows = made
    return page
