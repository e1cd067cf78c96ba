from django.urls import path

from papers import views

app_name = "papers"
urlpatterns = [
    path("", views.home, name="home"),
    path("grids/", views.grid_options, name="grid-options"),
    path("new/<slug:kind>/", views.new, name="new"),
    path("<int:pk>/", views.paper, name="paper"),
    path("<int:pk>/again/", views.again, name="again"),
    path("<int:pk>/discard/", views.discard, name="discard"),
    path("<int:pk>/file/<slug:form>/", views.download, name="file"),
]
