"""All addresses of the system."""

from django.contrib import admin
from django.urls import include, path

from gridcenter import health

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("grids.urls")),
    path("", include("events.urls")),
]
