"""Residents' base data for departments' systems: which rows, and of each the granted fields and no others."""

from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet

from accounts.models import User
from core import feeds
from grids.scope import NOTHING, Scope
from residents import grants
from residents.models import Change, DataGrant, Resident

BASE = ("id", "grid_id", "grid__path", "status", "updated_at")
TOLD = ("record_id", "at", "action", "changes", "grid__path")


@dataclass(frozen=True)
class Given:
    """One grant of today: `fields` of people below `path`."""

    path: str
    grid_id: int
    fields: tuple[str, ...]
    purpose: str
    unit: str
    until: object


@dataclass(frozen=True)
class Granted:
    """All grants of today of one department's system. Nothing for people: they have pages, and posts."""

    grants: tuple[Given, ...]

    @classmethod
    def of(cls, user) -> "Granted":
        """One query (two with the posts)."""
        if getattr(user, "kind", None) != User.Kind.MACHINE:
            return cls(())
        rows = DataGrant.objects.on().filter(unit_id__in=Scope.of(user).department_ids, unit__active=True)
        columns = ("unit__grid__path", "unit__grid_id", "fields", "purpose", "unit__name", "until")
        known = (
            Given(path, grid, tuple(name for name in fields if name in grants.FIELDS), *rest)
            for path, grid, fields, *rest in rows.values_list(*columns)
        )
        return cls(tuple(known))

    def fields_at(self, path: str) -> list[str]:
        """What may be told of somebody who lives at `path`, in the order of the table."""
        held = {name for one in self.grants if path.startswith(one.path) for name in one.fields}
        return [name for name in grants.FIELDS if name in held]

    @property
    def fields(self) -> list[str]:
        held = {name for one in self.grants for name in one.fields}
        return [name for name in grants.FIELDS if name in held]

    @property
    def clear(self) -> list[str]:
        return [name for name in self.fields if name in grants.CLEAR]

    @property
    def columns(self) -> tuple[str, ...]:
        """What must be read for all fields granted: nothing is decrypted that is not told."""
        wanted = dict.fromkeys(column for name in self.fields for column in grants.FIELDS[name].columns)
        return (*BASE, *(column for column in wanted if column not in BASE))

    def q(self, field: str = "grid__path") -> Q:
        return reduce(or_, (Q(**{f"{field}__startswith": one.path}) for one in self.grants), NOTHING)

    def people(self) -> QuerySet[Resident]:
        """Who may be told of: not those whose record is archived."""
        return Resident.objects.filter(self.q(), archived_at=None)

    def row(self, values, known) -> dict:
        """One person from a tuple of `columns`. `known`: grids.names."""
        got = dict(zip(self.columns, values, strict=True))
        told = {
            "id": got["id"], "status": got["status"], "updated_at": got["updated_at"],
            "grid": known.grids.get(got["grid_id"]),
        }  # fmt: skip
        for name in self.fields_at(got["grid__path"]):
            field = grants.FIELDS[name]
            told[name] = field.make(*(got[column] for column in field.columns))
        return told


def changes(granted: Granted, position: tuple[int, int], size: int) -> feeds.Page:
    """Rows of TOLD, of people whose record lay in the jurisdiction when it was changed."""
    return feeds.read(_history(), granted.q(), TOLD, position, size)


def newest() -> tuple[int, int]:
    return feeds.newest(_history())


def _history():
    return Change.objects.filter(kind="resident")
