"""The change history of the registry: who, when, from, to; private values only masked."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core import ciphers
from core.errors import Conflict, Invalid
from residents.models import (
    Building,
    CareRecord,
    Change,
    Dwelling,
    Household,
    KeyPlace,
    Organisation,
    Resident,
)
from residents.models.trail import Kind

KINDS = {
    Building: Kind.BUILDING,
    Dwelling: Kind.DWELLING,
    Household: Kind.HOUSEHOLD,
    Resident: Kind.RESIDENT,
    Organisation: Kind.ORGANISATION,
    KeyPlace: Kind.PLACE,
    CareRecord: Kind.CARE,
}
MASKS = {
    "id_number": ciphers.mask_id_number,
    "phone": ciphers.mask_phone,
    "owner_phone": ciphers.mask_phone,
    "responsible_phone": ciphers.mask_phone,
    "birth_date": lambda value: f"{value[:4]}-**-**" if value else "",
}
# What follows from other columns, or is the same for every change.
UNTOLD = {
    "id", "created_at", "updated_at", "pinyin", "initials", "id_tag", "tail_tag", "phone_tag", "birth_month",
}  # fmt: skip


def snapshot(record) -> dict:
    """The values of a record that its history tells of; take it before a change. Empty for a new record."""
    if record.pk is None:
        return {}
    return {
        f.attname: getattr(record, f.attname) for f in record._meta.concrete_fields if f.attname not in UNTOLD
    }


def differences(before: dict, after: dict) -> dict[str, list]:
    """{field: [before, after]} of what differs, as it may be shown: private values masked."""
    names = [name for name in after if before.get(name, "") != after[name] and (before or after[name])]
    return {name: [_shown(name, before.get(name)), _shown(name, after[name])] for name in names}


def note(record, *, before: dict, user, action: str, batch=None, reason: str = "", key=None) -> Change | None:
    """Write one row of history for a saved record; None if nothing differs. `before` is from `snapshot`. Raises
    Conflict if this person has used the key at this moment."""
    told = differences(before, snapshot(record))
    if before and not told:
        return None
    if reason:
        told["reason"] = ["", reason]
    row = Change(
        kind=KINDS[type(record)], record_id=record.pk, grid_id=record.grid_id, user=user, action=action,
        changes=told, batch=batch, key=key or None,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Conflict(_("Somebody has recorded the same at this moment. Please look again.")) from error
    return row


def repeated(user, key: str | None, model, actions: set[str]):
    """The record that this person wrote under this key before, or None. Raises Invalid if it was another step."""
    if not key:
        return None
    most = Change._meta.get_field("key").max_length
    if not isinstance(key, str) or len(key) > most or "\0" in key:
        raise Invalid(fields={"key": [_("Expected at most %(most)s characters.") % {"most": most}]})
    done = Change.objects.filter(user=user, key=key).first()
    if done is None:
        return None
    if done.kind != KINDS[model] or done.action not in actions:
        raise Invalid(fields={"key": [_("This key was used for another step.")]})
    return model.objects.get(pk=done.record_id)


def _shown(name, value):
    if value in (None, ""):
        return ""
    if name in MASKS:
        return MASKS[name](value)
    if isinstance(value, bool | int | list | dict):
        return value
    if hasattr(value, "wkt"):
        return f"{value.x:.6f}, {value.y:.6f}"
    return str(value)
