"""A file as somebody sends it: what it really is, and its rows one by one in constant memory.

`inspect` looks before anything is unpacked. Whatever is wrong with a file as a whole is raised as `Refusal`, a code of
residents.intake.words with its facts.
"""

import codecs
import csv
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from residents.intake import cells
from residents.intake.columns import Column, Layout

MAX_BYTES = 120 * 1024 * 1024  # below client_max_body_size in deploy/nginx.conf; 370,000 people have 80 MB
MAX_UNPACKED = 2 * 1024**3  # the XML of 400,000 people with 40 columns has 700 MB
MAX_RATIO = 120  # unpacked to packed; the most repetitive rolls reach 40
RATIO_COUNTS_FROM = 20 * 1024 * 1024  # bytes unpacked
MAX_PARTS = 2000
MAX_ROWS = 1_000_000
MAX_COLUMNS = 120
HEADING_WITHIN = 10  # rows: many a roll begins with a title over merged cells
HEADING_DEPTH = 3  # rows: headings in two storeys, "房屋" over "单元, 房号"
BLOCK = 1 << 20
PEEK = 4096
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
BROKEN = (BadZipFile, InvalidFileException, KeyError, IndexError, ValueError, TypeError, AttributeError, OSError,
          EOFError, SyntaxError, NotImplementedError, RuntimeError, AssertionError)  # fmt: skip
EXAMPLE = "示例"  # a row whose grid begins like this came with the template


class Refusal(Exception):
    """The file as a whole cannot be taken."""

    def __init__(self, code: str, **facts):
        super().__init__(code)
        self.code, self.facts = code, facts


@dataclass
class Sheet:
    """`places`: place in a row → column; `headings`: column name → (heading in the file, its letter)."""

    total: int
    first: int  # number of the first row below the headings, as a spreadsheet counts
    places: dict[int, Column]
    headings: dict[str, list[str]]
    rows: Iterator[tuple[int, list]] = field(repr=False)


def inspect(path: Path) -> str:
    """ "xlsx" or "csv", by content. Raises Refusal for everything else."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise Refusal("too_big", limit=MAX_BYTES // 1024**2)
    if size == 0:
        raise Refusal("empty")
    with path.open("rb") as file:
        head = file.read(8)
        if head.startswith(OLE):
            file.seek(0)
            raise Refusal("password" if ENCRYPTED_PACKAGE in file.read(4 * BLOCK) else "old_excel")
    if head.startswith(b"PK"):
        _inspect_xlsx(path)
        return "xlsx"
    return "csv"


def _inspect_xlsx(path):
    try:
        with ZipFile(path) as packed:
            parts = packed.infolist()
            names = {part.filename for part in parts}
            if any(part.flag_bits & 1 for part in parts):
                raise Refusal("password")
            if "xl/workbook.xml" not in names:
                raise Refusal("not_xlsx")
            if any(name.lower().endswith("vbaproject.bin") for name in names):
                raise Refusal("macros")
            unpacked, packed_size = sum(part.file_size for part in parts), path.stat().st_size
            bomb = unpacked > RATIO_COUNTS_FROM and unpacked > MAX_RATIO * packed_size
            if bomb or unpacked > MAX_UNPACKED or len(parts) > MAX_PARTS:
                raise Refusal("bomb")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with packed.open(part) as opened:
                        if b"<!DOCTYPE" in opened.read(PEEK) or b"<!ENTITY" in opened.read(PEEK):
                            raise Refusal("not_xlsx")
    except BROKEN as error:
        raise Refusal("not_xlsx") from error


@contextmanager
def opened(path: Path, layout: Layout) -> Iterator[Sheet]:
    """The file's rows under their headings. Raises Refusal, also while the rows are read."""
    if inspect(path) == "xlsx":
        with _workbook(path) as (total, raw):
            yield _shaped(raw, layout, total)
    else:
        with _text(path) as (total, raw):
            yield _shaped(raw, layout, total)


@contextmanager
def _workbook(path):
    with path.open("rb") as file:  # by its content: the stored file has no name that ends in .xlsx
        sheet = _sheet(file)
        total = sheet.max_row if isinstance(sheet.max_row, int) else 0
        sheet.reset_dimensions()  # some programs write a wrong one: then rows would be cut off
        yield min(total, MAX_ROWS), _guarded(sheet.iter_rows(values_only=True))


