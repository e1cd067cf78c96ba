from django.urls import path

from evaluation.api import views

urlpatterns = [
    path("scorecards/", views.Cards.as_view(), name="scorecards"),
    path("scorecards/periods/", views.Periods.as_view(), name="periods"),
    path("scorecards/periods/<int:pk>/publish/", views.Publish.as_view(), name="publish"),
    path("scorecards/<int:pk>/", views.Card.as_view(), name="scorecard"),
    path("scorecards/<int:pk>/<slug:indicator>/", views.RowsBehind.as_view(), name="scorecard-rows"),
]
