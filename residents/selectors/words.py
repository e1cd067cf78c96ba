"""What somebody typed into the search box, read by its shape: digits, letters, characters, a door."""

import re
import unicodedata
from dataclasses import dataclass, field

MOST_CHARACTERS = 60
ID_NUMBER = re.compile(r"\d{17}[\dX]|[A-Z]{1,2}\d{7,9}|\d{15}")  # cards, passports, travel permits
TAIL = re.compile(r"\d{3}[\dX]")
PHONE = re.compile(r"(?:\+?86)?(1\d{10}|0\d{2,3}-?\d{7,8})")
CREDIT = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")  # GB 32100: without I, O, S, V, Z
NUMBER = re.compile(r"(?=.*\d)[0-9A-Z-]{5,32}")
HAN = re.compile(r"[㐀-鿿\U00020000-\U0003ffff·]+")
LETTERS = re.compile(r"[A-Z]{2,40}")
NAME_AND_TAIL = re.compile(rf"(?P<name>{HAN.pattern})(?P<tail>{TAIL.pattern})")
HOUSE = "(?:栋|幢|号楼|座|#|号)"
ESTATE = "(?P<estate>(?:.*?[^0-9A-Z-])??)"
DOOR = re.compile(
    rf"{ESTATE}(?:(?P<number>[0-9A-Z]{{1,6}})(?:{HOUSE}-?|-))?"
    r"(?:(?P<unit>[0-9A-Z]{1,3})(?:单元-?|-))?(?P<door>\d{1,5}[A-Z]?)[室房]?"
)
BUILDING = re.compile(rf"{ESTATE}(?P<number>[0-9A-Z]{{1,6}}){HOUSE}")
UNIT = re.compile(rf"{ESTATE}(?P<number>[0-9A-Z]{{1,6}})(?:{HOUSE}-?|-)(?P<unit>[0-9A-Z]{{1,3}})单元")


@dataclass(frozen=True)
class Address:
    """阳光花园3栋2单元501; what was not said is empty."""

    estate: str = ""
    number: str = ""
    unit: str = ""
    door: str = ""
    house: str = field(default="", compare=False)  # all before unit and door, as it was typed

    @property
    def numbers(self) -> list[str]:
        """A building's number as registries write it."""
        return [self.number] + [f"{self.number}{word}" for word in ("栋", "幢", "号楼", "座", "号", "#")]

    @property
    def units(self) -> list[str]:
        return [self.unit, f"{self.unit}单元"]


@dataclass(frozen=True)
class Asked:
    """All that the words can mean; empty where they cannot be that. Several may be filled."""

    text: str = ""
    id_number: str = ""
    name: str = ""
    tail: str = ""
    letters: str = ""
    phone: str = ""
    credit: str = ""
    number: str = ""
    address: Address | None = None

    def __bool__(self):
        return bool(self.text)


def read(typed: str | None) -> Asked:
    """Full-width digits, blanks and small letters are brought into one form first."""
    text = unicodedata.normalize("NFKC", typed or "").replace("\0", "").strip()[:MOST_CHARACTERS]
    plain = re.sub(r"\s+", "", text).upper()
    if not plain:
        return Asked()
    name, tail = _name_and_tail(text.upper(), plain)
    phone = PHONE.fullmatch(plain)
    return Asked(
        text=re.sub(r"\s+", "", text),
        id_number=_whole(ID_NUMBER, plain),
        name=name or _whole(HAN, plain),
        tail=tail,
        letters="" if name or tail else _letters(plain),
        phone=phone[1] if phone else "",
        credit=_whole(CREDIT, plain),
        number=_whole(NUMBER, plain),
        address=None if name else _address(plain),
    )


def _whole(pattern, text) -> str:
    return text if pattern.fullmatch(text) else ""


def _letters(plain):
    return _whole(LETTERS, plain.replace("'", "")).lower()


def _name_and_tail(text, plain):
    """("刘珍珍", "002X") of the two in either order, with or without a blank; the digits alone are a tail, too."""
    parts = text.split()
    if len(parts) == 2:
        for name, tail in (parts, parts[::-1]):
            if TAIL.fullmatch(tail) and (HAN.fullmatch(name) or LETTERS.fullmatch(name)):
                return name, tail
    joined = NAME_AND_TAIL.fullmatch(plain)
    if joined:
        return joined["name"], joined["tail"]
    return "", _whole(TAIL, plain)


def _address(plain):
    for pattern in (BUILDING, UNIT, DOOR):
        found = pattern.fullmatch(plain)
        if found:
            parts = {name: value or "" for name, value in found.groupdict().items()}
            inside = next((name for name in ("unit", "door") if parts.get(name)), "")
            house = plain[: found.start(inside)] if inside else plain
            return Address(**parts, house=house.rstrip("-")) if _likely(parts) else None
    return Address(estate=plain) if HAN.search(plain) else None


def _likely(parts):
    """Digits alone are a door only if they are short: 501, 1203."""
    return bool(parts["estate"] or parts["number"] or parts.get("unit") or len(parts.get("door", "")) in (3, 4))
