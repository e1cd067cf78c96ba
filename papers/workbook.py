"""The tables of a paper as a workbook."""

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from core.sheets import safe
from papers.drawing.labels import width_of

HEAD = PatternFill("solid", fgColor="E8EEF5")
WIDEST = 48


def write(sheets, target):
    """One sheet per table: bold heading, columns as wide as their words, the heading stays when one scrolls."""
    book = Workbook()
    book.remove(book.active)
    for sheet in sheets:
        page = book.create_sheet(sheet.name[:31])
        page.append(sheet.head)
        for row in sheet.rows:
            page.append([safe(value) for value in row])
        for cell in page[1]:
            cell.font, cell.fill, cell.alignment = Font(bold=True), HEAD, Alignment(wrap_text=True, vertical="center")
        for at in range(len(sheet.head)):
            column = [str(row[at]) for row in [sheet.head, *sheet.rows] if at < len(row)]
            widest = max(width_of(words) for words in column) * 2 + 2
            page.column_dimensions[get_column_letter(at + 1)].width = min(WIDEST, widest)
        page.freeze_panes = "A2"
    book.save(target)
