"""Spreadsheets as people really send them: xlsx or csv, UTF-8 or GBK, headings in either language, numbers as text."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zipfile import ZipFile

from django.utils import translation
from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.datetime import from_excel

from core.errors import Invalid
from core.sheets import restored

MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED = 200 * 1024 * 1024
MAX_ROWS = 50_000
MAX_COLUMNS = 60
HEADING_WITHIN = 10  # rows: many a roll begins with a title over merged cells
EXACT_DIGITS = 15  # of a number in a spreadsheet; what is longer has lost its last digits
SERIALS = range(20_000, 80_000)  # days since 1900 that a spreadsheet shows as a date: 1954 to 2119
DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]00:00(?::00)?)?")
SHORTENED = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)
# Full-width digits and letters; punctuation stays, it belongs to Chinese names.
PLAIN = {
    wide: wide - 0xFEE0
    for first, last in ("０９", "ＡＺ", "ａｚ")
    for wide in range(ord(first), ord(last) + 1)
}
HAN_GAP = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")


@dataclass(frozen=True)
class Table:
    """`rows`: (row number as a spreadsheet counts, {column: value}); `unused`: headings nobody asked for."""

    rows: list[tuple[int, dict]]
    unused: list[str]
    headings: dict[str, str]  # column → the heading in the file


class Unreadable(ValueError):
    """A cell that cannot be what it should be: the message says what was expected."""


def read(source, columns: Mapping[str, Iterable[str]], required: Iterable[str], name: str = "") -> Table:
    """The rows of a spreadsheet (a path, or an open binary file). Empty rows are left out.

    `columns` maps a column to the headings it may have. Raises Invalid if the file is none, too large, or lacks a
    column of `required`.
    """
    name = (name or getattr(source, "name", None) or str(source)).lower()
    content = _content(source)
    raw = _xlsx(content) if name.endswith((".xlsx", ".xlsm")) else _csv(content)
    rows = []
    for number, cells in enumerate(raw, 1):
        if number > MAX_ROWS:
            raise Invalid(_("The file has more than %(count)s rows: split it.") % {"count": MAX_ROWS})
        rows.append((number, cells[:MAX_COLUMNS]))
    return _shaped(rows, columns, list(required))


def _content(source) -> bytes:
    try:
        content = source.read() if hasattr(source, "read") else Path(source).read_bytes()
    except OSError as error:
        raise Invalid(_("The file cannot be read: %(why)s.") % {"why": error.strerror}) from error
    if len(content) > MAX_BYTES:
        raise Invalid(_("The file is larger than %(size)s MB.") % {"size": MAX_BYTES // 1024**2})
    return content


def _xlsx(content: bytes) -> Iterator[list]:
    try:
        with ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED:
                raise Invalid(_("The file is larger than %(size)s MB.") % {"size": MAX_UNPACKED // 1024**2})
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        for row in book.worksheets[0].iter_rows(max_col=MAX_COLUMNS, max_row=MAX_ROWS + 1, values_only=True):
            yield list(row)
    except Invalid:
        raise
    except Exception as error:  # a broken part makes the reader stumble over anything: its XML, its numbers, its zip
        raise Invalid(_("This is not an Excel file (.xlsx).")) from error


def _csv(content: bytes) -> Iterator[list]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Invalid(_("This is neither an Excel file (.xlsx) nor a CSV file in UTF-8 or GBK."))
    if "\0" in text:
        raise Invalid(_("This is neither an Excel file (.xlsx) nor a CSV file in UTF-8 or GBK."))
    first = text.partition("\n")[0]
    delimiter = max(",;\t，", key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise Invalid(_("This is no proper CSV file: %(why)s.") % {"why": error}) from error


def _shaped(rows, columns, required) -> Table:
    known = {heading_key(word): column for column, words in columns.items() for word in (column, *words)}
    index, headings = _heading(rows, known)
    missing = [next(iter(columns[column])) for column in required if column not in headings.values()]
    if missing:
        raise Invalid(
            _("The heading lacks: %(columns)s. Expected one row with the names of the columns.")
            % {"columns": ", ".join(missing)}
        )
    found = []
    for number, cells in rows[index + 1 :]:
        row = {headings[place]: value for place, value in enumerate(cells) if place in headings}
        if any(text(value) for value in row.values()):
            found.append((number, row))
    names = [text(cell) for cell in rows[index][1]]
    return Table(
        found,
        unused=[word for place, word in enumerate(names) if word and place not in headings],
        headings={column: names[place] for place, column in headings.items()},
    )


def _heading(rows, known) -> tuple[int, dict[int, str]]:
    """The row that has most of the known headings: (its index, {place in the row: column})."""
    best = (0, {})
    for index, (_number, cells) in enumerate(rows[:HEADING_WITHIN]):
        places: dict[int, str] = {}
        for place, cell in enumerate(cells):
            column = known.get(heading_key(cell))
            if column and column not in places.values():
                places[place] = column
        if len(places) > len(best[1]):
            best = (index, places)
    return best


def heading_key(value) -> str:
    """ "Staff Number*" → "staffnumber": what tells two headings apart."""
    return re.sub(r"[\s_*:()/·-]", "", unicodedata.normalize("NFKC", text(value))).lower()


def names_of(label) -> list[str]:
    """Names of a choice in the source's wording ("Centre 中心"), its halves, and the reader's language."""
    with translation.override(None):
        both = str(label)
    english, _space, chinese = both.rpartition(" ")
    return [both, english, chinese, str(label)]


def text(value) -> str:
    """The cell as one line of text: full-width letters and digits become plain ones, gaps in Chinese names go."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    line = " ".join(str(restored(value)).translate(PLAIN).split())
    return HAN_GAP.sub("", line)


def code(value) -> str:
    """A code or number without any spaces. Raises Unreadable where a spreadsheet has lost digits."""
    line = re.sub(r"[\s']", "", unicodedata.normalize("NFKC", text(value)))
    too_long = isinstance(value, int | float) and len(line.lstrip("-")) > EXACT_DIGITS
    if too_long or SHORTENED.fullmatch(line):
        raise Unreadable(
            _("“%(value)s” was stored as a number and has lost digits: format the column as text.")
            % {"value": line}
        )
    return line


def day(value) -> date | None:
    """A date, however it is written: a date cell, its serial number, 2026-01-05, 2026/1/5, 2026年1月5日, 20260105."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    line = text(value)
    if not line:
        return None
    try:
        if match := DATE.fullmatch(line):
            return date(*map(int, match.groups()))
        if line.isdecimal() and len(line) == 8:
            return date(int(line[:4]), int(line[4:6]), int(line[6:]))
        if line.isdecimal() and int(line) in SERIALS:
            return from_excel(int(line)).date()
    except ValueError as error:
        raise Unreadable(_("there is no such day: “%(value)s”.") % {"value": line}) from error
    raise Unreadable(_("expected a date such as 2026-01-05, got “%(value)s”.") % {"value": line})
