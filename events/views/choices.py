"""Filters of the desk in words, and the search boxes by which grids, units and standards are found among thousands."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from events import limits, paging, standards
from events.forms_fields import PickerWidget
from grids import names
from grids.scope import Scope
from grids.selectors import units_for

MOST_MATCHES = 12


def _in_land(path, scope) -> bool:
    return path is not None and path.startswith(tuple(scope.land))


def find_grids(user, words):
    """Grids of every level in the person's land, higher ones first."""
    scope, known = Scope.of(user), names.current()
    hits = [
        grid
        for pk, grid in known.grids.items()
        if (words in grid["name"] or grid["code"].startswith(words)) and _in_land(known.paths[pk], scope)
    ]
    hits.sort(key=lambda grid: (grid["level"], grid["name"], grid["code"]))
    return [(grid["id"], grid["name"], _above(known, grid["id"])) for grid in hits[:MOST_MATCHES]]


def _above(known, pk) -> str:
    """The names of the two grids above, as people say where something is."""
    ids = [int(part) for part in known.paths[pk].split("/") if part][-3:-1]
    return " ".join(known.grids[one]["name"] for one in ids if one in known.grids)


def describe_grid(user, pk):
    known = names.current()
    pk = paging.number(pk)
    if pk not in known.grids or not _in_land(known.paths[pk], Scope.of(user)):
        return None
    return pk, known.grids[pk]["name"], _above(known, pk)


def find_units(user, words):
    found = units_for(user).filter(name__icontains=words).order_by("kind", "grid__level", "name")
    return [(unit.pk, unit.name, unit.get_kind_display()) for unit in found[:MOST_MATCHES]]


def describe_unit(user, pk):
    unit = units_for(user).filter(pk=paging.number(pk)).first()
    return unit and (unit.pk, unit.name, unit.get_kind_display())


def find_standards(user, words):
    """Whole classes first, then the single conditions: by words, pinyin initials or code."""
    found = standards.search(words, limit=MOST_MATCHES)
    classes = {one.code.partition("-")[0]: one.minor_name for one in found}
    rows = [(code, name, f"{code} · {_('the whole class')}") for code, name in list(classes.items())[:4]]
    rows += [(one.code, f"{one.minor_name} · {one.condition}", one.code) for one in found]
    return rows[:MOST_MATCHES]


def describe_standard(user, code):
    text = str(code)
    one = next((s for s in limits.current().standards.values() if s.code.startswith(text.upper())), None)
    if one is None or not text[1:2].isdigit():
        return code, text, ""
    return code, one.minor_name if "-" not in text else f"{one.minor_name} · {one.condition}", text


LOOK = {
    "grid": (find_grids, describe_grid, _("Name or code of a grid")),
    "unit": (find_units, describe_unit, _("Name of a unit")),
    "standard": (find_standards, describe_standard, _("Words, pinyin initials or a code")),
}


@dataclass(frozen=True)
class Picker:
    """A search box of the filters, as a template shows it."""

    wanted: Any
    name: str

    @property
    def label(self):
        return self.wanted.filterset.form.fields[self.name].label

    @property
    def control(self):
        query = self.wanted.query
        value = query.get(self.name), paging.words(query.get(f"{self.name}_q"))
        return _picker(self.wanted.user, self.name).render(self.name, value, {"id": f"look-{self.name}"})


def pickers(wanted) -> list[Picker]:
    return [Picker(wanted, name) for name in LOOK]


def _picker(user, name):
    find, describe, placeholder = LOOK[name]
    return PickerWidget(
        find=lambda words: find(user, words), describe=lambda value: describe(user, value),
        results_url=reverse("events:look", args=[name]), placeholder=placeholder,
    )  # fmt: skip


@login_required
@require_safe
def look(request, name):
    """Matches of one of the search boxes."""
    if name not in LOOK:
        raise Http404
    query = paging.words(request.GET.get(f"{name}_q"))
    rows = LOOK[name][0](request.user, query) if query else []
    return render(request, "parts/picker_rows.html", {"rows": rows, "name": name, "query": query, "chosen": ""})


def chips(wanted) -> list[dict]:
    """Each filter in use as words, with the address of the list without it."""
    form = wanted.filterset.form
    if not form.is_bound or not form.is_valid():
        return []
    found = []
    for name, value in form.cleaned_data.items():
        if value in (None, "", []):
            continue
        labels = dict(getattr(form.fields[name], "choices", []) or [])
        values = value if isinstance(value, list) else [value]
        words = "、".join(str(_label(wanted.user, name, labels, one)) for one in values)
        found.append({"name": name, "label": form.fields[name].label, "words": words, "url": wanted.address(**{name: None})})
    return found


def _label(user, name, labels, value):
    if name in LOOK:
        row = LOOK[name][1](user, value)
        return row[1] if row else value
    return labels.get(value) or labels.get(str(value)) or value
