"""The feed of steps: everything that happened to events you see, in order, from a cursor on."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from core import feeds
from core.api import pagination
from core.api.pagination import KeysetPagination
from core.api.views import ListView
from events import selectors
from events.api import shapes

NOW = "now"


class Transitions(ListView):
    """Steps in the order they were committed. Keep `cursor`, come back with it: none is missed and none comes twice.

    Without a cursor it begins with the oldest step; `cursor=now` gives no rows and the cursor of this instant.
    """

    page_size = 100
    max_page_size = 500

    @extend_schema(
        parameters=[
            OpenApiParameter("cursor", OpenApiTypes.STR, description="From the answer before, or `now`."),
            OpenApiParameter("page_size", OpenApiTypes.INT, description="1 to 500, 100 if not given."),
        ],
        responses=shapes.FeedPage,
        tags=["events"],
    )
    def get(self, request):
        cursor = request.query_params.get("cursor")
        pages = KeysetPagination()
        pages.view = self
        size = pages.size_of(request)
        if cursor == NOW:
            return Response({"results": [], "cursor": pagination.encode(*selectors.newest_position()), "more": False})
        position = _position(cursor) if cursor else feeds.BEGINNING
        found = selectors.feed(request.user, position, size)
        known = selectors.Known.at(self.versions)
        rows = [selectors.step_row(values, known) for values in found.rows]
        return Response({"results": rows, "cursor": pagination.encode(*found.position), "more": found.more})


def _position(cursor) -> tuple[int, int]:
    xact, pk = pagination.decode(cursor, int, int)
    if xact is None or pk is None:
        raise ValidationError({"cursor": [_("This cursor was not made here. Begin again without one.")]})
    return xact, pk
