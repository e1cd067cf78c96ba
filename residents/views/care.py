"""Registers: lists of each class, an entry's steps. A class that this person may not know of is not there."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, F, Q
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from grids.scope import Scope
from residents import care as classes
from residents import schema
from residents.forms.care import EntryForm, VisitForm
from residents.forms.records import EndForm
from residents.models import CareRecord, Resident
from residents.models.trail import Kind
from residents.services import access, rights, support
from residents.services import care as registers
from residents.views.base import address_of, export_url, one, reader
from residents.views.records import attempt

ROWS_ON_A_PAGE = 50
MOST_VISITS = 30
RELATED = ("grid", "care_class", "responsible", "resident__dwelling__building")
UNSEEN = (
    "grid__boundary", "resident__id_number", "resident__phone", "resident__birth_date",
    "resident__dwelling__owner_phone", "resident__dwelling__building__location",
)  # fmt: skip


@dataclass(frozen=True)
class Tab:
    care_class: Any
    count: int
    late: int


@reader
@require_safe
def care(request):
    """One class's people, the most overdue visit first; tabs of the classes this person may know of."""
    known = classes.classes_for(request.user)
    chosen = next((one for one in known if one.code == request.GET.get("class")), known[0] if known else None)
    context = {"tabs": _tabs(request.user, known), "chosen": chosen, "today": timezone.localdate()}
    if chosen is None:
        return render(request, "residents/care.html", context)
    rows = (
        support.listing(actor=request.user, care_class=chosen)
        if chosen.statutory
        else _entries(request, chosen)
    )
    if chosen.statutory:
        support.log_list(actor=request.user, files=rows, care_class=chosen, address=address_of(request))
    page = Paginator(rows, ROWS_ON_A_PAGE).get_page(request.GET.get("page"))
    if chosen.statutory:
        page.object_list = support.with_people(request.user, page.object_list)
    scope = Scope.of(request.user)
    for row in page:
        row.may_edit = scope.may_at(rights.EDIT, row.resident.grid.path if chosen.statutory else row.grid.path)
    kind = Kind.SUPPORT if chosen.statutory else Kind.CARE
    url = export_url(request.user, kind, **{"class": chosen.code}) if page.object_list else ""
    more = {"page": page, "export_url": url, "may_import": scope.may("residents.import_registry")}
    return render(request, "residents/care.html", context | more)


def _entries(request, chosen):
    rows = CareRecord.objects.visible_to(request.user).current().filter(care_class=chosen)
    rows = rows.select_related(*RELATED).defer(*UNSEEN)
    return rows.order_by(F("next_visit").asc(nulls_last=True), "attention", "pk")


def _tabs(user, known):
    """Two queries, however many classes."""
    today = timezone.localdate()
    rows = CareRecord.objects.visible_to(user).current().order_by().values("care_class")
    counted = rows.annotate(n=Count("pk"), late=Count("pk", filter=Q(next_visit__lt=today)))
    figures = {row["care_class"]: (row["n"], row["late"]) for row in counted}
    if any(care_class.statutory for care_class in known):
        figures |= support.counts(actor=user, today=today)
    return [Tab(care_class, *figures.get(care_class.pk, (0, 0))) for care_class in known]


@reader
@require_safe
def registers_of(request, pk):
    """The registers a person is in, as far as this reader may know: a part of the resident's page."""
    person = one(Resident.objects.visible_to(request.user).select_related("grid").defer("grid__boundary"), pk)
    entries = CareRecord.objects.visible_to(request.user).current().filter(resident=person)
    path = person.grid.path
    context = {
        "record": person,
        "entries": entries.select_related("care_class").order_by("attention", "pk"),
        "files": [
            file for file in support.of_resident(actor=request.user, resident=person) if file.until is None
        ],
        "may_begin": person.status == Resident.Status.LIVING
        and Scope.of(request.user).may_at(rights.EDIT, path)
        and bool(classes.classes_for(request.user, path)),
        "today": timezone.localdate(),
    }
    part = "_registers" if request.headers.get("HX-Request") else "registers"
    return render(request, f"residents/{part}.html", context)


