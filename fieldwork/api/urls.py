from django.urls import path

from fieldwork.api import views

urlpatterns = [
    path("patrols/", views.PatrolList.as_view(), name="patrols"),
    path("patrols/<int:pk>/finish/", views.PatrolFinish.as_view(), name="patrol-finish"),
]
