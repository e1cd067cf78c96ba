from django.urls import path

from grids import views

app_name = "grids"
urlpatterns = [
    path("grids/", views.home, name="home"),
    path("grids/search/", views.search, name="search"),
    path("grids/outlines/", views.outline_list, name="outlines"),
    path("grids/<int:pk>/", views.detail, name="detail"),
    path("people/<int:pk>/photo/", views.photo, name="photo"),
]
