"""People: what is checked before it is stored, initial passwords, new accounts."""

import os
import re
import secrets
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from django.contrib.auth.hashers import get_hasher, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from stdnum.cn import ric
from stdnum.exceptions import ValidationError as BadNumber

from accounts.models import User
from core.errors import Conflict, Invalid

MOBILE = re.compile(r"1[2-9]\d{9}")  # 12… is given to nobody: demonstrations use it
LANDLINE = re.compile(r"0\d{2,3}-?\d{7,8}(-\d{1,5})?")
# No letters or digits that are mistaken for one another on paper.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
PASSWORD_LENGTH = 16  # 31 signs: 79 bits
INITIAL_ITERATIONS = 2_000


def clean_phone(phone: str) -> str:
    """A mobile number (11 digits) or a landline with its area code, without spaces. Raises ValueError, in words."""
    line = re.sub(r"\s", "", phone)
    digits = line.removeprefix("+86").replace("-", "")
    if MOBILE.fullmatch(digits):
        return digits
    if LANDLINE.fullmatch(line):
        return line
    raise ValueError(
        _("expected a mobile number of 11 digits or a landline with its area code, got “%(value)s”.")
        % {"value": phone}
    )


def clean_id_number(number: str) -> str:
    """A Chinese ID number (GB 11643), upper case. Raises ValueError, in words that do not repeat the number.

    Birth date and check digit count; the place does not: stdnum's list lacks county-level cities such as 430281.
    """
    line = re.sub(r"\s", "", number).upper()
    if not re.fullmatch(r"\d{17}[\dX]", line):
        raise ValueError(
            _("expected 18 characters, digits or a final X, got %(count)s.") % {"count": len(line)}
        )
    try:
        born = ric.get_birth_date(line)
    except BadNumber as error:
        raise ValueError(_("the birth date in it (characters 7 to 14) does not exist.")) from error
    if not date(1900, 1, 1) <= born <= timezone.localdate():
        raise ValueError(_("the birth date in it (characters 7 to 14) does not exist."))
    if ric.calc_check_digit(line) != line[-1]:
        raise ValueError(_("the check digit at its end does not fit: some character is mistyped."))
    return line


def initial_password() -> str:
    """A random password for the first log-in: four groups of four signs, 79 bits."""
    signs = "".join(secrets.choice(ALPHABET) for _index in range(PASSWORD_LENGTH))
    return "-".join(signs[start : start + 4] for start in range(0, PASSWORD_LENGTH, 4))


def initial_hash(password: str) -> str:
    """The hash of an `initial_password`.

    Its randomness needs no slow hashing, and eight hundred slow hashes take five minutes; at the first log-in
    Django replaces the hash by one of full strength.
    """
    hasher = get_hasher("default")
    if hasattr(hasher, "iterations"):
        return hasher.encode(password, hasher.salt(), iterations=INITIAL_ITERATIONS)
    return make_password(password)


def write_passwords(path: Path, rows: Iterable[tuple[str, str, str]]):
    """Write (username, name, password) rows to a new file that only its owner may read. Raises Conflict if it exists."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Conflict(_("%(path)s exists: it is not overwritten.") % {"path": path}) from error
    except OSError as error:
        raise Invalid(
            _("%(path)s cannot be written: %(why)s.") % {"path": path, "why": error.strerror}
        ) from error
    with os.fdopen(descriptor, "w", encoding="utf-8-sig") as file:
        file.write("".join(password_lines(rows)))


def password_lines(rows) -> Iterable[str]:
    """The same rows as lines of CSV. No field can hold a comma or a quote but the name, which is quoted."""
    yield "username,name,password\r\n"
    for username, name, password in rows:
        yield '{},"{}",{}\r\n'.format(username, name.replace('"', '""'), password)


def create_staff_account(*, username: str, password: str, name: str = "") -> User:
    """A person who may enter the admin (once a post says so). Raises Invalid for a weak password, Conflict if taken."""
    if User.objects.filter(username=username).exists():
        raise Conflict(_("There is a user “%(username)s” already.") % {"username": username})
    user = User(username=username, name=name or username, is_staff=True)
    try:
        validate_password(password, user)
        User.username_validator(username)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages)) from error
    user.set_password(password)
    user.save()
    return user
