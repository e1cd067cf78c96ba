from django.urls import path

from residents.api import views

urlpatterns = [
    path("residents/", views.Residents.as_view(), name="residents"),
    path("residents/lookup/", views.Lookup.as_view(), name="resident-lookup"),
    path("residents/changes/", views.Changes.as_view(), name="resident-changes"),
    path("residents/grants/", views.Grants.as_view(), name="resident-grants"),
    path("residents/figures/", views.Figures.as_view(), name="registry-figures"),
    path("residents/<int:pk>/", views.ResidentDetail.as_view(), name="resident"),
]
