"""Scoring schemes as rows of a file: one for each indicator of each scheme, with the columns that the admin exports."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Invalid
from evaluation import registry, schemes
from evaluation.models import Kind, Scheme, SchemeItem
from grids.services import tables

# column → (heading that the admin's export writes, other headings)
HEADINGS = {
    "kind": (gettext_lazy("kind"), "考核对象"),
    "name": (gettext_lazy("scoring scheme"), "name", "名称"),
    "valid_from": (gettext_lazy("valid from"),),
    "valid_until": (gettext_lazy("valid until"),),
    "total": (gettext_lazy("total"),),
    "sort": (gettext_lazy("order"),),
    "indicator": (gettext_lazy("indicator"),),
    "weight": (gettext_lazy("weight"),),
    "target": (gettext_lazy("earns all points"),),
    "worst": (gettext_lazy("earns no points"),),
    "empty": (gettext_lazy("without cases"),),
}
REQUIRED = ("kind", "name", "valid_from", "indicator", "weight")
SCHEME = ("name", "valid_until", "total")  # the same in every row of a scheme
ITEM = ("sort", "weight", "target", "worst", "empty")


@dataclass
class Loaded:
    """How many schemes were added, changed and left as they were."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


def columns() -> dict[str, list[str]]:
    """The headings that a column may have, in both languages, as `tables.read` wants them."""
    return {
        column: [word for label in words for word in tables.names_of(label) if word]
        for column, words in HEADINGS.items()
    }


@transaction.atomic
def load(rows) -> Loaded:
    """Write schemes as the rows (number, values) say; a scheme is known by its kind and first day.

    What the file does not name stays. Raises Invalid with every mistake by row and column, and then writes nothing.
    """
    wrong: list[str] = []
    named: dict[tuple, dict[int, dict]] = {}
    for number, cells in rows:
        values = _read(number, cells, wrong)
        if values.get("kind") and values.get("valid_from"):
            named.setdefault((values["kind"], values["valid_from"]), {})[number] = values
    if not wrong:
        done = Loaded()
        for (kind, since), of in sorted(named.items()):
            _write(kind, since, of, done, wrong)
    if wrong:
        raise Invalid(fields={"file": wrong})
    return done


def _read(number, cells, wrong) -> dict:
    values = {}
    for column in HEADINGS:
        try:
            values[column] = READERS[column](cells.get(column))
        except (tables.Unreadable, ValidationError) as error:
            wrong.append(_said(number, column, "".join(getattr(error, "messages", [str(error)]))))
    return values


def _said(number, column, message) -> str:
    place = HEADINGS[column][0] if column in HEADINGS else column
    return _("Row %(row)s, %(column)s: %(message)s") % {"row": number, "column": place, "message": message}


def _choice(choices, required=True):
    """Reads a code, or any name of the choice."""

    def read(cell):
        line = tables.text(cell)
        if not line and not required:
            return ""
        key = tables.heading_key(line)
        for code, label in choices():
            if key in {tables.heading_key(word) for word in (code, *tables.names_of(label)) if word}:
                return code
        expected = "、".join(str(label) for _code, label in choices())
        raise tables.Unreadable(_("expected one of: %(names)s.") % {"names": expected})

    return read


def _number(kind=Decimal, required=False):
    def read(cell):
        line = tables.text(cell)
        if not line and not required:
            return None
        try:
            return kind(line)
        except (InvalidOperation, ValueError) as error:
            raise tables.Unreadable(_("expected a number, got “%(value)s”.") % {"value": line}) from error

    return read


def _day(cell):
    found = tables.day(cell)
    if found is None:
        raise tables.Unreadable(_("expected a date such as 2026-01-05, got “%(value)s”.") % {"value": ""})
    return found


READERS = {
    "kind": _choice(lambda: Kind.choices),
    "name": tables.text,
    "valid_from": _day,
    "valid_until": tables.day,
    "total": _number(),
    "sort": _number(int),
    "indicator": _choice(registry.choices),
    "weight": _number(required=True),
    "target": _number(),
    "worst": _number(),
    "empty": _choice(lambda: SchemeItem.Empty.choices, required=False),
}


def _write(kind, since, of, done, wrong):
    first = next(iter(of))
    head = {name: of[first][name] for name in SCHEME}
    for number, values in of.items():
        other = [name for name in SCHEME if values[name] != head[name]]
        wrong += [_said(number, name, _("differs from row %(row)s.") % {"row": first}) for name in other]
    scheme = Scheme.objects.filter(kind=kind, valid_from=since).first()
    is_new = scheme is None
    scheme = scheme or Scheme(kind=kind, valid_from=since)
    before = _state(scheme)
    for name, value in head.items():
        if value is not None or name != "total":
            setattr(scheme, name, value)
    try:
        scheme.full_clean()  # earlier ones are written first: one may end where another of the file begins
    except ValidationError as error:
        wrong += _words(first, error)
        return
    scheme.save()
    _write_items(scheme, of, wrong)
    if wrong:
        return
    try:
        schemes.usable(scheme)
    except Invalid as error:
        wrong.append(_said(first, "weight", error.message))
    if is_new:
        done.added += 1
    elif before == _state(scheme):
        done.unchanged += 1
    else:
        done.changed += 1


def _write_items(scheme, of, wrong):
    there = {item.indicator: item for item in scheme.items.all()}
    named = set()
    for place, (number, values) in enumerate(of.items(), 1):
        if values["indicator"] in named:
            wrong.append(_said(number, "indicator", _("This indicator is in the scheme already.")))
            continue
        named.add(values["indicator"])
        item = there.get(values["indicator"]) or SchemeItem(scheme=scheme, indicator=values["indicator"])
        for name in ITEM:
            setattr(item, name, values[name])
        item.sort = 10 * place if item.sort is None else item.sort
        item.empty = item.empty or SchemeItem.Empty.SKIP
        try:
            item.full_clean()
        except ValidationError as error:
            wrong += _words(number, error)
        else:
            item.save()
    scheme.items.exclude(indicator__in=named).delete()


def _words(number, error) -> list[str]:
    said = error.message_dict if hasattr(error, "error_dict") else {"__all__": error.messages}
    return [
        _said(number, column if column in HEADINGS else "name", word) for column, words in said.items() for word in words
    ]


def _state(scheme):
    if scheme.pk is None:
        return None
    saved = Scheme.objects.values_list(*SCHEME).get(pk=scheme.pk)
    return saved, list(scheme.items.order_by("indicator").values_list("indicator", *ITEM))