@reader
def begin(request, pk):
    """Take a resident into one of the registers that this person may know of there."""
    person = one(Resident.objects.visible_to(request.user).select_related("grid").defer("grid__boundary"), pk)
    if not Scope.of(request.user).may_at(rights.EDIT, person.grid.path):
        raise PermissionDenied
    known = classes.classes_for(request.user, person.grid.path)
    context = {
        "record": person,
        "known": known,
        "title": _("Take %(name)s into a register") % {"name": person.name},
    }
    if "class" not in request.GET:
        return render(request, "residents/care_begin.html", context)
    chosen = next((one for one in known if one.code == request.GET["class"]), None)
    if chosen is None:
        raise Http404
    form = EntryForm(request.POST or None, care_class=chosen, path=person.grid.path)
    if request.method == "POST" and form.is_valid():
        service = support if chosen.statutory else registers
        given = {"actor": request.user, "resident": person, "care_class": chosen}
        if attempt(form, lambda: service.begin(**given, **form.given())) is not None:
            messages.success(
                request,
                _("%(name)s is in the register: %(class)s.") % {"name": person.name, "class": chosen.label},
            )
            return redirect("residents:resident", pk=person.pk)
    context |= {"form": form, "chosen": chosen}
    return render(request, "residents/care_begin.html", context, status=422 if form.errors else 200)


def _entry(request, pk):
    return one(CareRecord.objects.visible_to(request.user).select_related(*RELATED).defer(*UNSEEN), pk)


@reader
def entry(request, pk):
    """One entry: its own fields, to read and to change."""
    record = _entry(request, pk)
    form = _entry_form(record, request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.given()
        if attempt(form, lambda: registers.change(record, actor=request.user, **given)) is not None:
            messages.success(request, _("Saved."))
            return redirect("residents:care-entry", pk=pk)
    return _entry_page(request, record, form, VisitForm())


def _entry_form(record, data=None):
    return EntryForm(
        data, care_class=record.care_class, path=record.grid.path, entry=record, own=record.values
    )


def _entry_page(request, record, form, visit_form):
    scope, path = Scope.of(request.user), record.grid.path
    may_edit = record.until is None and scope.may_at(rights.EDIT, path)
    context = {
        "entry": record, "record": record.resident, "form": form, "visit_form": visit_form, "may_edit": may_edit,
        "shown": schema.shown(record.care_class.fields, record.values), "today": timezone.localdate(),
        "may_unmask": scope.may_at(access.UNMASK, path)
        and any(access.value_of(record, name) for name in access.private_of(record)),
        "visits": record.visits.select_related("user")[:MOST_VISITS],
    }  # fmt: skip
    status = 422 if form.errors or visit_form.errors else 200
    return render(request, "residents/care_entry.html", context, status=status)


def noted(request, form, act) -> bool:
    """Notes the visit of a form and says when the next one is due. A press on a list has no fields to say a refusal at:
    it is said above the list."""
    done = attempt(form, act) if form.is_valid() else None
    if done is not None:
        words = _("Visit noted. The next one is due on %(day)s.") % {"day": done.next_visit}
        messages.success(request, words)
        return True
    if "on" in request.POST:
        return False
    for word in [word for errors in form.errors.values() for word in errors]:
        messages.error(request, word)
    return True


@reader
@require_POST
def visit(request, pk):
    """Somebody was there, today or on the day that was given, with a word about it."""
    record, form = _entry(request, pk), VisitForm(request.POST)
    if not noted(request, form, lambda: registers.visit(record, actor=request.user, **form.given())):
        for word in form.non_field_errors():  # it has ended meanwhile: then the page has no form of a visit any more
            messages.error(request, word)
        record = _entry(request, pk)
        return _entry_page(request, record, _entry_form(record), form)
    if request.POST.get("next") == "entry":
        return redirect("residents:care-entry", pk=pk)
    return redirect(f"{reverse('residents:care')}?class={record.care_class.code}")


@reader
def end(request, pk):
    """The care ends, with its reason."""
    record = _entry(request, pk)
    form = EndForm(request.POST or None, initial={"on": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        done = attempt(form, lambda: registers.end(record, actor=request.user, **form.cleaned_data))
        if done is not None:
            messages.success(request, _("The entry has ended."))
            return redirect("residents:resident", pk=record.resident_id)
    title = _("End: %(name)s, %(class)s") % {"name": record.resident.name, "class": record.care_class.label}
    context = {"record": record.resident, "form": form, "title": title, "danger": True}
    return render(request, "residents/reason.html", context, status=422 if form.errors else 200)
