from django.urls import path

from gridcenter.screen import views

app_name = "screen"
urlpatterns = [
    path("", views.page, name="home"),
    path("<int:pk>/", views.page, name="detail"),
    path("<int:pk>/figures/", views.figures, name="figures"),
    path("<int:pk>/drawing/", views.drawing, name="drawing"),
    path("<int:pk>/live/", views.live, name="live"),
]
