from django.urls import path

from accounts.api import views

urlpatterns = [
    path("auth/token/", views.LogIn.as_view(), name="token"),
    path("auth/token/logout/", views.LogOut.as_view(), name="logout"),
    path("auth/token/logoutall/", views.LogOutEverywhere.as_view(), name="logoutall"),
]
