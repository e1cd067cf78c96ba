"""The workbook to fill in: headings, an example, notes; and the code tables, each with the words that are understood."""

import io

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from residents.intake.columns import GRID, Layout
from residents.intake.sheets import EXAMPLE

NEEDED = PatternFill("solid", fgColor="FFE9B8")
USUAL = PatternFill("solid", fgColor="E4EDF6")
LAST_ROW = 20_000  # to which the menus of choices reach
AS_TEXT = "@"  # so that a spreadsheet keeps all digits of a number


def workbook(layout: Layout) -> io.BytesIO:
    """A sheet 数据 for the rows and a sheet 代码表 with all codes."""
    book = Workbook()
    data, tables = book.active, book.create_sheet("代码表")
    data.title = "数据"
    wanted = {column.name for column in layout.needed}
    wanted |= {column.name for column in layout.columns if column.needed and column.field.startswith("own_")}
    listed = layout.columns
    ranges = _tables(tables, [column for column in listed if column.table])
    data["A1"] = _(
        "Yellow columns must be filled. Keep numbers as text. The row that begins with “%(word)s” is an example and is "
        "not read."
    ) % {"word": EXAMPLE}
    data.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(listed))
    data["A1"].alignment = Alignment(wrap_text=True, vertical="center")
    data.row_dimensions[1].height = 32
    for place, column in enumerate(listed, 1):
        _heading(data, place, column, column.name in wanted)
        example = f"{EXAMPLE} {column.example}" if column.section == GRID else column.example
        data.cell(3, place, example).number_format = AS_TEXT
        letter = get_column_letter(place)
        data.column_dimensions[letter].number_format = AS_TEXT
        if column.name in ranges:
            choice = DataValidation(
                type="list", formula1=ranges[column.name], allow_blank=True, showErrorMessage=False
            )
            choice.add(f"{letter}3:{letter}{LAST_ROW}")
            data.add_data_validation(choice)
    data.freeze_panes = "B3"
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    return out


def _heading(sheet, place, column, needed):
    cell = sheet.cell(2, place, column.words[0])
    cell.font = Font(bold=True)
    cell.fill = NEEDED if needed else USUAL
    if len(column.words) > 1:
        cell.comment = Comment(
            _("Also understood: %(words)s") % {"words": "、".join(column.words[1:])}, "gridcenter"
        )
    sheet.column_dimensions[get_column_letter(place)].width = max(
        12, 2 * len(column.words[0]) + 4, len(column.example) + 4
    )


def _tables(sheet, coded) -> dict[str, str]:
    """Two columns per table, code and words; the range of the words for each column of the data."""
    ranges = {}
    for number, column in enumerate(coded):
        left = 3 * number + 1
        sheet.cell(1, left, column.words[0]).font = Font(bold=True)
        for row, (code, (chinese, _english)) in enumerate(column.table.items(), 2):
            sheet.cell(row, left, code).number_format = AS_TEXT
            sheet.cell(row, left + 1, chinese)
        letter = get_column_letter(left + 1)
        sheet.column_dimensions[letter].width = 24
        ranges[column.name] = f"'代码表'!${letter}$2:${letter}${len(column.table) + 1}"
    return ranges
