"""Events: the list, one whole, report, steps, likely repeats, points, counts, CSV."""

from datetime import datetime

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import APIView

from core import versions
from core.api import fields
from core.api.pagination import Keyset
from core.api.parsers import OrjsonParser
from core.api.views import Filtered, KnowsVersions, ListView
from core.errors import NotFound, Refused
from core.geo import lon_lat
from events import export, selectors, services, whole
from events.api import inputs, shapes
from events.filters import EventFilterSet
from events.models import Event
from events.orders import by_due
from events.services.step import Surroundings
from events.workflow import OPEN
from grids.scope import Scope

TAGS = ["events"]
KEY_HEADER = OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER, description="At most 64.")
REPEATS = {
    "event": fields.ident(),
    "standard": inputs.StandardField(),
    "lon": serializers.FloatField(min_value=-180, max_value=180),
    "lat": serializers.FloatField(min_value=-90, max_value=90),
}

NEEDED = ("standard", "lon", "lat")
DAYS = frozenset({"reported_from", "reported_to"})
BY_REPORT = Keyset(("reported_at", "id"), descending=True)


class EventList(ListView):
    """Events you may see. Without a post: none."""

    columns = selectors.SUMMARY
    keysets = {"-id": Keyset(("id",), descending=True), "due": by_due()}
    key_kinds = {"due_at": datetime, "reported_at": datetime}
    filterset_class = EventFilterSet
    parser_classes = (OrjsonParser,)

    def get_queryset(self):
        return selectors.with_position(Event.objects.visible_to(self.request.user))

    def keyset_for(self, name):
        """Between days the newest first are walked by the time of report: by id the walk would begin with today's."""
        dated = DAYS.intersection(self.request.query_params)
        return BY_REPORT if dated and name == "-id" else self.keysets[name]

    @extend_schema(responses=shapes.EventRow(many=True), tags=TAGS)
    def get(self, request):
        """Newest first, or with `ordering=due` most urgent first (those without a running clock come last)."""
        rows = self.rows(request)
        known, now = selectors.Known.at(self.versions), timezone.now()
        return self.get_paginated_response([selectors.summary(values, known, now) for values in rows])

    @extend_schema(
        request=inputs.ReportInput,
        parameters=[KEY_HEADER],
        responses={201: shapes.ReportAnswer, 200: shapes.ReportAnswer},
        tags=TAGS,
        filters=False,
    )
    def post(self, request):
        """Report an event, or with `settled` one that you have settled yourself. The same key: the same event, 200."""
        given = inputs.read_report(request.data)
        key, settled = inputs.key_of(request, given), given.pop("settled", False)
        around = Surroundings(versions.of(request))
        inputs.resolve_standard(given, around)
        row = services.report(actor=request.user, key=key, settled=settled, around=around, **given)
        known = selectors.Known.at(around.versions)
        answer = step_answer(row, known) | {"repeats": self._repeats(row.event, around, known)}
        return Response(answer, status=200 if again(row) else 201)

    def _repeats(self, event, around, known):
        place = lon_lat(event)
        if place is None:
            return []
        near = services.likely_repeats(
            actor=self.request.user, standard_id=event.standard_id, lon=place[0], lat=place[1],
            at=event.reported_at, exclude=event.pk, around=around,
        )  # fmt: skip
        return repeats(near, known)


def again(row) -> bool:
    return getattr(row, "again", False)


def step_answer(row, known) -> dict:
    return {
        "event": selectors.summary_of(row.event, known),
        "transition": {
            "seq": row.seq, "action": row.action, "source": row.source, "target": row.target, "at": row.at,
            "facts": row.facts,
        },
    }  # fmt: skip


def repeats(near, known) -> list[dict]:
    return [{**selectors.summary_of(one["event"], known), "metres": one["metres"]} for one in near]


class EventDetail(KnowsVersions, APIView):
    """One event whole: history, units, clocks, photos, and the moves open to you with what each needs."""

    @extend_schema(responses=shapes.EventFull, tags=TAGS)
    def get(self, request, pk):
        event = selectors.event_for(request.user, pk)
        if event is None:
            raise NotFound
        found = whole.whole(event, request.user, self.versions)
        return Response(found | {"moves": [inputs.describe(name) for name in found["moves"]]})


