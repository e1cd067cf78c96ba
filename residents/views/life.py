"""Pages of what happens to people: births, deaths, moves, splits, tenancies (forms.life.STEPS)."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from grids.scope import Scope
from residents.forms.life import STEPS, Done, LifeForm
from residents.models import Resident, Tenancy
from residents.services import records
from residents.services.rights import EDIT
from residents.views.base import one, reader, whose
from residents.views.records import attempt, url_of


@reader
def happen(request, kind, pk, name):
    """One step in the life of a record: the form, and what it sends."""
    step = STEPS.get(name)
    if step is None or step.kind != kind:
        raise Http404
    record = _record(request.user, kind, pk)
    title = step.titled(record)
    form = LifeForm(request.POST or None, step=step, record=record, user=request.user)
    if request.method == "POST" and form.is_valid():
        done = attempt(form, lambda: step.run(record, request.user, form.values()))
        if done is not None:
            messages.success(request, _("Recorded: %(step)s.") % {"step": title})
            if isinstance(done, Done):
                for words in done.by_hand:
                    messages.warning(request, words)
                done = done.record
            return redirect(_after(request.user, done, record, kind))
    shown = record.dwelling if kind == "tenancy" else record
    context = {
        "form": form, "title": title, "words": f"{whose(shown)} · {step.words}", "danger": step.danger,
        "back": url_of("dwelling" if kind == "tenancy" else kind, shown),
    }  # fmt: skip
    return render(
        request, "residents/form.html", context, status=422 if form.is_bound and form.errors else 200
    )


def _record(user, kind, pk):
    """The record, 404 if it is not theirs to see, 403 if it is not theirs to change."""
    rows = Tenancy.objects if kind == "tenancy" else records.MODELS[kind].objects
    found = one(rows.visible_to(user).select_related("grid").defer("grid__boundary"), pk)
    if not Scope.of(user).may_at(EDIT, found.grid.path):
        raise PermissionDenied
    return found


def _after(user, done, record, kind):
    """The page of what came of it; the search if it has left this person's view."""
    shown = done if done is not None else record
    name = "resident" if isinstance(shown, Resident) else records.kind_of(shown)
    if type(shown).objects.visible_to(user).filter(pk=shown.pk).exists():
        return url_of(name, shown)
    return "residents:home"
