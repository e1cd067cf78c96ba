"""Rows of a roster file into checked values, with words for what is wrong. Asks the database nothing."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import Invalid
from duty.models import Shift
from duty.services.rosters import LONGEST, clean_day, clean_phone
from grids.services import tables
from grids.services.findings import Findings

COLUMNS = {
    "unit": ("单位编码", "单位", "值班单位", "unit code", "unit"),
    "day": ("日期", "值班日期", "date", "day"),
    "start": ("开始", "开始时间", "起", "from", "start"),
    "end": ("结束", "结束时间", "止", "until", "end"),
    "role": ("岗位", "值班岗位", "角色", "role"),
    "number": ("工号", "人员编号", "staff number", "staff no"),
    "name": ("姓名", "值班人", "值班人员", "name"),
    "phone": ("值班电话", "电话", "手机", "联系电话", "phone"),
    "note": ("备注", "note"),
}
REQUIRED = ("day", "start", "end", "role", "name")
SIZES = {"name": 60, "note": 200, "unit": 80, "number": 32}
CLOCK = re.compile(r"(\d{1,2})[:：.时点](\d{2})?分?(?::00)?")


@dataclass(frozen=True)
class Row:
    """One shift of the file. `unit` is empty where the file is of one unit."""

    line: int
    unit: str
    starts_at: datetime
    ends_at: datetime
    role: str
    number: str
    name: str
    phone: str
    note: str


def parse(source, findings: Findings, name: str = "", *, with_unit: bool) -> tuple[list[Row], tables.Table]:
    """The rows that could be read (the rest is said to `findings`), and the table for its headings."""
    table = tables.read(source, COLUMNS, (*REQUIRED, *(["unit"] if with_unit else [])), name)
    reader = _Reader(table.headings, findings, with_unit)
    rows = [reader.row(line, cells) for line, cells in table.rows]
    return [row for row in rows if row is not None], table


def role_names() -> dict[str, str]:
    """What a cell may say → role: the code, its English, its Chinese, or both."""
    return {
        tables.heading_key(word): role.value for role in Shift.Role for word in (role.value, *tables.names_of(role.label))
    }


class _Reader:
    def __init__(self, headings, findings, with_unit):
        self.headings, self.findings, self.with_unit = headings, findings, with_unit
        self.roles = role_names()

    def row(self, line, cells) -> Row | None:
        found = {name: self._cell(line, cells, name) for name in COLUMNS}
        if any(f"{line}.{name}" in self.findings.wrong for name in COLUMNS):
            return None
        starts_at, ends_at = span(found["day"], found["start"], found["end"])
        if ends_at - starts_at > LONGEST:
            hours = int(LONGEST.total_seconds() // 3600)
            self.say(line, "end", _("A shift is at most %(hours)s hours long.") % {"hours": hours})
            return None
        return Row(
            line, found["unit"], starts_at, ends_at, found["role"], found["number"], found["name"], found["phone"],
            found["note"],
        )  # fmt: skip

    def _cell(self, line, cells, name):
        try:
            value = getattr(self, f"_read_{name}", self._text)(cells.get(name), name)
        except Invalid as error:
            value = None
            self.say(line, name, " ".join(w for said in error.fields.values() for w in said))
        except ValueError as error:  # Unreadable is one
            value = None
            self.say(line, name, str(error))
        needed = name in REQUIRED or (name == "unit" and self.with_unit)
        if needed and value in (None, "") and f"{line}.{name}" not in self.findings.wrong:
            self.say(line, name, _("must not be empty."))
        return value

    def _text(self, value, name):
        line = tables.text(value)
        if len(line) > SIZES[name]:
            raise ValueError(_("is longer than %(size)s characters.") % {"size": SIZES[name]})
        return line

    def _read_number(self, value, name):
        return tables.code(value)[: SIZES[name]]

    def _read_day(self, value, name):
        day = tables.day(value)
        return day and clean_day(day, name)

    def _read_start(self, value, name):
        return clock(value)

    _read_end = _read_start

    def _read_phone(self, value, name):
        return clean_phone(tables.code(value), name)

    def _read_role(self, value, name):
        words = tables.text(value)
        code = self.roles.get(tables.heading_key(words), "")
        if words and not code:
            known = "、".join(str(role.label) for role in Shift.Role)
            sentence = _("there is no role “%(value)s”; expected one of %(known)s.")
            raise ValueError(sentence % {"value": words, "known": known})
        return code

    def say(self, line, name, message):
        self.findings.at(line, name, self.headings.get(name, COLUMNS[name][0]), message)


def clock(value) -> time | None:
    """A time of the day however it is written: a time cell, 8:00, 08：00, 8点, 0.3333 of a day; 24:00 is midnight."""
    if isinstance(value, datetime):
        return value.time().replace(second=0, microsecond=0)
    if isinstance(value, time):
        return value.replace(second=0, microsecond=0)
    if isinstance(value, timedelta):
        return (datetime.min + value % timedelta(days=1)).time()
    if isinstance(value, float) and 0 <= value < 1:
        return (datetime.min + timedelta(minutes=round(value * 1440))).time()
    line = tables.text(value)
    if not line:
        return None
    match = CLOCK.fullmatch(line)
    hour, minute = (int(match[1]), int(match[2] or 0)) if match else (99, 0)
    if (hour, minute) == (24, 0):
        return time(0, 0)
    if hour > 23 or minute > 59:
        raise ValueError(_("expected a time such as 08:00, got “%(value)s”.") % {"value": line})
    return time(hour, minute)


def span(day: date, start: time, end: time) -> tuple[datetime, datetime]:
    """From `start` of the day until `end`: of the next day where that is not later."""
    zone = timezone.get_current_timezone()
    first = datetime.combine(day, start, tzinfo=zone)
    last = datetime.combine(day if end > start else day + timedelta(days=1), end, tzinfo=zone)
    return first, last
