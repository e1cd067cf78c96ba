"""Report an event: words, pin, photos; likely repeats are shown before a second record is made."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.errors import DomainError
from events import paging, services
from events.forms import ReportForm, grid_widget, standard_widget
from events.models import Attachment
from events.views.detail import add_errors, keep_photos
from grids import locate
from grids.models import Post
from grids.scope import Scope

Kind = Attachment.Kind


def _may_report(request):
    if not Scope.of(request.user).may("events.report_event"):
        raise PermissionDenied


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report(request):
    """The form; a report that looks like a repeat comes back once with the others shown."""
    _may_report(request)
    if request.method != "POST":
        return _page(request, ReportForm(user=request.user))
    form = ReportForm(request.POST, request.FILES, user=request.user)
    valid = form.is_valid()
    before = keep_photos(form, "before", request.user, Kind.BEFORE)
    after = keep_photos(form, "after", request.user, Kind.AFTER)
    if not valid or form.errors:
        return _page(request, form, status=422)
    supplied = form.supplied()
    settled, key = form.cleaned_data.get("settled", False), form.cleaned_data["key"]
    repeats = [] if request.POST.get("confirmed") == "1" else _repeats(request.user, supplied)
    # Sent twice, because no answer came over a bad line: what it looks like is itself.
    if any(row["event"].reporter_id == request.user.pk for row in repeats) and services.reported(request.user, key):
        repeats = []
    if repeats:
        return _page(request, form, repeats=repeats, status=422)
    try:
        row = services.report(
            actor=request.user, key=key, settled=settled,
            photos=[*before, *(after if settled else [])], **supplied,
        )
    except DomainError as error:
        _name_photos(error)
        add_errors(form, error)
        return _page(request, form, status=403 if error.status == 403 else 422)
    words = _("Reported: %(event)s. It lies with %(unit)s now.")
    messages.success(request, words % {"event": row.event, "unit": row.event.holder})
    target = reverse("events:detail", args=[row.event_id])
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return redirect(target)


def _name_photos(error):
    """The service knows one list of photos; this form has two fields."""
    if "photos" in error.fields:
        error.fields["before"] = error.fields.pop("photos")


def _repeats(user, supplied):
    if not supplied.get("standard") or not supplied.get("location"):
        return []
    lon, lat = supplied["location"]
    return services.likely_repeats(actor=user, standard_id=supplied["standard"], lon=lon, lat=lat)


def _page(request, form, *, repeats=(), status=200):
    return render(request, "events/report.html", {"form": form, "repeats": repeats}, status=status)


def _point(request):
    """(longitude, latitude) of the pin, or None."""
    try:
        lon, lat = float(request.GET.get("lng", "")), float(request.GET.get("lat", ""))
    except ValueError:
        return None
    return (lon, lat) if -180 <= lon <= 180 and -90 <= lat <= 90 else None


@login_required
@require_safe
def here(request):
    """For the pin: which grid that is, who works there, and what has been reported there already."""
    _may_report(request)
    point = _point(request)
    if point is None:
        return HttpResponse("")
    found = locate.current().find(*point)
    team = []
    if found:
        posts = Post.objects.visible_to(request.user).on().filter(grid=found.pk, role__startswith="worker")
        team = list(posts.select_related("user")[:4])
    supplied = {"standard": paging.number(request.GET.get("standard")), "location": point}
    context = {"found": found, "team": team, "repeats": _near(request.user, supplied)}
    return render(request, "events/_here.html", context)


def _near(user, supplied):
    try:
        return _repeats(user, supplied)
    except DomainError:
        return []  # the standard has ended meanwhile: the form will say so when it is sent


@login_required
@require_safe
def standard_options(request):
    """Matches of the standard picker."""
    return _options(request, standard_widget())


@login_required
@require_safe
def grid_options(request):
    """Matches of the grid picker, within the person's land."""
    return _options(request, grid_widget(Scope.of(request.user)))


def _options(request, widget):
    name = "grid" if request.GET.get("name") == "grid" else "standard"
    query = paging.words(request.GET.get(f"{name}_q"))
    context = {"rows": widget.find(query) if query else [], "name": name, "query": query, "chosen": ""}
    return render(request, "parts/picker_rows.html", context)
