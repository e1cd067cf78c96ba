"""Papers to print: what one may have made, a form for each kind, where each stands, the files."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import broker
from core.errors import DomainError
from events.paging import words
from papers import services, tasks
from papers.forms import FORMS, grids_like
from papers.makers import RECIPES
from papers.models import Kind, Paper, Status

SHOWN = 50
WORKING = (Status.WAITING, Status.MAKING)
TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def _kinds(user) -> list[Kind]:
    kinds = services.may_make(user)
    if not kinds:
        raise PermissionDenied
    return kinds


@login_required
@require_safe
def home(request):
    """The kinds this person may have made, and their own papers, the newest first."""
    kinds = _kinds(request.user)
    rows = Paper.objects.visible_to(request.user).exclude(status=Status.GONE)[:SHOWN]
    return render(request, "papers/home.html", {"kinds": kinds, "rows": rows, "S": Status})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request, kind):
    """The form of one kind; posted, the paper is asked for."""
    if kind not in RECIPES:
        raise Http404
    if kind not in _kinds(request.user):
        raise PermissionDenied
    form = FORMS[kind](request.POST or None, user=request.user, initial=request.GET.dict())
    if request.method != "POST":
        return _form(request, kind, form, _key(None))
    key = _key(request.POST.get("key"))
    if not form.is_valid():
        return _form(request, kind, form, key, status=422)
    try:
        made = services.ask(
            actor=request.user, kind=kind, options=form.options(), key=key,
            unmasked=form.cleaned_data.get("unmasked", False), reason=form.cleaned_data.get("reason", ""),
            address=request.META.get("REMOTE_ADDR", ""),
        )  # fmt: skip
    except DomainError as error:
        form.refuse(error)
        return _form(request, kind, form, _key(None), status=422 if error.status != 403 else 403)
    broker.send(tasks.make_paper, made.pk)
    return redirect("papers:paper", made.pk)


def _key(text) -> UUID:
    try:
        return UUID(str(text))
    except ValueError:
        return uuid4()


def _form(request, kind, form, key, status=200):
    context = {"kind": Kind(kind), "form": form, "key": key}
    return render(request, "papers/new.html", context, status=status)


@login_required
@require_safe
def grid_options(request):
    """Grids by words of their name or the beginning of their code, for the pickers."""
    kind = request.GET.get("kind", "")
    if kind not in services.may_make(request.user):
        raise PermissionDenied
    name = "grid"
    rows = grids_like(request.user, kind, words(request.GET.get("grid_q") or request.GET.get("q")))
    return render(request, "parts/picker_rows.html", {"rows": rows, "name": name, "chosen": ""})


@login_required
@require_safe
def paper(request, pk):
    """Where a paper stands. While it is in work, htmx asks for the answer again."""
    found = _own(request, pk)
    dead = services.interrupted(found)
    context = {
        "paper": found, "S": Status, "working": found.status in WORKING and not dead, "interrupted": dead,
        "problem": _problem(found),
    }  # fmt: skip
    part = request.headers.get("HX-Request")
    return render(request, "papers/_state.html" if part else "papers/paper.html", context)


def _problem(paper) -> str:
    told = {
        "fault": _("Something went wrong while it was made, and was written down. Try again, or tell the administrator."),
        "stopped": _("The job was stopped several times while it made this. Choose less, or tell the administrator."),
    }
    return paper.problem.get("words") or told.get(paper.problem.get("code"), "")


def _own(request, pk):
    try:
        return services.own(request.user, pk)
    except DomainError as error:
        raise Http404 from error


def _step(request, pk, step, **more):
    try:
        made = step(actor=request.user, paper_id=pk, **more)
    except DomainError as error:
        if error.status in (403, 404):
            raise (PermissionDenied if error.status == 403 else Http404) from error
        messages.error(request, str(error.message))
        return None
    return made or True


@login_required
@require_POST
def again(request, pk):
    """Once more, where the job died or failed."""
    made = _step(request, pk, services.again, address=request.META.get("REMOTE_ADDR", ""))
    if made is not None:
        broker.send(tasks.make_paper, made.pk)
    return redirect("papers:paper", pk)


@login_required
@require_POST
def discard(request, pk):
    made = _step(request, pk, services.discard)
    return redirect("papers:home") if made else redirect("papers:paper", pk)


@login_required
@require_safe
def download(request, pk, form):
    """The file, to its owner, if their posts still allow it."""
    if form not in TYPES:
        raise Http404
    try:
        found, field = services.fetch(actor=request.user, paper_id=pk, form=form)
        file = field.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    except DomainError as error:
        raise (PermissionDenied if error.status == 403 else Http404) from error
    response = FileResponse(file, as_attachment=True, filename=f"{found.title}.{form}", content_type=TYPES[form])
    response["Cache-Control"] = "no-store"
    return response
