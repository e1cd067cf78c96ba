"""One cell of a spreadsheet into the value that is stored, or `Bad` with what was expected. Asks the database nothing.

Values are text, None (an empty cell changes nothing), numbers and booleans. Reasons are codes (residents.intake.words
says them in the reader's language), because files are read by a job and looked through by a person.
"""

import json
import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache

from openpyxl.utils.datetime import from_excel

from accounts.services import LANDLINE, MOBILE
from core.sheets import restored
from residents import checks, codes
from residents.codes import Table
from residents.intake import synonyms

EXACT_DIGITS = 15  # of a number in a spreadsheet; what is longer has lost its last digits
SERIALS = range(1, 80_000)  # days since 1900 that a spreadsheet shows as a date: to 2119
SHORTENED = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)
DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]0?0:00(?::00)?)?")
# Full-width digits and letters, hyphen, brackets as spreadsheets mix them; the rest belongs to Chinese names.
WIDE = {
    wide: wide - 0xFEE0
    for first, last in ("０９", "ＡＺ", "ａｚ")
    for wide in range(ord(first), ord(last) + 1)
} | {0xFF0D: "-", 0x3000: " ", 0x200B: "", 0xFEFF: "", 0x200C: "", 0x200D: "", 0x2060: ""}
ODD = re.compile("[%s\\x00-\\x1f\\x7f-\\xa0\ud800-\udfff]" % "".join(re.escape(chr(sign)) for sign in WIDE))  # noqa: UP031
CONTROL = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\ud800-\udfff]")
HAN_GAP = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
CHECK = "10X98765432"
YES = {"是", "有", "一致", "y", "yes", "1", "true", "√", "人户一致"}
NO = {"否", "无", "不一致", "n", "no", "0", "false", "×", "人户分离"}


class Bad(ValueError):
    """What was expected: a code of residents.intake.words, with a detail for its sentence."""

    def __init__(self, code: str, hint: str = ""):
        super().__init__(code)
        self.code, self.hint = code, hint


def text(value) -> str:
    """The cell as one line: full-width letters and digits plain, invisible signs and gaps in Chinese names gone."""
    if type(value) is not str:
        return _from_number(value)
    if ODD.search(value):
        value = CONTROL.sub("", value.translate(WIDE))
    value = " ".join(value.split())
    if value[:1] == "'":
        value = restored(value).removeprefix("'")
    return HAN_GAP.sub("", value) if " " in value else value


def _from_number(value) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime):
        value = value.date() if not (value.hour or value.minute or value.second) else value
    return str(value)


def digits(value) -> str:
    """A number or code without any spaces. Refuses what a spreadsheet has shortened."""
    line = text(value).replace(" ", "")
    too_long = isinstance(value, int | float) and len(line.lstrip("-")) > EXACT_DIGITS
    if too_long or ("E" in line.upper() and SHORTENED.fullmatch(line)):
        raise Bad("digits_lost")
    return line


def line_of(limit: int) -> Callable:
    """Text of at most `limit` signs."""

    def read(value):
        line = text(value)
        if len(line) > limit:
            raise Bad("too_long", str(limit))
        return line or None

    return read


def code_of(limit: int) -> Callable:
    """A number that is a name: no spaces, upper case."""

    def read(value):
        line = digits(value).upper()
        if len(line) > limit:
            raise Bad("too_long", str(limit))
        return line or None

    return read


def one_of(table: Table) -> Callable:
    """The code for a code, its Chinese or English words, or "1 男"."""
    english = {words[1].casefold(): code for code, words in table.items()}
    numbers = {code.lstrip("0") or "0": code for code in table}
    others = numbers | synonyms.of(table)

    def read(value):
        line = text(value)
        if not line:
            return None
        found = codes.code_of(table, line) or english.get(line.casefold()) or others.get(line)
        if found is None:
            head, _space, tail = line.partition(" ")
            found = head if head in table and table[head][0] == tail else None
        if found is None:
            raise Bad("not_in_table", "、".join(words[0] for words in list(table.values())[:12]))
        return found

    return read


def some_of(table: Table) -> Callable:
    """A JSON list of codes for words side by side: "群租、燃气隐患"."""
    one = one_of(table)

    def read(value):
        words = [word for word in re.split(r"[、,，;；/\s]+", text(value)) if word]
        if not words:
            return None
        return json.dumps(sorted({one(word) for word in words}))

    return read


def whole(low: int, high: int, suffix: str = "") -> Callable:
    """A whole number from `low` to `high`, perhaps with its unit behind it (6层)."""

    def read(value):
        line = text(value).rstrip(suffix) if suffix else text(value)
        if not line:
            return None
        match = re.fullmatch(r"(-?\d{1,9})(\.0+)?", line)
        if not match or not low <= int(match[1]) <= high:
            raise Bad("number", f"{low}–{high}")
        return int(match[1])

    return read


def decimal_of(low: float, high: float) -> Callable:
    def read(value):
        line = text(value).removesuffix("平方米").removesuffix("m²").removesuffix("㎡").strip()
        if not line:
            return None
        if not re.fullmatch(r"-?\d{1,9}(\.\d{1,12})?", line) or not low <= float(line) <= high:
            raise Bad("number", f"{low:g}–{high:g}")
        return f"{float(line):.6f}".rstrip("0").rstrip(".")

    return read


