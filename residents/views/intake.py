"""Files into the registry: upload, progress, preview, decisions, undoing."""

import logging
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.api.streaming import pieces_for
from core.errors import DomainError, NotFound
from core.sheets import csv_pieces
from grids.scope import Scope
from residents import care, tasks
from residents.intake import hold, preview, progress, rolls, service, sheets, templates, words
from residents.intake.columns import layout
from residents.intake.stage import Stage
from residents.models import ImportBatch
from residents.models.intake import ImportKind, ImportStatus
from residents.views.base import address_of

log = logging.getLogger(__name__)
S = ImportStatus
SHOWN_IMPORTS = 50
WORKING = {S.WAITING, S.READING, S.QUEUED, S.APPLYING, S.UNDOING}
OVERHEAD = 64 * 1024  # bytes of a form around its file


def importer(view):
    """For those who may import somewhere; where, the reader of the file asks."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not Scope.of(request.user).may(service.MAY):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return login_required(guarded)


def _own(request, pk) -> ImportBatch:
    found = ImportBatch.objects.visible_to(request.user).filter(pk=pk).first()
    if found is None or not _known(request.user, found):
        raise Http404
    return found


def _known(user, batch) -> bool:
    """Whether this person may (still) know of the register that a file is about; `title` tells what it holds."""
    batch.user = user  # their own: the classes are read once
    try:
        roll = rolls.of(batch)
    except NotFound:
        return False
    batch.title = roll.known.label if batch.register else batch.get_kind_display()
    return True


def _start(request, task, batch) -> None:
    """Give the job to a worker. Without a broker the import waits, and the page says so."""
    try:
        task.delay(batch.pk)
    except Exception:  # whatever the broker's client raises: kombu, redis, the file system
        log.exception("import %s was not given to a worker", batch.pk)
        messages.error(
            request, _("The job could not be started: the queue does not answer. Try again in a moment.")
        )


# The body is not read before its length is known: the token is checked behind that.
@csrf_exempt
@importer
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request):
    """One's own imports, and the form for the next one."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > sheets.MAX_BYTES + OVERHEAD:
        words_ = [words.refusal("too_big", {"limit": sheets.MAX_BYTES // 1024**2})]
        return _imports_page(request, {"file": words_}, "", status=413)
    return _imports(request)


@csrf_protect
def _imports(request):
    if request.method != "POST":
        return _imports_page(request, {}, request.GET.get("kind", ""))
    kind, file = request.POST.get("kind", ""), request.FILES.get("file")
    if file is None:
        return _imports_page(request, {"file": [_("Choose a file.")]}, kind, status=422)
    try:
        batch = service.upload(actor=request.user, kind=kind, file=file)
    except DomainError as error:
        return _imports_page(request, error.fields or {"file": [error.message]}, kind, status=422)
    _start(request, tasks.read_import, batch)
    return redirect("residents:import", batch.pk)


def _imports_page(request, errors, kind, status=200):
    kinds = [(value, label) for value, label in ImportKind.choices if value != ImportKind.CARE]
    registers = [(f"{rolls.PREFIX}{one.code}", one.label) for one in care.classes_for(request.user)]
    mine = ImportBatch.objects.visible_to(request.user)[:SHOWN_IMPORTS]
    context = {
        "rows": [row for row in mine if _known(request.user, row)],
        "kinds": kinds,
        "registers": registers,
        "kind": kind if kind in dict([*kinds, *registers]) else ImportKind.PEOPLE,
        "errors": errors,
        "limit": sheets.MAX_BYTES // 1024**2,
    }
    return render(request, "residents/imports.html", context, status=status)


@importer
@require_safe
def one_import(request, pk):
    """Where an import stands. While a job is at work, htmx asks for the answer again."""
    batch = _own(request, pk)
    context = {"batch": batch, "S": S, "working": batch.status in WORKING} | _state(batch)
    if batch.status == S.READY:
        context |= _preview(request, batch)
    part = request.headers.get("HX-Request")
    response = render(request, "residents/import_state.html" if part else "residents/import.html", context)
    if part and batch.status not in WORKING:
        response["HX-Refresh"] = "true"
    return response


def _state(batch) -> dict:
    started = batch.started_at is not None
    problem = words.refusal(batch.problem["code"], batch.problem) if batch.problem else ""
    return {
        "problem": problem,
        "interrupted": batch.status in WORKING and started and not hold.at_work(batch.pk),
        "percent": min(99, batch.done * 100 // batch.total) if batch.total else 0,
        "writing": _writing(batch),
        "sections": _sections(batch),
        "may_undo": batch.status == S.APPLIED,
    }


def _writing(batch) -> dict | None:
    """How far the writing is: {percent, section}; None before it has begun."""
    found = progress.told(batch.pk) if batch.status == S.APPLYING else None
    return {"percent": found[0], "section": dict(ImportKind.choices).get(found[1], "")} if found else None


def _sections(batch) -> list[dict]:
    """The figures of each section of the file: what was found, or what was done."""
    labels = dict(ImportKind.choices)
    done = batch.counts.get("done")
    found = {
        name: value for name, value in (done or batch.counts.get("sections", {})).items() if name in labels
    }
    made = []
    for name, value in reversed(found.items()):
        counts = {"n": value.get("new", 0), "c": value.get("changed", 0)} if done else value
        made.append({"name": name, "label": labels[name], **{key: counts.get(key, 0) for key in "ncud"}})
    return made


def _preview(request, batch) -> dict:
    stage = Stage(batch)
    primary = stage.sections[-1].name
    sections = [section.name for section in stage.sections if section.makes]
    section = request.GET.get("of") if request.GET.get("of") in sections else primary
    found = batch.counts["sections"]
    counts = {
        "wrong": batch.counts["wrong"],
        "doubt": found[primary].get("d", 0),
        "changed": sum(one.get("c", 0) for one in found.values()),
        "new": sum(one.get("n", 0) for one in found.values()),
    }
    tab = request.GET.get("tab", "")
    tab = tab if tab in preview.TABS else next((name for name in preview.TABS if counts[name]), "new")
    after = request.GET.get("after", "")
    after = int(after) if after.isdecimal() and len(after) < 10 else 0
    if tab in ("changed", "new") and not request.GET.get("of"):
        key = "c" if tab == "changed" else "n"
        section = next((name for name in reversed(sections) if found[name].get(key)), primary)
    roll = rolls.of(batch, stage)
    page = {
        "wrong": lambda: preview.faults(stage, after, roll),
        "doubt": lambda: (
            preview.doubts(stage, request.user, after) if primary == "resident" else preview.Page()
        ),
        "changed": lambda: preview.changed(stage, section, after),
        "new": lambda: preview.new(stage, section, after),
    }
    page = preview.of_roll(roll, tab, request.user, after) if roll and tab != "wrong" else page[tab]()
    if roll:  # the figures of a short file say it without a name
        roll.log_looks(sum(found[primary].values()), address_of(request))
    choices = (("same", _("Same person: update")), ("new", _("Somebody else: add")), ("skip", _("Leave out")))
    return {
        "tab": tab, "counts": counts, "page": page, "of": section, "after": after,
        "undecided": service.undecided(stage), "headings": [word for word, _letter in batch.headings.values()],
        "nothing": not any(one.get("n") or one.get("c") or one.get("d") for one in found.values()),
        "choices": (("same", _("It is this person")), ("skip", _("Leave out"))) if roll else choices,
    }  # fmt: skip


def _step(request, pk, service_step, task=None):
    """One step of an import, then back to its page with the words for what came of it."""
    try:
        batch = service_step()
    except DomainError as error:
        if error.status in (403, 404):
            raise (PermissionDenied if error.status == 403 else Http404) from error
        messages.error(request, error.message)
    else:
        if task is not None:
            _start(request, task, batch)
    return redirect("residents:import", pk)


@importer
@require_POST
def confirm(request, pk):
    left_out = request.POST.get("without_wrong") == "1"
    return _step(
        request,
        pk,
        lambda: service.confirm(actor=request.user, batch_id=pk, without_wrong=left_out),
        tasks.apply_import,
    )


@importer
@require_POST
def decide(request, pk):
    """One likely duplicate (ref), or all that are not decided."""
    ref = request.POST.get("ref", "")
    refs = [int(ref)] if ref.isdecimal() and len(ref) < 10 else None
    if refs is None and request.POST.get("all") != "1":
        raise Http404
    choice = request.POST.get("choice", "")
    response = _step(
        request, pk, lambda: service.decide(actor=request.user, batch_id=pk, choice=choice, refs=refs)
    )
    response["Location"] += f"?tab=doubt{'#row-' + ref if refs else ''}"
    return response


@importer
@require_POST
def undo(request, pk):
    return _step(request, pk, lambda: service.ask_undo(actor=request.user, batch_id=pk), tasks.undo_import)


@importer
@require_POST
def again(request, pk):
    """A job that was interrupted, given to a worker once more."""
    batch = _own(request, pk)
    if batch.status in (S.QUEUED, S.APPLYING):
        return confirm(request, pk)
    if batch.status == S.UNDOING:
        return undo(request, pk)
    return _step(request, pk, lambda: service.restart(actor=request.user, batch_id=pk), tasks.read_import)


@importer
@require_POST
def discard(request, pk):
    response = _step(request, pk, lambda: service.discard(actor=request.user, batch_id=pk))
    response["Location"] = redirect("residents:imports")["Location"]
    return response


@importer
@require_safe
def mistakes(request, pk):
    """All mistakes as a CSV file to mend by."""
    batch = _own(request, pk)
    if batch.status != S.READY:
        raise Http404
    roll = rolls.of(batch)
    head = [_("Row"), _("Column"), _("Heading"), _("Given"), _("Expected")]
    language = translation.get_language()

    def pieces():
        with translation.override(language):
            yield from preview.all_faults(Stage(batch), roll)

    response = StreamingHttpResponse(
        pieces_for(request, csv_pieces(head, pieces())), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="mistakes-{batch.pk}.csv"'
    response["Cache-Control"] = "no-store"
    return response


@importer
@require_safe
def template(request, kind):
    """An empty workbook for files of this kind, with the code tables; of a register by the fields of its class."""
    return FileResponse(
        templates.workbook(_layout(request.user, kind)), as_attachment=True, filename=f"{kind}-template.xlsx",
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )  # fmt: skip


def _layout(user, kind):
    """Raises Http404 also for a register that this person may not know of."""
    try:
        if kind.startswith(rolls.PREFIX):
            return rolls.layout_of(rolls.class_of(user, kind))
    except NotFound as error:
        raise Http404 from error
    if kind not in ImportKind.values or kind == ImportKind.CARE:
        raise Http404
    return rolls.ROLLS[kind].layout if kind in rolls.ROLLS else layout(kind)
