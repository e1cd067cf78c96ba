"""What must be true of one record of the registry before it is stored: pure checks, all faults at once.

`faults(record)` → {field: [words]}. Services, forms and imports ask the same questions here. A value that can be
put right without a doubt (spaces, full-width digits, a lower-case x) is put right on the record.
"""

import re
import unicodedata
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from stdnum.cn import uscc

from accounts.services import clean_id_number, clean_phone
from residents import codes, derived
from residents.models import Building, Dwelling, Household, KeyPlace, Organisation, Resident

EARLIEST_BIRTH = date(1900, 1, 1)
LOWEST_STOREY = -10
ADULT = 18  # 民法典 art. 17
CARD_KINDS = {"111", "113"}  # the household register carries the same number as the card
NO_DOCUMENT = "990"
WHOLE = "整栋"  # the door of a house that has none: a farmhouse is one dwelling
LOCAL = "registered"  # the population of those whose hukou is in the county
# GB 32100-2015: registering authority (1–9, A, N, Y) and kind, six digits of the division, nine of the body, a check
# digit. stdnum takes digits only at the beginning; a village's collective (N2…) begins with a letter.
CREDIT_CODE = re.compile(r"[1-9ANY][0-9]\d{6}[0-9A-HJ-NPQRTUWXY]{9}[0-9A-HJ-NPQRTUWXY]")
OTHER_DOCUMENT = re.compile(r"[0-9A-Z]{5,20}")
# Full-width digits, letters, hyphen and space; Chinese brackets and commas stay, they belong to names.
_WIDE = [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B), 0xFF0D]
NARROW = {code: code - 0xFEE0 for code in _WIDE} | {0x3000: " "}


def clean_credit_code(code: str) -> str:
    """A unified social credit code, upper case, without spaces. Raises ValueError, in words."""
    line = re.sub(r"[\s-]", "", plain(code)).upper()
    if not CREDIT_CODE.fullmatch(line):
        raise ValueError(_("expected 18 characters, digits and capital letters without I, O, S, V and Z."))
    if uscc.calc_check_digit(line) != line[-1]:
        raise ValueError(_("the check digit at its end does not fit: some character is mistyped."))
    return line


def clean_document(kind: str, number: str) -> str:
    """A document's number by its kind (GA/T 2000.156). Raises ValueError, in words that do not repeat the number."""
    line = re.sub(r"\s", "", plain(number)).upper()
    if kind in CARD_KINDS:
        return clean_id_number(line)
    if kind == NO_DOCUMENT:
        raise ValueError(_("there is no document, so there can be no number."))
    if not OTHER_DOCUMENT.fullmatch(line):
        raise ValueError(_("expected 5 to 20 digits and letters."))
    return line


def clean_birth_date(text: str) -> str:
    """An ISO date between 1900 and today. Raises ValueError, in words."""
    try:
        born = date.fromisoformat(plain(text).replace("/", "-"))
    except ValueError as error:
        raise ValueError(_("expected a date such as 1985-03-04.")) from error
    if not EARLIEST_BIRTH <= born <= timezone.localdate():
        raise ValueError(_("expected a day between 1900 and today."))
    return born.isoformat()


def plain(text: str) -> str:
    """Full-width digits and letters narrow, no spaces at the ends, no invisible signs."""
    text = "".join(sign for sign in str(text).translate(NARROW) if unicodedata.category(sign)[0] != "C")
    return text.strip()


def faults(record) -> dict[str, list[str]]:
    """What is wrong with a record that has its final values, by field."""
    found: dict[str, list[str]] = {}
    _tidy(record)
    _by_field(record, found)
    if own := BY_MODEL.get(type(record)):
        own(record, found)
    return found


def constraint_faults(record) -> dict[str, list[str]]:
    """What the database would refuse, by field. A query for each constraint."""
    found: dict[str, list[str]] = {}
    for constraint in record._meta.constraints:
        if constraint.name in ELSEWHERE:
            continue
        try:
            constraint.validate(type(record), record)
        except ValidationError as error:
            found.setdefault(FIELD_OF.get(constraint.name, "non_field_errors"), []).extend(error.messages)
    return found


FIELD_OF = {
    "residents_building_address_once": "address",
    "residents_building_storeys": "storeys",
    "residents_dwelling_door_once": "door",
    "residents_resident_id_once": "id_number",
    "residents_organisation_code_once": "credit_code",
    "residents_keyplace_interval": "inspection_days",
}
# The duplicate of a person or household is looked for by the service, which knows whose record it may speak of.
ELSEWHERE = {"residents_resident_id_once", "residents_household_number_once"}
# Not a person's to give, or looked at elsewhere.
DERIVED = {"pinyin", "initials", "id_tag", "tail_tag", "phone_tag", "birth_month", "status", "archived_at"}


