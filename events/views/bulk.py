"""One step for the selected rows of a list: one form, one answer per row."""

import uuid

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from core.errors import DomainError
from events import paging, worklists
from events.forms import WORDS, moment, standard_widget
from events.forms_fields import PickerField, SegmentsWidget
from events.models import Event
from events.services import bulk as service
from events.views.detail import add_errors, local
from events.workflow import MOVES, Urgency
from grids import directory
from grids.scope import Scope


def offered(user) -> list[dict]:
    """The steps that this person may take for many events, somewhere."""
    scope = Scope.of(user)
    return [
        {"name": name, "label": MOVES[name].label}
        for name in service.ACTIONS
        if any(scope.may(who.permission) for who in MOVES[name].who)
    ]


class BulkForm(forms.Form):
    """What one step needs, once for all rows; what is left open comes from each event."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def __init__(self, *args, action, events, **kwargs):
        super().__init__(*args, auto_id="bulk_%s", **kwargs)
        self.action, self.events = action, events
        self.initial.setdefault("key", uuid.uuid4().hex)
        getattr(self, f"_{action}")()
        must = "words" in MOVES[action].must
        self.fields["words"] = forms.CharField(
            label=WORDS[action], required=must, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
        )

    def _register(self):
        without = sum(event.standard_id is None for event in self.events)
        self.fields["standard"] = PickerField(
            label=_("Standard 立案条件"), widget=standard_widget(), required=False,
            help_text=_("Left open, each event keeps its own. Without one: %(n)s.") % {"n": without},
        )  # fmt: skip
        self.fields["urgency"] = forms.ChoiceField(
            label=_("Urgency"), choices=[("", _("as reported")), *Urgency.choices], widget=SegmentsWidget, required=False
        )
        self.fields["repeats_too"] = forms.BooleanField(
            label=_("Register likely repeats as well"), required=False,
        )  # fmt: skip

    def _dispatch(self):
        paths = [event.path for event in self.events]
        units = directory.current().units.values()
        found = [u for u in units if u.kind == "department" and all(u.covers(path) for path in paths)]
        found.sort(key=lambda unit: (-unit.level, unit.name))
        self.fields["lead"] = forms.TypedChoiceField(
            label=_("Lead unit"), coerce=int, required=False, empty_value=None,
            choices=[("", _("by the standard of each event")), *((u.pk, u.name) for u in found)],
        )  # fmt: skip

    def _sign(self):
        pass

    def _supervise(self):
        self.fields["answer_by"] = moment(_("Answer by"), 24)(None, True)

    def supplied(self):
        return {name: value for name, value in self.cleaned_data.items() if name != "key"}


def _rows(data) -> dict[int, int | None]:
    """`row=ID:SEQ` or `row=ID`, in the order given: {event id: last step the list showed}."""
    rows = {}
    for text in data.getlist("row"):
        pk, _colon, seq = text.partition(":")
        if (pk := paging.number(pk)) is not None:
            rows[pk] = paging.number(seq)
    return rows


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def bulk(request):
    """The form for the rows chosen, then what became of each. With `part` only the piece that the script shows."""
    data = request.POST if request.method == "POST" else request.GET
    action, rows = data.get("action"), _rows(data)
    if action not in {move["name"] for move in offered(request.user)}:
        raise Http404
    chosen = dict(list(rows.items())[: service.MOST_ROWS])
    visible = Event.objects.visible_to(request.user).select_related("standard", "holder").order_by()
    found = visible.in_bulk(list(chosen))
    events = [found[pk] for pk in chosen if pk in found]
    context = {
        "action": action, "move": MOVES[action], "rows": chosen, "too_many": len(rows) - len(chosen),
        "most": service.MOST_ROWS, "next": local(data.get("next")) or reverse("events:work"), "part": "part" in data,
    }  # fmt: skip
    if request.method != "POST":
        return _form(request, BulkForm(action=action, events=events), context)
    form = BulkForm(request.POST, action=action, events=events)
    if not form.is_valid():
        return _form(request, form, context, status=422)
    try:
        results = service.advance_many(
            actor=request.user, action=action, key=form.cleaned_data["key"], rows=list(chosen.items()), **form.supplied()
        )
    except DomainError as error:
        add_errors(form, error)
        return _form(request, form, context, status=422)
    context |= {"results": results, "went": sum(r.went for r in results)}
    return render(request, _template(context, "_bulk_results", "bulk"), context)


def _form(request, form, context, status=200):
    moves = worklists.moves_of(form.events, request.user)
    action = context["action"]
    lines = [
        {"event": event, "possible": action in moves[event.pk], "seq": context["rows"][event.pk]}
        for event in form.events
    ]
    context |= {"form": form, "lines": lines, "possible": sum(line["possible"] for line in lines)}
    return render(request, _template(context, "_bulk_form", "bulk"), context, status=status)


def _template(context, part, whole):
    return f"events/{part if context['part'] else whole}.html"
