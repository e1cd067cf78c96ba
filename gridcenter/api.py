"""The REST API `/api/v1/`: every app brings its own addresses. Guide: docs/api.md; schema and offline docs stand beside."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny

import core.api.schema  # noqa: F401  registers how one logs in
from core.api.views import Nowhere


class Schema(SpectacularAPIView):
    """The OpenAPI document. It says nothing about this county, so strangers may read it."""

    permission_classes = (AllowAny,)


class Docs(SpectacularSwaggerSplitView):
    """Swagger UI from this host: no inline script, nothing from elsewhere."""

    permission_classes = (AllowAny,)
    url_name = "api:schema"


app_name = "api"
urlpatterns = [
    path("", include("accounts.api.urls")),
    path("", include("grids.api.urls")),
    path("", include("residents.api.urls")),
    path("", include("events.api.urls")),
    path("", include("duty.api.urls")),
    path("", include("fieldwork.api.urls")),
    path("", include("evaluation.api.urls")),
    path("schema/", Schema.as_view(), name="schema"),
    path("docs/", Docs.as_view(), name="docs"),
    re_path(r"^.*$", Nowhere.as_view(), name="nowhere"),
]
