"""Keys of departments' systems: each acts as a machine account that holds a post in its department."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Invalid
from exchange.models import UnitKey
from grids.models import Post, Unit

ROLE = "staff"


@transaction.atomic
def make_key(*, unit: Unit, name: str = "", expires: datetime | None = None) -> tuple[UnitKey, str]:
    """A new key for the system of `unit`: (row, key). The key is shown this once; only its hash is kept.

    The machine account and its post are made with the first key and used by all further ones. Raises Invalid for a
    unit that is no active department, or an end in the past.
    """
    if unit.kind != Unit.Kind.DEPARTMENT or not unit.active:
        raise Invalid(fields={"unit": [_("Keys are for active departments.")]})
    if expires is not None and expires <= timezone.now():
        raise Invalid(fields={"expires": [_("Expected a time in the future.")]})
    user = _machine_of(unit)
    return UnitKey.objects.create_key(name=(name or unit.name)[:50], user=user, expiry_date=expires)


def _machine_of(unit: Unit) -> User:
    username = f"unit-{unit.code}"
    user, made = User.objects.get_or_create(
        username=username, defaults={"name": unit.name, "kind": User.Kind.MACHINE}
    )
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    elif user.kind != User.Kind.MACHINE:
        raise Invalid(fields={"unit": [_("The name %(name)s belongs to a person.") % {"name": username}]})
    if not Post.objects.on().filter(user=user, role=ROLE, unit=unit).exists():
        Post.objects.create(user=user, role=ROLE, unit=unit)
    return user


def revoke_key(*, prefix: str) -> UnitKey:
    """End a key by its visible part. Raises Invalid if there is none."""
    key = UnitKey.objects.filter(prefix=prefix).first()
    if key is None:
        raise Invalid(fields={"prefix": [_("There is no such key.")]})
    key.revoked = True
    key.save(update_fields=["revoked"])
    return key
