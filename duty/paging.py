"""Pages of lists by key, with a cursor in the address; one that cannot be read is the first page."""

from dataclasses import dataclass
from datetime import datetime

from rest_framework.exceptions import ValidationError

from core.api.pagination import Keyset, decode, encode

KINDS = {"answer_by": datetime, "answered_at": datetime}


@dataclass(frozen=True)
class Page:
    rows: list
    next: str = ""
    first: bool = True


def page(rows, cursor: str, size: int, fields=("id",), descending=True) -> Page:
    """Up to `size` rows after the cursor."""
    position = _position(cursor, fields)
    found = Keyset(tuple(fields), descending=descending).page(rows, position, False, size + 1)
    more = len(found) > size
    last = found[size - 1] if more else None
    following = encode(*(getattr(last, field) for field in fields)) if more else ""
    return Page(found[:size], following, position is None)


def _position(cursor, fields):
    if not cursor:
        return None
    try:
        position = decode(cursor, *(KINDS.get(field, int) for field in fields))
    except ValidationError:
        return None
    return None if None in position else position
