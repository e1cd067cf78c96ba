"""The desk: one worklist or the whole list, filtered and ordered, with its views, columns and the case beside it.

Everything that shapes what is shown stands in the address, so a link says the same to whoever opens it, within what
they may see.
"""

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from events import columns, keys, paging, worklists
from events.filters import EventFilterSet
from events.models import Event, SavedView
from events.orders import ORDERS, Order
from events.views import choices
from events.views.bulk import offered
from events.views.detail import case_context
from events.views.rows import dress
from grids import names
from grids.scope import Scope

# Of the address, but no part of what a link or a saved view means.
PASSING = ("after", "case", "do", "view")
LIST, WORK = "list", "work"
USUAL_ORDER = {LIST: "newest", WORK: "urgent"}


@dataclass
class Wanted:
    """What an address asks for. `home` is the list of all events or my work; `query` its parameters."""

    request: object
    home: str
    query: QueryDict = None

    def __post_init__(self):
        self.user = self.request.user
        if self.query is None:
            self.query = self.request.GET

    @cached_property
    def worklist(self) -> str:
        """A worklist's name, or "all"."""
        if self.home == LIST:
            return "all"
        return "mine" if "list" in self.unknown else self.query.get("list") or "mine"

    @cached_property
    def unknown(self) -> dict:
        """What the address names and nobody knows, {parameter: words}: the usual is shown instead, and it is said."""
        found = {}
        if self.home == WORK and (self.query.get("list") or "mine") not in worklists.BY_NAME:
            found["list"] = _("The list of this address is not known: this is the usual one.")
        if (self.query.get("order") or "urgent") not in ORDERS:
            found["order"] = _("The order of this address is not known: this is the usual one.")
        return found

    @cached_property
    def filterset(self):
        visible = Event.objects.visible_to(self.user)
        if self.worklist != "all":
            visible = visible.filter(worklists.condition(self.worklist, self.user))
        return EventFilterSet(self.query, queryset=visible, request=self.request)

    @property
    def valid(self):
        return not self.filterset.form.is_bound or self.filterset.form.is_valid()

    @cached_property
    def order(self) -> Order:
        found = ORDERS.get(self.query.get("order")) or ORDERS[USUAL_ORDER[self.home]]
        return found.within(self.user, self._path_of_filter() if found.unit else None)

    def _path_of_filter(self) -> str | None:
        grid = self.filterset.form.cleaned_data.get("grid") if self.filterset.form.is_bound and self.valid else None
        return names.current(self.filterset.versions).paths.get(int(grid)) if grid else None

    @cached_property
    def size(self) -> int:
        return paging.size_from(self.query.get("size"))

    @cached_property
    def columns(self):
        named = self.query.get("cols")
        return columns.chosen(named.split(",")) if named else columns.of(self.user)

    @property
    def events(self):
        """What is asked for, without an order; nothing while a filter cannot be understood."""
        return self.filterset.qs if self.valid else Event.objects.none()

    @property
    def page(self) -> paging.Page:
        return paging.page(worklists.rows_of(self.events), self.order, self.query.get("after", ""), self.size)

    @cached_property
    def lasting(self) -> QueryDict:
        """The parameters that a link or a saved view keeps: none that is empty, unknown or only passing."""
        kept = self.query.copy()
        for name in list(kept):
            values = [value for value in kept.getlist(name) if value]
            if name in PASSING or name in self.unknown or name.endswith("_q") or not values:
                del kept[name]
            else:
                kept.setlist(name, values)
        return kept

    def address(self, **changed) -> str:
        """This list with other parameters; None takes one away."""
        query = self.lasting.copy()
        for name, value in changed.items():
            query.pop(name, None)
            if value is not None:
                query[name] = value
        return f"{self.path}?{query.urlencode()}" if query else self.path

    @property
    def path(self):
        return reverse(f"events:{self.home}")


