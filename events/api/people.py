"""Oneself: posts, permissions, the inbox."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.roles import ROLES
from core.api import fields
from core.api.fields import ident
from core.api.pagination import Keyset
from core.api.parsers import OrjsonParser
from core.api.views import KnowsVersions, ListView
from events.api import shapes
from events.models import Notice
from events.selectors import person
from events.workflow import ACTIONS
from grids import names
from grids.models import Post
from grids.scope import Scope

MOST_IDS = 1000
READ = {
    "ids": serializers.ListField(child=ident(), max_length=MOST_IDS, help_text="These notices."),
    "until": ident(help_text="This notice and all before it."),
}
UNREAD = inline_serializer("Unread", {"unread": serializers.IntegerField()})


class Me(KnowsVersions, APIView):
    """Who you are, your posts of today, what they allow, and how many notices you have not read."""

    @extend_schema(responses=shapes.Me, tags=["me"])
    def get(self, request):
        user = request.user
        known = names.current(self.versions)
        posts = Post.objects.filter(user=user).on().order_by("pk")
        return Response(
            {
                "id": user.pk,
                "username": user.username,
                "name": str(user),
                "kind": user.kind,
                "posts": [
                    {
                        "role": role, "label": ROLES[role].name, "grid": known.grids.get(grid),
                        "unit": known.units.get(unit), "since": since, "until": until,
                    }
                    for role, grid, unit, since, until in posts.values_list(
                        "role", "grid_id", "unit_id", "since", "until"
                    )
                ],
                "permissions": sorted(Scope.of(user).permissions),
                "unread": Notice.objects.visible_to(user).unread().count(),
            }
        )  # fmt: skip


class Notices(ListView):
    """Your inbox, newest first; `unread=1` gives those not read yet."""

    columns = (
        "id", "event_id", "event__number", "event__description", "action", "transition__actor_id",
        "transition__actor__name", "transition__actor__username", "created_at", "read_at", "seen",
    )  # fmt: skip
    keyset = Keyset(("id",), descending=True)
    parameters = ("unread",)
    filter_backends = ()

    def get_queryset(self):
        mine = Notice.objects.visible_to(self.request.user).with_sight(self.request.user)
        unread = self.request.query_params.get("unread", "0")
        if unread not in ("0", "1"):
            raise ValidationError({"unread": ["0, 1"]})
        return mine.unread() if unread == "1" else mine

    @extend_schema(
        parameters=[OpenApiParameter("unread", OpenApiTypes.INT, enum=[0, 1])],
        responses=shapes.NoticeRow(many=True),
        tags=["me"],
    )
    def get(self, request):
        self.labels = dict(ACTIONS)
        return self.answer(request)

    def row(self, values):
        pk, event, number, description, action, actor, name, username, created_at, read_at, seen = values
        return {
            "id": pk, "event": {"id": event, "number": number, "description": description if seen else ""},
            "action": action, "label": self.labels[action], "by": person(actor, name, username) if seen else None,
            "created_at": created_at, "read_at": read_at,
        }  # fmt: skip


class ReadNotices(APIView):
    """Mark notices as read: `ids`, or everything up to the newest one you have seen (`until`)."""

    parser_classes = (OrjsonParser,)

    @extend_schema(request=fields.as_serializer("ReadNotices", READ), responses=UNREAD, tags=["me"])
    def post(self, request):
        given = fields.read(request.data, READ)
        if len(given) != 1:
            raise ValidationError({"ids": ["ids | until"], "until": ["ids | until"]})
        mine = Notice.objects.visible_to(request.user).unread()
        chosen = mine.filter(pk__in=given["ids"]) if "ids" in given else mine.filter(pk__lte=given["until"])
        chosen.update(read_at=timezone.now())
        return Response({"unread": mine.count()})
