"""Saved views of the desk, and the columns a person likes to see."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.errors import Conflict, Invalid, NotFound
from events.models import SavedView
from events.services import desk as service
from events.views.desk import PASSING
from events.views.detail import local


def address(view) -> str:
    """Where the view leads: a worklist of my work, or the list of all."""
    query = QueryDict(view.query, mutable=True)
    home = reverse("events:work" if "list" in query else "events:list")
    query["view"] = str(view.slug)
    return f"{home}?{query.urlencode()}"


@login_required
@require_safe
def view(request, slug):
    """The link of a view, for everybody who has it: the question is shared, the answer is one's own."""
    return redirect(address(get_object_or_404(SavedView, slug=slug)))


@login_required
@require_POST
def save(request):
    """The list as it stands under a name, new or once more."""
    query = QueryDict(request.POST.get("query", "")[:8000], mutable=True)
    for name in PASSING:
        query.pop(name, None)
    for name in ("list", "order", "cols", "size"):
        if name in query:
            query[name] = query[name]  # once: the last that was said
    name, replace = request.POST.get("name"), "replace" in request.POST
    try:
        made = service.save_view(owner=request.user, name=name, query=query.urlencode(), replace=replace)
    except Invalid as error:
        return _refused(request, error)
    except Conflict as error:
        context = {"taken": error, "name": name.strip(), "query": query.urlencode(), "next": _came_from(request)}
        return render(request, "events/view_taken.html", context, status=409)
    messages.success(request, _("Saved: %(name)s.") % {"name": made.name})
    return redirect(address(made))


@login_required
@require_POST
def change(request, slug):
    """Rename, delete, make it the start page or no longer."""
    act, owner = request.POST.get("act"), request.user
    try:
        if act == "rename":
            made = service.rename_view(owner=owner, slug=slug, name=request.POST.get("name"))
            return redirect(address(made))
        if act == "delete":
            service.delete_view(owner=owner, slug=slug)
            messages.success(request, _("The view is deleted."))
            return redirect(f"{reverse('events:work')}?list=mine")
        if act in ("start", "stop"):
            made = service.set_start(owner=owner, slug=slug, start=act == "start")
            words = _("%(name)s opens first from now on.") if made.start else _("My work opens first from now on.")
            messages.success(request, words % {"name": made.name})
            return redirect(address(made))
    except NotFound as error:
        raise Http404 from error
    except Invalid as error:
        return _refused(request, error)
    raise Http404


def _refused(request, error):
    for words in error.fields.values():
        messages.error(request, " ".join(str(word) for word in words))
    return redirect(_came_from(request))


@login_required
@require_POST
def keep_columns(request):
    """Remember the columns, and show the list with them."""
    names = [] if "usual" in request.POST else request.POST.getlist("column")
    service.keep_columns(user=request.user, names=names)
    # Without columns in its address: those remembered are to be seen.
    path, _mark, text = _came_from(request).partition("?")
    query = QueryDict(text, mutable=True)
    query.pop("cols", None)
    return redirect(f"{path}?{query.urlencode()}" if query else path)


def _came_from(request):
    """The list as it was when the button was pressed."""
    return local(request.POST.get("next")) or reverse("events:list")
