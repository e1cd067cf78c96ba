"""Files of statutory registers. A file is shown only in answer to a reason, and every opening is written down."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from core.errors import NotFound
from grids.scope import Scope
from residents import schema
from residents.forms.care import EntryForm, ReasonForm, VisitForm
from residents.forms.records import EndForm
from residents.selectors.changes import changes_in
from residents.services import access, rights, support
from residents.views.base import address_of, reader
from residents.views.care import noted
from residents.views.records import attempt, status_of


def _file(request, pk):
    try:
        return support.brief(actor=request.user, pk=pk)
    except NotFound as error:
        raise Http404 from error


@reader
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def open_file(request, pk):
    """Asks for the reason; the answer to it is the file."""
    file = _file(request, pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        opened = attempt(
            form,
            lambda: support.open_file(actor=request.user, pk=pk, reason=reason, address=address_of(request)),
        )
        if opened is not None:
            return _shown(request, opened)
    title = _("Open the file of %(name)s: %(class)s") % {
        "name": file.resident.name,
        "class": file.care_class.label,
    }
    context = {"record": file.resident, "form": form, "title": title}
    return render(request, "residents/reason.html", context, status=status_of(form))


def _shown(request, file, form=None):
    path, scope = file.resident.grid.path, Scope.of(request.user)
    form = form or EntryForm(care_class=file.care_class, path=path, entry=file, own=file.own)
    context = {
        "file": file, "record": file.resident, "form": form, "visit_form": VisitForm(),
        "lines": changes_in(file, support.history(actor=request.user, pk=file.pk)),
        "may_edit": file.until is None and scope.may_at(rights.EDIT, path),
        # The opening is written down with its reason, as an unmasking is: whoever may unmask here reads whom to call.
        "shown": schema.shown(file.care_class.fields, file.own, clear=scope.may_at(access.UNMASK, path)),
        "today": timezone.localdate(),
    }  # fmt: skip
    return render(request, "residents/support_file.html", context, status=422 if form.errors else 200)


@reader
@never_cache
@require_POST
def change(request, pk):
    """From the opened file; a refused form comes back with what was typed."""
    file = _file(request, pk)
    form = EntryForm(
        request.POST, care_class=file.care_class, path=file.resident.grid.path, entry=file, own=file.own,
        told=False,  # the file itself is shown only in answer to a reason
    )  # fmt: skip
    if form.is_valid():
        given = form.given()
        if attempt(form, lambda: support.change(actor=request.user, pk=pk, **given)) is not None:
            messages.success(request, _("Saved."))
            return _to_list(file)
    title = _("Change the file of %(name)s") % {"name": file.resident.name}
    context = {"record": file.resident, "form": form, "title": title}
    return render(request, "residents/reason.html", context, status=422)


@reader
@never_cache
@require_POST
def visit(request, pk):
    """Somebody was there. A refused form comes back alone: the file itself is shown only in answer to a reason."""
    file, form = _file(request, pk), VisitForm(request.POST)
    if noted(request, form, lambda: support.visit(actor=request.user, pk=pk, **form.given())):
        return _to_list(file)
    title = _("Visit: %(name)s, %(class)s") % {"name": file.resident.name, "class": file.care_class.label}
    context = {"record": file.resident, "form": form, "title": title}
    return render(request, "residents/reason.html", context, status=422)


@reader
@never_cache
def end(request, pk):
    """The file is closed, with its reason."""
    file = _file(request, pk)
    form = EndForm(request.POST or None, initial={"on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        done = attempt(form, lambda: support.end(actor=request.user, pk=pk, **form.cleaned_data))
        if done is not None:
            messages.success(request, _("The entry has ended."))
            return _to_list(file)
    title = _("End: %(name)s, %(class)s") % {"name": file.resident.name, "class": file.care_class.label}
    context = {"record": file.resident, "form": form, "title": title, "danger": True}
    return render(request, "residents/reason.html", context, status=status_of(form))


def _to_list(file):
    return redirect(f"{reverse('residents:care')}?class={file.care_class.code}")
