from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("login/", views.Login.as_view(), name="login"),
    path("logout/", views.Logout.as_view(), name="logout"),
    path("language/", views.language, name="language"),
    path("password/", views.InitialPassword.as_view(), name="initial-password"),
    path("me/", views.Me.as_view(), name="me"),
    path("me/photo/", views.MyPhoto.as_view(), name="my-photo"),
]
