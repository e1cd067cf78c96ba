"""Warnings of one's jurisdiction, taken and ended by a department's own system; and who is on duty."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api import fields
from core.api.fields import ident
from core.api.pagination import Keyset
from core.api.views import KnowsVersions, ListView
from core.errors import NotFound, Refused
from duty import selectors
from duty.api import shapes
from duty.models import Level, Warning
from duty.services import warnings
from events.models import Event
from grids import names
from grids.models import Grid
from grids.scope import Scope

TAGS = ["duty"]
STATES = ("standing", "waiting", "ended")
STATE = {"state": serializers.ChoiceField(choices=STATES), "level": serializers.ChoiceField(choices=Level.choices)}
END = {"words": serializers.CharField(max_length=500)}
GRID = {"grid": ident()}


def rows(user):
    if not Scope.of(user).may("duty.view_warning"):
        raise Refused
    return Warning.objects.visible_to(user).select_related("taken_by")


def shown(row, known, events) -> dict:
    def unit(pk):
        return {"id": pk, "name": known.units[pk]["name"]} if pk in known.units else None

    grid = known.grids.get(row.grid_id) or {"id": row.grid_id, "name": ""}
    return {
        "id": row.pk, "level": row.level, "cause": row.cause, "title": row.title, "words": row.words,
        "grid": {"id": grid["id"], "name": grid["name"]}, "event": row.event_id if row.event_id in events else None,
        "unit": unit(row.unit_id), "made_at": row.made_at, "until": row.until, "taken_at": row.taken_at,
        "taken_by": str(row.taken_by) if row.taken_by else None, "taken_unit": unit(row.taken_unit_id),
        "ended_at": row.ended_at, "end_words": row.end_words,
    }  # fmt: skip


def seen_events(user, found) -> set[int]:
    """Ids of their events that this person sees."""
    ids = {row.event_id for row in found if row.event_id}
    if not ids:
        return set()
    return set(Event.objects.visible_to(user).filter(pk__in=ids).order_by().values_list("pk", flat=True))


class OneWarning(KnowsVersions, APIView):
    """Base of what answers with one warning."""

    def shown(self, pk):
        row = rows(self.request.user).filter(pk=pk).first()
        if row is None:
            raise NotFound
        return Response(shown(row, names.current(self.versions), seen_events(self.request.user, [row])))


@extend_schema(
    parameters=[
        OpenApiParameter("state", OpenApiTypes.STR, enum=STATES, description="Without it: all."),
        OpenApiParameter("level", OpenApiTypes.STR, enum=Level.values),
    ],
    responses=shapes.WarningRow(many=True),
    tags=TAGS,
)
class Warnings(ListView):
    """Warnings within your territory or jurisdiction, those above that hold it, and those that call your unit."""

    keyset = Keyset(("id",), descending=True)
    parameters = ("state", "level")

    def get_queryset(self):
        given = fields.read({k: v for k, v in self.request.query_params.items() if k in STATE}, STATE)
        found = Warning.objects.visible_to(self.request.user).select_related("taken_by")
        if level := given.get("level"):
            found = found.filter(level=level)
        if state := given.get("state"):
            found = {"standing": found.open(), "waiting": found.untaken()}.get(state, found.filter(ended_at__isnull=False))
        return found

    def get(self, request):
        if not Scope.of(request.user).may("duty.view_warning"):
            raise Refused
        found = self.rows(request)
        known, events = names.current(self.versions), seen_events(request.user, found)
        return self.get_paginated_response([shown(row, known, events) for row in found])


class OneOfThem(OneWarning):
    """One warning."""

    @extend_schema(responses=shapes.WarningRow, tags=TAGS)
    def get(self, request, pk):
        return self.shown(pk)


class Take(OneWarning):
    """Take a warning: you see to it. 409 says who was faster, and when."""

    @extend_schema(request=None, responses=shapes.WarningRow, tags=TAGS)
    def post(self, request, pk):
        warnings.take(actor=request.user, warning_id=pk)
        return self.shown(pk)


class End(OneWarning):
    """End a warning that your unit has taken, with words on how it ended."""

    @extend_schema(request=shapes.WarningEnd, responses=shapes.WarningRow, tags=TAGS)
    def post(self, request, pk):
        given = fields.read(request.data, END)
        fields.missing(given, END)
        warnings.end(actor=request.user, warning_id=pk, words=given["words"])
        return self.shown(pk)


class OnDuty(KnowsVersions, APIView):
    """Who is on duty now for a grid, in the order of rank; where nobody is on the roster, the unit's own phone."""

    @extend_schema(
        parameters=[OpenApiParameter("grid", OpenApiTypes.INT, required=True)],
        responses=shapes.OnDutyLine(many=True),
        tags=TAGS,
    )
    def get(self, request):
        if unknown := sorted(set(request.query_params) - {"grid", "format"}):
            raise ValidationError({name: [_("There is no such parameter.")] for name in unknown})
        given = fields.read({k: v for k, v in request.query_params.items() if k in GRID}, GRID)
        fields.missing(given, GRID)
        if not Scope.of(request.user).may("duty.view_shift"):
            raise Refused
        path = Grid.objects.visible_to(request.user).filter(pk=given["grid"]).values_list("path", flat=True).first()
        if path is None:
            raise NotFound
        return Response([
            {
                "unit": {"id": line.unit_id, "name": line.unit}, "role": line.role or None, "name": line.name,
                "phone": line.phone, "since": line.since, "until": line.until,
            }
            for line in selectors.on_duty(path)
        ])  # fmt: skip
