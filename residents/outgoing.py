"""The registry as files: what one may see, filtered as on screen, in pieces of constant memory.

The first row says who took it and when. Private fields leave masked; in clear only with the permission for it and a
reason. Every file is written down before its first byte leaves.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from core.admin_export import by_key
from core.errors import Invalid, NotFound, Refused
from core.sheets import csv_pieces, xlsx_pieces
from grids.models import Grid
from grids.scope import Scope
from residents import codes, outgoing_registers
from residents.intake.columns import COLUMNS, MODELS
from residents.selectors import checks, due
from residents.selectors.search import search
from residents.services import access, trail

EXPORT, UNMASKED = "residents.export_registry", "residents.export_unmasked"
MOST_XLSX = 100_000  # rows: a workbook is made whole before its first byte is sent
PLACED = {
    "dwelling": (("building__address", "building", "address"),),
    "household": (("dwelling__building__address", "building", "address"), ("dwelling__unit", "dwelling", "unit"),
                  ("dwelling__door", "dwelling", "door")),
    "resident": (("dwelling__building__address", "building", "address"), ("dwelling__unit", "dwelling", "unit"),
                 ("dwelling__door", "dwelling", "door"), ("household__number", "household", "number")),
    "organisation": (("dwelling__building__address", "building", "address"), ("dwelling__unit", "dwelling", "unit"),
                     ("dwelling__door", "dwelling", "door")),
    "place": (("organisation__name", "organisation", "name"),),
}  # fmt: skip
# What a list may be filtered by. Ethnicity is no filter.
FILTERS = {
    "building": ("kind",),
    "dwelling": ("use", "building"),
    "household": ("kind", "dwelling", "dwelling__building"),
    "resident": ("population", "hukou_here", "household", "dwelling", "dwelling__building"),
    "organisation": ("kind", "safety"),
    "place": ("kind", "safety"),
}
# Which kind of record a due list holds; those of registers are in outgoing_registers.
DUE = {"permits": "resident", "dwelling_missing": "resident", "id_missing": "resident", "inspections": "place",
       "occupied": "dwelling"}  # fmt: skip
POINT = {"lon": "location", "lat": "location"}
FORMATS = {
    "csv": ("text/csv; charset=utf-8", csv_pieces),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx_pieces),
}


@dataclass(frozen=True)
class Field:
    """One column of a file: the look-up, its heading, how its values are shown."""

    lookup: str
    heading: str
    show: Callable


@dataclass(frozen=True)
class Outgoing:
    """A file on its way: `pieces` of bytes, how many records it holds."""

    pieces: Iterator[bytes]
    rows: int
    content_type: str
    name: str


def visible(user, kind: str, filters):
    """The records of a kind this person may take out, by the filters of the page (a mapping of texts): what a grid
    holds, a due list (`due`), the rows of a check (`fault`), what a search found (`q`), a register (`class`). A
    queryset; of statutory registers a list. Raises NotFound for what is not this person's."""
    path = _path(user, filters)
    if kind in outgoing_registers.KINDS:
        return outgoing_registers.visible(user, kind, filters, path)
    if kind not in MODELS:
        raise NotFound
    rows = MODELS[kind].objects.visible_to(user).permitted(user, EXPORT).filter(grid__path__startswith=path)
    rows = rows.living() if kind == "resident" else rows.current()
    return _asked(user, kind, filters, path, _filtered(kind, filters, rows))


def count(rows) -> int:
    return rows.count() if isinstance(rows, QuerySet) else len(rows)


def _path(user, filters) -> str:
    grid = _number(filters.get("grid"))
    if not grid:
        return "/"
    path = Grid.objects.visible_to(user).filter(pk=grid).values_list("path", flat=True).first()
    if path is None:
        raise NotFound
    return path


def _asked(user, kind, filters, path, rows):
    """What the page that was left showed: a due list, the rows of a check, the hits of a search."""
    if listed := filters.get("due"):
        if DUE.get(listed) != kind:
            raise NotFound
        rows = rows.filter(pk__in=due.listed(user=user, kind=listed, path=path).values("pk"))
    if fault := filters.get("fault"):
        check = checks.CHECKS.get(fault)
        if check is None or check.model is not MODELS[kind]:
            raise NotFound
        rows = check.rows(rows)
    if words := filters.get("q"):
        hits = [hit.pk for group in search(user, words).groups if group.kind == kind for hit in group.hits]
        rows = rows.filter(pk__in=hits)
    return rows


