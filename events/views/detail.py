"""One event: its record, and a form for each move this person may make."""

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.roles import WORKER_ROLES
from core.errors import Conflict, DomainError, NotFound
from events import dossier, neighbourhood, selectors, services, suggestions, worklists
from events.forms import PHOTO_KIND, Desk, StepForm
from events.models import Attachment, Event
from events.services import attachments
from events.services import presence as present
from events.views.maps import event_map
from events.views.rows import light_of
from events.workflow import MOVES, SYSTEM_ACTIONS
from grids.models import Post
from grids.scope import Scope

MOST_TEAM = 4
RELATED = (
    "standard", "grid", "grid__parent", "grid__parent__parent", "holder", "centre", "lead", "reporter", "merged_into",
)

UNSEEN = ("grid__parent__boundary", "grid__parent__parent__boundary")


def visible_event(user, pk):
    """The event, or 404 whether it does not exist or is not theirs to see."""
    rows = Event.objects.visible_to(user).select_related(*RELATED).defer(*UNSEEN).order_by()
    event = rows.filter(pk=pk).first()
    if event is None:
        raise Http404
    return event


def _forms(event, user, bound=None, given=None):
    """A form for each move open to this person, likeliest first; `bound` replaces the one of its action, `given` fills
    the one it names as `do`.
    """
    names = worklists.moves_of([event], user)[event.pk]
    if bound is not None and bound.action not in names:
        names = [*names, bound.action]
    desk = Desk(user, event)
    return [
        {
            **button,
            "form": bound
            if bound is not None and bound.action == button["name"]
            else StepForm(action=button["name"], desk=desk, given=_given(given, button["name"])),
        }
        for button in suggestions.likeliest_first(worklists.buttons(names), event.status)
    ]


def _given(query, action):
    return query if query is not None and query.get("do") == action else None


def _page(request, event, *, bound=None, conflict=None, status=200):
    context = _context(request, event, bound=bound, conflict=conflict)
    return render(request, "events/_beside.html" if _is_beside(request) else "events/detail.html", context, status=status)


def _context(request, event, *, bound=None, conflict=None, beside=None):
    moves = _forms(event, request.user, bound, request.GET)
    wanted = bound.action if bound is not None else request.GET.get("do")
    open_move = wanted if any(m["name"] == wanted for m in moves) else _first_open(moves)
    return {
        "event": event,
        "light": light_of(event),
        "moves": moves,
        "open_move": open_move,
        "conflict": conflict,
        "next": _next(request),
        "beside": _is_beside(request) if beside is None else beside,
        "map": event_map(event),
        "contact_phone": selectors.contact_phone(event, request.user),
        "here": neighbourhood.place(event, request.user),
        "told": neighbourhood.reporter(event, request.user),
        **_team(event, request.user),
        **dossier.dossier(event),
    }


def case_context(request, pk) -> dict:
    """What `events/_case.html` shows of an event, for a page that has it beside something else. 404 if it is not theirs."""
    return _context(request, visible_event(request.user, pk), beside=True)


def _is_beside(request):
    """Whether the case is shown beside a list: `beside` in the address, or in the form of a step taken there."""
    return "beside" in request.GET or "beside" in request.POST


def _team(event, user):
    """Who works in the grid, the worker first, and whether their phones are whole."""
    posts = Post.objects.visible_to(user).on().filter(grid=event.grid_id).select_related("user")
    team = sorted(posts, key=lambda post: (post.role not in WORKER_ROLES, post.pk))
    return {"team": team[:MOST_TEAM], "may_call": Scope.of(user).may_call(event.grid.path)}


def _first_open(moves):
    """The likeliest of the main moves stands open at once."""
    strong = [move["name"] for move in moves if move["strong"]]
    return strong[0] if strong else ""


def _next(request):
    """Where to go after the step: only an address of this site."""
    return local(request.POST.get("next") or request.GET.get("next"))


def local(wanted) -> str:
    """An address of this site, or nothing: a mere word would be taken for the name of a page."""
    wanted = wanted or ""
    return wanted if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else ""


@login_required
@require_safe
def detail(request, pk):
    return _page(request, visible_event(request.user, pk))


@login_required
@require_POST
def presence(request, pk):
    """Renewed by the open page: who else is at this case. `left` says that the page was closed."""
    event = Event.objects.visible_to(request.user).filter(pk=pk).only("pk").order_by().first()
    if event is None:
        raise Http404
    if request.POST.get("left"):
        present.gone(event=event, user=request.user)
        return HttpResponse(status=204)
    others = present.here(event=event, user=request.user, action=request.POST.get("doing", ""))
    return render(request, "events/_present.html", {"others": others})