def _sheet(file):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells of styles and validations it does not know
            book = load_workbook(file, read_only=True, data_only=True)
        sheet = next((one for one in book.worksheets if one.sheet_state == "visible"), None)
    except BROKEN as error:
        raise Refusal("not_xlsx") from error
    if sheet is None:
        raise Refusal("empty")
    return sheet


def _guarded(rows):
    try:
        yield from rows
    except BROKEN as error:
        raise Refusal("not_xlsx") from error


@contextmanager
def _text(path):
    encoding, lines = _encoding(path)
    with path.open(encoding=encoding, newline="") as file:
        delimiter = _delimiter(file.read(PEEK))
        file.seek(0)
        yield min(lines, MAX_ROWS), _csv_rows(csv.reader(file, delimiter=delimiter))


def _csv_rows(reader):
    try:
        yield from reader
    except csv.Error as error:
        raise Refusal("bad_csv") from error
    except UnicodeError as error:
        raise Refusal("encoding") from error


def _delimiter(sample):
    first = "\n".join(sample.splitlines()[:HEADING_WITHIN])
    return max(",;\t，", key=first.count)


def _encoding(path) -> tuple[str, int]:
    """(encoding, lines): the first one that reads all of it. Bytes that no text has are no text."""
    for name in ("utf-8-sig", "gb18030"):
        decoder, lines, printed = codecs.getincrementaldecoder(name)(), 0, True
        try:
            with path.open("rb") as file:
                head = file.read(2)
                if head in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
                    return "utf-16", path.stat().st_size // 100
                file.seek(0)
                for block in iter(lambda: file.read(BLOCK), b""):
                    printed = printed and b"\0" not in block
                    lines += decoder.decode(block).count("\n")
                decoder.decode(b"", final=True)
        except UnicodeError:
            continue
        if not printed:
            break
        return name, lines + 1
    raise Refusal("not_a_table")


def _shaped(raw, layout, total) -> Sheet:
    head = list(islice(raw, HEADING_WITHIN + HEADING_DEPTH))
    if not any(any(cells.text(cell) for cell in row) for row in head):
        raise Refusal("empty")
    last, places, words = _heading(head, layout)
    found = {column.name for column in places.values()}
    missing = [column.words[0] for column in layout.needed if column.name not in found]
    if missing:
        raise Refusal("headings", columns="、".join(missing))
    headings = {column.name: [words[place], letter(place)] for place, column in places.items()}
    return Sheet(total, last + 2, places, headings, _rows(head[last + 1 :], raw, last + 2))


def _rows(held, raw, first):
    for source in (held, raw):
        for number, row in enumerate(source, first):
            if number > MAX_ROWS:
                raise Refusal("too_many_rows", limit=MAX_ROWS)
            yield number, row[:MAX_COLUMNS]
        first += len(held)


def _heading(rows, layout) -> tuple[int, dict[int, Column], dict[int, str]]:
    """The rows that hold the headings, the lower of them first in doubt: (index of the last one, columns, words)."""
    known: dict[str, Column] = {}
    for column in sorted(layout.columns, key=lambda column: column.section not in layout.own):
        for word in (*column.words, column.name):
            known.setdefault(cells.heading_key(word), column)
    best: tuple[int, dict, dict] = (0, {}, {})
    for depth in range(1, HEADING_DEPTH + 1):
        for last in range(depth - 1, min(len(rows), HEADING_WITHIN + depth - 1)):
            places, words = _places(rows[last - depth + 1 : last + 1], known)
            if len(places) > len(best[1]):
                best = (last, places, words)
    return best


def _places(rows, known):
    places: dict[int, Column] = {}
    words: dict[int, str] = {}
    for row in reversed(rows):
        for place, cell in enumerate(row[:MAX_COLUMNS]):
            if place in places or not isinstance(cell, str):
                continue
            column = known.get(cells.heading_key(cell))
            if column and column not in places.values():
                places[place], words[place] = column, cells.text(cell)[:40]
    return places, words


def letter(place: int) -> str:
    """0 → A, 26 → AA"""
    made = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        made = chr(65 + rest) + made
    return made


def lines_of(rows: list[list]) -> bytes:
    """Rows as CSV for COPY: empty is NULL."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()