def _tidy(record):
    for field in record._meta.concrete_fields:
        value = getattr(record, field.attname)
        if isinstance(value, str) and field.name not in DERIVED:
            setattr(record, field.attname, plain(value))


def _by_field(record, found):
    """Types, lengths, choices and what may not be empty, as the model says; text becomes numbers and days."""
    for field in record._meta.concrete_fields:
        if field.name in DERIVED or field.name == "grid" or not field.editable or field.primary_key:
            continue
        try:
            setattr(record, field.attname, _clean(field, getattr(record, field.attname), record))
        except ValidationError as error:
            found.setdefault(field.name, []).extend(error.messages)
        except (TypeError, ValueError, ArithmeticError):
            found.setdefault(field.name, []).append(_("This value cannot be read."))
    if record.grid_id is None:
        found.setdefault("grid", []).append(_("This field is required."))


def _clean(field, value, record):
    if isinstance(field, models.CharField | models.TextField):
        if value is not None and (isinstance(value, bool) or not isinstance(value, str | int | Decimal)):
            raise TypeError
        value = "" if value is None else str(value)
    if field.blank and value in field.empty_values:
        return None if field.null else field.get_default()
    return field.clean(value, record)


def _take(record, found, name, clean):
    value = getattr(record, name)
    if not value or name in found:
        return
    try:
        setattr(record, name, clean(value))
    except ValueError as error:
        found.setdefault(name, []).append(str(error))


def _building(record, found):
    if (
        "built" not in found
        and record.built is not None
        and not 1800 <= record.built <= timezone.localdate().year
    ):
        found["built"] = [_("expected a year between 1800 and this one.")]
    if record.head_id and record.head.age is not None and record.head.age < ADULT:
        found["head"] = [_("expected somebody of age.")]


def _dwelling(record, found):
    _take(record, found, "owner_phone", clean_phone)
    if not _is_list(record.dangers) or set(record.dangers) - set(codes.DANGER):
        found["dangers"] = [_("expected some of: %(names)s.") % {"names": ", ".join(codes.DANGER)}]
    if record.building_id is None:
        return
    top = record.building.storeys
    if "storey" not in found and (record.storey == 0 or not LOWEST_STOREY <= record.storey <= top):
        found["storey"] = [_("expected 1 to %(top)s, or below ground -1 to -10.") % {"top": top}]
    unit = record.unit if "unit" not in found else ""
    if unit.isascii() and unit.isdigit() and not 1 <= int(unit) <= record.building.units:
        found["unit"] = [_("expected 1 to %(top)s.") % {"top": record.building.units}]


def _is_list(value):
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def may_be_registered_here(hukou_here, population) -> bool:
    """人户一致 belongs to the registered population alone: forms, services and files ask here; residents.intake.match and
    residents.selectors.checks say the same of whole tables."""
    return not hukou_here or population in (None, "", LOCAL)


def _resident(record, found):
    _take(record, found, "id_number", lambda value: clean_document(record.id_kind, value))
    _take(record, found, "phone", clean_phone)
    _take(record, found, "birth_date", clean_birth_date)
    if "population" not in found and not may_be_registered_here(record.hukou_here, record.population):
        found["population"] = [_("who lives where they are registered counts as registered.")]
    if (
        {"id_number", "id_kind", "sex"} & set(found)
        or record.id_kind not in CARD_KINDS
        or not record.id_number
    ):
        return
    born, sex = derived.from_id_number(record.id_number)
    if record.birth_date and "birth_date" not in found and record.birth_date != born:
        found["birth_date"] = [_("the ID number says another birth date.")]
    if record.sex in ("1", "2") and record.sex != sex:
        found["sex"] = [_("the ID number says another sex.")]
    record.birth_date = record.birth_date or born
    record.sex = record.sex if record.sex in ("1", "2") else sex


def _organisation(record, found):
    _take(record, found, "credit_code", clean_credit_code)
    _take(record, found, "phone", clean_phone)


def _place(record, found):
    _take(record, found, "responsible_phone", clean_phone)
    if (
        "inspected_on" not in found
        and record.inspected_on is not None
        and record.inspected_on > timezone.localdate()
    ):
        found["inspected_on"] = [_("expected a day that has come.")]


def _household(record, found):
    if record.head_id and record.head.household_id != record.pk:
        found["head"] = [_("the head must be a member of the household.")]


BY_MODEL = {
    Building: _building,
    Dwelling: _dwelling,
    Household: _household,
    Resident: _resident,
    Organisation: _organisation,
    KeyPlace: _place,
}
