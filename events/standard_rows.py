"""Rows of a standards file into checked values, with words for what is wrong. Asks the database nothing."""

import csv
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from pathlib import Path

from django.utils.translation import gettext as _

from core.errors import Invalid
from events.models import Standard, StandardLead
from events.models.standard import LimitUnit

PREFIX = {"component": "C", "event": "E", "governance": "G"}
COLUMNS = (
    "kind", "major_code", "major_name", "minor_code", "minor_name", "variant", "condition",
    "limit", "limit_unit", "closing_term", "lead_0", "lead_2", "photos", "rating",
)  # fmt: skip
OPTIONAL = ("lead_1",)  # a centre of level 1 with bureaus of its own: rare, so the files shipped leave it out
LEAD_LEVELS = {"lead_0": 0, "lead_1": 1, "lead_2": 2}
TEXT_SIZES = {
    name: Standard._meta.get_field(name).max_length
    for name in ("major_name", "minor_name", "condition", "closing_term")
}
LIMIT_MAX = Decimal("99999.99")  # numeric(7, 2)
YES_NO = {"yes": True, "no": False, "true": True, "false": False, "是": True, "否": False}


@dataclass(frozen=True, slots=True)
class Row:
    """One standard as a file states it. `leads` is ((level, department kind code), …) by level."""

    code: str
    kind: str
    major_code: str
    major_name: str
    minor_code: str
    minor_name: str
    variant: int
    condition: str
    limit: Decimal
    limit_unit: str
    closing_term: str
    photos_required: bool
    rating_asked: bool
    leads: tuple[tuple[int, str], ...]

    @property
    def values(self) -> dict:
        """The fields of `Standard` that the row states (all but the leads)."""
        return {name: getattr(self, name) for name in FIELDS}


FIELDS = tuple(field.name for field in fields(Row) if field.name != "leads")


def read_csv(path: Path) -> list[dict[str, str]]:
    """Rows of a UTF-8 CSV file (with or without Excel's byte order mark). Raises Invalid if it is none."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise Invalid(_("The file cannot be read: %(why)s.") % {"why": error.strerror}) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise Invalid(_("This is not a CSV file in UTF-8.")) from error


def of_standard(standard: Standard, leads: Iterable[StandardLead]) -> Row:
    """The row that would load `standard` as it is; `leads` with their department kinds."""
    values = {name: getattr(standard, name) for name in FIELDS}
    return Row(**values, leads=tuple(sorted((lead.level, lead.department_kind.code) for lead in leads)))


class Parser:
    """Collects everything that is wrong instead of stopping at the first: a file is mended in one go."""

    def __init__(self, department_kinds: Collection[str]):
        self._kinds = department_kinds
        self._seen: dict[str, int] = {}
        self.wrong: dict[str, list[str]] = {}

    def parse(self, rows: Iterable[Mapping], *, first_row: int) -> list[Row]:
        """Checked rows. `first_row` is the number of the first one as its reader counts.

        Raises Invalid whose `fields` maps "7.limit" (row, column) to a list of sentences naming both.
        """
        parsed = [self._row(number, raw) for number, raw in enumerate(rows, first_row)]
        if self.wrong:
            nothing = _("Nothing was loaded; fields that are wrong: %(count)s.")
            raise Invalid(nothing % {"count": len(self.wrong)}, fields=self.wrong)
        return parsed

    def _say(self, number: int, column: str, message: str):
        words = _("Row %(row)s, %(column)s: %(message)s")
        facts = {"row": number, "column": column, "message": message}
        self.wrong.setdefault(f"{number}.{column}", []).append(words % facts)

    def _row(self, number: int, raw: Mapping) -> Row | None:
        missing = [name for name in COLUMNS if raw.get(name) is None]
        for name in missing:
            self._say(number, name, _("the column is missing."))
        for name in raw:
            if name not in COLUMNS and name not in OPTIONAL:
                self._say(number, str(name), _("there is no such column."))
        if missing:
            return None
        text = {name: str(raw.get(name) or "").strip() for name in COLUMNS + OPTIONAL}
        before = len(self.wrong)
        row = self._build(number, text)
        return row if len(self.wrong) == before else None

    def _build(self, number: int, text: dict[str, str]) -> Row:
        kind = self._one_of(number, "kind", text, PREFIX)
        major, minor = (self._digits(number, name, text) for name in ("major_code", "minor_code"))
        variant = self._variant(number, text)
        code = f"{PREFIX.get(kind, '?')}{major}{minor}-{variant}"
        if (first := self._seen.setdefault(code, number)) != number:
            twice = _("%(code)s is in row %(row)s already.")
            self._say(number, "variant", twice % {"code": code, "row": first})
        return Row(
            code=code, kind=kind, major_code=major, minor_code=minor, variant=variant,
            limit=self._limit(number, text),
            limit_unit=self._one_of(number, "limit_unit", text, LimitUnit.values),
            photos_required=self._yes(number, "photos", text),
            rating_asked=self._yes(number, "rating", text),
            leads=tuple(self._leads(number, text)),
            **{name: self._text(number, name, text) for name in TEXT_SIZES},
        )  # fmt: skip

    def _one_of(self, number, name, text, known):
        if text[name] not in known:
            expected = {"expected": ", ".join(known), "value": text[name]}
            self._say(number, name, _("expected one of %(expected)s, got “%(value)s”.") % expected)
        return text[name]

    def _digits(self, number, name, text):
        if not re.fullmatch(r"[0-9]{2,4}", text[name]):
            # Spreadsheets turn 01 into 1: the commonest mistake in such a file.
            expected = _("expected two to four digits such as 01, got “%(value)s”.")
            self._say(number, name, expected % {"value": text[name]})
        return text[name]

    def _variant(self, number, text):
        if not re.fullmatch(r"[1-9][0-9]{0,3}", text["variant"]):
            expected = _("expected a whole number from 1, got “%(value)s”.")
            self._say(number, "variant", expected % {"value": text["variant"]})
            return 0
        return int(text["variant"])

    def _limit(self, number, text):
        try:
            limit = Decimal(text["limit"])
            good = limit.is_finite() and 0 < limit <= LIMIT_MAX and limit == round(limit, 2)
        except InvalidOperation:
            good = False
        if not good:
            expected = _("expected a number above 0 with at most two decimals, got “%(value)s”.")
            self._say(number, "limit", expected % {"value": text["limit"]})
            return Decimal(0)
        return limit

    def _text(self, number, name, text):
        if not text[name] and name != "closing_term":
            self._say(number, name, _("must not be empty."))
        if len(text[name]) > TEXT_SIZES[name]:
            self._say(number, name, _("is longer than %(size)s characters.") % {"size": TEXT_SIZES[name]})
        return text[name]

    def _yes(self, number, name, text):
        if text[name].lower() not in YES_NO:
            self._say(number, name, _("expected yes or no, got “%(value)s”.") % {"value": text[name]})
        return YES_NO.get(text[name].lower(), False)

    def _leads(self, number, text):
        for name, level in LEAD_LEVELS.items():
            if text[name] in self._kinds:
                yield level, text[name]
            elif text[name]:
                self._say(number, name, _("there is no department kind “%(value)s”.") % {"value": text[name]})
            elif level == 0:
                self._say(number, name, _("must not be empty."))
