"""All addresses of the system."""

from django.contrib import admin
from django.urls import include, path

from gridcenter import health
from gridcenter.live import views as live

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("map/", include("gridcenter.map.urls")),
    path("live/", live.stream, name="live"),
    path("screen/", include("gridcenter.screen.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("gridcenter.api", namespace="api")),
    path("", include("accounts.urls")),
    path("", include("grids.urls")),
    path("registry/", include("residents.urls")),
    path("", include("events.urls")),
    path("duty/", include("duty.urls")),
    path("fieldwork/", include("fieldwork.urls")),
    path("", include("evaluation.urls")),
    path("papers/", include("papers.urls")),
]
