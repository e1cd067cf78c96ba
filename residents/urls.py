from django.urls import path

from residents import views, views_pages, views_territory

app_name = "residents"
urlpatterns = [
    path("", views.home, name="home"),
    path("buildings/<int:pk>/", views_pages.building, name="building"),
    path("dwellings/<int:pk>/", views_pages.dwelling, name="dwelling"),
    path("households/<int:pk>/", views_pages.household, name="household"),
    path("residents/<int:pk>/", views_pages.resident, name="resident"),
    path("residents/<int:pk>/timeline/", views_pages.timeline, name="timeline"),
    path("organisations/<int:pk>/", views_pages.organisation, name="organisation"),
    path("places/<int:pk>/", views_pages.place, name="place"),
    path("grids/<int:pk>/", views_territory.grid, name="grid"),
    path("<slug:kind>/<int:pk>/history/", views_pages.history, name="history"),
]
