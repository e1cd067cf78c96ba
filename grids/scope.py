"""Who sees what: from the posts a person holds today. Closed by default: no post, no rows.

`Scope` is read once per request (one query, or along with a token) and kept on the user object.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, reduce
from operator import itemgetter, or_

import orjson
from django.apps import apps
from django.db.models import Q, Subquery
from django.utils import timezone

from accounts.roles import CENTRE, DEPARTMENT, GRID, ROLES, Role
from core.prepared import Prepared
from core.sql import JsonText

NOTHING = Q(pk__in=[])


@dataclass(frozen=True)
class Seat:
    """One post of today. `path` is the post's grid, or its unit's territory or jurisdiction."""

    role: Role
    path: str
    unit_id: int | None

    @property
    def level(self) -> int:
        return self.path.count("/") - 2

    def may(self, permission: str) -> bool:
        return permission in self.role.permissions

    def covers(self, path: str) -> bool:
        """The slash at the end of paths keeps /1/ from matching /12/."""
        return path.startswith(self.path)


@dataclass(frozen=True)
class Scope:
    user_id: int | None
    seats: tuple[Seat, ...]

    @classmethod
    def of(cls, user) -> "Scope":
        """The person's scope of today; kept on the user object for the length of a request."""
        scope = getattr(user, "_scope", None)
        if scope is None:
            scope = cls(user.pk, _seats(user)) if getattr(user, "is_active", False) else cls(None, ())
            user._scope = scope
        return scope

    @cached_property
    def permissions(self) -> frozenset[str]:
        """All permissions of all posts, wherever they lie."""
        return frozenset().union(*(seat.role.permissions for seat in self.seats))

    @cached_property
    def unit_ids(self) -> frozenset[int]:
        """Units this person works in."""
        return frozenset(seat.unit_id for seat in self.seats if seat.unit_id)

    @cached_property
    def department_ids(self) -> frozenset[int]:
        return frozenset(s.unit_id for s in self.seats if s.role.place == DEPARTMENT)

    @cached_property
    def roots(self) -> frozenset[str]:
        """Paths below which everything is this person's business: grid posts and centres, not departments."""
        return _outermost(s.path for s in self.seats if s.role.place in (GRID, CENTRE))

    @cached_property
    def land(self) -> frozenset[str]:
        """Paths below which this person sees grids and units (a department: its jurisdiction)."""
        return _outermost(s.path for s in self.seats)

    def may(self, permission: str) -> bool:
        """Somewhere; `may_at` says whether here."""
        return permission in self.permissions

    def may_at(self, permission: str, path: str) -> bool:
        return any(seat.may(permission) and seat.covers(path) for seat in self.seats)

    def may_call(self, path: str) -> bool:
        """Whether phones of people with a post at `path` are whole: for centres that cover it and for its own people."""
        return any(
            seat.covers(path) if seat.role.place == CENTRE else seat.role.place == GRID and seat.path == path
            for seat in self.seats
        )

    def q(self, path: str) -> Q:
        """Rows whose `path` field lies below a root."""
        return _below(self.roots, path)

    def land_q(self, path: str) -> Q:
        return _below(self.land, path)

    def roots_for(self, permission: str) -> frozenset[str]:
        """Paths at which this person has `permission` (admin)."""
        return _outermost(seat.path for seat in self.seats if seat.may(permission))

    def permission_q(self, permission: str, path: str) -> Q:
        return _below(self.roots_for(permission), path)


def _below(roots, path):
    return reduce(or_, (Q(**{f"{path}__startswith": root}) for root in sorted(roots))) if roots else NOTHING


def _outermost(paths) -> frozenset[str]:
    """Without those that lie below another one: keeps the SQL short."""
    kept: list[str] = []
    for path in sorted(set(paths), key=len):
        if not any(path.startswith(other) for other in kept):
            kept.append(path)
    return frozenset(kept)


_SEAT = ("role", "grid__path", "unit_id", "unit__grid__path", "unit__active")


def _posts(user_id, today):
    rows = apps.get_model("grids", "Post").objects.filter(user_id=user_id).on(today)
    return rows.values_list(*_SEAT)


def posts_as_text(user_id, today) -> Subquery:
    """The posts of `_posts` as the text of a JSON list (none: no post), for a query that reads the person, too.

    In no order: a row begins with what puts it into that of Post.
    """
    rows = apps.get_model("grids", "Post").objects.filter(user_id=user_id).on(today).order_by()
    return Subquery(rows.values("user_id").annotate(seats=JsonText("since", "pk", *_SEAT)).values("seats"))


def seats_in(text: str | None) -> tuple["Seat", ...]:
    """The seats of such a text, in the order of `_seats`: of two posts alike, the older one counts."""
    return _as_seats(post[2:] for post in sorted(orjson.loads(text or "[]"), key=itemgetter(0, 1)))


_posts_of = Prepared(_posts, int, date)  # asked by every request


def _seats(user) -> tuple[Seat, ...]:
    return _as_seats(_posts_of(user.pk, timezone.localdate()))


def _as_seats(posts: Iterable[Sequence]) -> tuple[Seat, ...]:
    return tuple(
        Seat(ROLES[role], grid_path or unit_path, unit_id)
        for role, grid_path, unit_id, unit_path, active in posts
        if role in ROLES and (grid_path or (unit_path and active))
    )
