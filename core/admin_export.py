"""Exports of admin lists: what the list shows with its filters and its scope, as CSV or a workbook, streamed.

Small tables that come back in as files have django-import-export's pages instead (core.admin_tables).
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import FieldDoesNotExist, PermissionDenied, SuspiciousOperation
from django.http import HttpResponseRedirect, StreamingHttpResponse
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from core.api.streaming import pieces_for
from core.sheets import csv_pieces, xlsx_pieces

PIECE = 2000  # rows per query
MOST_XLSX = 100_000  # rows: a workbook is made whole before its first byte is sent, half a minute for so many
NAMES = ("name", "number", "code")  # of a related row: the relation's own label says it
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Column:
    """One column: the value of the look-up `name`, through `show` if given (masks, words).

    `gather(request, values)` fetches the cells of a whole piece by those values, in one query; what it lacks is empty.
    """

    name: str
    label: Any = ""
    show: Callable | None = None
    gather: Callable | None = None


@dataclass(frozen=True)
class Format:
    """How rows leave: `make(admin, request, queryset)` gives the bytes and counts rows in `request.exported`."""

    title: Any
    content_type: str
    make: Callable[..., Iterator[bytes]]
    most: int | None = None


def _table(writer):
    def make(admin, request, queryset):
        columns = [_as_column(column) for column in admin.export_columns]
        head = [str(column.label or _label(queryset.model, column.name)) for column in columns]
        return writer(head, _shown(request, queryset, columns))

    return make


CSV_FORMAT = Format(gettext_lazy("Export CSV"), "text/csv; charset=utf-8", _table(csv_pieces))
XLSX_FORMAT = Format(
    gettext_lazy("Export Excel"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    _table(xlsx_pieces),
    MOST_XLSX,
)


class ExportsAdmin:
    """Mixin for a ModelAdmin: `export_columns` (look-ups, or Columns) become files, one button for each format.

    Private fields leave masked or not at all: name no encrypted field here without a mask.
    """

    export_columns: tuple[str | Column, ...] = ()
    file_formats = {"csv": CSV_FORMAT, "xlsx": XLSX_FORMAT}

    def export_rows(self, request, queryset):
        """The rows that stand in the file for the rows of the list."""
        return queryset

    def get_urls(self):
        own = [
            path(
                f"export.{kind}",
                self.admin_site.admin_view(self._export_view(kind)),
                name=self._export_name(kind),
            )
            for kind in self._kinds()
        ]
        return own + super().get_urls()

    def changelist_view(self, request, extra_context=None):
        links = [
            {"title": self.file_formats[kind].title, "url": reverse(f"admin:{self._export_name(kind)}")}
            for kind in self._kinds()
        ]
        return super().changelist_view(request, {"exports": links, **(extra_context or {})})

    def _kinds(self):
        return tuple(self.file_formats) if self.export_columns else ()

    def _export_name(self, kind):
        return f"{self.opts.app_label}_{self.opts.model_name}_export_{kind}"

    def _export_view(self, kind):
        @require_safe
        def view(request):
            if not self.has_view_permission(request):
                raise PermissionDenied
            return self._export(request, kind)

        return view

    def _export(self, request, kind):
        try:
            shown = self.get_changelist_instance(request)
        except IncorrectLookupParameters as error:
            raise SuspiciousOperation("unknown filter") from error
        made = self.file_formats[kind]
        if made.most is not None and shown.result_count > made.most:
            return self._too_many(request, made.most)
        rows = plain(self.export_rows(request, shown.queryset))
        request.exported = 0
        stream = _in_language(_logged(request, self.opts.label, kind, made.make(self, request, rows)))
        response = StreamingHttpResponse(pieces_for(request, stream), content_type=made.content_type)
        stamp = timezone.localtime().strftime("%Y%m%d-%H%M")
        response["Content-Disposition"] = f'attachment; filename="{self.opts.model_name}-{stamp}.{kind}"'
        response["Cache-Control"] = "no-store"
        return response

    def _too_many(self, request, most):
        words = _("More than %(most)s rows: choose fewer by the filters, or take the CSV file.")
        messages.error(request, words % {"most": most})
        names = (self.opts.app_label, self.opts.model_name)
        return HttpResponseRedirect(
            f"{reverse('admin:{}_{}_changelist'.format(*names))}?{request.META['QUERY_STRING']}"
        )


def plain(queryset):
    """Without what a list needs to show rows: joins for names, prefetched relations, columns left out, an order."""
    return queryset.select_related(None).prefetch_related(None).defer(None).order_by()


def by_key(queryset, *names, size=None) -> Iterator[list[tuple]]:
    """Tuples of (key, *names), `size` at a time in the order of keys: each piece is one query of the same cost."""
    size = size or PIECE
    rows, last = queryset.order_by("pk").values_list("pk", *names), None
    while True:
        piece = list((rows if last is None else rows.filter(pk__gt=last))[:size])
        if piece:
            yield piece
        if len(piece) < size:
            return
        last = piece[-1][0]


def _shown(request, queryset, columns) -> Iterator[Iterator[tuple]]:
    shows = [column.show or _words(queryset.model, column.name) for column in columns]
    names = tuple(dict.fromkeys(("pk", *(column.name for column in columns))))
    for piece in by_key(queryset, *names[1:]):
        request.exported += len(piece)
        values = dict(zip(names, zip(*piece, strict=True), strict=True))
        made = (
            _cells(request, column, show, values[column.name])
            for column, show in zip(columns, shows, strict=True)
        )
        yield zip(*made, strict=True)


def _cells(request, column, show, values):
    if column.gather is not None:
        found = column.gather(request, values)
        return [found.get(value, "") for value in values]
    return [show(value) for value in values]


def _as_column(column) -> Column:
    return column if isinstance(column, Column) else Column(column)


def _field(model, lookup):
    """(field of the look-up's end, field before it); (None, None) for an annotation."""
    before = field = None
    try:
        for name in lookup.split("__"):
            before, field = field, model._meta.get_field(name)
            model = field.related_model
    except FieldDoesNotExist:
        return None, None
    return field, before


def _label(model, lookup) -> str:
    field, before = _field(model, lookup)
    return (before if before is not None and field.name in NAMES else field).verbose_name


def _words(model, lookup) -> Callable:
    """How values of this field are written: choices by their labels, times as they are here, yes and no."""
    field, _before = _field(model, lookup)
    labels = dict(field.flatchoices) if field is not None and field.choices else {}

    def show(value):
        if value is None:
            return ""
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        if isinstance(value, datetime):
            return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
        if isinstance(value, date):
            return value.isoformat()
        return str(labels[value]) if value in labels else value

    return show


def _logged(request, model, kind, pieces):
    """Who took what out of the system: written when the file ends, also when the reader has left half-way."""
    try:
        yield from pieces
    finally:
        facts = {"user_id": request.user.pk, "model": model, "rows": request.exported, "format": kind}
        log.info("export: user %(user_id)s took %(rows)s rows of %(model)s as %(format)s", facts, extra=facts)


def _in_language(pieces):
    """The request's language also for pieces that are made after it has ended."""
    language = translation.get_language()
    try:
        while True:
            with translation.override(language):
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece
    finally:
        pieces.close()
