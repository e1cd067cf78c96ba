"""Rows of a staff roll (花名册) into checked values, with words for what is wrong. Asks the database nothing."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, timedelta

from django.utils.translation import gettext as _

from accounts import services as people
from accounts.models import User
from accounts.roles import ROLES
from grids.services import tables
from grids.services.findings import Findings

COLUMNS = {
    "staff_number": ("工号", "人员编号", "员工编号", "编号", "staff number", "staff no", "number"),
    "name": ("姓名", "名字", "full name"),
    "username": ("用户名", "登录名", "账号", "帐号", "user name", "login"),
    "phone": ("手机", "手机号", "手机号码", "联系电话", "电话", "mobile", "phone number"),
    "id_number": ("身份证号", "身份证", "身份证号码", "公民身份号码", "证件号码", "id no", "id card"),
    "role": ("角色", "岗位", "职务", "post"),
    "place": ("网格/单位编码", "网格编码", "单位编码", "网格或单位编码", "编码", "grid or unit code", "grid code",
              "unit code", "grid", "unit", "code"),
    "since": ("起", "开始", "起始日期", "开始日期", "任职日期", "上岗日期", "from", "start"),
    "last_day": ("止", "结束", "终止日期", "截止日期", "结束日期", "离岗日期", "until", "to", "end"),
}  # fmt: skip
REQUIRED = ("staff_number", "name", "role", "place")
SIZES = {"staff_number": 32, "name": 60, "username": 150}


@dataclass(frozen=True)
class Row:
    """One post of one person. Empty cells are "" or None: they change nothing.

    `last_day` is the last day the post is held, as rolls mean it; `until` the first day it is not.
    """

    number: int
    staff_number: str
    name: str
    username: str
    phone: str
    id_number: str
    role: str
    place: str
    since: date | None
    last_day: date | None

    @property
    def until(self) -> date | None:
        return self.last_day and self.last_day + timedelta(days=1)


PERSONAL = ("name", "username", "phone", "id_number")  # columns that say the same in all rows of a person


def parse(source, findings: Findings, name: str = "") -> tuple[list[Row], tables.Table]:
    """The rows that could be read (the rest is said to `findings`), and the table for its headings."""
    table = tables.read(source, COLUMNS, REQUIRED, name)
    reader = _Reader(table.headings, findings)
    rows = [reader.row(number, cells) for number, cells in table.rows]
    good = [row for row in rows if row is not None]
    _same_person(good, table.headings, findings)
    return good, table


def role_names() -> dict[str, str]:
    """What a cell may say → role: the code, the name in either language, or both."""
    known = {}
    for code, role in ROLES.items():
        for name in (code, *tables.names_of(role.name)):
            known[tables.heading_key(name)] = code
    return known


class _Reader:
    """Reads cell by cell, and says what was expected where one does not fit."""

    def __init__(self, headings: dict[str, str], findings: Findings):
        self._headings, self._findings = headings, findings
        self._roles = role_names()

    def row(self, number: int, cells: dict) -> Row | None:
        values = {field.name: self._cell(number, cells, field.name) for field in fields(Row)[1:]}
        if values["since"] and values["last_day"] and values["last_day"] < values["since"]:
            self._say(number, "last_day", _("expected a day not before %s.") % values["since"])
        wrong = [name for name in values if f"{number}.{name}" in self._findings.wrong]
        return None if wrong else Row(number, **values)

    def _cell(self, number, cells, name):
        value = cells.get(name)
        try:
            found = _READ[name](value) if name != "role" else self._role(value)
        except ValueError as error:  # Unreadable is one
            self._say(number, name, str(error))
            return None
        if name in REQUIRED and not found:
            self._say(number, name, _("must not be empty."))
        return found

    def _role(self, value) -> str:
        words = tables.text(value)
        if words and tables.heading_key(words) not in self._roles:
            known = "、".join(tables.names_of(role.name)[2] for role in ROLES.values())
            raise ValueError(
                _("there is no role “%(value)s”; expected one of %(known)s.")
                % {"value": words, "known": known}
            )
        return self._roles.get(tables.heading_key(words), "")

    def _say(self, number, name, message):
        self._findings.at(number, name, self._headings.get(name, COLUMNS[name][0]), message)


def _sized(name: str, read: Callable) -> Callable:
    def checked(value):
        line = read(value)
        if len(line) > SIZES[name]:
            raise ValueError(_("is longer than %(size)s characters.") % {"size": SIZES[name]})
        return line

    return checked


def _username(value) -> str:
    line = tables.code(value)
    if line and not User.username_validator.regex.search(line):
        raise ValueError(_("expected letters, digits and @ . + - _ only, got “%s”.") % line)
    return line


def _phone(value) -> str:
    line = tables.code(value)
    return people.clean_phone(line) if line else ""


def _id_number(value) -> str:
    line = tables.code(value)
    return people.clean_id_number(line) if line else ""


_READ = {
    "staff_number": _sized("staff_number", tables.code),
    "name": _sized("name", tables.text),
    "username": _sized("username", _username),
    "phone": _phone,
    "id_number": _id_number,
    "place": tables.code,
    "since": tables.day,
    "last_day": tables.day,
}


def _same_person(rows: list[Row], headings, findings: Findings):
    """One staff number is one person; one ID number or login name belongs to one staff number only."""
    first: dict[str, Row] = {}
    owner: dict[tuple[str, str], Row] = {}
    for row in rows:
        before = first.setdefault(row.staff_number, row)
        for name in PERSONAL:
            value = getattr(row, name)
            expected = getattr(before, name)
            if value and expected and value != expected:
                words = _("differs from row %(row)s, which has the same staff number.") % {
                    "row": before.number
                }
                findings.at(row.number, name, headings.get(name, name), words)
        for name in ("id_number", "username"):
            value = getattr(row, name)
            other = owner.setdefault((name, value), row) if value else row
            if other.staff_number != row.staff_number:
                words = _("row %(row)s has the same, with another staff number.") % {"row": other.number}
                findings.at(row.number, name, headings.get(name, name), words)
