"""Patrols: begun, ended or sent later by a worker's phone, listed within one's scope."""

from django.db.models import Q
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api import fields
from core.api.fields import ident
from core.api.pagination import Keyset
from core.api.parsers import OrjsonParser
from core.api.views import KnowsVersions, ListView
from fieldwork.api import shapes
from fieldwork.models import Patrol
from fieldwork.services import patrols
from grids import names

TAGS = ["fieldwork"]
KEY_HEADER = OpenApiParameter(
    "Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER, description="At most 64."
)
FILTERS = {
    "grid": ident(),
    "worker": serializers.ChoiceField(choices=["me"]),
    "state": serializers.ChoiceField(choices=Patrol.State.choices),
    "day_from": serializers.DateField(),
    "day_to": serializers.DateField(),
}
COLUMNS = (
    "id", "grid_id", "worker_id", "worker__name", "worker__username", "day", "started_at", "ended_at", "state",
    "start_point", "end_point", "note",
)  # fmt: skip


def shown(values, known) -> dict:
    """A row of COLUMNS as it is answered."""
    row = dict(zip(COLUMNS, values, strict=True))
    grid = known.grids.get(row["grid_id"]) or {"id": row["grid_id"], "name": ""}
    return {
        "id": row["id"], "grid": {"id": grid["id"], "name": grid["name"]},
        "worker": {"id": row["worker_id"], "name": row["worker__name"] or row["worker__username"]}, "day": row["day"],
        "started_at": row["started_at"], "ended_at": row["ended_at"], "state": row["state"],
        "counts": row["state"] == Patrol.State.FINISHED, "start": _place(row["start_point"]),
        "end": _place(row["end_point"]), "note": row["note"],
    }  # fmt: skip


def _place(point):
    return {"lon": point.x, "lat": point.y} if point else None


class PatrolList(ListView):
    """Patrols of the grids whose patrols you may read, and your own; newest first."""

    columns = COLUMNS
    keyset = Keyset(("id",), descending=True)
    parameters = tuple(FILTERS)
    parser_classes = (OrjsonParser,)

    def get_queryset(self):
        given = fields.read({k: v for k, v in self.request.query_params.items() if k in FILTERS}, FILTERS)
        user = self.request.user
        found, where = Patrol.objects.visible_to(user), Q()
        if "grid" in given:
            path = names.current(self.versions).paths.get(given["grid"])
            where &= Q(grid__path__startswith=path) if path else Q(pk__in=[])
        if "worker" in given:
            where &= Q(worker=user.pk)
        same = {"state": "state", "day_from": "day__gte", "day_to": "day__lte"}
        return found.filter(where, **{look: given[name] for name, look in same.items() if name in given})

    @extend_schema(
        parameters=[
            OpenApiParameter("grid", OpenApiTypes.INT, description="This grid and all below it."),
            OpenApiParameter("worker", OpenApiTypes.STR, enum=["me"], description="Your own ones."),
            OpenApiParameter("state", OpenApiTypes.STR, enum=Patrol.State.values),
            OpenApiParameter("day_from", OpenApiTypes.DATE),
            OpenApiParameter("day_to", OpenApiTypes.DATE, description="Included."),
        ],
        responses=shapes.PatrolRow(many=True),
        tags=TAGS,
    )
    def get(self, request):
        rows, known = self.rows(request), names.current(self.versions)
        return self.get_paginated_response([shown(values, known) for values in rows])

    @extend_schema(
        request=shapes.PatrolInput,
        parameters=[KEY_HEADER],
        responses={201: shapes.PatrolRow, 200: shapes.PatrolRow},
        tags=TAGS,
        filters=False,
    )
    def post(self, request):
        """Begin a patrol; with `started_at` and `ended_at`: send one that is over. The same key: the same patrol, 200."""
        given = fields.read(request.data, shapes.PATROL)
        fields.missing(given, ("grid",))
        given["grid_id"] = given.pop("grid")
        header = request.headers.get("Idempotency-Key")
        if "key" not in given and header:
            given["key"] = shapes.KEY.run_validation(header)
        if "ended_at" in given:
            fields.missing(given, ("started_at",))
            patrol = patrols.record(actor=request.user, **given)
        else:
            if "end" in given:
                fields.missing(given, ("ended_at",))
            patrol = patrols.start(actor=request.user, **given)
        return answer(patrol, self.versions, 200 if getattr(patrol, "again", False) else 201)


class PatrolFinish(KnowsVersions, APIView):
    """End your patrol, now or at `ended_at`. Asked for twice it happens once."""

    parser_classes = (OrjsonParser,)

    @extend_schema(request=shapes.PatrolEnd, responses=shapes.PatrolRow, tags=TAGS)
    def post(self, request, pk):
        given = fields.read(request.data, shapes.FINISH)
        return answer(patrols.finish(actor=request.user, patrol_id=pk, **given), self.versions)


def answer(patrol, versions, status=200):
    values = Patrol.objects.filter(pk=patrol.pk).values_list(*COLUMNS).get()
    return Response(shown(values, names.current(versions)), status=status)
