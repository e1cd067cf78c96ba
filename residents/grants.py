"""The fields of residents' base data that a department can be granted, each with the columns it is made of.

Not among them: ethnicity, political status, classes of care. A value that a visit may only see masked has two fields,
so that a grant says which: `phone_masked` or `phone`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from core import ciphers


@dataclass(frozen=True)
class Field:
    """`columns` of Resident, and `make(*their values)` → what is told. `clear`: private, every answer is logged."""

    label: str
    columns: tuple[str, ...]
    make: Callable = lambda value: value
    clear: bool = False


def _month(value):
    return f"{value:%Y-%m}" if value else None


def _address(address, unit, door):
    where = f"{unit}单元{door}" if unit else door
    return f"{address or ''}{where or ''}"


_DOOR = ("dwelling__building__address", "dwelling__unit", "dwelling__door")
FIELDS = {
    "name": Field(_("name"), ("name",)),
    "sex": Field(_("sex"), ("sex",)),
    "birth_month": Field(_("birth month"), ("birth_month",), _month),
    "birth_date": Field(_("birth date, in clear"), ("birth_date",), clear=True),
    "id_number_masked": Field(_("ID number, masked"), ("id_number",), ciphers.mask_id_number),
    "id_number": Field(_("ID number, in clear"), ("id_number",), clear=True),
    "phone_masked": Field(_("phone, masked"), ("phone",), ciphers.mask_phone),
    "phone": Field(_("phone, in clear"), ("phone",), clear=True),
    "population": Field(_("population"), ("population",)),
    "hukou_here": Field(_("registered where they live 人户一致"), ("hukou_here",)),
    "hukou_address": Field(_("registered (hukou) address"), ("hukou_address",)),
    "address": Field(_("living address"), _DOOR, _address),
    "household_number": Field(_("household number"), ("household__number",)),
    "relation": Field(_("relation to the head"), ("relation",)),
    "marriage": Field(_("marital status"), ("marriage",)),
    "education": Field(_("education"), ("education",)),
    "occupation": Field(_("occupation"), ("occupation",)),
    "permit_expires": Field(_("residence permit expires"), ("permit_expires",)),
}
CLEAR = frozenset(name for name, field in FIELDS.items() if field.clear)
CHOICES = [(name, field.label) for name, field in FIELDS.items()]
# What of the history concerns a field: the names under which residents.services.trail notes a change.
_NOTED = {"household__number": ("household_id",), "birth_month": ("birth_date",), _DOOR[0]: ("dwelling_id",)}


def concerned(changes: dict, fields) -> list[str]:
    """Which of the granted fields a row of history may have changed."""
    return sorted(name for name in fields if any(one in changes for one in _names(FIELDS[name])))


def _names(field):
    return [noted for column in field.columns for noted in _NOTED.get(column, (column,))]