def tabs(user, current) -> list[dict]:
    """The worklists of this person with their counts, and the list of all: one query."""
    shown = worklists.shown_to(user)
    found = worklists.counts(user, [w.name for w in shown])
    work = reverse("events:work")
    rows = [
        {
            "name": w.name, "label": w.label, "tone": w.tone, "count": found[w.name], "words": count_words(found[w.name]),
            "url": f"{work}?list={w.name}", "current": w.name == current,
        }
        for w in shown
    ]  # fmt: skip
    everything = {"name": "all", "label": worklists.ALL, "url": reverse("events:list"), "current": current == "all"}
    return [*rows, everything]


def count_words(count) -> str:
    return str(count) if count <= worklists.MOST else f"{worklists.MOST}+"


def _heads(wanted) -> list[dict]:
    """The heads of the columns, with the address that sorts by them."""
    heads = []
    for column in wanted.columns:
        first = ORDERS.get(column.order)
        head = {"column": column, "sorted": ""}
        if first:
            current = wanted.order.name in (first.name, first.opposite)
            target = wanted.order.opposite if current else first.name
            head |= {"url": wanted.address(order=target), "current": current, "next": ORDERS[target].label}
            if current:
                head["sorted"] = "descending" if wanted.order.descending else "ascending"
        heads.append(head)
    return heads


def desk(request, home):
    """The page. `?case=ID` opens that event beside the list; `?view=` marks the saved view it came from."""
    views = list(SavedView.objects.filter(owner=request.user))
    start = next((view for view in views if view.start), None)
    if home == WORK and start and not request.GET:
        return redirect(start)
    wanted = Wanted(request, home)
    page = wanted.page
    rows = dress(page.rows, request.user)
    rail = tabs(request.user, wanted.worklist)
    current = next((tab for tab in rail if tab["current"]), rail[-1])
    context = {
        "wanted": wanted,
        "filter": wanted.filterset,
        "valid": wanted.valid,
        "chips": choices.chips(wanted),
        "pickers": choices.pickers(wanted),
        "orders": ORDERS.values(),
        "usual_order": USUAL_ORDER[home],
        "sizes": paging.PAGE_SIZES,
        "usual_size": paging.USUAL_SIZE,
        "page": page,
        "rows": rows,
        "heads": _heads(wanted),
        "shown": {column.name for column in wanted.columns},
        "all_columns": [column for column in columns.COLUMNS if not column.fixed],
        "columns_text": columns.as_text(wanted.columns),
        "query": wanted.lasting.urlencode(),
        "here": request.get_full_path(),
        "tabs": rail,
        "current": current,
        "views": views,
        **_view(request.GET.get("view"), views),
        "key_groups": keys.groups(worklists.shown_to(request.user)),
        **_bindings(request.user, rail),
        **_may(request.user),
        **_beside(request, home),
    }
    return render(request, "events/desk.html", context)


def _view(slug, views) -> dict:
    """The saved view that the address came from: one's own, or one whose link somebody has shared."""
    own = next((view for view in views if str(view.slug) == slug), None)
    shared = None
    if slug and own is None:
        with suppress(ValidationError):  # no slug at all
            shared = SavedView.objects.filter(slug=slug).first()
    return {"view": own, "shared": shared}


def _bindings(user, rail) -> dict:
    """What the script binds: the table of keys, and where `g …` leads."""
    groups = keys.groups(worklists.shown_to(user))
    bound = [{"key": k.key, "act": k.act, "on": k.on} for _heading, group in groups for k in group]
    return {"bindings": {"keys": bound, "tabs": {tab["name"]: tab["url"] for tab in rail}}}


def _may(user) -> dict:
    scope = Scope.of(user)
    return {
        "may_export": scope.may("events.export_event"),
        "may_report": scope.may("events.report_event"),
        "bulk_moves": offered(user),
    }


def _beside(request, home) -> dict:
    """The case that the address opens beside the list: also without a script, also for a link that was passed on."""
    pk = paging.number(request.GET.get("case"))
    if not pk:
        return {"case": None}
    if not Event.objects.visible_to(request.user).filter(pk=pk).exists():
        return {"case": None, "case_lost": True}
    case = case_context(request, pk)
    address = Wanted(request, home).address()
    return {"case": case, "case_html": render_to_string("events/_beside.html", case | {"close_url": address}, request)}
