"""Pages that add, change, confirm and end records. A form that is refused comes back with its input (422, 409)."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from core.errors import Conflict, DomainError, NotFound, Refused
from grids.models import Grid
from grids.scope import Scope
from residents.forms.fields import choices
from residents.forms.records import EndForm, RecordForm
from residents.models import Building, Dwelling, Organisation
from residents.services import records
from residents.services.access import TooMany
from residents.services.rights import EDIT
from residents.views.base import one, reader, whose

TITLES = {
    "building": gettext_lazy("Add a building"),
    "dwelling": gettext_lazy("Add a dwelling"),
    "household": gettext_lazy("Add a household"),
    "organisation": gettext_lazy("Add an organisation"),
    "place": gettext_lazy("Add a key place"),
}
# What a new record may stand in, said by the address: ?building=12
PARENTS = {
    "building": {"grid": Grid},
    "dwelling": {"building": Building},
    "household": {"dwelling": Dwelling},
    "organisation": {"dwelling": Dwelling, "grid": Grid},
    "place": {"organisation": Organisation, "grid": Grid},
}
PRESET = {"storeys", "units"}


@reader
def add(request, kind):
    """A new record in what the address names."""
    if kind not in TITLES:
        raise Http404
    if not Scope.of(request.user).may(EDIT):
        raise PermissionDenied
    parents = _parents(request, kind)
    form = RecordForm(request.POST or None, kind=kind)
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: records.add(kind, actor=request.user, **_given(form), **parents))
        if made is not None:
            messages.success(request, _("Added: %(record)s.") % {"record": made})
            return redirect(url_of(kind, made))
    context = {"title": TITLES[kind], "parents": [whose(record) for record in parents.values()], "back": _back(parents)}
    return _form(request, form, context)


def _parents(request, kind):
    """{name: visible record}; 404 for what is not this person's to see."""
    found = {}
    for name, model in PARENTS[kind].items():
        text = request.GET.get(name, "")
        if text:
            if not (text.isascii() and text.isdigit() and len(text) < 19):
                raise Http404
            found[name] = one(model.objects.visible_to(request.user), int(text))
    return found


def _given(form):
    """Without what was left empty: the model's own defaults stand."""
    return {name: value for name, value in form.values().items() if value not in (None, "", [])}


def _back(parents):
    for name, record in parents.items():
        return reverse(f"residents:{name}", args=[record.pk])
    return reverse("residents:home")


@reader
def change(request, kind, pk):
    """The fields of one record. Private values are masked and stay unless a new one is typed."""
    record = _editable(request.user, kind, pk)
    form = RecordForm(request.POST or None, kind=kind, record=record)
    conflict = None
    if request.method == "POST" and form.is_valid():
        try:
            attempted = attempt(
                form,
                lambda: records.change(
                    record, actor=request.user, seen=form.cleaned_data["seen"], **form.values()
                ),
                conflicts=True,
            )
        except Conflict as error:
            conflict, attempted = error, None
            form.data = form.data.copy()
            form.data["seen"] = one(type(record).objects.visible_to(request.user), pk).updated_at.isoformat()
        if attempted is not None:
            messages.success(request, _("Saved: %(record)s.") % {"record": attempted})
            return redirect(url_of(kind, attempted))
    context = {"title": _("Change: %(record)s") % {"record": whose(record)}, "back": url_of(kind, record)}
    return _form(request, form, context | {"conflict": conflict}, status=409 if conflict else None)


@reader
def end(request, kind, pk):
    """The building was pulled down, the organisation dissolved …"""
    record = _editable(request.user, kind, pk)
    form = EndForm(request.POST or None, initial={"on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        done = attempt(form, lambda: records.end(record, actor=request.user, **form.cleaned_data))
        if done is not None:
            messages.success(request, _("Out of the registry: %(record)s.") % {"record": record})
            return redirect(url_of(kind, record))
    title = _("Take out of the registry: %(record)s") % {"record": whose(record)}
    return _form(request, form, {"title": title, "back": url_of(kind, record), "danger": True})


@reader
@require_POST
def confirm(request, kind, pk):
    """Seen on site, and right as it stands."""
    record = _editable(request.user, kind, pk)
    records.confirm(record, actor=request.user)
    messages.success(request, _("Confirmed: %(record)s.") % {"record": record})
    return redirect(url_of(kind, record))


@reader
@require_safe
def found(request):
    """Matches of a picker, as one types."""
    kind, name = request.GET.get("kind", ""), request.GET.get("name", "")
    if kind not in ("dwelling", "household", "resident"):
        raise Http404
    words = request.GET.get(f"{name}_q", "")
    rows = choices(request.user, kind, words)
    return render(
        request, "parts/picker_rows.html", {"rows": rows, "name": name, "chosen": "", "query": words}
    )


def _editable(user, kind, pk):
    """The record, 404 if it is not theirs to see, 403 if it is not theirs to change."""
    if kind not in records.MODELS:
        raise Http404
    rows = records.MODELS[kind].objects.visible_to(user).select_related("grid").defer("grid__boundary")
    record = one(rows, pk)
    if not Scope.of(user).may_at(EDIT, record.grid.path):
        raise PermissionDenied
    return record


def url_of(kind, record):
    return reverse(f"residents:{kind}", args=[record.pk])


def attempt(form, act, conflicts=False):
    """What the service returns; None after a refusal, whose words then stand at the form's fields."""
    try:
        return act()
    except NotFound as error:
        raise Http404 from error
    except TooMany as error:  # the post would permit it, tomorrow: not what the page of a refusal says
        say(form, error)
        form.status = error.status
        return None
    except Refused as error:
        raise PermissionDenied from error
    except DomainError as error:
        if conflicts and isinstance(error, Conflict):
            raise
        say(form, error)
        return None


def status_of(form) -> int:
    """The answer to a form, or to the question for one."""
    return getattr(form, "status", 422) if form.errors else 200


def say(form, error):
    """A service's words at the fields they belong to; the rest above the form."""
    left = [] if error.fields else [str(error.message)]
    for name, words in error.fields.items():
        if name in form.fields:
            form.add_error(name, [str(word) for word in words])
        else:
            left.extend(str(word) for word in words)
    if left:
        form.add_error(None, left)


def _form(request, form, context, status=None):
    status = status or (422 if form.is_bound and form.errors else 200)
    return render(request, "residents/form.html", {"form": form, **context}, status=status)
