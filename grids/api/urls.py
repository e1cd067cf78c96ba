from django.urls import path

from grids.api import views

urlpatterns = [
    path("grids/", views.Grids.as_view(), name="grids"),
    path("grids/outlines/", views.Outlines.as_view(), name="outlines"),
    path("grids/locate/", views.Locate.as_view(), name="locate"),
    path("grids/<int:pk>/", views.GridDetail.as_view(), name="grid"),
    path("units/", views.Units.as_view(), name="units"),
    path("units/<int:pk>/", views.UnitDetail.as_view(), name="unit"),
]
