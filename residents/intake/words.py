"""Codes into sentences, in the reader's language: files that are refused, and cells that are wrong."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from residents.intake.columns import COLUMNS

REFUSALS = {
    "too_big": gettext_lazy("The file is larger than %(limit)s MB: split it."),
    "empty": gettext_lazy("The file is empty."),
    "password": gettext_lazy("The file is locked with a password: save it without one."),
    "old_excel": gettext_lazy("This is a file of an old Excel (.xls): save it as .xlsx."),
    "macros": gettext_lazy("The file holds macros: save it as an ordinary workbook (.xlsx)."),
    "not_xlsx": gettext_lazy("This is not an Excel file (.xlsx), or it is damaged."),
    "bomb": gettext_lazy("Unpacked, this file would be enormous: it is not taken."),
    "not_a_table": gettext_lazy("This is neither an Excel file (.xlsx) nor a CSV file in UTF-8 or GBK."),
    "encoding": gettext_lazy("The CSV file mixes encodings: save it as UTF-8."),
    "bad_csv": gettext_lazy("This is no proper CSV file: a quotation mark is not closed, or a cell is enormous."),
    "headings": gettext_lazy("The heading lacks: %(columns)s. Expected one row with the names of the columns."),
    "too_many_rows": gettext_lazy("The file has more than %(limit)s rows: split it."),
    "no_rows": gettext_lazy("There is no row below the headings."),
    "fault": gettext_lazy("Something went wrong on our side, and nothing was written. Try again; the log knows more."),
    "not_yours": gettext_lazy("This file cannot be taken: your posts do not let you bring in what it holds."),
    "changed_meanwhile": gettext_lazy(
        "The registry has changed since this file was compared with it. Nothing was written: "
        "look through it again."
    ),
    "built_on": gettext_lazy("It cannot be undone: records of this import were changed or used later."),
}  # fmt: skip
FAULTS = {
    "needed": gettext_lazy("must not be empty."),
    "grid": gettext_lazy("expected the code or name of one of your smallest grids."),
    "too_long": gettext_lazy("is longer than %(hint)s characters."),
    "digits_lost": gettext_lazy("was stored as a number and has lost digits: format the column as text."),
    "not_in_table": gettext_lazy("expected one of: %(hint)s …"),
    "number": gettext_lazy("expected a number in the range %(hint)s."),
    "yes_no": gettext_lazy("expected yes or no (是/否)."),
    "day": gettext_lazy("expected a date such as 2026-01-05."),
    "no_such_day": gettext_lazy("there is no such day, or it lies too far away."),
    "future": gettext_lazy("lies in the future."),
    "phone": gettext_lazy("expected a mobile number of 11 digits or a landline with its area code."),
    "id_length": gettext_lazy("expected 18 characters, digits or a final X, got %(hint)s."),
    "id_birth": gettext_lazy("the birth date in it (characters 7 to 14) does not exist."),
    "id_check": gettext_lazy("the check digit at its end does not fit: some character is mistyped."),
    "document": gettext_lazy("expected 5 to 20 digits and letters."),
    "unlike_id": gettext_lazy("is not what the ID number says: one of the two is mistyped."),
    "credit_length": gettext_lazy(
        "expected 18 characters, digits and capital letters without I, O, S, V and Z."
    ),
    "credit_code": gettext_lazy("the check digit at its end does not fit: some character is mistyped."),
    "repeated": gettext_lazy("stands in row %(hint)s already."),
    "dead": gettext_lazy("this person is recorded as deceased."),
    "elsewhere": gettext_lazy("cannot be entered here; ask the county's administrator."),
    "no_person": gettext_lazy("nobody of this name and number lives in your grids; import residents first."),
    "other_name": gettext_lazy("the ID number is that of somebody with another name."),
    "other_firm": gettext_lazy("the credit code is that of an organisation with another name."),
    "several": gettext_lazy("several fit: give the number that tells them apart."),
    "needed_new": gettext_lazy("must not be empty where an entry begins."),
    "worker": gettext_lazy("expected the name of one person who holds a post there and may know of this register."),
    "before_birth": gettext_lazy("lies before the birth of this person."),
    "minor": gettext_lazy("expected somebody of age."),
    "no_choice_now": gettext_lazy("is no choice any more: the class was changed since the file was read."),
    "figure": gettext_lazy("expected a number."),
    "one_tenant": gettext_lazy("expected a person or an organisation, one of the two."),
    "ends_first": gettext_lazy("must not lie before the beginning."),
    "local": gettext_lazy("who lives where they are registered counts as registered."),
    "no_door": gettext_lazy("must not be empty: this building has doors."),
    "local_known": gettext_lazy(
        "who lives where they are registered counts as registered; the registry has this person as from elsewhere. Give "
        "the population, too."
    ),
    "no_building": gettext_lazy("there is no such building in this grid; import buildings first."),
    "no_dwelling": gettext_lazy("there is no such door in this building; import dwellings first."),
    "no_household": gettext_lazy("there is no household with this number; import households first."),
    "no_organisation": gettext_lazy(
        "there is no such organisation in this grid; import organisations first."
    ),
}
_COLUMNS = {column.name: column for column in COLUMNS}


def refusal(code: str, facts: dict) -> str:
    """Why a file, or a step with it, was refused."""
    return str(REFUSALS.get(code, REFUSALS["fault"])) % facts if code in REFUSALS else str(REFUSALS["fault"])


def fault(code: str, hint: str) -> str:
    """What was expected of a cell."""
    return str(FAULTS[code]) % {"hint": hint}


def place(name: str, headings: dict, column=None) -> tuple[str, str]:
    """(heading of a column in this file, its letter); of one the file does not have, its usual heading. `column`: of a
    file whose columns are its own."""
    heading, letter = headings.get(name, ("", ""))
    column = column or _COLUMNS.get(name)
    return heading or (column.words[0] if column else _("row")), letter


def field(section: str, name: str) -> str:
    """What a field is called on a page."""
    column = _COLUMNS.get(f"{section}_{name.removesuffix('_id')}")
    if column is not None:
        return column.words[0]
    return {"dwelling_id": _("lives in"), "household_id": _("household"), "status": _("status")}.get(
        name, name
    )


def yes_no(value) -> str:
    return _("Yes") if value else _("No")
