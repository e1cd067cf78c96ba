"""Base data for departments' systems, by single granted fields; figures for everybody with a post."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import APIView

from core import feeds
from core.api import fields, pagination
from core.api.pagination import Keyset, KeysetPagination
from core.api.views import KnowsVersions, ListView
from core.errors import Invalid, NotFound, Refused
from grids import names
from grids.models import Grid
from residents import checks, codes
from residents.api import shapes
from residents.selectors import figures, granted
from residents.services import access, records

NOW = "now"
NUMBERS = {"id_number", "id_number_masked"}
LOOKUP = {"id_number": serializers.CharField(max_length=40)}
GRID = OpenApiParameter("grid", OpenApiTypes.INT, description="id: this grid and all below it")


class ReadsGranted(KnowsVersions):
    """`self.granted`: what this department's system may read, read once per request."""

    _granted = None

    @property
    def granted(self) -> granted.Granted:
        if self._granted is None:
            self._granted = granted.Granted.of(self.request.user)
        return self._granted

    def told(self, found) -> list[dict]:
        """People from tuples; what leaves in clear is in the access log before it leaves."""
        known = names.current(self.versions)
        rows = [self.granted.row(values, known) for values in found]
        clear = [name for name in self.granted.clear if any(name in row for row in rows)]
        if clear:
            purposes = "；".join(
                dict.fromkeys(one.purpose for one in self.granted.grants if {*one.fields} & {*clear})
            )
            access.log_export(
                actor=self.request.user, kind="resident", grid_id=self.granted.grants[0].grid_id, fields=clear,
                reason=purposes[:200], rows=len(rows), address=self.request.META.get("REMOTE_ADDR", ""),
            )  # fmt: skip
        return rows

    def one(self, people) -> list[dict]:
        return self.told(people.values_list(*self.granted.columns))


class Residents(ReadsGranted, ListView):
    """Who lives in your jurisdiction: the fields granted to your department, by id. Without a grant it is empty."""

    keyset = Keyset(("id",))
    parameters = ("grid",)
    serializer_class = shapes.ResidentRow

    @property
    def columns(self):
        return self.granted.columns

    def get_queryset(self):
        people = self.granted.people().living()
        return (
            people.filter(grid__path__startswith=self._path())
            if "grid" in self.request.query_params
            else people
        )

    def _path(self):
        pk = fields.read({"grid": self.request.query_params["grid"]}, {"grid": fields.ident()})["grid"]
        path = Grid.objects.visible_to(self.request.user).filter(pk=pk).values_list("path", flat=True).first()
        if path is None:
            raise NotFound
        return path

    @extend_schema(parameters=[GRID], responses=shapes.ResidentRow(many=True), tags=["residents"])
    def get(self, request):
        return self.get_paginated_response(self.told(self.rows(request)))


class ResidentDetail(ReadsGranted, APIView):
    @extend_schema(responses=shapes.ResidentRow, tags=["residents"])
    def get(self, request, pk):
        """One person, also one who has departed or died, until the record is archived."""
        rows = self.one(self.granted.people().filter(pk=pk))
        if not rows:
            raise NotFound
        return Response(rows[0])


class Lookup(ReadsGranted, APIView):
    """One person by ID number, for systems that were granted it (masked or not). In the body: addresses are logged."""

    @extend_schema(
        request=fields.as_serializer("ResidentLookup", LOOKUP, ["id_number"]),
        responses={200: shapes.ResidentFound},
        tags=["residents"],
    )
    def post(self, request):
        given = fields.read(request.data, LOOKUP)
        fields.missing(given, LOOKUP)
        if not NUMBERS & set(self.granted.fields):
            raise Refused(_("No grant of your department lets you ask by ID number."))
        try:
            number = checks.clean_document(codes.ID_CARD, given["id_number"])
        except ValueError as error:
            raise Invalid(fields={"id_number": [str(error)]}) from error
        tags = records.id_tags_of(codes.ID_CARD, number)
        asking = granted.Granted(tuple(one for one in self.granted.grants if NUMBERS & {*one.fields}))
        return Response({"results": self.one(asking.people().filter(id_tag__in=tags))})


class Changes(ReadsGranted, ListView):
    """What was changed in records of your jurisdiction, in the order in which it was committed.

    Keep `cursor`, come back with it: nothing is missed and nothing comes twice. Without a cursor it begins with the
    oldest change; `cursor=now` gives no rows and the cursor of this instant.
    """

    page_size = 100
    max_page_size = 500

    @extend_schema(
        parameters=[
            OpenApiParameter("cursor", OpenApiTypes.STR, description="From the answer before, or `now`."),
            OpenApiParameter("page_size", OpenApiTypes.INT, description="1 to 500, 100 if not given."),
        ],
        responses=shapes.ResidentChanges,
        tags=["residents"],
    )
    def get(self, request):
        cursor = request.query_params.get("cursor")
        pages = KeysetPagination()
        pages.view = self
        size = pages.size_of(request)
        if cursor == NOW:
            return Response({"results": [], "cursor": pagination.encode(*granted.newest()), "more": False})
        found = granted.changes(self.granted, _position(cursor), size)
        return Response(
            {
                "results": self._steps(found.rows),
                "cursor": pagination.encode(*found.position),
                "more": found.more,
            }
        )

    def _steps(self, rows):
        people = self.granted.people().filter(pk__in={row[2] for row in rows}) if rows else None
        now = {person["id"]: person for person in self.one(people)} if rows else {}
        return [
            {
                "id": pk, "at": at, "action": action, "resident": now.get(pk),
                "fields_changed": granted.grants.concerned(changed, self.granted.fields_at(path)),
            }
            for _xact, _id, pk, at, action, changed, path in rows
        ]  # fmt: skip


def _position(cursor) -> tuple[int, int]:
    if not cursor:
        return feeds.BEGINNING
    xact, pk = pagination.decode(cursor, int, int)
    if xact is None or pk is None:
        raise ValidationError({"cursor": [_("This cursor was not made here. Begin again without one.")]})
    return xact, pk


class Grants(ReadsGranted, APIView):
    """What your department's system was granted, and until when."""

    @extend_schema(responses=shapes.GrantRow(many=True), tags=["residents"])
    def get(self, request):
        known = names.current(self.versions)
        return Response(
            [
                {
                    "unit": one.unit, "grid": known.grids[one.grid_id], "fields": one.fields, "purpose": one.purpose,
                    "until": one.until,
                }
                for one in self.granted.grants
            ]
        )  # fmt: skip


class Figures(KnowsVersions, APIView):
    """Figures of the registry of a grid and all below it; without `grid` of all that is yours."""

    @extend_schema(parameters=[GRID], responses=shapes.RegistryFigures, tags=["residents"])
    def get(self, request):
        given = fields.read(request.query_params.dict(), {"grid": fields.ident()})
        mine = Grid.objects.visible_to(request.user).valid_on()
        grid = (
            mine.filter(pk=given["grid"]).first()
            if "grid" in given
            else mine.order_by("level", "path").first()
        )
        if grid is None:
            raise NotFound
        found = figures.below(user=request.user, path=grid.path)
        classes = figures.care_measures(request.user, grid.path)
        return Response(
            {
                "grid": {"id": grid.pk, "code": grid.code, "name": grid.name, "level": grid.level},
                "figures": {name: found[name] for name in figures.PLAIN},
                "ages": figures.ages(user=request.user, path=grid.path),
                "care": [{"name": name, "amount": found.get(one, 0)} for one, name in classes.items()],
            }
        )
