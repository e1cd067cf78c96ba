from django.urls import path

from gridcenter.map import tiles, views

app_name = "map"
urlpatterns = [
    path("", views.home, name="home"),
    path("<int:pk>/", views.grid, name="grid"),
    path("<int:pk>/about/", views.about, name="about"),
    path("events/<int:pk>/", views.event, name="event"),
    path("search/", views.search, name="search"),
    path("tiles/<slug:layer>/<int:z>/<int:x>/<int:y>.mvt", tiles.tile, name="tile"),
]
