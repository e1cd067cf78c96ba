from django.urls import path

from fieldwork import views

app_name = "fieldwork"
urlpatterns = [
    path("patrols/start/", views.start, name="start"),
    path("patrols/<int:pk>/finish/", views.finish, name="finish"),
]
