"""Case standards, and the workflow table as data."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api.pagination import Keyset
from core.api.views import ListView
from core.errors import NotFound
from events import standards, workflow
from events.api import inputs, shapes
from events.filters import StandardFilterSet
from events.models import Standard
from grids.scope import Scope

MOST_MATCHES = 50
COLUMNS = (
    "id", "code", "minor_name", "condition", "kind", "major_code", "major_name", "minor_code", "limit", "limit_unit",
    "closing_term", "photos_required", "rating_asked", "valid_from", "valid_until",
)  # fmt: skip


def standard_row(values) -> dict:
    row = dict(zip(COLUMNS, values, strict=True))
    row["name"] = row.pop("minor_name")
    return row


@extend_schema(responses=shapes.StandardRow(many=True), tags=["standards"])
class Standards(ListView):
    """Standards in force today by code. `q` finds by words, pinyin, its initials or code, best first, on one page."""

    columns = COLUMNS
    keyset = Keyset(("code", "id"))
    key_kinds = {"code": str}
    filterset_class = StandardFilterSet
    parameters = ("q",)
    max_page_size = 1000
    row = staticmethod(standard_row)

    def get_queryset(self):
        seated = bool(Scope.of(self.request.user).seats)
        return Standard.objects.valid_on(timezone.localdate()) if seated else Standard.objects.none()

    @extend_schema(parameters=[OpenApiParameter("q", OpenApiTypes.STR, description="Words, pinyin, initials or code")])
    def get(self, request):
        words = request.query_params.get("q", "").replace("\0", "").strip()
        if not words:
            return self.answer(request)
        found = standards.search(words, limit=MOST_MATCHES) if Scope.of(request.user).seats else []
        allowed = set(self.filter_queryset(self.get_queryset()).values_list("pk", flat=True)) if found else set()
        rows = [[getattr(one, name) for name in COLUMNS] for one in found if one.pk in allowed]
        return Response({"next": None, "previous": None, "results": [standard_row(values) for values in rows]})


class StandardDetail(APIView):
    @extend_schema(responses=shapes.StandardRow, tags=["standards"])
    def get(self, request, pk):
        """One standard, in whatever version; with the department kinds that lead by default."""
        rows = Standard.objects.filter(pk=pk) if Scope.of(request.user).seats else Standard.objects.none()
        values = rows.values_list(*COLUMNS).first()
        if values is None:
            raise NotFound
        leads = Standard.objects.get(pk=pk).leads.values_list("level", "department_kind__code")
        return Response(standard_row(values) | {"leads": [{"level": lv, "department_kind": kind} for lv, kind in leads]})


class Workflow(APIView):
    """The six steps as data: statuses, and every move with where it leads and what it needs."""

    @extend_schema(responses=OpenApiTypes.OBJECT, tags=["standards"])
    def get(self, request):
        moves = [
            inputs.describe(name)
            | {
                "from": sorted(move.sources),
                "to": move.target,
                "who": [{"relation": who.relation, "label": workflow.RELATIONS[who.relation]} for who in move.who],
            }
            for name, move in workflow.MOVES.items()
            if name not in workflow.SYSTEM_ACTIONS
        ]
        statuses = [
            {"value": status.value, "label": status.label, "open": status in workflow.OPEN}
            for status in workflow.Status
        ]
        return Response({"statuses": statuses, "moves": moves})
