"""Columns that follow from others: pinyin and initials of names, keyed hashes, the birth month."""

from datetime import date
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

from core import ciphers
from residents import codes

TAIL = 4  # digits of an ID number that people say on the phone


@lru_cache(maxsize=200_000)
def _syllables(text: str) -> tuple[str, ...]:
    return tuple(lazy_pinyin(text, style=Style.NORMAL, errors=lambda rest: [rest.lower()]))


def pinyin_of(name: str) -> tuple[str, str]:
    """刘珍珍 → ("liuzhenzhen", "lzz"). A family name of two readings (单, 仇, 解) is read as a family name."""
    name = name.replace(" ", "").replace("·", "")
    if not name:
        return "", ""
    family = FAMILY.get(name[0])
    syllables = (family, *_syllables(name[1:])) if family else _syllables(name)
    syllables = [part for part in syllables if part]
    return "".join(syllables), "".join(part[0] if part.isascii() else part for part in syllables)


# Readings as a family name that differ from the everyday one.
FAMILY = {
    "单": "shan", "仇": "qiu", "解": "xie", "查": "zha", "曾": "zeng", "区": "ou", "朴": "piao", "盖": "ge",
    "任": "ren", "华": "hua", "覃": "qin", "缪": "miao", "翟": "zhai", "尉": "yu", "乐": "yue", "召": "shao",
    "秘": "bi", "折": "she", "冼": "xian", "洗": "xian", "员": "yun", "过": "guo", "纪": "ji", "燕": "yan",
}  # fmt: skip


def person_tags(id_number: str, phone: str) -> dict[str, str]:
    """id_tag, tail_tag, phone_tag."""
    return {
        "id_tag": ciphers.tag("id", id_number),
        "tail_tag": ciphers.tag("tail", id_number[-TAIL:]),
        "phone_tag": ciphers.tag("phone", phone),
    }


def month_of(birth_date: str) -> date | None:
    """The first day of the month of an ISO date."""
    return date.fromisoformat(birth_date).replace(day=1) if birth_date else None


def from_id_number(number: str) -> tuple[str, str]:
    """(ISO birth date, GB/T 2261.1 sex) that an 18-digit ID number says."""
    return f"{number[6:10]}-{number[10:12]}-{number[12:14]}", "1" if int(number[16]) % 2 else "2"


def complete(person) -> None:
    """Fill a Resident's derived columns; birth date and sex from the ID card where they are missing."""
    if person.id_kind == codes.ID_CARD and len(person.id_number) == 18:
        born, sex = from_id_number(person.id_number)
        person.birth_date = person.birth_date or born
        person.sex = sex if person.sex not in ("1", "2") else person.sex
    person.pinyin, person.initials = pinyin_of(person.name)
    person.birth_month = month_of(person.birth_date)
    for name, value in person_tags(person.id_number, person.phone).items():
        setattr(person, name, value)
