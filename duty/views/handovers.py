"""Hand-overs (交接班)."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.errors import DomainError
from duty import selectors, snapshot
from duty.forms import HandOverForm, RemarkForm, say
from duty.models import HandOver
from duty.paging import page
from duty.services import handovers
from duty.views.common import as_http, need
from events import paging
from events.models import Event
from grids.models import Unit

PAGE = 20


def _visible(user):
    return HandOver.objects.visible_to(user).select_related("unit__grid", "by", "accepted_by").defer("unit__grid__boundary")


def _found(request, pk):
    row = _visible(request.user).filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@login_required
@require_safe
def listing(request):
    """Past ones, newest first; `?unit=` of one unit, `?waiting=1` those nobody has accepted."""
    need(request.user, "duty.view_handover")
    rows, unit = _visible(request.user).defer("snapshot", "unit__grid__boundary"), None
    pk = paging.number(request.GET.get("unit"))
    if pk is not None:
        unit = Unit.objects.filter(pk=pk).first() if rows.filter(unit=pk).exists() else None
        rows = rows.filter(unit=pk)
    waiting = request.GET.get("waiting") == "1"
    if waiting:
        rows = rows.waiting()
    found = page(rows, request.GET.get("after", ""), PAGE)
    own = [u for u in selectors.own_units(request.user) if handovers.may_write(request.user, u.pk)]
    query = request.GET.copy()
    query.pop("after", None)
    context = {"page": found, "unit": unit, "waiting": waiting, "own": own, "query": query.urlencode()}
    return render(request, "duty/hand_overs.html", context)


@login_required
def new(request, pk):
    """Write the hand-over of one's unit; open matters of the last one stand in it already."""
    unit = Unit.objects.filter(pk=pk, active=True).select_related("grid").defer("grid__boundary").first()
    if unit is None or not handovers.may_write(request.user, pk):
        raise Http404
    waiting = _visible(request.user).filter(unit=pk).waiting().first()
    if waiting is not None and request.method != "POST":
        messages.warning(request, _("A hand-over of this unit still waits to be accepted."))
        return redirect("duty:hand-over", waiting.pk)
    form = HandOverForm(request.POST or None, initial={"matters": _left_open(unit)})
    return _save(request, form, unit, None)


@login_required
def edit(request, pk):
    """Mend one's own until it is accepted."""
    row = _found(request, pk)
    if row.by_id != request.user.pk or row.accepted_at is not None:
        raise PermissionDenied
    initial = {"words": row.words, "things": row.things, "matters": "\n".join(m.words for m in row.matters.all())}
    return _save(request, HandOverForm(request.POST or None, initial=initial), row.unit, row)


def _left_open(unit) -> str:
    last = HandOver.objects.filter(unit=unit).order_by("-pk").first()
    return "\n".join(matter.words for matter in last.matters.all()) if last else ""


def _save(request, form, unit, row):
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        given = {"words": typed["words"], "things": typed["things"], "matters": form.matter_rows()}
        try:
            if row is None:
                row = handovers.write(actor=request.user, unit=unit, **given)
            else:
                handovers.change(actor=request.user, hand_over_id=row.pk, **given)
        except DomainError as error:
            if gone := as_http(error):
                raise gone from error
            say(form, error)
        else:
            messages.success(request, _("The hand-over waits to be accepted by the next shift."))
            return redirect("duty:hand-over", row.pk)
    now = snapshot.take(unit)
    context = {"unit": unit, "row": row, "form": form, "snapshot": now, "seen": _seen(request.user, now)}
    return render(request, "duty/hand_over_form.html", context, status=422 if form.errors else 200)


def _seen(user, taken, matters=()) -> set[int]:
    """Those of the named events that this person may open."""
    ids = {m.event_id for m in matters if m.event_id}
    for part in ("late", "supervised", "whistles"):
        ids |= {one["event"] for one in taken.get(part, [])}
    if not ids:
        return set()
    return set(Event.objects.visible_to(user).filter(pk__in=ids).order_by().values_list("pk", flat=True))


@login_required
@require_safe
def detail(request, pk):
    row = _found(request, pk)
    return _show(request, row)


def _show(request, row, remark=None, status=200):
    matters = list(row.matters.select_related("event"))
    may_write = handovers.may_write(request.user, row.unit_id)
    context = {
        "row": row, "matters": matters, "seen": _seen(request.user, row.snapshot, matters),
        "remarks": row.remarks.select_related("by"),
        "may_accept": may_write and row.accepted_at is None and row.by_id != request.user.pk,
        "may_edit": row.by_id == request.user.pk and row.accepted_at is None,
        "remark": remark or (may_write and RemarkForm()),
    }  # fmt: skip
    return render(request, "duty/hand_over.html", context, status=status)


@login_required
@require_POST
def accept(request, pk):
    _found(request, pk)
    try:
        handovers.accept(actor=request.user, hand_over_id=pk)
    except DomainError as error:
        if gone := as_http(error):
            raise gone from error
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("You have accepted the hand-over: the shift is yours."))
    return redirect("duty:hand-over", pk)


@login_required
@require_POST
def remark(request, pk):
    row = _found(request, pk)
    form = RemarkForm(request.POST)
    if form.is_valid():
        try:
            handovers.remark(actor=request.user, hand_over_id=pk, words=form.cleaned_data["words"])
        except DomainError as error:
            if gone := as_http(error):
                raise gone from error
            say(form, error)
        else:
            return redirect("duty:hand-over", pk)
    return _show(request, row, remark=form, status=422)
