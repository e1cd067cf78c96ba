"""Bases of the API's views, and what answers where no view stands."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import permissions
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.views import APIView

from core import versions


class KnowsVersions:
    """`self.versions`: the data versions, read once per request (core.versions)."""

    @property
    def versions(self):
        return versions.of(self.request)


class Filtered(KnowsVersions, GenericAPIView):
    """What filters narrow. Parameters that nobody reads are refused: a mistyped filter must not show everything."""

    parameters: tuple[str, ...] = ()  # beyond those of the filter set
    pagination_class = None

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        known = {"format", *self.parameters}
        if self.pagination_class:
            known |= {"cursor", "page_size", "ordering"}
        if filterset := getattr(self, "filterset_class", None):
            known |= set(filterset.base_filters)
        unknown = sorted(set(request.query_params) - known)
        if unknown:
            raise ValidationError({name: [_("There is no such parameter.")] for name in unknown})


class ListView(Filtered):
    """A list by key. Subclasses give `columns`, `keyset` or `keysets`, `get_queryset()` and `row(values)`."""

    columns: tuple[str, ...] = ()
    pagination_class = GenericAPIView.pagination_class

    def rows(self, request):
        """The page's rows, as tuples of `columns`."""
        found = self.filter_queryset(self.get_queryset())
        return self.paginate_queryset(found.values_list(*self.columns) if self.columns else found)

    def answer(self, request):
        return self.get_paginated_response([self.row(values) for values in self.rows(request)])


class Nowhere(APIView):
    """Any other address below /api/v1/: a 404 in the API's own form."""

    permission_classes = (permissions.AllowAny,)
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        raise NotFound(_("There is nothing at this address. All of them end in a slash."))

    @extend_schema(exclude=True)
    def get(self, request, *args, **kwargs):
        """Never reached: initial has answered."""

    post = put = patch = delete = get
