"""The inbox: what has happened to events that are one's own to know of."""

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from events import paging
from events.models import Notice

PAGE = 30


@login_required
@require_safe
def inbox(request):
    """One's notices, newest first; `?unread=1` those not read yet."""
    mine = Notice.objects.visible_to(request.user)
    only_unread = request.GET.get("unread") == "1"
    rows = mine.unread() if only_unread else mine
    after = paging.number(request.GET.get("after"))
    if after is not None:
        rows = rows.filter(pk__lt=after)
    found = list(
        rows.with_sight(request.user)
        .select_related("event", "event__standard", "transition", "transition__actor", "transition__unit")
        .order_by("-pk")[: PAGE + 1]
    )
    context = {
        "notices": found[:PAGE],
        "next": found[PAGE - 1].pk if len(found) > PAGE else "",
        "only_unread": only_unread,
        "after": after,
    }
    return render(request, "events/inbox.html", context)


@login_required
@require_POST
def open_notice(request, pk):
    """Mark one as read and go to its event."""
    with transaction.atomic():
        notice = Notice.objects.visible_to(request.user).select_for_update().filter(pk=pk).first()
        if notice is None:
            raise Http404
        if notice.read_at is None:
            notice.read_at = timezone.now()
            notice.save(update_fields=["read_at"])
    return redirect("events:detail", notice.event_id)


@login_required
@require_POST
def read_all(request):
    """Mark everything up to the newest one shown as read; later ones stay."""
    newest = paging.number(request.POST.get("newest"))
    if newest is None:
        return HttpResponse(status=400)
    Notice.objects.visible_to(request.user).unread().filter(pk__lte=newest).update(read_at=timezone.now())
    return redirect("events:inbox")
