"""Which classes of care a person may know of, and where: by the roles a class names and the posts of today.

Everything that speaks of classes (lists, filters, figures, search, exports, pages) asks here first.
"""

from functools import reduce
from operator import or_

from django.apps import apps
from django.db.models import Q

from core import ciphers
from grids.scope import NOTHING, Scope

CLASSES = "_care_classes"


def _all(user):
    """Classes in use, read once for each request."""
    found = getattr(user, CLASSES, None)
    if found is None:
        found = list(apps.get_model("residents", "CareClass").objects.filter(active=True))
        setattr(user, CLASSES, found)
    return found


def _seats(user, care_class, path=None):
    return [
        seat
        for seat in Scope.of(user).seats
        if seat.role.code in care_class.roles and (path is None or seat.covers(path))
    ]


def classes_for(user, path=None, group=None) -> list:
    """Classes that one of the person's posts (of those that cover `path`) may know of, in their order."""
    if not Scope.of(user).seats:
        return []
    return [
        care_class
        for care_class in _all(user)
        if group in (None, care_class.group) and _seats(user, care_class, path)
    ]


def may_know(user, care_class, path) -> bool:
    """Whether this person may know of this class at this grid."""
    return care_class.active and bool(_seats(user, care_class, path))


def paths_of(user, care_class) -> frozenset[str]:
    """Paths below which this person may know of a class."""
    return frozenset(seat.path for seat in _seats(user, care_class))


def care_q(user, class_field="care_class", path_field="grid__path") -> Q:
    """Rows of a class where this person may know of it."""
    by_paths: dict[frozenset, list[int]] = {}
    for care_class in classes_for(user, group="care"):
        by_paths.setdefault(paths_of(user, care_class), []).append(care_class.pk)
    return _either(by_paths, f"{class_field}__in", path_field)


def support_q(user, path_field="grid__path") -> Q:
    """Rows with a `class_tag` of a statutory register where this person may know of it."""
    by_paths: dict[frozenset, list[str]] = {}
    for care_class in classes_for(user, group="statutory"):
        by_paths.setdefault(paths_of(user, care_class), []).extend(class_tags(care_class))
    return _either(by_paths, "class_tag__in", path_field)


def class_tag(care_class) -> str:
    """By what a statutory register is found in the database without its name."""
    return ciphers.tag("class", care_class.code)


def class_tags(care_class) -> list[str]:
    """By what its files are found: two tags while HASH_KEY is renewed."""
    return ciphers.tags("class", care_class.code)


def resident_tag(resident_id) -> str:
    return ciphers.tag("resident", str(resident_id))


def resident_tags(resident_id) -> list[str]:
    return ciphers.tags("resident", str(resident_id))


def _either(by_paths, field, path_field):
    return reduce(
        or_,
        (
            Q(**{field: values}) & reduce(or_, (Q(**{f"{path_field}__startswith": p}) for p in sorted(paths)))
            for paths, values in by_paths.items()
        ),
        NOTHING,
    )
