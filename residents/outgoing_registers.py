"""Registers of care as files: one class as its list shows it, or the visits that are due.

Of a statutory register only a reason lets a list leave, and the log says which class only to those who may know it.
"""

from collections.abc import Iterator
from itertools import groupby

from django.utils.translation import gettext as _

from core import ciphers
from core.admin_export import by_key
from core.errors import NotFound, Refused
from grids.scope import Scope
from residents import care, schema
from residents.intake.columns import COLUMNS
from residents.models import CareRecord
from residents.models.care import Attention
from residents.models.trail import Kind
from residents.selectors import due
from residents.services import access, support

EXPORT = "residents.export_registry"
KINDS = (Kind.CARE, Kind.SUPPORT)
LOOKUPS = (
    "grid__code", "grid__name", "care_class__name", "care_class__name_en",
    "resident__name", "resident__id_number", "resident__phone",
    "resident__dwelling__building__address", "resident__dwelling__unit", "resident__dwelling__door", "attention",
    "responsible__name", "since", "visit_days", "visited_on", "next_visit",
)  # fmt: skip


def headings() -> list[str]:
    """In the words of the files that come in, as far as they have these columns."""
    words = {column.name: column.words[0] for column in COLUMNS}
    return [
        words["grid"], _("Name of the grid"), _("Register of care"), words["resident_name"], words["resident_id_number"],
        words["resident_phone"], words["building_address"], words["dwelling_unit"], words["dwelling_door"],
        _("Attention"), _("Responsible"), _("since"), _("visit interval (days)"), _("Last visit"), _("Next visit"),
    ]  # fmt: skip


def visible(user, kind: str, filters, path: str):
    """Entries that this person may take out: a queryset of care records, or a list of statutory files. Raises
    NotFound for a class that this person may not know of, Refused without the permission."""
    if not Scope.of(user).may(EXPORT):
        raise Refused
    if filters.get("list") in (due.VISITS, due.STATUTORY):
        listed = filters["list"]
        if listed not in due.kinds_for(user) or (listed == due.VISITS) != (kind == Kind.CARE):
            raise NotFound
        chosen = None
    else:
        group = "care" if kind == Kind.CARE else "statutory"
        known = care.classes_for(user, group=group)
        chosen = next((one for one in known if one.code == filters.get("class")), None)
        if chosen is None:
            raise NotFound
    return _entries(user, chosen, path) if kind == Kind.CARE else _files(user, chosen, path)


def _entries(user, chosen, path):
    if chosen is None:
        rows = CareRecord.objects.filter(pk__in=due.listed(user=user, kind=due.VISITS, path=path).values("pk"))
    else:
        rows = CareRecord.objects.current().filter(care_class=chosen, grid__path__startswith=path)
    return rows.visible_to(user).permitted(user, EXPORT)


def _files(user, chosen, path):
    if chosen is None:
        found = due.files(user, path)
    else:
        found = support.with_people(user, support.listing(actor=user, care_class=chosen))
    scope = Scope.of(user)
    lies = {file.pk: file.resident.grid.path for file in found}
    return [f for f in found if lies[f.pk].startswith(path) and scope.may_at(EXPORT, lies[f.pk])]


def pieces(kind: str, rows) -> Iterator[Iterator[tuple]]:
    """Headings, then rows; private values masked."""
    yield iter([tuple(headings())])
    if kind == Kind.SUPPORT:
        yield iter([_of_file(file) for file in rows])
        return
    for piece in by_key(rows, *LOOKUPS):
        yield iter([_of_entry(row[1:]) for row in piece])


def _of_entry(values):
    shown = dict(zip(LOOKUPS, values, strict=True))
    shown["resident__id_number"] = ciphers.mask_id_number(shown["resident__id_number"])
    shown["resident__phone"] = ciphers.mask_phone(shown["resident__phone"])
    shown["care_class__name"] = schema.by_language(shown["care_class__name"], shown.pop("care_class__name_en"))
    shown["attention"] = str(Attention(shown["attention"]).label)
    return tuple("" if value is None else str(value) for value in shown.values())


def _of_file(file):
    door = file.resident.dwelling
    return tuple(
        "" if value is None else str(value)
        for value in (
            file.grid.code, file.grid.name, file.care_class.label, file.resident.name,
            "", "",  # a list of a statutory register says who and when, and nothing to find them elsewhere by
            door.building.address if door else "", door.unit if door else "", door.door if door else "",
            file.attention_words, file.responsible.name if file.responsible else "", file.since, file.visit_days,
            file.visited_on, file.next_visit,
        )
    )  # fmt: skip


def log(*, actor, kind: str, rows, count: int, grid_id, reason: str, address: str):
    """That the list left: for a statutory one a row for each class, always with a reason."""
    given = {"actor": actor, "grid_id": grid_id, "address": address, "kind": kind}
    if kind == Kind.CARE:
        access.log_export(**given, reason=reason, rows=count)
        return
    reason = access.checked_reason(reason)
    by_class = sorted(rows, key=lambda file: file.care_class.code)
    for _code, files in groupby(by_class, key=lambda file: file.care_class.code):
        files = list(files)
        tag = care.class_tag(files[0].care_class)
        access.log_export(**given, reason=reason, rows=len(files), class_tag=tag)
