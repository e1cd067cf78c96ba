"""Rows of a table of units (单位) into checked values, with words for what is wrong. Asks the database nothing."""

from dataclasses import dataclass, fields

from django.utils.translation import gettext as _

from grids.models import Unit
from grids.services import tables
from grids.services.findings import Findings

COLUMNS = {
    "code": ("单位编码", "编码", "unit code"),
    "name": ("单位名称", "名称", "单位", "unit", "unit name"),
    "kind": ("类型", "单位类型"),
    "department_kind": ("部门类别", "条线", "department kind"),
    "grid": ("网格编码", "辖区编码", "所属网格编码", "grid code"),
    "phone": ("办公电话", "电话", "联系电话", "office phone"),
    "active": ("启用", "是否启用"),
}
REQUIRED = ("code", "name", "kind", "grid")
SIZES = {name: Unit._meta.get_field(name).max_length for name in ("code", "name", "phone")}
YES = ("yes", "true", "1", "是", "启用", "active")
NO = ("no", "false", "0", "否", "停用", "inactive")


@dataclass(frozen=True)
class Row:
    """One unit. `department_kind` is what the cell says; empty cells are "" or None: they change nothing."""

    number: int
    code: str
    name: str
    kind: str
    department_kind: str
    grid: str
    phone: str
    active: bool | None


def parse(source, findings: Findings, name: str = "") -> tuple[list[Row], tables.Table]:
    """The rows that could be read (the rest is said to `findings`), and the table for its headings."""
    table = tables.read(source, COLUMNS, REQUIRED, name)
    reader = _Reader(table.headings, findings)
    rows = [row for number, cells in table.rows if (row := reader.row(number, cells)) is not None]
    return rows, table


def label(headings: dict[str, str], name: str) -> str:
    """What the file calls this column; what it may be called if the file has none."""
    return headings.get(name, COLUMNS[name][0])


def kind_names() -> dict[str, str]:
    """What a cell may say → kind of unit: the code, the name in either language, or both."""
    known = {tables.heading_key("部门"): Unit.Kind.DEPARTMENT.value}
    for kind in Unit.Kind:
        for name in (kind.value, *tables.names_of(kind.label)):
            known[tables.heading_key(name)] = kind.value
    return known


class _Reader:
    """Reads cell by cell, and says what was expected where one does not fit."""

    def __init__(self, headings: dict[str, str], findings: Findings):
        self._headings, self._findings = headings, findings
        self._kinds = kind_names()
        self._first: dict[str, int] = {}

    def row(self, number: int, cells: dict) -> Row | None:
        values = {field.name: self._cell(number, cells, field.name) for field in fields(Row)[1:]}
        first = self._first.setdefault(values["code"], number) if values["code"] else number
        if first != number:
            self._say(number, "code", _("%s is in the file twice.") % values["code"])
        wrong = [name for name in values if f"{number}.{name}" in self._findings.wrong]
        return None if wrong else Row(number, **values)

    def _cell(self, number, cells, name):
        value = cells.get(name)
        try:
            found = getattr(self, f"_{name}", tables.text)(value)
        except ValueError as error:  # Unreadable is one
            self._say(number, name, str(error))
            return None
        if name in REQUIRED and not found:
            self._say(number, name, _("must not be empty."))
        elif name in SIZES and len(found) > SIZES[name]:
            self._say(number, name, _("is longer than %(size)s characters.") % {"size": SIZES[name]})
        return found

    def _code(self, value) -> str:
        tables.code(value)  # raises if digits are lost; spaces within a code are its own
        return tables.text(value)

    _phone = _code

    def _grid(self, value) -> str:
        return tables.code(value)

    def _kind(self, value) -> str:
        words = tables.text(value)
        if words and tables.heading_key(words) not in self._kinds:
            known = "、".join(tables.names_of(kind.label)[2] for kind in Unit.Kind)
            facts = {"known": known, "value": words}
            raise ValueError(_("expected one of %(known)s, got “%(value)s”.") % facts)
        return self._kinds.get(tables.heading_key(words), "")

    def _active(self, value) -> bool | None:
        words = tables.text(value)
        key = tables.heading_key(words)
        if key in (*YES, tables.heading_key(_("Yes"))):
            return True
        if key in (*NO, tables.heading_key(_("No"))):
            return False
        if words:
            facts = {"known": f"{_('Yes')}, {_('No')}", "value": words}
            raise ValueError(_("expected one of %(known)s, got “%(value)s”.") % facts)
        return None

    def _say(self, number, name, message):
        self._findings.at(number, name, label(self._headings, name), message)
