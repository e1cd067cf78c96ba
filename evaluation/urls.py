from django.urls import path

from evaluation import views

app_name = "evaluation"
urlpatterns = [
    path("scores/", views.periods, name="periods"),
    path("scores/<int:pk>/", views.period, name="period"),
    path("scores/<int:pk>/publish/", views.publish, name="publish"),
    path("scores/cards/<int:pk>/", views.card, name="card"),
    path("scores/cards/<int:pk>/<slug:indicator>/", views.behind, name="behind"),
]
