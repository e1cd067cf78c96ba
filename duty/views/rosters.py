"""Rosters (值班表): a week of one unit, its shifts, copying, files, and what was changed."""

from datetime import date, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from core.errors import DomainError
from core.sheets import xlsx_pieces
from duty import selectors
from duty.forms import DutyForm, FileForm, ShiftForm, say
from duty.models import RosterChange, Shift
from duty.paging import page
from duty.services import roster_files, rosters
from duty.views.common import as_http, readable_unit
from events import paging

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_WRONG = 100
CHANGES = 30
MOST_DAYS = 92


def _day(text) -> date:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return timezone.localdate()
    return found if found.year in rosters.YEARS else timezone.localdate()


@login_required
def roster(request, pk):
    """A week of one unit; POST puts a shift on it."""
    unit = readable_unit(request.user, pk)
    if request.method == "POST":
        return _add(request, unit)
    return _week(request, unit, _day(request.GET.get("day")))


def _add(request, unit):
    form = ShiftForm(request.POST, unit=unit)
    day = _day(request.POST.get("day"))
    if form.is_valid():
        try:
            shift = rosters.add_shift(actor=request.user, unit=unit, **form.supplied())
        except DomainError as error:
            if gone := as_http(error):
                raise gone from error
            say(form, error)
        else:
            messages.success(request, _("%(name)s is on the roster.") % {"name": shift.name})
            return redirect(_url(unit, timezone.localdate(shift.starts_at)))
    elif not selectors.may_edit(request.user, unit.grid.path):
        raise PermissionDenied
    return _week(request, unit, day, shift_form=form, status=422)


def _url(unit, day):
    return f"{reverse('duty:roster', args=[unit.pk])}?day={day.isoformat()}"


def _week(request, unit, day, *, shift_form=None, file_form=None, wrong=(), status=200):
    week = selectors.week(unit, day)
    today, now = timezone.localdate(), timezone.now()
    may_edit = selectors.may_edit(request.user, unit.grid.path)
    duty = {"staffed": selectors.is_staffed(unit), "phone": unit.duty.phone if hasattr(unit, "duty") else ""}
    context = {
        "unit": unit, "week": week, "today": today, "now": now, "may_edit": may_edit,
        "before": week.start - timedelta(days=7), "after": week.end, "last": week.end - timedelta(days=1),
        "staffed": duty["staffed"], "phone": selectors.phone_of(unit),
        "form": shift_form or (may_edit and ShiftForm(unit=unit, initial={"day": max(today, week.start)})),
        "duty_form": may_edit and DutyForm(initial=duty, prefix="duty"),
        "file_form": file_form or (may_edit and FileForm(prefix="file")),
        "wrong": wrong[:MOST_WRONG], "more_wrong": max(0, len(wrong) - MOST_WRONG),
        "open_add": shift_form is not None, "open_file": file_form is not None or bool(wrong),
    }  # fmt: skip
    return render(request, "duty/roster.html", context, status=status)


@login_required
def shift(request, pk):
    """Change one shift, or take it off the roster."""
    found = Shift.objects.visible_to(request.user).select_related("user").filter(pk=pk).first()
    if found is None:
        raise Http404
    unit = readable_unit(request.user, found.unit_id)
    if not selectors.may_edit(request.user, unit.grid.path):
        raise PermissionDenied
    day = timezone.localdate(found.starts_at)
    form = ShiftForm(request.POST or None, unit=unit, shift=found)
    try:
        if request.method == "POST" and "remove" in request.POST:
            rosters.remove_shift(actor=request.user, shift_id=pk)
            messages.success(request, _("%(name)s is off the roster.") % {"name": found.name})
            return redirect(_url(unit, day))
        if request.method == "POST" and form.is_valid():
            changed = rosters.change_shift(actor=request.user, shift_id=pk, **form.supplied())
            messages.success(request, _("The shift is changed."))
            return redirect(_url(unit, timezone.localdate(changed.starts_at)))
    except DomainError as error:
        if gone := as_http(error):
            raise gone from error
        say(form, error)
    context = {"unit": unit, "shift": found, "form": form, "back": _url(unit, day)}
    return render(request, "duty/shift.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def copy(request, pk):
    """Last week's shifts into this week."""
    unit, day = readable_unit(request.user, pk), _day(request.POST.get("day"))
    try:
        made = rosters.copy_week(actor=request.user, unit=unit, day=day)
    except DomainError as error:
        raise (as_http(error) or PermissionDenied()) from error
    if made:
        words = ngettext("%(n)s shift copied from the week before.", "%(n)s shifts copied from the week before.", made)
        messages.success(request, words % {"n": made})
    else:
        messages.warning(request, _("Nothing to copy: the week before is empty, or all of it stands here already."))
    return redirect(_url(unit, day))


@login_required
@require_POST
def settings(request, pk):
    """Whether the desk must be staffed, and its duty phone."""
    unit, day = readable_unit(request.user, pk), _day(request.POST.get("day"))
    form = DutyForm(request.POST, prefix="duty")
    try:
        if form.is_valid():
            rosters.set_duty(actor=request.user, unit=unit, **form.cleaned_data)
            messages.success(request, _("Saved."))
    except DomainError as error:
        if gone := as_http(error):
            raise gone from error
        say(form, error)
    for sentences in form.errors.values():
        for sentence in sentences:
            messages.error(request, sentence)
    return redirect(_url(unit, day))


@login_required
@require_POST
def upload(request, pk):
    """A roster from a file: all or nothing, mistakes by row and column."""
    unit, day = readable_unit(request.user, pk), _day(request.POST.get("day"))
    if not selectors.may_edit(request.user, unit.grid.path):
        raise PermissionDenied
    form = FileForm(request.POST, request.FILES, prefix="file")
    if not form.is_valid():
        return _week(request, unit, day, file_form=form, status=422)
    file = form.cleaned_data["file"]
    try:
        done = roster_files.import_duty(source=file, name=file.name, actor=request.user, unit=unit)
    except DomainError as error:
        if gone := as_http(error):
            raise gone from error
        sentences = [sentence for said in error.fields.values() for sentence in said]
        wrong = [str(error.message), *sentences]
        return _week(request, unit, day, file_form=FileForm(prefix="file"), wrong=wrong, status=422)
    for sentence in roster_files.summary(done):
        messages.success(request, sentence)
    return redirect(_url(unit, day))


@login_required
@require_safe
def export(request, pk):
    """The week, or so many days from a day on, as a workbook that can be read in again."""
    unit, day = readable_unit(request.user, pk), _day(request.GET.get("day"))
    first = selectors.monday(day)
    days = min(paging.number(request.GET.get("days")) or 7, MOST_DAYS)
    keeps = selectors.may_edit(request.user, unit.grid.path)
    rows = list(roster_files.rows_of(unit, first, days, numbers=keeps))
    response = HttpResponse(b"".join(xlsx_pieces(list(roster_files.HEAD), [rows])), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="duty-{unit.pk}-{first.isoformat()}.xlsx"'
    return response


@login_required
@require_safe
def changes(request, pk):
    """What was changed on the roster, newest first."""
    unit = readable_unit(request.user, pk)
    if not selectors.may_edit(request.user, unit.grid.path):
        raise PermissionDenied
    rows = RosterChange.objects.filter(unit=unit).select_related("by")
    found = page(rows, request.GET.get("after", ""), CHANGES)
    return render(request, "duty/changes.html", {"unit": unit, "page": found})
