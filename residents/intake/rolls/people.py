"""Who a row means: by the ID number and the name, or by the name where that is enough; only where one may import."""

from dataclasses import dataclass
from datetime import date

from django.db.models import F
from django.utils import timezone

from core import ciphers
from residents.intake import cells
from residents.intake.cells import Bad
from residents.intake.columns import Column
from residents.intake.rolls.base import Line, pieces
from residents.models import Resident

SEEN = ("pk", "name", "birth_month", "grid_id", "grid__path", "id_tag")


@dataclass(frozen=True)
class Person:
    pk: int
    name: str
    birth_month: date | None
    grid_id: int
    path: str
    numbered: bool  # the registry knows an ID number


def columns(section: str, name: str, number: str, born: str, needed=True) -> tuple[Column, ...]:
    """The columns by which a person is found: words for name, number and birth date."""
    return (
        Column(section, "name", tuple(name.split()), cells.line_of(60), "刘珍珍", needed=needed, once=True),
        Column(section, "id_number", tuple(number.split()), cells.code_of(20), "430281198503040027", private=True,
               once=True),
        Column(section, "birth_date", tuple(born.split()), cells.day, "1985-03-04", private=True),
    )  # fmt: skip


def check(line: Line, section: str):
    """The ID number by its check digit, and the birth date by the number."""
    number, born = (line.values.get(f"{section}_{name}") for name in ("id_number", "birth_date"))
    today = timezone.localdate().isoformat()
    if number:
        try:
            if len(number) == 18:
                said = cells.id_card(number, today)[0]
                if born and born != said:
                    line.wrong(f"{section}_birth_date", "unlike_id")
                    line.values[f"{section}_birth_date"] = "****"
            else:
                cells.other_document(number)
        except Bad as bad:
            line.wrong(f"{section}_id_number", bad.code, bad.hint)
            line.values[f"{section}_id_number"] = ciphers.mask_id_number(number[:20])
    elif born and born > today:
        line.wrong(f"{section}_birth_date", "future")
        line.values[f"{section}_birth_date"] = "****"


class People:
    """Residents that the rows of a file name, looked up in two queries for a piece of it. `grids`: where they may
    live; a name alone is looked for in the grid of its row."""

    def __init__(self, lines: list[Line], section: str, grids: list[int]):
        self.section, self.grids = section, set(grids)
        self.by_tag: dict[str, Person] = {}
        self.by_name: dict[str, list[Person]] = {}
        living = Resident.objects.living().filter(archived_at=None)
        numbers = {self._of(line, "id_number") for line in lines} - {""}
        tags = {tag for number in numbers for tag in ciphers.tags("id", number)}
        for piece in pieces(tags):
            for row in living.filter(id_tag__in=piece).values_list(*SEEN):
                if row[3] in self.grids:
                    self.by_tag[row[5]] = _person(row)
        names = {self._of(line, "name") for line in lines if self._unknown(line)} - {""}
        for piece in pieces(names):
            for row in living.filter(name__in=piece).order_by(F("pk")).values_list(*SEEN):
                if row[3] in self.grids:
                    self.by_name.setdefault(row[1], []).append(_person(row))

    def _of(self, line, name) -> str:
        return line.values.get(f"{self.section}_{name}", "")

    def _unknown(self, line) -> bool:
        return self._tagged(line) is None

    def _tagged(self, line) -> Person | None:
        number = self._of(line, "id_number")
        tags = ciphers.tags("id", number) if number else []
        return next((self.by_tag[tag] for tag in tags if tag in self.by_tag), None)

    def find(self, line: Line) -> Person | None:
        """The person of a row, or a fault. Where only a name says so, the row is doubtful: somebody must decide."""
        name, number = self._of(line, "name"), self._of(line, "id_number")
        if found := self._tagged(line):
            if found.name == name:
                return found
            line.wrong(f"{self.section}_name", "other_name")
            return None
        born = self._of(line, "birth_date") or (checks_birth(number) if number else "")
        same = [
            one
            for one in self.by_name.get(name, [])
            if line.grid_id in (None, one.grid_id)
            and not (number and one.numbered)
            and (not born or one.birth_month is None or one.birth_month.isoformat()[:7] == born[:7])
        ]
        if len(same) == 1:
            line.doubtful = bool(number) or not born or same[0].birth_month is None
            return same[0]
        column = "id_number" if number or same else "name"
        line.wrong(f"{self.section}_{column}", "several" if same else "no_person")
        return None


def checks_birth(number: str) -> str:
    return f"{number[6:10]}-{number[10:12]}-{number[12:14]}" if len(number) == 18 else ""


def _person(row) -> Person:
    pk, name, born, grid, path, tag = row
    return Person(pk, name, born, grid, path, bool(tag))
