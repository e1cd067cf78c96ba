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
def issue_key(*, unit: Unit, name: str = "", expiry_date: datetime | None = None) -> tuple[UnitKey, str]:
    """A new key for the system of `unit`: (row, key). The key is shown this once; only its hash is kept.

    The machine account and its post are made with the first key and used by all further ones. Raises Invalid for a
    unit that is no active department, or an end in the past.
    """
    if unit.kind != Unit.Kind.DEPARTMENT or not unit.active:
        raise Invalid(_("Expected an active department."), fields={"unit": [_("Expected an active department.")]})
    if expiry_date is not None and expiry_date <= timezone.now():
        raise Invalid(fields={"expiry_date": [_("Expected a time in the future.")]})
    user = _machine_of(unit)
    return UnitKey.objects.create_key(name=(name or unit.name)[:50], user=user, expiry_date=expiry_date)


def _machine_of(unit: Unit) -> User:
    user, made = User.objects.get_or_create(
        username=f"api-{unit.code}"[:150], defaults={"name": unit.name[:60], "kind": User.Kind.MACHINE}
    )
    if user.kind != User.Kind.MACHINE:
        raise Invalid(_("“%(name)s” is a person's login name.") % {"name": user.username})
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    if not user.posts.on().filter(unit=unit, role=ROLE).exists():
        Post.objects.create(user=user, role=ROLE, unit=unit)
    return user
