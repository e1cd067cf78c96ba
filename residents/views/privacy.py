"""Private data: unmasking, the log of looks, a person's own statement, erasing."""

from datetime import date

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from core.pdf import pdf
from grids.scope import Scope
from residents import care
from residents.forms.care import ReasonForm, UnmaskForm
from residents.models import Access, CareClass, CareRecord, Dwelling, KeyPlace, Organisation, Resident
from residents.models.base import VIEW
from residents.models.trail import VIEW_ACCESS
from residents.services import access, subject
from residents.views.base import address_of, one, reader
from residents.views.records import attempt, status_of

KINDS = {
    "resident": Resident, "dwelling": Dwelling, "organisation": Organisation, "place": KeyPlace, "care": CareRecord,
}  # fmt: skip
ROWS_ON_A_PAGE = 50
MOST_LOOKS = 20


@reader
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unmask(request, kind, pk):
    """Asks for the fields and the reason, then shows the values: within the record's page, or as a page."""
    if kind not in KINDS:
        raise Http404
    rows = KINDS[kind].objects.visible_to(request.user).defer("grid__boundary")
    record = one(rows.select_related("grid", *(("care_class", "resident") if kind == "care" else ())), pk)
    if not Scope.of(request.user).may_at(access.UNMASK, record.grid.path):
        raise PermissionDenied
    context = {"record": record, "kind": kind}
    if "closed" in request.GET:
        return _part(request, "_unmask", context)
    form = UnmaskForm(request.POST or None, record=record)
    if request.method == "POST" and form.is_valid():
        shown = attempt(
            form,
            lambda: access.unmask(
                actor=request.user, record=record, fields=form.cleaned_data["fields_wanted"],
                reason=form.cleaned_data["reason"], address=address_of(request),
            ),
        )  # fmt: skip
        if shown is not None:
            labels = access.private_of(record)
            rows = [(labels[name], value) for name, value in shown.items()]
            return _part(request, "_unmasked", context | {"rows": rows})
    return _part(request, "_unmask_form", context | {"form": form}, status=status_of(form))


def _part(request, name, context, status=200):
    """The part alone for htmx; without a script a page around it."""
    part = f"residents/{name}.html"
    if request.headers.get("HX-Request"):
        return render(request, part, context, status=status)
    return render(request, "residents/unmask_page.html", context | {"part": part}, status=status)


@login_required
@require_safe
def access_log(request):
    """Who looked at what in the grids that this person supervises, newest first."""
    scope = Scope.of(request.user)
    if not scope.may(VIEW_ACCESS):
        raise PermissionDenied
    acts = _acts(request.user)
    rows, asked = _asked(request, Access.objects.visible_to(request.user), acts)
    rows = rows.select_related("user", "grid", "resident__grid").defer(
        "grid__boundary",
        "resident__grid__boundary",
        "resident__id_number",
        "resident__phone",
        "resident__birth_date",
    )
    page = Paginator(rows.order_by("-pk"), ROWS_ON_A_PAGE).get_page(request.GET.get("page"))
    for row in page:
        person = row.resident
        row.named = person if person and scope.may_at(VIEW, person.grid.path) else None
    context = {"page": page, "asked": asked, "acts": [(act.value, act.label) for act in acts]}
    return render(request, "residents/access.html", context)


def _acts(user) -> list[Access.Act]:
    """What can have been done, as far as this person may know: without a statutory class nothing tells of any."""
    if care.classes_for(user, group=CareClass.Group.STATUTORY):
        return list(Access.Act)
    return [act for act in Access.Act if act not in (Access.Act.OPEN, Access.Act.LIST)]


def _asked(request, rows, acts):
    """Filters of the log; what cannot be understood filters nothing."""
    asked = {
        name: request.GET.get(name, "").replace("\0", "")[:60] for name in ("flagged", "act", "who", "day")
    }
    if asked["flagged"]:
        rows = rows.filter(flagged=True)
    if asked["act"] in acts:
        rows = rows.filter(act=asked["act"])
    if asked["who"]:
        rows = rows.filter(user__in=User.objects.filter(name__startswith=asked["who"]).values("pk"))
    try:
        rows = rows.filter(at__date=date.fromisoformat(asked["day"]))
    except ValueError:
        asked["day"] = ""
    return rows, asked


@reader
@require_safe
def looks(request, pk):
    """Who looked at this person's record: a part of the resident's page, for supervisors."""
    found = one(Resident.objects.visible_to(request.user).select_related("grid").defer("grid__boundary"), pk)
    if not subject.may_see_looks(request.user, found):
        raise PermissionDenied
    rows = subject.looks_at(request.user, found)
    context = {"rows": rows[:MOST_LOOKS], "record": found}
    part = "_looks" if request.headers.get("HX-Request") else "looks"
    return render(request, f"residents/{part}.html", context)


@reader
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def statement(request, pk):
    """All that is held about a person, as a PDF to hand over, after the reason was given."""
    found = one(Resident.objects.visible_to(request.user).select_related("grid").defer("grid__boundary"), pk)
    if not Scope.of(request.user).may_at(access.UNMASK, found.grid.path):
        raise PermissionDenied
    form = ReasonForm(request.POST or None, initial={"reason": _("On the person's own request")})
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        made = attempt(
            form,
            lambda: subject.statement(
                actor=request.user, resident=found, reason=reason, address=address_of(request)
            ),
        )
        if made is not None:
            return _statement_pdf(request, made)
    title = _("Statement of the data held about %(name)s") % {"name": found.name}
    context = {"record": found, "form": form, "title": title, "press": _("Make the statement (PDF)")}
    return render(request, "residents/reason.html", context, status=status_of(form))


def _statement_pdf(request, made):
    context = {
        "statement": made, "record": made.person, "now": timezone.localtime(), "clerk": request.user,
        "language": get_language(),
    }  # fmt: skip
    made_pdf = pdf(render_to_string("residents/statement_paper.html", context))
    response = HttpResponse(made_pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="statement-{made.person.pk}.pdf"'
    response["Cache-Control"] = "no-store"
    return response


# What an erasure does, for whoever asks for it and whoever does it.
ERASED = (
    gettext_lazy("Name, numbers, phone, address, entries of registers with their visits, and the values in the history go."),
    gettext_lazy(
        "What stays: a row without a name, that it was erased, by whom and why, and who had looked, without reasons."
    ),
    gettext_lazy(
        "Cases are not changed: contacts of reporters go by themselves some time after the end, names that somebody wrote "
        "into the description or the words of a step stay in the case file. Tell the person so."
    ),
)


@reader
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request, pk):
    """Erase the personal data of somebody who is dead or gone."""
    found = one(Resident.objects.visible_to(request.user).select_related("grid").defer("grid__boundary"), pk)
    if not subject.may_see_looks(request.user, found):
        raise PermissionDenied
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form,
            lambda: subject.erase(actor=request.user, resident=found, reason=form.cleaned_data["reason"]),
        )
        if done is not None:
            messages.success(request, _("The personal data were erased."))
            return redirect("residents:home")
    title = _("Erase the personal data of %(name)s") % {"name": found.name}
    context = {"record": found, "form": form, "title": title, "danger": True, "consequences": ERASED}
    return render(request, "residents/reason.html", context, status=status_of(form))
