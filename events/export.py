"""Events as CSV, in pieces: constant memory, whatever the server (WSGI or ASGI)."""

import csv
import io
from collections.abc import Iterator

from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.api.streaming import pieces_for
from events.workflow import Source, Status, Urgency

PIECE = 1000
FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = (
    ("number", _("case number")),
    ("status", _("status")),
    ("urgency", _("urgency")),
    ("source", _("source")),
    ("standard__code", _("standard")),
    ("standard__minor_name", _("class")),
    ("description", _("what")),
    ("place", _("where")),
    ("grid__code", _("grid code")),
    ("grid__name", _("grid")),
    ("holder__name", _("lies with")),
    ("lead__name", _("lead unit")),
    ("reported_at", _("reported")),
    ("registered_at", _("registered")),
    ("dispatched_at", _("dispatched")),
    ("fed_back_at", _("fed back")),
    ("closed_at", _("closed")),
    ("due_at", _("due")),
    ("late", _("has been late")),
    ("stars", _("rating")),
)
LABELS = {"status": dict(Status.choices), "urgency": dict(Urgency.choices), "source": dict(Source.choices)}
TIMES = {"reported_at", "registered_at", "dispatched_at", "fed_back_at", "closed_at", "due_at"}


def _column(name, values, labels, zone):
    """The cells of one column of a piece: whole columns at a time, or 2,000,000 cells would cost a call each."""
    if name in TIMES:
        return [v.astimezone(zone).isoformat(" ", "seconds")[:19] if v else "" for v in values]
    if name in labels:
        return [labels[name].get(v, v) for v in values]
    if name == "late":
        return [1 if v else 0 for v in values]
    # A spreadsheet would run a text that begins like a formula.
    return ["" if v is None else f"'{v}" if isinstance(v, str) and v.startswith(FORMULA) else v for v in values]


def pieces(queryset) -> Iterator[bytes]:
    """UTF-8 with a byte order mark (Excel), PIECE rows at a time, newest first; each piece one query by key.

    The words are taken now, in the language of the request: the pieces are made after it has ended.
    """
    labels = {name: {k: str(v) for k, v in choices.items()} for name, choices in LABELS.items()}
    head = "\ufeff".encode() + _lines([[str(label) for _name, label in COLUMNS]])
    return _pieces(queryset, head, labels)


def _pieces(queryset, head, labels):
    names, zone = [name for name, _label in COLUMNS], timezone.get_current_timezone()
    rows = queryset.order_by("-pk").values_list("pk", *names)
    yield head
    last = None
    while True:
        piece = list((rows if last is None else rows.filter(pk__lt=last))[:PIECE])
        if piece:
            yield _lines(_rows(names, labels, piece, zone))
        if len(piece) < PIECE:
            return
        last = piece[-1][0]


def _rows(names, labels, piece, zone):
    columns = zip(*(row[1:] for row in piece), strict=True)
    return zip(*(_column(n, values, labels, zone) for n, values in zip(names, columns, strict=True)), strict=True)


def _lines(rows) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def csv_response(request, queryset, name="events") -> StreamingHttpResponse:
    """The response for a filtered queryset of events."""
    response = StreamingHttpResponse(pieces_for(request, pieces(queryset)), content_type="text/csv; charset=utf-8")
    stamp = timezone.localtime().strftime("%Y%m%d-%H%M")
    response["Content-Disposition"] = f'attachment; filename="{name}-{stamp}.csv"'
    return response
