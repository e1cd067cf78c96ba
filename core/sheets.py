"""Rows as CSV or as a workbook, in pieces: constant memory, and no cell that a spreadsheet would run as a formula."""

import csv
import io
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

FORMULA = ("=", "+", "-", "@", "\t", "\r")
BLOCK = 64 * 1024  # bytes of a finished workbook sent at once


def safe(value):
    """A text that begins like a formula, with an apostrophe before it; everything else as it is."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def restored(value):
    """What `safe` made of a text, back again."""
    return (
        value[1:]
        if isinstance(value, str) and value.startswith("'") and value[1:].startswith(FORMULA)
        else value
    )


def csv_pieces(head: list[str], pieces: Iterable[Iterable]) -> Iterator[bytes]:
    """UTF-8 with a byte order mark (Excel asks for it); a piece of bytes for the heading and for each piece of rows."""
    yield "\ufeff".encode() + _lines([head])
    for piece in pieces:
        yield _lines(piece)


def _lines(rows) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([safe(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def xlsx_pieces(head: list[str], pieces: Iterable[Iterable]) -> Iterator[bytes]:
    """A workbook of one sheet. A zip archive is whole only at its end: it is written to a file first, then sent."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(head)
    for piece in pieces:
        for row in piece:
            sheet.append([_cell(value) for value in row])
    with TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        yield from iter(lambda: file.read(BLOCK), b"")


def _cell(value):
    return ILLEGAL_CHARACTERS_RE.sub("", safe(value)) if isinstance(value, str) else value