@login_required
@require_POST
def step(request, pk, action):
    """Take one step. 422 brings the form back with its input and what is wrong, 409 says who was faster."""
    if action not in MOVES or action in SYSTEM_ACTIONS:
        raise Http404
    event = visible_event(request.user, pk)
    form = StepForm(request.POST, request.FILES, action=action, desk=Desk(request.user, event))
    valid = form.is_valid()
    photos = keep_photos(form, "photos", request.user, PHOTO_KIND.get(action))
    if not valid or form.errors or form.unknown_repeats():
        return _again(request, event, form, 422)
    try:
        services.advance(
            event_id=pk, action=action, actor=request.user, key=form.cleaned_data["key"],
            seen=form.cleaned_data["seen"], photos=photos, **form.supplied(),
        )
    except NotFound as error:
        raise Http404 from error
    except Conflict as error:
        return _again(request, visible_event(request.user, pk), form, 409, conflict=error)
    except DomainError as error:
        add_errors(form, error)
        return _again(request, event, form, 403 if error.status == 403 else 422)
    done = _("Done: %(step)s, %(event)s.") % {"step": MOVES[action].label, "event": event}
    if "X-Desk-Row" in request.headers:
        return HttpResponse(format_html("<p data-done>{}</p>", done))
    if _is_beside(request) and request.headers.get("HX-Request"):
        return _moved_beside(request, pk, done)
    messages.success(request, done)
    return _onward(request, pk)


def _moved_beside(request, pk, done):
    """The case as it stands now, in its place beside the list; the list hears which row has moved."""
    event = Event.objects.visible_to(request.user).filter(pk=pk).first()
    if event is None:
        response = HttpResponse(status=204)
    else:
        response = render(request, "events/_beside.html", _context(request, visible_event(request.user, pk)))
        response["HX-Retarget"], response["HX-Reswap"] = "#beside", "innerHTML show:top"
    response["HX-Trigger"] = json.dumps({"desk:moved": {"id": pk, "words": done, "gone": event is None}})
    return response


def _onward(request, pk):
    """Back to where the step was taken, or to the record; to the worklist if the event has left this person's view."""
    target = _next(request)
    if not target:
        seen = Event.objects.visible_to(request.user).filter(pk=pk).exists()
        target = reverse("events:detail", args=[pk]) if seen else reverse("events:work")
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return redirect(target)


def _again(request, event, form, status, conflict=None):
    """The form with its input: alone for htmx, within the record otherwise."""
    if conflict is not None:
        # The next press is made knowing what the other one did.
        form.data = form.data.copy()
        form.data["seen"] = event.head_seq
    if request.headers.get("HX-Request"):
        status = 409 if status == 409 else 422  # a bare 403 has no form to show: frontend/forms.js loads the page anew
        possible = form.action in worklists.moves_of([event], request.user)[event.pk]
        context = {"event": event, "form": form, "conflict": conflict, "next": _next(request), "possible": possible}
        context["beside"] = _is_beside(request)
        return render(request, "events/_step_form.html", context, status=status)
    return _page(request, event, bound=form, conflict=conflict, status=status)


def keep_photos(form, name, user, kind=None):
    """Store the newly sent photos of field `name`; returns the ids of these and of those kept from before.

    They stay with the form if it comes back, so nobody must choose them twice. A refused file is an error of the field.
    """
    if name not in form.fields:
        return []
    kept, files = form.fields[name].widget.value_from_datadict(form.data, form.files, form.add_prefix(name))
    stored = []
    for upload in files:
        try:
            row = attachments.store(actor=user, upload=upload, kind=kind or Attachment.Kind.OTHER)
            stored.append(str(row.public_id))
        except DomainError as error:
            words = " ".join(str(w) for ws in error.fields.values() for w in ws) or str(error.message)
            form.add_error(name, f"{upload.name}: {words}")
    ids = [*kept, *stored]
    rows = Attachment.objects.visible_to(user).filter(public_id__in=ids, event=None) if ids else []
    form.fields[name].widget.kept = list(rows)
    return ids


def add_errors(form, error):
    """A service's words at the fields they belong to; the rest above the form."""
    left = []
    for name, words in error.fields.items():
        if name in form.fields:
            form.add_error(name, [str(word) for word in words])
        else:
            left.extend(str(word) for word in words)
    if left or not error.fields:
        form.add_error(None, left or [str(error.message)])
