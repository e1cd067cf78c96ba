"""Rows of a file into rows of the staging table, with codes for what is wrong. Asks the database nothing, so that
several processes can do it side by side (residents.intake.hand).
"""

from dataclasses import dataclass, field
from datetime import date

from core import ciphers
from residents import checks, codes, derived
from residents.intake import cells, sheets
from residents.intake.cells import Bad
from residents.intake.columns import ENCRYPTED, GRID, Column, columns, sections, stage_columns

REMEMBERED = 4_000  # different values of a column
HOMES = ("people", "dwelling", "household", "resident")  # files that say who lives where
SHOWN = 60  # signs of a wrong value
# (line, column, code, value as it may be shown, hint)
Fault = tuple[int, str, str, str, str]


@dataclass
class Order:
    """What a cleaner must know: the kind of file, the places of columns, the grids this person may import into."""

    kind: str
    places: dict[int, str]
    grids: dict[str, int]
    today: str = field(default_factory=lambda: date.today().isoformat())


class Cleaner:
    """`clean(rows)` → (staging rows, faults). A row with a fault is not staged."""

    def __init__(self, order: Order):
        self.order = order
        by_name = {column.name: column for column in columns(order.kind)}
        self.plan = [
            (place, by_name[name], name, None if by_name[name].once else {})
            for place, name in order.places.items()
            if name != GRID
        ]
        self.grid_place = next(place for place, name in order.places.items() if name == GRID)
        self.names = stage_columns(order.kind)
        self.makes = {section.name for section in sections(order.kind) if section.makes}
        self.reads = {section.name for section in sections(order.kind)}
        self.encrypted = [name for name in self.names if name.partition("_")[2] in ENCRYPTED]

    def clean(self, rows: list[tuple[int, list]]) -> tuple[list[list], list[Fault]]:
        staged: list[list] = []
        faults: list[Fault] = []
        for line, row in rows:
            if not any(row) or not any(cells.text(cell) for cell in row):
                continue
            found: list[Fault] = []
            values = self._values(line, row, found)
            if values is None:
                continue
            if found:
                faults += found
            else:
                staged.append([line, *[values.get(name) for name in ("grid", *self.names)]])
        return staged, faults

    def _values(self, line, row, found):
        grid = cells.text(row[self.grid_place]) if self.grid_place < len(row) else ""
        if grid.startswith(sheets.EXAMPLE):
            return None
        values: dict = {}
        self._grid(line, row, grid, values, found)
        width = len(row)
        for place, column, name, memory in self.plan:
            raw = row[place] if place < width else None
            if raw is None or raw == "":
                continue
            if memory is not None and type(raw) is str and raw in memory:
                values[name] = memory[raw]
                continue
            try:
                value = column.read(raw)
            except Bad as bad:
                found.append((line, name, bad.code, shown(column, raw), bad.hint))
                continue
            values[name] = value
            if memory is not None and type(raw) is str and len(memory) < REMEMBERED:
                memory[raw] = value
        self._whole(line, values, found)
        return values

    def _grid(self, line, row, grid, values, found):
        if not grid:
            found.append((line, GRID, "needed", "", ""))
            return
        known = self.order.grids.get(grid)
        if known is None:
            try:
                known = self.order.grids.get(cells.digits(row[self.grid_place]))
            except Bad as bad:
                found.append((line, GRID, bad.code, grid[:SHOWN], ""))
                return
        if known is None:
            found.append((line, GRID, "grid", grid[:SHOWN], ""))
        values["grid"] = known

    def _whole(self, line, values, found):
        """What is wrong with a row taken together, and what follows from its cells."""
        if "building" in self.reads:
            self._building(line, values, found)
        if "dwelling" in self.reads:
            self._dwelling(line, values, found)
        if (
            "household" in self.makes
            and "resident" not in self.reads
            and not _has(values, "household_number")
        ):
            self._needed(line, "household_number", values, found)
        for name in ("organisation", "place"):
            if name in self.makes:
                self._needed(line, f"{name}_name", values, found)
                self._named(name, values)
        if "place" in self.makes:
            self._needed(line, "place_kind", values, found)
        if "resident" in self.makes:
            self._needed(line, "resident_name", values, found)
            self._person(line, values, found)
        if not found:
            for name in self.encrypted:
                if value := values.get(name):
                    values[name] = ciphers.encrypt(value)

    def _needed(self, line, name, values, found):
        if not _has(values, name) and not any(fault[1] == name for fault in found):
            found.append((line, name, "needed", "", ""))

    def _building(self, line, values, found):
        estate, number = values.get("building_estate"), values.get("building_number")
        if not values.get("building_address") and number:
            values["building_address"] = f"{estate or ''}{number}"
        if not values.get("building_address") and self.order.kind in ("building", "dwelling"):
            self._needed(line, "building_number", values, found)
        for name in ("building", "organisation", "place"):
            lon, lat = f"{name}_lon", f"{name}_lat"
            if _has(values, lon) != _has(values, lat):
                found.append((line, lat if _has(values, lon) else lon, "needed", "", ""))

    def _dwelling(self, line, values, found):
        if self.order.kind in HOMES and values.get("building_address") and not values.get("dwelling_unit"):
            # A house without doors; of one that has some, residents.intake.match says so.
            values["dwelling_door"] = values.get("dwelling_door") or checks.WHOLE
        number = values.get("dwelling_door")
        if number and not values.get("building_address"):
            found.append((line, "building_number", "needed", "", ""))
        elif self.order.kind == "dwelling" or values.get("dwelling_unit"):
            self._needed(line, "dwelling_door", values, found)
        if number:
            values.setdefault("dwelling_unit", "")
            values["dwelling_unit"] = values["dwelling_unit"] or ""
            if "dwelling" in self.makes and values.get("dwelling_storey") is None:
                values["dwelling_storey"] = cells.storey_of(number)

    def _named(self, section, values):
        if name := values.get(f"{section}_name"):
            values[f"{section}_pinyin"], values[f"{section}_initials"] = derived.pinyin_of(name)

    def _person(self, line, values, found):
        self._document(line, values, found)
        born = values.get("resident_birth_date")
        if born and born > self.order.today:
            found.append((line, "resident_birth_date", "future", "****", ""))
        if found:
            return
        self._named("resident", values)
        number, phone = values.get("resident_id_number") or "", values.get("resident_phone") or ""
        if number:
            values["resident_id_tag"] = ciphers.tag("id", number)
            values["resident_tail_tag"] = ciphers.tag("tail", number[-derived.TAIL :])
        if phone:
            values["resident_phone_tag"] = ciphers.tag("phone", phone)
        if born:
            values["resident_birth_month"] = f"{born[:8]}01"
        if values.get("resident_hukou_here") is None and values.get("resident_population") in (
            "permanent",
            "floating",
        ):
            values["resident_hukou_here"] = 0
        if not checks.may_be_registered_here(values.get("resident_hukou_here"), values.get("resident_population")):
            found.append((line, "resident_hukou_here", "local", words_of(values), ""))

    def _document(self, line, values, found):
        number = values.get("resident_id_number")
        if not number:
            return
        kind = values.get("resident_id_kind") or codes.ID_CARD
        try:
            if kind in cells.checks.CARD_KINDS:
                born, sex = cells.id_card(number, self.order.today)
            else:
                cells.other_document(number)
                return
        except Bad as bad:
            found.append(
                (line, "resident_id_number", bad.code, ciphers.mask_id_number(number[:20]), bad.hint)
            )
            return
        self._agrees(line, "resident_birth_date", born, values, found)
        if values.get("resident_sex") in ("0", "9"):
            values["resident_sex"] = None
        self._agrees(line, "resident_sex", sex, values, found)

    def _agrees(self, line, name, by_number, values, found):
        """Birth date and sex are those of the number; a file that says otherwise has a mistake in one of them."""
        said = values.get(name)
        if said and said != by_number:
            found.append(
                (
                    line,
                    name,
                    "unlike_id",
                    "****" if name.endswith("date") else codes.label(codes.SEX, said),
                    "",
                )
            )
        values[name] = by_number


def words_of(values) -> str:
    return codes.label(codes.POPULATION, values["resident_population"])


def _has(values, name) -> bool:
    return values.get(name) not in (None, "")


def shown(column: Column, raw) -> str:
    """A wrong value as it may stand on a page: private ones masked, wherever the mistake lies."""
    line = cells.text(raw)[:SHOWN]
    if not column.private:
        return line
    return ciphers.mask(line, 3, 2) if column.field != "birth_date" else "****"
