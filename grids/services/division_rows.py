"""Rows of a divisions file (区划) into checked ones, with words for what is wrong. Asks the database nothing."""

from django.utils.translation import gettext as _

from grids.models import Grid
from grids.services import tables
from grids.services.findings import Findings

COLUMNS = {
    "code": ("区划代码", "编码"),
    "name": ("名称", "区划名称"),
    "level": ("级别",),
    "parent_code": ("上级代码", "上级编码"),
}
ABOVE = {"county": None, "town": "county", "village": "town"}  # level → the level of its parent
DIGITS = 12
NAME_SIZE = Grid._meta.get_field("name").max_length


def parse(source) -> dict[str, dict]:
    """{code: row} of a divisions file. Raises Invalid (fields: "row.column" → sentences) if a row is not right."""
    table = tables.read(source, COLUMNS, COLUMNS)
    findings = Findings()
    rows = [(number, _row(number, cells, table.headings, findings)) for number, cells in table.rows]
    found: dict[str, dict] = {}
    for number, row in rows:
        if row["code"] and row["code"] in found:
            findings.at(number, "code", table.headings["code"], _("%s is in the file twice.") % row["code"])
        found.setdefault(row["code"], row)
    for number, row in rows:
        if wrong := _parent(row, found):
            findings.at(number, "parent_code", table.headings["parent_code"], wrong)
    findings.raise_any()
    return found


def name_wrong(name: str) -> str:
    """What is wrong with the name of a grid, in words; "" if nothing is."""
    if name and len(name) <= NAME_SIZE:
        return ""
    return _("expected 1 to %(size)s characters, got “%(value)s”.") % {"size": NAME_SIZE, "value": name}


def _row(number, cells, headings, findings) -> dict:
    row = {"name": tables.text(cells.get("name")), "level": tables.text(cells.get("level"))}
    for column in ("code", "parent_code"):
        try:
            row[column] = tables.code(cells.get(column))
        except tables.Unreadable as error:
            findings.at(number, column, headings[column], str(error))
            row[column] = None
    if row["code"] is not None and not _is_code(row["code"]):
        findings.at(number, "code", headings["code"], _("expected 12 digits, got “%s”.") % row["code"])
    if wrong := name_wrong(row["name"]):
        findings.at(number, "name", headings["name"], wrong)
    if row["level"] not in ABOVE:
        words = _("expected one of %(known)s, got “%(value)s”.")
        facts = {"known": ", ".join(ABOVE), "value": row["level"]}
        findings.at(number, "level", headings["level"], words % facts)
    return row


def _is_code(code: str) -> bool:
    return len(code) == DIGITS and code.isascii() and code.isdecimal()


def _parent(row, found) -> str:
    """What is wrong with the row's parent. A parent or a level that is wrong itself is said there, once."""
    code, level = row["parent_code"], row["level"]
    if code is None or level not in ABOVE:
        return ""
    if ABOVE[level] is None:
        city = (row["code"] or "")[:4].ljust(DIGITS, "0")
        words = _("expected nothing, or the city's code %(city)s, above a county, got “%(value)s”.")
        return "" if code in ("", city) else words % {"city": city, "value": code}
    above = found.get(code) if code else None
    if above is None:
        words = _("expected the code of a %(level)s of this file, got “%(value)s”.")
        return words % {"level": ABOVE[level], "value": code}
    if above["level"] != ABOVE[level] and above["level"] in ABOVE:
        words = _("expected the code of a %(level)s, got %(value)s, which is a %(other)s.")
        return words % {"level": ABOVE[level], "value": code, "other": above["level"]}
    return ""