def _filtered(kind, filters, rows):
    wanted = Q()
    for name in FILTERS[kind]:
        if value := filters.get(name):
            wanted &= Q(**{name: _value(MODELS[kind], name, value)})
    return rows.filter(wanted)


def _value(model, name, value):
    if name == "hukou_here":
        return value in ("1", "yes", "true", "True")
    if name in ("building", "dwelling", "household", "dwelling__building"):
        return _number(value) or 0
    return value.replace("\0", "")


def _number(value) -> int | None:
    text = str(value or "")
    return int(text) if text.isdecimal() and len(text) < 18 else None


def export(*, actor, kind: str, filters, form: str, unmasked=False, reason="", address="") -> Outgoing:
    """A file of records. Raises Refused without the permission, Invalid without a reason or for too many rows."""
    scope = Scope.of(actor)
    if not scope.may(EXPORT) or (unmasked and not scope.may(UNMASKED)):
        raise Refused
    if form not in FORMATS:
        raise Invalid(fields={"form": [_("Choose a format.")]})
    rows, register = visible(actor, kind, filters), kind in outgoing_registers.KINDS
    if unmasked and register:
        raise Refused
    if unmasked:
        rows = rows.permitted(actor, UNMASKED)
    found = _counted(rows, form)
    grid_id = _number(filters.get("grid"))
    if register:
        outgoing_registers.log(
            actor=actor, kind=kind, rows=rows, count=found, grid_id=grid_id, reason=reason, address=address
        )
        pieces = outgoing_registers.pieces(kind, rows)
    else:
        clear = access.PRIVATE.get(MODELS[kind], ()) if unmasked else ()
        access.log_export(
            actor=actor, kind=trail.KINDS[MODELS[kind]], grid_id=grid_id, fields=clear, reason=reason, rows=found,
            address=address,
        )  # fmt: skip
        pieces = _pieces(rows, fields_of(kind, unmasked))
    content_type, writer = FORMATS[form]
    stamp = timezone.localtime().strftime("%Y%m%d-%H%M")
    made = writer([_watermark(actor, found, reason)], pieces)
    return Outgoing(made, found, content_type, f"{kind}-{stamp}.{form}")


def _counted(rows, form) -> int:
    found = count(rows)
    if not found:
        raise Invalid(fields={"form": [_("There is nothing to export.")]})
    if form == "xlsx" and found > MOST_XLSX:
        words = _("More than %(most)s rows: choose fewer by the filters, or take the CSV file.")
        raise Invalid(fields={"form": [words % {"most": MOST_XLSX}]})
    return found


def _watermark(actor, count, reason) -> str:
    facts = {
        "name": actor.name or actor.username, "login": actor.username, "count": count,
        "at": timezone.localtime().strftime("%Y-%m-%d %H:%M:%S"), "reason": reason,
    }  # fmt: skip
    words = (
        _("Taken by %(name)s (%(login)s) at %(at)s, %(count)s records. Internal; not to be passed on.")
        % facts
    )
    return f"{words} {_('Reason: %(reason)s') % facts}" if reason else words


def fields_of(kind: str, unmasked: bool) -> list[Field]:
    """The columns of a file; words and labels are taken now, in the language of the request."""
    names = {column.name: column for column in COLUMNS}
    made = [
        Field("grid__code", names["grid"].words[0], str),
        Field("grid__name", _("Name of the grid"), str),
        *(
            Field(lookup, names[f"{section}_{field}"].words[0], str)
            for lookup, section, field in PLACED.get(kind, ())
        ),
    ]
    for column in COLUMNS:
        if column.section == kind and column.field not in POINT and not column.stays:
            made.append(Field(column.field, column.words[0], _show(column, unmasked)))
    return made


def _show(column, unmasked) -> Callable:
    if column.private and not unmasked:
        return trail.MASKS[column.field]
    if column.field == "dangers":
        return lambda value: "、".join(codes.label(codes.DANGER, one) for one in value)
    if column.table:
        labels = {code: codes.label(column.table, code) for code in column.table}
        return lambda value: labels.get(value, value)
    if column.field == "hukou_here":
        words = {True: _("Yes"), False: _("No")}
        return words.__getitem__
    return str


def _pieces(rows, fields) -> Iterator[Iterator[tuple]]:
    """Headings, then rows: whole columns of a piece at a time."""
    yield iter([tuple(field.heading for field in fields)])
    for piece in by_key(rows, *(field.lookup for field in fields)):
        columns = list(zip(*piece, strict=True))[1:]
        shown = (
            ["" if value is None or value == "" else field.show(value) for value in values]
            for field, values in zip(fields, columns, strict=True)
        )
        yield zip(*shown, strict=True)
