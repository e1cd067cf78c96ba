"""Grids as a list, a tree, outlines, and where a point lies; units."""

import orjson
from django.contrib.gis.db.models.functions import AsGeoJSON
from django.db.models import BooleanField, Case, Value, When
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api import fields
from core.api.pagination import Keyset
from core.api.views import Filtered, KnowsVersions, ListView
from core.errors import NotFound
from grids import locate, names
from grids.api import shapes
from grids.directory import ids_of
from grids.filters import GridFilterSet, UnitFilterSet
from grids.models import Grid
from grids.scope import Scope
from grids.selectors import OUTLINE_DECIMALS, outlines, units_for

GRID = ("id", "code", "name", "level", "parent_id", "path", "colour", "synthetic", "valid_from", "valid_until")
HAS_BOUNDARY = Case(When(boundary=None, then=Value(False)), default=Value(True), output_field=BooleanField())
UNIT = ("id", "kind", "name", "code", "grid_id", "department_kind__code", "phone")
POINT = {
    "lon": serializers.FloatField(min_value=-180, max_value=180),
    "lat": serializers.FloatField(min_value=-90, max_value=90),
}


def seen(request):
    """Grids of this person's land: those in force today, unless a filter names another day."""
    grids = Grid.objects.visible_to(request.user)
    return grids if request.query_params.get("on") else grids.valid_on()


def grid_row(values) -> dict:
    row = dict(zip((*GRID, "has_boundary"), values, strict=True))
    row["parent"] = row.pop("parent_id")
    return row


@extend_schema(responses=shapes.GridRow(many=True), tags=["grids"])
class Grids(ListView):
    """The grids of your land that are in force, by code: below a town its villages, below a village its grids."""

    columns = (*GRID, "has_boundary")
    keyset = Keyset(("code", "id"))
    key_kinds = {"code": str}
    filterset_class = GridFilterSet
    max_page_size = 1000
    row = staticmethod(grid_row)

    def get_queryset(self):
        return seen(self.request).annotate(has_boundary=HAS_BOUNDARY)

    def get(self, request):
        return self.answer(request)


class GridDetail(KnowsVersions, APIView):
    """One grid with its ancestors, its units and its boundary."""

    @extend_schema(responses=shapes.GridFull, tags=["grids"])
    def get(self, request, pk):
        rows = Grid.objects.visible_to(request.user).filter(pk=pk)
        rows = rows.annotate(has_boundary=HAS_BOUNDARY, shape=AsGeoJSON("boundary", precision=OUTLINE_DECIMALS))
        values = rows.values_list(*GRID, "has_boundary", "shape").first()
        if values is None:
            raise NotFound
        row = grid_row(values[:-1])
        known = names.current(self.versions)
        row["ancestors"] = [known.grids[i] for i in ids_of(row["path"])[:-1] if i in known.grids]
        row["units"] = [unit_row(v) for v in units_for(request.user).filter(grid_id=pk).values_list(*UNIT)]
        row["boundary"] = orjson.Fragment(values[-1]) if values[-1] else None
        return Response(row)


class Outlines(Filtered):
    """Boundaries as a GeoJSON FeatureCollection, by the same filters as the list: `?level=2`, `?parent=14` …"""

    filterset_class = GridFilterSet

    def get_queryset(self):
        return seen(self.request)

    @extend_schema(responses={200: shapes.OUTLINES}, tags=["grids"], filters=True)
    def get(self, request):
        features = [
            {
                "type": "Feature",
                "id": pk,
                "geometry": orjson.Fragment(shape),
                "properties": {
                    "code": code, "name": name, "level": level, "parent": parent, "colour": colour,
                    "synthetic": synthetic,
                },
            }
            for pk, code, name, level, parent, colour, synthetic, shape in outlines(
                self.filter_queryset(self.get_queryset())
            )
        ]
        return Response({"type": "FeatureCollection", "features": features})


class Locate(KnowsVersions, APIView):
    """The smallest grid that holds a point; null where none does, or none of yours."""

    @extend_schema(
        parameters=[
            OpenApiParameter(name, OpenApiTypes.DOUBLE, required=True, description=f"{words}, degrees, WGS 84")
            for name, words in (("lon", "Longitude"), ("lat", "Latitude"))
        ],
        responses=inline_serializer("Located", {"grid": shapes.GridName(allow_null=True)}),
        tags=["grids"],
    )
    def get(self, request):
        given = fields.read(request.query_params.dict(), POINT)
        fields.missing(given, POINT)
        if any(value != value for value in given.values()):  # NaN passes every comparison
            raise ValidationError({"lon": ["NaN"]})
        found = locate.current(self.versions).find(given["lon"], given["lat"])
        land = Scope.of(request.user).land
        if found is None or not any(found.path.startswith(path) for path in land):
            return Response({"grid": None})
        return Response({"grid": {"id": found.pk, "code": found.code, "name": found.name, "level": found.level}})


def unit_row(values) -> dict:
    row = dict(zip(UNIT, values, strict=True))
    row["grid"] = row.pop("grid_id")
    row["department_kind"] = row.pop("department_kind__code")
    return row


@extend_schema(responses=shapes.UnitRow(many=True), tags=["grids"])
class Units(ListView):
    """Centres and departments within your land, and those above whose area holds it."""

    columns = UNIT
    keyset = Keyset(("id",))
    filterset_class = UnitFilterSet
    max_page_size = 1000
    row = staticmethod(unit_row)

    def get_queryset(self):
        return units_for(self.request.user)

    def get(self, request):
        return self.answer(request)


class UnitDetail(APIView):
    @extend_schema(responses=shapes.UnitRow, tags=["grids"])
    def get(self, request, pk):
        """One unit."""
        values = units_for(request.user).filter(pk=pk).values_list(*UNIT).first()
        if values is None:
            raise NotFound
        return Response(unit_row(values))