class Steps(APIView):
    """Take one step of the workflow. 409 says who was faster, with what, when; nothing has happened then."""

    parser_classes = (OrjsonParser,)

    @extend_schema(
        request=inputs.StepInput, parameters=[KEY_HEADER], responses={200: shapes.StepAnswer}, tags=TAGS
    )
    def post(self, request, pk):
        given = inputs.read_step(request.data)
        key = inputs.key_of(request, given)
        around = Surroundings(versions.of(request))
        inputs.resolve_standard(given, around)
        row = services.advance(event_id=pk, actor=request.user, key=key, around=around, **given)
        return Response(step_answer(row, selectors.Known.at(around.versions)))


class Repeats(APIView):
    """What you are about to report may be known already: same standard, within 50 m and 24 h, nearest first.

    Of an `event` that you see, its own standard, place and time of report are taken where you say no others.
    """

    @extend_schema(
        parameters=[
            OpenApiParameter("standard", OpenApiTypes.STR, description="Id or code"),
            OpenApiParameter("lon", OpenApiTypes.DOUBLE),
            OpenApiParameter("lat", OpenApiTypes.DOUBLE),
            OpenApiParameter("event", OpenApiTypes.INT, description="One reported already: around its report, without it"),
        ],
        responses=shapes.Repeat(many=True),
        tags=TAGS,
    )
    def get(self, request):
        given = fields.read(request.query_params.dict(), REPEATS)
        about = self._about(given.pop("event", None))
        given = {name: about[name] for name in NEEDED if about.get(name) is not None} | given
        fields.missing(given, NEEDED)
        if any(given[name] != given[name] for name in ("lon", "lat")):  # NaN passes every comparison
            raise ValidationError({"lon": ["NaN"]})
        around = Surroundings(versions.of(request))
        inputs.resolve_standard(given, around)
        near = services.likely_repeats(
            actor=request.user, standard_id=given["standard"], lon=given["lon"], lat=given["lat"], around=around,
            at=about.get("at"), exclude=about.get("exclude"),
        )  # fmt: skip
        return Response(repeats(near, selectors.Known.at(around.versions)))

    def _about(self, pk):
        if pk is None:
            return {}
        event = selectors.event_for(self.request.user, pk)
        if event is None:
            raise NotFound
        lon, lat = lon_lat(event) or (None, None)
        return {"standard": event.standard_id, "lon": lon, "lat": lat, "at": event.reported_at, "exclude": event.pk}


class MapPoints(Filtered):
    """All open events as points, or those the list's filters select; positions in WGS 84.

    Where closed events are among them, the newest 10,000; `more` says that there are others.
    """

    filterset_class = EventFilterSet

    def get_queryset(self):
        return Event.objects.visible_to(self.request.user)

    @extend_schema(responses=shapes.MapPoints, tags=TAGS, filters=True)
    def get(self, request):
        statuses, chosen = request.query_params.getlist("status"), request.query_params.get("open")
        events = self.get_queryset() if chosen or statuses else self.get_queryset().open()
        only_open = chosen == "yes" or (not chosen and set(OPEN).issuperset(statuses))
        most = None if only_open else selectors.MOST_POINTS
        points, more = selectors.points(self.filter_queryset(events), most)
        return Response({"columns": selectors.POINT_COLUMNS, "points": points, "more": more})


class Counts(APIView):
    """How many events each worklist holds for you."""

    @extend_schema(responses=shapes.WorklistCount(many=True), tags=TAGS)
    def get(self, request):
        return Response(selectors.counts(request.user))


class Export(Filtered):
    """The filtered list as CSV (UTF-8 with byte order mark), in pieces; needs the permission to export."""

    filterset_class = EventFilterSet

    def get_queryset(self):
        return Event.objects.visible_to(self.request.user)

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR}, tags=TAGS, filters=True)
    def get(self, request):
        if not Scope.of(request.user).may("events.export_event"):
            raise Refused
        return export.csv_response(request._request, self.filter_queryset(self.get_queryset()))