def area(value):
    made = decimal_of(1, 999_999)(value)
    return made and f"{float(made):.2f}"


def coordinate(low: float, high: float) -> Callable:
    read = decimal_of(low, high)

    def number(value):
        made = read(value)
        return None if made is None else float(made)

    return number


def yes_or_no(value) -> int | None:
    """1 or 0, as both databases take them for a boolean."""
    line = text(value).lower()
    if not line:
        return None
    if line in YES or line in NO:
        return int(line in YES)
    raise Bad("yes_no")


def day(value) -> str | None:
    """An ISO date: a date cell, its serial number, 2026-01-05, 2026/1/5, 2026年1月5日, 20260105."""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return _within(value)
    line = text(value)
    if not line:
        return None
    try:
        if match := DATE.fullmatch(line):
            return _within(date(int(match[1]), int(match[2]), int(match[3])))
        if line.isdecimal() and len(line) == 8:
            return _within(date(int(line[:4]), int(line[4:6]), int(line[6:])))
        if line.isdecimal() and len(line) <= 5 and int(line) in SERIALS:
            return _within(from_excel(int(line)).date())
    except (ValueError, AttributeError) as error:
        raise Bad("no_such_day") from error
    raise Bad("day")


def _within(value: date) -> str:
    if not 1900 <= value.year <= 2120:
        raise Bad("no_such_day")
    return value.isoformat()


def phone(value):
    """A mobile number or a landline with its area code, as accounts.services.clean_phone takes them."""
    line = digits(value)
    if not line:
        return None
    plain = line.removeprefix("+86").replace("-", "")
    if MOBILE.fullmatch(plain):
        return plain
    if LANDLINE.fullmatch(line):
        return line
    raise Bad("phone")


@lru_cache(maxsize=100_000)
def _area_sum(part: str) -> int:
    return sum(int(sign) * weight for sign, weight in zip(part, WEIGHTS[:6], strict=True))


@lru_cache(maxsize=60_000)
def _birth(part: str) -> tuple[int, str]:
    """(weighted sum, ISO date) of YYYYMMDD; the date is empty if it does not exist."""
    made = sum(int(sign) * weight for sign, weight in zip(part, WEIGHTS[6:14], strict=True))
    try:
        born = date(int(part[:4]), int(part[4:6]), int(part[6:]))
    except ValueError:
        return made, ""
    return made, born.isoformat() if born.year >= 1900 else ""


@lru_cache(maxsize=1000)
def _order_sum(part: str) -> int:
    return sum(int(sign) * weight for sign, weight in zip(part, WEIGHTS[14:], strict=True))


def id_card(line: str, today: str) -> tuple[str, str]:
    """(ISO birth date, sex) of a valid 18-digit number (GB 11643), upper case. The rules of clean_id_number, looked up
    in parts: the general check costs 30 µs, half a minute for a county."""
    head = line[:17]
    if len(line) != 18 or not (head.isascii() and head.isdigit()) or line[17] not in "0123456789X":
        raise Bad("id_length", str(len(line)))
    birth_sum, born = _birth(head[6:14])
    if not born or born > today:
        raise Bad("id_birth")
    total = _area_sum(head[:6]) + birth_sum + _order_sum(head[14:])
    if CHECK[total % 11] != line[17]:
        raise Bad("id_check")
    return born, "1" if line[16] in "13579" else "2"


def other_document(line: str) -> str:
    if not checks.OTHER_DOCUMENT.fullmatch(line):
        raise Bad("document")
    return line


def credit_code(value):
    line = digits(value).upper().replace("-", "")
    if not line:
        return None
    try:
        return checks.clean_credit_code(line)
    except ValueError as error:
        raise Bad("credit_code" if checks.CREDIT_CODE.fullmatch(line) else "credit_length") from error


def unit(value):
    """2单元 → 2"""
    line = digits(value).upper().removesuffix("单元")
    return _short(line, 8)


def door(value):
    """501室 → 501"""
    line = digits(value).upper().removesuffix("室").removesuffix("号房")
    return _short(line, 16)


def building_number(value):
    """3 → 3栋; 3幢 and 3号楼 stay."""
    line = digits(value)
    if line.isdecimal():
        line += "栋"
    return _short(line, 20)


def _short(line: str, limit: int):
    if len(line) > limit:
        raise Bad("too_long", str(limit))
    return line or None


def storey_of(door_number: str) -> int | None:
    """501 → 5, 1203 → 12: how doors are numbered in flats."""
    tail = door_number.rpartition("-")[2]
    return int(tail[:-2]) or None if tail.isdecimal() and 3 <= len(tail) <= 4 else None


def heading_key(value) -> str:
    """ "身份证号 *" → "身份证号": what tells two headings apart."""
    line = unicodedata.normalize("NFKC", text(value))
    return re.sub(r"[\s_*:()/·.,、。\-—]", "", line).lower()
